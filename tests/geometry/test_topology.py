"""Pieces and loops where they are known, and as ripser has them."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerfold.geometry import topology
from layerfold.geometry.topology import farthest, persistence
from tests.geometry import references

KEPT = json.loads(references.KEPT.read_text("utf-8"))["bars"]


@pytest.mark.parametrize("name", KEPT)
def test_bars_are_ripsers(name: str) -> None:
    points = references.clouds()[name].astype(np.float64)
    away = np.linalg.norm(points[:, None] - points, axis=2)
    found, scale = (
        persistence(points, landmarks=len(points)),
        np.median(away[np.triu_indices(len(away), 1)]),
    )
    for degree, total, longest in (
        ("h0", found.h0_total, found.h0_longest),
        ("h1", found.h1_total, found.h1_longest),
    ):
        assert total.value * scale == pytest.approx(KEPT[name][degree][0], rel=1e-5)
        assert longest.value * scale == pytest.approx(KEPT[name][degree][1], rel=1e-5)


def circle(count: int, d: int = 2, noise: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(0)
    angle = 2 * np.pi * rng.random(count)
    points = np.zeros((count, d))
    points[:, :2] = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return (points + noise * rng.normal(size=points.shape)).astype(np.float32)


def test_a_circle_has_one_long_loop_and_a_ball_none() -> None:
    ring, noisy = persistence(circle(2000)), persistence(circle(2000, 16, 0.02))
    ball = persistence(np.random.default_rng(0).normal(size=(2000, 16)).astype(np.float32))
    assert ring.h1_longest.value > 0.9
    assert ring.h1_longest.value > 0.9 * ring.h1_total.value
    assert noisy.h1_longest.value > 0.5 * noisy.h1_total.value
    assert ball.h1_longest.value < 0.2


def test_two_far_pieces_have_one_long_bar_between_them() -> None:
    rng = np.random.default_rng(0)
    pair = rng.normal(size=(600, 3)) * 0.1 + 4 * (np.arange(600) % 2)[:, None]
    one = rng.normal(size=(600, 3))
    assert persistence(pair).h0_longest.value == pytest.approx(1, abs=0.1)
    assert persistence(one).h0_longest.value < 0.5


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.01, 100), st.floats(-5, 5))
def test_neither_size_nor_place_nor_turn_matters(seed: int, scale: float, shift: float) -> None:
    states = np.random.default_rng(seed).normal(size=(60, 4))
    turn = np.linalg.qr(np.random.default_rng(seed + 1).normal(size=(4, 4)))[0]
    one, other = persistence(states, 30), persistence(scale * (states @ turn + shift), 30)
    for name in ("h0_total", "h1_total", "h0_longest", "h1_longest"):
        assert getattr(other, name).value == pytest.approx(getattr(one, name).value, abs=1e-6)


def test_the_same_seed_gives_the_same_bars_and_landmarks_spread() -> None:
    states = np.random.default_rng(0).normal(size=(500, 5))
    assert persistence(states, 50, seed=3) == persistence(states, 50, seed=3)
    chosen = farthest(states, 50)
    least = np.sort(np.linalg.norm(chosen[:, None] - chosen, axis=2), axis=1)[:, 1].min()
    away = np.linalg.norm(states[:, None] - chosen, axis=2).min(axis=1)
    # no state is farther from the landmarks than they are from each other
    assert away.max() <= least + 1e-9
    assert len(farthest(np.repeat(states[:7], 9, axis=0), 50)) == 7


@pytest.mark.parametrize(
    ("states", "why"),
    [
        (np.zeros((1, 3)), "at least 4 tokens, here is 1"),
        (np.ones((50, 3)), "only 1 states differ"),
        (np.repeat(np.eye(3), 20, axis=0), "only 3 states differ"),
        (np.full((50, 3), np.nan), "not a finite number"),
    ],
)
def test_what_cannot_be_measured_is_named(states, why) -> None:
    found = persistence(states.astype(np.float32))
    for name in ("h0_total", "h1_total", "h0_longest", "h1_longest"):
        assert why in getattr(found, name).reason


def test_points_on_a_line_have_no_loop() -> None:
    found = persistence(np.arange(40.0)[:, None])
    assert (found.h1_total.value, found.h1_longest.value) == (0, 0)
    assert found.h0_total.value > 0


def test_without_the_library_that_is_the_reason(monkeypatch) -> None:
    def missing(_away):
        raise ImportError

    monkeypatch.setattr(topology, "_bars", missing)
    assert "GUDHI is not installed" in persistence(np.eye(8)).h1_total.reason
