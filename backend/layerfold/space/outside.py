"""How far outside the reference a state lies, in the reference's own terms."""

from __future__ import annotations

import numpy as np

from layerfold.records import Floats
from layerfold.space.neighbors import Index


def own_distances(index: Index, sample: int | None = None) -> Floats:
    """Distances from reference states to their nearest other reference state, sorted, in the units
    of the states.

    Of every state, or of ``sample`` of them spread evenly over the reference. Raises InputError for
    fewer than two states.
    """
    n = len(index.points)
    if sample is None or sample >= n:
        return np.sort(index.nearest_self(1)[1][:, 0])
    chosen = (np.arange(sample) * n) // sample
    indices, distances = index.nearest(index.points[chosen], 2)
    # A twin with a smaller index may come first; then the state itself is second, and both are at
    # distance 0.
    return np.sort(np.where(indices[:, 0] == chosen, distances[:, 1], distances[:, 0]))


def percentile(distances: Floats, own: Floats) -> Floats:
    """Of the sorted ``own`` [n], the share below each distance in per cent (0..100), shaped like
    ``distances``.

    0: as near as the reference's closest pair, or nearer; 100: farther than any reference state is
    from its nearest.
    """
    below = np.searchsorted(own, distances, side="left")
    return np.asarray(below * np.float32(100) / np.float32(len(own)), dtype=np.float32)
