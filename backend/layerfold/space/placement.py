"""New tokens in frozen clouds: typed states find their true neighbours, then their place by UMAP's
objective.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from layerfold.errors import InputError
from layerfold.records import Floats, Ints, Placed, Stop, go_on
from layerfold.space.arithmetic import Arithmetic
from layerfold.space.descent import UMAPS, Curve
from layerfold.space.frozen_map import FrozenMap
from layerfold.space.neighbors import Index, Points
from layerfold.space.outside import percentile
from layerfold.space.prepared import Prepared

_FARTHEST = 1e15  # squares of larger numbers leave float32


class Placer:
    """Places states in the clouds of one step; a token's place depends on its state alone, to the
    byte. Safe to share between threads.

    Nothing changes after construction. Made from states and clouds it holds one float32 copy of the
    states (27 MB for 13 sites of 4,000 x 128); made ready from a file it holds none.
    """

    def __init__(
        self,
        states: Points,
        positions: Floats,
        *,
        k: int,
        a: float,
        b: float,
        repulsion: float = UMAPS,
        own: Floats | None = None,
    ) -> None:
        """Ready to place by ``k`` neighbours on the layout's curve ``a``, ``b``, with the layout's
        ``repulsion`` (UMAP's by default).

        ``states`` [site, ref, d] float32 or float16, ``positions`` [site, ref, 3] in the layout's
        own units. ``own`` [site, m]: the reference's own nearest-neighbour distances where they are
        known; else those of 256 reference tokens are found. Raises InputError where shapes
        disagree, k is not in 1..ref, or a number is not finite.
        """
        check_clouds(states, positions, k)
        self._bind(Prepared.of(states, positions, own), k, Curve(a, b), repulsion)

    @classmethod
    def ready(
        cls,
        prepared: Prepared,
        arithmetic: Arithmetic | None = None,
        *,
        k: int,
        a: float,
        b: float,
        repulsion: float = UMAPS,
    ) -> Placer:
        """The placer of what was prepared before, by somebody's ``arithmetic``."""
        placer = cls.__new__(cls)
        placer._bind(prepared, k, Curve(a, b), repulsion, arithmetic)
        return placer

    def _bind(
        self,
        prepared: Prepared,
        k: int,
        curve: Curve,
        repulsion: float,
        arithmetic: Arithmetic | None = None,
    ) -> None:
        self.prepared, self.k, self.curve, self.repulsion = prepared, k, curve, repulsion
        self._clouds = prepared.clouds(curve, repulsion)
        self._by = arithmetic or Arithmetic()

    def map_at(self, site: int) -> FrozenMap:
        """The map from states to places at one site; raises InputError unless k < n."""
        ready = self.prepared
        index = Index(
            ready.states[site], ready.center[site], ready.centered[site], ready.squares[site]
        )
        return FrozenMap.of(index, ready.places[site].T, self.k, self.curve, self.repulsion)

    def place(self, states: Floats, stop: Stop = go_on) -> Placed:
        """Where ``states`` [site, token, d] lie in each site's cloud, with their k true neighbours
        (see `Placed`).

        In the view that the reference's states have; ``stop`` is called between sites. Raises
        InputError for a wrong shape or a state that is not finite.
        """
        neighbors, distances, outside = self.near(states, stop)
        stop()
        return Placed(
            self._by.settle(self._clouds, neighbors, distances), neighbors, distances, outside
        )

    def near(self, states: Floats, stop: Stop = go_on) -> tuple[Ints, Floats, Floats]:
        """What ``place`` says besides the places: neighbours, their distances, and how far outside;
        raises as it does.
        """
        self._check(states)
        neighbors, distances = self._neighbors(states, stop)
        outside = np.stack(
            [
                percentile(nearest, own)
                for nearest, own in zip(distances[..., 0], self.prepared.own, strict=True)
            ]
        )
        return neighbors, distances, outside

    def _neighbors(self, states: Floats, stop: Stop) -> tuple[Ints, Floats]:
        if not states.shape[1]:
            shape = (*states.shape[:2], self.k)
            return np.empty(shape, dtype=np.int32), np.empty(shape, dtype=np.float32)
        return self.prepared.nearest(states, self.k, stop, self._by.best)

    def _check(self, states: Floats) -> None:
        sites, _, d = self.prepared.states.shape
        if states.ndim != 3 or (states.shape[0], states.shape[2]) != (sites, d):
            raise InputError(
                f"states have the shape {states.shape}: give [site, token, d] = [{sites}, any, {d}]"
            )
        _check_finite(states, "states to place")


def check_clouds(states: Points, positions: Floats, k: int) -> None:
    """States [site, ref, d] and clouds [site, ref, 3] can be placed in; raises InputError."""
    if states.ndim != 3 or positions.shape != (*states.shape[:2], 3):
        raise InputError(
            f"states {states.shape} and positions {positions.shape} disagree: give [site, ref, d]"
            " and [site, ref, 3]"
        )
    if not 1 <= k <= states.shape[1]:
        raise InputError(
            f"{k} neighbours among {states.shape[1]} reference tokens: choose k from 1 to"
            f" {states.shape[1]}"
        )
    _check_finite(positions, "positions")


def _check_finite(values: NDArray[np.floating], name: str) -> None:
    if values.size and not max(-float(values.min()), float(values.max())) <= _FARTHEST:
        raise InputError(
            f"{name} hold a number that is not finite or is beyond {_FARTHEST:g}: was the"
            " checkpoint's training stable?"
        )
