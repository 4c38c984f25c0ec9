"""Intrinsic dimension at a chosen scale: how much farther the 2n-th neighbour lies than the
n-th.
"""

from __future__ import annotations

import numpy as np

from layerfold.geometry.dimension import LEAST, SHARED
from layerfold.geometry.estimates import NOT_A_NUMBER, Doubles, Real, bounded
from layerfold.records import Estimate

_LOW, _HIGH, _HALVINGS = 1e-3, 1e4, 60


def gride(distances: Real, scale: int) -> Estimate:
    """The most likely dimension given the ratios of the 2·scale-th to the scale-th distance,
    ``distances`` [n, k >= 2·scale] sorted.

    Denti et al. 2022 (doi:10.1038/s41598-022-20991-1); scale 1 is TwoNN's maximum likelihood, a
    larger one looks past noise at the smallest distances. Points with ``scale`` twins or more are
    left out. The bar is that of independent ratios, a fifth wider.
    """
    if distances.ndim != 2 or distances.shape[1] < 2 * scale:
        return Estimate.undefined(f"it takes {2 * scale} neighbours of each state")
    if not np.isfinite(distances).all():
        return Estimate.undefined(NOT_A_NUMBER)
    apart = distances[distances[:, scale - 1] > 0].astype(np.float64)
    if len(apart) < LEAST:
        return Estimate.undefined(
            f"only {len(apart)} of {len(distances)} states have fewer than {scale} twins, and it"
            f" takes {LEAST}"
        )
    ratios = np.log(apart[:, 2 * scale - 1] / apart[:, scale - 1])
    if not ratios.any():
        return Estimate.undefined("the neighbours of all states are equally far")
    value = _most_likely(ratios, scale)
    return bounded(value, SHARED * _error(ratios, value, scale), least=0)


def _most_likely(ratios: Doubles, scale: int) -> float:
    """Where the likelihood's slope, which falls with the dimension, is 0; by halving on a
    logarithmic scale.
    """
    low, high = _LOW, _HIGH
    for _ in range(_HALVINGS):
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if _slope(ratios, middle, scale) > 0 else (low, middle)
    return low


def _slope(ratios: Doubles, dimension: float, scale: int) -> float:
    """The derivative of the log likelihood by the dimension."""
    inner = np.where(
        ratios > 0, ratios / -np.expm1(-dimension * np.maximum(ratios, 1e-300)), 1 / dimension
    )
    return float(
        len(ratios) / dimension + (scale - 1) * inner.sum() - (2 * scale - 1) * ratios.sum()
    )


def _error(ratios: Doubles, dimension: float, scale: int) -> float:
    """One standard error: the inverse root of the likelihood's curvature."""
    reach = dimension * ratios[ratios > 0]
    curvature = len(ratios) + (scale - 1) * float(
        (np.square(reach) * np.exp(-reach) / np.square(np.expm1(-reach))).sum()
    )
    return dimension / float(np.sqrt(curvature))
