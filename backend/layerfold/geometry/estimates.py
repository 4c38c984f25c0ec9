"""Means with their error bars, and the reasons why a number cannot be had."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from layerfold.records import Estimate

Doubles = NDArray[np.float64]
Real = NDArray[np.float32] | NDArray[np.float64]

NOT_A_NUMBER = "a state is not a finite number"
ONE_STATE = "all states are one and the same"
# a spread below this share of the states' size is the rounding of float32, not a spread
_SAME = 1e-9


def refusal(*slices: Real, least: int = 1) -> str:
    """Why nothing can be measured on these slices of the same tokens [n, …], empty where it can:
    sizes, then finite numbers.
    """
    counts = {len(each) for each in slices}
    if len(counts) > 1:
        return f"the two hold different numbers of tokens: {' and '.join(map(str, sorted(counts)))}"
    if min(counts) < least:
        return (
            f"it takes at least {least} tokens, here {'is' if min(counts) == 1 else 'are'}"
            f" {min(counts)}"
        )
    return "" if all(np.isfinite(each).all() for each in slices) else NOT_A_NUMBER


def centered(states: Real) -> Doubles:
    """``states`` [n, d] less their mean, float64; exact zeros where they differ by rounding
    only.
    """
    values = states.astype(np.float64)
    size = _size(states)
    values -= values.mean(axis=0)
    if _size(values) <= _SAME * size:
        values[:] = 0
    return values


def _size(values: Real) -> float:
    """The largest of the numbers' absolute values, 0 of none; no copy is made."""
    return max(float(values.max(initial=0)), -float(values.min(initial=0)))


def mean_of(values: Doubles, reason: str = "no token has a value") -> Estimate:
    """The mean of ``values`` [n] with its standard error (none for one value); ``reason`` where
    there are none.
    """
    if not len(values):
        return Estimate.undefined(reason)
    mean = float(values.mean())
    return (
        bounded(mean, float(values.std(ddof=1)) / len(values) ** 0.5)
        if len(values) > 1
        else Estimate(mean)
    )


def ratio_of(above: Doubles, below: Doubles, reason: str) -> Estimate:
    """sum(above) / sum(below) over tokens [n], with the standard error of a ratio estimator;
    ``reason`` where below sums to 0.
    """
    total = float(below.sum())
    if not len(below) or total <= 0:
        return Estimate.undefined(reason)
    value = float(above.sum()) / total
    if len(below) == 1:
        return Estimate(value)
    count = len(below)
    return bounded(
        value, float(np.sqrt(np.square(above - value * below).sum() * count / (count - 1))) / total
    )


def jackknifed(value: float, without: Doubles) -> Estimate:
    """``value`` with the delete-a-group jackknife's standard error from the ``without`` [group]
    values.
    """
    groups = len(without)
    return bounded(
        value, float(np.sqrt((groups - 1) / groups * np.square(without - without.mean()).sum()))
    )


def bounded(value: float, error: float, least: float = -np.inf, most: float = np.inf) -> Estimate:
    """``value`` with ``error`` on each side, the bar cut where the number itself ends."""
    return Estimate(value, max(value - error, least), min(value + error, most))
