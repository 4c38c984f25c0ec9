"""The participation ratio and principal scores where they are known."""

import numpy as np
import pytest

from layerfold.geometry.spectrum import participation_ratio, principal_scores


def test_a_line_has_one_direction_and_a_ball_all() -> None:
    rng = np.random.default_rng(0)
    line = np.outer(rng.normal(size=500), rng.normal(size=20)).astype(np.float32)
    assert participation_ratio(line) == pytest.approx(1, abs=1e-4)
    assert participation_ratio(rng.normal(size=(20_000, 10)).astype(np.float32) + 7) == pytest.approx(10, abs=0.05)


def test_it_is_the_ratio_of_the_eigenvalues_also_when_points_are_few() -> None:
    for shape in ((300, 12), (9, 40)):
        states = np.random.default_rng(1).normal(size=shape).astype(np.float32) * np.linspace(0.1, 2, shape[1], dtype=np.float32)
        values = np.linalg.eigvalsh(np.cov(states.T.astype(float)))
        assert participation_ratio(states) == pytest.approx(values.sum() ** 2 / np.square(values).sum(), rel=1e-9)


def test_states_that_are_one_fill_nothing() -> None:
    assert participation_ratio(np.ones((10, 3), dtype=np.float32)) == 0


def test_scores_are_widest_first_with_a_sign_of_their_own() -> None:
    states = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32) * np.array([1, 5, 2], dtype=np.float32)
    scores = principal_scores(states, 5)
    assert scores.shape == (200, 5)
    assert (np.diff(scores.std(axis=0)) <= 1e-6).all()
    assert not scores[:, 3:].any()
    assert abs(np.corrcoef(scores[:, 0], states[:, 1])[0, 1]) > 0.99
