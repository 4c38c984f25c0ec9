"""Trust by exact ranks, against scikit-learn and against layouts whose score is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.manifold import trustworthiness

from layerfold.errors import InputError
from layerfold.geometry.trust import correlation, segment_trust, spearman, trust_at, trust_of


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(40, 300),
    st.integers(2, 40),
    st.integers(1, 19),
    st.booleans(),
)
def test_the_mean_is_scikit_learns(seed: int, count: int, d: int, k: int, far: bool) -> None:
    rng = np.random.default_rng(seed)
    states = (rng.normal(size=(count, d)) + far * 50).astype(np.float32)
    shown = (states[:, :3] if d >= 3 and seed % 2 else rng.normal(size=(count, 3))).astype(
        np.float32
    )
    found = trust_of(states, shown, k)
    assert found.trust.mean() == pytest.approx(
        trustworthiness(states.astype(float), shown.astype(float), n_neighbors=k), abs=1e-9
    )
    assert found.continuity.mean() == pytest.approx(
        trustworthiness(shown.astype(float), states.astype(float), n_neighbors=k), abs=1e-9
    )


def test_a_random_layout_has_one_half() -> None:
    rng = np.random.default_rng(0)
    found = trust_of(
        rng.normal(size=(1000, 64)).astype(np.float32),
        rng.normal(size=(1000, 3)).astype(np.float32),
    )
    assert found.trust.mean() == pytest.approx(0.5, abs=0.02)
    assert found.continuity.mean() == pytest.approx(0.5, abs=0.02)
    assert found.recall == pytest.approx(15 / 999, abs=0.01)


def test_an_isometric_layout_has_one() -> None:
    shown = np.random.default_rng(0).normal(size=(400, 3)).astype(np.float32)
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(8, 8)))[0][:3]
    found = trust_of((shown @ turn).astype(np.float32), shown)
    assert found.trust.min() == found.continuity.min() == 1.0
    assert found.recall == 1.0


def test_points_equally_far_share_the_best_rank() -> None:
    states = np.repeat(np.eye(4, dtype=np.float32), 30, axis=0)
    shown = (
        np.random.default_rng(0).normal(size=(120, 3)).astype(np.float32) * 0.01 + 5 * states[:, :3]
    )
    found = trust_of(states, shown, 10)
    assert found.trust.min() == 1.0


def test_a_point_among_strangers_is_the_one_that_is_not_trusted() -> None:
    rng = np.random.default_rng(0)
    states = np.concatenate([rng.normal(size=(60, 5)), rng.normal(size=(60, 5)) + 30]).astype(
        np.float32
    )
    shown = states[:, :3].copy()
    shown[0] = shown[60:].mean(axis=0)
    found = trust_of(states, shown, 10)
    assert found.trust.argmin() == 0
    assert found.continuity.argmin() == 0


def test_more_neighbours_than_points_is_an_error() -> None:
    points = np.zeros((10, 3), dtype=np.float32)
    with pytest.raises(InputError):
        trust_of(points, points, 10)


@pytest.mark.parametrize("copies", [1, 3, 20])
def test_one_point_is_judged_as_among_all(copies: int) -> None:
    random = np.random.default_rng(copies)
    states = np.tile(random.normal(size=(60, 9)).astype(np.float32), (copies, 1))
    shown = states[:, :3] + random.normal(size=(len(states), 3)).astype(np.float32)
    found = trust_of(states, shown, 15)
    for index in (0, 31, len(states) - 1):
        assert trust_at(states, shown, index, 15) == pytest.approx(
            (found.trust[index], found.continuity[index]), abs=1e-12
        )
    with pytest.raises(InputError):
        trust_at(states[:15], shown[:15], 0, 15)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=3, max_size=60))
def test_spearman_is_scipys_ties_included(values: list[tuple[int, int]]) -> None:
    one, other = (np.array(column, dtype=np.float32) for column in zip(*values, strict=True))
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        assert np.isnan(spearman(one, other))
    else:
        assert spearman(one, other) == pytest.approx(spearmanr(one, other).statistic, abs=1e-12)


def test_correlation_of_one_number_is_not_defined() -> None:
    assert np.isnan(correlation(np.ones(1), np.ones(1)))


def test_segments_are_judged_by_their_slices_median() -> None:
    true = np.array([[1.0, 2.0, 0.0], [1.0, 1.0, 1.0]], dtype=np.float32)
    shown = np.array([[2.0, 4.0, 1.0], [1.0, 3.0, 0.0]], dtype=np.float32)
    found = segment_trust(true, shown, np.array([2.0, 1.0], dtype=np.float32))
    np.testing.assert_array_equal(found, [[1, 1, np.nan], [1, 3, 0]])
    assert np.isnan(segment_trust(true, shown, np.zeros(2, dtype=np.float32))).all()
