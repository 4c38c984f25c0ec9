"""The reference of a recording: a person's texts cut into windows, and which tokens of them are
kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

import numpy as np

from layerfold.errors import InputError
from layerfold.model.tokenizers.byte_level import readable
from layerfold.model.tokenizers.vocabulary import Vocabulary, encoded, numbered
from layerfold.records import Ints, Reference

PICKED: Final = 16  # tokens of a window, where there are windows enough
LEAST: Final = 32  # tokens without which no atlas can be built
NOTHING: Final = -1
SOURCE: Final = "texts"


@dataclass(frozen=True)
class Passages:
    """Ids of texts, or of whole windows where ``fixed``; ``vocabulary`` makes what reads them once
    the model's size is known.
    """

    rows: list[list[int]]
    fixed: bool
    vocabulary: Callable[[int], Vocabulary]

    @property
    def digest(self) -> str:
        """What tells these texts from others."""
        return hashlib.sha256(repr((self.fixed, self.rows)).encode()).hexdigest()

    @property
    def largest(self) -> int:
        """The largest id."""
        return max(max(row, default=0) for row in self.rows)

    @property
    def size(self) -> int:
        """How many ids there are, as far as the texts and their tokenizer say."""
        return max(self.largest + 1, len(self.vocabulary(self.largest + 1).words))


def read_passages(texts: Any, tokenizer: Any) -> Passages:
    """Texts with their tokenizer, or an integer array [window, length] without one; raises
    InputError, DamagedRun.
    """
    if isinstance(texts, str):
        texts = [texts]
    if hasattr(texts, "shape"):
        return _array(texts, tokenizer)
    texts = [text for text in texts if not isinstance(text, str) or text.strip()]
    if not texts or not all(isinstance(text, str) for text in texts):
        raise InputError(
            "texts holds no text: give strings and a tokenizer, or an integer array [window,"
            " length] of ids"
        )
    if tokenizer is None:
        raise InputError(
            "texts are strings, and there is no tokenizer: give tokenizer=…, or ids as an integer"
            " array [window, length]"
        )
    rows, vocabulary = encoded(texts, tokenizer)
    rows = [row for row in rows if row]
    if not rows:
        raise InputError("the tokenizer makes no token of the texts: give other texts")
    return Passages(rows, False, lambda size: vocabulary)


def _array(texts: Any, tokenizer: Any) -> Passages:
    ids = np.asarray(texts.detach().cpu() if hasattr(texts, "detach") else texts)
    if ids.ndim != 2 or not ids.size or not np.issubdtype(ids.dtype, np.integer) or ids.min() < 0:
        raise InputError(
            f"texts is an array {ids.shape} of {ids.dtype}: give ids from 0 on as integers [window,"
            " length]"
        )
    if tokenizer is None:
        return Passages(ids.tolist(), True, numbered)
    known = encoded([], tokenizer)[1]
    if known.kind != "words":
        return Passages(ids.tolist(), True, lambda size: known)
    numbers = {"".join(map(str, row)): row for row in ids.tolist()}
    named = encoded(list(numbers), _Lookup(numbers, tokenizer))[1]
    return Passages(ids.tolist(), True, lambda size: named)


@dataclass(frozen=True)
class _Lookup:
    """A person's tokenizer whose texts are known already: only its words are wanted."""

    rows: dict[str, list[int]]
    tokenizer: Any

    def encode(self, text: str) -> list[int]:
        return self.rows[text]

    def decode(self, ids: list[int]) -> str:
        return str(self.tokenizer.decode(ids))


def reference_of(passages: Passages, vocabulary: Vocabulary, length: int, count: int) -> Reference:
    """``count`` tokens, or as many as there are, in windows of at most ``length``: each text begins
    one, a longer one fills several.

    The same arguments give the same reference. Raises InputError where there are fewer than 32
    tokens.
    """
    words = vocabulary.words
    windows = list(dict.fromkeys(_windows(passages, words, length)))
    frame = set() if passages.fixed else set(words.framed([]))
    tokens = [words.tokens(row) for row in windows]
    inked = [
        [at for at, token in enumerate(row) if token.text.strip() and token.id not in frame]
        for row in tokens
    ]
    picks = _picks(inked, count)
    if len(picks) < LEAST:
        raise InputError(
            f"the texts have {len(picks)} tokens to record, a picture needs {LEAST} or more: give"
            " more text"
        )
    used = sorted({window for window, _ in picks})
    place = {window: n for n, window in enumerate(used)}
    longest = max(len(windows[window]) for window in used)
    ids = np.array(
        [[*windows[w], *[NOTHING] * (longest - len(windows[w]))] for w in used], dtype=np.int32
    )
    window = np.array([place[w] for w, _ in picks], dtype=np.int32)
    position = np.array([at for _, at in picks], dtype=np.int32)
    names = tuple(readable(tokens[w][at].text) for w, at in picks)
    counts = np.bincount(
        np.concatenate([np.array(row, dtype=np.int64) for row in passages.rows]),
        minlength=int(ids.max()) + 1,
    )
    frequency = (counts * 1e6 / counts.sum())[ids[window, position]].astype(np.float32)
    return Reference(ids, window, position, frequency, names, (SOURCE,) * len(used))


def _windows(passages: Passages, words: Any, length: int) -> Iterator[tuple[int, ...]]:
    if passages.fixed:
        if len(passages.rows[0]) > length:
            raise InputError(
                f"the windows have {len(passages.rows[0])} tokens, the model reads {length}: give"
                " shorter ones"
            )
        yield from map(tuple, passages.rows)
        return
    room = max(1, length - len(words.framed([])))
    for row in passages.rows:
        for start in range(0, len(row), room):
            yield tuple(words.framed(row[start : start + room]))


def _picks(inked: Sequence[Sequence[int]], count: int) -> list[tuple[int, int]]:
    """Which (window, position): all, or ``count`` of windows that lie evenly over all, spread over
    each.
    """
    total = sum(map(len, inked))
    if total <= count:
        return [(w, at) for w, places in enumerate(inked) for at in places]
    each = max(PICKED, ceil(count / len(inked)))
    wanted = min(len(inked), ceil(count / each))
    rng = np.random.default_rng(0)
    order = [int(w) for w in np.unique(np.linspace(0, len(inked) - 1, wanted).astype(int))]
    order += [w for w in range(len(inked)) if w not in set(order)]
    chosen = _first(order, inked, each, count, rng)
    known = set(chosen)
    left = (
        [(w, at) for w in order for at in inked[w] if (w, at) not in known]
        if len(chosen) < count
        else []
    )
    return sorted([*chosen, *left[: count - len(chosen)]])


def _first(
    order: Sequence[int],
    inked: Sequence[Sequence[int]],
    each: int,
    count: int,
    rng: np.random.Generator,
) -> list[tuple[int, int]]:
    chosen: list[tuple[int, int]] = []
    for w in order:
        stretches: Sequence[Ints] = (
            np.array_split(np.array(inked[w], dtype=np.int32), min(each, len(inked[w])))
            if inked[w]
            else ()
        )
        chosen += [(w, int(rng.choice(stretch))) for stretch in stretches]
        if len(chosen) >= count:
            break
    return chosen[:count]
