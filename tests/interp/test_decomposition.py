"""A forward pass in its parts: they are the model's own numbers, and they sum."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch

from layerfold.interp.attention import patterns
from layerfold.interp.decomposition import bias_logits, decompose, direct_logits, promoted
from layerfold.model.gpt import GPT
from layerfold.model.gpt_adapter import GPTAdapter
from layerfold.model.shape import GPTConfig

CONFIG = GPTConfig(vocab_size=40, n_layer=3, n_head=4, d_model=32, block_size=16)
SHAPES = [
    replace(CONFIG, norm=norm, bias=bias, tied=tied, activation=activation, positions=positions)
    for (norm, bias, tied), activation, positions in product(
        [(True, True, True), (True, False, False), (False, False, False), (False, True, True)],
        ["gelu", "relu"],
        ["stream", "attention"],
    )
]
IDS = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3]


def a_model(config: GPTConfig) -> GPT:
    """Weights and biases large enough that every part matters, and small enough that nothing grows
    without a norm."""
    model = GPT(config, seed=1).eval()
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(1.0 if config.positions == "stream" else 0.3)
            weight.add_(
                torch.randn(weight.shape, generator=generator) * (0.2 if config.norm else 0.05)
            )
    return model


@pytest.mark.parametrize(
    "config", SHAPES, ids=lambda c: f"{c.norm}-{c.bias}-{c.tied}-{c.activation}-{c.positions}"
)
def test_the_parts_of_each_half_sum_to_its_move(config: GPTConfig) -> None:
    model = a_model(config)
    found = decompose(model, IDS)
    true = GPTAdapter(model).states(IDS).values
    scale = np.abs(true).max()
    assert np.abs(found.states - true).max() < 1e-5 * scale
    before, mid, post = true[0:-1:2], true[1::2], true[2::2]
    assert (
        np.abs(mid - before - found.heads.sum(axis=1) - found.attention_rest).max() < 1e-5 * scale
    )
    assert np.abs(mid - before - found.attention).max() < 1e-5 * scale
    assert np.abs(post - mid - found.mlp - found.mlp_rest).max() < 1e-5 * scale


def test_patterns_are_those_of_the_model() -> None:
    model = a_model(CONFIG)
    found = decompose(model, IDS).patterns
    assert np.allclose(found, patterns(model, np.array([IDS]))[:, 0], atol=1e-6)
    assert found.sum(axis=-1) == pytest.approx(np.ones((3, 4, 10)), abs=1e-5)


def test_one_token_has_parts_too() -> None:
    found = decompose(a_model(CONFIG), [7])
    assert found.patterns.shape == (3, 4, 1, 1)
    assert found.patterns.min() == 1


@pytest.mark.parametrize(
    "config", SHAPES, ids=lambda c: f"{c.norm}-{c.bias}-{c.tied}-{c.activation}-{c.positions}"
)
def test_the_direct_effects_of_all_parts_sum_to_the_logits(config: GPTConfig) -> None:
    model = a_model(config)
    found = decompose(model, IDS)
    last = found.states[-1]
    parts = [found.states[0], found.attention.sum(axis=0), found.mlps.sum(axis=0)]
    told = sum(direct_logits(model, last, part) for part in parts) + bias_logits(model)
    true = GPTAdapter(model).unembed(last)
    assert np.abs(told - true).max() < 2e-5 * np.abs(true).max()


def test_a_part_along_a_word_promotes_that_word() -> None:
    model = a_model(replace(CONFIG, norm=False, tied=False, bias=False))
    direction = model.unembedding[11].detach().numpy()
    found = promoted(direct_logits(model, direction, 5 * direction), count=3)
    assert found.up[0][0] == 11
    assert found.up[0][1] > found.up[1][1] > 0 > found.down[0][1]


def test_what_is_equal_for_all_words_promotes_none() -> None:
    found = promoted(np.full(40, 3.0, dtype=np.float32), count=2)
    assert {value for _, value in (*found.up, *found.down)} == {0.0}
