"""The reference: corpus tokens in context, chosen once, behind every cloud of a run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import ceil

import numpy as np
from numpy.typing import NDArray

from layerfold.data.corpus import Text
from layerfold.errors import CorpusError
from layerfold.model.tokenizers.byte_level import Tokenizer, readable
from layerfold.records import Ints, Reference
from layerfold.runs.run import Run

WINDOW, PICKED = 64, 16
STARTS = re.compile(r"(?:^|\n+|(?<=[.!?;]) )(?=\S)")


def choose_reference(
    run: Run, texts: Sequence[Text], count: int = 4000, seed: int = 0
) -> Reference:
    """``count`` tokens, 16 in each window of 64, the windows shared evenly by the sources and begun
    where a line or sentence begins.

    The same run, texts and seed give the same reference. Raises CorpusError where the texts are too
    short for it.
    """
    tokenizer = run.tokenizer()
    length = min(WINDOW, run.max_tokens)
    picked = min(PICKED, length)
    shares = _shares(ceil(count / picked), len(texts))
    rows: list[list[int]] = []
    source: list[str] = []
    for number, (text, share) in enumerate(zip(texts, shares, strict=True)):
        rows += _windows(text, tokenizer, length, share, np.random.default_rng((seed, number)))
        source += [text.source] * share
    windows = np.array(rows, dtype=np.int32)
    window, position, names = _picks(
        windows, tokenizer, picked, count, np.random.default_rng((seed, len(texts)))
    )
    per_million = frequencies(texts, tokenizer)[windows[window, position]]
    return Reference(
        windows, window, position, per_million.astype(np.float32), names, tuple(source)
    )


def frequencies(texts: Sequence[Text], tokenizer: Tokenizer) -> NDArray[np.float64]:
    """Occurrences of each token per million tokens of the texts [vocab]."""
    counts = np.zeros(len(tokenizer))
    for text in texts:
        for row in tokenizer.ids(text.documents):
            counts += np.bincount(np.asarray(row, dtype=np.int64), minlength=len(counts))
    return np.asarray(counts * 1e6 / counts.sum(), dtype=np.float64)


def _shares(count: int, sources: int) -> list[int]:
    """``count`` in ``sources`` parts that differ by one at most."""
    return [count // sources + (n < count % sources) for n in range(sources)]


def _windows(
    text: Text, tokenizer: Tokenizer, length: int, count: int, rng: np.random.Generator
) -> list[list[int]]:
    """``count`` windows of ids from random places of a source, none twice."""
    rows: dict[tuple[int, ...], None] = {}
    for passage in _passages(text, length, 50 * count, rng):
        ids = tokenizer.ids([passage])[0][:length]
        if len(ids) == length:
            rows[tuple(ids)] = None
        if len(rows) == count:
            return [list(row) for row in rows]
    raise CorpusError(
        f"{text.source} is too short for {count} windows of {length} tokens: add text, or ask for a"
        " smaller reference"
    )


def _passages(text: Text, length: int, tries: int, rng: np.random.Generator) -> Iterator[str]:
    """Passages of about twice the length that is needed, from the beginning of lines and sentences;
    documents by their length.
    """
    reach = 12 * length
    sizes = np.array([len(document) for document in text.documents], dtype=np.float64)
    for document in rng.choice(len(sizes), size=tries, p=sizes / sizes.sum()):
        whole = text.documents[document]
        at = int(rng.integers(max(1, len(whole) - reach // 2)))
        start = STARTS.search(whole, at)
        at = start.end() if start and start.end() - at < 1000 else at
        yield whole[at : at + reach]


def _picks(
    windows: Ints, tokenizer: Tokenizer, picked: int, count: int, rng: np.random.Generator
) -> tuple[Ints, Ints, tuple[str, ...]]:
    """Which tokens: one from each of ``picked`` equal stretches of every window, one that shows ink
    where there is one.
    """
    edges = np.linspace(0, windows.shape[1], picked + 1).astype(int)
    window, position, names = [], [], []
    for w, row in enumerate(windows.tolist()):
        tokens = tokenizer.tokens(row)
        for first, end in pairwise(edges):
            inked = [p for p in range(first, end) if tokens[p].text.strip()] or list(
                range(first, end)
            )
            chosen = inked[int(rng.integers(len(inked)))]
            window.append(w)
            position.append(chosen)
            names.append(readable(tokens[chosen].text))
    return (
        np.array(window[:count], dtype=np.int32),
        np.array(position[:count], dtype=np.int32),
        tuple(names[:count]),
    )
