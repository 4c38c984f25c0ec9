"""What the page asks about meaning: each question is answered step by step, in the order asked."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from layerfold.server.protocol.fields import Name, Natural, Projection
from layerfold.server.protocol.http import Message

Word = Annotated[str, Field(min_length=1, max_length=200)]
Names = Annotated[list[Name], Field(default_factory=list, max_length=64)]
Site = Annotated[str | None, Field(max_length=40)]
View = Literal["normalised", "raw"]


class MeaningSetsQuestion(Message):
    """Which words, pairs and labels there are to choose from."""

    type: Literal["meaning_sets"]
    id: Natural
    run: Name


class MeaningQuestion(Message):
    """A measurement at some steps, one answer each; a newer one of the same type takes its
    place."""

    id: Natural
    run: Name
    steps: Annotated[list[Natural], Field(min_length=1, max_length=4096)]
    projection: Projection = "umap"


class OwnSenses(Message):
    """A word with sentences of two senses, and the neutral word that controls; with a `column` (a
    label of the reference) sentences are found there, its senses two of the column's classes."""

    word: Word
    control: Annotated[str | None, Field(max_length=200)] = None
    senses: Annotated[dict[str, list[str]], Field(default_factory=dict, max_length=8)]
    column: Annotated[str, Field(max_length=200)] = ""
    between: Annotated[list[str], Field(default_factory=list, max_length=2)]


class SensesQuestion(MeaningQuestion):
    """Whether context parts two senses: bundled `words`, or a person's `own`; `shown` is placed."""

    type: Literal["senses"]
    words: Names
    own: OwnSenses | None = None
    shown: Annotated[str, Field(max_length=200)] = ""
    view: View = "normalised"


class AxesQuestion(MeaningQuestion):
    """Whether pairs share a direction: bundled `lists`, or `pairs` of one's own; and where a, b, c
    (and the expected d) of an `analogy` lead.
    """

    type: Literal["axes"]
    lists: Names
    pairs: Annotated[
        list[Annotated[list[Word], Field(min_length=2, max_length=2)]],
        Field(default_factory=list, max_length=500),
    ]
    analogy: Annotated[list[Word], Field(default_factory=list, max_length=4)]
    frame: Annotated[str, Field(max_length=400)] = ""
    view: View = "normalised"


class PathQuestion(MeaningQuestion):
    """Four ways from one word's state to another's at a site, every point decoded."""

    type: Literal["path"]
    start: Word
    end: Word
    site: Site = None
    frame: Annotated[str, Field(max_length=400)] = ""
    points: Annotated[int, Field(ge=3, le=64)] = 32


class ProbeQuestion(MeaningQuestion):
    """What a linear probe reads of a `label` of the reference, or of words `tagged` by a person."""

    type: Literal["probe"]
    label: Annotated[str, Field(max_length=200)] = "source"
    tagged: Annotated[
        str | None, Field(description="lines of a word, a tab and its tag; instead of the label")
    ] = None


class RegionsQuestion(MeaningQuestion):
    """The named regions of the cloud at a site."""

    type: Literal["regions"]
    site: Site = None
    least: Annotated[int, Field(ge=2, le=1000)] = 10


class OodQuestion(MeaningQuestion):
    """How well distance, norm and loss tell other text from natural text; `texts` by name."""

    type: Literal["ood"]
    texts: Annotated[dict[str, str], Field(default_factory=dict, max_length=8)]


class AttackQuestion(MeaningQuestion):
    """What it takes to change the prediction after a text, beside random changes."""

    type: Literal["attack"]
    text: str
    site: Site = None
    most: Annotated[float, Field(gt=0, le=10, allow_inf_nan=False)] = 1.0


class CompressQuestion(MeaningQuestion):
    """What rounding, thinning or cutting costs, beside noise; and how both go on with a
    `sentence`."""

    type: Literal["compress"]
    changes: Annotated[list[Name], Field(min_length=1, max_length=16)]
    text: str | None = None
    sentence: Annotated[str, Field(max_length=2000)] = ""


AnyMeaning = (
    MeaningSetsQuestion
    | SensesQuestion
    | AxesQuestion
    | PathQuestion
    | ProbeQuestion
    | RegionsQuestion
    | OodQuestion
    | AttackQuestion
    | CompressQuestion
)
