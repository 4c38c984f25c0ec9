"""What a build leaves for whoever types: the reference's states of a model from elsewhere, in the
cache that its run lies in.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from layerfold.data.read_once import Reading
from layerfold.interp.session import open_session
from layerfold.runs.hub_card import HOME

MOST: Final = 1 << 30  # bytes; older steps are read when somebody asks for them


def leave_states(folder: Path, read: Reading) -> None:
    """The states that the last steps place sentences by are in the cache around the run of a
    Hugging Face model: its first sentence would else read them again, a minute of a core a step for
    one of GPT-2's size. A run of our own reads them in a moment, and gets nothing.
    """
    if folder.parent.name != HOME:
        return
    session, left = open_session(folder, folder.parent.parent), 0
    for step in reversed(session.steps):
        if not session.has_states(step):
            raw = read(session.run, step, session.atlas.reference)
            left += session.keep_states(step, raw).nbytes
        if left > MOST:
            return
