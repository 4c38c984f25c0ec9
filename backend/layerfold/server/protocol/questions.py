"""What the page asks about the inside of a pass and of a step."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from layerfold.server.protocol.fields import Name, Natural, Projection, Special
from layerfold.server.protocol.http import Message
from layerfold.server.protocol.meaning import AnyMeaning


class Question(Message):
    """A question about a sentence at a step; a newer one of the same type takes its place."""

    id: Natural
    run: Name
    step: Natural
    text: str
    special: Special = False
    projection: Projection = "umap"


class DecompositionQuestion(Question):
    """The pass in its parts: attention patterns, and what attention, each head and the MLP add to
    every token.
    """

    type: Literal["decomposition"]


class AttributionQuestion(Question):
    """Direct logit attribution: which tokens each part of the pass promotes after one token."""

    type: Literal["attribution"]
    token: Natural


class JacobianQuestion(Question):
    """The Jacobian of each half of a layer at one token: how it turns and stretches."""

    type: Literal["jacobian"]
    token: Natural


class Factor(Message):
    """A part and by how much it is scaled: 0 is not there, 1 as it is, 2 twice."""

    part: Literal["attention", "mlp", "head", "residual"]
    layer: Natural
    head: Natural | None = None
    factor: Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)]


class AblationQuestion(Question):
    """The same pass with parts ablated or scaled."""

    type: Literal["ablation"]
    factors: Annotated[list[Factor], Field(max_length=512)]


StreamView = Literal["raw", "normalised", "added"]


class StreamViewQuestion(Question):
    """The residual stream seen raw, normalised, or as what attention and MLPs have added to the
    embedding; with parts scaled beside it.
    """

    type: Literal["stream_view"]
    view: StreamView
    factors: Annotated[list[Factor], Field(default_factory=list, max_length=512)]


class GradientsQuestion(Question):
    """∂L/∂h of a loss: of the whole sentence, of what follows one token, or of a target there."""

    type: Literal["gradients"]
    position: Natural | None = None
    target: Annotated[
        str | None, Field(max_length=64, description="a word: its first token is aimed at")
    ] = None
    step_length: Annotated[
        float,
        Field(
            gt=0,
            le=2,
            allow_inf_nan=False,
            description="length of the step drawn, over the state's",
        ),
    ] = 0.5


class GenerationQuestion(Question):
    """The text going on, `ids` having been taken already; each new token comes as it is drawn."""

    type: Literal["generation"]
    ids: Annotated[list[Natural], Field(default_factory=list, max_length=4096)]
    count: Annotated[int, Field(ge=0, le=512, description="0: only what may come next")] = 1
    temperature: Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)] = 1.0
    top_k: Natural = 0
    top_p: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] = 1.0
    seed: Natural = 0


Component = Literal[
    "gradient", "momentum", "adaptive", "decay", "step", "sgd", "sgd_momentum", "adam"
]


class OptimizerStepQuestion(Question):
    """One optimizer step from the checkpoint, or a component of it, or an alternative optimizer's,
    `factor` times; with `cloud`, the reference moves too.
    """

    type: Literal["optimizer_step"]
    component: Component = "step"
    factor: Annotated[float, Field(ge=-1000, le=1000, allow_inf_nan=False)] = 1.0
    cloud: bool = False


class LossLandscapeQuestion(Message):
    """The weight trajectory in the plane of its two widest directions, and the loss over that
    plane, `size` places a side.
    """

    type: Literal["loss_landscape"]
    id: Natural
    run: Name
    size: Annotated[int, Field(ge=3, le=31)] = 15


class LossLineQuestion(Message):
    """The loss on the straight line between the weights of two steps."""

    type: Literal["loss_line"]
    id: Natural
    run: Name
    start: Natural
    end: Natural


class DiscontinuityQuestion(Message):
    """Perturbation and singularity score of the layout's map at a step and site: of every reference
    token, and of the tokens of `text` ("": none).
    """

    type: Literal["discontinuity"]
    id: Natural
    run: Name
    step: Natural
    site: Natural
    text: str = ""
    special: Special = False


AnyQuestion = (
    DecompositionQuestion
    | AttributionQuestion
    | JacobianQuestion
    | AblationQuestion
    | StreamViewQuestion
    | GradientsQuestion
    | GenerationQuestion
    | OptimizerStepQuestion
    | LossLandscapeQuestion
    | LossLineQuestion
    | DiscontinuityQuestion
    | AnyMeaning
)
