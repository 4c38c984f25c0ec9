"""The building of a run's linear pictures over its atlas: aligned principal components, and the
scores of every basis it carries.

Scores are found step by step and kept in ``projections/.work`` as they come; a build that was
broken goes on from there. Only one step's states are in memory at a time.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save
from threadpoolctl import threadpool_limits

from layerfold.atlas.aligned_pca import AlignedPCA
from layerfold.atlas.files import Atlas, open_atlas
from layerfold.atlas.projection_files import (
    FIDELITY,
    FOLDER,
    Projection,
    digest_of,
    fingerprint_of,
    misfit,
    path_of,
    read_projection,
    write_projection,
)
from layerfold.data.read_once import Reading
from layerfold.data.reference_states import any_states_at, checked, stored
from layerfold.errors import DamagedRun, InputError, LayerfoldError
from layerfold.files.atomic import write_atomically
from layerfold.geometry.fidelity import shepard
from layerfold.geometry.trust import trust_of
from layerfold.records import Floats
from layerfold.runs.opening import open_run
from layerfold.runs.run import Run
from layerfold.space.frame import frame_of

PCA: Final = "pca"
NEIGHBORS: Final = 15
FARTHEST: Final = float(np.finfo(np.float16).max)
WORDS: Final = {
    "title_en": "Aligned PCA",
    "title_zh": "对齐的主成分",
    "axes_en": ["direction 1", "direction 2", "direction 3"],
    "axes_zh": ["方向 1", "方向 2", "方向 3"],
    "source": (
        "The three widest directions of the states at each step and site, turned so that"
        " neighbouring slices agree"
    ),
}

Progress = Callable[[str, float], None]
StatesOf = Callable[[int], NDArray[Any]]
Reason = tuple[str, int, str]  # measure, site, why it is not defined


@dataclass(frozen=True)
class Scores:
    """One projection at one step: ``fidelity`` [measure, site], ``positions`` [site, ref, 3] as
    half numbers, and reasons.
    """

    fidelity: Floats
    positions: NDArray[np.float16]
    reasons: tuple[Reason, ...]


def build_projections(
    folder: Path | str,
    *,
    threads: int | None = None,
    progress: Progress = lambda stage, share: None,
    read: Reading = any_states_at,
) -> tuple[tuple[Projection, ...], tuple[LayerfoldError, ...]]:
    """The run in ``folder`` has aligned PCA over its atlas, and its bases are scored by it: what
    was built, and what could not be. ``read`` gives the states.

    Raises RunNotFound, AtlasMissing, DamagedRun.
    """
    run = open_run(folder)
    atlas = open_atlas(run.folder)
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        bases, bad = carried(run, atlas)
        states_of = partial(states_at, run, atlas, read=read)
        found = [aligned(atlas, states_of, progress), *bases]
        scored = _score_all(Scoring(run, atlas, states_of, pool, progress), found)
    for each in scored:
        write_projection(run.folder, each)
    shutil.rmtree(run.folder / FOLDER / ".work", ignore_errors=True)
    return tuple(scored), tuple(bad)


def carried(run: Run, atlas: Atlas) -> tuple[list[Projection], list[LayerfoldError]]:
    """The bases in the run's folder that fit the atlas, and what is wrong with the others."""
    good: list[Projection] = []
    bad: list[LayerfoldError] = []
    for path in sorted((run.folder / FOLDER).glob("*.safetensors")):
        if path.stem == PCA:
            continue
        try:
            basis = read_projection(path)
            wrong = misfit(basis, atlas, run.d_model)
            if wrong:
                raise DamagedRun(f"{FOLDER}/{path.name} {wrong}: write the basis again")
            good.append(basis)
        except DamagedRun as error:
            bad.append(error)
    return good, bad


def aligned(atlas: Atlas, states_of: StatesOf, progress: Progress) -> Projection:
    """Aligned PCA over every step and site of the atlas, not scored yet."""
    pca = AlignedPCA()
    for at, step in enumerate(atlas.steps):
        progress("directions", at / len(atlas.steps))
        pca.add(states_of(step))
    matrix, offset = pca.maps(np.float16)
    progress("directions", 1.0)
    return Projection({"name": PCA, "kind": "pca", **WORDS}, matrix, offset, {})


def states_at(run: Run, atlas: Atlas, step: int, read: Reading = any_states_at) -> NDArray[Any]:
    """The reference's states [site, ref, d] as serving sees them; raises InputError where one is
    not finite.
    """
    found = stored(checked(read(run, step, atlas.reference), step), atlas.view)
    if not np.isfinite(found).all():
        raise InputError(
            f"The states of {run.name} at step {step} are not all finite: check the run with"
            " `layerfold check`"
        )
    return found


