"""Edges from a token at one slice to its true neighbours at the slice before, tried on top of the
layout that atlases are built with, beside AlignedUMAP and UMAP slice by slice.

Springs tell how far a token moved, not which way: trustworthiness over all slices as one cloud
(``joint``) is lower than AlignedUMAP's. Here every token is also drawn, after each epoch, toward
the places of its nearest states among the slice before (UMAP's memberships and attraction, times
``pull``), both ways, and pushed by tokens drawn at random from it (times ``push``). The bar: joint
trust as AlignedUMAP's at trust as UMAP slice by slice less 0.001 and Spearman's r of 0.50.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from benchmarks import layout
from numpy.typing import NDArray

from layerfold.atlas.files import open_atlas
from layerfold.data.reference_states import reference_states
from layerfold.records import Floats, normalized
from layerfold.runs.opening import open_run
from layerfold.settings import bundled
from layerfold.space.descent import Curve, memberships
from layerfold.space.graph import curve
from layerfold.space.neighbors import nearest

SLICES, TOKENS = 7, 1000
RUNS: tuple[str, ...] = ("storyteller", "poet")
# how strongly neighbours at the slice before pull, and tokens of it at random push
STRENGTHS: tuple[tuple[float, float], ...] = (
    (0.05, 0.0),
    (0.2, 0.0),
    (0.5, 0.0),
    (0.2, 0.2),
    (0.5, 0.5),
    (1.0, 1.0),
)
DRAWN = 5  # tokens at random for each, as UMAP draws
LONGEST = 4.0  # of a force, as UMAP cuts it
WAYS: dict[str, Callable[[Floats], Floats]] = dict(layout.WAYS)
SMOKE = {
    "SLICES": 3,
    "TOKENS": 120,
    "RUNS": ("belief-simplex",),
    "STRENGTHS": STRENGTHS[-1:],
    "WAYS": dict.fromkeys(WAYS, layout.ours),  # umap compiles for a minute
}


def run() -> dict[str, Any]:
    """Scores of each way on each run."""
    return {"models": {name: compared(name) for name in RUNS}}


def compared(name: str) -> dict[str, dict[str, float]]:
    """The layout without such edges and with them, beside the others."""
    states = layout.line_of(states_of(name), SLICES, TOKENS)
    ways = dict(WAYS)
    for pull, push in STRENGTHS:
        ways[f"pull {pull:g} push {push:g}"] = with_edges(pull, push)
    return {way: layout.scores(states, lay(states)) for way, lay in ways.items()}


def states_of(name: str) -> Floats:
    """Normalised states [site, token, d] of a bundled run's last step."""
    one = open_run(bundled() / "models" / name)
    return normalized(
        reference_states(one.adapter(one.steps[-1]), open_atlas(one.folder).reference)
    )


def with_edges(pull: float, push: float) -> Callable[[Floats], Floats]:
    """The layout with such edges."""

    def lay(states: Floats) -> Floats:
        edges = [edges_to(one, other) for one, other in pairwise(states)]
        kernel = Curve(*curve(layout.MIN_DIST, layout.SPREAD))

        def each(done: int, here: Floats) -> None:
            share = 1 - (done - 1) / layout.EPOCHS
            here += moved(here, edges, kernel, (pull * share, push * share), done)

        return layout.ours(states, each)

    return lay


def edges_to(before: Floats, states: Floats) -> tuple[NDArray[np.int32], Floats]:
    """The nearest states among those of the slice before, [token, k], with their memberships."""
    near, far = nearest(states, before, layout.K)
    return near, memberships(far[None])[0][0]


def moved(
    here: Floats,
    edges: list[tuple[NDArray[np.int32], Floats]],
    kernel: Curve,
    strengths: tuple[float, float],
    epoch: int,
) -> Floats:
    """By how much the edges move every place [slice, token, 3]: damped, as springs are."""
    move, total = np.zeros_like(here), np.zeros(here.shape[:2], dtype=np.float32)
    rng = np.random.default_rng(epoch)
    pull, push = strengths
    for s, (near, weights) in enumerate(edges):
        one, other = here[s], here[s + 1]
        offsets = one[near] - other[:, None]
        squares = np.square(offsets).sum(axis=-1)
        firm = np.float32(pull) * weights * kernel.attraction(squares)
        drawn = offsets * firm[..., None]
        move[s + 1] += drawn.sum(axis=1)
        total[s + 1] += firm.sum(axis=1)
        np.add.at(move[s], near, -drawn)
        np.add.at(total[s], near, firm)
        if push:
            apart = other[:, None] - one[rng.integers(0, len(one), (len(one), DRAWN))]
            squares = np.square(apart).sum(axis=-1)
            shove = 2 * kernel.b / ((1e-3 + squares) * (1 + kernel.a * squares**kernel.b))
            pushed = np.clip(apart * shove[..., None], -LONGEST, LONGEST).sum(axis=1)
            move[s + 1] += np.float32(push) * pushed
            move[s] -= np.float32(push) * pushed.mean(axis=0)
    return np.asarray(move / (1 + 2 * total[..., None]), dtype=np.float32)


def table(found: dict[str, Any]) -> str:
    """The scores of each run."""
    lines: list[str] = []
    for model, ways in found["models"].items():
        bar = ways["AlignedUMAP"]["joint"], ways["UMAP per slice"]["trust"] - 0.001
        lines += ["", f"{model:<22}{''.join(f'{name:>9}' for name in layout.SHOWN)}"]
        for name, one in ways.items():
            met = one["joint"] >= bar[0] and one["trust"] >= bar[1] and one["spearman"] >= 0.5
            numbers = "".join(f"{one[key]:9.4f}" for key in layout.SHOWN)
            lines.append(f"{name:<22}{numbers}{'  met' if met else ''}")
    return "\n".join(lines)
