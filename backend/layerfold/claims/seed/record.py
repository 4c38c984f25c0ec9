"""A sentence of the seed and what became of it, as it is kept in a run and as the page reads it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

SeedVerdict = Literal["holds", "weak", "fails", "weaker", "untestable"]


class _Record(BaseModel):
    """Unknown fields are refused, types are not coerced."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class SeedSeries(_Record):
    """A number by training step with the bounds of its interval, null where not defined; without
    steps, one value for all.
    """

    name_en: str
    name_zh: str
    steps: list[int]
    values: list[float | None]
    lows: list[float | None]
    highs: list[float | None]


class SeedSites(_Record):
    """The number at each site of the step that decides, with the bounds of its interval."""

    sites: list[str]
    values: list[float | None]
    lows: list[float | None]
    highs: list[float | None]


class SeedPaper(_Record):
    """A work that says something of the claim."""

    text: str
    url: str


class SeedCard(_Record):
    """A sentence of the seed put to the test: `series` is its number, `controls` the same where it
    should be another, `verdict` what became of it at `at_step`, and `verdict_en` why.

    `quote_zh` is an exact excerpt. `would` says what would have to be true, `p` how likely the
    number is under its control, `q` the same over the run's table (Benjamini and Hochberg). `view`
    holds fields of the link of the page that shows it; `s` are sentences, one a line, each as the
    link has it: the digit of its hue, v, its text.
    """

    id: str
    section: str
    quote_zh: str
    quote_en: str
    title_en: str
    title_zh: str
    would_en: str
    would_zh: str
    method_en: str
    method_zh: str
    threshold_en: str
    threshold_zh: str
    verdict: SeedVerdict
    verdict_en: str
    verdict_zh: str
    here: str
    here_zh: str
    unit: str
    unit_zh: str
    series: SeedSeries
    by_site: SeedSites | None = None
    controls: list[SeedSeries]
    p: float | None
    q: float | None
    limits_en: str
    limits_zh: str
    papers: list[SeedPaper]
    view: dict[str, str]
    at_step: int


class SeedFile(_Record):
    """What `seed.json` holds: the cards, and one hash of the checkpoints that they were computed
    from.
    """

    cards: list[SeedCard]
    format: Literal[1] = 1
    checkpoints: str
