"""Two slices of the same tokens: copies, turned copies, strangers, and what other libraries say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import procrustes as disparity
from sklearn.neighbors import NearestNeighbors

from layerfold.geometry.comparison import (
    cka,
    curvature,
    displacement,
    neighbor_overlap,
    procrustes,
    turning,
)
from layerfold.space.neighbors import nearest_self

seeds = st.integers(0, 2**32 - 1)


def ball(seed: int, count: int, d: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, d)).astype(np.float32)


def turned(states: np.ndarray, seed: int, scale: float = 1.0, shift: float = 0.0) -> np.ndarray:
    d = states.shape[1]
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(d, d)))[0]
    return (scale * (states.astype(float) @ turn) + shift).astype(np.float32)


@settings(max_examples=40, deadline=None)
@given(seeds, st.integers(2, 120), st.integers(1, 20), st.floats(0.01, 100), st.floats(-10, 10))
def test_a_turned_copy_is_the_same(
    seed: int, count: int, d: int, scale: float, shift: float
) -> None:
    states = ball(seed, count, d)
    copy = turned(states, seed, scale, shift * scale)
    assert cka(states, copy).value == pytest.approx(1, abs=1e-5)
    assert procrustes(states, copy).value == pytest.approx(0, abs=1e-5)


@settings(max_examples=30, deadline=None)
@given(seeds, st.integers(3, 80), st.integers(1, 10))
def test_procrustes_is_scipys_disparity_and_cka_that_of_the_kernels(
    seed: int, count: int, d: int
) -> None:
    a, b = ball(seed, count, d), ball(seed + 1, count, d) + 0.5 * ball(seed, count, d)
    assert procrustes(a, b).value == pytest.approx(
        disparity(a.astype(float), b.astype(float))[2], abs=1e-6
    )
    assert procrustes(b, a).value == pytest.approx(procrustes(a, b).value, abs=1e-9)
    center = np.eye(count) - 1 / count
    kernels = [center @ (each.astype(float) @ each.T.astype(float)) @ center for each in (a, b)]
    expected = (kernels[0] * kernels[1]).sum() / np.prod(
        [np.linalg.norm(kernel) for kernel in kernels]
    )
    assert cka(a, b).value == pytest.approx(expected, abs=1e-6)


def test_they_take_slices_of_different_width() -> None:
    states = ball(0, 200, 3)
    wide = turned(np.hstack([states, np.zeros((200, 4), dtype=np.float32)]), 1)
    assert cka(states, wide).value == pytest.approx(1, abs=1e-6)
    assert procrustes(states, wide).value == pytest.approx(0, abs=1e-6)


def test_strangers_share_little() -> None:
    a, b = ball(0, 2000, 20), ball(1, 2000, 20)
    assert cka(a, b).value < 0.02
    assert procrustes(a, b).value > 0.95


def test_slices_with_nothing_in_common_have_zero() -> None:
    waves = np.array([[1, 1, -1, -1], [1, -1, 1, -1]]).repeat(10, axis=1)
    assert cka(waves[:1].T, waves[1:].T).value == 0
    assert procrustes(waves[:1].T, waves[1:].T).value == 1


@pytest.mark.parametrize("measure", [cka, procrustes])
def test_the_bars_are_as_wide_as_the_scatter_of_repeats(measure) -> None:
    found = [
        measure(ball(seed, 300, 5), ball(seed, 300, 5) + 0.7 * ball(seed + 1000, 300, 5))
        for seed in range(60)
    ]
    scatter = np.std([each.value for each in found], ddof=1)
    assert np.mean([each.high - each.value for each in found]) == pytest.approx(scatter, rel=0.35)


@settings(max_examples=30, deadline=None)
@given(seeds, st.integers(1, 40), st.integers(1, 12))
def test_overlap_is_the_mean_share_of_sets(seed: int, count: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = (np.stack([rng.permutation(40)[:k] for _ in range(count)]) for _ in range(2))
    expected = np.mean(
        [len(set(one) & set(other)) / k for one, other in zip(a.tolist(), b.tolist(), strict=True)]
    )
    assert neighbor_overlap(a, b).value == pytest.approx(expected)
    assert neighbor_overlap(a, np.roll(a, 1, axis=1)).value == 1


def test_overlap_is_that_of_scikit_learns_neighbours() -> None:
    a = ball(0, 300, 8)
    b = a + 0.5 * ball(1, 300, 8)
    lists = [
        NearestNeighbors(n_neighbors=10).fit(each).kneighbors(return_distance=False)
        for each in (a, b)
    ]
    ours = [nearest_self(each, 10)[0] for each in (a, b)]
    assert neighbor_overlap(*ours).value == pytest.approx(neighbor_overlap(*lists).value, abs=1e-9)


def test_a_move_is_in_spreads() -> None:
    states = ball(0, 500, 4)
    spread = np.sqrt(np.square(states - states.mean(axis=0)).sum(axis=1).mean())
    along = states + np.array([3, 4, 0, 0], dtype=np.float32)
    assert displacement(states, along).value == pytest.approx(5 / spread, rel=1e-6)
    assert displacement(along, states).value == displacement(states, along).value
    assert displacement(7 * states, 7 * along).value == pytest.approx(5 / spread, rel=1e-6)
    assert displacement(states, states).value == 0


@settings(max_examples=30, deadline=None)
@given(seeds, st.floats(0, np.pi), st.floats(0.1, 10))
def test_a_turn_is_its_angle(seed: int, angle: float, length: float) -> None:
    start = ball(seed, 20, 2)
    first, second = np.array([1, 0]), length * np.array([np.cos(angle), np.sin(angle)])
    middle = start.astype(float) + first
    assert turning(start.astype(float), middle, middle + second).value == pytest.approx(
        angle, abs=1e-6
    )


def test_who_stands_still_has_no_turn() -> None:
    start, end = np.zeros((3, 2)), np.array([[1.0, 0], [1, 0], [1, 1]])
    middle = np.array([[1.0, 0], [0.5, 0], [1, 0]])
    assert turning(start, middle, end).value == pytest.approx(np.pi / 4)
    assert turning(start, start, start).reason == "no state moves"


@pytest.mark.parametrize("radius", [0.5, 3.0])
def test_a_circle_is_as_curved_as_one_over_its_radius(radius: float) -> None:
    angle = np.linspace(0, 1, 41)[:, None] + np.arange(30)
    path = radius * np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=2)
    found = curvature(path)
    assert [bool(each.reason) for each in found] == [True, *[False] * 39, True]
    assert [each.value for each in found[1:-1]] == pytest.approx([1 / radius] * 39, rel=1e-3)


def test_a_straight_way_is_not_curved() -> None:
    found = curvature(np.arange(5.0)[:, None, None] * np.ones((1, 6, 3)))
    assert [each.value for each in found[1:-1]] == pytest.approx([0, 0, 0], abs=1e-6)
    assert (found[0].reason, found[-1].reason) == ("the way begins here", "the way ends here")
    assert len(curvature(np.zeros((1, 6, 3)))) == 1


LAME = np.full((30, 4), np.nan, dtype=np.float32)
ENDLESS = np.where(np.arange(30)[:, None] == 7, np.inf, ball(0, 30, 4)).astype(np.float32)


@pytest.mark.parametrize(
    "measure",
    [
        cka,
        procrustes,
        displacement,
        lambda a, b: turning(a, b, a),
        lambda a, b: curvature(np.stack([a, b, a]))[1],
    ],
)
@pytest.mark.parametrize("bad", [LAME, ENDLESS])
def test_what_is_not_a_number_is_named(measure, bad) -> None:
    assert measure(ball(0, 30, 4), bad).reason == "a state is not a finite number"
    assert measure(bad, ball(0, 30, 4)).reason == "a state is not a finite number"


@pytest.mark.parametrize("measure", [cka, procrustes])
def test_constant_states_and_single_tokens_are_named(measure) -> None:
    for level in (0.0, 0.1, 1e30):
        flat = np.full((30, 4), level, dtype=np.float32)
        assert (
            measure(ball(0, 30, 4), flat).reason
            == measure(flat, ball(0, 30, 4)).reason
            == "all states are one and the same"
        )
        assert displacement(flat, flat).reason == "all states are one and the same"
    assert "at least 2 tokens, here is 1" in measure(ball(0, 1, 4), ball(1, 1, 4)).reason
    assert "different numbers of tokens: 3 and 4" in measure(ball(0, 3, 4), ball(1, 4, 4)).reason
    assert np.isfinite(measure(ball(0, 2, 1), ball(1, 2, 1)).value)


def test_lists_that_do_not_match_are_named() -> None:
    lists = np.arange(12).reshape(4, 3)
    assert "differ in shape" in neighbor_overlap(lists, lists[:, :2]).reason
    assert "no neighbours" in neighbor_overlap(lists[:, :0], lists[:, :0]).reason
    alone = neighbor_overlap(lists[:1], lists[:1])
    assert alone.value == 1
    assert np.isnan(alone.low)
