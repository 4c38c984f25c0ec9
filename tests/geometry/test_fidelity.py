"""True against shown distances, and the steadiness of a picture."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist
from scipy.stats import spearmanr
from sklearn.manifold import trustworthiness

from layerfold.geometry.fidelity import density_kept, joint_trust, shepard, stability


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


def two_slices(count: int) -> tuple[np.ndarray, np.ndarray]:
    """A cloud, and the same after every state has moved a little; both in one picture."""
    states, _ = states_and_picture(3, count)
    moved = states + np.float32(0.4) * np.roll(states, 1, axis=1)
    both = np.stack([states, moved])
    return both, np.ascontiguousarray(both[..., :3])


def test_joint_trust_is_scikit_learns_over_all_slices_as_one_cloud() -> None:
    states, picture = two_slices(100)  # all of them are taken
    known = trustworthiness(states.reshape(200, -1), picture.reshape(200, -1), n_neighbors=15)
    assert joint_trust(states, picture).value == pytest.approx(known, abs=1e-9)


def test_a_sample_tells_joint_trust_within_its_bar() -> None:
    states, picture = two_slices(600)
    found = joint_trust(states, picture)
    known = trustworthiness(states.reshape(1200, -1), picture.reshape(1200, -1), n_neighbors=15)
    assert found.low is not None
    assert found.high is not None
    assert abs(found.value - known) < 4 * (found.high - found.low) / 2


def test_joint_trust_falls_when_moves_lead_elsewhere_though_each_cloud_is_as_good() -> None:
    states, picture = two_slices(300)
    elsewhere = picture.copy()
    elsewhere[1] = -elsewhere[1]  # the second cloud mirrored: its own neighbourhoods are the same
    right, wrong = joint_trust(states, picture).value, joint_trust(states, elsewhere).value
    assert right > 0.9 > wrong + 0.1
    rng = np.random.default_rng(0)
    dealt = np.stack([rng.permutation(picture[0]), rng.permutation(picture[1])])
    assert joint_trust(states, dealt).value == pytest.approx(0.5, abs=0.08)


def test_joint_trust_that_cannot_be_measured_is_named() -> None:
    states, picture = two_slices(300)
    assert "ranks take 32" in joint_trust(states[:, :15], picture[:, :15]).reason
    assert "finite" in joint_trust(np.full_like(states, np.nan), picture).reason


def test_density_is_kept_as_scipy_ranks_local_radii() -> None:
    rng = np.random.default_rng(2)
    true, shown = (np.sort(rng.random((200, 15)).astype(np.float32), axis=1) for _ in range(2))
    shown += 2 * true
    found = density_kept(true, shown)
    assert found.value == pytest.approx(spearmanr(true.mean(1), shown.mean(1)).statistic, abs=1e-6)
    assert found.low is not None
    assert found.low < found.value
    assert density_kept(true, 3 * true).value == pytest.approx(1)
    assert abs(density_kept(true, rng.permutation(shown)).value) < 0.25


def test_density_that_cannot_be_measured_is_named() -> None:
    true = np.ones((40, 15), np.float32)
    assert density_kept(true, true).reason == "all local radii are one"
    assert "finite" in density_kept(true * np.nan, true).reason
    assert "3 tokens" in density_kept(true[:2], true[:2]).reason
