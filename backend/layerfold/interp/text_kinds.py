"""Windows of natural text and of text that is not: shuffled, dealt, random, of another kind.

Of other kinds two are bundled: plain sentences in English and in Chinese, which to most models are
another genre and another language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from layerfold.errors import InputError, UnknownSymbol
from layerfold.interp.notes import Note
from layerfold.interp.session import Session
from layerfold.interp.word_sets import bundled_senses
from layerfold.records import Ints, Reference

LEAST: Final = (
    12  # windows of a reference that can be parted in cloud, natural text and held-out text
)
LEAST_OTHER: Final = 5
NATURAL: Final = "natural"
LANGUAGES: Final = {"english": "en", "chinese": "zh"}
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Kinds:
    """Windows [window, length] by kind: ``natural`` first, then ``held-out`` (as natural, the
    control), ``shuffled`` (the natural ones' tokens within each), ``dealt`` (each place's tokens
    among them: a token keeps its place and loses its context), ``random`` (of the vocabulary),
    bundled ``english`` and ``chinese`` sentences, and others by name; ``cloud`` [window] the
    reference's windows that are compared with, and ``background`` those dealt."""

    windows: Mapping[str, Ints]
    cloud: Mask
    background: Ints
    notes: tuple[Note, ...]


def kinds_of(opened: Session, others: Mapping[str, Sequence[str]], count: int, seed: int) -> Kinds:
    """At most ``count`` windows of each kind; half of the reference's windows are the cloud.

    Raises InputError where the reference has fewer than twelve windows of one length, or another
    text fewer than five.
    """
    reference = opened.atlas.reference
    size = window_size(reference)
    whole = np.flatnonzero((reference.windows >= 0).sum(axis=1) == size)
    if len(whole) < LEAST:
        raise InputError(
            f"The reference has {len(whole)} windows of {size} tokens: {LEAST} are needed to keep"
            " some of them out of the cloud. Build a larger atlas with layerfold atlas --tokens."
        )
    rng = np.random.default_rng(seed)
    order = rng.permutation(whole)
    half, quarter = len(whole) // 2, len(whole) // 4
    cloud = np.ones(len(reference.windows), dtype=bool)
    cloud[order[: 2 * quarter]] = False
    rows = np.ascontiguousarray(reference.windows[:, :size])
    natural = rows[order[:quarter][:count]]
    found = {
        NATURAL: natural,
        "held-out": rows[order[quarter : 2 * quarter][:count]],
        "shuffled": rng.permuted(natural, axis=1),
        "dealt": rng.permuted(natural, axis=0),
        "random": rng.integers(len(opened.tokenizer), size=natural.shape).astype(np.int32),
    }
    background = rng.permuted(rows[order[-half:][:count]], axis=0)
    notes = []
    for name, language in LANGUAGES.items():
        try:
            found[name] = windows_of(opened, name, readable(opened, language), size)[:count]
        except InputError as error:
            notes.append(Note("not_read", {"name": name, "why": str(error)}))
    for name, texts in others.items():
        try:
            found[name] = windows_of(opened, name, texts, size)[:count]
        except UnknownSymbol as error:
            notes.append(Note("not_read", {"name": name, "why": str(error)}))
    return Kinds(found, cloud, background, tuple(notes))


def window_size(reference: Reference) -> int:
    """The tokens of a reference's longest windows."""
    return int((reference.windows >= 0).sum(axis=1).max())


def readable(opened: Session, language: str) -> list[str]:
    """The bundled sentences of a language, dealt so that no topic comes in one piece, less those
    with a symbol that the model does not know."""
    texts = [slot.text(one.word) for one in bundled_senses(language) for slot in one.slots]
    found = []
    for at in np.random.default_rng(0).permutation(len(texts)):
        try:
            opened.tokenizer.ids([texts[at]])
        except UnknownSymbol:
            continue
        found.append(texts[at])
    return found


def windows_of(opened: Session, name: str, texts: Sequence[str], size: int) -> Ints:
    """Texts one after another in windows of ``size`` tokens; raises InputError below five."""
    ids = [id for row in opened.tokenizer.ids(texts) for id in row]
    count = len(ids) // size
    if count < LEAST_OTHER:
        raise InputError(
            f"The text {name!r} gives {count} windows of {size} tokens: at least {LEAST_OTHER} are"
            " needed."
        )
    return np.array(ids[: count * size], dtype=np.int32).reshape(count, size)
