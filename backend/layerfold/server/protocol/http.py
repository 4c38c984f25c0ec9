"""What HTTP answers, one pydantic model each; the rest of the protocol is in wire.py."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, computed_field

from layerfold.claims.record import ClaimTable
from layerfold.claims.seed.record import SeedCard
from layerfold.locales.messages import render

PROTOCOL: Final = 1


class Message(BaseModel):
    """A record of the protocol: unknown fields are refused, types are not coerced."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Limits(Message):
    """The bounds past which the answer is an error that names them."""

    characters: int
    tokens: int
    message_bytes: int
    sentences: int


class Said(Message):
    """Something said in words: ``message`` in English, ``message_zh`` in Chinese."""

    message: str

    @computed_field  # type: ignore[prop-decorator]
    @property
    def message_zh(self) -> str:
        """The same in Chinese, as far as anybody has translated it."""
        return render(self.message, "zh")


class Problem(Said):
    """A stable code, and what is wrong in words."""

    code: str


class ErrorAnswer(Message):
    """The one shape of every HTTP error."""

    error: Problem


class Health(Message):
    """The server is up."""

    status: Literal["ok"] = "ok"
    version: str
    protocol: Literal[1] = PROTOCOL
    runs: int


class Building(Message):
    """What is being done to a run just now, and how far it is."""

    stage: str
    share: Annotated[float, Field(ge=0, le=1)]


class RunEntry(Message):
    """A line of the catalogue; `problem` says why a run cannot be opened; `building`: its clouds
    are being made.
    """

    name: str
    title: str
    description: str
    title_zh: Annotated[str, Field(description="in Chinese, where the run says it")] = ""
    description_zh: str = ""
    kind: Annotated[
        Literal["gpt", "hf", "recorded"], Field(description="where its model comes from")
    ] = "gpt"
    live: Annotated[bool, Field(description="more steps are to be expected")] = False
    building: Building | None = None
    default: Annotated[bool, Field(description="the first run that can be opened")] = False
    problem: Problem | None = None


class RunList(Message):
    """The catalogue."""

    runs: list[RunEntry]


class Frame(Message):
    """A ball that holds the clouds at every step and site."""

    center: Annotated[list[float], Field(min_length=3, max_length=3)]
    radius: float


class ProjectionCard(Message):
    """A way to show the states: "umap" is the atlas's own layout, "plane" the same in two
    dimensions, the others are linear maps of the states; axes have no name in it.
    """

    name: str
    kind: Literal["umap", "pca", "basis", "plane"]
    title_en: str
    title_zh: str
    axes_en: Annotated[list[str], Field(min_length=3, max_length=3)]
    axes_zh: Annotated[list[str], Field(min_length=3, max_length=3)]
    frame: Frame


class Example(BaseModel):
    """A sentence worth looking at, and why."""

    model_config = ConfigDict(extra="allow", frozen=True)
    text: str
    note_en: str = ""
    note_zh: str = ""


class Reach(Said):
    """Whether the socket is open to pages of an origin; `message` says why not and what to set, or
    what else may stand in the way.
    """

    accepted: bool


class RunCard(BaseModel):
    """A run's card, with what its atlas holds; other fields of the card come along."""

    model_config = ConfigDict(extra="allow", frozen=True)
    name: str
    title: str
    description: str
    title_zh: str = ""
    description_zh: str = ""
    sites: list[str]
    steps: list[int]
    view: Literal["normalised", "raw"]
    frame: Frame
    projections: Annotated[
        list[ProjectionCard],
        Field(description="the ways to show the states, the atlas's own layout first"),
    ]
    limits: Limits
    examples: list[Example]
    reference: Annotated[int, Field(description="how many reference tokens the clouds hold")]
    problems: list[Problem]
    kind: Annotated[
        Literal["gpt", "hf", "recorded"], Field(description="where its model comes from")
    ] = "gpt"
    live: Annotated[bool, Field(description="more steps are to be expected")] = False
    typed: Annotated[
        bool, Field(description="whether it can read a sentence: its weights are there")
    ] = True
    building: Building | None = None
    same: Annotated[
        list[list[int]], Field(description="groups of steps that hold the same weights")
    ] = []
    unit: Annotated[Literal["step", "epoch"], Field(description="what its steps count")] = "step"
    own: Annotated[
        int | None,
        Field(description="the step whose weights the model at the top of its folder has"),
    ] = None
    layout_seed: Annotated[int | None, Field(description="of the layout of its clouds")] = None
    density: Annotated[
        bool, Field(description="whether its clouds are as crowded as the states are")
    ] = False
    lineage: Annotated[
        str,
        Field(description="the same as long as the clouds that are there stay and only more come"),
    ] = ""


