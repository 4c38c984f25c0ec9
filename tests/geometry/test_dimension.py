"""Intrinsic dimension where it is known, and as scikit-dimension has it."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerfold.geometry.dimension import components_for, maximum_likelihood, two_nn, two_nn_scales
from layerfold.space.neighbors import nearest_self
from tests.geometry import references

KEPT = json.loads(references.KEPT.read_text("utf-8"))["dimension"]
TRUTH = {"swiss roll": 2, "5-sphere": 5, "10-D Gaussian": 10, "curve in 64-D": 1}


@pytest.mark.parametrize("name", TRUTH)
def test_known_shapes_are_within_a_tenth_and_as_scikit_dimension_has_them(name: str) -> None:
    near = nearest_self(references.shapes()[name], 15)[1]
    found = {
        "two_nn": two_nn(near),
        "mle 5": maximum_likelihood(near[:, :5]),
        "mle 15": maximum_likelihood(near),
    }
    for estimator, estimate in found.items():
        assert estimate.value == pytest.approx(TRUTH[name], rel=0.1)
        assert estimate.value == pytest.approx(KEPT[name][estimator], rel=1e-6)


def test_4000_points_hold_the_bar_with_every_neighbourhood() -> None:
    near = nearest_self(np.random.default_rng(0).normal(size=(4000, 10)).astype(np.float32), 15)[1]
    assert two_nn(near).value == pytest.approx(10, rel=0.05)
    assert maximum_likelihood(near).value == pytest.approx(10, rel=0.08)


def test_the_bars_are_as_wide_as_the_scatter_of_repeats() -> None:
    repeats = [
        nearest_self(np.random.default_rng(seed).normal(size=(500, 3)).astype(np.float32), 10)[1]
        for seed in range(60)
    ]
    for estimator in (two_nn, maximum_likelihood):
        found = [estimator(near) for near in repeats]
        scatter = np.std([each.value for each in found], ddof=1)
        assert np.mean([each.high - each.value for each in found]) == pytest.approx(
            scatter, rel=0.3
        )


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(1e-6, 1e6), st.integers(3, 12))
def test_neither_scale_nor_order_matters(seed: int, scale: float, k: int) -> None:
    rng = np.random.default_rng(seed)
    near = np.sort(rng.random((50, k)) + 0.01, axis=1)
    for estimator in (two_nn, maximum_likelihood):
        found = estimator(near)
        assert found.low <= found.value <= found.high
        assert estimator(scale * near).value == pytest.approx(found.value, rel=1e-6)
        assert estimator(near[rng.permutation(50)]).value == pytest.approx(found.value, rel=1e-9)


def test_turning_and_moving_the_states_does_not_matter() -> None:
    states = np.random.default_rng(0).normal(size=(400, 6)).astype(np.float32)
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(6, 6)))[0]
    moved = (states.astype(float) @ turn * 3 + 20).astype(np.float32)
    for one, other in zip(two_nn_scales(states), two_nn_scales(moved), strict=True):
        assert other.value == pytest.approx(one.value, rel=1e-3)


def test_noise_on_a_plane_is_seen_near_and_the_plane_from_afar() -> None:
    rng = np.random.default_rng(0)
    sheet = np.zeros((2000, 20))
    sheet[:, :2] = rng.random((2000, 2))
    found = two_nn_scales(
        (sheet + 0.006 * rng.normal(size=sheet.shape)).astype(np.float32), (1, 1 / 4, 1 / 16)
    )
    assert found[0].value > found[1].value + 1
    assert found[1].value > found[2].value + 1
    assert found[2].value < 3.5
    flat = two_nn_scales(sheet.astype(np.float32))
    assert all(each.value == pytest.approx(2, rel=0.1) for each in flat)
    assert flat == two_nn_scales(sheet.astype(np.float32))
    assert two_nn_scales(sheet.astype(np.float32), (1,))[0].value == pytest.approx(
        two_nn(nearest_self(sheet.astype(np.float32), 2)[1]).value
    )


def test_twins_are_left_out() -> None:
    near = nearest_self(np.random.default_rng(0).normal(size=(300, 4)).astype(np.float32), 6)[1]
    with_twins = np.concatenate(
        [near, np.concatenate([np.zeros((200, 1)), near[:200, 1:]], axis=1)]
    )
    for estimator in (two_nn, maximum_likelihood):
        assert estimator(with_twins) == estimator(near)
        assert (
            "no twin"
            in estimator(np.concatenate([near[:5], np.repeat(with_twins[-1:], 20, axis=0)])).reason
        )


@pytest.mark.parametrize("estimator", [two_nn, maximum_likelihood])
@pytest.mark.parametrize(
    ("near", "why"),
    [
        (np.zeros((50, 5)), "one and the same"),
        (np.ones((50, 5)), "equally far"),
        (np.ones((9, 5)), "at least 10 tokens, here are 9"),
        (np.ones((1, 5)), "at least 10 tokens, here is 1"),
        (np.ones((50, 1)), "neighbours of each"),
        (np.empty((0, 0)), "neighbours of each"),
        (np.full((50, 5), np.nan), "not a finite number"),
        (np.where(np.arange(50)[:, None] == 3, np.inf, np.ones((50, 5))), "not a finite number"),
    ],
)
def test_what_cannot_be_measured_is_named(estimator, near, why) -> None:
    found = estimator(near.astype(np.float32))
    assert why in found.reason
    assert np.isnan(found.value)


def test_parts_that_are_too_small_are_named() -> None:
    found = two_nn_scales(np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32))
    assert [bool(each.reason) for each in found] == [False, False, False, True]
    assert found[3].reason == "one in 8 of 40 states is fewer than 10"


def test_components_are_counted_to_the_share() -> None:
    spectrum = np.array([6.0, 3.0, 0.5, 0.5, 0.0])
    assert [
        components_for(spectrum, share).value for share in (0.5, 0.6, 0.9, 0.91, 0.95, 1.0)
    ] == [1, 1, 2, 3, 3, 4]
    assert components_for(np.ones(10)).value == 9
    assert "one and the same" in components_for(np.zeros(4)).reason
    assert "finite" in components_for(np.full(4, np.nan)).reason
