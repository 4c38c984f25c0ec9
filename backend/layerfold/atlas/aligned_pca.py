"""Linear pictures: at every step and site the three widest directions of the states, turned so that
neighbouring slices agree.

Within a slice distances are those of plain principal components, since a slice is only turned or
mirrored, never stretched. How it is turned is chosen by what the tokens do: orthogonal Procrustes
(Schönemann 1966) onto its neighbours in the grid, from the last step and the middle site outward,
and then all slices again in turn until nothing moves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from layerfold.atlas.projection_files import Projection, write_projection
from layerfold.errors import InputError
from layerfold.records import Floats

Doubles = NDArray[np.float64]
Place = tuple[int, int]

FLAT: Final = 1e-12  # of all there is: less variance than this is rounding
ROUNDS: Final = 100
STILL: Final = 1e-7


@dataclass(frozen=True)
class Principal:
    """The widest directions of one slice: ``axes`` [3, d] of length one, or zero where there is no
    further direction; ``centre`` [d].
    """

    axes: Doubles
    center: Doubles


def principal(states: NDArray[Any]) -> Principal:
    """The three principal axes of ``states`` [ref, d], widest first; signs fixed by the largest
    entry.
    """
    values = states.astype(np.float64)
    center = values.mean(axis=0)
    values -= center
    wide = values.shape[1] > len(values)
    spread, vectors = np.linalg.eigh(values @ values.T if wide else values.T @ values)
    spread, vectors = spread[::-1][:3], vectors[:, ::-1][:, :3]
    held = spread > FLAT * (np.square(values).sum() + len(values) * (center @ center))
    found = vectors[:, held].T @ values if wide else vectors[:, held].T
    axes = np.zeros((3, values.shape[1]))
    axes[: len(found)] = found / np.linalg.norm(found, axis=1, keepdims=True)
    # an axis has no sign of its own
    axes *= np.where(axes[np.arange(3), np.abs(axes).argmax(axis=1)] < 0, -1, 1)[:, None]
    return Principal(axes, center)


@dataclass
class AlignedPCA:
    """Takes the steps one by one, in order, and then says each slice's matrix; keeps no states but
    the last step's coordinates.
    """

    found: list[list[Principal]] = field(default_factory=list)
    ties: dict[tuple[Place, Place], Doubles] = field(default_factory=dict)
    last: Doubles | None = None

    def add(self, states: NDArray[Any]) -> None:
        """The next step's states [site, ref, d] are taken in."""
        slices = [principal(site) for site in states]
        here = np.stack(
            [
                scaled((site.astype(np.float64) - each.center) @ each.axes.T)
                for site, each in zip(states, slices, strict=True)
            ]
        )
        step = len(self.found)
        for site in range(len(here) - 1):
            self._tie((step, site), (step, site + 1), here[site].T @ here[site + 1])
        for site in range(len(here) if self.last is not None else 0):
            assert self.last is not None
            self._tie((step - 1, site), (step, site), self.last[site].T @ here[site])
        self.found.append(slices)
        self.last = here

    def _tie(self, one: Place, other: Place, together: Doubles) -> None:
        self.ties[one, other], self.ties[other, one] = together, together.T

    def maps(
        self, dtype: type[np.float16] | type[np.float32] = np.float32
    ) -> tuple[NDArray[Any], Floats]:
        """The matrices [step, site, 3, d] and the offsets [step, site, 3] that put every slice's
        mean at the origin.
        """
        turns = agreed((len(self.found), len(self.found[0])), self.ties)
        axes = np.stack(
            [
                [turn @ each.axes for turn, each in zip(*row, strict=True)]
                for row in zip(turns, self.found, strict=True)
            ]
        )
        matrix = axes.astype(dtype)
        center = np.stack([[each.center for each in row] for row in self.found])
        return matrix, -np.einsum("tskd,tsd->tsk", matrix.astype(np.float64), center).astype(
            np.float32
        )


