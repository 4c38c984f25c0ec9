"""The reference out of a person's own documents: a stratified sample of tokens in context, with
their columns as labels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from layerfold.data.corpus import Text
from layerfold.data.documents import Documents
from layerfold.data.reference import STARTS, WINDOW, frequencies
from layerfold.errors import CorpusError
from layerfold.model.tokenizers.byte_level import Tokenizer, readable
from layerfold.records import Floats, Ints, Label, Reference

PICKED: Final = 16  # tokens taken from a window, where there is text enough
NOTHING: Final = -1  # stands in a window after its last token
NAMED: Final = 12  # categories with a name of their own; the rest is "other"
COUNTED: Final = 4_000_000  # characters in which tokens are counted


def sample_reference(
    documents: Documents, tokenizer: Tokenizer, max_tokens: int, count: int = 4000, seed: int = 0
) -> Reference:
    """``count`` tokens, the windows shared as evenly as there is text for by the strata: each
    source, parted by the first column of words.

    A window is at most 64 tokens of one document, framed as the model reads it and filled up with
    -1. The same arguments give the same reference. Raises CorpusError where there is too little
    text.
    """
    rng = np.random.default_rng((seed, len(documents.texts)))
    length = min(WINDOW, max_tokens)
    strata = _strata(documents)
    windows, origin = _windows(documents, strata, tokenizer, length, count, rng)
    inked = [_inked(tokenizer, row) for row in windows]
    window, position = picks(inked, count, rng)
    if len(window) < count:
        raise CorpusError(
            f"the corpus gives {len(window):,} tokens in context, {count:,} were asked for: add"
            f" text, or give --tokens {len(window)}"
        )
    ids = filled(windows)
    of_token = np.array(origin)[window]
    text = Text("", _counted(documents.texts, rng))
    frequency = frequencies((text,), tokenizer)[ids[window, position]].astype(np.float32)
    names = tuple(
        readable(tokenizer.tokens(windows[w])[p].text)
        for w, p in zip(window, position, strict=True)
    )
    sources = tuple(documents.sources[at] for at in origin)
    return Reference(ids, window, position, frequency, names, sources, _labels(documents, of_token))


def _strata(documents: Documents) -> list[list[int]]:
    """Documents by source and by the first column that holds words, in the order they are met."""
    words = next(
        (
            column
            for column in documents.columns.values()
            if any(isinstance(value, str) for value in column)
        ),
        None,
    )
    found: dict[tuple[str, object], list[int]] = {}
    for at, source in enumerate(documents.sources):
        found.setdefault((source, words[at] if words else None), []).append(at)
    return list(found.values())


def _windows(
    documents: Documents,
    strata: Sequence[Sequence[int]],
    tokenizer: Tokenizer,
    length: int,
    count: int,
    rng: np.random.Generator,
) -> tuple[list[list[int]], list[int]]:
    """Windows of ids, none twice, until they offer ``count`` tokens, and the document of each;
    strata take turns while they last.
    """
    queues = [_cut(documents, stratum, tokenizer, length, rng) for stratum in strata]
    rows: dict[tuple[int, ...], int] = {}
    offered = 0
    while queues and offered < count:
        for queue in list(queues):
            found = next(queue, None)
            if found is None:
                queues.remove(queue)
            elif offered < count and tuple(found[0]) not in rows:
                rows[tuple(found[0])] = found[1]
                offered += min(PICKED, len(_inked(tokenizer, found[0])))
    return [list(row) for row in rows], list(rows.values())


def _cut(
    documents: Documents,
    stratum: Sequence[int],
    tokenizer: Tokenizer,
    length: int,
    rng: np.random.Generator,
) -> Iterator[tuple[list[int], int]]:
    """Windows of a stratum, one document after another in an order of chance, round and round until
    every place has been used.
    """
    places = {
        at: _starts(documents.texts[at], length, rng)
        for at in rng.permutation(np.array(stratum)).tolist()
    }
    frame = len(tokenizer.framed([]))
    while places:
        for at in list(places):
            start = places[at].pop()
            if not places[at]:
                del places[at]
            ids = tokenizer.ids([documents.texts[at][start : start + 12 * length]])[0][
                : max(1, length - frame)
            ]
            if ids:
                yield tokenizer.framed(ids), at


def _starts(text: str, length: int, rng: np.random.Generator) -> list[int]:
    """Where windows may begin: at the beginning, and in a long text about every window's length
    where a line or sentence begins.
    """
    reach = 6 * length
    starts = [0]
    for at in range(reach, len(text) - reach // 2, reach):
        found = STARTS.search(text, at, at + reach)
        if found and found.end() - starts[-1] >= reach // 2:
            starts.append(found.end())
    return [starts[n] for n in rng.permutation(len(starts))]


def _inked(tokenizer: Tokenizer, row: Sequence[int]) -> list[int]:
    """The places of a window's own tokens that show ink: the signs of its frame are not its own."""
    frame = tokenizer.framed([])
    framed = set(frame)
    return [
        at
        for at, token in enumerate(tokenizer.tokens(row))
        if token.text.strip() and token.id not in framed
    ]


