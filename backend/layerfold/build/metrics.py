"""Measuring a run: its numbers at every step and site, beside its atlas.

Each step's numbers are left in ``measures/.work`` as they come, so that measuring goes on where it
was stopped. The states of one step are in memory at a time, with those of the two before where
change over training is measured.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from threadpoolctl import threadpool_limits

from layerfold.atlas.files import Atlas, open_atlas
from layerfold.build.layer_maps import TOKENS, stretches_of, tokens_of, weights_at
from layerfold.data.read_once import Reading
from layerfold.data.reference_states import any_states_at, viewed
from layerfold.errors import DamagedRun, InputError, StepNotFound
from layerfold.files.atomic import write_atomically
from layerfold.geometry.events import find_events
from layerfold.metrics.files import (
    FOLDER,
    NAMES,
    Jump,
    Measured,
    atlas_hash,
    group_of,
    joined,
    standing,
    training_measures,
    unit_of,
    write_measured,
)
from layerfold.metrics.per_site import (
    MEASURED,
    NEED_MAPS,
    NEED_NEIGHBOURS,
    NEED_WEIGHTS,
    NEIGHBORS,
    NO_NEIGHBOURS,
    NO_STEP_BEFORE,
    SINCE,
    Here,
    Past,
    neighbors,
    read_all,
)
from layerfold.records import Estimate, Measure
from layerfold.runs.opening import open_run
from layerfold.runs.run import Run

WORK: Final = ".work"
JUMPS: Final = 3  # kept of a measure, the highest scores first
SURE: Final = 3
NO_NEWS: Final = ("lr", "learning_rate", "grad_norm")
OVER_STEPS: Final = (*SINCE, "turn_step", "stability")
NOT_YET: Final = "it has not been measured: run `layerfold measure`"
Progress = Callable[[str, float], None]
Row = dict[str, list[Estimate]]


@dataclass(frozen=True)
class Task:
    """One measuring: of which run and atlas, what, and at which steps."""

    run: Run
    atlas: Atlas
    names: tuple[str, ...]
    steps: tuple[int, ...]
    threads: int
    progress: Progress
    read: Reading

    @property
    def work(self) -> Path:
        return self.run.folder / FOLDER / WORK

    def path(self, step: int) -> Path:
        """The working file of a step."""
        return self.work / f"step-{step:08d}.json"


def measure_run(
    folder: Path | str,
    names: Sequence[str] | None = None,
    steps: Sequence[int] | None = None,
    threads: int | None = None,
    progress: Progress = lambda stage, share: None,
    read: Reading = any_states_at,
) -> Measured:
    """The run's measures are kept in its folder: those named, at the steps given (all by default),
    anew; the others as they were.

    ``progress(stage, share)``; ``read`` gives the states. What the training log says is always read
    anew. Raises RunNotFound,
    DamagedRun, AtlasMissing, StepNotFound, and InputError for a name that nothing is called.
    """
    run = open_run(folder)
    atlas = open_atlas(run.folder)
    wanted = _checked_names(names, run, atlas)
    chosen = _checked_steps(steps, atlas.steps)
    task = Task(run, atlas, wanted, chosen, threads or os.cpu_count() or 1, progress, read)
    _prepare(task)
    with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(task.threads) as pool:
        _measure_steps(task, pool)
    found = _gathered(task)
    write_measured(run.folder, found)
    shutil.rmtree(task.work, ignore_errors=True)
    return found


def _checked_names(names: Sequence[str] | None, run: Run, atlas: Atlas) -> tuple[str, ...]:
    """Those of the names that are computed here; raises InputError for one that is no measure of
    this run.
    """
    if not names:
        return MEASURED
    logged = [measure.name for measure in training_measures(run.metrics(), atlas.steps, 1)]
    known = dict.fromkeys((*NAMES, *(measure.name for measure in atlas.measures), *logged))
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InputError(f"there is no measure {unknown[0]!r}: choose among {', '.join(known)}")
    return tuple(name for name in MEASURED if name in names)


def _checked_steps(steps: Sequence[int] | None, there: Sequence[int]) -> tuple[int, ...]:
    """The steps in order; raises StepNotFound."""
    strange = sorted(set(steps or ()) - set(there))
    if strange:
        raise StepNotFound(
            f"There are no clouds at step {strange[0]}. There are at: {', '.join(map(str, there))}."
        )
    return tuple(there) if steps is None else tuple(step for step in there if step in steps)


def parameters() -> dict[str, Any]:
    """What decides the numbers besides the states."""
    return {"k": NEIGHBORS, "map_tokens": TOKENS, "landmarks": 256, "pairs": 20_000, "seed": 0}


def _prepare(task: Task) -> None:
    """The working folder is there and belongs to this very measuring."""
    plan = {
        "atlas": atlas_hash(task.run.folder),
        "names": task.names,
        "parameters": parameters(),
        "files": task.run.card.get("files", {}),
    }
    text = json.dumps(plan, sort_keys=True).encode()
    path = task.work / "plan.json"
    if path.is_file() and path.read_bytes() == text:
        return
    shutil.rmtree(task.work, ignore_errors=True)
    write_atomically(path, text)


# ---- step by step


def _measure_steps(task: Task, pool: ThreadPoolExecutor) -> None:
    """Each step's numbers are in the working folder."""
    kept: dict[int, Here | str] = {}
    for at, step in enumerate(task.steps if task.names else ()):
        task.progress(f"measuring step {step}", at / len(task.steps))
        if task.path(step).is_file():
            continue
        place = task.atlas.steps.index(step)
        looked = (
            task.atlas.steps[max(place - 2, 0) : place + 1]
            if set(task.names) & set(OVER_STEPS)
            else (step,)
        )
        kept = {each: kept[each] if each in kept else _look(task, each, pool) for each in looked}
        here = kept[step]
        if isinstance(here, str):
            row: Row = {
                name: [Estimate.undefined(here)] * len(task.atlas.sites) for name in task.names
            }
            seconds = dict.fromkeys(task.names, 0.0)
        else:
            row, seconds = read_all(
                _with_map(task, step, here, pool), _past(task, kept, place), task.names, pool
            )
        _keep(task.path(step), row, seconds)
    task.progress("measuring", 1.0)


