"""What stands in the cards of a run, with a bound for every number and every list; a card may hold
more, of which nothing is asked.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

MOST_STEPS: Final = 10_000
MOST_LAYERS: Final = 1024
WIDEST: Final = 1 << 16
MOST_TOKENS: Final = 1 << 24
SITE: Final = re.compile(r"embed|L(0|[1-9]\d{0,3})\.(mid|post)")


def _ascending(steps: list[int]) -> list[int]:
    if any(b <= a for a, b in pairwise(steps)):
        raise ValueError("steps must grow, each once")
    return steps


def _site(name: str) -> str:
    if not SITE.fullmatch(name):
        raise ValueError(f"{name[:60]!r} is no site: embed, L0.mid, L0.post …")
    return name


def _each_once(names: list[str]) -> list[str]:
    if len(set(names)) < len(names):
        raise ValueError("a name stands there twice")
    return names


def _inside(name: str) -> str:
    parts = name.split("/")
    if (
        not name
        or "\\" in name
        or "\0" in name
        or ":" in name
        or any(part in ("", ".", "..") for part in parts)
    ):
        raise ValueError(f"{name[:60]!r} is no path inside the run")
    return name


Step = Annotated[int, Field(ge=0, le=2**53 - 1)]
Steps = Annotated[list[Step], Field(max_length=MOST_STEPS), AfterValidator(_ascending)]
Sites = Annotated[
    list[Annotated[str, AfterValidator(_site)]],
    Field(min_length=1, max_length=2 * MOST_LAYERS + 1),
    AfterValidator(_each_once),
]
PathInside = Annotated[str, Field(max_length=500), AfterValidator(_inside)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Files = Annotated[dict[PathInside, Digest], Field(max_length=10 * MOST_STEPS)]
Line = Annotated[str, Field(max_length=1000)]
Finite = Annotated[float, Field(allow_inf_nan=False, ge=-1e30, le=1e30)]
Positive = Annotated[float, Field(allow_inf_nan=False, gt=0, le=1e30)]


class Shape(BaseModel):
    """A card, or a part of one; what is not named here is let through."""

    model_config = ConfigDict(extra="allow", strict=True)


class ArchitectureShape(Shape):
    """The sizes of a model."""

    kind: Line = "gpt"
    n_layer: Annotated[int, Field(ge=1, le=MOST_LAYERS)]
    d_model: Annotated[int, Field(ge=1, le=WIDEST)]
    vocab_size: Annotated[int, Field(ge=1, le=MOST_TOKENS)]
    block_size: Annotated[int, Field(ge=1, le=MOST_TOKENS)]
    n_head: Annotated[int | None, Field(ge=1, le=WIDEST)] = None
    mlp: Annotated[int, Field(ge=1, le=1024)] = 4


class ExampleShape(Shape):
    """A sentence worth looking at, and why."""

    text: Annotated[str, Field(max_length=20_000)]
    note_en: Annotated[str, Field(max_length=20_000)] = ""
    note_zh: Annotated[str, Field(max_length=20_000)] = ""


class TaskShape(Shape):
    """The task a run was trained on."""

    name: Line
    parameters: dict[str, Any]


class RunShape(Shape):
    """``run.json`` of any run."""

    format: Literal[1]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    title: Line = ""
    description: Annotated[str, Field(max_length=20_000)] = ""
    architecture: ArchitectureShape
    tokenizer: PathInside | None = None
    steps: Steps
    sites: Sites
    last_step: Step = 0
    finished: bool = True
    seed: Annotated[int, Field(ge=-(2**63), le=2**64)] = 0
    corpus: list[Any] = []
    hyperparameters: dict[str, Any] = {}
    examples: Annotated[list[ExampleShape], Field(max_length=1000)] = []
    tests: dict[str, Any] = {}
    task: TaskShape | None = None
    claims: Annotated[list[Line] | None, Field(max_length=100)] = None
    files: Files = {}

    @model_validator(mode="after")
    def sites_are_of_the_model(self) -> RunShape:
        deepest = max(
            (int(name[1:].split(".")[0]) for name in self.sites if name != "embed"), default=-1
        )
        if deepest >= self.architecture.n_layer:
            raise ValueError(
                f"sites: L{deepest} is no layer of a model that has {self.architecture.n_layer}"
            )
        return self


Entry = Annotated[dict[str, Annotated[str, Field(max_length=4096)]], Field(max_length=20)]


class HubShapeCard(RunShape):
    """``run.json`` of a Hugging Face model."""

    source: Annotated[str, Field(max_length=4096)]
    place: Annotated[str, Field(max_length=4096)]
    checkpoints: Annotated[
        dict[Annotated[str, Field(pattern=r"^\d{1,16}$")], Entry], Field(max_length=MOST_STEPS)
    ]
    skipped: Annotated[list[Entry], Field(max_length=MOST_STEPS)] = []
    words: Entry
    configs: Annotated[list[Digest], Field(max_length=MOST_STEPS)]
    trained: Annotated[str, Field(max_length=4096)] = ""
    dtype: Literal["float32", "bfloat16", "float16"]
    device: Annotated[str, Field(pattern=r"^(cpu|mps|cuda(:\d{1,3})?)$")]
    pickle: bool = False


class SkippedShape(Shape):
    """A step that was not recorded, and why."""

    step: Step
    why: Annotated[str, Field(max_length=4096)]


class RecordedShape(RunShape):
    """``run.json`` of a training that was recorded."""

    typed: bool = False
    vocabulary: Line = ""
    skipped: Annotated[list[SkippedShape], Field(max_length=MOST_STEPS)] = []
    stopped: Annotated[str | None, Field(max_length=4096)] = None


def run_shape(kind: object) -> type[RunShape]:
    """What a run's card of a kind has to look like."""
    shapes: dict[str, type[RunShape]] = {"hf": HubShapeCard, "recorded": RecordedShape}
    return shapes.get(str(kind), RunShape)


