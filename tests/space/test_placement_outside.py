"""How far outside a state lies, on data whose answer is known by hand; the curve and the cells
behind a push.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerfold.errors import InputError
from layerfold.space.descent import Cells, Curve, descend, memberships, pulls
from layerfold.space.neighbors import Index
from layerfold.space.outside import own_distances, percentile
from layerfold.space.placement import Placer

# nearest others at 1, 1, 2, 3, 4, 5
LINE = np.array([0, 1, 3, 6, 10, 15], dtype=np.float32)[:, None]


def test_own_distances_are_those_to_the_nearest_other() -> None:
    assert own_distances(Index.of(LINE)).tolist() == [1, 1, 2, 3, 4, 5]


def test_a_sample_of_all_is_all_and_a_twin_is_at_distance_zero() -> None:
    twins = np.concatenate([LINE, LINE[:2]])
    index = Index.of(twins)
    assert (
        own_distances(index, 8).tolist()
        == own_distances(index).tolist()
        == [0, 0, 0, 0, 2, 3, 4, 5]
    )
    # of the points 0, 3, 10 and the twin of 0
    assert own_distances(index, 4).tolist() == [0, 0, 2, 4]


@pytest.mark.parametrize(
    ("state", "expected"),
    [(0.0, 0), (0.5, 0), (-1.5, 100 * 2 / 6), (17.5, 50), (19.5, 100 * 5 / 6), (90, 100)],
)
def test_outside_is_the_share_of_the_reference_that_lies_closer_to_its_nearest(
    state: float, expected: float
) -> None:
    positions = np.zeros((1, 6, 3), dtype=np.float32)
    placed = Placer(LINE[None], positions, k=2, a=1.6, b=0.9).place(
        np.array([[[state]]], dtype=np.float32)
    )
    assert placed.outside[0, 0] == pytest.approx(expected, abs=1e-4)


def test_known_own_distances_are_taken_as_given_in_any_order() -> None:
    placer = Placer(
        LINE[None],
        np.zeros((1, 6, 3), dtype=np.float32),
        k=2,
        a=1.6,
        b=0.9,
        own=np.array([[9, 1, 5, 3]], dtype=np.float32),
    )
    assert placer.place(np.array([[[19]]], dtype=np.float32)).outside[0, 0] == 50


@given(
    st.lists(st.floats(0, 100, width=32), min_size=1, max_size=50),
    st.lists(st.floats(0, 100, width=32), min_size=1, max_size=20),
)
def test_percentile_counts_what_lies_below(own: list[float], asked: list[float]) -> None:
    found = percentile(np.array(asked, dtype=np.float32), np.sort(np.array(own, dtype=np.float32)))
    assert np.allclose(found, [100 * sum(o < a for o in own) / len(own) for a in asked], atol=1e-4)


def test_one_state_has_no_other() -> None:
    with pytest.raises(InputError):
        own_distances(Index.of(LINE[:1]))


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(3, 40))
def test_memberships_sum_to_the_logarithm_of_k(seed: int, k: int) -> None:
    distances = np.sort(np.random.default_rng(seed).uniform(0.5, 2, (4, k)), axis=1).astype(
        np.float32
    )
    membership, exponents = memberships(distances)
    assert np.allclose(membership[:, 1:].sum(axis=1), np.log2(k), rtol=2e-4)
    assert (np.diff(membership, axis=1) <= 0).all()
    assert (pulls(membership, exponents) >= membership).all()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 2500))
def test_cells_hold_every_point_once_and_keep_the_centre(seed: int, n: int) -> None:
    cloud = np.random.default_rng(seed).normal(size=(n, 3)).astype(np.float32)
    cells = Cells.of(cloud)
    assert cells.counts.sum() == n
    assert cells.counts.min() >= 1
    assert np.allclose(
        (cells.centers * cells.counts).sum(axis=1) / n, cloud.mean(axis=0), atol=1e-4
    )


def test_cells_put_points_where_the_whole_cloud_would() -> None:
    rng = np.random.default_rng(3)
    cloud = rng.normal(size=(4000, 3)).astype(np.float32) * np.float32(3)
    near = Index.of(cloud).nearest(rng.normal(size=(60, 3)).astype(np.float32) * np.float32(3), 15)[
        0
    ]
    anchors = np.ascontiguousarray(cloud[near].transpose(2, 0, 1))[:, None]
    weight = np.full((1, 60, 15), 0.3, dtype=np.float32)
    alone = Cells(
        np.ascontiguousarray(cloud.T),
        np.ones(4000, dtype=np.float32),
        np.zeros(4000, dtype=np.float32),
    )
    exact, found = (
        descend(anchors, weight, weight, (cells,), 4000, Curve(1.5769, 0.8951))
        for cells in (alone, Cells.of(cloud))
    )
    assert (
        np.median(np.linalg.norm(found - exact, axis=0))
        < 0.01 * np.linalg.norm(cloud, axis=1).mean()
    )
