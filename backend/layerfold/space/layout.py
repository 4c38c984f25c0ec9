"""One layout for a whole grid of slices: UMAP's descent in each, and every point a path of true
lengths through them.

Two terms are lowered together. In each slice, UMAP's cross-entropy of the slice's fuzzy graph, by
its sampled descent (McInnes, Healy and Melville 2018). Between slices that lie near each other, the
stress of each point's own path: a spring whose length at rest is proportional to how far the
point's state truly moved. What stayed is held still, what moved is shown to move as far, and the
direction is left to the neighbourhoods.

A third, weak term draws every point to the middle. UMAP leaves islands without a tie to the rest
free to drift ever further out, where they squeeze what one came to see; distances between islands
mean nothing, so nothing true is lost by bringing them near.

Others push harder than in UMAP (``repulsion``): neighbourhoods are kept better, and the body fills
more of the cloud beside its islands (Böhm, Berens and Kobak 2022 on the range between pull and
push).

All slices start from one place and draw the same random numbers, so that slices with the same graph
stay the same, and chance makes no point move. The springs see the places of the epoch before
(Jacobi), so neither the order of slices nor the number of threads matters. Imported only when an
atlas is built: numba compiles the two loops at the bottom.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

from layerfold.records import Floats
from layerfold.space.graph import Graph

Longs = NDArray[np.int64]
# squared distances from 2^-40 to 2^40, 32 to an octave: 20 kB, which stay in the cache
_LEAST, _OCTAVES, _BITS = -40, 80, 5
_PLACES = 1 << _BITS
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Descent:
    """How a layout is found: UMAP's curve ``a`` and ``b``, how firm the springs are (0: none), how
    strongly all is drawn to the middle (0: not at all), how many times a sample's pull others
    push (UMAP: 5) and how many of them are drawn for it, epochs, seed.
    """

    a: float
    b: float
    tie: float = 0.7
    gather: float = 0.0
    epochs: int = 250
    repulsion: float = 20.0
    negatives: int = 10
    seed: int = 0


@dataclass(frozen=True)
class Springs:
    """``pairs`` [pair, 2] of slices; each point's length at rest ``lengths`` and ``firmness``
    between the two, [pair, ref].
    """

    pairs: Longs
    lengths: Floats
    firmness: Floats


@dataclass(frozen=True)
class Graphs:
    """The graphs of all slices in one piece: ``starts`` [slice, ref + 1], ``indices`` and ``rates``
    (a sample an epoch at 1).
    """

    starts: Longs
    indices: NDArray[np.int32]
    rates: Floats

    @staticmethod
    def of(graphs: Sequence[Graph]) -> Graphs:
        """The graphs joined; the heaviest edge of each slice is sampled every epoch."""
        before = np.cumsum([0] + [len(graph.indices) for graph in graphs[:-1]])
        starts = np.stack(
            [
                graph.starts.astype(np.int64) + base
                for graph, base in zip(graphs, before, strict=True)
            ]
        )
        indices = np.concatenate([graph.indices for graph in graphs])
        heaviest = [
            graph.weights / max(float(graph.weights.max(initial=0)), 1e-30) for graph in graphs
        ]
        return Graphs(starts, indices, np.concatenate(heaviest).astype(np.float32))


def lay_out(
    graphs: Graphs,
    springs: Springs,
    start: Floats,
    descent: Descent,
    *,
    begin: int = 0,
    frozen: int = 0,
    each: Callable[[int, Floats], None] | None = None,
) -> Floats:
    """Positions [slice, ref, 3] that lower both terms together; the same bytes on repeat and for
    any number of threads.

    ``start`` is [ref, 3], or [slice, ref, 3] as ``each`` was given it after ``begin`` epochs. The
    first ``frozen`` slices of it have no graphs: they stay to the bit where they are, and springs
    hold the others to them. ``each(epochs done, positions)`` is called after every epoch and must
    not keep the array.
    """
    slices = frozen + len(graphs.starts)
    here = np.array(
        np.broadcast_to(start, (slices, *start.shape[-2:])), dtype=np.float32, order="C"
    )
    there = np.empty_like(here)
    forces = _forces(descent.a, descent.b, descent.repulsion / max(descent.negatives, 1))
    first, other, number = _beside(springs.pairs, slices, frozen)
    for epoch in range(begin, descent.epochs):
        alpha = 1 - epoch / descent.epochs
        moving = here[frozen:]
        _descend(
            moving,
            graphs.starts,
            graphs.indices,
            graphs.rates,
            forces,
            epoch,
            np.float32(alpha),
            descent.seed,
            descent.negatives,
        )
        if descent.tie > 0 and len(springs.pairs):
            _hold(
                here,
                there,
                first,
                other,
                number,
                springs.lengths,
                springs.firmness,
                np.float32(descent.tie * alpha),
            )
            here, there = there, here
        if descent.gather > 0:
            here[frozen:] *= np.float32(1 - descent.gather * alpha)
        if each is not None:
            each(epoch + 1, here)
    return here


def _beside(pairs: Longs, slices: int, frozen: int = 0) -> tuple[Longs, Longs, Longs]:
    """The grid in rows: slice s is tied to ``other[first[s]:first[s + 1]]`` by the pairs
    ``number[...]``; a frozen one to none.
    """
    both = np.concatenate([pairs, pairs[:, ::-1]]).reshape(-1, 2)
    number = np.tile(np.arange(len(pairs)), 2)
    both, number = both[both[:, 0] >= frozen], number[both[:, 0] >= frozen]
    order = np.lexsort((both[:, 1], both[:, 0]))
    first = np.searchsorted(both[order, 0], np.arange(slices + 1))
    return first.astype(np.int64), both[order, 1].astype(np.int64), number[order].astype(np.int64)


def _forces(a: float, b: float, each: float) -> Floats:
    """UMAP's pull and push over the distance, [2, entry], at squared distances that have
    ``_PLACES`` to an octave from ``_LEAST`` up.

    Read between two entries they are right to 1e-3, and a power function need not be computed 30
    times a point and epoch.
    """
    octaves = np.arange(_OCTAVES * _PLACES + 1)
    square = np.ldexp(1 + octaves % _PLACES / _PLACES, octaves // _PLACES + _LEAST)
    with np.errstate(over="ignore"):
        power = square**b
        pull = -2 * b * a / (square * (a + 1 / power))
        push = each * 2 * b / ((0.001 + square) * (a * power + 1))
    return np.stack([pull, push]).astype(np.float32)


def compiled(function: F) -> F:
    """The function as machine code, parallel over its ``prange``; kept on disk where a folder can
    be written.
    """
    try:
        return cast(
            F, numba.njit(parallel=True, nogil=True, error_model="numpy", cache=True)(function)
        )
    # neither the package's folder nor the person's cache folder can be written
    except RuntimeError:
        return cast(F, numba.njit(parallel=True, nogil=True, error_model="numpy")(function))


@compiled
def _descend(
    positions: Any,
    starts: Any,
    indices: Any,
    rates: Any,
    forces: Any,
    epoch: int,
    alpha: Any,
    seed: int,
    negatives: int,
) -> None:
    """One epoch of UMAP's sampled descent in every slice: edges in order, negatives from (seed,
    epoch, point) alone.
    """
    count, last = positions.shape[1], forces.shape[1] - 2
    limit, shift = np.float32(4), 23 - _BITS
    base, mask, unit = (127 + _LEAST) << _BITS, (1 << shift) - 1, np.float32(1 / (1 << shift))
    for s in numba.prange(positions.shape[0]):
        p = positions[s]
        for i in range(count):
            x, y, z = p[i, 0], p[i, 1], p[i, 2]
            # the same in every slice: SplitMix64's mix of the three numbers, then Knuth's linear
            # congruence
            state = (np.uint64(seed) * np.uint64(count) + np.uint64(i)) * np.uint64(
                0x9E3779B97F4A7C15
            ) + np.uint64(epoch)
            state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            for e in range(starts[s, i], starts[s, i + 1]):
                rate = np.float64(rates[e])
                if np.floor((epoch + 1) * rate) <= np.floor(epoch * rate):
                    continue  # an edge of weight w is due in a share w of the epochs
                for n in range(negatives + 1):
                    if n == 0:
                        j = np.int64(indices[e])
                    else:
                        state = state * np.uint64(6364136223846793005) + np.uint64(
                            1442695040888963407
                        )
                        j = np.int64(((state >> np.uint64(32)) * np.uint64(count)) >> np.uint64(32))
                    dx, dy, dz = x - p[j, 0], y - p[j, 1], z - p[j, 2]
                    square = np.float32(dx * dx + dy * dy + dz * dz)
                    # exponent and first bits of the mantissa name the entry, the rest the place
                    # after it
                    bits = square.view(np.int32)
                    entry = (bits >> shift) - base
                    if entry < 0:
                        continue  # the two are one point (or i was drawn for itself)
                    entry = min(entry, last)
                    kind, part = min(n, 1), np.float32(bits & mask) * unit
                    force = forces[kind, entry] + part * (
                        forces[kind, entry + 1] - forces[kind, entry]
                    )
                    dx = alpha * min(max(force * dx, -limit), limit)
                    dy = alpha * min(max(force * dy, -limit), limit)
                    dz = alpha * min(max(force * dz, -limit), limit)
                    x, y, z = x + dx, y + dy, z + dz
                    if n == 0:
                        p[j, 0] -= dx
                        p[j, 1] -= dy
                        p[j, 2] -= dz
            p[i, 0], p[i, 1], p[i, 2] = x, y, z


@compiled
def _hold(
    here: Any,
    there: Any,
    first: Any,
    other: Any,
    number: Any,
    lengths: Any,
    firmness: Any,
    strength: Any,
) -> None:
    """``there`` is ``here`` after every spring pulled or pushed its ends toward its length at rest.

    The step is damped by 1 + 2·(sum of firmness), so no point goes more than half way at once:
    stable however firm the springs are.
    """
    one, two, least = np.float32(1), np.float32(2), np.float32(1e-3)
    for s in numba.prange(here.shape[0]):
        for i in range(here.shape[1]):
            x, y, z = here[s, i, 0], here[s, i, 1], here[s, i, 2]
            total = mx = my = mz = np.float32(0)
            for q in range(first[s], first[s + 1]):
                t, pair = other[q], number[q]
                dx, dy, dz = here[t, i, 0] - x, here[t, i, 1] - y, here[t, i, 2] - z
                apart = max(np.sqrt(dx * dx + dy * dy + dz * dz), least)
                firm = strength * firmness[pair, i]
                move = firm * (one - lengths[pair, i] / apart)
                total += firm
                mx, my, mz = mx + move * dx, my + move * dy, mz + move * dz
            part = one / (one + two * total)
            there[s, i, 0], there[s, i, 1], there[s, i, 2] = (
                x + part * mx,
                y + part * my,
                z + part * mz,
            )