class FrameShape(Shape):
    """The ball that holds the clouds."""

    center: Annotated[list[Finite], Field(min_length=3, max_length=3)]
    radius: Positive


class MeasureShape(Shape):
    """A measure of the atlas."""

    name: Line
    unit: Line


class ParametersShape(Shape):
    """How a layout was made, as far as placing asks."""

    k: Annotated[int, Field(ge=1, le=10_000)]
    a: Positive
    b: Positive
    repulsion: Annotated[float, Field(allow_inf_nan=False, ge=0, le=1e6)] = 5.0
    density: bool = False


class AtlasShape(Shape):
    """``atlas/atlas.json``."""

    format: Literal[1]
    steps: Steps
    sites: Sites
    view: Literal["normalised", "raw"]
    parameters: ParametersShape
    frame: FrameShape
    measures: Annotated[list[MeasureShape], Field(max_length=1000)]
    axis_variables: Annotated[list[Line], Field(max_length=1000)]
    files: Files
    numbers: PathInside = "measures.safetensors"
    moves: bool = False
    origin: Annotated[dict[str, Line], Field(max_length=2 * MOST_STEPS)] = {}

    @model_validator(mode="after")
    def every_step_has_its_file(self) -> AtlasShape:
        for step in self.steps:
            if f"step-{step:08d}.safetensors" not in self.files:
                raise ValueError(f"files: none is named for step {step}")
        return self


class EntryShape(Shape):
    """A measure that was computed beside the atlas."""

    name: Line
    unit: Line
    group: Line
    seconds: Annotated[float, Field(ge=0, le=1e9)] = 0.0


class JumpShape(Shape):
    """A step where a measure jumps."""

    model_config = ConfigDict(extra="forbid", strict=True)
    step: Step
    measure: Line
    site: Annotated[int, Field(ge=0, le=2 * MOST_LAYERS)]
    before: float
    after: float
    score: float


class MeasuresShape(Shape):
    """``measures/measures.json``."""

    format: Literal[1]
    atlas: Annotated[str, Field(max_length=64)]
    steps: Steps
    sites: Annotated[list[Line], Field(max_length=2 * MOST_LAYERS + 1)]
    parameters: dict[str, Any]
    entries: Annotated[list[EntryShape], Field(max_length=1000)]
    reasons: Annotated[list[Line], Field(max_length=256)]
    events: Annotated[list[JumpShape], Field(max_length=100_000)]
    files: Files
