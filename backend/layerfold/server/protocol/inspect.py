"""What the page is told of the inside of a pass and of a step; arrays travel as safetensors beside
an answer in JSON.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from layerfold.server.protocol.http import Message
from layerfold.server.protocol.meaning_answers import AnyMeaningAnswer
from layerfold.server.protocol.questions import AnyQuestion, Component

# ---- answers -------------------------------------------------------------------------------------


class Word(Message):
    """A token, and what is told of it: a probability, or what is added to its logit."""

    id: int
    text: str
    value: float


class HeadType(Message):
    """What a head does by a stated test, and its score 0..1."""

    layer: int
    head: int
    type: Literal["previous", "first", "same", "induction"]
    score: float


class DecompositionAnswer(Message):
    """Tensors: `patterns` [layer, head, token, token]; `positions` [site, token, 3]; for attention
    (whole, then each head) and MLP `attention.tip` [layer, part, token, 3], `.length` (raw),
    `.cosine` (with the half's whole move) and `.trust` (shown over true length, 1 is typical)
    [layer, part, token], and `mlp.…` without the part.
    """

    layers: int
    heads: int
    head_types: list[HeadType]
    angles: Annotated[
        list[float | None],
        Field(description="mean turning angle of the tokens at each site, radians"),
    ]


class JacobianAnswer(Message):
    """Tensors of one token: `values` [site-1, d], the singular values of the map to the next site,
    largest first (NaN where there are none); `axes` [site-1, 3, 2, 3], both ends of its three
    most stretched directions, the longest a tenth of the state; `trust` [site-1, 3]; `angle`
    [site], the angle between the way to a site and the way on, radians, NaN at both ends.
    """

    token: int
    text: str


class AttributedPart(Message):
    """The tokens that one part promotes and demotes, against the mean over all words."""

    part: Literal["embed", "attention", "head", "mlp"]
    layer: int | None = None
    head: int | None = None
    up: list[Word]
    down: list[Word]


class AttributionAnswer(Message):
    """All parts of a token, in the order of the pass; their effects with the norm's bias sum to its
    logits.
    """

    token: int
    parts: list[AttributedPart]


class AblationAnswer(Message):
    """The likeliest next words with nothing scaled and with the parts scaled, the same words in
    both, each the likeliest first, and how far the one lies from the other (KL, nats). Tensors:
    `positions` [site, token, 3], `norm` [site, token].
    """

    before: list[Word]
    after: list[Word]
    divergence: float


class StreamViewAnswer(Message):
    """A view by its three principal directions over all sites: what each holds of the variance, how
    each follows the length of the raw state (Pearson's r), and mean trustworthiness at each site
    among `sample` reference tokens (null where all states are one). Tensors: `cloud` [site, ref,
    3], `positions` [site, token, 3] and, where parts are scaled, `moved` [site, token, 3].
    """

    shares: list[float | None]
    norm: list[float | None]
    trust: list[float | None]
    sample: int


class GradientsAnswer(Message):
    """The loss in nats. Tensors: `tip` [site, token, 3] (the state after a step of `step_length`
    times its length along −∂L/∂h), `trust` and `length` (of −∂L/∂h) [site, token], `losses`
    [token], `layers` [layer, group]; `agreement` is R² of the promise for small random steps.
    """

    loss: float
    groups: list[str]
    outer: dict[str, float]
    agreement: float


class GenerationAnswer(Message):
    """One new token (`token` null: none was drawn) and what may follow: the likeliest next
    words and what is left for all others. Tensors: `positions` [site, 1, 3], `outside` [site,
    1], `norm` [site, 1] of the token; `ends` [site, branch, 3], where each of the likeliest
    would lie.
    """

    token: Word | None
    ids: list[int]
    branches: list[Word]
    rest: float
    last: bool


class OptimizerStepAnswer(Message):
    """A step on a batch: `origin` own (the very batch of that step) or stored (windows of the
    reference stand for it), `sequences` of it, `earlier` batches before it for the moments; the
    optimizer's settings; `lengths` of every motion and of its part in each group of weights; the
    batch's loss before and after `factor` times the motion. Tensors: `positions` [site, token,
    3], `norm` [site, token] of the sentence after it, `length` (raw) and `trust` (shown over
    true length, 1 is typical) [site, token] of each token's move, and `cloud` [site, ref, 3]
    where it was asked for.
    """

    origin: Literal["own", "stored"]
    sequences: int
    earlier: int
    rate: float
    beta1: float
    beta2: float
    decay: float
    component: Component
    factor: float
    lengths: dict[str, float]
    groups: dict[str, dict[str, float]]
    before: float
    after: float


class LossLandscapeAnswer(Message):
    """How far it is (`share`), and at its end: tensors `places` [step, 2] of the steps,
    `off` [step] how far each lies outside the plane, `shares` [2] of the trajectory's variance that
    the plane's directions hold, `a`, `b` [size], `loss` [size, size] (row b, column a) and `own`
    [step], the loss of each checkpoint; on `sequences` of the batch's origin; a model has so
    many `weights`.
    """

    share: float
    steps: list[int]
    weights: int
    origin: Literal["own", "stored"]
    sequences: int


class LossLineAnswer(Message):
    """How far the loss rises above the straight line between its ends. Tensors: `share` and
    `losses` [place].
    """

    barrier: float


class DiscontinuityAnswer(Message):
    """States moved by `length` of their spread. Tensors: `perturbation` (in the picture's spreads),
    `singularity` (infinite: no strict minimum) and `apart` [ref]; the first two with the places
    dealt at random, `control_perturbation` and `control_singularity` [sample], and of the text's
    tokens, `token_perturbation` and `token_singularity` [token].
    """

    site: str
    length: float


AnyAnswer = (
    DecompositionAnswer
    | AttributionAnswer
    | JacobianAnswer
    | AblationAnswer
    | StreamViewAnswer
    | GradientsAnswer
    | GenerationAnswer
    | OptimizerStepAnswer
    | LossLandscapeAnswer
    | LossLineAnswer
    | DiscontinuityAnswer
    | AnyMeaningAnswer
)


class AnswerHeader(Message):
    """`__metadata__` of a binary answer to a question; `answer` is JSON of the model with that
    type; step 0 where none was asked.
    """

    type: Literal[
        "decomposition",
        "attribution",
        "jacobian",
        "ablation",
        "stream_view",
        "gradients",
        "generation",
        "optimizer_step",
        "loss_landscape",
        "loss_line",
        "discontinuity",
        "meaning_sets",
        "senses",
        "axes",
        "path",
        "probe",
        "regions",
        "ood",
        "attack",
        "compress",
    ]
    id: str
    run: str
    step: str
    answer: str


def header_of(question: AnyQuestion, answer: AnyAnswer) -> dict[str, str]:
    """The metadata of a binary answer."""
    return AnswerHeader(
        type=question.type,
        id=str(question.id),
        run=question.run,
        step=str(getattr(answer, "step", getattr(question, "step", 0))),
        answer=answer.model_dump_json(),
    ).model_dump()
