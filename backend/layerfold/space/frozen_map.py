"""The map from states to places that one slice's frozen reference makes: what placement minimizes,
also for a reference token that is itself left out, and the second derivatives of it.

The loss of a place y for a state x is L(y; x) = sum_j pull_j log(1 + a r_j^2b) + push sum_c n_c
R(|y - c|^2 + soft_c), as in `descent`, with -dL/dy the force that `descend` follows. Shapes: T
tokens, k neighbours, C groups of near points.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layerfold.errors import InputError
from layerfold.records import Floats, Ints
from layerfold.space.descent import UMAPS, Cells, Curve, descend, groups_of, memberships, pulls
from layerfold.space.neighbors import Index

Doubles = NDArray[np.float64]
_NEAR = 1e-6  # as in descent: two points this near are one
_FINITE = 1e-3  # as in UMAP: a push stays finite
_LEAST = 1e-30  # a squared distance of 0 has no power below 0
_MORE = 7  # of Newton's steps
_FIRM = 1e-3  # the least that counts of how the loss bends, as a share of the most
_LONGEST = 0.25  # of a step, in the layout's own units


@dataclass(frozen=True)
class FrozenMap:
    """``index`` over the reference's states [n, d], its ``places`` [3, n] with their ``cells`` and
    the ``groups`` [n] they are in; ``k`` neighbours, the layout's curve and repulsion.
    """

    index: Index
    places: Floats
    cells: Cells
    groups: NDArray[np.int64]
    k: int
    curve: Curve
    repulsion: float = UMAPS

    @staticmethod
    def of(
        index: Index, places: Floats, k: int, curve: Curve, repulsion: float = UMAPS
    ) -> FrozenMap:
        """The map of one slice with ``places`` [n, 3]; raises InputError unless 1 <= k < n."""
        if not 1 <= k < len(places):
            raise InputError(
                f"{k} neighbours among {len(places)} reference tokens, one left out: choose k from"
                f" 1 to {len(places) - 1}"
            )
        positions = np.asarray(places, dtype=np.float32)
        cells, groups = Cells.of(positions), groups_of(positions)
        drawn = np.ascontiguousarray(positions.T)
        return FrozenMap(index, drawn, cells, groups, k, curve, repulsion)

    def at(self, states: Floats, left_out: Ints | None = None) -> Settled:
        """Where ``states`` [T, d] lie; ``left_out`` [T]: the reference token that is not there for
        each.
        """
        neighbors, distances = self._near(states, left_out)
        membership, exponents = memberships(distances[None])
        anchors = self.places.take(neighbors, axis=1)[:, None]
        pull = pulls(membership, exponents)
        others = self._without(left_out)
        count = self.places.shape[1] - (left_out is not None)
        placed = descend(anchors, pull, membership, [others], count, self.curve, self.repulsion)
        strength = self.repulsion / count * membership[0].sum(axis=-1, dtype=np.float64)
        return Settled(placed[:, 0].T, anchors[:, 0], pull[0], strength, others, self.curve)

    def _near(self, states: Floats, left_out: Ints | None) -> tuple[Ints, Floats]:
        if left_out is None:
            return self.index.nearest(states, self.k)
        near, far = self.index.nearest(states, self.k + 1)
        other = near != left_out[:, None]
        other[other.all(axis=1), -1] = False
        shape = (len(states), self.k)
        return near[other].reshape(shape), far[other].reshape(shape)

    def _without(self, left_out: Ints | None) -> Others:
        if left_out is None:
            return Others(self.cells)
        own = self.groups[left_out]
        return Others(self.cells, self.cells.centers[:, own], self.cells.soft[own])


@dataclass(frozen=True)
class Others:
    """What pushes each point: the whole cloud, less one point of the group at ``center`` [3, T]
    with ``soft`` [T] where it is one of them itself.
    """

    cells: Cells
    center: Floats | None = None
    soft: Floats | None = None

    def push(self, curve: Curve, place: Floats) -> Floats:
        """The push [3, T] on points at ``place`` [3, T], for a strength of 1."""
        whole = curve.repulsion(place, self.cells)
        if self.center is None or self.soft is None:
            return whole
        offsets = place.astype(np.float64) - self.center
        factor, _ = _pushing(curve, np.square(offsets).sum(axis=0) + self.soft)
        return np.asarray(whole - offsets * factor, dtype=np.float32)

    def derivatives(self, curve: Curve, places: Doubles) -> tuple[Doubles, Doubles]:
        """The push [T, 3] at ``places`` [T, 3] for a strength of 1, and its derivative [T, 3, 3],
        in float64.
        """
        cells = self.cells
        push, bend = _summed(curve, places[:, :, None] - cells.centers, cells.soft, cells.counts)
        if self.center is None or self.soft is None:
            return push, bend
        own = _summed(curve, places[:, :, None] - self.center.T[:, :, None], self.soft[:, None])
        return push - own[0], bend - own[1]


@dataclass(frozen=True)
class Settled:
    """Where states lie: ``places`` [T, 3], from ``anchors`` [3, T, k] that ``pull`` [T, k], and
    what pushes with ``strength`` [T].
    """

    places: Floats
    anchors: Floats
    pull: Floats
    strength: Doubles
    others: Others
    curve: Curve

    def rest(self) -> Doubles:
        """The minimum [T, 3] that the descent comes to when it goes on from where it was ended: by
        Newton's steps, always downhill.
        """
        place = self.places.astype(np.float64)
        for _ in range(_MORE):
            force, bend = self.derivatives(place)
            sizes, axes = np.linalg.eigh(bend)
            # what bends the other way is left downhill as well (Dauphin et al. 2014)
            firm = np.maximum(np.abs(sizes), _FIRM * np.abs(sizes).max(axis=1, keepdims=True))
            along = (axes.transpose(0, 2, 1) @ force[:, :, None])[..., 0] / firm
            step = (axes @ along[:, :, None])[..., 0]
            length = np.sqrt(np.square(step).sum(axis=1, keepdims=True))
            place += step * np.minimum(1, _LONGEST / np.maximum(length, _LONGEST))
        return place

    def derivatives(self, places: Doubles) -> tuple[Doubles, Doubles]:
        """The force -dL/dy [T, 3], and the second derivatives [T, 3, 3] of the loss, at ``places``
        [T, 3].
        """
        offsets = self.anchors.transpose(1, 0, 2) - places[:, :, None]
        factor, slope = _pulling(self.curve, np.square(offsets).sum(axis=1))
        factor, slope = factor * self.pull, slope * self.pull
        push, pushed = self.others.derivatives(self.curve, places)
        strength = self.strength[:, None]
        force = (offsets * factor[:, None]).sum(axis=-1) + strength * push
        return force, _bent(offsets, factor, slope) - strength[..., None] * pushed


def _summed(
    curve: Curve, offsets: Doubles, soft: Floats, counts: Floats | float = 1.0
) -> tuple[Doubles, Doubles]:
    """The push of groups at ``offsets`` [T, 3, C] and its derivative."""
    factor, slope = _pushing(curve, np.square(offsets).sum(axis=1) + soft)
    factor, slope = factor * counts, slope * counts
    return (offsets * factor[:, None]).sum(axis=-1), _bent(offsets, factor, slope)


def _bent(offsets: Doubles, factor: Doubles, slope: Doubles) -> Doubles:
    """The derivative [T, 3, 3] of sum_i factor(|o_i|^2) o_i in o: offsets [T, 3, i], ``slope`` the
    factor's own derivative in the square.
    """
    outer = 2 * (offsets * slope[:, None]) @ offsets.transpose(0, 2, 1)
    return np.asarray(outer + factor.sum(axis=1)[:, None, None] * np.eye(3), dtype=np.float64)


def _pulling(curve: Curve, squares: Doubles) -> tuple[Doubles, Doubles]:
    """`Curve.attraction`, and its derivative in the squared distance, in float64."""
    near = squares + _NEAR
    power = curve.a * near**curve.b
    factor = 2 * curve.b * power / (near * (1 + power))
    return factor, factor / near * (curve.b / (1 + power) - 1)


def _pushing(curve: Curve, squares: Doubles) -> tuple[Doubles, Doubles]:
    """The push of one point over the distance, as in `Curve.repulsion`, and its derivative in the
    squared distance, in float64.
    """
    squares = np.maximum(squares, _LEAST)
    power = curve.a * squares**curve.b
    factor = 2 * curve.b / ((squares + _FINITE) * (1 + power))
    steep = 1 / (squares + _FINITE) + curve.b * power / (squares * (1 + power))
    return factor, -factor * steep
