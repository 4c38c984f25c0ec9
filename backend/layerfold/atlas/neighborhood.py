"""What the layout needs to know of one step: the graph of each site, a sketch, and how far each
token truly moved to reach it.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from layerfold.geometry.spectrum import principal_scores
from layerfold.records import Floats, Ints
from layerfold.space.approximate import EXACT_UP_TO, near_others
from layerfold.space.graph import fuzzy
from layerfold.space.springs import REACH, moves

SKETCH = 16  # widest directions kept of each slice for the common start
# quantiles of true moves kept of a step, so that a step that comes later is drawn to the same scale
MOVES = 129
# of the distances to the nearest other reference state, for how far outside a new state lies
QUANTILES = 257
GRAPH = ("starts", "indices", "weights", "radii")
RECALL = "found"  # the share of true neighbours, where they are not exact

Arrays = dict[str, NDArray[Any]]


def neighborhood(here: Floats, before: Sequence[Floats], k: int, pool: Executor) -> Arrays:
    """Of the states [site, ref, d] of a step: graphs, sketch, quantiles of nearest distances and
    true moves, by name.

    ``before`` holds the states of the steps before it, the nearest first, as many of them as
    springs reach and there are.
    """
    near = near_of(here, k - 1, pool)
    sketches = list(pool.map(lambda site: principal_scores(site, SKETCH), here))
    graphs = [_graph(*found, sketch) for found, sketch in zip(near, sketches, strict=True)]
    moved = [
        moves_to(site, list(here[:at][::-1]), [step[at] for step in before])
        for at, site in enumerate(here)
    ]
    return joined(graphs, moved)


def graph_of(states: Floats, k: int) -> Arrays:
    """Of one slice's states [ref, d]: its graph, each state's mean distance to its nearest
    (``radii``), its sketch and ``own``, the quantiles of nearest distances. One thread at a time.
    """
    return _graph(*near_others(states, k - 1), principal_scores(states, SKETCH))


def near_of(here: Floats, k: int, pool: Executor) -> list[tuple[Ints, Floats, float]]:
    """The nearest others at every site of [site, ref, d]: exact ones several sites at once, others
    one after the other (the descent has threads of its own).
    """
    each = map if here.shape[1] > EXACT_UP_TO else pool.map
    return list(each(lambda site: near_others(site, k), here))


def _graph(others: Ints, lengths: Floats, recall: float, sketch: Floats) -> Arrays:
    own = np.quantile(lengths[:, 0], np.linspace(0, 1, QUANTILES)).astype(np.float32)
    graph = fuzzy(others, lengths)
    found = {
        "starts": graph.starts,
        "indices": graph.indices,
        "weights": graph.weights,
        "radii": lengths.mean(axis=1, dtype=np.float32),
        "sketch": sketch,
        "own": own,
    }
    if len(others) > EXACT_UP_TO:
        found[RECALL] = np.array([recall], dtype=np.float32)
    return found


def moves_to(here: Floats, sites: Sequence[Floats], steps: Sequence[Floats]) -> Arrays:
    """How far each token's state moved to reach one slice, [ref] each, from the slices that springs
    tie it to.

    ``sites`` are the states [ref, d] of the sites before it at its step, ``steps`` those of its
    site at the steps before, nearest first.
    """
    found: Arrays = {}
    for kind, before in (("site", sites), ("step", steps)):
        found |= {
            f"{kind}.{reach}": moves(before[reach - 1], here)
            for reach in REACH
            if len(before) >= reach
        }
    return found


def joined(graphs: Sequence[Arrays], moved: Sequence[Arrays]) -> Arrays:
    """A step's slices as one, in the order of sites, each as ``graph_of`` and ``moves_to`` gave
    it.
    """
    arrays = {f"{part}.{site}": graph[part] for site, graph in enumerate(graphs) for part in GRAPH}
    arrays["sketch"] = principal_scores(
        np.concatenate([graph["sketch"] for graph in graphs], axis=1), 2 * SKETCH
    )
    arrays["own"] = np.stack([graph["own"] for graph in graphs])
    if RECALL in graphs[0]:
        arrays[RECALL] = np.concatenate([graph[RECALL] for graph in graphs])
    for name in sorted({name for one in moved for name in one}):
        arrays[name] = np.stack([one[name] for one in moved if name in one])
    return arrays


def typical_moves(arrays: Arrays) -> Floats:
    """Quantiles of how far the tokens truly moved along the sites of a step and to reach it, those
    that moved: all NaN where none did.
    """
    known = [
        arrays[f"{kind}.{reach}"].ravel()
        for kind in ("site", "step")
        for reach in REACH
        if f"{kind}.{reach}" in arrays
    ]
    moved = np.concatenate([*known, np.zeros(0, dtype=np.float32)])
    moved = moved[moved > 0]
    grid = np.linspace(0, 1, MOVES)
    return np.asarray(
        np.quantile(moved, grid) if len(moved) else np.full(MOVES, np.nan), dtype=np.float32
    )
