"""Everything that can be found wrong with a run on disk: hashes, shapes, ranges, numbers that are
not finite.

What is a state and no fault (no atlas yet, cards without a digest) is a note. A run that a person
has changed can be accepted as it is.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np

from layerfold.atlas.files import Atlas, open_atlas
from layerfold.atlas.plane_file import open_plane
from layerfold.atlas.projection_files import open_projections
from layerfold.cards.digest import is_edited, is_signed, signed
from layerfold.cards.reading import CARD_BYTES, Card, parse_object
from layerfold.claims.claim import CLAIMS, REDO, checkpoints_of, read_file
from layerfold.claims.seed.files import REDO as RESEED
from layerfold.claims.seed.files import SEED, read_seed_file
from layerfold.errors import AtlasMissing, LayerfoldError
from layerfold.files.atomic import read_bounded, write_atomically
from layerfold.metrics.files import CARD as MEASURES
from layerfold.metrics.files import REPAIR as REMEASURE
from layerfold.metrics.files import read_measured, trouble
from layerfold.records import Reference, Slice
from layerfold.runs.manifest import differences, write_manifest
from layerfold.runs.opening import open_run
from layerfold.runs.run import CARD, METRICS, Problem, Run

REBUILD = "build the atlas again"


log = logging.getLogger(__name__)
CARDS: Final = (CARD, "atlas/atlas.json", f"measures/{MEASURES}", CLAIMS, SEED)


def notes_of(folder: Path) -> list[str]:
    """What may be said of a run that is no fault: it has no atlas yet, or parts of it could be
    changed without a trace.
    """
    notes = (
        []
        if (folder / "atlas" / "atlas.json").exists()
        else ["it has no atlas yet: build one with `layerfold atlas`"]
    )
    unsigned = [
        name
        for name in CARDS
        if (card := _object(folder / name)) is not None and not is_signed(card)
    ]
    if unsigned:
        notes.append(
            f"unsigned, so a change would go unnoticed: {', '.join(unsigned)}; sign with `layerfold"
            " check --accept`"
        )
    return notes


def accept(folder: Path) -> list[str]:
    """Every card of the run carries the digest of what it holds now, and the manifest names every
    file; which cards had been changed.
    """
    changed = []
    for name in CARDS:
        card = _object(folder / name)
        if card is None or (is_signed(card) and not is_edited(card)):
            continue
        if is_edited(card):
            changed.append(name)
        write_atomically(folder / name, signed(card, ascii=name.startswith("atlas/")))
    write_manifest(folder)
    return changed


def _object(path: Path) -> Card | None:
    """The object in a file with its digest; None where there is none that can be read."""
    try:
        return parse_object(read_bounded(path, CARD_BYTES))
    except (OSError, ValueError):
        return None


def check_run(folder: Path) -> list[Problem]:
    """All problems of the run in a folder and of its atlas; none when every byte is as it should
    be.

    Raises RunNotFound, DamagedRun where there is no card to check by.
    """
    run = open_run(folder)
    parts = (
        _files,
        _left_out,
        _card,
        _tokenizer,
        _metrics,
        _atlas,
        _projections,
        _plane,
        _measured,
        _claims,
        _seed,
        _manifest,
    )
    return [problem for part in parts for problem in _told(part, run)]


def _left_out(run: Run) -> Iterator[Problem]:
    """Checkpoints of a model from elsewhere that are half-written: they may be whole tomorrow, and
    are no part of the run today.
    """
    if run.kind == "hf":
        for problem in run.missing():
            if "half-written" in str(problem):
                yield Problem(CARD, str(problem))


def _told(part: Callable[[Run], Iterator[Problem]], run: Run) -> Iterator[Problem]:
    """What a part of the check finds; damage that nobody has thought of is a problem, too, and ends
    no other part.
    """
    try:
        yield from part(run)
    except Exception as error:
        log.debug("%s of %s failed", part.__name__, run.folder, exc_info=True)
        yield Problem(
            part.__name__.strip("_"),
            f"cannot be checked ({type(error).__name__}: {str(error)[:200]}): restore the run's"
            " files",
        )


def _files(run: Run) -> Iterator[Problem]:
    yield from run.verify()


def _manifest(run: Run) -> Iterator[Problem]:
    for name, what in differences(run.folder):
        yield Problem(name, what)


def _card(run: Run) -> Iterator[Problem]:
    if not run.card["steps"]:
        yield Problem("run.json", "names no checkpoint: train the run first")


def _tokenizer(run: Run) -> Iterator[Problem]:
    try:
        size, wanted = len(run.tokenizer()), int(run.card["architecture"]["vocab_size"])
    except LayerfoldError as error:
        yield Problem(str(run.card.get("tokenizer") or "tokenizer.json"), str(error))
        return
    if size > wanted:
        yield Problem(
            str(run.card.get("tokenizer") or "tokenizer.json"),
            f"has {size} tokens, the model {wanted}: restore it",
        )


def _metrics(run: Run) -> Iterator[Problem]:
    try:
        rows = run.metrics()
    except LayerfoldError as error:
        yield Problem(METRICS, str(error))
        return
    for row in rows:
        loss = row.get("loss", 0.0)
        if not isinstance(loss, int | float) or not np.isfinite(loss):
            yield Problem(
                METRICS,
                f"has a loss that is not finite at step {row.get('step')}: train this run again",
            )
            return


def _atlas(run: Run) -> Iterator[Problem]:
    try:
        atlas = open_atlas(run.folder)
    except AtlasMissing as error:
        if any((run.folder / "atlas").glob("*.safetensors")):
            yield Problem("atlas/atlas.json", str(error))
        return  # else a state, not a fault
    except LayerfoldError as error:
        yield Problem("atlas/atlas.json", str(error))
        return
    strangers = sorted(set(atlas.steps) - set(run.card["steps"]))
    if strangers:
        yield Problem(
            "atlas/atlas.json",
            f"has clouds at steps without a checkpoint, {strangers[0]} first: {REBUILD}",
        )
    try:
        count = len(atlas.reference)
        yield from _reference(atlas.reference, int(run.card["architecture"]["vocab_size"]))
        yield from _measures(atlas)
    except LayerfoldError as error:
        yield Problem("atlas/", str(error))
        return
    for step in atlas.steps:
        name = f"atlas/step-{step:08d}.safetensors"
        try:
            wrong = _wrong_slice(atlas.slice(step), len(atlas.sites), count)
        except LayerfoldError as error:
            wrong = str(error)
        if wrong:
            yield Problem(name, wrong)


def _measured(run: Run) -> Iterator[Problem]:
    wrong = trouble(run.folder)
    if wrong is not None:
        yield Problem(f"measures/{MEASURES}", str(wrong))
        return
    found = read_measured(run.folder)
    for measure in found.measures if found else ():
        said = np.array(measure.reasons or np.full(measure.values.shape, ""))
        if (np.isfinite(measure.values) == (said != "")).any():
            yield Problem(
                f"measures/{MEASURES}",
                f"{measure.name} lacks a number or a reason somewhere: {REMEASURE}",
            )


def _projections(run: Run) -> Iterator[Problem]:
    """A run may have no linear pictures; those it has are whole and belong to its atlas."""
    try:
        atlas = open_atlas(run.folder)
    except LayerfoldError:
        return  # said already
    for problem in open_projections(run.folder, atlas, run.d_model)[1]:
        name, what = str(problem).split(" ", 1)
        yield Problem(name, what)


def _plane(run: Run) -> Iterator[Problem]:
    """A run may have no sheets; those it has are whole and belong to its atlas."""
    try:
        atlas = open_atlas(run.folder)
    except LayerfoldError:
        return  # said already
    for problem in open_plane(run.folder, atlas)[1]:
        name, what = str(problem).split(" ", 1)
        yield Problem(name, what)


def _reference(reference: Reference, vocabulary: int) -> Iterator[Problem]:
    name = "atlas/reference.safetensors"
    windows, length = reference.windows.shape
    # -1 stands after the last token of a short one
    if reference.windows.min() < -1 or reference.windows.max() >= vocabulary:
        yield Problem(name, f"names tokens outside the vocabulary of {vocabulary}: {REBUILD}")
    if (
        reference.window.min() < 0
        or reference.window.max() >= windows
        or reference.position.min() < 0
        or reference.position.max() >= length
    ):
        yield Problem(name, f"points outside its {windows} windows of {length} tokens: {REBUILD}")
    elif (reference.windows[reference.window, reference.position] < 0).any():
        yield Problem(name, f"points behind the last token of a window: {REBUILD}")
    if (
        len(
            {len(reference), len(reference.position), len(reference.frequency), len(reference.text)}
        )
        > 1
    ):
        yield Problem(name, f"has lists of different lengths: {REBUILD}")
    if not np.isfinite(reference.frequency).all():
        yield Problem(name, f"has frequencies that are not finite: {REBUILD}")


def _measures(atlas: Atlas) -> Iterator[Problem]:
    wanted = (len(atlas.steps), len(atlas.sites))
    for measure in atlas.measures:
        if measure.values.shape != wanted:
            yield Problem(
                "atlas/measures.safetensors",
                f"{measure.name} has shape {measure.values.shape}, not {wanted}: {REBUILD}",
            )
    if atlas.axes.shape != (*wanted, 3, len(atlas.axis_variables)):
        yield Problem(
            "atlas/measures.safetensors", f"the axis guard has shape {atlas.axes.shape}: {REBUILD}"
        )


def _wrong_slice(clouds: Slice, sites: int, count: int) -> str:
    """What is wrong with the clouds of a step, or nothing."""
    if clouds.positions.shape != (sites, count, 3):
        return (
            f"has positions of shape {clouds.positions.shape}, not {(sites, count, 3)}: {REBUILD}"
        )
    if not np.isfinite(clouds.positions).all():
        return f"has positions that are not finite: {REBUILD}"
    for name, values in (("trust", clouds.trust), ("continuity", clouds.continuity)):
        if values.shape != (sites, count):
            return f"has {name} of shape {values.shape}, not {(sites, count)}: {REBUILD}"
        if not ((values >= 0) & (values <= 1)).all():
            return f"has {name} outside 0 to 1: {REBUILD}"
    return ""


def _claims(run: Run) -> Iterator[Problem]:
    """A run may have no claims; those it has are readable and speak of its own checkpoints."""
    try:
        kept = read_file(run.folder / CLAIMS)
    except LayerfoldError as error:
        yield Problem(CLAIMS, str(error))
        return
    if kept is None:
        return
    if kept.checkpoints != checkpoints_of(run):
        yield Problem(CLAIMS, f"was computed from other checkpoints than those of the card: {REDO}")
    strangers = sorted(
        {step for claim in kept.claims for step in claim.steps} - set(run.card["steps"])
    )
    if strangers:
        yield Problem(
            CLAIMS, f"has figures at steps without a checkpoint, {strangers[0]} first: {REDO}"
        )


def _seed(run: Run) -> Iterator[Problem]:
    """A run may have no cards of the seed; those it has are readable and speak of its own
    checkpoints.
    """
    try:
        kept = read_seed_file(run.folder / SEED)
    except LayerfoldError as error:
        yield Problem(SEED, str(error))
        return
    if kept is not None and kept.checkpoints != checkpoints_of(run):
        yield Problem(SEED, f"was computed from other checkpoints than those of the card: {RESEED}")
