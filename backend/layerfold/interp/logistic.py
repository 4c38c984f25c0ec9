"""Multinomial logistic regression: the objective of scikit-learn's ``LogisticRegression`` and its
solver (SciPy's L-BFGS), from states that have been turned first.

States of a network are far longer along some directions than along others, and the solver takes a
step for each such length. In turned coordinates the loss bends about alike in all directions, so
that half the steps end nearer to the optimum, which is the same. What is made anew at each step is
as small as the weights; arrays [class, n] are made once a fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from layerfold.interp.interval import Doubles
from layerfold.records import Floats, Ints

SEARCH: Final = {"maxiter": 1000, "maxls": 50, "ftol": 64 * np.finfo(float).eps}  # scikit-learn's
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Turned:
    """States [n, d] times ``turn`` [d, d]; the penalty of weights in these coordinates is that of
    the weights before, of inverse ``strength``."""

    states: Floats
    turn: Doubles
    strength: float

    @staticmethod
    def of(states: Floats, fitted: Mask, kinds: int, strength: float) -> Turned:
        """States turned so that the mean loss of so many kinds, over those that are ``fitted``,
        bends alike in all directions where all kinds are as likely."""
        some = np.ascontiguousarray(states[fitted])
        bend = (some.T @ some).astype(np.float64) / (kinds * len(some))
        bend += np.eye(len(bend)) / (strength * len(some))
        turn = np.linalg.inv(np.linalg.cholesky(bend)).T
        return Turned(states @ turn.astype(np.float32), turn, strength)


@dataclass(frozen=True)
class Logistic:
    """What tells ``kinds`` [k] of labels apart: ``weights`` [k, d + 1] of turned states, a row for
    each with its intercept last; of two kinds the first is at 0, and has no row."""

    kinds: Ints
    weights: Doubles

    def scores(self, states: Floats) -> Floats:
        """The log-odds [k, n] of the kinds at turned states [n, d], to a constant for each."""
        found = np.zeros((len(self.kinds), len(states)), dtype=np.float32)
        rows = self.weights.astype(np.float32)
        np.matmul(rows[:, :-1], states.T, out=found[-len(rows) :])
        found[-len(rows) :] += rows[:, -1:]
        return found

    def predict(self, states: Floats) -> Ints:
        """The likeliest kind [n] of turned states [n, d]."""
        return np.asarray(self.kinds[self.scores(states).argmax(axis=0)], dtype=np.int32)

    def probabilities(self, states: Floats) -> Doubles:
        """Of each kind [n, k] at turned states [n, d]."""
        scores = self.scores(states).T.astype(np.float64)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(shares / shares.sum(axis=1, keepdims=True))


class Objective:
    """The mean loss of labels [n] (indices of ``kinds``) at turned states [n, d], with the penalty
    of all weights but the intercepts, ½ w · ``penalty`` [d, d] · w; and its gradient."""

    def __init__(
        self, states: Floats, labels: NDArray[np.intp], kinds: int, penalty: Doubles
    ) -> None:
        self._states = states
        self._own = (labels, np.arange(len(labels)))
        self._rows = rows_of(kinds)
        self._penalty = penalty
        self._shares = np.zeros((kinds, len(labels)), dtype=np.float32)

    def __call__(self, flat: Doubles) -> tuple[float, Doubles]:
        """At weights [row * (d + 1)]."""
        weights = flat.reshape(self._rows, -1)
        shares, free = self._shares, self._shares[-self._rows :]
        shares[: -self._rows] = 0
        np.matmul(weights[:, :-1].astype(np.float32), self._states.T, out=free)
        free += weights[:, -1:].astype(np.float32)
        shares -= shares.max(axis=0)
        own = shares[self._own]
        np.exp(shares, out=shares)
        sums = shares.sum(axis=0)
        loss = float((np.log(sums) - own).mean(dtype=np.float64))
        shares /= sums
        shares[self._own] -= 1
        pull = weights[:, :-1] @ self._penalty
        gradient = np.empty_like(weights)
        gradient[:, :-1] = free @ self._states
        gradient[:, -1] = free.sum(axis=1)
        gradient /= len(own)
        gradient[:, :-1] += pull
        return loss + 0.5 * float((pull * weights[:, :-1]).sum()), gradient.ravel()


def rows_of(kinds: int) -> int:
    """How many kinds have weights: of two the first has none."""
    return 1 if kinds == 2 else kinds


def fitted(
    turned: Turned, rows: Mask, values: Ints, tolerance: float, like: Logistic | None = None
) -> Logistic | None:
    """The regression of the labels [n] of some rows on their states, begun where another of the
    same kinds ended; None of a single kind. It ends where no number of the gradient in turned
    coordinates is above the ``tolerance``, or after a thousand steps.
    """
    from scipy.optimize import minimize  # late: serving does not need it

    kinds, labels = np.unique(values[rows], return_inverse=True)
    if len(kinds) < 2:
        return None
    states = np.ascontiguousarray(turned.states[rows])
    shape = (rows_of(len(kinds)), states.shape[1] + 1)
    start = np.zeros(shape)
    if like is not None and np.array_equal(like.kinds, kinds):
        start = like.weights
    penalty = turned.turn.T @ turned.turn / (turned.strength * len(states))
    settings: dict[str, Any] = {**SEARCH, "gtol": tolerance}
    objective = Objective(states, labels.ravel(), len(kinds), penalty)
    found = minimize(objective, start.ravel(), method="L-BFGS-B", jac=True, options=settings)
    return Logistic(kinds, found.x.reshape(shape))
