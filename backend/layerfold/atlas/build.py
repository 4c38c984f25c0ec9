"""The building of an atlas: states -> graphs -> one layout -> trust and measures -> files.

Each stage leaves its results in ``atlas/.work`` as it goes; a build that was broken goes on from
there and ends in the same bytes as an unbroken one. Only two steps' states are in memory at a time.
The finished files replace older ones at the very end.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from layerfold.atlas.executor import Executor, LocalExecutor
from layerfold.atlas.extras import Extras
from layerfold.atlas.files import (
    CARD,
    MEASURES,
    REFERENCE,
    step_name,
    write_card,
    write_measures,
    write_reference,
    write_slice,
)
from layerfold.atlas.many import SHARES, errors_of, found_of, said_of
from layerfold.atlas.neighborhood import typical_moves
from layerfold.atlas.parameters import Recipe, check
from layerfold.atlas.scores import UNITS, guard
from layerfold.files.atomic import write_atomically
from layerfold.geometry.spectrum import principal_scores
from layerfold.records import Floats, Reference, View
from layerfold.space.density import as_crowded
from layerfold.space.frame import frame_of
from layerfold.space.graph import Graph, curve
from layerfold.space.layout import Graphs, Springs, lay_out
from layerfold.space.springs import REACH, firmness, pairs_of, rest_lengths
from layerfold.space.threads import cores

WORK = ".work"
EVERY = 20  # epochs between two savings of the layout
StatesOf = Callable[[int], Floats]
Progress = Callable[[str, float], None]
Arrays = dict[str, NDArray[Any]]
Problem = tuple[Graphs, Springs, Floats]


@dataclass(frozen=True)
class StateGrid:
    """What an atlas is laid out of: the states of a ``reference`` at each of ``steps`` and
    ``sites`` (their names); ``states_of(step)`` gives raw ones [site, ref, d], which are looked at
    in the ``view``.
    """

    states_of: StatesOf
    steps: Sequence[int]
    sites: Sequence[str]
    reference: Reference
    view: View = "normalised"


@dataclass(frozen=True)
class Task:
    """One build: of what, by whom, where to."""

    steps: tuple[int, ...]
    sites: tuple[str, ...]
    reference: Reference
    folder: Path
    recipe: Recipe
    view: View
    progress: Progress
    crew: Executor

    @property
    def work(self) -> Path:
        return self.folder / WORK

    def path(self, stage: str, step: int) -> Path:
        """The working file of one stage and step."""
        return self.work / f"{stage}-{step:08d}.safetensors"


def nothing(stage: str, share: float) -> None:
    """Nobody watches."""


def build_atlas(
    grid: StateGrid,
    folder: Path | str,
    recipe: Recipe | None = None,
    *,
    extras: Extras[Floats] | None = None,
    threads: int | None = None,
    progress: Progress = nothing,
    crew: Executor | None = None,
) -> None:
    """The run in ``folder`` has an atlas of the ``grid``; a broken build of the same goes on.

    ``recipe`` is the layout's (by default the plain one), the measures of ``extras`` are values
    [step, site]; ``progress(stage, share)``; ``crew`` works out graphs and scores (default: this
    process). The same arguments give the same bytes for any ``threads`` (default: all cores) and
    any crew. Raises InputError.
    """
    recipe, extras = recipe or Recipe(), extras or Extras()
    check(recipe, len(grid.reference))
    count = threads or os.cpu_count() or 1
    task = Task(
        tuple(grid.steps),
        tuple(grid.sites),
        grid.reference,
        Path(folder) / "atlas",
        recipe,
        grid.view,
        progress,
        crew or _alone(grid, recipe.k, count),
    )
    prepare(task, extras.origin)
    with cores(count):
        make_graphs(task)
        positions = make_layout(task, problem)
        if recipe.density:
            positions = _crowded(task, positions, count)
        _make_scores(task, positions)
    _finish(task, positions, extras)


def _alone(grid: StateGrid, k: int, threads: int) -> LocalExecutor:
    """This process, working out the grid's graphs of ``k`` neighbours and scores."""
    steps, sites, tokens = tuple(grid.steps), len(grid.sites), len(grid.reference)
    return LocalExecutor(grid.states_of, steps, sites, tokens, grid.view, k, threads)


# ---- work that outlives a kill


