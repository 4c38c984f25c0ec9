"""Trust of many points: those that are measured have exactly their own ranks, the mean is theirs
with its error, and the others have what their nearest measured ones have.
"""

from __future__ import annotations

import numpy as np
import pytest

from layerfold.geometry import trust as module
from layerfold.geometry.trust import sample_of, standard_error, trust_of
from layerfold.space.neighbors import nearest

COUNT, K = 600, 15


@pytest.fixture
def clouds() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    states = rng.normal(size=(COUNT, 8)).astype(np.float32)
    states[100:140] = states[3]  # more twins than neighbours
    return states, (states[:, :3] + 0.3 * rng.normal(size=(COUNT, 3))).astype(np.float32)


@pytest.fixture
def sampled(monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    monkeypatch.setattr(module, "EXACT_UP_TO", 400)
    monkeypatch.setattr(module, "SAMPLE", 150)
    who = sample_of(COUNT)
    assert who is not None
    return who


def test_measured_points_have_their_own_ranks(
    clouds: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = trust_of(*clouds, K)
    assert whole.sample is None
    assert whole.means() == (whole.trust.mean(), whole.continuity.mean())
    monkeypatch.setattr(module, "EXACT_UP_TO", 400)
    monkeypatch.setattr(module, "SAMPLE", 150)
    found = trust_of(*clouds, K)
    who = found.sample
    assert who is not None
    assert len(np.unique(who)) == 150
    twins = (who >= 100) & (who < 140)  # which of them are called neighbours is a matter of order
    for name in ("trust", "continuity"):
        one, other = getattr(found, name)[who], getattr(whole, name)[who]
        assert np.array_equal(one[~twins], other[~twins])
        mean, error = one.mean(), standard_error(one, COUNT)
        assert abs(mean - getattr(whole, name).mean()) < 4 * error
        assert 0 < error < 0.02
    assert found.means() == (found.trust[who].mean(), found.continuity[who].mean())


def test_other_points_have_what_their_nearest_measured_ones_have(
    clouds: tuple[np.ndarray, np.ndarray], sampled: np.ndarray
) -> None:
    found = trust_of(*clouds, K)
    other = np.setdiff1d(np.arange(COUNT), sampled)
    lenders = sampled[nearest(clouds[0][other], clouds[0][sampled], 5)[0]]
    assert np.allclose(found.trust[other], found.trust[lenders].mean(axis=1))


def test_a_perfect_picture_of_many_points_is_trusted_and_a_random_one_is_not(
    sampled: np.ndarray,
) -> None:
    rng = np.random.default_rng(1)
    states = rng.normal(size=(COUNT, 3)).astype(np.float32)
    assert trust_of(states, 3 * states, K).means() == (1.0, 1.0)
    random = trust_of(states, rng.normal(size=(COUNT, 3)).astype(np.float32), K)
    assert abs(random.means()[0] - 0.5) < 0.04


def test_the_standard_error_is_that_of_a_mean_without_replacement() -> None:
    values = np.array([0.2, 0.4, 0.9, 0.5])
    assert standard_error(values, 10**9) == pytest.approx(values.std(ddof=1) / 2)
    assert standard_error(values, 4) == 0
