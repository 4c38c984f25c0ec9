"""True against shown distances, and the steadiness of a picture."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist
from scipy.stats import spearmanr

from layerfold.geometry.fidelity import shepard, stability


def states_and_picture(seed: int, count: int = 300) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    states = rng.normal(size=(count, 6)) * [3, 2, 1, 1, 0.5, 0.5]
    return states.astype(np.float32), (states[:, :3] + 0.3 * rng.normal(size=(count, 3))).astype(
        np.float32
    )


def test_it_is_scipys_over_all_pairs_and_the_bar_holds_it() -> None:
    found, true = [], []
    for seed in range(15):
        states, picture = states_and_picture(seed)
        found.append(shepard(states, picture, pairs=4000))
        true.append(spearmanr(pdist(states), pdist(picture)).statistic)
    assert np.mean([each.value for each in found]) == pytest.approx(np.mean(true), abs=0.01)
    assert (
        np.mean([each.low <= value <= each.high for each, value in zip(found, true, strict=True)])
        > 0.6
    )


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.01, 100))
def test_a_picture_that_keeps_all_distances_has_one(seed: int, scale: float) -> None:
    shown = np.random.default_rng(seed).normal(size=(50, 3))
    wide = shown @ np.linalg.qr(np.random.default_rng(seed).normal(size=(9, 9)))[0][:3]
    assert shepard(wide, scale * shown, pairs=500).value == pytest.approx(1, abs=1e-6)


def test_a_random_picture_has_none() -> None:
    states, _ = states_and_picture(0, 1000)
    found = shepard(states, np.random.default_rng(1).normal(size=(1000, 3)).astype(np.float32))
    assert abs(found.value) < 0.06
    assert found == shepard(
        states, np.random.default_rng(1).normal(size=(1000, 3)).astype(np.float32)
    )


def test_a_still_picture_moves_nothing() -> None:
    _, picture = states_and_picture(0)
    assert stability(picture, picture).value == 0
    assert stability(picture, picture + np.float32(100)).value > 10


def test_what_cannot_be_measured_is_named() -> None:
    states, picture = states_and_picture(0)
    assert "one and the same" in shepard(np.ones_like(states), picture).reason
    assert "shown distances are one" in shepard(states, np.ones_like(picture)).reason
    assert "finite" in shepard(states, np.full_like(picture, np.nan)).reason
    assert "at least 3 tokens, here is 1" in shepard(states[:1], picture[:1]).reason
    assert "one and the same" in stability(np.ones((4, 3)), np.ones((4, 3))).reason
    assert np.isfinite(shepard(states[:4], picture[:4]).value)
    assert np.isfinite(shepard(states[:, :1], picture).value)
