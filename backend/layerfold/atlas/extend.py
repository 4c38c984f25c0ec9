"""The growing of an atlas: a step that comes later gets its clouds, and not a byte of the clouds
before it changes.

The new slices are laid out as a whole layout is (``layout.py``): UMAP's objective on their own
graphs, and springs as long as the true moves, between the step's own sites and to the clouds of the
steps beside it, which stay where they are. They start from the places of the step before. The scale
of the springs is that of all steps so far, so that a move as far as one before is drawn as far.

The card is written last: a reader sees the atlas of before or the one that has grown. Imported only
when an atlas is built.
"""

from __future__ import annotations

import os
import time
from bisect import bisect
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from layerfold.atlas.build import typical_move
from layerfold.atlas.executor import States
from layerfold.atlas.extras import Extras
from layerfold.atlas.files import (
    OWN,
    Atlas,
    open_atlas,
    step_name,
    write_card,
    write_measures,
    write_slice,
)
from layerfold.atlas.many import grown
from layerfold.atlas.neighborhood import moves_to, neighborhood, typical_moves
from layerfold.atlas.parameters import Recipe
from layerfold.atlas.scores import UNITS, guard, joined_scores, score_of
from layerfold.errors import InputError
from layerfold.geometry.axes import axis_correlations
from layerfold.records import Floats
from layerfold.space.density import as_crowded
from layerfold.space.graph import Graph
from layerfold.space.layout import Graphs, Springs, lay_out
from layerfold.space.springs import REACH, firmness, moves, rest_lengths
from layerfold.space.threads import cores

# of the epochs are left out: the step before is where a layout from nothing stands about then
BEGIN: Final = 0.5
# times as firm as in a whole layout: there both ends of a spring give way, here one does
FIRM: Final = 1.5
# of a new step's points the frame holds, or it is widened until it holds ``HOLDS`` of them
INSIDE: Final = 0.95
HOLDS: Final = 0.98
SPARED: Final = 120.0  # seconds that numbers of a former card are left to those who read by it
Progress = Callable[[str, float], None]
Arrays = dict[str, NDArray[Any]]
StepExtras = Extras[Mapping[int, float]]


@dataclass(frozen=True)
class Newcomer:
    """A step on its way into an atlas: ``at`` which place, ``beside`` which steps of it, ``(step,
    reach)`` each, those before first.
    """

    step: int
    at: int
    beside: tuple[tuple[int, int], ...]

    @staticmethod
    def of(step: int, steps: Sequence[int]) -> Newcomer:
        at = bisect(steps, step)
        before = [(steps[at - reach], -reach) for reach in REACH if at >= reach]
        after = [(steps[at + reach - 1], reach) for reach in REACH if at + reach <= len(steps)]
        return Newcomer(step, at, tuple(before + after))


def extend_atlas(
    states_of: Callable[[int], Floats],
    steps: Sequence[int],
    run: Path | str,
    *,
    extras: StepExtras | None = None,
    threads: int | None = None,
    progress: Progress = lambda stage, share: None,
) -> Atlas:
    """The atlas of the run has clouds at ``steps`` too, added one by one; the files of its other
    steps are the same to the byte.

    ``states_of(step)`` gives raw states [site, ref, d]. Of ``extras``, the variables are those the
    atlas was built with, the measures values by step, the same at every site; the origin is added
    to the card's. The same atlas and steps give the same bytes for any ``threads``. Raises
    AtlasMissing, DamagedRun, and InputError for states that cannot be used.
    """
    atlas, extras = open_atlas(run), extras or Extras()
    count = threads or os.cpu_count() or 1
    states = States(
        states_of, len(atlas.sites), len(atlas.reference), atlas.view, keep=2 * max(REACH) + 1
    )
    with cores(count), ThreadPoolExecutor(count) as pool:
        for step in sorted(set(steps) - set(atlas.steps)):
            one = Newcomer.of(step, atlas.steps)
            arrays, unit = _looked_at(atlas, one, states, pool, progress)
            positions = _laid_out(atlas, one, arrays, unit, progress)
            progress("trust", 0.0)
            scores = _scored(states[step], positions.astype(np.float32), pool)
            write_slice(atlas.folder, step, positions, scores["trust"], scores["continuity"])
            atlas = _grown(atlas, one, positions, arrays, scores, extras)
            progress("trust", 1.0)
    return atlas


# ---- graphs and true moves


