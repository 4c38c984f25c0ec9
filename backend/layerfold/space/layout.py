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
(Jacobi), so neither the order of slices nor the number of threads matters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layerfold.records import Floats
from layerfold.space.force_table import force_table
from layerfold.space.graph import Graph
from layerfold.space.threads import busy

Longs = NDArray[np.int64]


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
    from layerfold.space.kernels import descend, hold  # numba, which serving must not import

    slices = frozen + len(graphs.starts)
    here = np.array(
        np.broadcast_to(start, (slices, *start.shape[-2:])), dtype=np.float32, order="C"
    )
    there = np.empty_like(here)
    forces = force_table(descent.a, descent.b, descent.repulsion / max(descent.negatives, 1))
    first, other, number = _beside(springs.pairs, slices, frozen)
    with busy(slices * here.shape[1]):
        for epoch in range(begin, descent.epochs):
            alpha = 1 - epoch / descent.epochs
            moving = here[frozen:]
            descend(
                moving,
                (graphs.starts, graphs.indices, graphs.rates),
                forces,
                (epoch, np.float32(alpha)),
                (descent.seed, descent.negatives),
            )
            if descent.tie > 0 and len(springs.pairs):
                hold(
                    here,
                    there,
                    (first, other, number),
                    (springs.lengths, springs.firmness),
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
