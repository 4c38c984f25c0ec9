"""Checkpoints whose name says another step than their Trainer does: which of the two is taken is
said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from layerfold.runs.checkpoint_files import STATE, hashes_of, trainer_state
from layerfold.runs.remembered import remembered
from layerfold.runs.series import Checkpoint
from layerfold.runs.trainer_folder import counts_epochs, numbered

WHY: Final = {
    True: "the name's is taken, as of those beside it",
    False: "the file's is taken, since a folder by itself may have been renamed",
}


def step_differences(checkpoints: Sequence[Checkpoint], kept: Path) -> list[str]:
    """A sentence for the checkpoints whose name is taken and their trainer_state.json says another
    step, and one for those that are the other way round; ``kept`` remembers what files say.
    """
    by_name: dict[bool, list[str]] = {}
    for one, named, said in _apart(checkpoints, kept):
        words = f"{one.name} is of step {named:,} by its name and of {said:,} by its {STATE}"
        by_name.setdefault(one.step == named, []).append(words)
    return [
        f"{each[0]}{f', and {len(each) - 1} more differ so' if each[1:] else ''}: {WHY[taken]}"
        for taken, each in by_name.items()
    ]


def _apart(checkpoints: Sequence[Checkpoint], kept: Path) -> Iterator[tuple[Checkpoint, int, int]]:
    """Each checkpoint whose name counts steps otherwise than its Trainer, with both."""
    for one in checkpoints:
        named, folder = numbered(one.name), one.folder
        if named is None or folder is None or counts_epochs(one.name):
            continue
        try:
            digest = hashes_of([folder / STATE], kept)[0]
        except OSError:  # it has none, or it is being written and will be looked at again
            continue
        said = remembered(kept, f"step by {digest}", partial(_step_by, folder))["step"]
        if said not in (None, named):
            yield one, named, said


def _step_by(folder: Path) -> dict[str, Any]:
    said = trainer_state(folder).get("global_step")
    return {"step": said if isinstance(said, int) and not isinstance(said, bool) else None}
