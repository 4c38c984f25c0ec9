"""Exact neighbours: what they are, and that an answer depends on the query and the points alone."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from layerfold.errors import InputError
from layerfold.space.neighbors import Index, nearest, nearest_self

SETTINGS = settings(max_examples=60, deadline=None)


def brute(queries: NDArray[Any], points: NDArray[Any]) -> NDArray[np.float64]:
    difference: NDArray[np.float64] = (
        queries.astype(np.float64)[:, None] - points.astype(np.float64)[None]
    )
    return np.asarray(np.linalg.norm(difference, axis=-1))


@st.composite
def clouds(draw: st.DrawFn) -> tuple[NDArray[Any], NDArray[Any], int]:
    """Queries, points with duplicates, near-duplicates and a common offset, and k."""
    n, d, q = draw(st.integers(2, 120)), draw(st.integers(1, 160)), draw(st.integers(1, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    points = rng.normal(size=(n, d)).astype(np.float32)
    points[rng.integers(0, n, n // 3)] = points[rng.integers(0, n)]
    points[rng.integers(0, n, n // 4)] += np.float32(1e-6)
    points += np.float32(draw(st.sampled_from([0.0, 3.0, 1000.0])))
    queries = np.concatenate(
        [points[rng.integers(0, n, q)], rng.normal(size=(q, d)).astype(np.float32)]
    )
    if draw(st.booleans()):
        return queries, points.astype(np.float16), draw(st.integers(1, n))
    return queries, points, draw(st.integers(1, n))


@SETTINGS
@given(clouds())
def test_a_query_alone_gets_the_bytes_it_gets_in_a_batch(
    cloud: tuple[NDArray[Any], NDArray[Any], int],
) -> None:
    queries, points, k = cloud
    indices, distances = nearest(queries, points, k)
    index = Index.of(points)
    for i in range(0, len(queries), 7):
        alone = index.nearest(queries[i : i + 1], k)
        assert alone[0].tobytes() == indices[i].tobytes()
        assert alone[1].tobytes() == distances[i].tobytes()


@SETTINGS
@given(clouds(), st.randoms())
def test_the_order_of_queries_changes_nothing(
    cloud: tuple[NDArray[Any], NDArray[Any], int], random: Any
) -> None:
    queries, points, k = cloud
    order = list(range(len(queries)))
    random.shuffle(order)
    indices, distances = nearest(queries, points, k)
    mixed = nearest(queries[order], points, k)
    assert mixed[0].tobytes() == indices[order].tobytes()
    assert mixed[1].tobytes() == distances[order].tobytes()


@SETTINGS
@given(clouds())
def test_neighbours_are_the_nearest_and_ties_go_by_index(
    cloud: tuple[NDArray[Any], NDArray[Any], int],
) -> None:
    queries, points, k = cloud
    indices, distances = nearest(queries, points, k)
    assert indices.dtype == np.int32
    assert distances.dtype == np.float32
    true = brute(queries, points)
    np.testing.assert_allclose(
        np.take_along_axis(true, indices, 1), np.sort(true, axis=1)[:, :k], rtol=1e-5, atol=1e-6
    )
    np.testing.assert_allclose(
        distances, np.take_along_axis(true, indices, 1), rtol=1e-5, atol=1e-6
    )
    later, earlier = (distances[:, 1:], indices[:, 1:]), (distances[:, :-1], indices[:, :-1])
    assert ((later[0] > earlier[0]) | ((later[0] == earlier[0]) & (later[1] > earlier[1]))).all()


@SETTINGS
@given(clouds())
def test_no_point_is_its_own_neighbour(cloud: tuple[NDArray[Any], NDArray[Any], int]) -> None:
    _, points, k = cloud
    k = min(k, len(points) - 1)
    indices, distances = nearest_self(points, k)
    assert (indices != np.arange(len(points))[:, None]).all()
    true = brute(points, points)
    np.fill_diagonal(true, np.inf)
    np.testing.assert_allclose(distances, np.sort(true, axis=1)[:, :k], rtol=1e-5, atol=1e-6)


def test_duplicated_points_come_in_the_order_of_their_index() -> None:
    points = np.ones((500, 16), dtype=np.float32)
    indices, distances = nearest(points[:3], points, 5)
    assert indices.tolist() == [[0, 1, 2, 3, 4]] * 3
    assert not distances.any()
    assert nearest_self(points, 3)[0][:2].tolist() == [[1, 2, 3], [0, 2, 3]]


def test_more_points_than_one_chunk_holds() -> None:
    points = np.random.default_rng(0).normal(size=(3000, 8)).astype(np.float32)
    indices, distances = nearest_self(points, 4)
    assert (
        indices[2500].tobytes()
        == Index.of(points).nearest(points[2500:2501], 5)[0][0, 1:].tobytes()
    )
    assert (distances > 0).all()


@pytest.mark.parametrize("k", [0, -1, 11])
def test_k_outside_the_points_is_an_error(k: int) -> None:
    points = np.zeros((10, 3), dtype=np.float32)
    with pytest.raises(InputError, match=f"{k} neighbours"):
        nearest(points, points, k)


def test_a_point_has_one_neighbour_less_than_there_are_points() -> None:
    with pytest.raises(InputError, match="from 1 to 9"):
        nearest_self(np.zeros((10, 3), dtype=np.float32), 10)


def test_no_query_no_answer() -> None:
    indices, distances = nearest(
        np.zeros((0, 3), dtype=np.float32), np.zeros((10, 3), dtype=np.float32), 2
    )
    assert indices.shape == distances.shape == (0, 2)
