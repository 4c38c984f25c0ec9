"""One index over all sites says what an index of each site says, to the byte, and comes back from
its arrays.
"""

from __future__ import annotations

import numpy as np
import pytest

from layerfold.errors import InputError
from layerfold.space.neighbors import Index
from layerfold.space.placement import Placer
from layerfold.space.prepared import Prepared

SITES, COUNT, WIDTH = 3, 700, 9


def made(kind: type[np.floating] = np.float32) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    states = rng.normal(size=(SITES, COUNT, WIDTH)).astype(kind)
    states[1] = np.round(states[1])  # many at equal distance
    states[2, 40:400] = states[2, 7]  # and many that are one
    places = rng.normal(size=(SITES, COUNT, 3)).astype(np.float32)
    return states, places, rng.normal(size=(SITES, 33, WIDTH)).astype(np.float32)


@pytest.mark.parametrize("kind", [np.float32, np.float16])
@pytest.mark.parametrize("k", [1, 15, COUNT])
def test_all_sites_at_once_are_each_site_alone(kind: type[np.floating], k: int) -> None:
    states, places, new = made(kind)
    new[2, 5] = states[2, 7]
    near, far = Prepared.of(states, places).nearest(new, k)
    for site in range(SITES):
        one, other = Index.of(states[site]).nearest(new[site], k)
        assert np.array_equal(near[site], one)
        assert np.array_equal(far[site], other)


def test_neighbors_are_the_nearest_by_brute_force_ties_by_index() -> None:
    states, places, new = made()
    near, far = Prepared.of(states, places).nearest(new, 15)
    for site in range(SITES):
        for token in range(new.shape[1]):
            away = np.sqrt(np.square(new[site, token] - states[site]).sum(axis=1))
            order = np.lexsort((np.arange(COUNT), away))[:15]
            assert near[site, token].tolist() == order.tolist()
            assert np.array_equal(far[site, token], away[order])


def test_made_ready_from_arrays_it_places_the_same_bytes() -> None:
    states, places, new = made(np.float16)
    kernel = {"k": 15, "a": 1.577, "b": 0.895}
    fresh = Placer(states, places, **kernel)
    again = Placer.ready(Prepared.from_arrays(states, fresh.prepared.arrays()), **kernel)
    one, other = fresh.place(new), again.place(new)
    for name in ("positions", "neighbors", "distances", "outside"):
        assert np.array_equal(getattr(one, name), getattr(other, name))


def test_an_index_without_a_part_of_it_is_none() -> None:
    states, places, _ = made()
    arrays = Prepared.of(states, places).arrays()
    del arrays["squares"]
    with pytest.raises(KeyError):
        Prepared.from_arrays(states, arrays)


@pytest.mark.parametrize("k", [0, COUNT + 1])
def test_more_neighbors_than_there_are_is_refused(k: int) -> None:
    states, places, new = made()
    with pytest.raises(InputError, match="choose k from 1 to 700"):
        Prepared.of(states, places).nearest(new, k)