def prepare(task: Task, origin: Mapping[str, str]) -> None:
    """The working folder is there and belongs to this very build."""
    digest = hashlib.sha256()
    for array in (task.reference.windows, task.reference.window, task.reference.position):
        digest.update(np.ascontiguousarray(array, dtype=np.int32).tobytes())
    plan = {
        "recipe": asdict(task.recipe),
        "steps": task.steps,
        "sites": task.sites,
        "view": task.view,
        "origin": dict(origin),
    }
    text = json.dumps(
        {**plan, "reference": digest.hexdigest(), "reach": REACH, "form": 3}, sort_keys=True
    ).encode()
    path = task.work / "plan.json"
    if path.is_file() and path.read_bytes() == text:
        return
    shutil.rmtree(task.work, ignore_errors=True)
    write_atomically(path, text)


def saved(path: Path) -> Arrays | None:
    """The arrays of a working file, None when it is not there or not whole."""
    try:
        return load(path.read_bytes())
    except (FileNotFoundError, SafetensorError):
        return None


# ---- graphs


def make_graphs(task: Task) -> None:
    """Each step's graphs, sketch and true moves are in the working folder."""
    left = _left(task, "graph")
    for step, arrays in task.crew.neighborhoods(left, _share(task, "neighbours", len(left))):
        write_atomically(task.path("graph", step), save(arrays))
    task.progress("neighbours", 1.0)


def _left(task: Task, stage: str) -> list[int]:
    """The steps whose working file of a stage is yet to be made."""
    return [step for step in task.steps if saved(task.path(stage, step)) is None]


def _share(task: Task, stage: str, left: int) -> Callable[[float], None]:
    """Says a share of the ``left`` steps as one of all steps."""
    return lambda share: task.progress(
        stage, (len(task.steps) - left * (1 - share)) / len(task.steps)
    )


# ---- layout


def make_layout(task: Task, posed: Callable[[Task], Problem]) -> Floats:
    """Positions [step, site, ref, 3] of the whole grid: the descent that was ``posed``."""
    shape = (len(task.steps), len(task.sites), len(task.reference), 3)
    found = saved(task.work / "layout.safetensors")
    begin = 0 if found is None else int(found["epoch"][0])
    epochs = task.recipe.epochs
    if found is not None and begin == epochs:
        return np.asarray(found["positions"].reshape(shape), dtype=np.float32)
    graphs, springs, start = posed(task)

    def each(epoch: int, positions: Floats) -> None:
        if epoch % EVERY == 0 or epoch == epochs:
            arrays = {"epoch": np.array([epoch], dtype=np.int32), "positions": positions}
            write_atomically(task.work / "layout.safetensors", save(arrays))
        task.progress("layout", epoch / epochs)

    a, b = curve(task.recipe.min_dist, task.recipe.spread)
    descent = task.recipe.descent(a, b)
    positions = lay_out(
        graphs,
        springs,
        start if found is None else found["positions"],
        descent,
        begin=begin,
        each=each,
    )
    return positions.reshape(shape)


def _crowded(task: Task, positions: Floats, threads: int) -> Floats:
    """The grid's places [step, site, ref, 3], each slice as crowded as its states."""
    found = np.empty_like(positions)
    with ThreadPoolExecutor(threads) as pool:
        for at, step in enumerate(task.steps):
            arrays = load(task.path("graph", step).read_bytes())
            radii = [arrays[f"radii.{site}"] for site in range(len(task.sites))]
            found[at] = list(pool.map(as_crowded, positions[at], radii, repeat(task.recipe.k - 1)))
            task.progress("density", (at + 1) / len(task.steps))
    return found


def problem(task: Task) -> Problem:
    """The graphs, the springs and the common start, read from the working folder."""
    graphs, lengths, sketches = read_graphs(task)
    typical = typical_move(len(task.reference), task.recipe.spread) * task.recipe.glide
    rest = rest_lengths(lengths, typical)
    springs = Springs(pairs_of(len(task.steps), len(task.sites)), rest, firmness(rest, 2 * typical))
    return graphs, springs, common_start(sketches, task.recipe.spread)


def read_graphs(task: Task) -> tuple[Graphs, Floats, list[Floats]]:
    """The graphs, the true moves in the order of ``pairs_of``, and sketches of the states, read
    from the working folder.
    """
    graphs: list[Graph] = []
    sketches: list[Floats] = []
    true: dict[str, list[Floats]] = {
        f"{kind}.{reach}": [] for reach in REACH for kind in ("site", "step")
    }
    for step in task.steps:
        arrays = load(task.path("graph", step).read_bytes())
        graphs += [
            Graph(*(arrays[f"{part}.{site}"] for part in ("starts", "indices", "weights")))
            for site in range(len(task.sites))
        ]
        sketches.append(arrays["sketch"])
        for name, found in true.items():
            if name in arrays:
                found.append(arrays[name])
    return Graphs.of(graphs), _in_order(true), sketches


