"""Machine code says what numpy says, to the byte; and where it does not, or is not there, numpy
answers.
"""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerfold.records import Floats, Placed
from layerfold.space import arithmetic, machine_code, neighbors
from layerfold.space.arithmetic import KERNELS, Arithmetic
from layerfold.space.placement import Placer
from layerfold.space.powers import exp2, exp2_less_1, log2

CURVE = {"a": 1.577, "b": 0.895}


@pytest.fixture(scope="module")
def quick() -> Arithmetic:
    machine_code.prepare()
    found = Arithmetic()
    assert found.quicken()
    return found


def both(quick: Arithmetic, placer: Placer, new: Floats) -> tuple[Placed, Placed]:
    one = placer.place(new)
    other = Placer.ready(
        placer.prepared,
        quick,
        k=placer.k,
        a=placer.curve.a,
        b=placer.curve.b,
        repulsion=placer.repulsion,
    )
    return one, other.place(new)


def same_bytes(one: Placed, other: Placed) -> bool:
    names = ("positions", "neighbors", "distances", "outside")
    return all(getattr(one, name).tobytes() == getattr(other, name).tobytes() for name in names)


def states_with_ties(rng: np.random.Generator, shape: tuple[int, int, int]) -> Floats:
    states = rng.normal(size=shape).astype(np.float32)
    count = shape[1]
    states[0] = np.round(states[0])  # many at equal distance
    states[:, rng.integers(0, count, count // 3)] = states[:, [rng.integers(0, count)]]
    states[:, rng.integers(0, count, count // 4)] += np.float32(1e-6)
    return states


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.tuples(st.integers(2, 150), st.integers(1, 300), st.integers(0, 9), st.integers(1, 150)),
    st.booleans(),
    st.tuples(st.floats(0.2, 30), st.floats(0.3, 2.0)),
)
def test_any_cloud_any_curve_any_batch(
    quick: Arithmetic,
    seed: int,
    shape: tuple[int, int, int, int],
    half: bool,
    curve: tuple[float, float],
) -> None:
    (count, width, tokens, k), (a, b) = shape, curve
    rng = np.random.default_rng(seed)
    states = states_with_ties(rng, (2, count, width)) + np.float32(rng.choice([0, 3, 1000]))
    places = (rng.normal(size=(2, count, 3)) * 10.0 ** rng.uniform(-3, 2)).astype(np.float32)
    new = np.concatenate(
        [states[:, :2], rng.normal(size=(2, tokens, width)).astype(np.float32)], axis=1
    )
    kept = states.astype(np.float16) if half else states
    assert same_bytes(*both(quick, Placer(kept, places, k=min(k, count), a=a, b=b), new))


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize(
    ("count", "width"), [(511, 24), (512, 8), (513, 7), (960, 160), (4000, 129), (17_000, 3)]
)
def test_clouds_of_any_size_and_states_of_any_width(
    quick: Arithmetic, count: int, width: int, half: bool
) -> None:
    rng = np.random.default_rng(count)
    states = states_with_ties(rng, (2, count, width))
    places = rng.normal(size=(2, count, 3)).astype(np.float32)
    new = np.concatenate([states[:, :3], rng.normal(size=(2, 30, width))], axis=1)
    kept = states.astype(np.float16) if half else states
    placer = Placer(kept, places, k=15, **CURVE, repulsion=20.0)
    assert same_bytes(*both(quick, placer, new.astype(np.float32)))


@pytest.mark.parametrize("size", [0.0, 1e-12, 1.0, 1e6, 1e14])
def test_states_that_are_one_and_states_of_any_size(quick: Arithmetic, size: float) -> None:
    rng = np.random.default_rng(1)
    states = (rng.normal(size=(1, 60, 5)) * size).astype(np.float32)
    places = (rng.normal(size=(1, 60, 3)) * min(size, 1e4)).astype(np.float32)
    placer = Placer(states, places, k=15, **CURVE)
    one, other = both(quick, placer, np.concatenate([states[:, :4], states[:, ::-1]], axis=1))
    assert same_bytes(one, other)
    assert np.isfinite(other.positions).all()


def test_every_number_of_float16_is_read_as_it_is(quick: Arithmetic) -> None:
    every = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    every = every[np.isfinite(every)][:, None]
    product, limits = np.zeros((1, len(every)), np.float32), np.zeros(len(every), np.float32)
    query, margin = np.zeros((1, 1), np.float32), np.zeros(1, np.float32)
    near, far = quick.best(query, every, product, (limits, margin), len(every))
    assert (far[0] == np.abs(every[near[0], 0].astype(np.float32))).all()
    assert sorted(near[0].tolist()) == list(range(len(every)))


def test_a_token_alone_has_the_same_bytes_and_how_it_lies_in_memory_does_not_matter(
    quick: Arithmetic,
) -> None:
    rng = np.random.default_rng(2)
    states, new = (rng.normal(size=(2, n, 12)).astype(np.float32) for n in (700, 20))
    places = rng.normal(size=(2, 700, 3)).astype(np.float32)
    made = Placer(np.asfortranarray(states), places, k=15, **CURVE)
    placer = Placer.ready(made.prepared, quick, k=15, **CURVE)
    whole = placer.place(new)
    assert same_bytes(placer.place(np.asfortranarray(new)), whole)
    assert same_bytes(placer.place(new), made.place(new))
    for token in range(20):
        alone = placer.place(new[:, token : token + 1])
        assert alone.positions.tobytes() == whole.positions[:, token].tobytes()
    assert placer.place(new[:, :0]).positions.shape == (2, 0, 3)


def test_what_is_no_number_ends_as_it_does_without_machine_code(quick: Arithmetic) -> None:
    points, queries = np.ones((40, 3), np.float32), np.ones((2, 3), np.float32)
    limits = np.zeros(40, np.float32), np.zeros(2, np.float32)
    for product in (np.full((2, 40), np.nan, np.float32), np.full((2, 40), np.inf, np.float32)):
        ends = []
        for best in (neighbors.best, quick.best):
            try:
                ends.append([part.tobytes() for part in best(queries, points, product, limits, 5)])
            except (IndexError, ValueError) as error:
                ends.append(type(error))
        assert ends[0] == ends[1]


def test_states_of_another_kind_are_numpys(quick: Arithmetic) -> None:
    rng = np.random.default_rng(3)
    points, queries = rng.normal(size=(40, 3)), rng.normal(size=(2, 3)).astype(np.float32)
    limits = np.zeros(40, np.float32), np.full(2, 9, np.float32)
    one, other = (
        best(queries, points, np.zeros((2, 40), np.float32), limits, 5)
        for best in (neighbors.best, quick.best)
    )
    assert all(a.tobytes() == b.tobytes() for a, b in zip(one, other, strict=True))


def test_powers_are_right() -> None:
    rng = np.random.default_rng(4)
    values = np.exp(rng.uniform(-60, 60, 50_000)).astype(np.float32)
    values = np.concatenate([values, 1 + rng.uniform(-0.01, 0.01, 50_000).astype(np.float32)])
    values = values[values != 1]
    np.testing.assert_allclose(log2(values), np.log2(values.astype(np.float64)), rtol=4e-7)
    powers = rng.uniform(-119, 95, 50_000).astype(np.float32)
    np.testing.assert_allclose(exp2(powers.copy()), 2 ** powers.astype(np.float64), rtol=3e-7)
    small = -np.exp(rng.uniform(-20, 4, 50_000)).astype(np.float32)
    true = np.expm1(small.astype(np.float64) * np.log(2))
    np.testing.assert_allclose(exp2_less_1(small.copy()), true, rtol=6e-7)
    ends = np.array([-np.inf, -1e9, 0, 1, 2, 1e9, np.inf], dtype=np.float32)
    assert exp2(ends).tolist() == [2.0**-120, 2.0**-120, 1, 2, 4, 2.0**96, 2.0**96]
    assert log2(np.array([0.5, 1, 2, 1024], dtype=np.float32)).tolist() == [-1, 0, 1, 10]
    assert log2(np.zeros(1, dtype=np.float32)).tolist() == [-127]


def stands_in(monkeypatch: pytest.MonkeyPatch, **parts: Any) -> Arithmetic:
    code = {"best": neighbors.best, "settle": arithmetic.settle, "kept": lambda: True}
    said = SimpleNamespace(**{**code, "prepare": lambda: None, **parts})
    monkeypatch.setitem(sys.modules, KERNELS, said)
    return Arithmetic()


def test_it_is_used_where_it_is_kept_and_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    def near(*given: Any) -> Any:
        return neighbors.best(*given)

    found = stands_in(monkeypatch, best=near)
    assert found.quicken()
    assert found.best is near


@pytest.mark.parametrize("lacking", ["no numba", "not kept", "broken"])
def test_where_it_is_not_numpy_answers(monkeypatch: pytest.MonkeyPatch, lacking: str) -> None:
    def fails() -> None:
        raise RuntimeError("no such processor")

    found = stands_in(
        monkeypatch,
        **{"not kept": {"kept": lambda: False}, "broken": {"prepare": fails}}.get(lacking, {}),
    )
    if lacking == "no numba":
        monkeypatch.setitem(sys.modules, KERNELS, None)
    assert not found.quicken()
    assert (found.best, found.settle) == (neighbors.best, arithmetic.settle)


@pytest.mark.parametrize("part", ["best", "settle"])
def test_where_it_says_other_bytes_numpy_answers(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, part: str
) -> None:
    def settle(*given: Any) -> Floats:
        return np.nextafter(arithmetic.settle(*given), np.float32(9))

    def best(*given: Any) -> Any:
        near, far = neighbors.best(*given)
        return near, np.nextafter(far, np.float32(0))

    found = stands_in(monkeypatch, **{part: {"best": best, "settle": settle}[part]})
    assert not found.quicken()
    assert found.best is neighbors.best
    assert "other places than numpy" in caplog.text
