"""Shortest paths on the graph of nearest neighbors of a cloud (Tenenbaum et al. 2000)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from layerfold.interp.interval import Doubles
from layerfold.records import Floats, Ints
from layerfold.space.neighbors import Index, nearest_self


@dataclass(frozen=True)
class NeighborGraph:
    """``edges`` [edge, 2] between nodes of which either is among the other's k nearest, and their
    ``lengths`` [edge]."""

    count: int
    edges: Ints
    lengths: Doubles

    @staticmethod
    def of(points: Floats, k: int) -> NeighborGraph:
        """The graph of points [n, d]."""
        return NeighborGraph.tied(nearest_self(points, min(k, len(points) - 1)), k)

    @staticmethod
    def tied(nearest: tuple[Ints, Floats], k: int) -> NeighborGraph:
        """The graph of points by the first k of each one's nearest others and their distances
        [n, k or more]."""
        others, lengths = nearest[0][:, :k], nearest[1][:, :k]
        count, most = others.shape
        one = np.repeat(np.arange(count, dtype=np.int32), most)
        pairs = np.sort(np.stack([one, others.ravel()], axis=1), axis=1)
        edges, first = np.unique(pairs, axis=0, return_index=True)
        return NeighborGraph(count, edges, lengths.ravel()[first].astype(np.float64))

    def joined(self, index: Index, ends: Floats, k: int) -> NeighborGraph:
        """The graph with ends [m, d] after its points, those of ``index``, each tied to its k
        nearest points and to no other end: a way between two ends leads through the points.
        """
        others, lengths = index.nearest(ends, min(k, len(index.points)))
        own = np.repeat(np.arange(len(ends), dtype=np.int32) + self.count, others.shape[1])
        ties = np.stack([others.ravel(), own], axis=1).astype(np.int32)
        return NeighborGraph(
            self.count + len(ends),
            np.concatenate([self.edges, ties]),
            np.concatenate([self.lengths, lengths.ravel().astype(np.float64)]),
        )

    def shortest(self, start: int, end: int, weights: Doubles | None = None) -> Ints:
        """The nodes of the shortest path, by the edges' lengths or other ``weights``; empty where
        there is none."""
        from scipy.sparse import csr_matrix  # late: a part of second, and serving does not need it
        from scipy.sparse.csgraph import dijkstra

        values = np.maximum(self.lengths if weights is None else weights, 1e-12)
        matrix: Any = csr_matrix((values, self.edges.T), shape=(self.count, self.count))
        before: NDArray[np.int32] = dijkstra(
            matrix, directed=False, indices=start, return_predecessors=True
        )[1]
        path = [end]
        while path[-1] != start:
            if before[path[-1]] < 0:
                return np.zeros(0, dtype=np.int32)
            path.append(int(before[path[-1]]))
        return np.array(path[::-1], dtype=np.int32)

    def without(self, nodes: Ints) -> NeighborGraph:
        """The graph with no edge at some nodes."""
        kept = ~np.isin(self.edges, nodes).any(axis=1)
        return NeighborGraph(self.count, self.edges[kept], self.lengths[kept])


def resampled(waypoints: Doubles, lengths: Doubles, count: int) -> Doubles:
    """``count`` points evenly spaced on the polyline through waypoints [m, d], whose pieces are of
    ``lengths`` [m - 1]; the ends are the ends."""
    places = np.concatenate([[0.0], np.cumsum(lengths)])
    if places[-1] == 0:
        return np.repeat(waypoints[:1], count, axis=0)
    wanted = np.linspace(0, places[-1], count)
    piece = np.clip(np.searchsorted(places, wanted, side="right") - 1, 0, len(lengths) - 1)
    share = np.divide(
        wanted - places[piece],
        lengths[piece],
        out=np.zeros(count),
        where=lengths[piece] > 0,
    )[:, None]
    found = (1 - share) * waypoints[piece] + share * waypoints[piece + 1]
    found[0], found[-1] = waypoints[0], waypoints[-1]
    return np.asarray(found)
