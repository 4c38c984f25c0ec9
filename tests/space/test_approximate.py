"""Neighbours of many points: nearly all of the true ones, with true distances, the same on repeat,
and the share of them is what it is said to be.
"""

from __future__ import annotations

import numpy as np
import pytest

from layerfold.space import approximate as module
from layerfold.space.approximate import near_others, recall_of
from layerfold.space.neighbors import nearest_self

COUNT, K = 1500, 14


@pytest.fixture(scope="module")
def points() -> np.ndarray:
    rng = np.random.default_rng(2)
    return (rng.normal(size=(COUNT, 6)) @ rng.normal(size=(6, 24))).astype(np.float32)


def test_few_points_are_exact(points: np.ndarray) -> None:
    indices, distances, recall = near_others(points, K)
    exact = nearest_self(points, K)
    assert np.array_equal(indices, exact[0])
    assert np.array_equal(distances, exact[1])
    assert recall == 1


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_many_points_keep_nearly_all(points: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EXACT_UP_TO", COUNT - 1)
    indices, distances, recall = near_others(points, K)
    exact = nearest_self(points, K)[0]
    true = np.mean([len(set(a) & set(b)) / K for a, b in zip(indices, exact, strict=True)])
    assert true > 0.95
    assert abs(recall - true) < 0.02
    assert not (indices == np.arange(COUNT)[:, None]).any()
    away = np.linalg.norm(points[:, None] - points[indices], axis=2)
    assert np.allclose(distances, away, rtol=1e-5)
    assert (np.diff(distances, axis=1) >= 0).all()
    again = near_others(points, K)
    assert np.array_equal(again[0], indices)
    assert np.array_equal(again[1], distances)


def test_the_share_found_counts_true_neighbours_only(points: np.ndarray) -> None:
    exact = nearest_self(points, K)[0]
    assert recall_of(points, exact) == 1
    spoiled = exact.copy()
    spoiled[:, ::2] = (exact[:, ::2] + 700) % COUNT
    assert recall_of(points, spoiled) == pytest.approx(0.5, abs=0.03)
