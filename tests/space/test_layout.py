"""The layout of a grid: what it lowers, that it repeats to the byte, and that nothing the interface
admits breaks it.
"""

from itertools import pairwise
from typing import Any

import numba
import numpy as np
import pytest

from layerfold.atlas.build import common_start, principal_scores, typical_move
from layerfold.geometry.trust import spearman, trust_of
from layerfold.records import Floats, normalized
from layerfold.space import kernels, threads
from layerfold.space.force_table import LEAST, PLACES, force_table
from layerfold.space.graph import curve, fuzzy_graph
from layerfold.space.layout import Descent, Graphs, Springs, lay_out
from layerfold.space.springs import firmness, moves, pairs_of, rest_lengths
from tests.space.states import COUNT, SITES, STEPS, states_of

GRID = normalized(np.concatenate([states_of(step) for step in STEPS]))


def problem(states: Floats, k: int = 10) -> tuple[Graphs, Springs, Floats]:
    pairs = pairs_of(len(STEPS), len(SITES))
    typical = typical_move(states.shape[1], 1.0)
    rest = rest_lengths(
        np.stack([moves(states[one], states[other]) for one, other in pairs]), typical
    )
    start = common_start([principal_scores(one, 8) for one in states], 1.0)
    return (
        Graphs.of([fuzzy_graph(one, k) for one in states]),
        Springs(pairs, rest, firmness(rest, 2 * typical)),
        start,
    )


@pytest.fixture(scope="module")
def whole() -> tuple[Graphs, Springs, Floats]:
    return problem(GRID)


def laid(whole: tuple[Graphs, Springs, Floats], **options: Any) -> Floats:
    given = {"a": 1.577, "b": 0.895, "epochs": 60, **options}
    return lay_out(*whole, Descent(**given))


def move_correlation(positions: Floats) -> float:
    """Mean Spearman's r of true and shown moves along the sites of each step."""
    along = [
        pair
        for step in range(len(STEPS))
        for pair in pairwise(range(step * len(SITES), (step + 1) * len(SITES)))
    ]
    return float(
        np.mean(
            [spearman(moves(GRID[a], GRID[b]), moves(positions[a], positions[b])) for a, b in along]
        )
    )


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(
    whole: tuple[Graphs, Springs, Floats],
) -> None:
    first = laid(whole)
    assert first.tobytes() == laid(whole).tobytes()
    assert first.tobytes() != laid(whole, seed=1).tobytes()


def test_the_number_of_threads_changes_nothing(
    whole: tuple[Graphs, Springs, Floats], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "GRAIN", 1)
    before = numba.get_num_threads()
    first = laid(whole)
    try:
        for several in range(1, before + 1):
            numba.set_num_threads(several)
            assert laid(whole).tobytes() == first.tobytes()
    finally:
        numba.set_num_threads(before)


def test_a_layout_taken_up_again_ends_as_an_unbroken_one(
    whole: tuple[Graphs, Springs, Floats],
) -> None:
    graphs, springs, start = whole
    descent, kept = Descent(1.577, 0.895, epochs=60), []
    whole_way = lay_out(
        graphs, springs, start, descent, each=lambda epoch, here: kept.append(here.copy())
    )
    again = lay_out(graphs, springs, kept[22], descent, begin=23)
    assert again.tobytes() == whole_way.tobytes()


def test_slices_keep_their_neighbourhoods_and_true_moves_are_shown(
    whole: tuple[Graphs, Springs, Floats],
) -> None:
    tied, free = laid(whole, epochs=150), laid(whole, epochs=150, tie=0.0)
    trust = [
        [
            trust_of(states, shown, 10).trust.mean()
            for states, shown in zip(GRID, layout, strict=True)
        ]
        for layout in (tied, free)
    ]
    assert np.mean(trust[0]) > 0.85
    assert np.mean(trust[0]) > np.mean(trust[1]) - 0.02
    assert move_correlation(tied) > 0.4
    assert move_correlation(tied) > move_correlation(free) + 0.1


def test_slices_with_the_same_states_are_laid_out_as_one() -> None:
    same = np.repeat(GRID[:1], len(GRID), axis=0)
    positions = laid(problem(same))
    assert (positions == positions[0]).all()


@pytest.mark.parametrize("tie", [0.0, 0.3, 5.0, 1e3, 1e6])
@pytest.mark.parametrize(
    ("min_dist", "spread"), [(0.0, 0.1), (0.0, 1.0), (1.0, 1.0), (0.5, 10.0), (10.0, 10.0)]
)
def test_no_parameter_breaks_it(
    whole: tuple[Graphs, Springs, Floats], tie: float, min_dist: float, spread: float
) -> None:
    a, b = curve(min_dist, spread)
    positions = laid(whole, a=a, b=b, tie=tie, epochs=15)
    assert np.isfinite(positions).all()
    assert np.abs(positions).max() < 1e4