def picks(
    inked: Sequence[Sequence[int]], count: int, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Which tokens, [n] window and [n] place: evenly from all windows, each window's spread over
    it, until there are ``count``.
    """
    orders = [_spread(places, rng) for places in inked]
    rounds = max((len(order) for order in orders), default=0)
    chosen = [
        (w, order[n]) for n in range(rounds) for w, order in enumerate(orders) if n < len(order)
    ][:count]
    window, position = np.array(sorted(chosen), dtype=np.int32).reshape(-1, 2).T
    return window, position


def _spread(places: Sequence[int], rng: np.random.Generator) -> list[int]:
    """The places in an order whose first n lie spread over all: one at random from each of 16
    stretches, then the others.
    """
    if not places:
        return []
    stretches = np.array_split(np.array(places), min(PICKED, len(places)))
    first = [int(rng.choice(stretch)) for stretch in stretches]
    return [first[n] for n in rng.permutation(len(first))] + [
        at for at in places if at not in first
    ]


def filled(windows: Sequence[Sequence[int]]) -> Ints:
    longest = max((len(row) for row in windows), default=0)
    return np.array([[*row, *[NOTHING] * (longest - len(row))] for row in windows], dtype=np.int32)


def _counted(texts: Sequence[str], rng: np.random.Generator) -> tuple[str, ...]:
    """Documents in which tokens are counted: all, or as many in an order of chance as hold four
    million characters.
    """
    if sum(map(len, texts)) <= COUNTED:
        return tuple(texts)
    kept, size = [], 0
    for at in rng.permutation(len(texts)):
        kept.append(texts[at][: COUNTED - size])
        size += len(kept[-1])
        if size >= COUNTED:
            break
    return tuple(kept)


def _labels(documents: Documents, of_token: Ints) -> tuple[Label, ...]:
    return tuple(
        _label(name, [column[at] for at in of_token]) for name, column in documents.columns.items()
    )


def _label(name: str, values: Sequence[str | float | None]) -> Label:
    """A column as a colour: a category; numbers, unless they are few and whole, are a magnitude."""
    numbers = _numbers(values)
    known = set(numbers[np.isfinite(numbers)].tolist())
    if known and (len(known) > NAMED or any(number % 1 for number in known)):
        return Label(_key(name), "magnitude", name, name, numbers[:, None])
    words = [
        None if value is None else f"{value:g}" if isinstance(value, float) else value
        for value in values
    ]
    said = sorted(
        {word for word in words if word is not None}, key=lambda word: (-words.count(word), word)
    )
    names = said if len(said) <= NAMED else [*said[: NAMED - 1], "other"]
    ids = {word: min(n, NAMED - 1) for n, word in enumerate(said)}
    codes = np.array([np.nan if word is None else ids[word] for word in words], dtype=np.float32)
    return Label(_key(name), "category", name, name, codes[:, None], names=tuple(names))


def _numbers(values: Sequence[str | float | None]) -> Floats:
    """The column as numbers, NaN where it says nothing; nothing but NaN where one of them is no
    number.
    """
    try:
        return np.array(
            [np.nan if value is None else float(value) for value in values], dtype=np.float32
        )
    except ValueError:
        return np.full(len(values), np.nan, dtype=np.float32)


def _key(name: str) -> str:
    """A label's name in links: without spaces, 64 characters at most."""
    return "_".join(name.split())[:64] or "label"
