"""How many directions a set of states fills."""

from __future__ import annotations

import numpy as np

from layerfold.records import Floats


def participation_ratio(states: Floats) -> float:
    """(sum of variances)² / sum of squared variances along the principal axes of ``states`` [ref, d]: 1 on a line, d in a round ball.

    0 where all states are one. Needs no eigenvalues: both sums are traces of the covariance.
    """
    centred = states.astype(np.float64) - states.mean(axis=0, dtype=np.float64)
    small = centred.T @ centred if centred.shape[1] <= len(centred) else centred @ centred.T
    squares = float(np.square(small).sum())
    return float(np.trace(small)) ** 2 / squares if squares > 0 else 0.0


def principal_scores(states: Floats, count: int) -> Floats:
    """The centred states along their ``count`` widest directions [ref, count], widest first; signs fixed, zeros where d is smaller."""
    centred = states.astype(np.float64) - states.mean(axis=0, dtype=np.float64)
    _, axes = np.linalg.eigh(centred.T @ centred)
    axes = axes[:, ::-1][:, :count]
    axes *= np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])  # an axis has no sign of its own
    scores = np.zeros((len(states), count), dtype=np.float32)
    scores[:, : axes.shape[1]] = centred @ axes
    return scores
