"""The folder that a training writes: its checkpoints, what else lies there, and the step of the
model that it left at the top."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from layerfold.runs.checkpoint_files import CONFIG, trainer_state, weights_of
from layerfold.runs.fingerprints import Fingerprint, fingerprint

UNITS: Final = "checkpoint|ckpt|global_step|step|iter|iteration|epoch"
CHILD: Final = re.compile(rf"(?:{UNITS})[-_]?\d+")
NUMBERED: Final = re.compile(
    rf"(?:^|[^a-z])(?:{UNITS})[-_=]?(\d+)([km]?)(?![a-z\d])", re.IGNORECASE
)
EPOCH: Final = re.compile(r"(?:^|[^a-z])epoch[-_=]?\d", re.IGNORECASE)
STEP: Final = re.compile(r"(?:^|[^a-z])(?:step|iter|iteration)[-_=]?\d", re.IGNORECASE)
NAMED: Final = "end its folder's name with its step, or write its trainer_state.json (save_state)"
GATHERING: Final = ("checkpoints", "ckpts")  # folders between a training's own and its checkpoints


@dataclass(frozen=True)
class Own:
    """The model at the top of a training's folder: its ``step`` where that is known; ``same``
    where it is that of the checkpoint at this step; else ``why`` it has none."""

    step: int | None = None
    same: int | None = None
    why: str = ""


def numbered(name: str) -> int | None:
    """The number that a name says: checkpoint-500, step1000-tokens4B, step_20k, epoch_3."""
    every = list(NUMBERED.finditer(name))
    steps = [one for one in every if not counts_epochs(one[0])]  # epoch=1-step=100
    found = next(iter(steps or every), None)
    return int(found[1]) * {"": 1, "k": 1000, "m": 1_000_000}[found[2].lower()] if found else None


def counts_epochs(name: str) -> bool:
    """Whether the number in a name counts epochs, and none in it counts steps."""
    return EPOCH.search(name) is not None and not STEP.search(name)


def children(folder: Path) -> list[Path]:
    """The checkpoints inside a folder, named as trainers name them, by number; what DeepSpeed
    leaves beside a model is none."""
    try:
        inside = [path for path in folder.iterdir() if CHILD.fullmatch(path.name) and path.is_dir()]
    except OSError:
        return []
    if weights_of(folder):  # the state of the training lies beside the model
        own = numbered(folder.name) is not None
        inside = [
            path
            for path in inside
            if weights_of(path) or not (own or path.name.startswith("global_step"))
        ]
    return sorted(inside, key=lambda path: (numbered(path.name) or 0, path.name))


def config_above(folder: Path) -> Path | None:
    """The folder above a checkpoint that has its config, where the checkpoint has weights and
    none of its own."""
    if (folder / CONFIG).is_file() or not weights_of(folder):
        return None
    above = [folder.parent, *([folder.parent.parent] if folder.parent.name in GATHERING else [])]
    return next((path for path in above if (path / CONFIG).is_file()), None)


def own_model(folder: Path, inside: Mapping[int, Path]) -> Own:
    """The step of the model at the top of a folder with checkpoints, by their steps: a step that
    was, or none.

    It is a checkpoint's where the weights are (a Trainer leaves the best one there); else what the
    Trainer says there; else the end that the checkpoints were on the way to, where nothing shows
    that it was not reached.
    """
    same = _same_as(folder, inside)
    if same is not None:
        return Own(step=same, same=same)
    state = trainer_state(folder)
    done, best = _whole(state, "global_step"), _whole(state, "best_global_step")
    if done is None:
        return _reached(inside)
    if best is not None and best != done and best not in inside:
        why = f"may be of step {done:,}, where its training ended, or of its best, {best:,}"
        return Own(why=f"{why}: {NAMED}")
    if done in inside:
        return Own(
            why=f"says step {done:,} and has other weights than {inside[done].name}: {NAMED}"
        )
    return Own(step=done)


def _same_as(folder: Path, inside: Mapping[int, Path]) -> int | None:
    """The step of the checkpoint whose weights the folder has; of several the best, by the
    newest state that says so, else the last."""
    own = fingerprint(weights_of(folder))
    if own is None:
        return None
    same = [
        step
        for step, path in inside.items()
        if _digest(fingerprint(weights_of(path))) == own.digest
    ]
    best = [
        _whole(trainer_state(path), "best_global_step") for path in reversed(list(inside.values()))
    ]
    return next((step for step in best if step in same), max(same, default=None))


def _digest(found: Fingerprint | None) -> str:
    return found.digest if found else ""


def _reached(inside: Mapping[int, Path]) -> Own:
    """The end of a training that says nothing of it, by its newest checkpoint."""
    last = max(inside)
    state = trainer_state(inside[last])
    end, rhythm = _whole(state, "max_steps"), _rhythm(sorted(inside), state)
    if end is None or end <= last:
        why = f"says no step, and has other weights than {inside[last].name}"
        return Own(why=f"{why}: {NAMED}")
    early = "EarlyStoppingCallback" in state.get("stateful_callbacks", {})
    if end % rhythm == 0 or last + rhythm < end or early:
        why = f"says no step, and {inside[last].name} does not show that step {end:,} was reached"
        return Own(why=f"{why}: {NAMED}")
    return Own(step=end)


def _rhythm(steps: Sequence[int], state: Mapping[str, Any]) -> int:
    """How many steps lie between two checkpoints: as its Trainer says where that fits them all (of
    those that were not kept in between nothing is left), else as they lie."""
    between = {after - before for before, after in pairwise(steps)}
    said = _whole(state, "save_steps") or 0
    if said > 0 and not any(step % said for step in steps):
        return said
    return max(1, min(between) if between else said or steps[-1] or 1)


def _whole(state: Mapping[str, Any], name: str) -> int | None:
    found = state.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) else None
