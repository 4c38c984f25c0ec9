"""A bounded sample of a long table, even over its classes and uniform within each over the whole
of it."""

from __future__ import annotations

import random
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final

import numpy as np

CHARACTERS: Final = 256 << 20


@dataclass(frozen=True)
class Document:
    """A row's text with its labels, each a number, words, or nothing."""

    text: str
    labels: tuple[str | float | None, ...]


class RowSample:
    """At most ``rows`` documents of those added, fewer where they hold over ``characters``; the
    same rows give the same sample.

    Every document has a rank in its class by a key of chance, and those of the lowest ranks stay. A
    rank only grows while documents are added, so that leaving some out early changes nothing: the
    sample is that of all documents at once.
    """

    def __init__(self, rows: int, characters: int = CHARACTERS) -> None:
        self._rows, self._characters = rows, characters
        self._chance = random.Random(0)
        self._documents: list[Document] = []
        self._keys: list[float] = []
        self._classes: list[int] = []
        self._numbers: dict[Hashable, int] = {}
        self._size = 0

    def add(self, document: Document, kind: Hashable = None) -> None:
        """One more document, of a class."""
        self._documents.append(document)
        self._keys.append(self._chance.random())
        self._classes.append(self._numbers.setdefault(kind, len(self._numbers)))
        self._size += len(document.text)
        if len(self._documents) >= 2 * self._rows or self._size >= 2 * self._characters:
            self._thin()

    def documents(self) -> list[Document]:
        """The sample, in the order in which it was added."""
        self._thin()
        return self._documents

    def _thin(self) -> None:
        order = self._order()
        sizes = np.array([len(self._documents[at].text) for at in order], dtype=np.int64)
        fitting = int(np.searchsorted(np.cumsum(sizes), self._characters, side="right"))
        self._rows = min(self._rows, max(1, fitting)) if fitting < len(order) else self._rows
        kept = sorted(order[: self._rows])
        self._documents = [self._documents[at] for at in kept]
        self._keys = [self._keys[at] for at in kept]
        self._classes = [self._classes[at] for at in kept]
        self._size = sum(len(document.text) for document in self._documents)

    def _order(self) -> list[int]:
        """Documents by their rank in their class, those of one rank by chance."""
        keys, classes = np.array(self._keys), np.array(self._classes, dtype=np.int64)
        by_class = np.lexsort((keys, classes))
        starts = np.searchsorted(classes[by_class], classes[by_class], side="left")
        ranks = np.empty(len(keys), dtype=np.int64)
        ranks[by_class] = np.arange(len(keys)) - starts
        found: list[int] = np.lexsort((keys, ranks)).tolist()
        return found
