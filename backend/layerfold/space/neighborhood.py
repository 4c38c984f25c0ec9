"""What the layout needs to know of one step: the graph of each site, a sketch, and how far each token truly moved to reach it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from layerfold.geometry.spectrum import principal_scores
from layerfold.neighbors import nearest_self
from layerfold.records import Floats
from layerfold.space.graph import fuzzy
from layerfold.space.springs import REACH, moves

SKETCH = 16  # widest directions kept of each slice for the common start
QUANTILES = 257  # of the distances to the nearest other reference state, for how far outside a new state lies

Arrays = dict[str, NDArray[Any]]


def neighborhood(here: Floats, before: Sequence[Floats], k: int, pool: Executor) -> Arrays:
    """Of the states [site, ref, d] of a step: graphs, sketch, quantiles of nearest distances and true moves, by name.

    ``before`` holds the states of the steps before it, the nearest first, as many of them as springs reach and there are.
    """
    near = list(pool.map(lambda site: nearest_self(site, k - 1), here))
    sketches = pool.map(lambda site: principal_scores(site, SKETCH), here)
    arrays: Arrays = {"sketch": principal_scores(np.concatenate(list(sketches), axis=1), 2 * SKETCH)}
    arrays["own"] = np.stack([np.quantile(distances[:, 0], np.linspace(0, 1, QUANTILES)) for _, distances in near]).astype(np.float32)
    for site, (indices, distances) in enumerate(near):
        graph = fuzzy(indices, distances)
        arrays |= {f"starts.{site}": graph.starts, f"indices.{site}": graph.indices, f"weights.{site}": graph.weights}
    for reach in REACH:
        if len(here) > reach:
            arrays[f"site.{reach}"] = np.stack([moves(one, other) for one, other in zip(here[:-reach], here[reach:], strict=True)])
        if len(before) >= reach:
            arrays[f"step.{reach}"] = np.stack([moves(one, other) for one, other in zip(before[reach - 1], here, strict=True)])
    return arrays
