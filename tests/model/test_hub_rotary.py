"""Positions and attention that change with the length of a text: no text changes another's, nor
does a thread.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from layerfold.errors import TextTooLong
from layerfold.model.huggingface import Where, confirmed_shape, load_adapter, read_shape
from layerfold.model.huggingface.rotary import guard_rotary
from tests.model.hub_models import KINDS, network_of

LONG = {
    "rope_type": "longrope",
    "rope_theta": 10000.0,
    "factor": 4.0,
    "original_max_position_embeddings": 16,
    "short_factor": [1.0] * 6,
    "long_factor": [8.0] * 6,
}


def test_no_text_is_read_with_positions_that_a_shorter_one_has_not(tmp_path: Path) -> None:
    """LongRoPE's other frequencies begin beyond the original length: up to it the states are
    transformers' own, and a text cut after a token has that token's.
    """
    llama = KINDS["llama"]
    longrope = {**llama.options, "rope_parameters": LONG}
    network = network_of(replace(llama, options=longrope))
    network.save_pretrained(tmp_path)
    shape = read_shape(Where(tmp_path))
    assert shape.block_size == 16
    _, notes = confirmed_shape(Where(tmp_path), shape)
    assert notes == [
        "It is given texts of at most 16 tokens: longer ones it reads with other positions from"
        " their first token on (longrope)."
    ]
    adapter, ids = load_adapter(Where(tmp_path), shape), list(range(5, 21))
    whole = adapter.states(ids).values
    with torch.no_grad():
        right = network(torch.tensor([ids]), output_hidden_states=True).hidden_states
        longer = network(torch.tensor([[*ids, 21]]), output_hidden_states=True).hidden_states
    found = dict(zip((site.name for site in adapter.sites), whole, strict=True))
    assert np.abs(found["L0.post"] - right[1][0].numpy()).max() <= 1e-6
    assert np.abs(longer[1][0, :16].numpy() - right[1][0].numpy()).max() > 1e-4
    assert np.abs(adapter.states(ids[:9]).values - whole[:, :9]).max() <= 1e-6
    with pytest.raises(TextTooLong):
        adapter.states([*ids, 21])


def test_a_card_of_before_that_says_more_opens(tmp_path: Path) -> None:
    llama = KINDS["llama"]
    network_of(replace(llama, options={**llama.options, "rope_parameters": LONG})).save_pretrained(
        tmp_path
    )
    before = replace(read_shape(Where(tmp_path)), block_size=64)
    assert load_adapter(Where(tmp_path), before).max_tokens == 16


def test_sparse_attention_is_given_no_text_that_it_would_be_used_for(tmp_path: Path) -> None:
    """BigBird reads a text of more than seven of its blocks sparsely, and after one that is shorter
    reads all texts with all of its attention, for good.
    """
    import transformers

    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    sparse = {"attention_type": "block_sparse", "block_size": 2, "num_random_blocks": 1}
    config = transformers.BigBirdConfig(
        vocab_size=420, num_attention_heads=4, max_position_embeddings=64, **sizes, **sparse
    )
    transformers.BigBirdForMaskedLM(config).save_pretrained(tmp_path)
    shape, notes = confirmed_shape(Where(tmp_path), read_shape(Where(tmp_path)))
    assert (shape.block_size, shape.causal) == (14, False)
    assert notes == [
        "It is given texts of at most 14 tokens: longer ones it reads with other attention from"
        " their first token on (block_sparse)."
    ]
    adapter, ids = load_adapter(Where(tmp_path), shape), list(range(5, 19))
    adapter.states(ids[:5])
    fresh = transformers.BigBirdForMaskedLM.from_pretrained(tmp_path).eval()
    with torch.no_grad():
        right = fresh(torch.tensor([ids]), output_hidden_states=True).hidden_states[1][0].numpy()
    found = dict(
        zip((site.name for site in adapter.sites), adapter.states(ids).values, strict=True)
    )
    assert np.abs(found["L0.post"] - right).max() <= 1e-6
    with pytest.raises(TextTooLong):
        adapter.states([*ids, 21])


def test_one_thread_at_a_time_rewrites_frequencies() -> None:
    """A second thread comes in while the first has its frequencies written and not read."""

    class Rotary(torch.nn.Module):
        rope_type = "longrope"

        def __init__(self) -> None:
            super().__init__()
            self.written, self.inside, self.asked = 0, threading.Event(), threading.Event()

        def forward(self, length: int) -> int:
            self.written = length
            if length == 1:
                self.inside.set()
                self.asked.wait(0.2)  # as long as the second would need, were it let in
            else:
                self.asked.set()
            return self.written

    rotary = Rotary()
    guard_rotary(rotary)
    found: list[int] = []
    first = threading.Thread(target=lambda: found.append(rotary(1)))
    first.start()
    assert rotary.inside.wait(60)
    found.append(rotary(2))
    first.join()
    assert sorted(found) == [1, 2]
