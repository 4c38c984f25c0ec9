"""1.2c: whether king − queen and the other pairs share one direction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from layerfold.claims.seed.finding import (
    Finding,
    Triple,
    Untestable,
    by_sites,
    flat,
    line,
    verdict_of,
)
from layerfold.claims.seed.subject import UNREADABLE, Subject
from layerfold.interp import axes
from layerfold.interp.interval import Interval
from layerfold.interp.word_sets import Pair, PairList, bundled_pairs

LISTS: Final = {"en": "gender", "zh": "男女"}
LEAST: Final = 5  # pairs
PLAIN, EMBED = 0, 0


def gender_axis(subject: Subject, bars: Mapping[str, float]) -> Finding:
    """Leave-one-out cosine of the pairs at the embedding beside re-paired and random pairs."""
    frame = axes.FRAMES["en"] if subject.language == "en" else "{}"
    pairs = pairs_of(subject, frame)
    options = axes.Options(frame=frame, draws=500)
    used, notes = axes.words_of(subject.opened, pairs, options)
    if any(note.key == "split_used" for note in notes):
        known = sum(one.pieces == 1 for one in used.read)
        raise Untestable("pieces", known=known, count=len(used.read))
    found = axes.measure(subject.opened, pairs, subject.every, options)
    t = len(subject.every) - 1
    value = found.loo.at(t, PLAIN, EMBED)
    repaired = found.repaired.at(t, PLAIN, EMBED)
    random = found.random.at(t, PLAIN, EMBED)
    p, p_random = (float(one[t, PLAIN, EMBED]) for one in (found.p_repaired, found.p_random))
    hit = found.hit.at(t, PLAIN, EMBED)
    beats = value[0] > repaired[2]
    return Finding(
        verdict=verdict_of(
            value[0] >= bars["cosine"], beats, weaker=not beats and value[0] > random[2]
        ),
        value=list(value),
        at_step=subject.last,
        series=line("1.2c", by_step(found.loo, subject)),
        controls=[
            line("repaired", by_step(found.repaired, subject)),
            flat("random_pairs", random),
            line("hit", by_step(found.hit, subject)),
        ],
        by_site=by_sites(
            list(found.places),
            [found.loo.at(t, PLAIN, n) for n in range(len(found.places))],
        ),
        p=p,
        numbers={
            "pairs": len(found.pairs),
            "repaired": repaired[0],
            "random": random[0],
            "hit": hit[0],
            "p_random": p_random,
        },
        view={"site": "embed", "s": _pair_lines(found.pairs), "projection": "pca"},
    )


def pairs_of(subject: Subject, frame: str) -> PairList:
    """The pairs of men and women that are one token each, those of one character where too few of
    the others are; raises Untestable.
    """
    name = LISTS[subject.language]
    listed = next(one for one in bundled_pairs(subject.language) if one.name == name)
    known = readable(subject, listed.pairs, frame)
    if len(known) < LEAST and subject.language in subject.words["genders"]:
        single = tuple((one[0], one[1]) for one in subject.words["genders"]["zh"].split())
        known = readable(subject, single, frame)
    if len(known) < LEAST:
        raise Untestable("pieces", known=2 * len(known), count=2 * len(listed.pairs))
    return replace(listed, pairs=known)


def readable(subject: Subject, pairs: tuple[Pair, ...], frame: str) -> tuple[Pair, ...]:
    """The pairs both of whose words are one token of the model."""

    def read(word: str) -> bool:
        try:
            return subject.occurrence(frame, word).pieces == 1
        except UNREADABLE:
            return False

    return tuple(pair for pair in pairs if all(read(word) for word in pair))


def by_step(found: Interval, subject: Subject) -> dict[int, Triple]:
    """A number at the embedding by step."""
    return {step: found.at(n, PLAIN, EMBED) for n, step in enumerate(subject.every)}


def _pair_lines(pairs: tuple[tuple[str, str], ...]) -> str:
    """Four pairs as sentences of the scene, men in one hue and women in another."""
    kept = [pair for pair in pairs if pair[0] in ("king", "man", "father", "boy", "男", "父")]
    chosen = (kept or list(pairs))[:4]
    return "\n".join(f"{side}v{pair[side]}" for pair in chosen for side in (0, 1))
