"""Exact nearest neighbours whose answer for a query depends on nothing but the query and the
points.

A matrix product is fast, but its last bits change with the size of the batch. So it only chooses
candidates, with a margin that covers its rounding error; the candidates' distances are then
computed pair by pair, always in the same order, and those decide. Equal distances are ordered by
index.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from layerfold.errors import InputError
from layerfold.records import Floats, Ints, frozen

Points = NDArray[np.float32] | NDArray[np.float16]
Best: TypeAlias = Callable[
    [Floats, Points, Floats, tuple[Floats, Floats], int], tuple[Ints, Floats]
]  # as `best`

_CELLS = 1 << 22  # float32 numbers in flight at once: 16 MB
_NEAR_CELLS = 1 << 16  # of pairs gathered one by one: what a core's own cache holds
_BLOCK = 16
_ROUNDING = float(np.finfo(np.float32).eps) / 2


@dataclass(frozen=True)
class Index:
    """Points made ready to be asked many times: ``points`` [n, d] as given, ``centred`` [d, n]
    float32, ``squares`` [n].
    """

    points: Points
    center: Floats
    centered: Floats
    squares: Floats

    @staticmethod
    def of(points: Points) -> Index:
        """An index over ``points`` [n, d], float32 or float16; keeps a reference to them and one
        float32 copy.
        """
        values = np.asarray(points, dtype=np.float32)
        # what all points share would only cost precision in the product
        center = values.mean(axis=0, dtype=np.float32)
        centered = values - center
        squares = np.square(centered).sum(axis=1)
        centered = np.ascontiguousarray(centered.T)  # a third faster in the product than [n, d]
        return Index(
            points,
            *(np.asarray(frozen(part), dtype=np.float32) for part in (center, centered, squares)),
        )

    def nearest(self, queries: Points, k: int) -> tuple[Ints, Floats]:
        """The k nearest points of each query, nearest first: indices [q, k] and Euclidean distances
        [q, k].

        The same bytes whether a query comes alone or in any batch. Raises InputError unless 1 <= k
        <= n.
        """
        return self._search(queries, k, leave_out_self=False)

    def nearest_self(self, k: int) -> tuple[Ints, Floats]:
        """The k nearest other points of each point: indices [n, k] and distances [n, k]. Raises
        InputError unless 1 <= k < n.
        """
        return self._search(self.points, k, leave_out_self=True)

    def _search(self, queries: Points, k: int, *, leave_out_self: bool) -> tuple[Ints, Floats]:
        available = len(self.points) - leave_out_self
        if not 1 <= k <= available:
            raise InputError(
                f"{k} neighbours were asked for, but each has {available}: choose k from 1 to"
                f" {available}"
            )
        indices = np.empty((len(queries), k), dtype=np.int32)
        distances = np.empty((len(queries), k), dtype=np.float32)
        rows = max(1, _CELLS // len(self.points))
        for start in range(0, len(queries), rows):
            chunk = np.asarray(queries[start : start + rows], dtype=np.float32)
            offset = chunk - self.center
            product = np.empty((len(chunk), len(self.points)), dtype=np.float32)
            rough(offset, self.centered, product)
            if leave_out_self:
                product[np.arange(len(chunk)), np.arange(start, start + len(chunk))] = np.inf
            margin = reach(offset, np.sqrt(self.squares.max()))
            found = best(chunk, self.points, product, (self.squares, margin), k)
            indices[start : start + rows], distances[start : start + rows] = found
        return indices, distances


def rough(offset: Floats, centered: Floats, out: Floats) -> None:
    """``out`` [q, n] with the points' squares added is the squared distance less the query's own
    square, right to rounding; from centered queries [q, d] and points [d, n].
    """
    # a power of two rounds nothing
    np.matmul(offset * np.float32(-2), centered, out=out)


def reach(offset: Floats, longest: Floats | np.float32) -> Floats:
    """By how much rounding can put rough distances of a query [..., q, d] out of order: [..., q];
    ``longest`` is the length of the longest point.
    """
    lengths = np.sqrt(np.square(offset).sum(axis=-1)) + longest
    error = 2 * (offset.shape[-1] + 8) * _ROUNDING * np.square(lengths)
    return np.asarray(2 * error, dtype=np.float32)


def best(
    queries: Floats, points: Points, product: Floats, limits: tuple[Floats, Floats], k: int
) -> tuple[Ints, Floats]:
    """The k nearest ``points`` [n, d] of each query [q, d] and their distances [q, k], nearest
    first, equal ones by index.

    ``limits``: the points' squares [n], which with ``product`` [q, n] (used up) give rough
    distances, and by how much their order may be wrong [q].
    """
    product += limits[0]
    row, column = few(product, k, limits[1])
    return ranked(row, column, distances_of(queries, points, row, column), k)


def few(product: Floats, k: int, margin: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pairs (query, point) in order that hold every one of the k nearest, from rough distances
    [q, n] whose order is right but for ``margin`` [q].
    """
    flat = np.flatnonzero(product <= (_kth_at_most(product, k) + margin)[:, None])
    row, column = np.divmod(flat, product.shape[1])  # nonzero by pairs is 5 times slower
    values = product.ravel()[flat]
    kth = np.partition(_by_row(row, values, len(product)), k - 1, axis=1)[:, k - 1]
    close = values <= (kth + margin)[row]
    return row[close], column[close]


