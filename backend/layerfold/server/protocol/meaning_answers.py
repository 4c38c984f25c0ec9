"""What the page is told of meaning: an answer a step; numbers with bounds are [..., 3] (value, low,
high).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from layerfold.server.protocol.http import Message


class Remark(Message):
    """What has to be said beside a number: a key with the values of its sentence."""

    key: str
    values: dict[str, int | float | str]


class SensesOffered(Message):
    """A bundled word: its two senses by name, how many sentences each has, one of each."""

    language: str
    word: str
    control: str
    names: list[str]
    counts: list[int]
    examples: list[str]


class PairsOffered(Message):
    """A bundled list of pairs."""

    language: str
    name: str
    pairs: list[list[str]]


class LabelOffered(Message):
    """A label of the reference that a probe can read, and its classes; their names where there are
    at most a hundred."""

    name: str
    classes: int
    names: list[str]


class MeaningSetsAnswer(Message):
    """What there is to choose from; the `language` of the run's texts (en, zh, or "": neither);
    whether the model predicts a next token; how many `layers` and `heads` a layer it has (0: not
    known)."""

    senses: list[SensesOffered]
    axes: list[PairsOffered]
    labels: list[LabelOffered]
    language: str
    predicts: bool
    layers: int
    heads: int


class MeaningAnswer(Message):
    """The answer for one `step`, the `done`-th of `of`."""

    step: int
    done: int
    of: int
    notes: list[Remark]


class SensesOf(Message):
    """A word that was measured: its control, its senses, and at which site they part ("": none)."""

    word: str
    control: str
    names: list[str]
    parts_at: str


class SensesAnswer(MeaningAnswer):
    """Tensors: `ratio`, `control`, `quotient` [word, site, 3], `permuted`, `p` [word, site]; of the
    word shown `positions`, `control_positions` [site, sentence, 3], whose `senses` are 0 or 1.
    """

    words: list[SensesOf]
    shown: str
    senses: list[int]


class AxisOf(Message):
    """A list that was measured, with the pairs that were used; ``key`` is its name in a projection
    (``axes~KEY~KEY``), "" where it has none."""

    name: str
    key: str
    pairs: list[list[str]]


class Landing(Message):
    """Where b − a + c lands at a place: the nearest words, and the rank of the expected one (0
    without one)."""

    site: str
    nearest: list[str]
    cosine: float
    rank: int


class AxesAnswer(MeaningAnswer):
    """Tensors [axis, product, place, 3]: `loo`, `repaired`, `random`, `auroc`, `hit`,
    `hit_left_out`, `query`; `p_repaired`, `p_random` [axis, product, place]; `projected` [site,
    ref], the cosine of each reference state, less their mean, with the first axis; of its words,
    first ones then second ones, `positions` [site, word, 3].
    """

    axes: list[AxisOf]
    places: list[str]
    products: list[str]
    analogy: list[Landing]


class PathAnswer(MeaningAnswer):
    """Tensors: `hellinger` [way, point - 1], `beyond`, `outside` [way, point], `summary` [way,
    number, 4] (value, mean and 95 % range of random pairs), `robust` [number, 3], `positions`
    [way, point, 3]; NaN where the graph has no way.
    """

    start: str
    end: str
    site: str
    ways: list[str]
    numbers: list[str]
    tops: Annotated[list[list[list[str]]], Field(description="way, point, likeliest tokens")]


class ProbeAnswer(MeaningAnswer):
    """Tensors [site, 3]: `accuracy`, `control`, `selectivity`, `compression`,
    `control_compression`, `first` (accuracy at the run's first step); `noise` [site, level, 3];
    `baseline`, `majority` [3]; `predicted` [site, token], `truth`, `index` (in the reference; none
    of a tagged text) and `held_out` [token].
    """

    label: str
    classes: list[str]
    tokens: int
    levels: list[float]


class Named(Message):
    """A token or label, with its z or its share."""

    text: str
    value: float


class RegionOf(Message):
    """A region: what is over-represented in it, its purity beside that of tokens at random, the
    false discovery rate, and how it came to be."""

    index: int
    size: int
    tokens: list[Named]
    labels: list[Named]
    lens: list[Named]
    purity: float
    shuffled: float
    q: float
    fate: str


class RegionLink(Message):
    """A region of the checkpoint before shares members with one of this (Jaccard)."""

    before: int
    after: int
    overlap: float


class RegionsAnswer(MeaningAnswer):
    """Tensors: `members` [ref], the region of each token (-1: none), mean `purity` [3], `shuffled`
    [1] and `chance` [1], the mean best overlap with members dealt at random. `before` is the step
    that the links lead from (-1: none).
    """

    site: str
    regions: list[RegionOf]
    links: list[RegionLink]
    before: int


class OodAnswer(MeaningAnswer):
    """Tensors: `auroc` [kind, level, score, site, 3], `outside` [kind and natural, site, 3].
    `alarms` [kind][site] says whether the off-cloud percentile is `supported`, `inverted` or has
    `no evidence` as an alarm.
    """

    kinds: list[str]
    levels: list[str]
    scores: list[str]
    alarms: list[list[str]]


class SwapOf(Message):
    """A token that becomes another: by how many nats the prediction's log-probability falls."""

    position: int
    old: str
    new: str
    effect: float
    flips: bool
    outside: float


class AttackAnswer(MeaningAnswer):
    """Tensors: `plain` [2] loss and off-cloud percentile, `random_swaps` [3], `loss`, `outside`
    [direction, size, 3], `flips` [direction, 3], the least size that changes the prediction (NaN:
    none), `positions` [direction, size, 3], `trust` [direction, size - 1] as of a path.
    """

    predicted: str
    site: str
    exact: bool
    tried: int
    drawn: int
    swaps: list[SwapOf]
    directions: list[str]
    sizes: list[float]


class CompressAnswer(MeaningAnswer):
    """Tensors: `loss` [3]; `damage`, `divergence`, `noise_damage`, `noise_divergence` [change, 3];
    `kept`, `noise_kept`, `residual`, `noise_residual` [change]. `whole` and `smaller` [change] go
    on with the sentence.
    """

    changes: list[str]
    whole: str
    smaller: list[str]


AnyMeaningAnswer = (
    MeaningSetsAnswer
    | SensesAnswer
    | AxesAnswer
    | PathAnswer
    | ProbeAnswer
    | RegionsAnswer
    | OodAnswer
    | AttackAnswer
    | CompressAnswer
)
