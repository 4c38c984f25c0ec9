"""What becomes of the same tokens from one slice to the next: how alike two slices are, how far and how sharply states move."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from layerfold.geometry.estimates import ONE_STATE, Doubles, Real, centred, jackknifed, mean_of, ratio_of, refusal
from layerfold.records import Estimate

GROUPS = 10  # of tokens, left out in turn by the jackknife
STILL = "no state moves"


def cka(a: Real, b: Real) -> Estimate:
    """Linear centred kernel alignment of two slices of the same tokens, ``a`` [n, d] and ``b`` [n, e]: 0..1 (Kornblith et al. 2019).

    1 when one is the other turned, moved and scaled. The bar is the jackknife's over ten groups of tokens.
    """
    reason = refusal(a, b, least=2)
    if reason:
        return Estimate.undefined(reason)
    x, y = centred(a), centred(b)
    if not (x.any() and y.any()):
        return Estimate.undefined(ONE_STATE)
    x, y = x / np.abs(x).max(), y / np.abs(y).max()
    both = np.hstack([x, y])
    groups = [both[start::GROUPS] for start in range(min(GROUPS, len(x)))]
    products, sums = [each.T @ each for each in groups], [each.sum(axis=0) for each in groups]
    whole, total = sum(products[1:], products[0]), sum(sums[1:], sums[0])
    value = _alignment(whole, total, len(x), x.shape[1])
    if len(x) < 2 * GROUPS:
        return Estimate(value)
    without = [
        _alignment(whole - product, total - part, len(x) - len(each), x.shape[1])
        for product, part, each in zip(products, sums, groups, strict=True)
    ]
    kept = np.array(without)
    return _within(jackknifed(value, kept)) if np.isfinite(kept).all() else Estimate(value)


def _alignment(products: Doubles, sums: Doubles, count: int, d: int) -> float:
    """CKA from the products [d + e, d + e] of two slices side by side and their sums [d + e]; NaN where one does not vary."""
    covariance = products - np.outer(sums, sums) / count
    one, other, cross = (float(np.square(part).sum()) for part in (covariance[:d, :d], covariance[d:, d:], covariance[:d, d:]))
    return min(1.0, float(cross / np.sqrt(one * other))) if one > 0 and other > 0 else float("nan")


def _within(found: Estimate, least: float = 0.0, most: float = 1.0) -> Estimate:
    """The same with its bar cut at ``least`` and ``most``."""
    return Estimate(found.value, max(found.low, least), min(found.high, most), found.reason)


def neighbour_overlap(a: NDArray[np.integer], b: NDArray[np.integer]) -> Estimate:
    """The mean share of a token's k neighbours in one slice that are among its k in the other: ``a``, ``b`` [n, k] indices; 0..1.

    Doimo et al. 2020, "Hierarchical nucleation in deep neural networks". The bar is the standard error over tokens.
    """
    if a.shape != b.shape or a.ndim != 2:
        return Estimate.undefined(f"the lists of neighbours differ in shape: {a.shape} and {b.shape}")
    if not a.size:
        return Estimate.undefined("there are no neighbours to compare")
    shares = np.zeros(len(a))
    for column in a.T:
        shares += (column[:, None] == b).any(axis=1)
    return _within(mean_of(shares / a.shape[1]))


def procrustes(a: Real, b: Real) -> Estimate:
    """What is left of ``b`` [n, e] when ``a`` [n, d] is moved, turned, mirrored and scaled onto it as well as can be: 0..1 of its variance.

    Schönemann 1966; scipy's ``procrustes`` calls it disparity, and it is the same from b to a. The bar is that of a ratio of
    two sums over tokens: the best map, being best, adds nothing to first order.
    """
    reason = refusal(a, b, least=2)
    if reason:
        return Estimate.undefined(reason)
    x, y = centred(a), centred(b)
    if not (x.any() and y.any()):
        return Estimate.undefined(ONE_STATE)
    x, y = x / np.linalg.norm(x), y / np.linalg.norm(y)
    left, sizes, right = np.linalg.svd(x.T @ y, full_matrices=False)
    rest = y - (sizes.sum() * (x @ left)) @ right
    return _within(ratio_of(np.square(rest).sum(axis=1), np.square(y).sum(axis=1), ONE_STATE))


def displacement(a: Real, b: Real) -> Estimate:
    """How far tokens move from ``a`` to ``b`` [n, d] on average, over the spread (root mean square distance from the mean, both slices').

    The bar is the standard error of the mean move.
    """
    reason = refusal(a, b, least=2)
    if reason:
        return Estimate.undefined(reason)
    spread = np.sqrt(np.mean([np.square(centred(each)).sum(axis=1).mean() for each in (a, b)]))
    if spread == 0:
        return Estimate.undefined(ONE_STATE)
    return mean_of(np.sqrt(np.square(b.astype(np.float64) - a.astype(np.float64)).sum(axis=1)) / spread)


def turning(a: Real, b: Real, c: Real) -> Estimate:
    """The mean angle in radians, 0..π, between a token's move from ``a`` to ``b`` and its next from ``b`` to ``c``, all [n, d].

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
    apart, along = (np.sqrt(np.square(each).sum(axis=1)) for each in (first - second, first + second))
    angles = np.minimum(2 * np.arctan2(apart, along), np.pi)  # exact near 0 and π, where arccos is not
    return angles, (one[moves] + two[moves]) / 2


def curvature(path: Real) -> tuple[Estimate, ...]:
    """The turning of the tokens' ways at each site, in radians a unit of length: ``path`` [site, n, d], one estimate a site.

    Summed angles over summed mean lengths of the two segments that meet there; not defined where a way begins or ends.
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
