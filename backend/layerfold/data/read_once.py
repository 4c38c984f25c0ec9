"""The reference's states while a run is built: a step that was read is not read again."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from layerfold.data.reference_states import any_states_at, fingerprint
from layerfold.errors import LayerfoldError
from layerfold.records import Floats, Reference, frozen
from layerfold.runs.run import Run

ROOM: Final = 6 << 30
SPARED: Final = 0.5  # of what is free on the disk

Reading = Callable[[Run, int, Reference], Floats]


@dataclass
class ReadOnce:
    """``any_states_at`` whose answers are kept, at most ``room`` bytes, in files of the ``folder``
    that have no name: they are gone with the process, however it ends. What finds no room is read
    again.

    A model of GPT-2's size spends a minute of a core on the states of 2,000 tokens, and a build
    wants them five times: for the graphs, the trust, the directions, their scores, the measures.
    """

    folder: Path
    room: int = ROOM
    known: dict[tuple[object, ...], Floats] = field(default_factory=dict)

    def __call__(self, run: Run, step: int, reference: Reference) -> Floats:
        """The reference's raw states [site, ref, d] at a step; raises as ``any_states_at``."""
        try:
            key = (run.folder, step, run.origin(step), fingerprint(reference))
        except LayerfoldError:  # which reading it says in its own words
            return any_states_at(run, step, reference)
        found = self.known.get(key)
        if found is None:
            found = any_states_at(run, step, reference)
            if (kept := self._kept(found)) is not None:
                found = self.known[key] = kept
        return found

    def _kept(self, states: Floats) -> Floats | None:
        """The same in a mapped file; None where there is no room for it."""
        held = sum(one.nbytes for one in self.known.values())
        try:
            free = shutil.disk_usage(self.folder).free
            if held + states.nbytes > self.room or states.nbytes > SPARED * free:
                return None
            with tempfile.TemporaryFile(dir=self.folder) as file:
                np.asarray(states, dtype=np.float32).tofile(file)
                file.flush()
                mapped = np.memmap(file, np.float32, "r", shape=states.shape)
        except OSError:
            return None
        return np.asarray(frozen(mapped), dtype=np.float32)
