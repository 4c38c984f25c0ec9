"""Spectra and directions where they are known, and as scipy and scikit-learn have them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import svdvals
from scipy.stats import entropy
from sklearn.decomposition import PCA
from sklearn.metrics.pairwise import cosine_similarity

from layerfold.geometry.spectrum import (
    alpha_req,
    anisotropy,
    effective_rank,
    mean_norm,
    participation,
    participation_ratio,
    principal_scores,
    rankme,
    spectrum_of,
)


def test_a_line_has_one_direction_and_a_ball_all() -> None:
    rng = np.random.default_rng(0)
    line = np.outer(rng.normal(size=500), rng.normal(size=20)).astype(np.float32)
    assert participation_ratio(line) == pytest.approx(1, abs=1e-4)
    assert participation_ratio(
        rng.normal(size=(20_000, 10)).astype(np.float32) + 7
    ) == pytest.approx(10, abs=0.05)


def test_it_is_the_ratio_of_the_eigenvalues_also_when_points_are_few() -> None:
    for shape in ((300, 12), (9, 40)):
        states = np.random.default_rng(1).normal(size=shape).astype(np.float32) * np.linspace(
            0.1, 2, shape[1], dtype=np.float32
        )
        values = np.linalg.eigvalsh(np.cov(states.T.astype(float)))
        assert participation_ratio(states) == pytest.approx(
            values.sum() ** 2 / np.square(values).sum(), rel=1e-9
        )


def test_states_that_are_one_fill_nothing() -> None:
    assert participation_ratio(np.ones((10, 3), dtype=np.float32)) == 0


def test_scores_are_widest_first_with_a_sign_of_their_own() -> None:
    states = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32) * np.array(
        [1, 5, 2], dtype=np.float32
    )
    scores = principal_scores(states, 5)
    assert scores.shape == (200, 5)
    assert (np.diff(scores.std(axis=0)) <= 1e-6).all()
    assert not scores[:, 3:].any()
    assert abs(np.corrcoef(scores[:, 0], states[:, 1])[0, 1]) > 0.99


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 40), st.integers(1, 40))
def test_the_spectrum_is_that_of_scikit_learns_components(seed: int, count: int, d: int) -> None:
    states = np.random.default_rng(seed).normal(size=(count, d)).astype(np.float32) + 5
    found = spectrum_of(states)
    assert found.shape == (min(count, d),)
    expected = PCA().fit(states.astype(float)).explained_variance_ * (count - 1) / count
    np.testing.assert_allclose(found, expected, atol=1e-9)
    assert participation(found).value == pytest.approx(participation_ratio(states), rel=1e-6)


def test_spectra_whose_numbers_are_known() -> None:
    even, first = np.ones(16), np.eye(16)[0]
    for measure in (participation, rankme):
        assert measure(even).value == pytest.approx(16)
        assert measure(first).value == pytest.approx(1)
        assert measure(9 * even).value == pytest.approx(16)
    law = np.arange(1, 129.0)
    for alpha in (0.5, 1.0, 2.0):
        found = alpha_req(3 * law**-alpha)
        assert (found.value, found.low, found.high) == pytest.approx(
            (alpha, alpha, alpha), abs=1e-9
        )
    halves = np.array([4.0, 1.0, 0.0])  # standard deviations 2 and 1, shares 2/3 and 1/3
    assert rankme(halves).value == pytest.approx(3 / 2 ** (2 / 3))


def test_the_bar_of_the_power_law_widens_with_its_misfit() -> None:
    ranks = np.arange(1, 129.0)
    widths = []
    for noise in (0.05, 0.2):
        found = alpha_req(
            np.sort(np.exp(noise * np.random.default_rng(0).normal(size=128)) / ranks)[::-1]
        )
        assert found.value == pytest.approx(1, abs=0.3)
        widths.append(found.high - found.low)
    assert widths[1] > 2 * widths[0] > 0


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 60), st.integers(1, 9), st.floats(1e-3, 1e3))
def test_anisotropy_is_the_mean_cosine_of_all_pairs(
    seed: int, count: int, d: int, scale: float
) -> None:
    states = np.random.default_rng(seed).normal(size=(count, d)) + 1
    cosines = cosine_similarity(states)[np.triu_indices(count, 1)]
    assert anisotropy(scale * states).value == pytest.approx(cosines.mean(), abs=1e-9)


def test_one_direction_is_one_and_a_round_cloud_none() -> None:
    assert anisotropy(np.outer(np.arange(1, 50), np.ones(5))).value == pytest.approx(1)
    round_cloud = np.random.default_rng(0).normal(size=(3000, 50))
    assert abs(anisotropy(round_cloud).value) < 0.002
    assert anisotropy(np.array([[1.0, 0], [-1, 0], [0, 0]])).value == -1
    repeats = [
        anisotropy(np.random.default_rng(seed).normal(size=(200, 5)) + 0.5) for seed in range(60)
    ]
    assert np.mean([each.high - each.value for each in repeats]) == pytest.approx(
        np.std([each.value for each in repeats]), rel=0.3
    )


def test_the_norm_has_its_standard_error() -> None:
    states = np.array([[3.0, 4.0], [0, 1], [6, 8]])
    found = mean_norm(states)
    assert found.value == pytest.approx(16 / 3)
    assert found.high - found.value == pytest.approx(np.std([5, 1, 10], ddof=1) / np.sqrt(3))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(1, 12), st.floats(1e-6, 1e6))
def test_effective_rank_is_between_one_and_the_rank(
    seed: int, a: int, b: int, scale: float
) -> None:
    matrix = np.random.default_rng(seed).normal(size=(a, b))
    found = effective_rank(matrix).value
    sizes = svdvals(matrix)
    assert found == pytest.approx(np.exp(entropy(sizes)), rel=1e-9)
    assert 1 - 1e-9 <= found <= min(a, b) + 1e-9
    assert effective_rank(scale * matrix.T).value == pytest.approx(found, rel=1e-9)
    assert effective_rank(np.eye(a)).value == pytest.approx(a)


def test_directions_that_a_matrix_lacks_add_nothing_to_its_effective_rank() -> None:
    rng = np.random.default_rng(3)
    for few in (1, 3):
        matrix = rng.normal(size=(80, few)) @ rng.normal(size=(few, 200))
        known = np.exp(entropy(svdvals(matrix)[:few]))
        assert effective_rank(matrix).value == pytest.approx(known, rel=1e-12)


def test_what_cannot_be_measured_is_named() -> None:
    for measure in (participation, rankme, alpha_req):
        assert (
            measure(spectrum_of(np.ones((9, 4), dtype=np.float32))).reason
            == "all states are one and the same"
        )
        assert (
            measure(spectrum_of(np.ones((1, 4), dtype=np.float32))).reason
            == "all states are one and the same"
        )
        assert (
            measure(spectrum_of(np.full((9, 4), np.nan, dtype=np.float32))).reason
            == "a state is not a finite number"
        )
    assert alpha_req(np.ones(12)).reason == "12 directions vary, and a power law takes 18"
    assert "here is 1" in anisotropy(np.ones((1, 4))).reason
    assert "fewer than two states have a length" in anisotropy(np.zeros((9, 4))).reason
    assert mean_norm(np.zeros((9, 4))).value == 0
    assert np.isnan(mean_norm(np.ones((1, 4))).low)
    assert "at least 1" in mean_norm(np.ones((0, 4))).reason
    assert "zero" in effective_rank(np.zeros((3, 3))).reason
    assert "finite" in effective_rank(np.full((3, 3), np.inf)).reason
    assert "empty" in effective_rank(np.zeros((0, 3))).reason
    assert np.isfinite(participation(spectrum_of(np.array([[1.0], [2.0]]))).value)
