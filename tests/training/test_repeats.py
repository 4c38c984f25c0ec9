"""Repeated random tokens: that they repeat, how many there are, and what is measured on them, with
models whose answers are known.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from layerfold.errors import RecipeError
from layerfold.model.gpt import GPT
from layerfold.model.shape import GPTConfig
from layerfold.training.recipe import Recipe
from layerfold.training.repeats import (
    held_windows,
    in_context,
    losses,
    mixed,
    prefix_matching,
    regained,
    repeated,
)


def test_a_window_says_its_period_again_and_again() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        window, period = repeated(rng, 50, 1000)
        assert 8 <= period <= 25
        assert np.array_equal(window[period:], window[:-period])
        assert len(set(window[:period].tolist())) > period // 2


def test_a_share_of_windows_is_replaced_and_the_others_stay() -> None:
    inputs = np.tile(np.arange(32), (4000, 1))
    found, after = mixed(inputs, inputs + 1, np.random.default_rng(0), 0.25, 500)
    kept = (found == inputs).all(axis=1)
    assert 1 - kept.mean() == pytest.approx(0.25, abs=0.02)
    assert np.array_equal(after[kept], inputs[kept] + 1)
    assert np.array_equal(found[:, 1:], after[:, :-1])
    assert np.array_equal(inputs[0], np.arange(32))


def test_scores_of_losses_made_by_hand() -> None:
    loss = np.full((3, 32), 5.0)
    assert in_context(loss) == 0
    loss[:, 24:] = 4.0
    assert in_context(loss) == pytest.approx(-1.0)
    periods = [8, 10, 15]
    known = np.stack([np.where(np.arange(1, 32) > period, 0.5, 6.0) for period in periods])
    assert regained(known, periods) == pytest.approx(-5.5)


def test_a_model_that_knows_nothing_gains_nothing() -> None:
    model = GPT(GPTConfig(40, 2, 2, 16, 32), seed=0)
    windows, periods = held_windows(32, 40)
    assert windows.shape == (64, 32)
    nats = losses(model, windows)
    assert nats.shape == (64, 31)
    assert nats.mean() == pytest.approx(np.log(40), abs=0.05)
    assert regained(nats, periods) == pytest.approx(0.0, abs=0.05)
    assert prefix_matching(model, windows, periods) == pytest.approx(
        np.full((2, 2), 0.05), abs=0.02
    )
    targets = torch.from_numpy(windows[:, 1:])
    assert losses(model, windows[:, :-1], targets.numpy()) == pytest.approx(nats)


@pytest.mark.parametrize("wrong", [-0.1, 1.0])
def test_a_share_that_is_none_is_refused(wrong: float) -> None:
    with pytest.raises(RecipeError, match="repeats"):
        Recipe("x", "x", 1, (0, 1), repeats=wrong)