def _by_row(row: NDArray[np.intp], values: Floats, rows: int) -> Floats:
    """Each row's values side by side, [rows, most], infinite where a row has fewer."""
    counts = np.bincount(row, minlength=rows)
    side = np.full((rows, counts.max()), np.inf, dtype=np.float32)
    side[np.arange(counts.max()) < counts[:, None]] = values
    return side


def distances_of(
    queries: Floats, points: Points, row: NDArray[np.intp], column: NDArray[np.intp]
) -> Floats:
    """Euclidean distances of pairs, each computed alone: a row's sum does not depend on how many
    rows there are.
    """
    found = np.empty(len(row), dtype=np.float32)
    pairs = max(1, _NEAR_CELLS // queries.shape[1])
    for start in range(0, len(row), pairs):
        part = slice(start, start + pairs)
        difference = queries[row[part]]
        difference -= points[column[part]]
        found[part] = np.sqrt(np.square(difference, out=difference).sum(axis=1))
    return found


def _kth_at_most(rough: Floats, k: int) -> Floats:
    """A number for each row that at least k of it do not exceed: the k-th least of the least of
    each few, which costs a tenth.
    """
    blocks = rough.shape[1] // _BLOCK
    if blocks >= 4 * k:
        rough = rough[:, : blocks * _BLOCK].reshape(len(rough), _BLOCK, blocks).min(axis=1)
    return np.asarray(np.partition(rough, k - 1, axis=1)[:, k - 1], dtype=np.float32)


def ranked(
    row: NDArray[np.intp], column: NDArray[np.intp], distance: Floats, k: int
) -> tuple[Ints, Floats]:
    """The k first candidates of each row by (distance, index): pairs come in that order of row and
    index, and every row has k at least.
    """
    rows = int(row[-1]) + 1
    starts = np.searchsorted(row, np.arange(rows))
    order = np.argsort(_by_row(row, distance, rows), axis=1, kind="stable")[:, :k]
    best = order + starts[:, None]
    return column[best].astype(np.int32), distance[best]


def nearest(queries: Points, points: Points, k: int) -> tuple[Ints, Floats]:
    """``Index.of(points).nearest(queries, k)``, for points that are asked once."""
    return Index.of(points).nearest(queries, k)


def nearest_self(points: Points, k: int) -> tuple[Ints, Floats]:
    """``Index.of(points).nearest_self(k)``, for points that are asked once."""
    return Index.of(points).nearest_self(k)
