"""Texts as one row of token ids for learning and one held out; batches are a pure function of seed
and step.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layerfold.data.corpus import Text
from layerfold.errors import CorpusError
from layerfold.model.tokenizers.byte_level import Tokenizer

PIECE, LEAST_PIECE, PIECES = 12_000, 500, 20
Ids = NDArray[np.uint16]


@dataclass(frozen=True)
class Data:
    """Token ids: ``train`` and ``held_out`` [token]; ``byte_lengths`` [vocab] is how much text each
    token stands for.
    """

    train: Ids
    held_out: Ids
    byte_lengths: NDArray[np.int64]

    def windows(self, block: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The held-out text as inputs and next tokens [window, block], in order, nothing twice."""
        count = (len(self.held_out) - 1) // block
        ids = self.held_out.astype(np.int64)
        return ids[: count * block].reshape(count, block), ids[1 : count * block + 1].reshape(
            count, block
        )


def prepare(
    texts: Sequence[Text], tokenizer: Tokenizer, *, held_out: float, seed: int, block: int
) -> Data:
    """The texts tokenised and split: a share ``held_out`` of each source, in pieces of up to 12,000
    characters, is never learned from.

    A short text is cut into shorter pieces, so that some are left to learn from; what is left of a
    source stands there as often as its weight says.
    """
    longest = min(PIECE, max(LEAST_PIECE, sum(text.bytes for text in texts) // PIECES))
    train: list[str] = []
    kept: list[str] = []
    for number, text in enumerate(texts):
        pieces = [piece for document in text.documents for piece in cut(document, longest)]
        chosen = _chosen(pieces, held_out * text.bytes, np.random.default_rng((seed, number)))
        kept += [piece for n, piece in enumerate(pieces) if n in chosen]
        train += [piece for n, piece in enumerate(pieces) if n not in chosen] * text.weight
    data = Data(
        _row(train, tokenizer),
        _row(kept, tokenizer),
        np.array(tokenizer.byte_lengths(), dtype=np.int64),
    )
    for name, row in (("to learn from", data.train), ("held out", data.held_out)):
        if len(row) < 2 * block:
            raise CorpusError(
                f"the corpus leaves {len(row)} tokens {name}, a window is {block}: add text"
            )
    return data


def held_documents(text: Text, number: int, held_out: float, seed: int) -> list[int]:
    """Which documents of a source, the ``number``-th of its collection, ``prepare`` holds out where
    each is one piece.
    """
    return sorted(
        _chosen(text.documents, held_out * text.bytes, np.random.default_rng((seed, number)))
    )


def cut(document: str, longest: int = PIECE) -> list[str]:
    """The document in pieces of up to ``longest`` characters, at a paragraph's end where there is
    one, else a line's, else a sentence's.
    """
    pieces = []
    while len(document) > longest:
        for mark in ("\n\n", "\n", ". ", " "):
            end = document.rfind(mark, longest // 2, longest)
            if end >= 0:
                end += len(mark)
                break
        else:
            end = longest
        pieces.append(document[:end].rstrip())
        document = document[end:].lstrip()
    return [piece for piece in [*pieces, document] if piece]


def _chosen(pieces: Sequence[str], wanted: float, rng: np.random.Generator) -> set[int]:
    """Random pieces up to about ``wanted`` bytes, never all of them."""
    chosen: set[int] = set()
    size = 0.0
    for n in rng.permutation(len(pieces)).tolist()[:-1]:
        length = len(pieces[n].encode())
        if size + length / 2 <= wanted or not chosen:
            chosen.add(n)
            size += length
        if size >= wanted:
            break
    return chosen


def _row(pieces: Iterable[str], tokenizer: Tokenizer) -> Ids:
    """The pieces' ids in a row, the end sign after each."""
    rows = tokenizer.ids(list(pieces))
    return np.fromiter((n for row in rows for n in (*row, tokenizer.end)), dtype=np.uint16)


class Batches:
    """What each step learns from: a pure function of seed and step; one pass's order is kept at a
    time.
    """

    def __init__(
        self, data: Data, seed: int, size: int, block: int, *, aligned: float = 0.0, end: int = -1
    ) -> None:
        """A share ``aligned`` of the windows begins where a text begins, after the token ``end``;
        the others anywhere.
        """
        self._ids = data.train
        self._seed, self._size, self._block = seed, size, block
        self._count = (len(data.train) - 1 - block) // block
        self._aligned = aligned
        begins = (
            np.flatnonzero(data.train[: -1 - block] == end) + 1
            if aligned
            else np.zeros(0, np.int64)
        )
        self._begins = np.append(0, begins[begins < len(data.train) - block])
        self._pass = -1
        self._starts = np.empty(0, dtype=np.int64)

    def at(self, step: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The inputs and next tokens [size, block] of a step."""
        numbers = range(step * self._size, (step + 1) * self._size)
        starts = [self._start(*divmod(n, self._count)) for n in numbers]
        ids = np.stack([self._ids[start : start + self._block + 1] for start in starts]).astype(
            np.int64
        )
        return ids[:, :-1], ids[:, 1:]

    def _start(self, turn: int, place: int) -> int:
        """Where a window begins: each pass over the text has an offset and an order of its own."""
        if turn != self._pass:
            rng = np.random.default_rng((self._seed, turn))
            self._starts = rng.permutation(self._count) * self._block + rng.integers(self._block)
            if self._aligned:
                moved = rng.random(self._count) < self._aligned
                near = np.searchsorted(self._begins, self._starts[moved]) % len(self._begins)
                self._starts[moved] = self._begins[near]
            self._pass = turn
        return int(self._starts[place])
