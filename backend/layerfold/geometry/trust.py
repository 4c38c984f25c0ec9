"""How far a picture can be believed: exact ranks of every point, never cut short (Venna and Kaski
2001).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layerfold.errors import InputError
from layerfold.records import Floats, Ints
from layerfold.space.neighbors import nearest, nearest_self

Doubles = NDArray[np.float64]

# distances in flight at once: 2 MB, so that they stay in the cache while they are counted
_CELLS = 1 << 18
# distances nearer than this to each other are one distance: rounding decides no rank
_SAME = 1 - 1e-12


@dataclass(frozen=True)
class Trust:
    """Per point, 0..1: ``trust`` falls with false neighbours shown, ``continuity`` with true ones
    torn away; ``recall`` is the mean share of true neighbours shown.
    """

    trust: Doubles
    continuity: Doubles
    recall: float


def trust_of(states: Floats, shown: Floats, k: int = 15) -> Trust:
    """Each point's own term of trustworthiness and of continuity at ``k``, states [ref, d] against
    positions [ref, 3].

    The mean of ``trust`` is scikit-learn's ``trustworthiness(states, shown)`` wherever no two
    distances from a point tie; points equally far share the best rank of their group. Needs k < ref
    / 2; raises InputError when k >= ref.
    """
    near_states, near_shown = nearest_self(states, k)[0], nearest_self(shown, k)[0]
    worst = k * (2 * len(states) - 3 * k - 1) / 2
    trust = 1 - _excess(states, near_shown, k) / worst
    continuity = 1 - _excess(shown, near_states, k) / worst
    return Trust(trust, continuity, _overlap(near_states, near_shown))


def trust_at(states: Floats, shown: Floats, index: int, k: int = 15) -> tuple[float, float]:
    """Trust and continuity of one point, as ``trust_of`` gives them, without the others'. Raises
    InputError when k >= ref.
    """
    if k >= len(states):
        raise InputError(
            f"{k} neighbours were asked for, but each point has {len(states) - 1}: choose k from 1"
            f" to {len(states) - 1}"
        )
    trust, continuity = trust_among(states, shown, np.array([index]), k)
    return float(trust[0]), float(continuity[0])


def trust_among(
    states: Floats, shown: Floats, who: NDArray[np.intp], k: int = 15
) -> tuple[Doubles, Doubles]:
    """Trust and continuity of the points ``who``, as ``trust_of`` gives them, without the
    others'.
    """
    near_states, near_shown = (_others(points, who, k) for points in (states, shown))
    worst = k * (2 * len(states) - 3 * k - 1) / 2
    trust, continuity = (
        1 - _excess(*pair, k, who) / worst for pair in ((states, near_shown), (shown, near_states))
    )
    return trust, continuity


def _others(points: Floats, who: NDArray[np.intp], k: int) -> Ints:
    """The k nearest other points of each of the points ``who``, [who, k]."""
    found = nearest(points[who], points, k + 1)[0]
    rows = [near[near != index][:k] for near, index in zip(found, who, strict=True)]
    return np.asarray(rows, dtype=np.int32)


def _excess(points: Floats, claimed: Ints, k: int, who: NDArray[np.intp] | None = None) -> Doubles:
    """Of each point (of ``who``, where given), the sum over its claimed neighbours of how far
    beyond ``k`` their rank lies.
    """
    values = points.astype(np.float64)
    values -= values.mean(axis=0)
    squares = np.square(values).sum(axis=1)
    who = np.arange(len(values)) if who is None else who
    total = np.empty(len(who))
    rows = max(1, _CELLS // len(values))
    for start in range(0, len(who), rows):
        part = who[start : start + rows]
        away = squares[part, None] + squares - 2 * (values[part] @ values.T)
        away[np.arange(len(part)), part] = np.inf
        bounds = np.take_along_axis(away, claimed[start : start + rows].astype(np.intp), axis=1)
        total[start : start + rows] = _beyond(away, bounds, k).sum(axis=1)
    return total


def _beyond(away: Doubles, bounds: Doubles, k: int) -> Doubles:
    """rank - k where it is positive; the rank of a bound is one more than the number of squared
    distances below it.
    """
    ranked = np.sort(away, axis=1)
    ranks = (
        np.stack(
            [np.searchsorted(row, bound * _SAME) for row, bound in zip(ranked, bounds, strict=True)]
        )
        + 1
    )
    return np.asarray(np.maximum(ranks - k, 0), dtype=np.float64)


def _overlap(one: Ints, other: Ints) -> float:
    """The mean share of the entries of each row that the other's row holds too."""
    return float(np.mean((one[:, :, None] == other[:, None, :]).any(axis=2)))


def spearman(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    """Spearman's rank correlation, ties given their mean rank; NaN when either is constant or holds
    fewer than two numbers.
    """
    return correlation(_ranks(one), _ranks(other))


def correlation(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    """Pearson's correlation in float64; NaN when either is constant or holds fewer than two
    numbers.
    """
    if len(one) < 2 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return float("nan")
    x, y = (values.astype(np.float64) - values.mean(dtype=np.float64) for values in (one, other))
    return float((x @ y) / np.sqrt((x @ x) * (y @ y)))


def _ranks(values: NDArray[np.floating]) -> Doubles:
    """Mean ranks: tied values share the middle of their places."""
    _, group, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[group], dtype=np.float64)


def segment_trust(true: Floats, shown: Floats, slope: Floats) -> Floats:
    """Shown over true displacement of each segment, over what the slice's median segment has: 1 is
    typical, 3 three times too long.

    ``true`` and ``shown`` [segment, token] are lengths in the original space and in the picture;
    ``slope`` [segment] is the median of shown / true over the reference between the same two sites.
    NaN where the state did not move.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = shown / (true * slope[:, None])
    return np.where((true > 0) & (slope[:, None] > 0), ratio, np.nan).astype(np.float32)
