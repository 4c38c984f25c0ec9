"""Placement: a token's place depends on its state alone, a known state lands on its own point, and
neighbours are kept.
"""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerfold.errors import InputError
from layerfold.records import Floats, Placed
from layerfold.space.placement import Placer

A, B = 1.5769, 0.8951  # UMAP's curve for min_dist 0.1
SITES, REF, D = 3, 900, 24


def sheet(rng: np.random.Generator, n: int, basis: Floats) -> tuple[Floats, Floats]:
    """Points of a folded sheet in D dimensions with a little noise, and where they lie on it (flat,
    [n, 3]).
    """
    flat = np.column_stack([rng.uniform(0, 9, n), rng.uniform(0, 6, n), np.zeros(n)]).astype(
        np.float32
    )
    waves = np.concatenate([np.sin(flat[:, :2] @ basis[:2]), 0.3 * flat[:, :2] @ basis[:2]], axis=1)
    return (waves + rng.normal(0, 0.02, waves.shape)).astype(np.float32), flat


def clouds(seed: int = 0) -> tuple[Floats, Floats, Floats]:
    """States [site, ref, D], positions [site, ref, 3], and states of unseen tokens [site, 64,
    D].
    """
    rng = np.random.default_rng(seed)
    states, positions, unseen = [], [], []
    for _ in range(SITES):
        basis = rng.normal(0, 0.5, (2, D // 2)).astype(np.float32)
        known, flat = sheet(rng, REF, basis)
        states.append(known)
        positions.append(flat + rng.normal(0, 0.05, flat.shape).astype(np.float32))
        unseen.append(sheet(rng, 64, basis)[0])
    return np.stack(states), np.stack(positions).astype(np.float32), np.stack(unseen)


STATES, POSITIONS, UNSEEN = clouds()
PLACER = Placer(STATES, POSITIONS, k=15, a=A, b=B)
WHOLE = PLACER.place(UNSEEN)


def parts(placed: Placed) -> tuple[np.ndarray, ...]:
    return placed.positions, placed.neighbors, placed.distances, placed.outside


def same_bytes(left: Placed, right: Placed, chosen: slice | list[int] = slice(None)) -> bool:
    return all(
        a.tobytes() == b[:, chosen].tobytes()
        for a, b in zip(parts(left), parts(right), strict=True)
    )


def test_shapes_and_types() -> None:
    assert [part.shape for part in parts(WHOLE)] == [
        (SITES, 64, 3),
        (SITES, 64, 15),
        (SITES, 64, 15),
        (SITES, 64),
    ]
    assert [part.dtype for part in parts(WHOLE)] == [np.float32, np.int32, np.float32, np.float32]
    assert all(part.flags.c_contiguous for part in parts(WHOLE))


def test_a_token_alone_has_the_same_bytes_as_in_the_batch() -> None:
    for token in range(UNSEEN.shape[1]):
        assert same_bytes(PLACER.place(UNSEEN[:, token : token + 1]), WHOLE, [token])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 63), min_size=1, max_size=90))
def test_any_batch_in_any_order_gives_the_same_bytes(chosen: list[int]) -> None:
    assert same_bytes(PLACER.place(UNSEEN[:, chosen]), WHOLE, chosen)


def test_the_layout_of_the_input_in_memory_does_not_matter() -> None:
    assert same_bytes(PLACER.place(np.asfortranarray(UNSEEN)), WHOLE)
    assert same_bytes(PLACER.place(UNSEEN[:, ::-1]), WHOLE, slice(None, None, -1))


def test_any_thread_gives_the_same_bytes() -> None:
    cuts = [(start, start + size) for size in (1, 3, 16) for start in range(0, 64 - size, 5)]
    with ThreadPoolExecutor(8) as pool:
        placed = list(pool.map(lambda cut: PLACER.place(UNSEEN[:, slice(*cut)]), cuts))
    assert all(same_bytes(one, WHOLE, slice(*cut)) for one, cut in zip(placed, cuts, strict=True))


def test_a_placer_made_again_gives_the_same_bytes() -> None:
    assert same_bytes(Placer(STATES, POSITIONS, k=15, a=A, b=B).place(UNSEEN), WHOLE)


def test_a_reference_state_given_as_new_lands_on_its_own_point() -> None:
    placed = PLACER.place(STATES)
    off = np.linalg.norm(placed.positions - POSITIONS, axis=-1)
    spread = np.linalg.norm(POSITIONS - POSITIONS.mean(axis=1, keepdims=True), axis=-1).mean()
    assert (placed.neighbors[..., 0] == np.arange(REF)).all()
    assert off.max() < 0.01 * spread


def test_half_precision_states_still_land_on_their_own_points() -> None:
    placed = Placer(STATES.astype(np.float16), POSITIONS, k=15, a=A, b=B).place(STATES)
    off = np.linalg.norm(placed.positions - POSITIONS, axis=-1)
    assert (
        np.median(off)
        < 0.01 * np.linalg.norm(POSITIONS - POSITIONS.mean(axis=1, keepdims=True), axis=-1).mean()
    )


@settings(max_examples=30, deadline=None)
@given(st.integers(0, REF - 1), st.integers(0, 2**32 - 1), st.floats(1e-6, 1e-4))
def test_a_state_near_a_known_one_lands_near_its_point(index: int, seed: int, step: float) -> None:
    moved = STATES[:, [index]] + np.float32(step) * np.random.default_rng(seed).normal(
        size=(SITES, 1, D)
    ).astype(np.float32)
    off = np.linalg.norm(PLACER.place(moved).positions[:, 0] - POSITIONS[:, index], axis=-1)
    assert off.max() < 0.3


