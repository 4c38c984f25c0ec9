"""The regression beside scikit-learn's own, and the laws of its coordinates."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import check_grad
from sklearn.linear_model import LogisticRegression

from layerfold.interp.logistic import Objective, Turned, fitted, rows_of

N, D = 400, 12


def states() -> np.ndarray:
    """States that are a hundred times longer along one direction than along another."""
    rng = np.random.default_rng(0)
    mixed = rng.normal(size=(N, D)) * np.geomspace(0.03, 3, D)
    return (mixed @ np.linalg.qr(rng.normal(size=(D, D)))[0]).astype(np.float32)


def labels(kinds: int) -> np.ndarray:
    """Labels that the states tell, and not wholly."""
    rng = np.random.default_rng(1)
    scores = states() @ rng.normal(size=(D, kinds)) + rng.gumbel(size=(N, kinds))
    return scores.argmax(axis=1).astype(np.int32)


@pytest.mark.parametrize("kinds", [2, 3, 5])
@pytest.mark.parametrize("strength", [1.0, 0.01])
def test_it_is_scikit_learns_regression(kinds: int, strength: float) -> None:
    known, told = states(), labels(kinds)
    train = np.arange(N) < 300
    turned = Turned.of(known, train, kinds, strength)
    found = fitted(turned, train, told, 1e-6)
    assert found is not None
    theirs = LogisticRegression(C=strength, tol=1e-8, max_iter=5000)
    theirs.fit(known[train].astype(float), told[train])
    np.testing.assert_allclose(
        found.probabilities(turned.states), theirs.predict_proba(known), atol=1e-3
    )
    weights = found.weights[:, :-1] @ turned.turn.T
    np.testing.assert_allclose(weights, theirs.coef_, atol=5e-3 * np.abs(theirs.coef_).max())
    sure = np.sort(theirs.predict_proba(known), axis=1)
    sure = sure[:, -1] - sure[:, -2] > 1e-3
    assert (found.predict(turned.states) == theirs.predict(known))[sure].all()


def test_turned_states_bend_the_loss_alike_in_all_directions() -> None:
    known, every = states(), np.ones(N, dtype=bool)
    turned = Turned.of(known, every, 4, 2.0)
    bend = known.T @ known / (4 * N) + np.eye(D) / (2.0 * N)
    np.testing.assert_allclose(turned.turn.T @ bend @ turned.turn, np.eye(D), atol=1e-4)
    np.testing.assert_allclose(turned.states, known @ turned.turn, rtol=1e-3, atol=1e-4)


def test_states_that_are_all_one_can_be_turned() -> None:
    turned = Turned.of(np.zeros((20, 3), np.float32), np.ones(20, bool), 2, 1.0)
    found = fitted(turned, np.ones(20, bool), np.arange(20, dtype=np.int32) % 2, 1e-3)
    assert found is not None
    np.testing.assert_allclose(found.probabilities(turned.states), 0.5, atol=1e-6)


@pytest.mark.parametrize("kinds", [2, 4])
def test_the_gradient_is_that_of_the_objective(kinds: int) -> None:
    rng = np.random.default_rng(2)
    few = rng.normal(size=(30, 3)).astype(np.float32)
    objective = Objective(few, rng.integers(kinds, size=30), kinds, np.diag([0.1, 0.2, 0.3]))
    at = rng.normal(size=rows_of(kinds) * 4)
    away = check_grad(lambda x: objective(x)[0], lambda x: objective(x)[1], at, epsilon=1e-3)
    assert away < 2e-3


def test_where_another_ended_it_ends_at_once() -> None:
    every, told = np.ones(N, dtype=bool), labels(3)
    turned = Turned.of(states(), every, 3, 1.0)
    first = fitted(turned, every, told, 1e-3)
    again = fitted(turned, every, told, 1e-3, first)
    assert first is not None
    assert again is not None
    assert again.weights.tobytes() == first.weights.tobytes()


def test_one_kind_is_no_regression() -> None:
    every = np.ones(N, dtype=bool)
    turned = Turned.of(states(), every, 2, 1.0)
    assert fitted(turned, every, np.zeros(N, dtype=np.int32), 1e-3) is None
