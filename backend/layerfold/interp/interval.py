"""Numbers with 95 % intervals, the resampling they come from, and areas under ROC curves.

Efron 1987 (bias-corrected bootstrap), Benjamini & Hochberg 1995, Mann & Whitney 1947.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

from layerfold.records import Floats

Doubles = NDArray[np.float64]
DRAWS: Final = 1000
LEVEL: Final = 0.95
REACH: Final = NormalDist().inv_cdf((1 + LEVEL) / 2)


@dataclass(frozen=True)
class Interval:
    """``value`` of any shape, ``low`` and ``high`` its 95 % bounds; NaN where there is no
    number.
    """

    value: Floats
    low: Floats
    high: Floats

    @staticmethod
    def of(packed: Floats) -> Interval:
        """From ``packed`` [..., 3]: value, low, high."""
        return Interval(packed[..., 0], packed[..., 1], packed[..., 2])

    def at(self, *index: int) -> tuple[float, float, float]:
        """One number with its bounds."""
        return float(self.value[index]), float(self.low[index]), float(self.high[index])


def packed(value: Doubles | float, draws: Doubles) -> Doubles:
    """A value [...] and the bounds of its bootstrap ``draws`` [draw, ...]: [..., 3]."""
    low, high = bias_corrected(np.asarray(value, dtype=np.float64), draws)
    return np.stack([np.asarray(value, dtype=np.float64), low, high], axis=-1)


def bias_corrected(value: Doubles, draws: Doubles) -> tuple[Doubles, Doubles]:
    """The bias-corrected percentile bounds of values [...] from draws [draw, ...]; NaN where a
    value or all of its draws are."""
    flat = draws.reshape(len(draws), -1)
    found = np.full((2, flat.shape[1]), np.nan)
    for at, one in enumerate(value.ravel()):
        column = flat[np.isfinite(flat[:, at]), at]
        if np.isfinite(one) and len(column):
            found[:, at] = np.quantile(column, _levels(float(one), column))
    return found[0].reshape(value.shape), found[1].reshape(value.shape)


def ratio_interval(value: float, draws: Doubles) -> Doubles:
    """A ratio with bounds [3] as many times below it as above, by the spread of the logarithms of
    its bootstrap ``draws``. Where drawing again adds noise to both sides of a ratio, percentiles
    hold the true one in 75 % of cases and these in 90 to 94 % (simulated with 12 to 20 sentences).
    """
    logs = np.log(draws[np.isfinite(draws) & (draws > 0)])
    spread = np.exp(REACH * logs.std()) if np.isfinite(value) and len(logs) else np.nan
    return np.array([value, value / spread, value * spread])


def _levels(value: float, draws: Doubles) -> tuple[float, float]:
    """Which quantiles bound the value, given how many draws lie below it."""
    normal, n = NormalDist(), len(draws)
    below = ((draws < value).sum() + (draws == value).sum() / 2 + 0.5) / (n + 1)
    shift, reach = 2 * normal.inv_cdf(float(below)), REACH
    return normal.cdf(shift - reach), normal.cdf(shift + reach)


def resamples(count: int, draws: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """How often each of ``count`` things is drawn, with replacement: [draw, count], rows sum to
    ``count``."""
    picks = rng.integers(count, size=(draws, count)) + np.arange(draws)[:, None] * count
    counts = np.bincount(picks.ravel(), minlength=draws * count)
    return np.asarray(counts.reshape(draws, count), dtype=np.int64)


def mean_interval(values: Doubles, counts: NDArray[np.int64]) -> Doubles:
    """The mean over the first axis of values [n, ...] with its bounds [..., 3]; ``counts`` as of
    ``resamples``."""
    weights = counts / counts.sum(axis=1, keepdims=True)
    return packed(values.mean(axis=0), np.tensordot(weights, values, axes=1))


def auroc(negative: Doubles, positive: Doubles) -> float:
    """The probability that a positive scores above a negative, ties half; NaN with either empty."""
    if not len(negative) or not len(positive):
        return float("nan")
    scores = np.concatenate([negative, positive])
    groups = np.concatenate([np.zeros(len(negative), int), np.ones(len(positive), int)])
    weights = np.ones((1, len(scores)))
    return float(weighted_auroc(scores, groups, weights)[0])


def weighted_auroc(scores: Doubles, positive: NDArray[np.int64], weights: Doubles) -> Doubles:
    """``auroc`` of scores [n] of class 0 or 1 for each row of ``weights`` [draw, n]: [draw]."""
    kinds, which = np.unique(scores, return_inverse=True)
    starts = np.searchsorted(
        which[order := np.argsort(which, kind="stable")], np.arange(len(kinds))
    )
    sorted_weights, sorted_class = weights[:, order], positive[order]
    below = np.add.reduceat(sorted_weights * (sorted_class == 0), starts, axis=1)
    above = np.add.reduceat(sorted_weights * (sorted_class == 1), starts, axis=1)
    wins = (above * (np.cumsum(below, axis=1) - below / 2)).sum(axis=1)
    pairs = below.sum(axis=1) * above.sum(axis=1)
    return np.asarray(np.divide(wins, pairs, out=np.full(len(wins), np.nan), where=pairs > 0))


def false_discovery(p: Doubles) -> Doubles:
    """The least rate of false discoveries at which each p-value counts, of all finite ones."""
    flat = p.ravel()
    known = np.flatnonzero(np.isfinite(flat))
    found = np.full(flat.shape, np.nan)
    if len(known):
        order = known[np.argsort(flat[known], kind="stable")]
        steps = flat[order] * len(order) / np.arange(1, len(order) + 1)
        found[order] = np.minimum(1.0, np.minimum.accumulate(steps[::-1])[::-1])
    return found.reshape(p.shape)
