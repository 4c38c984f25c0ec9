"""Circles that are there, circles that are not, and the share of a frequency, on made-up
embeddings.
"""

from __future__ import annotations

import numpy as np
import pytest

from layerfold.geometry.fourier import (
    circularity,
    directions,
    key_frequencies,
    means_of,
    order_error,
    powers,
    readers,
    top_share,
    waves,
)

P = 53


def rows_of(*parts: tuple[int, float], seed: int = 0, width: int = 16) -> np.ndarray:
    """Residues on circles of the given frequencies and radii, each in a random plane of its own."""
    planes = np.linalg.qr(np.random.default_rng(seed).standard_normal((width, width)))[0]
    return sum(
        radius * waves(P, k).T @ planes[2 * n : 2 * n + 2] for n, (k, radius) in enumerate(parts)
    )


def test_power_is_the_squared_norm_by_frequency() -> None:
    rows = rows_of((3, 2.0), (8, 1.0)) + 0.5
    found = powers(rows)
    assert found.sum() == pytest.approx(np.square(rows).sum())
    assert found[3] == pytest.approx(4 * P)
    assert found[8] == pytest.approx(P)
    assert key_frequencies(rows, 2) == [3, 8]
    even = np.random.default_rng(0).standard_normal((6, 3))
    assert powers(even).sum() == pytest.approx(np.square(even).sum())


def test_the_share_of_the_strongest_frequencies() -> None:
    rows = rows_of((3, 3.0), (8, 2.0), (20, 1.0), (21, 1.0), (5, 1.0))
    assert top_share(rows).value == pytest.approx(15 / 16)
    assert top_share(rows, 1).value == pytest.approx(9 / 16)
    assert top_share(np.random.default_rng(0).standard_normal((P, 128))).value < 0.25
    assert top_share(np.zeros((P, 4))).reason
    assert top_share(np.full((P, 4), np.nan)).reason
    assert top_share(np.ones((1, 4))).reason


@pytest.mark.parametrize("k", [1, 6, 52])
def test_a_circle_in_order_is_whole_and_in_order(k: int) -> None:
    points = waves(P, k).T * 3 + 7
    for seen in (points, points[:, ::-1], points @ [[0.6, 0.8], [-0.8, 0.6]]):
        assert circularity(seen, k).value == pytest.approx(1)
        assert order_error(seen, k).value == pytest.approx(0, abs=1e-9)
        assert circularity(seen, 20).value == pytest.approx(0, abs=1e-9)
        assert order_error(seen, 20).value > 0.4


def test_two_residues_that_change_places_are_seen() -> None:
    points = waves(P, 4).T.copy()
    points[[0, 40]] = points[[40, 0]]  # at frequency 4 the residues 0, 40 and 27 stand side by side
    assert 4 * 40 % P == 1
    assert order_error(points, 4).value == pytest.approx((P - 2) / (P * (P - 1) * (P - 2) / 6))
    assert circularity(points, 4).value < 1


def test_noise_is_no_circle() -> None:
    points = np.random.default_rng(1).standard_normal((P, 2))
    assert circularity(points, 3).value < 0.1
    assert order_error(points, 3).value > 0.4


@pytest.mark.parametrize("points", [np.zeros((P, 2)), np.full((P, 2), np.nan), np.ones((2, 2))])
def test_what_is_not_defined_has_a_reason(points: np.ndarray) -> None:
    assert circularity(points, 1).reason
    assert order_error(points, 1).reason


def test_a_plane_is_found_and_read_off() -> None:
    rows = rows_of((3, 2.0), (8, 1.0)) + 4.0
    read = readers(directions(rows, 3)) @ (rows - rows.mean(axis=0)).T
    assert read == pytest.approx(waves(P, 3), abs=1e-9)
    assert (readers(np.zeros((2, 5))) == 0).all()


def test_means_by_residue() -> None:
    found = means_of(np.array([[1.0, 0.0], [3.0, 0.0], [5.0, 5.0]]), [2, 2, 0], 3)
    assert found.tolist() == [[5.0, 5.0], [0.0, 0.0], [2.0, 0.0]]
