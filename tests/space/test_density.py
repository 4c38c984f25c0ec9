"""Places as crowded as the states are: laws, and what it costs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from layerfold.records import Floats
from layerfold.space.density import as_crowded
from layerfold.space.neighbors import nearest_self

K = 15


def clouds() -> tuple[Floats, Floats]:
    """States in three groups of which each is four times as wide as the one before, and a picture
    that gives all three the same room.
    """
    rng = np.random.default_rng(0)
    points = rng.normal(size=(3, 300, 3))
    middles = np.eye(3)[:, None]
    states = np.concatenate(points * 4.0 ** np.arange(3)[:, None, None] + 900 * middles)
    return states.astype(np.float32), np.concatenate(points + 9 * middles).astype(np.float32)


def radii(points: Floats) -> Floats:
    return np.asarray(nearest_self(points, K)[1].mean(axis=1))


def kept(one: Floats, other: Floats) -> float:
    pairs = zip(nearest_self(one, K)[0], nearest_self(other, K)[0], strict=True)
    return float(np.mean([len(set(a) & set(b)) / K for a, b in pairs]))


def test_what_is_crowded_is_drawn_crowded_and_neighbors_stay() -> None:
    states, picture = clouds()
    true = radii(states)
    before = spearmanr(true, radii(picture)).statistic
    bent = as_crowded(picture, true, K)
    assert before < 0.6
    assert spearmanr(true, radii(bent)).statistic > 0.95
    assert kept(states, bent) > kept(states, picture) - 0.01
    groups = [float(np.median(radii(bent)[300 * n : 300 * (n + 1)])) for n in range(3)]
    assert groups[1] / groups[0] == pytest.approx(4, rel=0.15)
    assert groups[2] / groups[1] == pytest.approx(4, rel=0.15)


def test_a_picture_as_crowded_as_its_states_stays() -> None:
    states, _ = clouds()
    bent = as_crowded(states, radii(states), K)
    assert kept(states, bent) > 0.99
    assert np.abs(bent - states).max() < 1e-3 * np.abs(states).max()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31 - 1), st.integers(4, 60), st.booleans())
def test_it_is_finite_of_anything_and_the_same_twice(seed: int, count: int, one: bool) -> None:
    rng = np.random.default_rng(seed)
    places = rng.normal(size=(count, 3)).astype(np.float32)
    places[: count // 2] = places[0]  # several tokens of one place
    true = np.zeros(count, np.float32) if one else rng.random(count).astype(np.float32)
    bent = as_crowded(places, true, K)
    assert np.isfinite(bent).all()
    assert bent.tobytes() == as_crowded(places, true, K).tobytes()
    assert bent.dtype == np.float32
