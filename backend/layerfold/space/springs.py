"""Which slices of a step × site grid are tied, and how far each point's true move lets it go
between them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from layerfold.records import Floats

Longs = NDArray[np.int64]

# beside, and one further on: without the second, a path may go there and back while the state went
# straight on
REACH = (1, 2)


def pairs_of(steps: int, sites: int) -> Longs:
    """Pairs of slices [pair, 2], slice = step · sites + site: one or two apart in site at one step,
    or in step at one site.
    """
    slices = np.arange(steps * sites).reshape(steps, sites)
    found = [part for reach in REACH for part in (_apart(slices, reach), _apart(slices.T, reach))]
    return np.concatenate(found).astype(np.int64)


def _apart(slices: Longs, reach: int) -> Longs:
    return np.stack([slices[:, :-reach].ravel(), slices[:, reach:].ravel()], axis=1)


def moves(one: Floats, other: Floats) -> Floats:
    """How far each point's state moved: Euclidean distances [ref] between two slices' states [ref,
    d].
    """
    return np.asarray(np.sqrt(np.square(one - other).sum(axis=1)), dtype=np.float32)


def rest_lengths(true: Floats, typical: float, unit: float | None = None) -> Floats:
    """Lengths at rest [pair, ref] in the picture: proportional to the true moves, one of ``unit``
    (their median) being ``typical``.
    """
    if unit is None:
        unit = float(np.median(true[true > 0])) if (true > 0).any() else 1.0
    return np.asarray(true * np.float32(typical / unit), dtype=np.float32)


def firmness(lengths: Floats, typical: float) -> Floats:
    """How firmly each spring holds: 1 where nothing moved, less the further the state went (as
    Sammon weighs long distances less).
    """
    return np.asarray(
        1 / (1 + np.square(lengths / np.float32(max(typical, 1e-6)))), dtype=np.float32
    )