def test_states_that_are_all_one_break_nothing() -> None:
    states = np.ones((len(GRID), COUNT, 4), dtype=np.float32)
    assert np.isfinite(laid(problem(states))).all()


def test_a_grid_of_one_slice_needs_no_springs() -> None:
    pairs = pairs_of(1, 1)
    assert pairs.shape == (0, 2)
    empty = np.zeros((0, COUNT), dtype=np.float32)
    graphs = Graphs.of([fuzzy_graph(GRID[0], 10)])
    start = common_start([principal_scores(GRID[0], 8)], 1.0)
    positions = lay_out(graphs, Springs(pairs, empty, empty), start, Descent(1.6, 0.9, epochs=20))
    assert positions.shape == (1, COUNT, 3)
    assert np.isfinite(positions).all()


def test_pairs_reach_one_and_two_slices_along_both_ways_of_the_grid() -> None:
    pairs = {tuple(pair) for pair in pairs_of(2, 3).tolist()}
    assert pairs == {(0, 1), (1, 2), (3, 4), (4, 5), (0, 3), (1, 4), (2, 5), (0, 2), (3, 5)}


def test_springs_rest_at_true_lengths_and_hold_long_moves_less() -> None:
    true = np.array([[0.0, 1.0, 2.0, 4.0]], dtype=np.float32)
    rest = rest_lengths(true, 3.0)
    np.testing.assert_allclose(rest, [[0, 1.5, 3, 6]])
    assert (np.diff(firmness(rest, 3.0)) < 0).all()
    assert firmness(rest, 3.0)[0, 0] == 1


def test_the_curve_is_umaps_at_any_scale() -> None:
    assert curve(0.1, 1.0) == pytest.approx((1.577, 0.895), abs=1e-3)
    x = np.linspace(0.01, 3, 50)
    for spread in (0.1, 1.0, 10.0):
        a, b = curve(0.1 * spread, spread)
        assert a > 0
        np.testing.assert_allclose(
            a * (spread * x) ** (2 * b), 1.577 * x ** (2 * 0.8951), rtol=2e-3
        )


def test_a_compiled_loop_needs_no_folder_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**options: Any) -> Any:
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available for file")
        return lambda function: function

    monkeypatch.setattr(kernels.numba, "njit", refuse)
    assert kernels.compiled(len) is len


def test_gathering_brings_islands_near_and_keeps_what_they_hold() -> None:
    generator = np.random.default_rng(3)
    middles = 40 * generator.standard_normal((12, 16))
    states = np.concatenate(
        [middle + generator.standard_normal((25, 16)) for middle in middles]
    ).astype(np.float32)
    alone = problem_of_one(states)
    apart, near = (
        lay_out(*alone, Descent(1.577, 0.895, epochs=200, gather=pull))[0] for pull in (0.0, 0.04)
    )

    def reach(positions: Floats) -> float:
        return float(
            np.percentile(np.linalg.norm(positions - np.median(positions, axis=0), axis=1), 98)
        )

    assert reach(near) < 0.8 * reach(apart)
    assert trust_of(states, near).trust.mean() > trust_of(states, apart).trust.mean() - 0.01


def problem_of_one(states: Floats, k: int = 10) -> tuple[Graphs, Springs, Floats]:
    """The layout's problem for a single slice: nothing to be tied to."""
    empty = np.zeros((0, len(states)), dtype=np.float32)
    springs = Springs(np.zeros((0, 2), dtype=np.int64), empty, empty)
    return (
        Graphs.of([fuzzy_graph(states, k)]),
        springs,
        common_start([principal_scores(states, 8)], 1.0),
    )


@pytest.mark.parametrize(
    ("repulsion", "gather"), [(0.0, 0.0), (1000.0, 0.0), (1000.0, 1.0), (0.0, 1.0)]
)
def test_no_push_and_no_gathering_breaks_it(
    whole: tuple[Graphs, Springs, Floats], repulsion: float, gather: float
) -> None:
    assert np.isfinite(laid(whole, repulsion=repulsion, gather=gather, epochs=15)).all()


def test_forces_between_two_entries_are_umaps() -> None:
    a, b = 1.577, 0.895
    square = np.geomspace(1e-6, 1e6, 997)
    octave = np.floor(np.log2(square))
    at = np.floor(octave - LEAST) * PLACES + (square / 2**octave - 1) * PLACES
    table = force_table(a, b, 2.0)
    found = [np.interp(at, np.arange(table.shape[1]), row) for row in table]
    np.testing.assert_allclose(
        found[0], -2 * a * b * square ** (b - 1) / (1 + a * square**b), rtol=1e-3
    )
    np.testing.assert_allclose(
        found[1], 2 * 2 * b / ((0.001 + square) * (1 + a * square**b)), rtol=1e-3
    )