def _look(task: Task, step: int, pool: ThreadPoolExecutor) -> Here | str:
    """What is read at a step, or why nothing can be."""
    try:
        raw = task.read(task.run, step, task.atlas.reference)
        positions = task.atlas.slice(step).positions
    except (DamagedRun, StepNotFound):
        return "the checkpoint or the clouds of this step cannot be read"
    with np.errstate(invalid="ignore"):  # what is not finite stays so, and is named where it is met
        states = viewed(raw, task.atlas.view)
    begin = time.perf_counter()
    near = (
        tuple(pool.map(neighbors, states))
        if set(task.names) & set(NEED_NEIGHBOURS)
        else (NO_NEIGHBOURS,) * len(states)
    )
    spent = dict.fromkeys(NEED_NEIGHBOURS, time.perf_counter() - begin)
    return Here(task.atlas.sites, raw, states, positions, near, spent=spent)


def _with_map(task: Task, step: int, here: Here, pool: ThreadPoolExecutor) -> Here:
    """The same with what needs the network itself, where it is asked for."""
    adapter = task.run.adapter(step)
    if set(task.names) & set(NEED_WEIGHTS):
        here = replace(here, weights=weights_at(adapter))
    if set(task.names) & set(NEED_MAPS):
        begin = time.perf_counter()
        stretches = stretches_of(adapter, tokens_of(task.atlas.reference), pool)
        here = replace(
            here,
            stretches=stretches,
            spent={**here.spent, **dict.fromkeys(NEED_MAPS, time.perf_counter() - begin)},
        )
    return here


def _past(task: Task, kept: Mapping[int, Here | str], place: int) -> Past:
    """The two steps before the one at ``place``, where they can be read."""
    steps = task.atlas.steps
    before, earlier = (kept.get(steps[place - back]) if place >= back else None for back in (1, 2))
    why = before if isinstance(before, str) else NO_STEP_BEFORE
    one, two = (each if isinstance(each, Here) else None for each in (before, earlier))
    return Past(one, two, why.replace("this step", "the step before"))


def _keep(path: Path, row: Row, seconds: Mapping[str, float]) -> None:
    """The numbers of one step are in a file."""
    numbers = {
        name: [[one.value, one.low, one.high, one.reason] for one in sites]
        for name, sites in row.items()
    }
    write_atomically(path, json.dumps({"row": numbers, "seconds": dict(seconds)}).encode())


# ---- the end


