"""Words in sentences as a model reads them, and the states of their last pieces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from layerfold.errors import EmptyText, TextTooLong, UnknownSymbol
from layerfold.interp.session import Session
from layerfold.interp.stepwise import NOBODY, Watch
from layerfold.records import Floats

if TYPE_CHECKING:
    from layerfold.model.adapter import Adapter

AT_ONCE: Final = 64


@dataclass(frozen=True)
class Occurrence:
    """A word in a sentence: the sentence's ``ids``, the place ``at`` of the word's last token, and
    of how many ``pieces`` the word is made."""

    ids: tuple[int, ...]
    at: int
    pieces: int


def occurrence(opened: Session, text: str, start: int, end: int) -> Occurrence:
    """The word at the characters from ``start`` to ``end`` of a text; raises TextTooLong where the
    model does not read so far, EmptyText where there is no word, and what ``tokenize`` raises."""
    if not text[start:end].strip():
        raise EmptyText(f"There is no word to put into {text[:60]!r}: type one.")
    sentence = opened.tokenize(text)
    inside = [
        n for n, token in enumerate(sentence.tokens) if token.start < end and token.end > start
    ]
    if not inside or (sentence.cut and sentence.tokens[inside[-1]].end < end):
        raise TextTooLong(
            f"The model reads {opened.max_tokens} tokens and {text[start:end]!r} stands after them"
            f" in {text[:60]!r}: shorten the sentence."
        )
    return Occurrence(tuple(sentence.ids), inside[-1], len(inside))


def framed_words(
    opened: Session, frame: str, words: Iterable[str]
) -> tuple[dict[str, Occurrence], UnknownSymbol | None]:
    """Each word in the frame's {} place, in the order given; those with a symbol that the model
    does not know are left out, and the first such error told. Raises as ``occurrence``."""
    start = frame.index("{}")
    read: dict[str, Occurrence] = {}
    why: UnknownSymbol | None = None
    for word in dict.fromkeys(words):
        try:
            read[word] = occurrence(opened, frame.format(word), start, start + len(word))
        except UnknownSymbol as error:
            why = why or error
    return read, why


def states_of(adapter: Adapter, words: Sequence[Occurrence], watch: Watch = NOBODY) -> Floats:
    """The raw states of the words' last pieces: [site, word, d]. A causal model reads no further
    than the word. Raises Cancelled."""
    cut = [word.ids[: word.at + 1] if adapter.causal else word.ids for word in words]
    sizes = np.array([len(ids) for ids in cut])
    found = np.empty((len(adapter.sites), len(words), adapter.d_model), dtype=np.float32)
    done = 0
    for size in np.unique(sizes):
        of_size = np.flatnonzero(sizes == size)
        for first in range(0, len(of_size), AT_ONCE):
            chosen = of_size[first : first + AT_ONCE]
            watch.stop()
            watch.progress("reading text", done / len(words))
            done += len(chosen)
            windows = np.array([cut[n] for n in chosen], dtype=np.int32)
            places = [words[n].at for n in chosen]
            found[:, chosen] = adapter.batch_states(windows)[:, np.arange(len(chosen)), places]
    return found


def is_causal(opened: Session) -> bool:
    """Whether the run's model reads nothing that stands after a token."""
    return bool(opened.card["architecture"].get("causal", True))