# ---- scores


@dataclass(frozen=True)
class Scoring:
    """What scores are found of and by whom."""

    run: Run
    atlas: Atlas
    states_of: StatesOf
    pool: ThreadPoolExecutor
    progress: Progress


def _score_all(task: Scoring, projections: Sequence[Projection]) -> list[Projection]:
    """The projections with frame and fidelity."""
    stamp, steps = fingerprint_of(task.atlas), task.atlas.steps
    rows: list[list[Scores]] = [[] for _ in projections]
    for at, step in enumerate(steps):
        task.progress("trust", at / len(steps))
        states: NDArray[Any] | None = None
        for each, row in zip(projections, rows, strict=True):
            path = path_of(task.run.folder, f".work/{each.name}-{_mark(each, stamp)}-{step:08d}")
            known = _saved(path)
            if known is None:
                states = task.states_of(step) if states is None else states
                known = scores_of(states, each, at, task.pool)
                _save(path, known)
            row.append(known)
    task.progress("trust", 1.0)
    return [finished(each, row, stamp) for each, row in zip(projections, rows, strict=True)]


def scores_of(
    states: NDArray[Any], projection: Projection, at: int, pool: ThreadPoolExecutor
) -> Scores:
    """How far a projection can be trusted at its step number ``at``, judged by what is shown: half
    numbers.
    """
    positions = np.clip(projection.place(states, at), -FARTHEST, FARTHEST).astype(np.float16)
    found = list(pool.map(fidelity_of, states, positions))
    reasons = [
        (name, site, why) for site, (_, said) in enumerate(found) for name, why in said.items()
    ]
    fidelity = np.array([values for values, _ in found], dtype=np.float32).T
    return Scores(np.ascontiguousarray(fidelity), positions, tuple(reasons))


def fidelity_of(
    states: NDArray[Any], positions: NDArray[np.float16]
) -> tuple[list[float], dict[str, str]]:
    """Trust, continuity, recall and Shepard's correlation of one slice, and why one is not defined
    where it is not.
    """
    true, shown = states.astype(np.float32), positions.astype(np.float32)
    distance = shepard(true, shown)
    said = {"shepard": distance.reason} if distance.reason else {}
    if len(true) <= 2 * NEIGHBORS:
        why = f"it takes more than {2 * NEIGHBORS} tokens, here are {len(true)}"
        return [float("nan")] * 3 + [distance.value], {**dict.fromkeys(FIDELITY[:3], why), **said}
    near = trust_of(true, shown, NEIGHBORS)
    return [
        float(near.trust.mean()),
        float(near.continuity.mean()),
        near.recall,
        distance.value,
    ], said


def finished(projection: Projection, rows: Sequence[Scores], stamp: str) -> Projection:
    """The projection with its scores at every step, over the atlas of that fingerprint."""
    fidelity = np.stack([row.fidelity for row in rows], axis=1)
    reasons = [
        [name, at, site, why] for at, row in enumerate(rows) for name, site, why in row.reasons
    ]
    frame = frame_of(np.stack([row.positions for row in rows]).astype(np.float32))
    card = {**projection.card, "frame": frame, "atlas": stamp, "reasons": reasons}
    return replace(projection, card=card, fidelity=dict(zip(FIDELITY, fidelity, strict=True)))


# ---- work that outlives a kill


def _mark(projection: Projection, stamp: str) -> str:
    """A short name for what is scored: the map, and the atlas whose reference it is scored on."""
    return digest_of({"atlas": stamp}, {"matrix": projection.matrix, "offset": projection.offset})[
        :16
    ]


def _save(path: Path, scores: Scores) -> None:
    words = np.frombuffer(json.dumps(scores.reasons).encode(), dtype=np.uint8)
    write_atomically(
        path, save({"fidelity": scores.fidelity, "positions": scores.positions, "reasons": words})
    )


def _saved(path: Path) -> Scores | None:
    """What a working file holds, None when it is not there or not whole."""
    try:
        arrays = load(path.read_bytes())
        reasons = tuple(
            (str(name), int(site), str(why))
            for name, site, why in json.loads(arrays["reasons"].tobytes())
        )
        return Scores(arrays["fidelity"], arrays["positions"], reasons)
    except (FileNotFoundError, SafetensorError, KeyError, ValueError):
        return None
