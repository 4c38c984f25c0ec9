"""What the page asks about the inside of a pass and what it is told; arrays travel as safetensors
beside an answer in JSON.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from layerfold.server.protocol.http import Message

Natural = Annotated[int, Field(ge=0, le=2**53 - 1)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Projection = Annotated[
    str, Field(min_length=1, max_length=64, description="one of the card's projections")
]
Special = Annotated[
    bool, Field(description="whether names of special tokens in the text mean them")
]


class Look(Message):
    """A question about a sentence at a step; a newer one of the same type takes its place."""

    id: Natural
    run: Name
    step: Natural
    text: str
    special: Special = False
    projection: Projection = "umap"


class Dissect(Look):
    """Take the pass apart: where each token looks, and what attention, each head and the MLP add to
    it.
    """

    type: Literal["dissect"]


class Promote(Look):
    """Which words each part of the pass makes likelier after one token."""

    type: Literal["promote"]
    token: Natural


class Bend(Look):
    """How each half of a layer turns and stretches the neighbourhood of one token."""

    type: Literal["bend"]
    token: Natural


class Factor(Message):
    """A part and by how much it is scaled: 0 is not there, 1 as it is, 2 twice."""

    part: Literal["attention", "mlp", "head", "residual"]
    layer: Natural
    head: Natural | None = None
    factor: Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)]


class WhatIf(Look):
    """The same pass with parts scaled."""

    type: Literal["whatif"]
    factors: Annotated[list[Factor], Field(max_length=512)]


Seen = Literal["raw", "normalised", "added"]


class Reframe(Look):
    """The residual stream seen raw, normalised, or as what attention and MLPs have added to the
    embedding; with parts scaled beside it.
    """

    type: Literal["reframe"]
    seen: Seen
    factors: Annotated[list[Factor], Field(default_factory=list, max_length=512)]


class Push(Look):
    """How a loss would have every state moved: of the whole sentence, of what follows one token, or
    of a target there.
    """

    type: Literal["push"]
    position: Natural | None = None
    target: Annotated[
        str | None, Field(max_length=64, description="a word: its first token is aimed at")
    ] = None
    reach: Annotated[
        float,
        Field(
            gt=0,
            le=2,
            allow_inf_nan=False,
            description="length of the step drawn, over the state's",
        ),
    ] = 0.5


class Walk(Look):
    """Go on from a text, `ids` having been taken already; each new token comes as it is drawn."""

    type: Literal["walk"]
    ids: Annotated[list[Natural], Field(default_factory=list, max_length=4096)]
    count: Annotated[
        int, Field(ge=0, le=512, description="0: only the fork at the end of what there is")
    ] = 1
    temperature: Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)] = 1.0
    top_k: Natural = 0
    top_p: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] = 1.0
    seed: Natural = 0


Motion = Literal["gradient", "momentum", "adaptive", "decay", "step", "sgd", "sgd_momentum", "adam"]


class Stride(Look):
    """One optimiser step from the checkpoint, or a part of it, or a rival's step, `factor` times;
    with `cloud`, the reference moves too.
    """

    type: Literal["stride"]
    motion: Motion = "step"
    factor: Annotated[float, Field(ge=-1000, le=1000, allow_inf_nan=False)] = 1.0
    cloud: bool = False


class Survey(Message):
    """The way of the weights in the plane of its two widest directions, and the loss over that
    plane, `size` places a side.
    """

    type: Literal["survey"]
    id: Natural
    run: Name
    size: Annotated[int, Field(ge=3, le=31)] = 15


class Line(Message):
    """The loss on the straight line between the weights of two steps."""

    type: Literal["line"]
    id: Natural
    run: Name
    start: Natural
    end: Natural


Question = Dissect | Promote | Bend | WhatIf | Reframe | Push | Walk | Stride | Survey | Line

# ---- answers -------------------------------------------------------------------------------------


class Word(Message):
    """A token, and what it is told with: a probability, or what is added to its logit."""

    id: int
    text: str
    value: float


class Role(Message):
    """What a head does by a stated test, and its score 0..1."""

    layer: int
    head: int
    role: Literal["previous", "first", "same", "induction"]
    score: float


class Dissected(Message):
    """Tensors: `patterns` [layer, head, token, token]; `positions` [site, token, 3]; for attention
    (whole, then each head) and MLP `attention.tip` [layer, part, token, 3], `.length` (raw),
    `.cosine` (with the half's whole move) and `.trust` (shown over true length, 1 is typical)
    [layer, part, token], and `mlp.…` without the part.
    """

    layers: int
    heads: int
    roles: list[Role]
    bends: Annotated[
        list[float | None],
        Field(description="mean turning angle of the tokens at each site, radians"),
    ]


class Bent(Message):
    """Tensors of one token: `values` [site-1, d], the singular values of the map to the next site,
    largest first (NaN where there are none); `axes` [site-1, 3, 2, 3], both ends of its three
    most stretched directions, the longest a tenth of the state; `trust` [site-1, 3]; `turn`
    [site], the angle between the way to a site and the way on, radians, NaN at both ends.
    """

    token: int
    text: str


class PromotedPart(Message):
    """What one part pushes up and down, against the mean over all words."""

    part: Literal["embed", "attention", "head", "mlp"]
    layer: int | None = None
    head: int | None = None
    up: list[Word]
    down: list[Word]


class Promoted(Message):
    """All parts of a token, in the order of the pass; their effects with the norm's bias sum to its
    logits.
    """

    token: int
    parts: list[PromotedPart]


class Imagined(Message):
    """The likeliest next words with nothing scaled and with the parts scaled, the same words in
    both, each the likeliest first, and how far the one lies from the other (KL, nats). Tensors:
    `positions` [site, token, 3], `norm` [site, token].
    """

    before: list[Word]
    after: list[Word]
    divergence: float


class Reframed(Message):
    """A view by its three principal directions over all sites: what each holds of the variance, how
    each follows the length of the raw state (Pearson's r), and mean trustworthiness at each site
    among `sample` reference tokens (null where all states are one). Tensors: `cloud` [site, ref,
    3], `positions` [site, token, 3] and, where parts are scaled, `moved` [site, token, 3].
    """

    shares: list[float | None]
    norm: list[float | None]
    trust: list[float | None]
    sample: int


class Pushed(Message):
    """The loss in nats. Tensors: `tip` [site, token, 3] (the state after a step of `reach` times
    its length along −∂L/∂h), `trust` and `length` (of −∂L/∂h) [site, token], `losses` [token],
    `groups` [layer, group]; `agreement` is R² of the promise for small random steps.
    """

    loss: float
    groups: list[str]
    outer: dict[str, float]
    agreement: float


class Stepped(Message):
    """One token of a walk (`token` null: none was drawn) and the fork after it: the likeliest next
    words and what is left for all others. Tensors: `positions` [site, 1, 3], `outside` [site,
    1], `norm` [site, 1] of the token; `branches` [site, branch, 3], where each of the likeliest
    would lie.
    """

    token: Word | None
    ids: list[int]
    branches: list[Word]
    rest: float
    last: bool


class Strode(Message):
    """A step on a batch: `origin` own (the very batch of that step) or stored (windows of the
    reference stand for it), `sequences` of it, `earlier` batches before it for the moments; the
    optimiser's settings; `lengths` of every motion and of its part in each group of weights; the
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
    motion: Motion
    factor: float
    lengths: dict[str, float]
    groups: dict[str, dict[str, float]]
    before: float
    after: float


class Surveyed(Message):
    """How far the survey is (`share`), and at its end: tensors `places` [step, 2] of the steps,
    `off` [step] how far each lies outside the plane, `shares` [2] of the way's variance that the
    plane's directions hold, `a`, `b` [size], `loss` [size, size] (row b, column a) and `own`
    [step], the loss of each checkpoint; on `sequences` of the batch's origin; a model has so
    many `weights`.
    """

    share: float
    steps: list[int]
    weights: int
    origin: Literal["own", "stored"]
    sequences: int


class Lined(Message):
    """How far the loss rises above the straight line between its ends. Tensors: `share` and
    `losses` [place].
    """

    barrier: float


Told = (
    Dissected | Promoted | Bent | Imagined | Reframed | Pushed | Stepped | Strode | Surveyed | Lined
)


class LookHeader(Message):
    """`__metadata__` of a binary answer to a question; `answer` is JSON of the model with that
    name; step 0 where none was asked.
    """

    type: Literal[
        "dissected",
        "promoted",
        "bent",
        "imagined",
        "reframed",
        "pushed",
        "stepped",
        "strode",
        "surveyed",
        "lined",
    ]
    id: str
    run: str
    step: str
    answer: str


def header_of(question: Any, told: Told) -> dict[str, str]:
    """The metadata of a binary answer."""
    kind = type(told).__name__.lower()
    answer = told.model_dump_json()
    return LookHeader(
        type=kind,
        id=str(question.id),
        run=question.run,
        step=str(getattr(question, "step", 0)),
        answer=answer,
    ).model_dump()  # type: ignore[arg-type]
