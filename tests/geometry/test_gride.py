"""Dimension at a scale: right on known shapes, blind to noise below the scale, and a reason where
there is none.
"""

from __future__ import annotations

import numpy as np
import pytest

from layerfold.geometry.gride import gride
from layerfold.space.neighbors import nearest_self


def near(states: np.ndarray, k: int = 16) -> np.ndarray:
    return nearest_self(states.astype(np.float32), k)[1]


@pytest.mark.parametrize("scale", [1, 4, 8])
def test_known_shapes(scale: int) -> None:
    random = np.random.default_rng(0)
    ball = random.normal(size=(1500, 6))
    sphere = ball / np.linalg.norm(ball, axis=1, keepdims=True)
    found = gride(near(sphere), scale)
    assert found.value == pytest.approx(5, rel=0.1)
    assert found.low < found.value < found.high


def test_a_larger_scale_looks_past_noise() -> None:
    random = np.random.default_rng(0)
    plane = np.zeros((1500, 12))
    plane[:, :2] = random.uniform(size=(1500, 2))
    noisy = near(plane + 0.01 * random.normal(size=plane.shape), 64)
    assert gride(noisy, 32).value < 3 < gride(noisy, 1).value


@pytest.mark.parametrize(
    ("distances", "why"),
    [
        (np.ones((50, 4)), "neighbours"),
        (np.full((50, 16), np.nan), "finite"),
        (np.zeros((50, 16)), "twins"),
        (np.ones((50, 16)), "equally far"),
        (np.ones((3, 16)), "takes"),
    ],
)
def test_a_reason_where_there_is_no_number(distances: np.ndarray, why: str) -> None:
    found = gride(distances, 8)
    assert np.isnan(found.value)
    assert why in found.reason
