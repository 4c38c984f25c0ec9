"""The aligned layout beside umap.AlignedUMAP, UMAP slice by slice, and the same turned onto each
other (Procrustes).

Real states of two models: the bundled run's last step, and a toy trained on the spot. AlignedUMAP
aligns a line of slices, so all are given the same line: sites in order. Time is CPU time, compiling
left out on both sides. Spearman's r is that of the true and the shown move of every point between
neighbouring slices, averaged over the pairs; a move is in units of the cloud's spread.
"""

from __future__ import annotations

import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.plot import log_plot
from threadpoolctl import threadpool_limits

from layerfold.atlas.build import common_start, typical_move
from layerfold.atlas.neighborhood import SKETCH
from layerfold.atlas.parameters import Recipe
from layerfold.geometry.spectrum import principal_scores
from layerfold.geometry.trust import spearman, trust_of
from layerfold.records import Floats, normalized
from layerfold.runs.opening import open_run
from layerfold.space.graph import curve, fuzzy_graph
from layerfold.space.layout import Graphs, Springs, lay_out
from layerfold.space.springs import firmness, moves, pairs_of, rest_lengths

K, MIN_DIST, SPREAD, SEED = 15, 0.1, 1.0, 0
EPOCHS = Recipe().epochs
SLICES, TOKENS = 7, 2000
SIZES: tuple[tuple[int, int], ...] = ((4, 1000), (7, 1000), (7, 2000), (13, 2000), (13, 4000))

MODELS: tuple[str, ...] = ("storyteller", "tiny")

Layout = Callable[[Floats], Floats]


def run() -> dict[str, Any]:
    """Scores and CPU seconds of each way on each model, and how our cost grows."""
    models = {name: STATES[name]() for name in MODELS}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for layout in WAYS.values():
            layout(models[MODELS[-1]][:3, :200])  # compiles
        found = {name: compared(line_of(states, SLICES, TOKENS)) for name, states in models.items()}
        growth = [
            {"slices": s, "tokens": n, **timed(ours, line_of(models[MODELS[0]], s, n))[1]}
            for s, n in SIZES
        ]
    return {
        "models": found,
        "bars": {name: bars(ways) for name, ways in found.items()},
        "growth": growth,
    }


def bundled_states() -> Floats:
    """Normalised states [site, token, d] of the bundled run's last step."""
    from layerfold.atlas.files import open_atlas
    from layerfold.data.reference_states import reference_states
    from layerfold.settings import bundled

    one = open_run(bundled() / "models" / "storyteller")
    return normalized(
        reference_states(one.adapter(one.steps[-1]), open_atlas(one.folder).reference)
    )


def trained_states() -> Floats:
    """The same of a toy that is trained now, on Python's help pages."""
    from layerfold.data.reference import choose_reference
    from layerfold.data.reference_states import reference_states
    from layerfold.training.recipe import Recipe as Training
    from layerfold.training.trainer import texts_of, train

    with tempfile.TemporaryDirectory() as folder:
        training = Training.load("tiny")
        one = train(training, Path(folder) / "tiny")
        reference = choose_reference(one, texts_of(training), TOKENS, SEED)
        return normalized(reference_states(one.adapter(one.steps[-1]), reference))


STATES = {"storyteller": bundled_states, "tiny": trained_states}


def line_of(states: Floats, slices: int, tokens: int) -> Floats:
    """At most ``slices`` sites evenly apart, first and last among them, and ``tokens`` of the
    tokens.
    """
    at = np.unique(np.linspace(0, len(states) - 1, min(slices, len(states))).round().astype(int))
    return np.ascontiguousarray(states[at, :tokens])


# ---- the ways


def ours(states: Floats, each: Callable[[int, Floats], None] | None = None) -> Floats:
    """The layout that atlases are built with, on a line of slices; ``each`` is called with every
    epoch's places.
    """
    recipe = Recipe()
    with threadpool_limits(limits=1, user_api="blas"):
        graphs = Graphs.of([fuzzy_graph(one, K) for one in states])
        start = common_start([principal_scores(one, SKETCH) for one in states], SPREAD)
        pairs = pairs_of(1, len(states))
        typical = typical_move(states.shape[1], SPREAD) * recipe.glide
        rest = rest_lengths(np.stack([moves(states[a], states[b]) for a, b in pairs]), typical)
        springs = Springs(pairs, rest, firmness(rest, 2 * typical))
    a, b = curve(MIN_DIST, SPREAD)
    return lay_out(graphs, springs, start, recipe.descent(a, b), each=each)


def per_slice(states: Floats) -> Floats:
    """UMAP fitted to each slice by itself."""
    import umap

    given = {
        "n_neighbors": K,
        "min_dist": MIN_DIST,
        "spread": SPREAD,
        "n_components": 3,
        "random_state": SEED,
        "n_jobs": 1,
    }
    return np.stack([umap.UMAP(**given).fit_transform(one) for one in states])


def procrustes(clouds: Floats) -> Floats:
    """Each cloud moved, turned or mirrored onto the one before it, its shape kept."""
    turned = [clouds[0] - clouds[0].mean(axis=0)]
    for cloud in clouds[1:]:
        centered = cloud - cloud.mean(axis=0)
        left, _, right = np.linalg.svd(centered.T @ turned[-1])
        turned.append(centered @ left @ right)
    return np.stack(turned)


