"""The axis guard: what each axis of a picture merely repeats."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from layerfold.geometry.trust import correlation
from layerfold.records import Floats


def axis_correlations(positions: Floats, variables: Mapping[str, NDArray[np.floating]]) -> Floats:
    """Pearson's r of each shown axis with each variable: ``positions`` [point, 3], variables
    [point], answer [3, variable].

    NaN where either does not vary.
    """
    found = [[correlation(axis, values) for values in variables.values()] for axis in positions.T]
    return np.array(found, dtype=np.float32).reshape(3, len(variables))
