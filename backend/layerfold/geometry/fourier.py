"""Circles of residues: how much of an embedding of 0 … p - 1 turns with which frequency, and how
well it goes round.

Arrays only. ``rows`` [p, d] hold one state a residue; frequency k (1 … p // 2) is the pair cos, sin
of 2πkn / p.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from layerfold.records import Estimate

Doubles = NDArray[np.float64]
Real = NDArray[np.float32] | NDArray[np.float64]


def powers(rows: Real) -> Doubles:
    """The squared norm of ``rows`` at each frequency [p // 2 + 1], that of their mean first; the
    sum is the whole (Parseval).
    """
    found = np.square(np.abs(np.fft.rfft(rows.astype(np.float64), axis=0))).sum(axis=1) / len(rows)
    # a frequency and its mirror image; not the mean, nor the half of an even p
    twice = slice(1, (len(rows) + 1) // 2)
    found[twice] *= 2
    return np.asarray(found, dtype=np.float64)


def key_frequencies(rows: Real, count: int) -> list[int]:
    """The ``count`` frequencies with most power, most first, the mean left out; fewer where there
    are fewer.
    """
    return [int(k) + 1 for k in np.argsort(-powers(rows)[1:], kind="stable")[:count]]


def top_share(rows: Real, count: int = 4) -> Estimate:
    """The share (0..1) of the squared norm of ``rows``, their mean included, that the ``count``
    strongest frequencies hold.
    """
    if not np.isfinite(rows).all():
        return Estimate.undefined("a weight is not a finite number")
    found = powers(rows)
    if len(found) < 2 or found.sum() <= 0:
        return Estimate.undefined(
            "all rows are zero" if len(found) > 1 else "one residue has no frequency"
        )
    return Estimate(float(np.sort(found[1:])[::-1][:count].sum() / found.sum()))


def waves(p: int, k: int) -> Doubles:
    """cos and sin of 2πkn / p for each residue n: [2, p]."""
    angle = 2 * np.pi * k * np.arange(p) / p
    return np.stack((np.cos(angle), np.sin(angle)))


def directions(rows: Real, k: int) -> Doubles:
    """The two directions [2, d] along which ``rows`` turn with frequency k: their cosine and sine
    coefficients.
    """
    return np.asarray(
        2 / len(rows) * waves(len(rows), k) @ (rows - rows.mean(axis=0, dtype=np.float64)),
        dtype=np.float64,
    )


def readers(vectors: Doubles) -> Doubles:
    """What reads off the coefficients of a sum of ``vectors`` [n, d]: their pseudo-inverse's
    transpose, zero for vectors that are zero.
    """
    return np.asarray(np.linalg.pinv(vectors, rcond=1e-9).T, dtype=np.float64)


def circularity(points: Real, k: int) -> Estimate:
    """How well ``points`` [p, 2] of the residues in order lie on one circle, passed k times in
    equal steps, either way round: 0..1.

    The share of their variance that the best such circle explains (a squared complex correlation):
    1 for the circle, about 1 / p for noise.
    """
    if not np.isfinite(points).all():
        return Estimate.undefined("a place is not a finite number")
    z = points[:, 0].astype(np.float64) + 1j * points[:, 1]
    z -= z.mean()
    size = float(np.square(np.abs(z)).sum())
    if size <= 1e-24 or len(z) < 3:
        return Estimate.undefined(
            "all residues lie at one place"
            if len(z) > 2
            else "it takes three residues to tell a circle"
        )
    cos, sin = waves(len(z), k)
    return Estimate(
        float(max(abs(z @ (cos - 1j * sin)), abs(z @ (cos + 1j * sin)))) ** 2 / (len(z) * size)
    )


def order_error(points: Real, k: int) -> Estimate:
    """The share of triples of residues that stand in another cyclic order than kn mod p around the
    mean of ``points`` [p, 2]: 0..0.5.

    0 where all p stand in order, either way round; about 0.5 in noise: (1 - Δ) / 2 of Fisher and
    Lee 1982. p must be prime to k.
    """
    if not np.isfinite(points).all():
        return Estimate.undefined("a place is not a finite number")
    p = len(points)
    centered = points - points.mean(axis=0, dtype=np.float64)
    if p < 3 or np.square(centered).sum() <= 1e-24:
        return Estimate.undefined(
            "all residues lie at one place" if p > 2 else "it takes three residues to tell an order"
        )
    seen = np.arctan2(centered[:, 1], centered[:, 0])
    wanted = 2 * np.pi * (k * np.arange(p) % p) / p
    agree = sum(float((_turning(seen, n) * _turning(wanted, n)).sum()) for n in range(2, p))
    return Estimate((1 - abs(agree) / (p * (p - 1) * (p - 2) / 6)) / 2)


def _turning(angles: Doubles, n: int) -> Doubles:
    """Which way round angle n and each pair of those before it stand: 1, -1, or 0 where two are
    one.
    """
    one, other = np.triu_indices(n, 1)
    a, b, c = angles[n], angles[one], angles[other]
    turn = np.sin(b - a) + np.sin(c - b) + np.sin(a - c)
    return np.where(np.abs(turn) < 1e-12, 0.0, np.sign(turn))


def means_of(states: Real, residues: Sequence[int] | NDArray[np.int64], p: int) -> Doubles:
    """The mean state of each residue [p, d]; zero for one that has no state."""
    found, count = np.zeros((p, states.shape[1])), np.zeros(p)
    np.add.at(found, np.asarray(residues), states.astype(np.float64))
    np.add.at(count, np.asarray(residues), 1)
    return found / np.maximum(count, 1)[:, None]
