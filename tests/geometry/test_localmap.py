"""Numbers of Jacobians whose singular values are known: LayerNorm, RMSNorm, a turn, a scaling."""

import numpy as np
import pytest

from layerfold.geometry.localmap import local_map


def layer_norm(x: np.ndarray) -> np.ndarray:
    """The Jacobian of (x - mean) / deviation at ``x`` [d]."""
    d = len(x)
    centered = x - x.mean()
    deviation = centered.std()
    return (np.eye(d) - 1 / d - np.outer(centered, centered) / (d * deviation**2)) / deviation


def rms_norm(x: np.ndarray) -> np.ndarray:
    """The Jacobian of x / root mean square at ``x`` [d]."""
    size = np.sqrt(np.square(x).mean())
    return (np.eye(len(x)) - np.outer(x, x) / (len(x) * size**2)) / size


def values_of(jacobians: list[np.ndarray]) -> np.ndarray:
    return np.stack([np.linalg.svd(each, compute_uv=False) for each in jacobians]).astype(
        np.float32
    )


def test_layer_norm_loses_two_directions_and_rms_norm_one() -> None:
    points = np.random.default_rng(0).normal(size=(5, 24)) * 3 + 1
    found = local_map(values_of([layer_norm(x) for x in points]))
    assert (found.flat_directions.value, found.flat_directions.low, found.flat_directions.high) == (
        2,
        2,
        2,
    )
    assert found.stretch.value == pytest.approx(np.mean(1 / points.std(axis=1)), rel=1e-5)
    assert found.condition.value == pytest.approx(1, abs=1e-4)
    assert found.log_volume.value == pytest.approx(
        -22 * np.log(points.std(axis=1)).mean(), rel=1e-4
    )
    assert local_map(values_of([rms_norm(x) for x in points])).flat_directions.value == 1


def test_a_turn_changes_nothing() -> None:
    turns = [
        np.linalg.qr(np.random.default_rng(seed).normal(size=(12, 12)))[0] for seed in range(4)
    ]
    found = local_map(values_of(turns))
    assert (found.stretch.value, found.condition.value) == pytest.approx((1, 1), abs=1e-5)
    assert found.log_volume.value == pytest.approx(0, abs=1e-5)
    assert found.flat_directions.value == 0


def test_a_scaling_is_what_it_says() -> None:
    found = local_map(np.array([[4.0, 2.0, 1.0], [1.0, 8.0, 2.0]]))
    assert found.stretch.value == 6
    assert found.condition.value == pytest.approx(np.sqrt(4 * 8))
    assert found.log_volume.value == pytest.approx((np.log(8) + np.log(16)) / 2)
    assert found.condition.low < found.condition.value < found.condition.high
    assert np.isnan(local_map(np.ones((1, 3))).stretch.low)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (np.zeros((0, 4)), "no singular values"),
        (np.zeros((4, 0)), "no singular values"),
        (np.zeros(4), "no singular values"),
        (np.full((2, 3), np.nan), "no Jacobian is finite"),
        (np.zeros((2, 3)), "a Jacobian is zero"),
    ],
)
def test_what_cannot_be_measured_is_named(values, why) -> None:
    found = local_map(values)
    for name in ("stretch", "condition", "log_volume", "flat_directions"):
        assert why in getattr(found, name).reason


def test_a_token_whose_jacobian_is_not_finite_is_left_out() -> None:
    values = np.array([[4.0, 2.0], [np.inf, 1.0], [np.nan, 1.0], [4.0, 2.0]])
    assert local_map(values).stretch.value == 4
