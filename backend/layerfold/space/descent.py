"""UMAP's objective for new points in a frozen cloud, and its minimum (McInnes, Healy & Melville
2018, arXiv:1802.03426).

The new point x is pulled by its true neighbours and pushed by the whole cloud: sum_j pull_j log(1 +
a r_j^2b) - push sum_i log(1 - 1 / (1 + a r_i^2b)), r the distance in the picture. UMAP samples both
sums; here the pull is exact, and the push is the sum that the samples estimate. Shapes: S sites, T
tokens, k neighbours, C cells.

A token's numbers meet no other token's: every operation is elementwise or a sum along one token's
own contiguous row, so its place does not depend, to the byte, on the batch it comes in. Powers are
made of additions and multiplications, so that machine code finds the same bytes
(`placing_kernels`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from layerfold.records import Floats, frozen
from layerfold.space.powers import OF_E, exp2, exp2_less_1, log2

# the push changes slowly, so it is renewed every second step; what is left to go: 0.002 % of the
# spread (median)
ROUNDS: Final = 7
PULLS: Final = 2
HALVINGS: Final = 24
SHARPNESS: Final = np.float32(4)
LEAST_DOUBT: Final = np.float32(1e-6)
LEAST_REACH, TINY = np.float32(1e-3), np.float32(1e-30)  # of the mean distance; so not 0
NEAR: Final = np.float32(1e-6)  # squared: two points this near are one
FINITE: Final = np.float32(1e-3)  # as in UMAP, so that a push stays finite
LONGEST: Final = np.float32(4)  # UMAP's own bound on a step
UMAPS: Final = 5.0  # UMAP's negative samples for one positive
_SIDE = 8  # cells along an axis


def memberships(distances: Floats) -> tuple[Floats, Floats]:
    """UMAP's memberships exp(-d / sigma) of a new point's neighbours, and its exponents d / sigma:
    both shaped as ``distances`` [..., k].

    sigma solves sum_{j>1} exp(-d_j / sigma) = log2 k, as `UMAP.transform` does for new points (no
    distance is taken off).
    """
    target, first = likeness(distances.shape[-1])
    rest = distances[..., 1:]
    low = LEAST_REACH * distances.mean(axis=-1) + TINY
    high = np.maximum(distances[..., -1] / first, low)
    for _ in range(HALVINGS):
        middle = np.sqrt(low) * np.sqrt(high)
        wide = exp2(rest * (-OF_E / middle)[..., None]).sum(axis=-1) > target
        low, high = np.where(wide, low, middle), np.where(wide, middle, high)
    exponents = np.asarray(distances / high[..., None], dtype=np.float32)
    return exp2(exponents * -OF_E), exponents


def likeness(k: int) -> tuple[np.float32, np.float32]:
    """What a new point's memberships in all but the nearest of ``k`` neighbours add up to, log2 k;
    and the exponent that all of these would have, were they at one distance.
    """
    target = np.float32(np.log2(k))
    first = np.log(max(k - 1, 1) / max(float(target), 1e-3))
    return target, np.float32(first if first > 1e-3 else 1e-3)


def pulls(membership: Floats, exponents: Floats) -> Floats:
    """How hard each neighbour pulls: the membership w as UMAP has it, but unbounded (w / (1 - w^4))
    as w becomes certain.

    So a state that the reference already holds lands on its own point, and one that comes near to
    it lands near.
    """
    doubt = -exp2_less_1(exponents * (-SHARPNESS * OF_E))
    return np.asarray(membership / np.maximum(doubt, LEAST_DOUBT), dtype=np.float32)


@dataclass(frozen=True)
class Cells:
    """A cloud in groups of near points: ``centres`` [3, C], how many each holds, ``soft`` [C] their
    spread (squared).

    Each push of one point is weak (5 k / n shared by all), so a group acts as one soft point.
    """

    centers: Floats
    counts: Floats
    soft: Floats

    @staticmethod
    def of(positions: Floats) -> Cells:
        """Groups of one cloud [n, 3]: by rank along x, then y, then z; every point its own group
        where n <= 512.
        """
        if len(positions) <= _SIDE**3:
            alone = np.ones(len(positions), dtype=np.float32)
            return _cells(positions.T, alone, np.zeros_like(alone))
        cell, order = _grouped(positions)
        grouped = positions[order].astype(np.float64)
        starts = np.searchsorted(cell[order], np.arange(_SIDE**3))
        counts = np.diff(starts, append=len(cell))[:, None]
        centers = np.add.reduceat(grouped, starts) / counts
        spread = np.add.reduceat(np.square(grouped), starts) / counts - np.square(centers)
        return _cells(centers.T, counts[:, 0], np.maximum(spread.sum(axis=1), 0) / 3)

    def push(self, curve: Curve, place: Floats) -> Floats:
        """The push [3, T] of all groups on points at ``place`` [3, T], for a strength of 1."""
        return curve.repulsion(place, self)


class Pushing(Protocol):
    """What pushes points away: a cloud, or what is left of one."""

    def push(self, curve: Curve, place: Floats) -> Floats: ...


def groups_of(positions: Floats) -> NDArray[np.int64]:
    """The group of `Cells.of` that each point of a cloud [n, 3] is in: [n]."""
    alone = len(positions) <= _SIDE**3
    return np.arange(len(positions)) if alone else _grouped(positions)[0]


def _grouped(positions: Floats) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """The group of each point, and an order in which those of a group stand together."""
    cell = np.zeros(len(positions), dtype=np.int64)
    for axis in range(3):
        order = _sorted_within(cell, positions[:, axis])
        cell[order] = _split(cell[order])
    return cell, order


def _cells(
    centers: NDArray[np.floating], counts: NDArray[np.generic], soft: NDArray[np.floating]
) -> Cells:
    return Cells(
        *(
            np.asarray(frozen(np.array(part, dtype=np.float32, order="C")), dtype=np.float32)
            for part in (centers, counts, soft)
        )
    )


def _sorted_within(cell: NDArray[np.int64], values: Floats) -> NDArray[np.intp]:
    """The order by group, then value: one sort of whole numbers, six times faster here than
    lexsort.
    """
    rank = np.empty(len(values), dtype=np.int64)
    rank[np.argsort(values)] = np.arange(len(values))
    return np.argsort(cell * len(values) + rank)


def _split(cell: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sorted groups, each cut into 8 of equal size (to one): the new group of each."""
    first = np.searchsorted(cell, cell)
    size = np.searchsorted(cell, cell, side="right") - first
    return cell * _SIDE + (np.arange(len(cell)) - first) * _SIDE // size


