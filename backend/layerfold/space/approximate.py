"""Nearest neighbours of many points by nearest-neighbour descent (Dong, Charikar & Li 2011), with
the share of the true ones among them.

The descent only chooses; the distances of what it chose are measured pair by pair as those of exact
neighbours are.
"""

from __future__ import annotations

import warnings
from typing import Final

import numpy as np

from layerfold.records import Floats, Ints
from layerfold.space.neighbors import Index, distances_of, nearest_self, ranked

EXACT_UP_TO: Final = 16_000  # points whose neighbours are found exactly
JUDGED: Final = 500  # points whose true neighbours are found beside
WIDER: Final = 30  # neighbours the descent keeps; with fewer it misses more
_SEED: Final = 0


def near_others(points: Floats, k: int) -> tuple[Ints, Floats, float]:
    """The k nearest other points of each of ``points`` [n, d], nearest first: indices and distances
    [n, k], and the share of the true ones among them, 1 where they are exact.

    Above ``EXACT_UP_TO`` points the share is that of a sample. One thread at a time. Raises
    InputError unless 1 <= k < n.
    """
    if len(points) <= EXACT_UP_TO:
        return *nearest_self(points, k), 1.0
    indices, distances = descended(points, k)
    return indices, distances, recall_of(points, indices)


def descended(points: Floats, k: int) -> tuple[Ints, Floats]:
    """Of each point the k nearest others that the descent found: indices and distances [n, k]."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pynndescent import NNDescent  # compiles, which small atlases need not wait for

        wide = max(WIDER, k + 1)
        found = NNDescent(points, n_neighbors=wide, random_state=_SEED).neighbor_graph[0]
    row = np.repeat(np.arange(len(points)), wide)
    column = found.ravel().astype(np.intp)
    order = np.lexsort((column, row))  # ties are decided by the index
    row, column = row[order], column[order]
    other = column != row
    row, column = row[other], column[other]
    return ranked(row, column, distances_of(points, points, row, column), k)


def recall_of(points: Floats, indices: Ints, judged: int = JUDGED) -> float:
    """The share of true nearest others among ``indices`` [n, k], over points spread evenly."""
    chosen = (np.arange(min(judged, len(points))) * len(points)) // min(judged, len(points))
    true = Index.of(points).nearest(points[chosen], indices.shape[1] + 1)[0]
    shares = [
        len(set(one[one != at].tolist()[: len(found)]) & set(found.tolist())) / len(found)
        for at, one, found in zip(chosen, true, indices[chosen], strict=True)
    ]
    return float(np.mean(shares))
