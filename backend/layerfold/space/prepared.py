"""Everything that placing in the clouds of one step reads, made once: an index over the reference's
states at every site, and the clouds in groups of near points.

All of it is a handful of arrays, so that it can be kept in a file and mapped into memory. Shapes: S
sites, n reference tokens, d the width of a state, C cells, m own distances.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from layerfold.errors import InputError
from layerfold.records import Floats, Ints, Stop, frozen, go_on
from layerfold.space.clouds import Clouds
from layerfold.space.descent import Cells, Curve
from layerfold.space.neighbors import Best, Index, Points, best, reach, rough
from layerfold.space.outside import own_distances

FORM: Final = 1  # of the arrays; another number is another index
SAMPLE: Final = 256
_CELLS: Final = 1 << 22  # numbers in flight at once
_LEAST: Final = 16  # tokens at once, however many points there are


@dataclass(frozen=True)
class Prepared:
    """``states`` [S, n, d] as they were given, ``centered`` [S, d, n] what the product takes,
    ``center`` [S, d] what was taken off them, ``squares`` [S, n]; ``places`` [S, 3, n] in the
    layout's own units; ``centers`` [S, 3, C], ``counts`` and ``soft`` [S, C] of the groups of near
    points; ``own`` [S, m] the reference's own distances, sorted.
    """

    states: Points
    center: Floats
    centered: Floats
    squares: Floats
    places: Floats
    centers: Floats
    counts: Floats
    soft: Floats
    own: Floats

    @staticmethod
    def of(states: Points, positions: Floats, own: Floats | None = None) -> Prepared:
        """Made from ``states`` [S, n, d] and ``positions`` [S, n, 3]; ``own`` [S, m] where it is
        known, else of 256 reference tokens.
        """
        sites, count, width = states.shape
        center, squares = (np.empty((sites, n), dtype=np.float32) for n in (width, count))
        centered = np.empty((sites, width, count), dtype=np.float32)  # the largest: made once
        places = np.asarray(positions, dtype=np.float32)
        cells = [Cells.of(site) for site in places]
        distances = []
        for n, site in enumerate(states):
            index = Index.of(site)
            center[n], centered[n], squares[n] = index.center, index.centered, index.squares
            distances.append(own_distances(index, SAMPLE) if own is None else own[n])
        return Prepared(
            states,
            center=_fixed(center),
            centered=_fixed(centered),
            squares=_fixed(squares),
            places=_fixed(places.transpose(0, 2, 1)),
            centers=_stacked([cell.centers for cell in cells]),
            counts=_stacked([cell.counts for cell in cells]),
            soft=_stacked([cell.soft for cell in cells]),
            own=_fixed(np.sort(np.stack(distances), axis=-1)),
        )

    @staticmethod
    def from_arrays(states: Points, arrays: Mapping[str, NDArray[Any]]) -> Prepared:
        """What ``arrays`` gave, with the states it was made from; raises KeyError where one is
        missing.
        """
        return Prepared(states, *(arrays[name] for name in NAMES))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All but the states, by name."""
        return {name: getattr(self, name) for name in NAMES}

    @property
    def nbytes(self) -> int:
        """What it takes, mapped or not."""
        return self.states.nbytes + sum(array.nbytes for array in self.arrays().values())

    def clouds(self, curve: Curve, repulsion: float) -> Clouds:
        """The clouds, of a layout with this curve and repulsion."""
        groups = self.centers, self.counts, self.soft
        return Clouds(self.places, *groups, curve, repulsion)

    @cached_property
    def _longest(self) -> Floats:
        return np.asarray(np.sqrt(self.squares.max(axis=1)), dtype=np.float32)

    def nearest(
        self, states: Floats, k: int, stop: Stop = go_on, choose: Best = best
    ) -> tuple[Ints, Floats]:
        """The k nearest reference tokens of each of ``states`` [S, token, d] at its own site,
        nearest first: indices and distances [S, token, k]; ``choose`` is `best` or says the same.

        The same bytes as `Index.nearest` site by site, whatever else is in the batch. Raises
        InputError unless 1 <= k <= n.
        """
        n = self.states.shape[1]
        if not 1 <= k <= n:
            raise InputError(
                f"{k} neighbours were asked for, but each has {n}: choose k from 1 to {n}"
            )
        shape = (*states.shape[:2], k)
        indices, distances = np.empty(shape, dtype=np.int32), np.empty(shape, dtype=np.float32)
        for part in self._parts(states.shape[1]):
            queries = np.ascontiguousarray(states[:, part], dtype=np.float32)
            offset = queries - self.center[:, None]
            margin = reach(offset, self._longest[:, None])
            product = np.empty((queries.shape[1], n), dtype=np.float32)
            for site, at in enumerate(queries):
                stop()
                rough(offset[site], self.centered[site], product)
                limits = self.squares[site], margin[site]
                found = choose(at, self.states[site], product, limits, k)
                indices[site, part], distances[site, part] = found
        return indices, distances

    def _parts(self, tokens: int) -> Iterator[slice]:
        """Few enough tokens at once that their numbers stay small."""
        at_once = max(_LEAST, _CELLS // (self.states.shape[0] * self.states.shape[1]))
        for start in range(0, tokens, at_once):
            yield slice(start, min(start + at_once, tokens))


NAMES: Final = ("center", "centered", "squares", "places", "centers", "counts", "soft", "own")


def _stacked(parts: list[NDArray[Any]]) -> Floats:
    return _fixed(np.stack(parts))


def _fixed(values: NDArray[Any]) -> Floats:
    return np.asarray(frozen(np.ascontiguousarray(values, dtype=np.float32)), dtype=np.float32)
