"""Paths on known shapes: a perfect circle and a flat simplex hold, shuffled ones do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from layerfold.claims.circle_paths import (
    ROUND_WAY,
    STRAIGHT,
    WAYS,
    across_claim,
    circle,
    out_of_order,
    planes_of,
    robust,
    round_claim,
    shuffled,
    walk,
)
from layerfold.claims.simplex_paths import Told, believed, far_pairs, straight_claim
from layerfold.geometry.fourier import waves
from layerfold.interp.session import open_session
from layerfold.model.gpt_adapter import GPTAdapter
from layerfold.training.recipe import Recipe
from layerfold.training.tasks.belief_simplex import BeliefSimplex, make
from layerfold.training.tasks.hidden import next_symbol
from layerfold.training.tasks.task import Setting
from layerfold.training.trainer import train

P, KEYS = 41, [3, 8]
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def perfect(tmp_path_factory: pytest.TempPathFactory) -> tuple[GPTAdapter, np.ndarray]:
    """A network that answers by two circles, and the mean states of its sums."""
    recipe = replace(
        Recipe.load("modular-addition"),
        parameters={"p": P, "share": 0.5},
        d_model=16,
        steps=1,
        checkpoints=(0, 1),
    )
    folder = tmp_path_factory.mktemp("circles")
    train(recipe, folder)
    adapter = open_session(folder).run.adapter(1)
    assert isinstance(adapter, GPTAdapter)
    planes = np.linalg.qr(RNG.standard_normal((16, 16)))[0]
    rows = sum(waves(P, k).T @ planes[2 * n : 2 * n + 2] for n, k in enumerate(KEYS))
    with torch.no_grad():
        adapter.model.unembedding[:P] = torch.from_numpy(8 * rows).float()
    return adapter, rows + planes[10]


def test_a_perfect_circle_is_walked_in_order_and_its_chord_says_nothing_half_way(
    perfect: tuple[GPTAdapter, np.ndarray],
) -> None:
    adapter, rows = perfect
    planes = planes_of(rows, KEYS)
    circles = [circle(rows, k, planes[k]) for k in KEYS]
    walked = [walk(adapter, one, WAYS) for one in circles]
    for one in walked:
        assert one.disorder[ROUND_WAY].max() < 0.03
        assert one.disorder[STRAIGHT].mean() > 0.2
        assert one.sunk().max() < 0.2
        assert one.kept().min() > 0.9
    others = robust(adapter, circles)
    assert others.max() < 0.05
    dealt = shuffled(adapter, rows, KEYS)
    assert dealt == pytest.approx(0.5, abs=0.15)
    assert round_claim({1: walked}, others, dealt).holds
    assert across_claim({1: walked}).holds
    assert not round_claim({1: walked}, others + 0.2, dealt).holds


def test_answers_of_no_circle_hold_nothing(perfect: tuple[GPTAdapter, np.ndarray]) -> None:
    adapter, rows = perfect
    dealt = RNG.permutation(rows)
    planes = planes_of(dealt, KEYS)
    walked = [walk(adapter, circle(dealt, k, planes[k]), WAYS) for k in KEYS]
    assert not round_claim({1: walked}, np.zeros(1), 0.5).holds
    assert not across_claim({1: walked}).holds


def test_order_is_of_the_way_round() -> None:
    turns = np.linspace(0.1, 0.6, 9)
    assert out_of_order(turns, 1.0) == 0
    assert out_of_order(turns, -1.0) == 1
    assert out_of_order(turns[::-1], -1.0) == 0
    assert out_of_order(np.full(9, 0.3), 1.0) == 0.5
    chance = [out_of_order(RNG.random(17), 1.0) for _ in range(200)]
    assert np.mean(chance) == pytest.approx(0.5, abs=0.03)


def mess3() -> BeliefSimplex:
    return make(Setting(block_size=8, batch_size=4, seed=0), alpha=0.6)


def test_what_is_said_tells_the_belief() -> None:
    task = mess3()
    belief = RNG.dirichlet((1, 1, 1), 50)
    logits = np.log(next_symbol(task.transitions, belief)).astype(np.float32)
    np.testing.assert_allclose(believed(task, logits), belief, atol=1e-5)


def test_pairs_are_of_contexts_far_apart_and_none_comes_twice() -> None:
    belief = RNG.dirichlet((1, 1, 1), 600)
    pairs = far_pairs(belief)
    assert len(np.unique(pairs)) == pairs.size == 128
    apart = np.linalg.norm(belief[pairs[:, 0]] - belief[pairs[:, 1]], axis=1)
    assert apart.min() > 0.4


@pytest.mark.parametrize(
    ("missed", "chord", "geodesic", "holds"),
    [
        (0.05, 1.02, 1.3, True),
        (0.2, 1.02, 1.3, False),
        (0.05, 1.2, 1.5, False),
        (0.05, 1.02, 1.02, False),
        (0.05, 1.02, np.nan, False),
    ],
)
def test_the_straight_line_is_the_path_where_it_says_what_lies_between_and_is_shortest(
    missed: float, chord: float, geodesic: float, holds: bool
) -> None:
    one = np.ones(64)
    told = Told(missed * one, one, 2 * one, one, chord * one, geodesic * one)
    claim = straight_claim({0: told, 9: told})
    assert claim.holds is holds
    assert claim.values[9] == pytest.approx(1 - missed)
