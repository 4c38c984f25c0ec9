"""How far a picture can be believed: exact ranks, never cut short (Venna and Kaski 2001), of every
point, or of a sample of them where there are many.
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
_ROWS = 16  # at once at least, however many points there are
EXACT_UP_TO = 8000  # points of which each has its own ranks
SAMPLE = 2000  # of more points, so many have
_LENT = 5  # measured points from which one that is not measured has its number
# distances nearer than this to each other are one distance: rounding decides no rank
_SAME = 1 - 1e-12


@dataclass(frozen=True)
class Trust:
    """Per point, 0..1: ``trust`` falls with false neighbours shown, ``continuity`` with true ones
    torn away; ``recall`` is the mean share of true neighbours shown.

    Of more than ``EXACT_UP_TO`` points, ``sample`` holds those that were measured: means are theirs
    and any other point has the mean of the nearest measured ones.
    """

    trust: Doubles
    continuity: Doubles
    recall: float
    sample: NDArray[np.intp] | None = None

    def means(self) -> tuple[float, float]:
        """Mean trust and continuity of the measured points."""
        who = slice(None) if self.sample is None else self.sample
        return float(self.trust[who].mean()), float(self.continuity[who].mean())


def sample_of(count: int) -> NDArray[np.intp] | None:
    """Which of ``count`` points have ranks of their own, spread evenly; None: all of them."""
    return None if count <= EXACT_UP_TO else (np.arange(SAMPLE) * count) // SAMPLE


def standard_error(values: NDArray[np.floating], count: int) -> float:
    """Of the mean over ``count`` points, from the ``values`` of a sample of them drawn without
    replacement.
    """
    few = len(values) / count
    return float(np.std(values, ddof=1, dtype=np.float64) * np.sqrt((1 - few) / len(values)))


def trust_of(states: Floats, shown: Floats, k: int = 15) -> Trust:
    """Each point's own term of trustworthiness and of continuity at ``k``, states [ref, d] against
    positions [ref, 3].

    The mean of ``trust`` is scikit-learn's ``trustworthiness(states, shown)`` wherever no two
    distances from a point tie; points equally far share the best rank of their group. Of more than
    ``EXACT_UP_TO`` points a sample is measured. Needs k < ref / 2; raises InputError when k >= ref.
    """
    if (who := sample_of(len(states))) is not None:
        return _sampled(states, shown, k, who)
    near_states, near_shown = nearest_self(states, k)[0], nearest_self(shown, k)[0]
    worst = k * (2 * len(states) - 3 * k - 1) / 2
    trust = 1 - _excess(states, near_shown, k) / worst
    continuity = 1 - _excess(shown, near_states, k) / worst
    return Trust(trust, continuity, _overlap(near_states, near_shown))


def _sampled(states: Floats, shown: Floats, k: int, who: NDArray[np.intp]) -> Trust:
    near_states, near_shown = (_others_of(points, who, k) for points in (states, shown))
    worst = k * (2 * len(states) - 3 * k - 1) / 2
    lenders = nearest(states, states[who], _LENT)[0]

    def shares(points: Floats, claimed: Ints) -> Doubles:
        own = 1 - _excess(points, claimed, k, who) / worst
        everyone = np.asarray(own[lenders].mean(axis=1), dtype=np.float64)
        everyone[who] = own
        return everyone

    trust, continuity = shares(states, near_shown), shares(shown, near_states)
    return Trust(trust, continuity, _overlap(near_states, near_shown), who)


def _others_of(points: Floats, who: NDArray[np.intp], k: int) -> Ints:
    """The k nearest other points of some points, [who, k]."""
    near = nearest(points[who], points, k + 1)[0]
    other = near != who[:, None]
    # of twins the point itself may not be among the k + 1: then the last one is left out
    other[other.all(axis=1), -1] = False
    return np.asarray(near[other].reshape(len(who), k), dtype=np.int32)


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
    rows = max(_ROWS, _CELLS // len(values))
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
