"""1.3a: whether context parts the senses of bank."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import NormalDist
from typing import Final

import numpy as np

from layerfold.claims.seed.finding import Finding, Triple, by_sites, flat, line, verdict_of
from layerfold.claims.seed.subject import UNREADABLE, Subject
from layerfold.interp import senses
from layerfold.interp.interval import REACH, Interval
from layerfold.interp.word_sets import SenseSet, bundled_senses

DRAWS: Final = 400
SHOWN: Final = 3


def senses_part(subject: Subject, bars: Mapping[str, float]) -> Finding:
    """The quotient of bank (of the first word that is one token) by step and site."""
    sets = [one for one in bundled_senses(subject.language) if _readable(subject, one)]
    sets = sets[:1] if sets else []
    every = bundled_senses(subject.language)
    if not sets:
        subject.known([every[0].word], "{}" if subject.language == "zh" else "The {}")
        sets = every[:1]
    options = senses.Options(draws=DRAWS)
    found = senses.measure(subject.opened, sets, subject.every, options)
    others = senses.measure(
        subject.opened,
        [one for one in every if _readable(subject, one)] or sets,
        [subject.last],
        options,
    )
    t = len(subject.every) - 1
    parted = int(found.parts_at[0, t])
    known = np.nan_to_num(found.quotient.value[0, t], nan=-np.inf)
    site = parted if parted >= 0 else int(known.argmax())
    value = found.quotient.at(0, t, site)
    top = int(known.argmax())
    beats = parted >= 0
    share = float(np.mean(others.parts_at[:, 0] >= 0))
    return Finding(
        verdict=verdict_of(beats, beats),
        value=list(value),
        at_step=subject.last,
        series=line("1.3a", _at(found.quotient, site, subject)),
        controls=[
            line("neutral", _at(found.control, site, subject)),
            flat("permuted", float(found.permuted[0, t, site])),
            flat("words", share),
        ],
        by_site=by_sites(
            subject.sites, [found.quotient.at(0, t, n) for n in range(len(subject.sites))]
        ),
        p=_p_above_one(value),
        numbers={
            "word": sets[0].word,
            "control": sets[0].control,
            "ratio": found.ratio.at(0, t, site)[0],
            "neutral": found.control.at(0, t, site)[0],
            "site": subject.sites[site],
            "share": share,
            "count": len(others.sets),
            "top": found.quotient.at(0, t, top)[0],
            "top_site": subject.sites[top],
        },
        view={"site": subject.sites[site], "s": _lines(sets[0]), "colour": "sentence"},
    )


def _at(found: Interval, site: int, subject: Subject) -> dict[int, Triple]:
    """A number of the first word at a site, by step."""
    return {step: found.at(0, n, site) for n, step in enumerate(subject.every)}


def _p_above_one(value: Triple) -> float:
    """One-sided p that a ratio is not above 1, by the normal error of its logarithm."""
    error = np.log(value[2] / value[0]) / REACH
    return 1 - NormalDist().cdf(float(np.log(value[0]) / max(error, 1e-12)))


def _readable(subject: Subject, one: SenseSet) -> bool:
    """Whether the word is one token in its first sentence."""
    slot = one.slots[0]
    try:
        frame = slot.before.replace("{", "").replace("}", "") + "{}"
        return subject.occurrence(frame, one.word).pieces == 1
    except UNREADABLE:
        return False


def _lines(one: SenseSet) -> str:
    """Three sentences of each sense, each sense in its hue."""
    chosen = [[slot for slot in one.slots if slot.sense == n][:SHOWN] for n in (0, 1)]
    return "\n".join(f"{n}v{slot.text(one.word)}" for n in (0, 1) for slot in chosen[n])