def _looked_at(
    atlas: Atlas, one: Newcomer, states: States, pool: ThreadPoolExecutor, progress: Progress
) -> tuple[Arrays, float]:
    """What the layout needs of the new step, ``after.1`` and ``after.2`` among it, and the median
    true move of all steps.
    """
    progress("neighbours", 0.0)
    known = _moves_so_far(atlas, states)
    here = states[one.step][0]
    before = [states[step][0] for step, reach in one.beside if reach < 0]
    arrays = neighborhood(here, before, int(atlas.parameters.get("k", 15)), pool)
    for step, reach in one.beside:
        if reach > 0:
            arrays[f"after.{reach}"] = np.stack(
                [moves(*pair) for pair in zip(here, states[step][0], strict=True)]
            )
    arrays["known"], arrays["moves"] = known, typical_moves(arrays)
    progress("neighbours", 1.0)
    every = np.concatenate([known.ravel(), arrays["moves"]])
    return arrays, float(np.nanmedian(every)) if np.isfinite(every).any() else 1.0


def _moves_so_far(atlas: Atlas, states: States) -> Floats:
    """Quantiles of the true moves at each step of the atlas, [step, quantile]; worked out from the
    states where it does not say.
    """
    known = atlas.moves
    if known is not None:
        return known
    rows = []
    for at, step in enumerate(atlas.steps):
        here, before = (
            states[step][0],
            [states[atlas.steps[at - reach]][0] for reach in REACH if at >= reach],
        )
        found = [
            moves_to(site, list(here[:n][::-1]), [each[n] for each in before])
            for n, site in enumerate(here)
        ]
        rows.append(
            typical_moves(
                {
                    name: np.stack([one[name] for one in found if name in one])
                    for name in {k for f in found for k in f}
                }
            )
        )
    return np.stack(rows)


# ---- layout


def _laid_out(
    atlas: Atlas, one: Newcomer, arrays: Arrays, unit: float, progress: Progress
) -> NDArray[np.float16]:
    """The new clouds [site, ref, 3], as they are kept."""
    sites = len(atlas.sites)
    frozen = [atlas.cloud(step) for step, _ in one.beside]
    given = {
        field.name: atlas.parameters[field.name]
        for field in fields(Recipe)
        if field.name in atlas.parameters
    }
    recipe = Recipe(**given)
    descent = recipe.descent(float(atlas.parameters["a"]), float(atlas.parameters["b"]))
    descent = replace(descent, tie=FIRM * descent.tie)
    graphs = Graphs.of(
        [
            Graph(*(arrays[f"{part}.{site}"] for part in ("starts", "indices", "weights")))
            for site in range(sites)
        ]
    )
    springs = _springs(
        one, arrays, typical_move(len(atlas.reference), recipe.spread) * recipe.glide, unit, sites
    )
    start = np.concatenate([*frozen, frozen[0]])
    begin = round(BEGIN * recipe.epochs)

    def each(epoch: int, _: Floats) -> None:
        progress("layout", (epoch - begin) / max(recipe.epochs - begin, 1))

    places = lay_out(
        graphs, springs, start, descent, begin=begin, frozen=sites * len(frozen), each=each
    )
    found = places[sites * len(frozen) :]
    if recipe.density:
        found = np.stack(
            [as_crowded(found[at], arrays[f"radii.{at}"], recipe.k - 1) for at in range(sites)]
        )
    return found.astype(np.float16)


def _springs(one: Newcomer, arrays: Arrays, typical: float, unit: float, sites: int) -> Springs:
    """Springs between the new step's sites, and from each of them to the same site of the frozen
    steps, which are numbered first.
    """
    base = sites * len(one.beside)
    pairs = [(base + site, base + site + reach) for reach in REACH for site in range(sites - reach)]
    rows = [arrays[f"site.{reach}"] for reach in REACH if sites > reach]
    for number, (_, reach) in enumerate(one.beside):
        pairs += [(number * sites + site, base + site) for site in range(sites)]
        rows.append(arrays[f"step.{-reach}" if reach < 0 else f"after.{reach}"])
    rest = rest_lengths(np.concatenate(rows), typical, unit)
    return Springs(
        np.array(pairs, dtype=np.int64).reshape(-1, 2), rest, firmness(rest, 2 * typical)
    )


# ---- what is said of it


def _scored(states: tuple[Floats, Floats], shown: Floats, pool: ThreadPoolExecutor) -> Arrays:
    """Trust and measures of the new step, judged by what is kept."""
    here, norm = states
    nexts = [*((here[at + 1], shown[at + 1]) for at in range(len(here) - 1)), None]
    return joined_scores(list(pool.map(score_of, here, shown, nexts)), norm)