@dataclass(frozen=True)
class Curve:
    """UMAP's similarity in the picture, 1 / (1 + a r^2b)."""

    a: float
    b: float

    def attraction(self, squares: Floats) -> Floats:
        """How hard a membership of 1 pulls, over the distance in the picture: from its square."""
        squares = squares + NEAR
        power = self._power(squares)
        return np.asarray(
            np.float32(2 * self.b) * power / (squares * (1 + power)), dtype=np.float32
        )

    def repulsion(self, place: Floats, cells: Cells) -> Floats:
        """The push [3, T] of a whole cloud on points at ``place`` [3, T], for a strength of 1."""
        # in C order whatever the batch
        offsets = np.empty((*place.shape, cells.centers.shape[1]), dtype=np.float32)
        np.subtract(place[:, :, None], cells.centers[:, None, :], out=offsets)
        squares = offsets[0] * offsets[0]
        squares += offsets[1] * offsets[1]
        squares += offsets[2] * offsets[2]
        squares += cells.soft
        power = self._power(squares)
        power += 1
        squares += FINITE
        squares *= power
        offsets *= np.divide(cells.counts * np.float32(2 * self.b), squares, out=squares)
        return np.asarray(offsets.sum(axis=-1), dtype=np.float32)

    def _power(self, squares: Floats) -> Floats:
        """a r^2b, from r squared."""
        power = log2(squares)
        power *= np.float32(self.b)
        power = exp2(power)
        power *= np.float32(self.a)
        return power


def descend(
    anchors: Floats,
    pull: Floats,
    membership: Floats,
    cells: Sequence[Pushing],
    n: int,
    curve: Curve,
    repulsion: float = UMAPS,
) -> Floats:
    """Where the objective is least, [3, S, T], from the barycentre of ``anchors`` [3, S, T, k], the
    neighbours' places in clouds of n.

    Each step goes to the minimum of a parabola that lies above the pull and touches it here (its
    logarithm is concave in the squared distance), so the pull needs no step size; the push is taken
    as constant over ``PULLS`` steps.
    """
    place = np.asarray((anchors * pull).sum(axis=-1) / pull.sum(axis=-1), dtype=np.float32)
    strength = np.float32(repulsion / n) * membership.sum(axis=-1)
    push = np.empty_like(place)
    for _ in range(ROUNDS):
        for site, group in enumerate(cells):
            push[:, site] = group.push(curve, place[:, site])
        push *= strength
        for _ in range(PULLS):
            place = _step(place, anchors, pull, push, curve)
    return place


def _step(place: Floats, anchors: Floats, pull: Floats, push: Floats, curve: Curve) -> Floats:
    offsets = anchors - place[..., None]
    squares = offsets[0] * offsets[0] + offsets[1] * offsets[1] + offsets[2] * offsets[2]
    strength = pull * curve.attraction(squares)
    offsets *= strength
    move = (offsets.sum(axis=-1) + push) / strength.sum(axis=-1)
    length = np.sqrt(move[0] * move[0] + move[1] * move[1] + move[2] * move[2])
    return np.asarray(place + move * (LONGEST / np.maximum(length, LONGEST)), dtype=np.float32)
