"""Senses out of a column: sentences that hold a word, by what the column says of each.

A column of a table of one's own (CSV, TSV), or a label of the run's reference (the table that it
was drawn from): two of its classes are the senses. Where a label is of tokens and not of texts, it
counts at the word itself.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from layerfold.errors import InputError
from layerfold.interp.labels import SOURCE
from layerfold.interp.session import Session
from layerfold.interp.word_sets import (
    CONTROLS,
    LEAST,
    SenseSet,
    Slot,
    pattern_of,
    read_words,
    table_rows,
)

MOST: Final = 100  # sentences of a sense
TEXTS: Final = ("sentence", "text", "content", "document")
Marked = tuple[str, str, str]
"""Before the word, after it, and the class."""


def senses_by_label(
    opened: Session,
    word: str,
    label: str,
    between: Sequence[str] = (),
    control: str | None = None,
) -> SenseSet:
    """The word in the run's reference, its senses two classes of a label (or ``source``): those
    named, else the two with most sentences.

    Raises InputError for a label that is none, or fewer than five sentences of either.
    """
    return chosen(word, label, list(found_in(opened, word, label)), between, control)


def senses_by_column(
    path: Path,
    word: str,
    column: str,
    between: Sequence[str] = (),
    control: str | None = None,
) -> SenseSet:
    """As ``senses_by_label``, of a table of one's own whose text stands in a column sentence, text,
    content or document."""
    text = read_words(path)
    header = text.partition("\n")[0]
    names = re.split(r"\t" if "\t" in header else ",", header)
    said = next((name for name in TEXTS if name in [one.strip().strip('"') for one in names]), None)
    if said is None:
        raise InputError(f"{path.name} has no column of texts: name one {' or '.join(TEXTS)}.")
    rows = table_rows(text, path.name, ())
    if column not in rows[0] if rows else True:
        raise InputError(f"{path.name} has no column {column!r}: it has {', '.join(names)}.")
    marked = (
        (row[said][: at.start()], row[said][at.end() :], row[column].strip())
        for row in rows
        if (at := re.search(pattern_of(word), row[said]))
    )
    return chosen(word, column, [one for one in marked if one[2]], between, control)


def chosen(
    word: str,
    column: str,
    found: Sequence[Marked],
    between: Sequence[str],
    control: str | None,
) -> SenseSet:
    """The set out of marked sentences, no more than a hundred of a sense, evenly among all."""
    if not word.strip():
        raise InputError("The word is empty: name one.")
    once = Counter(one[:2] for one in dict.fromkeys(found))  # a text of two classes tells nothing
    clear = [one for one in dict.fromkeys(found) if once[one[:2]] == 1]
    counts = Counter(kind for *_, kind in clear)
    names = tuple(between) or tuple(name for name, _ in counts.most_common(2))
    if len(names) != 2 or len(set(names)) != 2:
        raise InputError(
            f"{word!r} stands in sentences of {len(counts)} class(es) of {column!r}"
            f" ({told(counts)}): name two different ones to tell apart."
        )
    if min(counts[name] for name in names) < LEAST:
        raise InputError(
            f"{word!r} stands in {counts[names[0]]} sentences where {column!r} is {names[0]!r} and"
            f" in {counts[names[1]]} where it is {names[1]!r}: at least {LEAST} of each are needed."
            f" There are: {told(counts)}."
        )
    slots: list[Slot] = []
    for sense, name in enumerate(names):
        own = [one for one in clear if one[2] == name]
        kept = np.unique(np.linspace(0, len(own) - 1, min(MOST, len(own))).astype(int))
        slots += [Slot(own[n][0], own[n][1], sense) for n in kept.tolist()]
    language = "en" if word.isascii() else "zh"
    return SenseSet(word, control or CONTROLS[language], (names[0], names[1]), tuple(slots))


def told(counts: Counter[str]) -> str:
    """The classes with most sentences, in words."""
    return ", ".join(f"{name[:30]} {count}" for name, count in counts.most_common(6)) or "none"


def found_in(opened: Session, word: str, label: str) -> Iterator[Marked]:
    """Each place of the word in the reference's texts, with its class; texts without one are left
    out."""
    names, values = classes_of(opened, label)
    reference, pattern = opened.atlas.reference, re.compile(pattern_of(word))
    tokens: dict[int, list[int]] = {}
    for n, window in enumerate(reference.window.tolist()):
        if values[n] >= 0:
            tokens.setdefault(window, []).append(n)
    for window, inside in tokens.items():
        ids = [int(id) for id in reference.windows[window] if id >= 0]
        kinds = {int(values[n]) for n in inside}
        if len(kinds) == 1:
            text = opened.tokenizer.decode(ids)
            at = pattern.search(text)
            if at:
                yield text[: at.start()], text[at.end() :], names[kinds.pop()]
            continue
        for n in inside:
            if reference.text[n].strip() == word:
                place = int(reference.position[n])
                before, own, after = (
                    opened.tokenizer.decode(part)
                    for part in (ids[:place], ids[place : place + 1], ids[place + 1 :])
                )
                start = own.index(word)
                yield before + own[:start], own[start + len(word) :] + after, names[int(values[n])]


def classes_of(opened: Session, label: str) -> tuple[Sequence[str], np.ndarray]:
    """The classes of a label and each reference token's (-1: none); raises InputError for one that
    is not there or is no class."""
    reference = opened.atlas.reference
    if label == SOURCE:
        names = tuple(sorted(set(reference.source)))
        by_window = np.array([names.index(one) for one in reference.source], dtype=np.int64)
        return names, by_window[reference.window]
    known = {one.name: one for one in reference.labels if one.kind == "category"}
    if label not in known:
        raise InputError(
            f"There is no column {label[:100]!r} of classes: there are"
            f" {', '.join([SOURCE, *known])}."
        )
    column = known[label].values[:, 0]
    return known[label].names, np.where(np.isfinite(column), column, -1).astype(np.int64)


def names_of(opened: Session, label: str, most: int = 100) -> list[str]:
    """The classes of a label that a person can choose from; none of a label of too many."""
    names: Iterable[str] = classes_of(opened, label)[0]
    return list(names) if len(list(names)) <= most else []