def _grown(
    atlas: Atlas,
    one: Newcomer,
    positions: NDArray[np.float16],
    arrays: Arrays,
    scores: Arrays,
    extras: StepExtras,
) -> Atlas:
    """The atlas with the new step in its card and its numbers; what the card of before named is
    still there.
    """
    steps = [*atlas.steps[: one.at], one.step, *atlas.steps[one.at :]]
    measures, units = _measures(atlas, one, steps, scores, extras)
    axes = _axes(atlas, one, steps, positions.astype(np.float32), scores["norm"], extras)
    own = np.insert(atlas._numbers[OWN], one.at, arrays["own"], axis=0)
    name = f"measures-{one.step:08d}.safetensors"
    write_measures(
        atlas.folder,
        measures,
        axes,
        own,
        np.insert(arrays["known"], one.at, arrays["moves"], axis=0),
        name,
    )
    kept = {key: value for key, value in atlas.card.items() if key not in ("format", "files")}
    changed = {
        "steps": steps,
        "frame": _frame(atlas.frame, positions.astype(np.float32)),
        "measures": [{"name": each, "unit": unit} for each, unit in units.items()],
        "moves": True,
        "numbers": name,
        "origin": {**atlas.card.get("origin", {}), **extras.origin},
        **grown(atlas.card, one.at, scores, arrays),
    }
    names = (step_name(step) for step in atlas.steps)
    unchanged = {each: atlas.card["files"][each] for each in (*names, "reference.safetensors")}
    write_card(atlas.folder, {**kept, **changed}, unchanged)
    _clear(atlas.folder, (name, atlas.numbers))
    return open_atlas(atlas.folder.parent)


def _clear(folder: Path, kept: Sequence[str]) -> None:
    """Numbers of former cards that nobody reads any more are gone."""
    for path in folder.glob("measures*.safetensors"):
        if path.name not in kept and time.time() - path.stat().st_mtime > SPARED:
            path.unlink(missing_ok=True)


def _measures(
    atlas: Atlas, one: Newcomer, steps: Sequence[int], scores: Arrays, extras: StepExtras
) -> tuple[dict[str, Floats], dict[str, str]]:
    """Every measure [step, site] with the new step's row, and its unit; what is not told of a step
    is NaN.
    """
    own = dict(zip(UNITS, scores["measured"].T, strict=True))
    values, units = {}, {}
    for measure in atlas.measures:
        row = own.get(measure.name, np.full(len(atlas.sites), np.nan))
        values[measure.name], units[measure.name] = (
            np.insert(measure.values, one.at, row, axis=0).astype(np.float32),
            measure.unit,
        )
    for name, (unit, told) in extras.measures.items():
        column = np.array([told.get(step, np.nan) for step in steps], dtype=np.float32)
        values[name], units[name] = np.repeat(column[:, None], len(atlas.sites), axis=1), unit
    return values, units


def _axes(
    atlas: Atlas,
    one: Newcomer,
    steps: Sequence[int],
    places: Floats,
    norm: Floats,
    extras: StepExtras,
) -> Floats:
    """The axis guard with the new step's row; what repeats the step is found anew, over all of
    them.
    """
    names, row = guard(atlas.reference, places[None], norm[None], extras.variables)
    if names != atlas.axis_variables:
        raise InputError(
            f"The atlas was built with the variables {atlas.axis_variables}, not {names}: give the"
            " same, or build it again"
        )
    axes = np.insert(atlas.axes, one.at, row[0], axis=0)
    grid = np.stack([places if step == one.step else atlas.cloud(step) for step in steps])
    for site in range(len(atlas.sites)):
        over = {"step": np.repeat(np.arange(len(steps), dtype=np.float32), len(atlas.reference))}
        axes[:, site, :, -1] = axis_correlations(grid[:, site].reshape(-1, 3), over)[:, 0]
    return axes


def _frame(frame: Mapping[str, Any], places: Floats) -> dict[str, Any]:
    """The frame as it was, or wider about the same middle where it holds less than ``INSIDE`` of
    the new step's points.
    """
    away = np.sqrt(
        np.square(places.reshape(-1, 3) - np.asarray(frame["center"], dtype=np.float32)).sum(axis=1)
    )
    if float((away <= frame["radius"]).mean()) >= INSIDE:
        return dict(frame)
    return {**frame, "radius": round(float(np.quantile(away, HOLDS)), 4)}
