"""How many windows of text a measurement reads of each kind: fewer of a large model, which is
said.
"""

from __future__ import annotations

from typing import Final

from layerfold.interp.notes import Note
from layerfold.interp.session import Session

MOST: Final = 40  # windows
LEAST: Final = 8  # of which a mean still has bounds
MOST_WORK: Final = 1.25e11  # multiplications: a few seconds of one core


def windows_read(opened: Session, size: int) -> int:
    """How many windows of ``size`` tokens are read where nobody says how many: 40, or what so much
    work reads; a layer counted as twelve squares of its width, as in a GPT."""
    width, layers = opened.run.d_model, 1 + max(site.layer for site in opened.sites)
    token = 12 * layers * width**2 + width * opened.run.n_vocab
    return min(MOST, max(LEAST, int(MOST_WORK / (token * size))))


def fewer(count: int) -> tuple[Note, ...]:
    """What is to be said where so many windows are read of a text that has more."""
    return (Note("fewer_windows", {"count": count, "most": MOST}),) if count < MOST else ()
