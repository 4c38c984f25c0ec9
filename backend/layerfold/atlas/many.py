"""What the card of an atlas of many points says of each step: how many tokens have a trust of their
own and how sure the means are, and how many true neighbours were found.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from layerfold.atlas.neighborhood import RECALL
from layerfold.geometry.trust import sample_of, standard_error

SAMPLE: Final = "trust_sample"
FOUND: Final = "neighbors_found"
SHARES: Final = ("trust", "continuity")
Arrays = Mapping[str, NDArray[Any]]


def errors_of(scores: Arrays) -> dict[str, list[float]]:
    """The standard errors of mean ``trust`` and ``continuity`` [site, ref] in 0..1 at each site;
    nothing where every token was measured.
    """
    count = scores["trust"].shape[-1]
    who = sample_of(count)
    if who is None:
        return {}
    return {
        name: [round(standard_error(site[who], count), 6) for site in scores[name]]
        for name in SHARES
    }


def found_of(near: Arrays) -> list[float]:
    """The share of true neighbours that were found at each site; nothing where they are exact."""
    return np.round(near[RECALL], 4).tolist() if RECALL in near else []


def said_of(
    count: int, errors: list[dict[str, list[float]]], found: list[list[float]]
) -> dict[str, Any]:
    """What the card says of the steps, in order: standard errors [step, site] and shares [step,
    site].
    """
    said: dict[str, Any] = {}
    who = sample_of(count)
    if who is not None:
        each = {name: [one[name] for one in errors] for name in SHARES}
        said[SAMPLE] = {"tokens": len(who), "standard_error": each}
    if all(found):
        said[FOUND] = found
    return said


def grown(card: Mapping[str, Any], at: int, scores: Arrays, near: Arrays) -> dict[str, Any]:
    """The same with a new step in its place."""
    said: dict[str, Any] = {}
    if SAMPLE in card and (new := errors_of(scores)):
        before = card[SAMPLE]["standard_error"]
        each = {name: [*before[name][:at], new[name], *before[name][at:]] for name in SHARES}
        said[SAMPLE] = {**card[SAMPLE], "standard_error": each}
    if FOUND in card and (shares := found_of(near)):
        said[FOUND] = [*card[FOUND][:at], shares, *card[FOUND][at:]]
    return said
