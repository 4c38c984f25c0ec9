"""The fuzzy neighbour graph of one slice, as UMAP defines it (McInnes, Healy and Melville 2018)."""

from __future__ import annotations

import warnings
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

import numpy as np

from layerfold.records import Floats, Ints
from layerfold.space.neighbors import nearest_self


@dataclass(frozen=True)
class Graph:
    """A symmetric graph in rows: neighbours of point i are ``indices[starts[i]:starts[i + 1]]``,
    their membership ``weights`` in 0..1.
    """

    starts: Ints
    indices: Ints
    weights: Floats


def fuzzy_graph(states: Floats, k: int) -> Graph:
    """UMAP's graph of ``states`` [ref, d] over exact neighbours; ``k`` counts the point itself, as
    UMAP's n_neighbors does.

    Raises InputError unless 2 <= k <= ref.
    """
    return fuzzy(*nearest_self(states, k - 1))


def fuzzy(others: Ints, lengths: Floats) -> Graph:
    """UMAP's graph from each point's nearest other points, ``others`` and ``lengths`` [ref, k - 1].
    One thread at a time.
    """
    count, k = len(others), others.shape[1] + 1
    itself = np.arange(count, dtype=np.int32)[:, None]
    indices = np.concatenate([itself, others], axis=1)
    distances = np.concatenate([np.zeros((count, 1), dtype=np.float32), lengths], axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # umap speaks of its optional parts when it is imported
        keep_machine_code()
        from umap.umap_ import fuzzy_simplicial_set

        matrix, *_ = fuzzy_simplicial_set(
            distances, k, None, "euclidean", knn_indices=indices, knn_dists=distances
        )
    rows = matrix.tocsr()
    rows.sort_indices()
    rows.eliminate_zeros()
    return Graph(
        rows.indptr.astype(np.int32), rows.indices.astype(np.int32), rows.data.astype(np.float32)
    )


@cache
def keep_machine_code() -> None:
    """UMAP's two loops are kept compiled on disk, where a folder can be written, as ours are: each
    process compiled them for 7 s of CPU.
    """
    from umap import umap_

    for loop in (umap_.smooth_knn_dist, umap_.compute_membership_strengths):
        # neither umap's folder nor the person's cache folder can be written
        with suppress(RuntimeError):
            loop.enable_caching()


def curve(min_dist: float, spread: float) -> tuple[float, float]:
    """The a and b for which 1 / (1 + a·x^2b) is nearest to UMAP's curve for ``min_dist`` and
    ``spread``.

    Fitted at spread 1 and scaled: umap's own fit starts from 1 and goes astray, to negative a and
    b, where the spread is far from it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from umap.umap_ import find_ab_params

        a, b = find_ab_params(1.0, min_dist / spread)
    return float(a / spread ** (2 * b)), float(b)