class LabelTable(Message):
    """A variable known of every reference token: `values` [ref][n], null where a token has none; n
    is 1 but for a mixture.
    """

    name: str
    kind: Literal["category", "magnitude", "cyclic", "mixture"]
    title_en: str
    title_zh: str
    period: float | None = None
    names: list[str]
    values: list[list[float | None]]


class ReferenceTable(Message):
    """The reference tokens: token i is `windows[window[i]][position[i]]`; `frequency` per million;
    `source` of each window.
    """

    windows: list[list[str]]
    window: list[int]
    position: list[int]
    frequency: list[float]
    source: list[str]
    text: list[str]
    labels: list[LabelTable]


class MetricsTable(Message):
    """The lines of the training log."""

    rows: list[dict[str, Any]]


class MeasureTable(Message):
    """A number for each step and site, null where it is not defined (then `reasons` says why);
    `low` and `high` are its error bar.
    """

    name: str
    unit: str
    group: str
    values: list[list[float | None]]
    low: list[list[float | None]] | None = None
    high: list[list[float | None]] | None = None
    reasons: list[list[str]] | None = None


class EventTable(Message):
    """A step where something happens: `measure` goes from `before` to `after` between the step
    before and this one, at `site`.
    """

    step: int
    measure: str
    site: int
    before: float
    after: float
    score: float


class AxisTable(Message):
    """Correlation of each shown axis with each variable: `values` [step][site][axis][variable]."""

    variables: list[str]
    values: list[list[list[list[float | None]]]]


class MeasuresTable(Message):
    """All measures of a run."""

    steps: list[int]
    sites: list[str]
    measures: list[MeasureTable]
    axes: AxisTable
    events: list[EventTable]


class ClaimsTable(Message):
    """All claims of a run."""

    claims: list[ClaimTable]


class SeedTable(Message):
    """What became of every sentence of the seed in a run."""

    cards: list[SeedCard]


class ComparedSite(Message):
    """What is left at a site after the best turn (`residual`, with its bar), without one, and with
    the size free too (`shape`); null where it is not defined, then `reason` says why. The first
    three are shares of the length of this run's states; `cka` is 0..1.
    """

    site: str
    other: str
    residual: float | None
    low: float | None
    high: float | None
    without: float | None
    shape: float | None
    cka: float | None
    reason: str


class ComparisonTable(Message):
    """A run at a step laid over another at another step, on the tokens of the first one's
    reference: `drawn` are shown of `tokens`.
    """

    run: str
    step: int
    other: str
    other_step: int
    tokens: int
    drawn: list[int]
    widths: Annotated[
        list[int],
        Field(
            min_length=2,
            max_length=2,
            description="of a state in both; the narrower is padded with zeros",
        ),
    ]
    sites: list[ComparedSite]


class Reading(Message):
    """A text that the other run reads, to be shown where this one's clouds are."""

    other: Annotated[str, Field(min_length=1, max_length=200)]
    at: Annotated[int, Field(ge=0, le=2**53 - 1)]
    text: str
    special: Annotated[
        bool, Field(description="whether names of special tokens in the text mean them")
    ] = False
    projection: Annotated[str, Field(min_length=1, max_length=64)] = "umap"


class Written(Message):
    """Texts to be placed in a page that is written down, and the link that says how it looks."""

    texts: Annotated[list[str], Field(min_length=1, max_length=64)]
    fragment: Annotated[str, Field(max_length=8192)] = ""
    projection: Annotated[str, Field(min_length=1, max_length=64)] = "umap"