def aligned(states: Floats) -> Floats:
    """umap.AlignedUMAP, every token related to itself."""
    import umap

    relations = [{token: token for token in range(states.shape[1])}] * (len(states) - 1)
    fit = umap.AlignedUMAP(
        n_neighbors=K, min_dist=MIN_DIST, spread=SPREAD, n_components=3, random_state=SEED
    )
    return np.stack(fit.fit_transform(list(states), relations=relations))


HEADS = ("trust", "recall", "move", "r", "joint")
SHOWN = ("trust", "recall", "move", "spearman", "joint")
WAYS: dict[str, Layout] = {"UMAP per slice": per_slice, "AlignedUMAP": aligned, "Layerfold": ours}
SMOKE = {
    "SLICES": 3,
    "TOKENS": 200,
    "SIZES": ((2, 100), (2, 200)),
    "MODELS": MODELS[:1],
    "WAYS": dict.fromkeys(WAYS, ours),  # umap compiles for a minute
}


# ---- the scores


def compared(states: Floats) -> dict[str, dict[str, float]]:
    """Every way's scores on the same states."""
    found: dict[str, dict[str, float]] = {}
    for name, layout in WAYS.items():
        clouds, took = timed(layout, states)
        found[name] = {**scores(states, clouds), **took}
        if layout is per_slice:
            found["+ Procrustes"] = {**scores(states, procrustes(clouds)), **took}
    return found


def timed(layout: Layout, states: Floats) -> tuple[Floats, dict[str, float]]:
    """The clouds, and seconds of CPU and of wall."""
    cpu, wall = time.process_time(), time.perf_counter()
    clouds = layout(states)
    return clouds, {"cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - wall}


def scores(states: Floats, clouds: Floats) -> dict[str, float]:
    """Means over slices and over pairs of neighbouring slices."""
    judged = [
        trust_of(one, np.asarray(cloud, dtype=np.float32), K)
        for one, cloud in zip(states, clouds, strict=True)
    ]
    true = [moves(one, other) for one, other in pairwise(states)]
    shown = [moves(one, other) / spread(one) for one, other in pairwise(clouds)]
    return {
        "trust": float(np.mean([one.means()[0] for one in judged])),
        "recall": float(np.mean([one.recall for one in judged])),
        "move": float(np.mean(shown)),
        "spearman": float(
            np.mean([spearman(one, other) for one, other in zip(true, shown, strict=True)])
        ),
        "joint": trust_of(
            np.concatenate(states), np.concatenate(clouds).astype(np.float32), K
        ).means()[0],
        "spearman_pooled": spearman(np.concatenate(true), np.concatenate(shown)),
    }


def spread(cloud: Floats) -> float:
    """The root mean square distance from the middle."""
    return float(np.sqrt(np.square(cloud - cloud.mean(axis=0)).sum(axis=1).mean()))


def bars(ways: dict[str, dict[str, float]]) -> dict[str, bool]:
    """Whether each bar is met."""
    mine, theirs = ways["Layerfold"], ways["AlignedUMAP"]
    return {
        "trust >= UMAP per slice - 0.001": mine["trust"] >= ways["UMAP per slice"]["trust"] - 0.001,
        "spearman >= AlignedUMAP + 0.10": mine["spearman"] >= theirs["spearman"] + 0.10,
        "joint trust >= AlignedUMAP": mine["joint"] >= theirs["joint"],
        "CPU <= AlignedUMAP / 12": mine["cpu_s"] <= theirs["cpu_s"] / 12,
    }


# ---- for a person


def plot(found: dict[str, Any]) -> str:
    """How the cost grows, as SVG."""
    points = [(one["slices"] * one["tokens"], one["cpu_s"]) for one in found["growth"]]
    note = "dashed: slope 1, cost proportional to the number of states"
    return log_plot(
        points,
        "states laid out (slices × tokens)",
        "CPU seconds of graphs, springs and layout",
        note,
    )


def table(found: dict[str, Any]) -> str:
    """The scores of each model, the bars, and the cost a slice and token."""
    lines: list[str] = []
    for model, ways in found["models"].items():
        lines += [
            "",
            f"{model:<16}{''.join(f'{name:>8}' for name in HEADS)}{'r pooled':>10}{'CPU s':>9}",
        ]
        lines += [row(name, one) for name, one in ways.items()]
        lines += [
            f"  {'met ' if met else 'MISSED'}  {name}" for name, met in found["bars"][model].items()
        ]
    lines += ["", "cost of ours: slices × tokens, CPU s, microseconds a slice and token"]
    lines += [cost(one) for one in found["growth"]]
    return "\n".join(lines)


def row(name: str, one: dict[str, float]) -> str:
    """One way's figures."""
    numbers: Sequence[str] = [f"{one[key]:8.4f}" for key in SHOWN]
    return f"{name:<16}{''.join(numbers)}{one['spearman_pooled']:10.4f}{one['cpu_s']:9.2f}"


def cost(one: dict[str, float]) -> str:
    """One size's cost."""
    each = 1e6 * one["cpu_s"] / (one["slices"] * one["tokens"])
    return (
        f"  {one['slices']:3} × {one['tokens']:5}  {one['cpu_s']:7.2f}  {each:7.1f} "
        f" {'▇' * round(each / 20)}"
    )
