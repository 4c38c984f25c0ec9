"""1.1c: whether the way from one word to its kin is continuous in what the model says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from layerfold.claims.seed.finding import (
    Finding,
    Untestable,
    flat,
    line,
    mean_of,
    verdict_of,
)
from layerfold.claims.seed.subject import UNREADABLE, Subject
from layerfold.errors import InputError
from layerfold.interp import paths
from layerfold.interp.interval import Doubles

CHORD, GEODESIC = 0, 2
LARGEST, BEYOND = 1, 2
PAIRS: Final = {
    "en": (("dog", "horse"), ("king", "queen"), ("sea", "river"), ("father", "mother")),
    "zh": (("猫", "狗"), ("江", "河"), ("春", "秋"), ("松", "竹")),
}
OPTIONS: Final = {"points": 16, "pairs": 8, "robust": 2}


def continuous_way(subject: Subject, bars: Mapping[str, float]) -> Finding:
    """The largest Hellinger step of the geodesic, mean over pairs, beside random pairs'."""
    frame = {} if subject.language == "en" else {"frame": "{}"}
    options = paths.Options(**OPTIONS, **frame)  # type: ignore[arg-type]
    found = []
    for pair in PAIRS[subject.language]:
        try:
            found.append(paths.measure(subject.opened, pair, None, [subject.last], options))
        except (InputError, *UNREADABLE):
            continue
    if len(found) < 2:
        raise Untestable("pieces", known=len(found), count=len(PAIRS[subject.language]))
    steps = np.array([one.summary.value[0, GEODESIC, LARGEST] for one in found], dtype=np.float64)
    chord = np.array([one.summary.value[0, CHORD, LARGEST] for one in found], dtype=np.float64)
    random = np.array([one.control[0, GEODESIC, LARGEST] for one in found], dtype=np.float64)
    value = mean_of(steps)
    widest = float(np.nanmax([one.robust[0, LARGEST, 2] for one in found]))
    gaps = random - steps
    small, nearer = value[0] <= bars["largest"], bool(np.nanmean(gaps) > 0)
    straight = bool(np.nanmean(chord) <= bars["largest"])
    return Finding(
        verdict=verdict_of(small and nearer, _sure(gaps), weaker=straight or small),
        value=list(value),
        at_step=subject.last,
        series=line("1.1c", {subject.last: value}),
        controls=[flat("random_words", mean_of(random)), flat("chord", mean_of(chord))],
        p=_p_of(gaps),
        numbers={
            "random": float(np.nanmean(random)),
            "chord": float(np.nanmean(chord)),
            "pairs": len(found),
            "widest": widest,
            "site": found[0].site,
        },
        view={"site": found[0].site, "s": _scene(found)},
    )


def _sure(gaps: Doubles) -> bool:
    """Whether random pairs' steps are larger, by the pairs' spread."""
    return _p_of(gaps) <= 0.05


def _p_of(gaps: Doubles) -> float:
    """One-sided p of a mean by Student's t."""
    from scipy.stats import ttest_1samp

    known = gaps[np.isfinite(gaps)]
    if len(known) < 2 or not known.std():
        return 1.0
    return float(ttest_1samp(known, 0, alternative="greater").pvalue)


def _scene(found: list[paths.Paths]) -> str:
    """The pairs as sentences of the scene, a pair in a hue."""
    return "\n".join(f"{n}v{word}" for n, one in enumerate(found) for word in (one.start, one.end))
