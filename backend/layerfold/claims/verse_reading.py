"""Regular verse as arrays, and what a model makes of it at one step: states, and the probability
that a line ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from layerfold.data.lines import lines_of_row
from layerfold.errors import DamagedRun
from layerfold.model.adapter import Adapter
from layerfold.model.tokenizers.characters import CLOSING, MARKS, CharacterTokenizer
from layerfold.records import Floats, Ints, normalized

SIZES: Final = (5, 7)
PLACES: Final = sum(SIZES)
"""Kinds of places: 1 to 5 in lines of five characters, then 1 to 7 in lines of seven."""
AT_ONCE: Final = 25
Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Verse:
    """Poems whose lines all have five or all have seven characters, one after another; arrays are
    [token] but for ``lead``.

    ``place``, ``line`` from 1 on (a mark's place is 0), ``size`` of the line, ``close`` the token
    that closes the line; ``lead[poem]`` are ids that stand before the poem, not among the tokens.
    """

    ids: Numbers
    poem: Numbers
    place: Numbers
    line: Numbers
    size: Numbers
    close: Numbers
    lead: tuple[tuple[int, ...], ...]

    @cached_property
    def kind(self) -> Numbers:
        """The kind of each token's place, 0 to 11; -1 for marks."""
        start = np.where(self.size == SIZES[0], 0, SIZES[0])
        return np.where(self.place > 0, start + self.place - 1, -1)

    @cached_property
    def last(self) -> Flags:
        """Which tokens end their line's characters."""
        return np.asarray((self.place > 0) & (self.place == self.size))

    @property
    def poems(self) -> int:
        """How many there are."""
        return len(self.lead)

    @cached_property
    def length(self) -> Numbers:
        """Characters in each poem's lines [poem]."""
        first = np.unique(self.poem, return_index=True)[1]
        return np.asarray(self.size[first])

    def rows(self) -> Iterator[tuple[int, Numbers]]:
        """Each poem's number and its tokens' indices."""
        for n in range(self.poems):
            yield n, np.flatnonzero(self.poem == n)


@dataclass(frozen=True)
class Reading:
    """``states`` [site, token, d], layer-normalised; ``ends`` [token]: probability of a closing
    mark after it; ``shares`` [row, vocab]: what is predicted after the tokens asked about.
    """

    states: Floats
    ends: Floats
    shares: Floats


def regular_verse(windows: Ints, tokenizer: CharacterTokenizer) -> Verse:
    """The regular poems among windows of ids [window, length], without what follows the last closed
    line; raises DamagedRun.
    """
    parts: list[tuple[Numbers, ...]] = []
    for row in windows:
        ids = row[row >= 0].astype(np.int64)
        lines = lines_of_row([tokenizer.text_of(int(n)) for n in ids])
        if lines.regular in SIZES:
            closed = lines.size == lines.regular
            number = np.full(int(closed.sum()), len(parts))
            offset = sum(len(part[0]) for part in parts)
            parts.append(
                (
                    ids[closed],
                    number,
                    lines.place[closed],
                    lines.line[closed],
                    lines.size[closed],
                    lines.close[closed] + offset,
                )
            )
    if len({int(part[4][0]) for part in parts}) < len(SIZES):
        raise DamagedRun(
            "the reference holds no poems of five and of seven characters: build the atlas again"
            " with `layerfold atlas`"
        )
    ids, poem, place, line, size, close = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    return Verse(ids, poem, place, line, size, close, ((),) * len(parts))


def prefixed(verse: Verse, tokenizer: CharacterTokenizer, numbers: int, seed: int = 0) -> Verse:
    """The same poems after 0 to ``numbers`` - 1 random characters and the sign that parts texts,
    every number as often.
    """
    rng = np.random.default_rng(seed)
    characters = [
        n for n, c in enumerate(tokenizer.characters) if n != tokenizer.end and c not in MARKS
    ]
    counts = rng.permutation(np.arange(verse.poems) % numbers)
    lead = tuple(
        (*rng.choice(characters, size=int(count)).tolist(), tokenizer.end) for count in counts
    )
    return replace(verse, lead=lead)


def shuffled(verse: Verse, seed: int = 0) -> Verse:
    """The same poems, the characters of each in a random order among their places."""
    rng = np.random.default_rng(seed)
    ids = verse.ids.copy()
    for _, row in verse.rows():
        at = row[verse.place[row] > 0]
        ids[at] = rng.permutation(ids[at])
    return replace(verse, ids=ids)


def read(
    adapter: Adapter, verse: Verse, tokenizer: CharacterTokenizer, asked: Sequence[int] = ()
) -> Reading:
    """What a model makes of the poems; ``asked`` are tokens after which all that is predicted is
    wanted.
    """
    closing = [n for n, c in enumerate(tokenizer.characters) if c in CLOSING and n != tokenizer.end]
    states = np.zeros((len(adapter.sites), len(verse.ids), adapter.d_model), dtype=np.float32)
    ends = np.zeros(len(verse.ids), dtype=np.float32)
    shares = np.zeros((len(asked), adapter.n_vocab), dtype=np.float32)
    order = {token: n for n, token in enumerate(asked)}
    rows = sorted(verse.rows(), key=lambda row: len(row[1]) + len(verse.lead[row[0]]))
    for start in range(0, len(rows), AT_ONCE):
        chunk = rows[start : start + AT_ONCE]
        texts = [(*verse.lead[n], *verse.ids[row].tolist()) for n, row in chunk]
        # what follows a text cannot be seen from it
        windows = np.zeros((len(texts), max(map(len, texts))), dtype=np.int32)
        for window, text in zip(windows, texts, strict=True):
            window[: len(text)] = text
        raw = adapter.batch_states(windows)
        for at, (n, row) in enumerate(chunk):
            first = len(verse.lead[n])
            found = raw[:, at, first : first + len(row)]
            predicted = softmax(adapter.unembed(found[-1]))
            states[:, row], ends[row] = normalized(found), predicted[:, closing].sum(axis=1)
            for place, token in enumerate(row.tolist()):
                if token in order:
                    shares[order[token]] = predicted[place]
    return Reading(states, ends, shares)


def softmax(logits: Floats) -> Floats:
    """Logits [..., vocab] as probabilities."""
    found = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(found / found.sum(axis=-1, keepdims=True), dtype=np.float32)
