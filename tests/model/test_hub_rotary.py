"""Positions that change with the length of a text: threads do not change each other's."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

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


def test_a_text_of_another_length_changes_no_positions(tmp_path: Path) -> None:
    llama = KINDS["llama"]
    longrope = {**llama.options, "rope_parameters": LONG}
    network = network_of(replace(llama, options=longrope))
    network.save_pretrained(tmp_path)
    shape = read_shape(Where(tmp_path))
    _, notes = confirmed_shape(Where(tmp_path), shape)
    assert notes == [
        "It reads texts of more than 16 tokens with other positions (longrope), so a token's states"
        " there are other than at the same place of a shorter text."
    ]
    adapter, ids = load_adapter(Where(tmp_path), shape), list(range(5, 45))
    short, long = adapter.states(ids[:9]).values, adapter.states(ids).values
    assert np.abs(long[:, :9] - short).max() > 1e-4
    assert np.array_equal(adapter.states(ids[:9]).values, short)


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
