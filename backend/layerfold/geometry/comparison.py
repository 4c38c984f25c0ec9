"""What becomes of the same tokens from one slice to the next: how alike two slices are, how far and
how sharply states move.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layerfold.geometry.estimates import (
    ONE_STATE,
    Doubles,
    Real,
    bounded,
    centered,
    mean_of,
    ratio_of,
    refusal,
)
from layerfold.records import Estimate

GROUPS = 10  # of tokens, left out in turn by the jackknife
STILL = "no state moves"


def cka(a: Real, b: Real) -> Estimate:
    """Linear centred kernel alignment of two slices of the same tokens, ``a`` [n, d] and ``b`` [n,
    e]: 0..1 (Kornblith et al. 2019).

    1 when one is the other turned, moved and scaled. The bar is the jackknife's over ten groups of
    tokens that follow each other.
    """
    reason = refusal(a, b, least=2)
    if reason:
        return Estimate.undefined(reason)
    x, y = centered(a), centered(b)
    if not (x.any() and y.any()):
        return Estimate.undefined(ONE_STATE)
    groups = min(GROUPS, len(x))
    parts = [
        _products(*both)
        for both in zip(np.array_split(x, groups), np.array_split(y, groups), strict=True)
    ]
    whole = [sum(each[1:], each[0]) for each in zip(*parts, strict=True)]
    one, other, cross = (float(np.linalg.norm(each)) for each in whole)
    value = min(1.0, cross / one * cross / other)
    if len(x) < 2 * GROUPS or not cross:
        return Estimate(value)
    # What each group adds to the logarithm of the answer: the jackknife to first order, at the cost
    # of three inner products.
    shares = np.array(
        [[np.vdot(part, total) for part, total in zip(each, whole, strict=True)] for each in parts]
    )
    added = 2 * shares[:, 2] / cross**2 - shares[:, 0] / one**2 - shares[:, 1] / other**2
    return _within(
        bounded(value, value * float(np.sqrt(GROUPS / (GROUPS - 1) * np.square(added).sum())))
    )


def _products(x: Doubles, y: Doubles) -> tuple[Doubles, Doubles, Doubles]:
    """x'x, y'y and x'y."""
    return x.T @ x, y.T @ y, x.T @ y


def _within(found: Estimate, least: float = 0.0, most: float = 1.0) -> Estimate:
    """The same with its bar cut at ``least`` and ``most``."""
    return Estimate(found.value, max(found.low, least), min(found.high, most), found.reason)


def neighbor_overlap(a: NDArray[np.integer], b: NDArray[np.integer]) -> Estimate:
    """The mean share of a token's k neighbours in one slice that are among its k in the other:
    ``a``, ``b`` [n, k] indices; 0..1.

    Doimo et al. 2020, "Hierarchical nucleation in deep neural networks". The bar is the standard
    error over tokens.
    """
    if a.shape != b.shape or a.ndim != 2:
        return Estimate.undefined(
            f"the lists of neighbours differ in shape: {a.shape} and {b.shape}"
        )
    if not a.size:
        return Estimate.undefined("there are no neighbours to compare")
    shares = np.zeros(len(a))
    for column in a.T:
        shares += (column[:, None] == b).any(axis=1)
    return _within(mean_of(shares / a.shape[1]))


def procrustes(a: Real, b: Real) -> Estimate:
    """What is left of ``b`` [n, e] when ``a`` [n, d] is moved, turned, mirrored and scaled onto it
    as well as can be: 0..1 of its variance.

    Schönemann 1966; scipy's ``procrustes`` calls it disparity, and it is the same from b to a. The
    bar is that of a ratio of two sums over tokens: the best map, being best, adds nothing to first
    order.
    """
    reason = refusal(a, b, least=2)
    if reason:
        return Estimate.undefined(reason)
    x, y = centered(a), centered(b)
    if not (x.any() and y.any()):
        return Estimate.undefined(ONE_STATE)
    x /= np.linalg.norm(x)
    y /= np.linalg.norm(y)
    left, sizes, right = np.linalg.svd(x.T @ y, full_matrices=False)
    rest = x @ (sizes.sum() * (left @ right))
    rest -= y
    return _within(ratio_of(_squares(rest), _squares(y), ONE_STATE))


@dataclass(frozen=True)
class Turn:
    """A map of states that turns and mirrors: a state x [e] goes to (x - ``start``) ``matrix`` +
    ``end``, ``matrix`` [e, d].
    """

    start: Doubles
    matrix: Doubles
    end: Doubles

    def of(self, states: Real) -> Doubles:
        """``states`` [n, e] where the turn takes them: [n, d]."""
        return np.asarray((states - self.start) @ self.matrix + self.end, dtype=np.float64)


