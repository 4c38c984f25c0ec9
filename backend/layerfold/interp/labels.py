"""Tokens with a label each: from a run's reference, or from a text in which words carry tags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from layerfold.errors import InputError
from layerfold.interp.notes import Note
from layerfold.interp.occurrences import occurrence
from layerfold.interp.session import Session
from layerfold.interp.word_sets import read_words
from layerfold.records import Ints, Reference

SOURCE: Final = "source"
FEW: Final = 10  # tokens of a class below which nothing can be learned of it
MOST_CLASSES: Final = 100
LEAST_DOCUMENTS: Final = 5


@dataclass(frozen=True)
class Labelled:
    """Tokens of ``reference`` that have a label: which ``tokens`` [n], their class ``values`` [n]
    (indices of ``classes``), and the ``documents`` [n] that they come from, never parted."""

    name: str
    reference: Reference
    tokens: Ints
    values: Ints
    documents: Ints
    classes: tuple[str, ...]
    notes: tuple[Note, ...] = ()

    @property
    def types(self) -> Ints:
        """The token id of each [n]."""
        reference, which = self.reference, self.tokens
        return reference.windows[reference.window[which], reference.position[which]]


def checked(found: Labelled) -> Labelled:
    """The same without tokens that have no label (-1) and classes of fewer than ten tokens, which
    is noted; raises InputError where two classes, at most a hundred, and five documents are not
    left.
    """
    notes = list(found.notes)
    counts = np.bincount(found.values[found.values >= 0], minlength=len(found.classes))
    if len(counts) > MOST_CLASSES and (counts > 0).sum() > MOST_CLASSES:
        raise InputError(
            f"Label {found.name!r} has {(counts > 0).sum():,} classes: a probe tells at most"
            f" {MOST_CLASSES} apart. Choose a coarser label."
        )
    kept = np.flatnonzero(counts >= FEW)
    if len(kept) < 2:
        raise InputError(
            f"Label {found.name!r} has {len(kept)} class(es) of at least {FEW} tokens: a probe"
            " needs two."
        )
    gaps, rare = int((found.values < 0).sum()), int((counts > 0).sum()) - len(kept)
    if gaps:
        notes.append(Note("gaps", {"name": found.name, "count": gaps, "of": len(found.values)}))
    if rare:
        notes.append(Note("rare_classes", {"name": found.name, "count": rare, "least": FEW}))
    renamed = np.full(len(counts) + 1, -1, dtype=np.int32)
    renamed[kept] = np.arange(len(kept))
    values = renamed[found.values]
    inside = values >= 0
    if len(np.unique(found.documents[inside])) < LEAST_DOCUMENTS:
        raise InputError(
            f"Label {found.name!r} comes from {len(np.unique(found.documents[inside]))}"
            f" document(s): at least {LEAST_DOCUMENTS} are needed to keep some for testing."
        )
    return replace(
        found,
        tokens=found.tokens[inside],
        values=values[inside],
        documents=found.documents[inside],
        classes=tuple(found.classes[n] for n in kept),
        notes=tuple(notes),
    )


def labelled(opened: Session, name: str = SOURCE) -> Labelled:
    """The reference's tokens by the text they come from (``source``) or a label that it carries.

    Raises InputError for a label that is not there or is no class, AtlasMissing, and as
    ``checked``.
    """
    reference = opened.atlas.reference
    tokens = np.arange(len(reference), dtype=np.int32)
    if name == SOURCE:
        classes = tuple(sorted(set(reference.source)))
        by_window = np.array([classes.index(one) for one in reference.source], dtype=np.int32)
        values = by_window[reference.window]
    else:
        known = {label.name: label for label in reference.labels}
        if name not in known:
            raise InputError(
                f"There is no label {name[:100]!r}: there are {', '.join([SOURCE, *known])}."
            )
        label = known[name]
        if label.kind != "category":
            raise InputError(f"Label {name!r} is a {label.kind}, no class: a probe needs classes.")
        column = label.values[:, 0]
        values = np.where(np.isfinite(column), column, -1).astype(np.int32)
        classes = label.names
    return checked(Labelled(name, reference, tokens, values, reference.window, classes))


def tagged(opened: Session, path: Path, most: int = 4000) -> Labelled:
    """As ``tagged_words``, of a file."""
    return tagged_words(opened, path.name, read_words(path), most)


def tagged_words(opened: Session, name: str, text: str, most: int = 4000) -> Labelled:
    """Words of a tagged text, about ``most`` of them, each with the state of its last piece.

    A line holds a word and its tag, parted by a tab; an empty line ends a sentence, and a line that
    begins with "# " a document. Raises InputError, and as ``checked``.
    """
    rows: list[list[int]] = []
    window, position, tags, documents = [], [], [], []
    for document, sentence in spread(list(sentences_in(name, text)), most):
        words, ends = "", []
        for word, _ in sentence:
            words += (" " if words else "") + word
            ends.append(len(words))
        whole = opened.tokenize(words)
        for (word, tag), end in zip(sentence, ends, strict=True):
            if whole.cut and end > whole.tokens[-1].end:
                break
            window.append(len(rows))
            position.append(occurrence(opened, words, end - len(word), end).at)
            tags.append(tag)
            documents.append(document)
        rows.append(whole.ids)
    if not rows:
        raise InputError(f"{name} holds no tagged word: a line is a word, a tab and its tag.")
    windows = np.full((len(rows), max(map(len, rows))), -1, dtype=np.int32)
    for n, row in enumerate(rows):
        windows[n, : len(row)] = row
    places = np.array(window, dtype=np.int32), np.array(position, dtype=np.int32)
    texts = tuple(
        opened.tokenizer.text_of(int(windows[w, p])) for w, p in zip(*places, strict=True)
    )
    reference = Reference(
        windows, *places, np.zeros(len(window), np.float32), texts, (name,) * len(rows)
    )
    classes = tuple(sorted(set(tags)))
    values = np.array([classes.index(tag) for tag in tags], dtype=np.int32)
    tokens = np.arange(len(window), dtype=np.int32)
    groups = np.array(documents, dtype=np.int32)
    return checked(Labelled(name, reference, tokens, values, groups, classes))


def spread(
    sentences: Sequence[tuple[int, list[tuple[str, str]]]], most: int
) -> Iterator[tuple[int, list[tuple[str, str]]]]:
    """Sentences of about ``most`` words, taken from the documents in turn: the first of each, then
    the second of each, …"""
    turns: dict[int, int] = {}
    ordered = []
    for document, sentence in sentences:
        turns[document] = turns.get(document, -1) + 1
        ordered.append((turns[document], document, sentence))
    left = most
    for _, document, sentence in sorted(ordered, key=lambda one: one[:2]):
        if left <= 0:
            return
        left -= len(sentence)
        yield document, sentence


def sentences_of(path: Path) -> Iterator[tuple[int, list[tuple[str, str]]]]:
    """As ``sentences_in``, of a file."""
    return sentences_in(path.name, read_words(path))


def sentences_in(name: str, text: str) -> Iterator[tuple[int, list[tuple[str, str]]]]:
    """The sentences of a tagged text, each with the number of its document; without marks of
    documents each sentence is one. Raises InputError for a line that is no word with its tag."""
    lines = text.splitlines()
    marked = any(line.startswith("# ") for line in lines)
    document, sentence = 0, list[tuple[str, str]]()
    for number, line in enumerate([*lines, ""], 1):
        if line.strip() and not line.startswith("# "):
            word, tab, tag = line.partition("\t")
            if not tab or not word.strip() or not tag.strip():
                raise InputError(f"Line {number} of {name} is not a word, a tab and its tag.")
            sentence.append((word.strip(), tag.strip()))
            continue
        if sentence:
            yield document, sentence
            sentence = []
            document += not marked
        document += line.startswith("# ")


def shuffled_types(labels: Labelled, seed: int) -> NDArray[np.int32]:
    """Hewitt & Liang's control task: each token type's own random class, drawn as often as the
    classes occur [n]."""
    rng = np.random.default_rng((seed, 1))
    kinds, which = np.unique(labels.types, return_inverse=True)
    shares = np.bincount(labels.values, minlength=len(labels.classes)) / len(labels.values)
    drawn = rng.choice(len(labels.classes), size=len(kinds), p=shares)
    return np.asarray(drawn[which], dtype=np.int32)
