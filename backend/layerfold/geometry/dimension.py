"""In how many directions a slice extends: by distances to neighbours, and by principal
components.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from layerfold.geometry.estimates import (
    NOT_A_NUMBER,
    ONE_STATE,
    Doubles,
    Real,
    bounded,
    centered,
    refusal,
)
from layerfold.records import Estimate, Floats
from layerfold.space.neighbors import nearest_self

# Facco et al. leave the largest tenth of the ratios out: they come from edges and outliers
KEPT = 0.9
LEAST = 10  # fewer points say nothing
# neighbours share distances: estimates scatter this much more than independent ones would (measured
# on known shapes)
SHARED = 1.2
HALVES = (1.0, 1 / 2, 1 / 4, 1 / 8)


def two_nn(distances: Real) -> Estimate:
    """TwoNN's intrinsic dimension from each point's sorted distances to others, ``distances`` [n, k
    >= 2].

    The slope through 0 of -log(1 - i/n) over the sorted log(r2/r1), the largest tenth left out
    (Facco et al. 2017, doi:10.1038/s41598-017-11873-y). Points with a twin are left out. The bar is
    the fit's own, a fifth wider for shared distances.
    """
    reason = _unfit(distances, 2)
    if reason:
        return Estimate.undefined(reason)
    near = distances[distances[:, 0] > 0, :2].astype(np.float64)
    if len(near) < LEAST:
        return Estimate.undefined(
            f"only {len(near)} of {len(distances)} states have no twin, and it takes {LEAST}"
        )
    ratios = np.sort(np.log(near[:, 1] / near[:, 0]))
    kept = max(LEAST - 1, int(KEPT * len(ratios)))
    ratios = ratios[:kept]
    if ratios[-1] <= 0:
        return Estimate.undefined("the two nearest neighbours of nearly all states are equally far")
    heights = -np.log1p(-np.arange(1, kept + 1) / len(near))
    slope = float(ratios @ heights / (ratios @ ratios))
    return bounded(slope, SHARED * slope * _fit_error(heights, len(near)), least=0)


def _fit_error(heights: Doubles, count: int) -> float:
    """The slope's relative standard error if the ``count`` ratios were independent: an
    exponential's order statistics, to first order.
    """
    later = np.cumsum(heights[::-1])[::-1] / (count - np.arange(len(heights)))
    return float(np.sqrt(np.square(later).sum()) / (heights @ heights))


def two_nn_scales(
    states: Real, fractions: Sequence[float] = HALVES, seed: int = 0
) -> tuple[Estimate, ...]:
    """TwoNN when only a share of the points is looked at, so that neighbours are farther: one
    estimate a fraction.

    ``states`` [n, d] are dealt at random into 1/fraction parts, and the parts' dimensions are
    averaged. A dimension that stays says manifold, one that falls with the share says noise on one
    (Facco et al. 2017).
    """
    reason = refusal(states, least=LEAST)
    if reason:
        return tuple(Estimate.undefined(reason) for _ in fractions)
    values = centered(states)
    size = np.abs(values).max()
    if size == 0:
        return tuple(Estimate.undefined(ONE_STATE) for _ in fractions)
    order = np.random.default_rng(seed).permutation(len(values))
    dealt = (values[order] / size).astype(np.float32)
    return tuple(_mean_of_parts(dealt, max(1, round(1 / fraction))) for fraction in fractions)


def _mean_of_parts(dealt: Floats, parts: int) -> Estimate:
    """The mean of TwoNN over ``parts`` equal parts of the rows, with the error of a mean of
    independent estimates.
    """
    pieces = [dealt[start::parts] for start in range(parts)]
    if min(map(len, pieces)) < LEAST:
        return Estimate.undefined(f"one in {parts} of {len(dealt)} states is fewer than {LEAST}")
    found = [two_nn(nearest_self(piece, 2)[1]) for piece in pieces]
    bad = [each for each in found if each.reason]
    if bad:
        return bad[0]
    error = float(np.sqrt(sum((each.high - each.value) ** 2 for each in found))) / parts
    return bounded(float(np.mean([each.value for each in found])), error, least=0)


def maximum_likelihood(distances: Real) -> Estimate:
    """The intrinsic dimension most likely to give these sorted ``distances`` [n, k >= 3] to each
    point's k nearest others.

    Levina and Bickel's estimator (2004) with the inverses averaged, as MacKay and Ghahramani have
    it. Points with a twin are left out. The bar is that of the mean inverse over points, a fifth
    wider for shared distances.
    """
    reason = _unfit(distances, 3)
    if reason:
        return Estimate.undefined(reason)
    near = distances[distances[:, 0] > 0].astype(np.float64)
    if len(near) < LEAST:
        return Estimate.undefined(
            f"only {len(near)} of {len(distances)} states have no twin, and it takes {LEAST}"
        )
    inverse = np.log(near[:, -1:] / near[:, :-1]).mean(axis=1)
    mean = float(inverse.mean())
    if mean <= 0:
        return Estimate.undefined("all neighbours of all states are equally far")
    return bounded(
        1 / mean, SHARED * float(inverse.std(ddof=1)) / (mean**2 * len(near) ** 0.5), least=0
    )


def _unfit(distances: Real, columns: int) -> str:
    """Why these distances [n, k] give no dimension, empty where they do."""
    if distances.ndim != 2 or distances.shape[1] < columns:
        return f"it takes {columns} neighbours of each state"
    if len(distances) < LEAST:
        return (
            f"it takes at least {LEAST} tokens, here {'is' if len(distances) == 1 else 'are'}"
            f" {len(distances)}"
        )
    if not np.isfinite(distances).all():
        return NOT_A_NUMBER
    return ONE_STATE if not distances.any() else ""


def components_for(spectrum: Doubles, share: float = 0.9) -> Estimate:
    """How many principal components hold ``share`` of the variance; ``spectrum`` is descending, as
    from ``spectrum_of``.
    """
    if not np.isfinite(spectrum).all():
        return Estimate.undefined(NOT_A_NUMBER)
    total = float(spectrum.sum())
    if total <= 0:
        return Estimate.undefined(ONE_STATE)
    held = np.cumsum(spectrum) / total
    return Estimate(float(np.searchsorted(held, share * (1 - 1e-12)) + 1))
