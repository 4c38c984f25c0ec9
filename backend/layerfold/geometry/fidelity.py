"""How far distances in a picture are those of the states, and how steady a picture is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from layerfold.geometry.comparison import displacement
from layerfold.geometry.estimates import ONE_STATE, Doubles, Real, jackknifed, mean_of, refusal
from layerfold.geometry.trust import spearman, trust_among
from layerfold.records import Estimate

PAIRS = 20_000
GROUPS = 10
SAMPLE = 128  # tokens
_CELLS = 1 << 16  # numbers of pairs in flight at once: what a core's own cache holds


def shepard(states: Real, positions: Real, pairs: int = PAIRS, seed: int = 0) -> Estimate:
    """Spearman's correlation of true and shown distances over random ``pairs`` of tokens:
    ``states`` [n, d], ``positions`` [n, 3]; -1..1.

    What a Shepard diagram shows (Shepard 1962). The bar is the jackknife's over ten groups of
    tokens.
    """
    reason = refusal(states, positions, least=3)
    if reason:
        return Estimate.undefined(reason)
    count = len(states)
    rng = np.random.default_rng(seed)
    one, step = rng.integers(0, count, pairs), rng.integers(1, count, pairs)
    other = (one + step) % count
    true, shown = (_lengths(each, one, other) for each in (states, positions))
    value = spearman(true, shown)
    if not np.isfinite(value):
        return Estimate.undefined(ONE_STATE if np.ptp(true) == 0 else "all shown distances are one")
    if count < 2 * GROUPS:
        return Estimate(value)
    kept = [(one % GROUPS != group) & (other % GROUPS != group) for group in range(GROUPS)]
    without = np.array([spearman(true[rows], shown[rows]) for rows in kept])
    return jackknifed(value, without) if np.isfinite(without).all() else Estimate(value)


def _lengths(points: Real, one: NDArray[np.int64], other: NDArray[np.int64]) -> Doubles:
    """Distances of pairs of points."""
    squares = np.empty(len(one))
    at_once = max(1, _CELLS // points.shape[1])
    for start in range(0, len(one), at_once):
        part = slice(start, start + at_once)
        apart = points[one[part]].astype(np.float64)
        apart -= points[other[part]]
        squares[part] = np.square(apart, out=apart).sum(axis=1)
    return np.asarray(np.sqrt(squares), dtype=np.float64)


def density_kept(true: Real, shown: Real) -> Estimate:
    """Spearman's correlation of local radii in the original space and in the picture: ``true`` and
    ``shown`` [n, k] are distances to each point's nearest there and here; -1..1, 0 by chance.

    Whether crowded regions are drawn crowded (Narayan, Berger and Cho 2021, whose radius is over
    the edges of a graph). The bar is the jackknife's over ten groups of tokens.
    """
    reason = refusal(true, shown, least=3)
    if reason:
        return Estimate.undefined(reason)
    radii = [each.mean(axis=1, dtype=np.float64) for each in (true, shown)]
    value = spearman(*radii)
    if not np.isfinite(value):
        return Estimate.undefined("all local radii are one")
    groups = np.arange(len(true)) % GROUPS
    without = [spearman(*(each[groups != group] for each in radii)) for group in range(GROUPS)]
    known = len(true) >= 2 * GROUPS and np.isfinite(without).all()
    return jackknifed(value, np.array(without)) if known else Estimate(value)


def joint_trust(states: Real, positions: Real, k: int = 15) -> Estimate:
    """Mean trustworthiness at ``k`` over several slices as one cloud: ``states`` [slice, n, d],
    ``positions`` [slice, n, 3]; 0.5 by chance, 1 where every point's shown neighbours, of whichever
    slice, are true ones.

    It tells whether tokens are drawn to move the right way: toward those they come to resemble. Of
    a sample of tokens, the same in every slice; the bar is the standard error over tokens.
    """
    slices, count = states.shape[:2]
    reason = refusal(states.reshape(slices * count, -1), positions.reshape(slices * count, -1))
    if reason:
        return Estimate.undefined(reason)
    if slices * count < 2 * k + 2:
        return Estimate.undefined(f"{slices * count} points, and ranks take {2 * k + 2}")
    few = min(SAMPLE, count)
    tokens = (np.arange(few) * count) // few
    who = (np.arange(slices)[:, None] * count + tokens).ravel()
    every = [
        np.asarray(one.reshape(slices * count, -1), dtype=np.float32) for one in (states, positions)
    ]
    found, _ = trust_among(every[0], every[1], who, k)
    return mean_of(found.reshape(slices, few).mean(axis=0))


def stability(before: Real, after: Real) -> Estimate:
    """How far points of a picture move from one to the next on average, over their spread:
    ``before``, ``after`` [n, 3]; 0 is still.
    """
    return displacement(before, after)
