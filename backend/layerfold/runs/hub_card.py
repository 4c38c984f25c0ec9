"""The card of a Hugging Face model's run: made where there is none, brought up to what is there now
where there is.

run.json         as any run's; ``checkpoints`` {step: {name, folder | repo, revision, commit}},
                 ``skipped`` [{name, why}], ``source`` as it was typed and ``place`` the same from
                 every directory, dtype, device, pickle, ``words`` where the tokenizer lies,
                 ``configs`` the sha256 of each config.json of this architecture, ``trained`` the
                 folder whose Trainer keeps a log; where there is something to say, ``same`` [[step,
                 …], …] hold equal weights, ``unlike`` sentences of configs that differ,
                 ``misnamed`` of names that say another step than a Trainer, ``own`` is the step of
                 the model at the top of the folder, ``unit`` what steps count (epoch)
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from layerfold.cards.digest import signed
from layerfold.cards.reading import Card
from layerfold.errors import DamagedRun, InputError, LayerfoldError
from layerfold.files.atomic import write_atomically
from layerfold.model.huggingface import HuggingFaceShape, confirmed_shape
from layerfold.runs.checkpoint_files import HASHES, read_object, trainer_state
from layerfold.runs.checkpoint_view import with_config
from layerfold.runs.config_differences import config_differences
from layerfold.runs.equal_steps import equal_steps
from layerfold.runs.run import CARD
from layerfold.runs.series import Checkpoint, Series, read_series
from layerfold.runs.step_differences import step_differences
from layerfold.runs.survey import SHAPE, Known, Survey, architecture_of, survey, where_of

HOME: Final = "models"  # the folder of such runs, in the folder for what can be computed again
DTYPES: Final = ("float32", "bfloat16", "float16")
DEVICE: Final = re.compile(r"cpu|mps|cuda(:\d+)?")
EXAMPLES: Final = (
    {
        "text": "She sat on the bank of the river.",
        "note_en": (
            "Here “bank” is the edge of a river. At the first site it lies by the bank below; see"
            " where the layers take it"
        ),
        "note_zh": "这里的“bank”是河岸。在第一个位置上，它挨着下面那家银行；看各层把它带到哪里",
    },
    {
        "text": "She put the money in the bank.",
        "note_en": (
            "Here “bank” is a house for money. What parts the two is the sentence around them"
        ),
        "note_zh": "这里的“bank”是银行。把两者分开的，是它们所在的句子",
    },
)


def open_hub(
    words: str,
    home: Path,
    *,
    dtype: str | None = None,
    device: str | None = None,
    pickle: bool = False,
    progress: Callable[[str, float], None] = lambda stage, share: None,
) -> Path:
    """The folder of the run that words mean, under ``home``: made, or its card brought up to what
    is there now.

    A number type and a device that are not named are those of the time before, else float32 and
    cpu. Raises InputError, ModelNotFound, ModelRefused, Unreachable, MissingExtra.
    """
    if dtype not in (None, *DTYPES):
        raise InputError(
            f"{dtype!r} is not a type of numbers to compute in: choose {', '.join(DTYPES)}"
        )
    if device is not None and not DEVICE.fullmatch(device):
        raise InputError(f"{device!r} is not a device: choose cpu, cuda, cuda:1 or mps")
    series = read_series(words)
    folder = home / series.home
    before = read_object(folder / CARD)
    chosen = {
        "dtype": dtype or before.get("dtype", "float32"),
        "device": device or before.get("device", "cpu"),
        "pickle": pickle,
    }
    bring_up_to_date(folder, series, before, chosen, progress)
    return folder


def bring_up_to_date(
    folder: Path,
    series: Series,
    before: Card,
    chosen: Card,
    progress: Callable[[str, float], None] = lambda stage, share: None,
) -> bool:
    """The card in a folder tells of a series as it is now; whether it is another than before."""
    seen = replace(
        series, checkpoints=tuple(with_config(one, folder) for one in series.checkpoints)
    )
    known = _known(before)
    configs = set(known.shapes)
    found = survey(seen, known, folder / HASHES, pickle=chosen["pickle"], progress=progress)
    notes = list(before.get("notes", []))
    if not set(found.configs) <= configs:
        found, notes = _confirmed(found, chosen)
    card = {
        **_card(series, found),
        **chosen,
        **_remarks(series, found, folder),
        **({"notes": notes} if notes else {}),
    }
    card["description"] = " ".join([card["description"], *notes])
    if card != before:
        write_atomically(folder / CARD, signed(card))
    return card != before


def _confirmed(found: Survey, chosen: Card) -> tuple[Survey, list[str]]:
    """What the first checkpoint that opens shows when it is opened, of an architecture that was not
    seen before, and what is to be said.

    Raises what opening the first raises where none opens.
    """
    error: LayerfoldError | None = None
    for one in found.checkpoints:
        try:
            shape, notes = confirmed_shape(where_of(one), found.shape, **chosen)
        except LayerfoldError as wrong:
            error = error or wrong
            continue
        return replace(found, shape=shape), notes
    assert error is not None
    raise error


def _card(series: Series, found: Survey) -> Card:
    shape = found.shape
    steps = [one.step for one in found.checkpoints]
    reach = (
        f" at {len(steps)} {series.unit}s, {steps[0]:,} to {steps[-1]:,}" if len(steps) > 1 else ""
    )
    if series.own is not None:
        reach += f"; the model in the folder itself is that of {series.unit} {series.own:,}"
    return {
        "format": 1,
        "name": series.name,
        "title": shape.title or series.name,
        "description": (
            f"A {shape.family} model of {shape.n_layer} layers, {shape.d_model} wide{reach}."
        ),
        "architecture": architecture_of(shape),
        "source": series.source,
        "place": series.place,
        "checkpoints": {str(one.step): one.entry() for one in found.checkpoints},
        "skipped": [{"name": one.name, "why": one.why} for one in found.skipped],
        "words": found.words.entry() | ({"content": found.content} if found.content else {}),
        "configs": list(found.configs),
        "trained": (
            str(series.folder)
            if series.folder and series.folder not in {one.folder for one in found.checkpoints}
            else ""
        ),
        "tokenizer": None,
        "corpus": [],
        "steps": steps,
        "sites": list(shape.sites),
        "files": {},
        "finished": not unfinished(series),
        "examples": list(EXAMPLES),
    }


def _remarks(series: Series, found: Survey, folder: Path) -> Card:
    """What is worth knowing of a series and is usually nothing: its unit, equal steps, configs
    that differ, names that say another step, the step of the model at its top.
    """
    kept = folder / HASHES
    same = equal_steps(found.checkpoints, kept)
    unlike = config_differences([(one.name, where_of(one)) for one in found.checkpoints], kept)
    said = {
        "unit": series.unit if series.unit != "step" else "",
        "same": same,
        "unlike": unlike,
        "misnamed": step_differences(found.checkpoints, kept),
        "own": series.own,
    }
    return {name: value for name, value in said.items() if value not in ("", [], None)}


def unfinished(series: Series) -> bool:
    """Whether a Trainer was still on its way when it last said where it was; a checkpoint that it
    is writing says nothing yet.
    """
    if series.folder is None:
        return False
    inside = [one.folder for one in series.checkpoints if one.folder not in (None, series.folder)]
    state = next(
        (state for folder in reversed(inside) if folder and (state := trainer_state(folder))), {}
    )
    done, end = state.get("global_step"), state.get("max_steps")
    # written when training is over, however it ended
    ended = trainer_state(series.folder).get("global_step")
    return (
        isinstance(done, int)
        and isinstance(end, int)
        and done < end
        and not (isinstance(ended, int) and ended >= done)
    )


def shape_of(card: Card) -> HuggingFaceShape:
    """The shape of the model that a card tells of; raises DamagedRun."""
    try:
        shape = {name: card["architecture"][name] for name in SHAPE}
        return HuggingFaceShape(**shape, sites=tuple(card["sites"]), title=str(card["title"]))
    except (KeyError, TypeError) as error:
        raise DamagedRun(
            f"the architecture of {card.get('name')} cannot be read ({error}): open the model again"
        ) from error


def _known(card: Card) -> Known:
    """What a card of before tells; nothing where it cannot be read."""
    try:
        commits = {
            int(step): Checkpoint.of_entry(int(step), entry)
            for step, entry in card["checkpoints"].items()
        }
        return Known(commits, dict.fromkeys(card["configs"], shape_of(card)))
    except (DamagedRun, KeyError, TypeError, ValueError, AttributeError):
        return Known()
