"""Pieces and loops of a slice: persistent homology of landmarks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layerfold.geometry.estimates import Doubles, Real, centered, refusal
from layerfold.records import Estimate

LANDMARKS = 256
LEAST = 4  # a loop takes four points


@dataclass(frozen=True)
class Persistence:
    """Of the finite bars of H0 (pieces) and H1 (loops), lengths over the landmarks' median
    distance: their sum and the longest.
    """

    h0_total: Estimate
    h1_total: Estimate
    h0_longest: Estimate
    h1_longest: Estimate


def persistence(states: Real, landmarks: int = LANDMARKS, seed: int = 0) -> Persistence:
    """Vietoris–Rips persistence of ``landmarks`` of the ``states`` [n, d], coefficients mod 2, by
    GUDHI.

    Landmarks are chosen each as far as can be from those before, from a start that ``seed`` draws.
    0 for the longest loop says that there is none.
    """
    reason = refusal(states, least=LEAST)
    if reason:
        return _none(reason)
    chosen = farthest(centered(states), landmarks, seed)
    if len(chosen) < LEAST:
        return _none(f"only {len(chosen)} states differ, and a loop takes {LEAST}")
    away = _distances(chosen)
    away /= np.median(away[np.triu_indices(len(away), 1)])
    try:
        pieces, loops = _bars(away)
    except ImportError:
        return _none("GUDHI is not installed: it has no build for this system")
    return Persistence(
        *(
            Estimate(float(found))
            for found in (pieces.sum(), loops.sum(), pieces.max(initial=0), loops.max(initial=0))
        )
    )


def _none(reason: str) -> Persistence:
    """Nothing, with its reason."""
    return Persistence(*(Estimate.undefined(reason) for _ in range(4)))


def farthest(points: Doubles, count: int, seed: int = 0) -> Doubles:
    """Up to ``count`` of ``points`` [n, d], each the farthest from those chosen before; fewer where
    the rest are copies of these.
    """
    squares = np.square(points).sum(axis=1)
    at = int(np.random.default_rng(seed).integers(len(points)))
    nearest = np.full(len(points), np.inf)
    chosen: list[int] = []
    least = 1e-12 * float(squares.max())
    while len(chosen) < count:
        chosen.append(at)
        np.minimum(nearest, squares + (squares[at] - 2 * (points @ points[at])), out=nearest)
        nearest[at] = 0
        at = int(nearest.argmax())
        if nearest[at] <= least:
            break
    return points[chosen]


def _distances(points: Doubles) -> Doubles:
    """Euclidean distances [n, n], each the same both ways and 0 to itself."""
    squares = np.square(points).sum(axis=1)
    found = np.sqrt(np.maximum(squares[:, None] + squares - 2 * (points @ points.T), 0))
    np.fill_diagonal(found, 0)
    return np.asarray((found + found.T) / 2, dtype=np.float64)


def _bars(away: Doubles) -> tuple[Doubles, Doubles]:
    """Lengths of the finite bars of H0 and H1 of a distance matrix. Raises ImportError where GUDHI
    is not to be had.
    """
    # loads scikit-learn: only who measures pays for it
    from gudhi.sklearn.rips_persistence import RipsPersistence

    found = RipsPersistence(
        [0, 1], input_type="full distance matrix", homology_coeff_field=2
    ).fit_transform([away])[0]
    pieces, loops = (np.asarray(bars, dtype=np.float64).reshape(-1, 2) for bars in found)
    return tuple(
        np.sort(bars[np.isfinite(bars[:, 1])] @ np.array([-1.0, 1.0])) for bars in (pieces, loops)
    )  # type: ignore[return-value]
