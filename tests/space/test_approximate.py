"""Neighbours of many points: nearly all of the true ones, with true distances, the same on repeat,
and the share of them is what it is said to be.
"""

from __future__ import annotations

import sys
from types import SimpleNamespace

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


class Spoiled:
    """Stands for the descent, which compiles for half a minute: finds all but every ninth of the
    nearest, in no order.
    """

    def __init__(self, points: np.ndarray, n_neighbors: int, **_: object) -> None:
        found = nearest_self(points, n_neighbors)[0].copy()
        found[:, ::9] = (np.arange(len(points))[:, None] + len(points) // 2) % len(points)
        self.neighbor_graph = (found[:, ::-1], None)


def test_what_is_chosen_is_measured_ordered_and_judged(
    points: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pynndescent", SimpleNamespace(NNDescent=Spoiled))
    keeps(points, monkeypatch, share=0.8)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
def test_many_points_keep_nearly_all(points: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    keeps(points, monkeypatch, share=0.95)


def keeps(points: np.ndarray, monkeypatch: pytest.MonkeyPatch, share: float) -> None:
    """What the descent found is near, with its distances and the share of true ones."""
    monkeypatch.setattr(module, "EXACT_UP_TO", COUNT - 1)
    indices, distances, recall = near_others(points, K)
    exact = nearest_self(points, K)[0]
    true = np.mean([len(set(a) & set(b)) / K for a, b in zip(indices, exact, strict=True)])
    assert share < true <= 1
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
