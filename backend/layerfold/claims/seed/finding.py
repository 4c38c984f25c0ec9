"""What a claim's computation gives: numbers by step, controls and a verdict, no sentences."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite, isnan
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from layerfold.claims.claim import rounded
from layerfold.claims.seed.record import SeedSites, SeedVerdict
from layerfold.interp.interval import DRAWS, Doubles, packed, resamples

Triple = tuple[float, float, float]
"""A number and the bounds of its 95 % interval; NaN bounds where it has none."""
NAN = float("nan")
NOTHING: Triple = (NAN, NAN, NAN)


class Line(BaseModel):
    """A named number by step; without steps, one for all. ``name`` is a key of the sentences."""

    model_config = ConfigDict(frozen=True)

    name: str
    steps: list[int]
    values: list[float | None]
    lows: list[float | None]
    highs: list[float | None]


class Finding(BaseModel):
    """What became of a claim: its number ``value`` [value, low, high] at ``at_step``, by step and
    by site, its controls, ``p`` of the number under its control, ``numbers`` for its sentence.

    Of an untestable claim ``why`` is a key of the reasons, and there is no number.
    """

    model_config = ConfigDict(frozen=True)

    verdict: SeedVerdict
    value: list[float | None]
    at_step: int
    series: Line
    controls: list[Line] = []
    by_site: SeedSites | None = None
    p: float | None = None
    numbers: dict[str, float | str] = {}
    why: str = ""
    view: dict[str, str] = {}


class Untestable(Exception):
    """A claim cannot be tested on a run: ``why`` is a key of the reasons, with its numbers."""

    def __init__(self, why: str, **numbers: float | str) -> None:
        super().__init__(why)
        self.why, self.numbers = why, numbers


def line(name: str, by_step: Mapping[int, Triple]) -> Line:
    """A number by step."""
    steps = sorted(by_step)
    columns = [[rounded(by_step[step][n]) for step in steps] for n in range(3)]
    return Line(name=name, steps=steps, values=columns[0], lows=columns[1], highs=columns[2])


def flat(name: str, value: float | Triple) -> Line:
    """One number for all steps."""
    triple = value if isinstance(value, tuple) else (float(value), NAN, NAN)
    columns = [[rounded(one)] for one in triple]
    return Line(name=name, steps=[], values=columns[0], lows=columns[1], highs=columns[2])


def by_sites(names: list[str], values: list[Triple]) -> SeedSites:
    """A number by site."""
    columns = [[rounded(value[n]) for value in values] for n in range(3)]
    return SeedSites(sites=names, values=columns[0], lows=columns[1], highs=columns[2])


def verdict_of(meets: bool, beats: bool, weaker: bool = False) -> SeedVerdict:
    """Holds: the bar is met and the control beaten. Else the weaker claim, where it is true; else
    weakly, where the control is beaten.
    """
    if meets and beats:
        return "holds"
    if weaker:
        return "weaker"
    return "weak" if beats else "fails"


def mean_of(values: Doubles, groups: NDArray[Any] | None = None, seed: int = 0) -> Triple:
    """The mean of values [n] with a bootstrap over them, or over whole ``groups`` [n]; values that
    are not finite are left out.
    """
    found, _ = mean_draws(values, groups, seed)
    return found


def mean_draws(
    values: Doubles, groups: NDArray[Any] | None = None, seed: int = 0
) -> tuple[Triple, Doubles]:
    """As ``mean_of``, with the bootstrap's draws [draw]."""
    known = np.isfinite(values)
    values = np.asarray(values, dtype=np.float64)[known]
    if not len(values):
        return NOTHING, np.full(DRAWS, NAN)
    which = np.arange(len(values)) if groups is None else np.asarray(groups)[known]
    _, which = np.unique(which, return_inverse=True)
    count = int(which.max()) + 1
    counts = resamples(count, DRAWS, np.random.default_rng(seed))
    sums = np.bincount(which, values, count)
    sizes = np.bincount(which, minlength=count)
    draws = (counts @ sums) / np.maximum(counts @ sizes, 1)
    return triple(packed(values.mean(), draws)), draws


def triple(values: Doubles) -> Triple:
    """Three numbers as they are kept."""
    return float(values[0]), float(values[1]), float(values[2])


def quantiles(draws: Doubles) -> Triple:
    """The mean of draws and their 95 % range."""
    known = draws[np.isfinite(draws)]
    if not len(known):
        return NOTHING
    low, high = np.quantile(known, (0.025, 0.975))
    return float(known.mean()), float(low), float(high)


def p_of(draws: Doubles, bound: float = 0.0) -> float:
    """One-sided p of a bootstrap: the share of draws at or below a bound."""
    known = draws[np.isfinite(draws)]
    return float((1 + (known <= bound).sum()) / (1 + len(known)))


def p_above(value: float, null: Doubles) -> float:
    """The share of a null's draws at least as large as the value."""
    known = null[np.isfinite(null)]
    return float((1 + (known >= value - 1e-12).sum()) / (1 + len(known)))


def number(value: float | None) -> str:
    """Three digits of a number."""
    if value is None or isnan(value) or not isfinite(value):
        return "–"
    if value == 0 or 0.001 <= abs(value) < 1000:
        return f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}".rstrip("0").rstrip(".") or "0"
    return f"{value:.2g}" if abs(value) < 0.001 else f"{value:,.0f}"
