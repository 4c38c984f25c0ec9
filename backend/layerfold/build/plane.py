"""The building of a run's sheets: its aligned layout in two dimensions.

The same descent as the atlas's, with the same graphs, springs and bars, but flat: every point
starts where the atlas has it, seen along the cloud's shortest direction, and forces within a plane
stay in it. So a sheet resembles its cloud, and gliding from one to the other is short. A build that
was broken goes on from there.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from layerfold.atlas.build import Problem, Task, make_graphs, make_layout, prepare, read_graphs
from layerfold.atlas.executor import LocalExecutor
from layerfold.atlas.files import Atlas, open_atlas
from layerfold.atlas.parameters import Recipe
from layerfold.atlas.plane_file import FIDELITY, PLANE, Plane, write_plane
from layerfold.atlas.projection_files import fingerprint_of
from layerfold.data.reference_states import states_at, viewed
from layerfold.geometry.trust import trust_among
from layerfold.records import Floats
from layerfold.runs.opening import open_run
from layerfold.runs.run import Run
from layerfold.space.frame import frame_of
from layerfold.space.layout import Springs
from layerfold.space.springs import firmness, pairs_of, rest_lengths
from layerfold.space.threads import cores

EPOCHS: Final = 100  # the start is aligned and near its end already
SAMPLE: Final = 200  # tokens whose trust is found at each step and site
FARTHEST: Final = float(np.finfo(np.float16).max)
WORDS: Final = {
    "title_en": "Tower",
    "title_zh": "层塔",
    "axes_en": ["", "", ""],
    "axes_zh": ["", "", ""],
    "source": "The aligned layout in two dimensions: one sheet at each step and site",
}
Progress = Callable[[str, float], None]


def build_plane(
    folder: Path | str,
    *,
    threads: int | None = None,
    progress: Progress = lambda stage, share: None,
) -> Plane:
    """The run in ``folder`` has sheets beside its atlas.

    Raises RunNotFound, AtlasMissing, DamagedRun, InputError.
    """
    run = open_run(folder)
    atlas = open_atlas(run.folder)
    count = threads or os.cpu_count() or 1
    task = task_of(run, atlas, count, progress)
    prepare(task, {"atlas": fingerprint_of(atlas), "start": "atlas"})
    with cores(count):
        make_graphs(task)
        positions = make_layout(task, lambda each: flat_problem(each, atlas))
    shown = np.clip(positions, -FARTHEST, FARTHEST).astype(np.float16)
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(count) as pool:
        fidelity = scores_of(run, atlas, shown, pool, progress)
    found = Plane(card_of(task, atlas, shown), shown[..., :2].copy(), fidelity)
    write_plane(run.folder, found)
    shutil.rmtree(task.work)
    return found


def task_of(run: Run, atlas: Atlas, count: int, progress: Progress) -> Task:
    """The build of the sheets: the atlas's recipe, fewer epochs."""
    names = Recipe.__dataclass_fields__
    recipe = Recipe(**{name: atlas.parameters[name] for name in names if name in atlas.parameters})
    recipe = Recipe(**{**asdict(recipe), "epochs": min(EPOCHS, recipe.epochs)})
    reference, sites = atlas.reference, atlas.sites

    def states_of(step: int) -> Floats:
        return states_at(run, step, reference)

    crew = LocalExecutor(
        states_of, atlas.steps, len(sites), len(reference), atlas.view, recipe.k, count
    )
    folder = run.folder / PLANE
    return Task(atlas.steps, sites, reference, folder, recipe, atlas.view, progress, crew)


def flat_problem(task: Task, atlas: Atlas) -> Problem:
    """The descent of the sheets: the atlas's graphs and springs, from its clouds seen flat."""
    graphs, lengths, _ = read_graphs(task)
    typical = typical_step(len(task.reference), task.recipe.spread) * task.recipe.glide
    rest = rest_lengths(lengths, typical)
    springs = Springs(pairs_of(len(task.steps), len(task.sites)), rest, firmness(rest, 2 * typical))
    return graphs, springs, flat_start(atlas)


def typical_step(count: int, spread: float) -> float:
    """The length the median move is given: about a fifth of the radius of a sheet of ``count``."""
    return float(0.04 * spread * count**0.5)


def flat_start(atlas: Atlas) -> Floats:
    """The atlas's clouds [slice, ref, 3] turned by one rotation so that their shortest direction is
    the third, which is then 0.
    """
    clouds = np.concatenate([atlas.cloud(step) for step in atlas.steps])
    points = clouds.reshape(-1, 3).astype(np.float64)
    center = points.mean(axis=0)
    _, axes = np.linalg.eigh(np.cov((points - center).T))
    flat = (points - center) @ axes[:, ::-1]
    flat[:, 2] = 0
    return np.ascontiguousarray(flat.reshape(clouds.shape), dtype=np.float32)


def scores_of(
    run: Run,
    atlas: Atlas,
    shown: NDArray[np.float16],
    pool: ThreadPoolExecutor,
    progress: Progress,
) -> dict[str, Floats]:
    """Mean trust and continuity of a sample of tokens on every sheet: [step, site] each."""
    rows = []
    for at, step in enumerate(atlas.steps):
        progress("trust", at / len(atlas.steps))
        raw = np.asarray(states_at(run, step, atlas.reference), dtype=np.float32)
        states = viewed(raw, atlas.view)
        rows.append(list(pool.map(sampled_trust, states, shown[at].astype(np.float32))))
    progress("trust", 1.0)
    values = np.asarray(rows, dtype=np.float32)
    return {name: np.ascontiguousarray(values[..., n]) for n, name in enumerate(FIDELITY)}


def sampled_trust(states: Floats, positions: Floats) -> tuple[float, float]:
    """Mean trust and continuity of up to SAMPLE tokens, evenly spaced."""
    count = len(states)
    sample = np.unique(np.linspace(0, count - 1, min(SAMPLE, count)).astype(int))
    trust, continuity = trust_among(states, positions, sample)
    return float(trust.mean()), float(continuity.mean())


def card_of(task: Task, atlas: Atlas, shown: NDArray[Any]) -> dict[str, Any]:
    """What is said of the sheets."""
    return {
        "name": PLANE,
        "kind": PLANE,
        **WORDS,
        "frame": frame_of(shown.astype(np.float32)),
        "atlas": fingerprint_of(atlas),
        "parameters": asdict(task.recipe),
        "sample": min(SAMPLE, len(task.reference)),
    }
