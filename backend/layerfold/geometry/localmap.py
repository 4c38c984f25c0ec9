"""What a layer does to the small neighbourhood of a state: numbers of its Jacobian's singular
values.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layerfold.geometry.estimates import Doubles, Real, mean_of
from layerfold.records import Estimate

# of the largest singular value: below it, float32 cannot tell a direction from one that is lost
FLAT = 1e-5


@dataclass(frozen=True)
class LocalMap:
    """Over tokens: the largest stretch, the condition number, the change of log-volume and the
    number of lost directions.
    """

    stretch: Estimate
    condition: Estimate
    log_volume: Estimate
    flat_directions: Estimate


def local_map(values: Real) -> LocalMap:
    """What singular values ``values`` [token, m] of Jacobians say, in any order within a row; a row
    that is not finite is left out.

    ``stretch``: mean of the largest. ``condition``: largest over smallest of those not flat,
    geometric mean. ``log_volume``: mean of the sum of their logarithms, nats. ``flat_directions``:
    mean number of values below 1e-5 of the largest.
    """
    reason = _unfit(values)
    if reason:
        return LocalMap(*(Estimate.undefined(reason) for _ in range(4)))
    rows = values[np.isfinite(values).all(axis=1)].astype(np.float64)
    top = rows.max(axis=1, keepdims=True)
    kept = rows > FLAT * top
    logs = np.log(np.where(kept, rows, 1.0))
    lowest = np.log(np.where(kept, rows, np.inf).min(axis=1))
    return LocalMap(
        stretch=mean_of(top[:, 0]),
        condition=_geometric(np.log(top[:, 0]) - lowest),
        log_volume=mean_of(logs.sum(axis=1)),
        flat_directions=mean_of((~kept).sum(axis=1).astype(np.float64)),
    )


def _geometric(logs: Doubles) -> Estimate:
    """exp of the mean, its bar with it."""
    found = mean_of(logs)
    value, low, high = (float(np.exp(each)) for each in (found.value, found.low, found.high))
    return Estimate(value, low, high)


def _unfit(values: Real) -> str:
    """Why these singular values say nothing, empty where they do."""
    if values.ndim != 2 or not values.size:
        return "no singular values were measured"
    finite = np.isfinite(values).all(axis=1)
    if not finite.any():
        return "no Jacobian is finite"
    return (
        ""
        if (values[finite].max(axis=1) > 0).all()
        else "a Jacobian is zero: the state does not depend on the one before"
    )
