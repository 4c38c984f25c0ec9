"""Where characters stand in verse: their place in the line, the line's length and number, and
whether it rhymes there.

A line ends at a closing mark; a sentence of verse, where shi rhyme, at one of ``FULL``. The marks
、 and ： stand inside lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from layerfold.model.tokenizers.characters import CLOSING, MARKS

FULL: Final = "。？！"
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Lines:
    """Arrays [character] of one poem: ``place`` in its line and ``line`` in the poem, from 1 on,
    ``size`` of the line.

    Marks have place 0 and the line they close; a line that is not closed has size 0. ``close`` is
    the character's closing mark's index, -1 where there is none.
    """

    place: Numbers
    line: Numbers
    size: Numbers
    close: Numbers

    @property
    def last(self) -> NDArray[np.bool_]:
        """Which characters end their line."""
        return np.asarray((self.place > 0) & (self.place == self.size))

    @property
    def regular(self) -> int:
        """The length of every line where all closed ones have it and there are two or more, else
        0.
        """
        sizes = set(self.size[self.last].tolist())
        return sizes.pop() if len(sizes) == 1 and int(self.last.sum()) > 1 else 0


def lines_of_row(characters: Sequence[str]) -> Lines:
    """The lines of a poem's characters."""
    count = len(characters)
    place, line, size, close = (np.zeros(count, dtype=np.int64) for _ in range(4))
    close[:] = -1
    start, number, at = 0, 1, 0
    for n, character in enumerate(characters):
        line[n] = number
        if character not in MARKS:
            at += 1
            place[n] = at
        if character in CLOSING:
            size[start : n + 1], close[start : n + 1] = at, n
            start, number, at = n + 1, number + 1, 0
    return Lines(place, line, size, close)