def _in_order(true: Mapping[str, list[Floats]]) -> Floats:
    """The moves in the order of ``pairs_of``: for each reach, along the sites step by step, then
    along the steps site by site.
    """
    rows: list[Floats] = []
    for reach in REACH:
        rows += true[f"site.{reach}"]
        if true[f"step.{reach}"]:
            rows.append(np.concatenate(np.stack(true[f"step.{reach}"], axis=1)))
    return np.concatenate(rows) if rows else np.zeros((0, 0), dtype=np.float32)


def typical_move(count: int, spread: float) -> float:
    """The length the median move is given: about a fifth of the radius that UMAP's clouds of
    ``count`` points have.
    """
    return float(0.12 * spread * count ** (1 / 3))


def common_start(sketches: Sequence[Floats], spread: float) -> Floats:
    """Where every slice starts, [ref, 3]: the widest directions of all slices' states side by side,
    as wide as UMAP starts.
    """
    start = principal_scores(np.concatenate(sketches, axis=1), 3)
    return np.asarray(
        start * np.float32(spread * 10 / 3 / max(float(start.std(axis=0).max()), 1e-12)),
        dtype=np.float32,
    )


# ---- scores


def _make_scores(task: Task, positions: Floats) -> None:
    """Each step's cloud file, and its measures and state norms, are in the working folder."""
    kept = positions.astype(np.float16)
    left = _left(task, "score")
    at = {step: number for number, step in enumerate(task.steps)}
    shown = [kept[at[step]].astype(np.float32) for step in left]  # what is judged is what is stored
    for step, found in task.crew.scores(left, shown, _share(task, "trust", len(left))):
        write_slice(task.work, step, kept[at[step]], found["trust"], found["continuity"])
        arrays = {name: found["measured"][:, number] for number, name in enumerate(UNITS)} | {
            "norm": found["norm"]
        }
        write_atomically(
            task.path("score", step),
            save({name: np.ascontiguousarray(values) for name, values in arrays.items()}),
        )
    task.progress("trust", 1.0)


# ---- the end


def _finish(task: Task, positions: Floats, extras: Extras[Floats]) -> None:
    """The atlas's files are in place, the card last, and the working folder is gone."""
    scores = [load(task.path("score", step).read_bytes()) for step in task.steps]
    measures = {name: np.stack([score[name] for score in scores]) for name in UNITS}
    measures |= {
        name: np.asarray(values, dtype=np.float32) for name, (_, values) in extras.measures.items()
    }
    norms = np.stack([score["norm"] for score in scores])
    names, axes = guard(task.reference, positions, norms, extras.variables)
    near = [load(task.path("graph", step).read_bytes()) for step in task.steps]
    write_measures(
        task.work,
        measures,
        axes,
        np.stack([each["own"] for each in near]),
        np.stack([typical_moves(each) for each in near]),
    )
    write_reference(task.work, task.reference)
    card = _card(task, frame_of(positions), names, extras) | _of_many(task, near)
    (task.folder / CARD).unlink(missing_ok=True)
    for name in (REFERENCE, MEASURES, *(step_name(step) for step in task.steps)):
        write_atomically(task.folder / name, (task.work / name).read_bytes())
    write_card(task.folder, card)
    # numbers of an atlas that grew before this one took its place
    for grown in task.folder.glob("measures-*.safetensors"):
        grown.unlink()
    shutil.rmtree(task.work)


def _card(
    task: Task, frame: Mapping[str, Any], axis_variables: Sequence[str], extras: Extras[Floats]
) -> dict[str, Any]:
    """What the card says of every atlas."""
    a, b = curve(task.recipe.min_dist, task.recipe.spread)
    units = UNITS | {name: unit for name, (unit, _) in extras.measures.items()}
    return {
        "steps": task.steps,
        "sites": task.sites,
        "view": task.view,
        "parameters": {**asdict(task.recipe), "a": a, "b": b},
        "frame": frame,
        "measures": [{"name": name, "unit": unit} for name, unit in units.items()],
        "axis_variables": axis_variables,
        "moves": True,
        "origin": dict(extras.origin),
    }


def _of_many(task: Task, near: Sequence[Arrays]) -> dict[str, Any]:
    """What the card says of an atlas of many points."""
    clouds = [load((task.work / step_name(step)).read_bytes()) for step in task.steps]
    errors = [errors_of({name: each[name] / 255 for name in SHARES}) for each in clouds]
    return said_of(len(task.reference), errors, [found_of(each) for each in near])
