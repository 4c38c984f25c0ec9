"""Gradients against differences: what the push promises a small step does, at every site and group
of weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from layerfold.errors import InputError
from layerfold.interp.gradients import GROUPS, Objective, first_order, gradients, loss_from
from layerfold.interp.logit_lens import log_softmax
from layerfold.model.gpt_adapter import GPTAdapter
from tests.interp.test_decomposition import CONFIG, IDS, SHAPES, a_model


@pytest.mark.parametrize(
    "config", SHAPES, ids=lambda c: f"{c.norm}-{c.bias}-{c.tied}-{c.activation}-{c.positions}"
)
def test_a_small_step_changes_the_loss_as_the_push_says(config) -> None:
    model = a_model(config)
    found = gradients(model, IDS)
    for site in range(7):
        assert first_order(model, IDS, found, site, size=1e-5) > 0.999


def test_the_promise_holds_the_better_the_smaller_the_step() -> None:
    model = a_model(CONFIG)
    found = gradients(model, IDS)
    errors = [1 - first_order(model, IDS, found, 2, size) for size in (1e-1, 1e-2, 1e-3)]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 1e-3


def test_losses_are_the_models_own() -> None:
    model = a_model(CONFIG)
    adapter = GPTAdapter(model)
    logs = log_softmax(adapter.unembed(adapter.states(IDS).values[-1]))
    found = gradients(model, IDS)
    own = [-logs[at, id] for at, id in enumerate(IDS[1:])]
    assert found.losses[:-1] == pytest.approx(own, rel=1e-4)
    assert np.isnan(found.losses[-1])
    assert found.loss == pytest.approx(np.mean(own), rel=1e-4)
    assert loss_from(model, IDS, 6, adapter.states(IDS).values[6]) == pytest.approx(
        found.loss, rel=1e-4
    )


def test_one_position_pushes_nothing_after_it() -> None:
    found = gradients(a_model(CONFIG), IDS, Objective(position=4))
    assert found.loss == pytest.approx(found.losses[4], rel=1e-5)
    assert not found.states[:, 5:].any()
    assert found.states[:, 4].any()


def test_a_target_is_pushed_for() -> None:
    model = a_model(CONFIG)
    aim = Objective(position=9, target=11)
    found = gradients(model, IDS, aim)
    states = GPTAdapter(model).states(IDS).values[4]
    step = 1e-2 * np.linalg.norm(states) * found.states[4] / np.linalg.norm(found.states[4])
    assert loss_from(model, IDS, 4, states - step, aim) < found.loss


def test_groups_are_the_gradients_of_the_weights_and_the_model_keeps_none() -> None:
    model = a_model(CONFIG)
    found = gradients(model, IDS)
    assert all(weight.grad is None for weight in model.parameters())
    model(torch.tensor([IDS[:-1]]), torch.tensor([IDS[1:]])).backward()
    total = sum(
        float((weight.grad**2).sum()) for weight in model.parameters() if weight.grad is not None
    )
    assert np.square(found.layers).sum() + sum(
        value**2 for value in found.outside.values()
    ) == pytest.approx(total, rel=1e-4)
    assert found.layers.shape == (3, len(GROUPS))
    query = [
        dict(model.named_parameters())[f"blocks.1.attention.qkv.{part}"].grad
        for part in ("weight", "bias")
    ]
    assert found.layers[1, 0] == pytest.approx(
        float(sum((grad[:32] ** 2).sum() for grad in query if grad is not None)) ** 0.5, rel=1e-4
    )


@pytest.mark.parametrize(
    ("ids", "aim", "words"),
    [
        ([3], Objective(), "no next token"),
        (IDS, Objective(target=3), "needs a position"),
        (IDS, Objective(position=10), "no token 10"),
        (IDS, Objective(position=9), "Nothing follows the last token"),
        (IDS, Objective(position=2, target=40), "no token 40 in the vocabulary"),
    ],
)
def test_what_cannot_be_aimed_at_is_said(ids, aim: Objective, words: str) -> None:
    with pytest.raises(InputError, match=words):
        gradients(a_model(CONFIG), ids, aim)


def test_one_token_with_a_target_has_a_push() -> None:
    found = gradients(a_model(CONFIG), [5], Objective(position=0, target=7))
    assert found.states.shape == (7, 1, 32)
    assert np.isnan(found.losses).all()
