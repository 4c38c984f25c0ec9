"""Density that can be read: the clouds of bundled runs, stretched until they are as crowded as
their states are, beside the same clouds before and umap-learn's densMAP of the same states.

A local radius is the mean distance to the 15 nearest. The bar: Spearman's r of true and shown radii
of 0.80 at a recall of at most 0.01 less.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from layerfold.atlas.files import open_atlas
from layerfold.data.reference_states import reference_states
from layerfold.geometry.fidelity import density_kept
from layerfold.geometry.trust import trust_of
from layerfold.records import Floats, normalized
from layerfold.runs.opening import open_run
from layerfold.settings import bundled
from layerfold.space.density import as_crowded
from layerfold.space.neighbors import nearest_self

K = 15
RUNS: tuple[str, ...] = ("storyteller", "poet", "modular-addition")
# a step by its place among the checkpoints, a site by its place among the sites
SLICES: tuple[tuple[int, int], ...] = ((-1, -1), (-1, 6), (10, -1))
COLUMNS: Final = ("density", "recall", "trust", "continuity", "seconds")
Picture = Callable[[Floats, Floats], Floats]


def densmap(states: Floats, _: Floats) -> Floats:
    """umap-learn's densMAP with its own defaults, in three dimensions."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from umap import UMAP

        made = UMAP(n_components=3, n_neighbors=K, densmap=True, random_state=0, n_jobs=1)
        return np.asarray(made.fit_transform(states), dtype=np.float32)


def stretched(states: Floats, cloud: Floats) -> Floats:
    """The run's own cloud as ``--density`` makes it."""
    return as_crowded(cloud, nearest_self(states, K - 1)[1].mean(axis=1), K - 1)


WAYS: dict[str, Picture] = {
    "as laid out": lambda _, cloud: cloud,
    "stretched": stretched,
    "densMAP": densmap,
}
SMOKE = {
    "RUNS": ("belief-simplex",),
    "SLICES": ((-1, -1),),
    "WAYS": {"as laid out": WAYS["as laid out"], "stretched": stretched},
}


def run() -> dict[str, Any]:
    """Scores of each way on each slice of each run."""
    return {"runs": {name: of_run(name) for name in RUNS}}


def of_run(name: str) -> dict[str, dict[str, dict[str, float]]]:
    """The scores by slice and way."""
    one = open_run(bundled() / "models" / name)
    atlas = open_atlas(one.folder)
    found: dict[str, dict[str, dict[str, float]]] = {}
    for place, at in SLICES:
        step = one.steps[min(place, len(one.steps) - 1)]
        site = min(at, len(atlas.sites) - 1)
        raw = reference_states(one.adapter(step), atlas.reference)[site]
        states, cloud = normalized(raw), np.asarray(atlas.cloud(step)[site], dtype=np.float32)
        ways = {way: scored(states, cloud, picture) for way, picture in WAYS.items()}
        found[f"step {step} {atlas.sites[site]}"] = ways
    return found


def scored(states: Floats, cloud: Floats, picture: Picture) -> dict[str, float]:
    """What one way's picture keeps, and the seconds of CPU that it took."""
    begun = time.process_time()
    shown = picture(states, cloud)
    seconds = time.process_time() - begun
    radii = [nearest_self(points, K)[1] for points in (states, shown)]
    fidelity = trust_of(states, shown, K)
    trust, continuity = fidelity.means()
    return {
        "density": density_kept(*radii).value,
        "recall": fidelity.recall,
        "trust": trust,
        "continuity": continuity,
        "seconds": seconds,
    }


def table(found: dict[str, Any]) -> str:
    """The scores of each slice, and whether the bar is met."""
    lines: list[str] = []
    for name, slices in found["runs"].items():
        for where, ways in slices.items():
            lines += ["", f"{name + ' ' + where:<40}{''.join(f'{one:>11}' for one in COLUMNS)}"]
            base = ways["as laid out"]["recall"]
            for way, one in ways.items():
                met = one["density"] >= 0.8 and one["recall"] >= base - 0.01
                numbers = "".join(f"{one[column]:11.3f}" for column in COLUMNS)
                lines.append(f"  {way:<38}{numbers}{'  met' if met else ''}")
    return "\n".join(lines)
