"""Attention patterns against the model's own output through the same weights, and scores on
patterns made by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from layerfold.interp.attention import patterns
from layerfold.model.gpt import GPT
from layerfold.model.shape import GPTConfig
from layerfold.training.repeats import attention_back

CONFIG = GPTConfig(vocab_size=30, n_layer=2, n_head=2, d_model=16, block_size=12)


@pytest.mark.parametrize("positions", ["stream", "attention"])
def test_patterns_are_what_the_model_adds_up(positions: str) -> None:
    model = GPT(replace(CONFIG, positions=positions), seed=3).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(8.0)  # else every pattern is nearly even and any would do
    ids = np.random.default_rng(0).integers(30, size=(3, 12))
    found = torch.from_numpy(patterns(model, ids))
    with torch.no_grad():
        stream = model.sites(torch.from_numpy(ids))
        for n, block in enumerate(model.blocks):
            values = block.attention.heads(block.norm_mid(stream[2 * n]))[2]
            gathered = (found[n] @ values).transpose(1, 2).reshape(3, 12, 16)
            mid = stream[2 * n] + block.attention.out(gathered)
            assert torch.allclose(mid, stream[2 * n + 1], atol=1e-4, rtol=1e-4)
    assert found.sum(-1).numpy() == pytest.approx(np.ones((2, 3, 2, 12)), abs=1e-5)
    assert torch.equal(found, found.tril())


def made(length: int, lag: int) -> np.ndarray:
    """One head that looks exactly ``lag`` tokens back where it can, else at itself: [1, 1, 1, t,
    t]."""
    at = np.arange(length)
    pattern = np.zeros((1, 1, 1, length, length), dtype=np.float32)
    pattern[0, 0, 0, at, np.where(at >= lag, at - lag, at)] = 1
    return pattern


def test_a_head_that_looks_the_lag_back_has_all_and_another_none() -> None:
    assert attention_back(made(12, 3), [3]) == pytest.approx(np.ones((1, 1)))
    assert attention_back(made(12, 4), [3]) == pytest.approx(np.zeros((1, 1)))


def test_windows_count_by_the_tokens_asked() -> None:
    both = np.concatenate((made(12, 3), made(12, 3)), axis=1)
    assert attention_back(both, [3, 5])[0, 0] == pytest.approx(8 / (8 + 6))


def test_an_even_pattern_has_what_chance_gives() -> None:
    even = (
        np.tril(np.ones((12, 12), dtype=np.float32)) / np.arange(1, 13, dtype=np.float32)[:, None]
    )
    assert attention_back(even[None, None, None], [3])[0, 0] == pytest.approx(
        np.mean(1 / np.arange(5, 13))
    )