def turn_onto(a: Real, b: Real) -> Turn:
    """The orthogonal map that takes the states ``b`` [n, e], less their mean, nearest to ``a`` [n,
    d], less theirs (Schönemann 1966).

    Where the widths differ the narrower is thought to have zeros in the directions that it lacks.
    """
    x, y = a.astype(np.float64), b.astype(np.float64)
    start, end = y.mean(axis=0), x.mean(axis=0)
    left, _, right = np.linalg.svd((y - start).T @ (x - end), full_matrices=False)
    return Turn(start, left @ right, end)


def residual(a: Real, b: Real, turn: Turn | None = None) -> Estimate:
    """‖A - B Q‖ / ‖A‖, both less their mean: what of the length of ``a`` [n, d] is left where ``b``
    [n, e] is laid over it by ``turn``.

    Without a turn B is laid over A as it is, coordinate by coordinate. The narrower has zeros in
    the directions that it lacks. 0 where one is the other turned; with the best turn at most 1
    where both are of equal size, more only where b is the larger. The bar is that of a ratio of two
    sums over tokens: the best map, being best, adds nothing to first order.
    """
    reason = refusal(a, b, least=2)
    if reason:
        return Estimate.undefined(reason)
    x, y = centered(a), centered(b)
    lost = np.zeros(len(x))  # what of b lies in directions that a lacks
    if turn is not None:
        y, before = y @ turn.matrix, _squares(y)
        lost = (
            np.maximum(before - _squares(y), 0) if len(turn.matrix) > turn.matrix.shape[1] else lost
        )
    width = max(x.shape[1], y.shape[1])
    x, y = (np.pad(each, ((0, 0), (0, width - each.shape[1]))) for each in (x, y))
    found = ratio_of(_squares(x - y) + lost, _squares(x), ONE_STATE)
    value, low, high = (
        float(np.sqrt(max(each, 0.0))) for each in (found.value, found.low, found.high)
    )
    return found if found.reason else Estimate(value, low, high)


def _squares(values: Doubles) -> Doubles:
    """The squared length of each row."""
    return np.asarray(np.einsum("ij,ij->i", values, values), dtype=np.float64)


def displacement(a: Real, b: Real) -> Estimate:
    """How far tokens move from ``a`` to ``b`` [n, d] on average, over the spread (root mean square
    distance from the mean, both slices').

    The bar is the standard error of the mean move.
    """
    reason = refusal(a, b, least=2)
    if reason:
        return Estimate.undefined(reason)
    spread = np.sqrt(np.mean([np.square(centered(each)).sum(axis=1).mean() for each in (a, b)]))
    if spread == 0:
        return Estimate.undefined(ONE_STATE)
    return mean_of(
        np.sqrt(np.square(b.astype(np.float64) - a.astype(np.float64)).sum(axis=1)) / spread
    )


def turning(a: Real, b: Real, c: Real) -> Estimate:
    """The mean angle in radians, 0..π, between a token's move from ``a`` to ``b`` and its next from
    ``b`` to ``c``, all [n, d].

    Tokens that stand still in one of the two are left out.
    """
    reason = refusal(a, b, c)
    if reason:
        return Estimate.undefined(reason)
    angles, _ = _turns(*(each.astype(np.float64) for each in (a, b, c)))
    return _within(mean_of(angles, STILL), 0, np.pi)


def _turns(a: Doubles, b: Doubles, c: Doubles) -> tuple[Doubles, Doubles]:
    """Of each token that moves twice: the angle between its moves, and their mean length."""
    first, second = b - a, c - b
    one, two = (np.sqrt(np.square(each).sum(axis=1)) for each in (first, second))
    moves = (one > 0) & (two > 0)
    first, second = first[moves] / one[moves, None], second[moves] / two[moves, None]
    apart, along = (
        np.sqrt(np.square(each).sum(axis=1)) for each in (first - second, first + second)
    )
    # exact near 0 and π, where arccos is not
    angles = np.minimum(2 * np.arctan2(apart, along), np.pi)
    return angles, (one[moves] + two[moves]) / 2


def curvature(path: Real) -> tuple[Estimate, ...]:
    """The turning of the tokens' ways at each site, in radians a unit of length: ``path`` [site, n,
    d], one estimate a site.

    Summed angles over summed mean lengths of the two segments that meet there; not defined where a
    way begins or ends.
    """
    return tuple(_bend(path, site) for site in range(len(path)))


def _bend(path: Real, site: int) -> Estimate:
    """The curvature at one site."""
    if not 0 < site < len(path) - 1:
        return Estimate.undefined("the way begins here" if site == 0 else "the way ends here")
    three = path[site - 1 : site + 2]
    reason = refusal(*three)
    if reason:
        return Estimate.undefined(reason)
    angles, lengths = _turns(*three.astype(np.float64))
    found = ratio_of(angles, lengths, STILL)
    return Estimate(found.value, max(found.low, 0.0), found.high, found.reason)