def recall(placed: Floats, cloud: Floats, true: np.ndarray) -> float:
    squares = np.square(placed[:, None] - cloud[None]).sum(axis=-1)
    shown = np.argsort(squares, axis=1, kind="stable")[:, : true.shape[1]]
    return float(
        np.mean([len(set(a) & set(b)) / true.shape[1] for a, b in zip(shown, true, strict=True)])
    )


@pytest.mark.parametrize("seed", range(3))
def test_neighbours_are_kept_at_least_as_well_as_by_the_barycentre(seed: int) -> None:
    states, positions, unseen = clouds(seed)
    placed = Placer(states, positions, k=15, a=A, b=B).place(unseen)
    ours, theirs = [], []
    for site in range(SITES):
        ours.append(recall(placed.positions[site], positions[site], placed.neighbors[site]))
        theirs.append(
            recall(
                positions[site][placed.neighbors[site]].mean(axis=1),
                positions[site],
                placed.neighbors[site],
            )
        )
    assert np.mean(ours) >= np.mean(theirs) - 0.01
    assert np.mean(ours) > 0.6


def test_neighbours_shared_between_two_islands_end_in_the_one_that_holds_more() -> None:
    rng = np.random.default_rng(5)
    positions = np.concatenate(
        [rng.normal(0, 0.3, (40, 3)), rng.normal(0, 0.3, (40, 3)) + np.array([30, 0, 0])]
    ).astype(np.float32)
    states = np.ones((80, 4), dtype=np.float32) * 9
    states[:10], states[40:45] = rng.normal(0, 0.1, (10, 4)), rng.normal(0, 0.1, (5, 4))
    place = (
        Placer(states[None], positions[None], k=15, a=A, b=B)
        .place(np.zeros((1, 1, 4), dtype=np.float32))
        .positions[0, 0]
    )
    assert np.linalg.norm(place) < 5


@pytest.mark.parametrize("k", [1, 2, 3, 15, 29, 30])
@pytest.mark.parametrize(
    "states",
    [
        np.zeros((30, 5)),
        np.repeat(np.eye(5), 6, axis=0),
        np.concatenate([np.zeros((29, 5)), np.full((1, 5), 1e6)]),
        np.random.default_rng(0).normal(0, 1e-12, (30, 5)),
        np.random.default_rng(0).normal(0, 1e6, (30, 5)),
    ],
    ids=["constant", "duplicates", "outlier", "tiny", "huge"],
)
@pytest.mark.parametrize("size", [0.0, 1e-3, 1.0, 1e4], ids=["one point", "small", "usual", "wide"])
def test_extremes_give_finite_places(states: np.ndarray, k: int, size: float) -> None:
    positions = np.random.default_rng(1).normal(0, 1, (1, 30, 3)).astype(np.float32) * np.float32(
        size
    )
    placer = Placer(states[None].astype(np.float32), positions, k=k, a=A, b=B)
    new = np.concatenate(
        [states[:3], np.zeros((1, 5)), np.full((1, 5), 1e12), np.full((1, 5), -3.0)]
    )[None].astype(np.float32)
    placed = placer.place(new)
    assert all(np.isfinite(part).all() for part in parts(placed))
    assert ((placed.outside >= 0) & (placed.outside <= 100)).all()
    # A push may carry a point out of the cloud, never across the room.
    assert np.abs(placed.positions).max() <= np.abs(positions).max() + 60


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(2, 40),
    st.floats(0.2, 30),
    st.floats(0.3, 2.0),
    st.integers(1, 40),
)
def test_any_cloud_and_any_curve_give_finite_places(
    seed: int, n: int, a: float, b: float, k: int
) -> None:
    rng = np.random.default_rng(seed)
    states = (rng.normal(size=(2, n, 4)) * 10.0 ** rng.uniform(-6, 6)).astype(np.float32)
    positions = (rng.normal(size=(2, n, 3)) * 10.0 ** rng.uniform(-3, 2)).astype(np.float32)
    placed = Placer(states, positions, k=min(k, n), a=a, b=b).place(
        states[:, ::-1] * np.float32(1.1)
    )
    assert np.isfinite(placed.positions).all()


def test_no_tokens_give_no_places() -> None:
    placed = PLACER.place(UNSEEN[:, :0])
    assert [part.shape for part in parts(placed)] == [
        (SITES, 0, 3),
        (SITES, 0, 15),
        (SITES, 0, 15),
        (SITES, 0),
    ]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
def test_a_state_that_is_not_finite_is_refused(value: float) -> None:
    broken = UNSEEN.copy()
    broken[1, 2, 3] = value
    with pytest.raises(InputError, match="not finite"):
        PLACER.place(broken)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match="disagree"):
        Placer(STATES, POSITIONS[:, :-1], k=15, a=A, b=B)
    with pytest.raises(InputError, match="choose k from 1 to 900"):
        Placer(STATES, POSITIONS, k=901, a=A, b=B)
    with pytest.raises(InputError, match="shape"):
        PLACER.place(UNSEEN[:, :, 1:])
    with pytest.raises(InputError, match="shape"):
        PLACER.place(UNSEEN[1:])


def test_serving_loads_neither_umap_nor_numba_nor_torch() -> None:
    code = (
        "import sys, layerfold.space.placement; print(sorted({'umap', 'numba', 'torch', 'sklearn'}"
        " & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