def _gathered(task: Task) -> Measured:
    """What was measured now, what was kept before and still stands, what the training log says, and
    the jumps in all of it.
    """
    before = _standing(task)
    seconds = {} if before is None else dict(before.seconds or {})
    rows: dict[int, Row] = {}
    spent = dict.fromkeys(task.names, 0.0)
    for step in task.steps if task.names else ():
        saved = json.loads(task.path(step).read_bytes())
        rows[step] = {
            name: [Estimate(*one) for one in sites] for name, sites in saved["row"].items()
        }
        for name, took in saved["seconds"].items():
            spent[name] += took
    old = {measure.name: measure for measure in (before.measures if before else ())}
    now = {name: _measure(name, task, rows, old.get(name)) for name in task.names}
    logged = {
        measure.name: measure
        for measure in training_measures(
            task.run.metrics(), task.atlas.steps, len(task.atlas.sites)
        )
    }
    kept = {name: measure for name, measure in old.items() if measure.group != "training"}
    every = {**kept, **now, **logged}
    order = {name: at for at, name in enumerate(NAMES)}
    measures = tuple(
        sorted(every.values(), key=lambda measure: order.get(measure.name, len(order)))
    )
    found = Measured(
        atlas_hash(task.run.folder),
        task.atlas.steps,
        task.atlas.sites,
        parameters(),
        measures,
        (),
        seconds | spent,
    )
    return replace(found, events=jumps(task.atlas.steps, joined(task.atlas.measures, found)))


def _standing(task: Task) -> Measured | None:
    """What was kept before, if it is of this atlas and made in the same way."""
    before = standing(task.run.folder)
    return before if before is not None and dict(before.parameters) == parameters() else None


def _measure(name: str, task: Task, rows: Mapping[int, Row], old: Measure | None) -> Measure:
    """One measure over all steps: the rows measured now, and what was known of the other steps."""
    cells = [
        rows[step][name] if step in rows else _known(old, at, len(task.atlas.sites))
        for at, step in enumerate(task.atlas.steps)
    ]
    values, low, high = (
        np.array([[getattr(cell, part) for cell in row] for row in cells], dtype=np.float32)
        for part in ("value", "low", "high")
    )
    reasons = tuple(tuple(cell.reason for cell in row) for row in cells)
    bars = np.isfinite(low).any() or np.isfinite(high).any()
    said = reasons if any(any(row) for row in reasons) else None
    return Measure(
        name,
        unit_of(name),
        values,
        group_of(name),
        low if bars else None,
        high if bars else None,
        said,
    )


def _known(old: Measure | None, at: int, sites: int) -> list[Estimate]:
    """What was measured before at the ``at``-th step."""
    if old is None:
        return [Estimate.undefined(NOT_YET)] * sites
    nan = np.full(sites, np.nan)
    low, high = (nan if bound is None else bound[at] for bound in (old.low, old.high))
    reasons = ("",) * sites if old.reasons is None else old.reasons[at]
    cells = zip(old.values[at], low, high, reasons, strict=True)
    return [
        Estimate(float(value), float(least), float(most), reason)
        for value, least, most, reason in cells
    ]


def jumps(steps: Sequence[int], measures: Sequence[Measure]) -> tuple[Jump, ...]:
    """The steps where a measure jumps, by ``find_events``: of each measure the few highest scores,
    at the site where each is highest.

    A jump must be three times its error. What the training log says is the same at every site: it
    stands at the last; what the trainer sets or what shivers from batch to batch is left out.
    """
    found: list[Jump] = []
    for measure in measures:
        if measure.name in NO_NEWS:
            continue
        last = measure.values.shape[1] - 1
        best: dict[int, Jump] = {}
        for site in range(last, -1, -1) if measure.group != "training" else (last,):
            for event in find_events(steps, measure.values[:, site].astype(np.float64)):
                jump = Jump(
                    event.step, measure.name, site, event.before, event.after, round(event.score, 3)
                )
                known = best.get(event.step)
                if (known is None or known.score < jump.score) and _is_sure(
                    measure, steps.index(event.step), jump
                ):
                    best[event.step] = jump
        found += sorted(best.values(), key=lambda jump: -jump.score)[:JUMPS]
    return tuple(sorted(found, key=lambda jump: (jump.step, -jump.score)))


def _is_sure(measure: Measure, at: int, jump: Jump) -> bool:
    """Whether a jump that ends its largest change at the ``at``-th step is over three times the
    error of a difference there.
    """
    if measure.low is None or measure.high is None:
        return True
    bars = (measure.high - measure.low)[max(at - 1, 0) : at + 1, jump.site] / 2
    error = float(np.nan_to_num(bars).max()) * 2**0.5
    return abs(jump.after - jump.before) > SURE * error