def scaled(coordinates: Doubles) -> Doubles:
    """Coordinates [ref, 3] of total size one, so that every slice has an equal say; zeros stay."""
    size = float(np.linalg.norm(coordinates))
    return coordinates / size if size > 0 else coordinates


def agreed(shape: tuple[int, int], ties: Mapping[tuple[Place, Place], Doubles]) -> Doubles:
    """A turn [step, site, 3, 3] for each slice, that of the last step and middle site being none.

    ``ties[a, b]`` is the product A.T @ B [3, 3] of the coordinates of neighbouring slices; the
    turns bring neighbours as near to each other as turning can, in sum over the grid.
    """
    turns = np.tile(np.eye(3), (*shape, 1, 1))
    ways = list(outward(shape))
    done = {ways[0]}
    for here in ways[1:]:
        turns[here] = _turn(
            here, [near for near in _around(here, shape) if near in done], turns, ties
        )
        done.add(here)
    for _ in range(ROUNDS):
        before = turns.copy()
        for here in ways[1:]:
            turns[here] = _turn(here, _around(here, shape), turns, ties)
        if np.abs(turns - before).max() < STILL:
            break
    return turns


def outward(shape: tuple[int, int]) -> Iterator[Place]:
    """Every slice, the last step and middle site first, each after one of its neighbours."""
    steps, sites = shape
    middle = sites // 2
    for step in reversed(range(steps)):
        for site in (*range(middle, sites), *reversed(range(middle))):
            yield step, site


def _around(here: Place, shape: tuple[int, int]) -> list[Place]:
    step, site = here
    near = [(step + 1, site), (step - 1, site), (step, site + 1), (step, site - 1)]
    return [(t, s) for t, s in near if 0 <= t < shape[0] and 0 <= s < shape[1]]


def _turn(
    here: Place, near: Sequence[Place], turns: Doubles, ties: Mapping[tuple[Place, Place], Doubles]
) -> Doubles:
    """The orthogonal map that brings a slice nearest to its neighbours as they are turned now; none
    where they say nothing.
    """
    together = sum((turns[other] @ ties[other, here] for other in near), np.zeros((3, 3)))
    if np.abs(together).max() < FLAT:
        return np.asarray(turns[here])
    left, _, right = np.linalg.svd(together)
    return np.asarray(left @ right)


def write_basis(
    run: Path | str,
    name: str,
    matrix: ArrayLike,
    offset: ArrayLike = (0.0, 0.0, 0.0),
    *,
    titles: tuple[str, str],
    axes: tuple[Sequence[str], Sequence[str]],
    source: str,
) -> None:
    """The run in the folder carries a named linear basis, the same at every step: ``layerfold
    atlas`` or ``project`` scores it.

    ``matrix`` [site, 3, d] or [3, d] and ``offset`` [site, 3] or [3] act on states in the atlas's
    view; ``titles`` and ``axes`` in English and Chinese; ``source`` says where the directions come
    from. Raises InputError for what cannot be used.
    """
    given = np.asarray(matrix, dtype=np.float32)
    if given.ndim not in (2, 3) or given.shape[-2] != 3:
        raise InputError(
            f"the basis {name!r} has shape {given.shape}: [site, 3, d] or [3, d] is needed"
        )
    rows = given.reshape(1, -1, 3, given.shape[-1])
    try:
        origin = np.broadcast_to(np.asarray(offset, dtype=np.float32), rows.shape[1:3])[None].copy()
    except ValueError:
        raise InputError(
            f"the basis {name!r} has an offset of shape {np.shape(offset)}: {rows.shape[1:3]} or"
            " (3,) is needed"
        ) from None
    words = {
        "title_en": titles[0],
        "title_zh": titles[1],
        "axes_en": list(axes[0]),
        "axes_zh": list(axes[1]),
        "source": source,
    }
    write_projection(
        Path(run), Projection({"name": name, "kind": "basis", **words}, rows, origin, {})
    )
