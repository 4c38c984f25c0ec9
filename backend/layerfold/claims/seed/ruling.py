"""1.1b: what grammar and meaning say of the leading directions, beside position and frequency."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from layerfold.claims.seed.chance import p_beyond
from layerfold.claims.seed.classes import circumstances, explained, folds_of, variables
from layerfold.claims.seed.finding import (
    NAN,
    Finding,
    Triple,
    by_sites,
    flat,
    line,
    quantiles,
    verdict_of,
)
from layerfold.claims.seed.subject import Subject
from layerfold.geometry.spectrum import principal_scores
from layerfold.interp.interval import REACH, Doubles

LEADING: Final = 10
DRAWS: Final = 20
SPLITS: Final = 5


def grammar_rules(subject: Subject, bars: Mapping[str, float]) -> Finding:
    """R² of the ten leading components on labels of grammar and text by step and site."""
    reference = subject.reference
    rules, rest = variables(subject, reference), circumstances(reference)
    here = [_share(subject, subject.last, n, rules) for n in range(len(subject.sites))]
    site = subject.middle
    value = here[site]
    scores = leading(subject, subject.last, site)
    folds = folds_of(reference)
    rng = np.random.default_rng(0)
    null = np.array([explained(rng.permutation(rules), scores, folds) for _ in range(DRAWS)])
    both = explained(np.concatenate([rules, rest], axis=1), scores, folds)
    series = {step: _share(subject, step, site, rules) for step in subject.steps}
    rests = {
        step: (explained(rest, leading(subject, step, site), folds), NAN, NAN)
        for step in subject.steps
    }
    other = rests[subject.last][0]
    p = p_beyond(value[0], null)
    beats = p <= 0.05 and value[0] > other
    return Finding(
        verdict=verdict_of(value[0] >= bars["share"], beats),
        value=list(value),
        at_step=subject.last,
        series=line("1.1b", series),
        controls=[
            flat("shuffled_labels", quantiles(null)),
            line("position", rests),
            flat("step0", series[subject.first]),
        ],
        by_site=by_sites(subject.sites, here),
        p=p,
        numbers={
            "position": other,
            "both": both,
            "shuffled": float(null.mean()),
            "site": subject.sites[site],
        },
        view={"site": subject.sites[site], "colour": "source", "projection": "pca"},
    )


def leading(subject: Subject, step: int, site: int) -> Doubles:
    """The scores on the leading components [n, 10]."""
    states = subject.states(step)[site]
    return np.asarray(principal_scores(states, LEADING), dtype=np.float64)


def _share(subject: Subject, step: int, site: int, columns: Doubles) -> Triple:
    """The share explained, with the spread of several partings of the windows."""
    scores = leading(subject, step, site)
    if not scores.any():
        return (0.0, 0.0, 0.0)
    found = np.array(
        [explained(columns, scores, folds_of(subject.reference, seed)) for seed in range(SPLITS)]
    )
    spread = REACH * float(found.std(ddof=1))
    return (float(found[0]), float(found[0]) - spread, float(found[0]) + spread)
