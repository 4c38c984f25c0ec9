"""How many directions a set of states fills, and how evenly."""

from __future__ import annotations

import numpy as np

from layerfold.geometry.estimates import (
    NOT_A_NUMBER,
    ONE_STATE,
    Doubles,
    Real,
    bounded,
    centered,
    mean_of,
    refusal,
)
from layerfold.records import Estimate, Floats

FIRST_RANK, LAST_RANK, LEAST_RANKS = 5, 50, 5
_ROUNDING = 1e-12  # a variance below this share of the largest is what rounding leaves


def participation_ratio(states: Floats) -> float:
    """(sum of variances)² / sum of squared variances along the principal axes of ``states`` [ref,
    d]: 1 on a line, d in a round ball.

    0 where all states are one. Needs no eigenvalues: both sums are traces of the covariance.
    """
    centered = states.astype(np.float64) - states.mean(axis=0, dtype=np.float64)
    small = centered.T @ centered if centered.shape[1] <= len(centered) else centered @ centered.T
    squares = float(np.square(small).sum())
    return float(np.trace(small)) ** 2 / squares if squares > 0 else 0.0


def principal_scores(states: Floats, count: int) -> Floats:
    """The centred states along their ``count`` widest directions [ref, count], widest first; signs
    fixed, zeros where d is smaller.
    """
    centered = states.astype(np.float64) - states.mean(axis=0, dtype=np.float64)
    _, axes = np.linalg.eigh(centered.T @ centered)
    axes = axes[:, ::-1][:, :count]
    # an axis has no sign of its own
    axes *= np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    scores = np.zeros((len(states), count), dtype=np.float32)
    scores[:, : axes.shape[1]] = centered @ axes
    return scores


def spectrum_of(states: Real) -> Doubles:
    """The variances along the principal axes of ``states`` [n, d], descending [min(n, d)]; NaN
    throughout if a state is not finite.

    Eigenvalues of the covariance with divisor n; zeros where all states are one.
    """
    size = min(states.shape)
    if refusal(states):
        return np.full(size, np.nan)
    values = centered(states)
    small = values.T @ values if values.shape[1] <= len(values) else values @ values.T
    found = np.linalg.eigvalsh(small / len(values))[::-1]
    return np.asarray(np.maximum(found, 0.0), dtype=np.float64)


def participation(spectrum: Doubles) -> Estimate:
    """(sum of variances)² / sum of squared variances: 1 on a line, d in a round ball."""
    reason = _flat(spectrum)
    return (
        Estimate.undefined(reason)
        if reason
        else Estimate(float(spectrum.sum() ** 2 / np.square(spectrum).sum()))
    )


def rankme(spectrum: Doubles) -> Estimate:
    """exp of the entropy of the singular values' shares, the square roots of the variances (Garrido
    et al. 2023, RankMe): 1..d.
    """
    reason = _flat(spectrum)
    return Estimate.undefined(reason) if reason else Estimate(_spread_of(np.sqrt(spectrum)))


def _spread_of(sizes: Doubles) -> float:
    """exp of the entropy in nats of sizes >= 0 as shares of their sum."""
    shares = sizes[sizes > 0] / sizes.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))


def _flat(spectrum: Doubles) -> str:
    """Why a spectrum says nothing, empty where it does."""
    if not np.isfinite(spectrum).all():
        return NOT_A_NUMBER
    return "" if spectrum.sum() > 0 else ONE_STATE


def alpha_req(spectrum: Doubles) -> Estimate:
    """α of the power law rank^-α that the variances follow between ranks 5 and 50 (Agrawal et al.
    2022, α-ReQ).

    Least squares on log over log, each rank weighted by 1/rank as in Stringer et al. 2019; where
    fewer than 100 variances are positive, up to half of them. The bar is that of the slope for
    independent residuals.
    """
    reason = _flat(spectrum)
    if reason:
        return Estimate.undefined(reason)
    positive = int(np.count_nonzero(spectrum > _ROUNDING * spectrum[0]))
    last = min(LAST_RANK, positive // 2)
    if last - FIRST_RANK + 1 < LEAST_RANKS:
        return Estimate.undefined(
            f"{positive} directions vary, and a power law takes"
            f" {2 * (FIRST_RANK + LEAST_RANKS - 1)}"
        )
    ranks = np.arange(FIRST_RANK, last + 1)
    return _slope(-np.log(ranks), np.log(spectrum[ranks - 1]), 1 / ranks)


def _slope(x: Doubles, y: Doubles, weights: Doubles) -> Estimate:
    """The slope of y over x by weighted least squares, with its standard error."""
    shares = weights / weights.sum()
    x, y = x - shares @ x, y - shares @ y
    width = float(shares @ (x * x))
    slope = float(shares @ (x * y)) / width
    left = y - slope * x
    return bounded(
        slope, float(np.sqrt(np.square(shares * x * left).sum() * len(x) / (len(x) - 2))) / width
    )


def anisotropy(states: Real) -> Estimate:
    """The mean cosine between two different states of ``states`` [n, d], -1..1: 0 in a round cloud
    around the origin, 1 in one direction.

    Exact over all pairs (Ethayarajh 2019 samples them); the bar is the jackknife's over tokens.
    States of length 0 are left out.
    """
    reason = refusal(states, least=2)
    if reason:
        return Estimate.undefined(reason)
    values = states.astype(np.float64)
    lengths = np.sqrt(np.square(values).sum(axis=1))
    values = values[lengths > 0] / lengths[lengths > 0, None]
    count = len(values)
    if count < 2:
        return Estimate.undefined("fewer than two states have a length")
    each = (values @ values.sum(axis=0) - 1) / (count - 1)
    return bounded(float(each.mean()), 2 * float(each.std(ddof=1)) / count**0.5, -1, 1)


def mean_norm(states: Real) -> Estimate:
    """The mean Euclidean length of ``states`` [n, d] with its standard error."""
    reason = refusal(states)
    return (
        Estimate.undefined(reason)
        if reason
        else mean_of(np.sqrt(np.square(states.astype(np.float64)).sum(axis=1)))
    )


def effective_rank(matrix: Real) -> Estimate:
    """exp of the entropy of the shares of a ``matrix``'s [a, b] singular values (Roy and Vetterli
    2007): 1..min(a, b).
    """
    if matrix.size == 0:
        return Estimate.undefined("the matrix is empty")
    if not np.isfinite(matrix).all():
        return Estimate.undefined("a weight is not a finite number")
    if not matrix.any():
        return Estimate.undefined("all weights are zero")
    values = matrix.astype(np.float64) / np.abs(matrix).max()
    small = values @ values.T if len(values) <= values.shape[1] else values.T @ values
    squares = np.linalg.eigvalsh(small)  # a fifth of what singular values cost
    squares[squares <= len(squares) * np.finfo(np.float64).eps * squares[-1]] = 0  # rounding
    return Estimate(_spread_of(np.sqrt(squares)))
