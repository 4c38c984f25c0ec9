"""The axis guard: what each axis of a picture merely repeats."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from layerfold.geometry.trust import correlation
from layerfold.records import Floats

BOUND = 0.9


def axis_correlations(positions: Floats, variables: Mapping[str, NDArray[np.floating]]) -> Floats:
    """Pearson's r of each shown axis with each variable: ``positions`` [point, 3], variables
    [point], answer [3, variable].

    NaN where either does not vary.
    """
    found = [[correlation(axis, values) for values in variables.values()] for axis in positions.T]
    return np.array(found, dtype=np.float32).reshape(3, len(variables))


def flagged(correlations: Floats, bound: float = BOUND) -> NDArray[np.bool_]:
    """Where an axis is little more than one variable: |r| > ``bound``; never where r is not
    defined.
    """
    return np.abs(np.nan_to_num(correlations)) > bound
