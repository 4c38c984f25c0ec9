"""What Poet's claims are decided by: the texts that are read, and every number of one step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from layerfold.claims.verse_figures import (
    Ends,
    Probe,
    dealt,
    draws_of,
    ends_of,
    held_by,
    in_order,
    interval,
    means_of_places,
    next_tone_probe,
    strands,
    tone_probe,
)
from layerfold.claims.verse_reading import (
    SIZES,
    Reading,
    Verse,
    prefixed,
    read,
    regular_verse,
    shuffled,
)
from layerfold.claims.verse_rhyme import Rhyme, calls_of, rhyme_of
from layerfold.data.sounds import EITHER, LEVEL, OBLIQUE, Sounds
from layerfold.errors import DamagedRun
from layerfold.model.tokenizers.characters import CharacterTokenizer
from layerfold.records import Estimate, Reference
from layerfold.runs.run import Run

PREFIX: Final = 24
"""Numbers of random characters before a poem: 0 to 23, a multiple of both lines' periods (6 and
8).
"""
COMPONENTS: Final = 6
MATCHED: Final = 50
SIGNS: Final = {LEVEL: 1, OBLIQUE: -1, EITHER: 0}
ONE: Final = np.s_[:1]


@dataclass(frozen=True)
class Texts:
    """``plain`` poems, the same after a random ``prefix``, and both with shuffled characters.

    ``tones`` [token] is 1 (level), -1 (oblique) or 0; ``groups`` [vocab, rhyme] which rhymes a
    character has.
    """

    plain: Verse
    prefix: Verse
    mixed: Verse
    mixed_prefix: Verse
    tokenizer: CharacterTokenizer
    tones: NDArray[np.int64]
    groups: NDArray[np.bool_]
    draws: NDArray[np.float64]

    @staticmethod
    def of(run: Run, reference: Reference) -> Texts:
        """The regular poems of a reference; raises DamagedRun."""
        tokenizer = run.tokenizer()
        if not isinstance(tokenizer, CharacterTokenizer):
            raise DamagedRun(
                f"{run.name} does not read single characters: restore its tokenizer.json"
            )
        sounds = Sounds.load(run.folder)
        plain = regular_verse(reference.windows, tokenizer)
        mixed = shuffled(plain)
        signs = np.array([SIGNS[sounds.tones.get(c, EITHER)] for c in tokenizer.characters])
        groups = sounds.table(tokenizer.characters)
        return Texts(
            plain,
            prefixed(plain, tokenizer, PREFIX),
            mixed,
            prefixed(mixed, tokenizer, PREFIX),
            tokenizer,
            signs[plain.ids],
            groups,
            draws_of(plain.poems),
        )


@dataclass(frozen=True)
class Figures:
    """One step: every mapping is by text (plain, prefix; shuffled and "shuffled prefix" where they
    were read).

    ``ends`` has "first" and "all" too (of plain text, other lines); ``strands`` is by text and
    length of line, of every site; ``held`` has "dealt" too (places dealt out at random).
    """

    ends: Mapping[str, Ends]
    order: Mapping[str, Estimate]
    strands: Mapping[tuple[str, int], tuple[Estimate, ...]]
    held: Mapping[str, Estimate]
    tone: Probe
    next_tone: Probe
    rhyme: Rhyme


@dataclass(frozen=True)
class Depth:
    """How much is worked out: intervals, and shuffled text; ``tone`` and ``next_tone`` are the
    sites to probe, all if None.
    """

    intervals: bool = True
    shuffled: bool = True
    tone: int | None = None
    next_tone: int | None = None


def figures_at(run: Run, step: int, texts: Texts, depth: Depth) -> Figures:
    """The numbers of one step; raises DamagedRun, StepNotFound."""
    adapter = run.adapter(step)
    draws = texts.draws if depth.intervals else texts.draws[ONE]
    calls = calls_of(texts.plain)
    plain = read(adapter, texts.plain, texts.tokenizer, [call.before for call in calls])
    wanted = {"prefix": texts.prefix}
    wanted |= (
        {"shuffled": texts.mixed, "shuffled prefix": texts.mixed_prefix} if depth.shuffled else {}
    )
    seen = {"plain": (texts.plain, plain)}
    seen |= {name: (verse, read(adapter, verse, texts.tokenizer)) for name, verse in wanted.items()}
    means = {
        name: means_of_places(verse, reading.states[-1], draws)
        for name, (verse, reading) in seen.items()
    }
    ends = {name: ends_of(*pair, draws) for name, pair in seen.items()}
    ends |= {lines: ends_of(*seen["plain"], draws, lines) for lines in ("first", "all")}
    held = {
        **means,
        "dealt": means_of_places(texts.plain, plain.states[-1], draws, dealt(texts.plain)),
    }
    return Figures(
        ends,
        {name: interval(in_order(found)) for name, found in means.items()},
        _strands(seen, draws),
        {name: interval(held_by(found, COMPONENTS)) for name, found in held.items()},
        tone_probe(texts.plain, plain, texts.tones, draws, _only(depth.tone)),
        next_tone_probe(texts.plain, plain, texts.tones, draws, _only(depth.next_tone)),
        rhyme_of(texts.plain, calls, plain.shares, texts.groups, MATCHED, draws),
    )


def _only(site: int | None) -> list[int] | None:
    return None if site is None else [site]


def _strands(
    seen: Mapping[str, tuple[Verse, Reading]], draws: NDArray[np.float64]
) -> dict[tuple[str, int], tuple[Estimate, ...]]:
    """The parity ratio with a prefix and without, by length of line and site."""
    found: dict[tuple[str, int], tuple[Estimate, ...]] = {}
    for name, (verse, reading) in seen.items():
        means = [means_of_places(verse, states, draws) for states in reading.states]
        for size in SIZES:
            found[name, size] = tuple(interval(strands(at, size)) for at in means)
    return found
