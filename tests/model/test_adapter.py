"""Checkpoints behind the protocol: the same bytes for the same ids, and damage is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from layerfold.errors import DamagedRun
from layerfold.model.checkpoint import load_model, read_checkpoint, save_checkpoint
from layerfold.model.gpt import GPT
from layerfold.model.gpt_adapter import GPTAdapter
from layerfold.model.shape import GPTConfig

CONFIG = GPTConfig(vocab_size=50, n_layer=2, n_head=2, d_model=16, block_size=12)


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    save_checkpoint(tmp_path / "step.safetensors", GPT(CONFIG, seed=2))
    return tmp_path / "step.safetensors"


def test_states_are_float32_at_every_site_and_the_same_each_time(stored: Path) -> None:
    adapter = load_model(stored, CONFIG)
    first, second = adapter.states([1, 2, 3, 4]), adapter.states([1, 2, 3, 4])
    assert first.values.shape == (5, 4, 16)
    assert first.values.dtype == np.float32
    assert first.values.tobytes() == second.values.tobytes()
    assert [site.name for site in adapter.sites] == [
        "embed",
        "L0.mid",
        "L0.post",
        "L1.mid",
        "L1.post",
    ]


def test_a_batch_holds_the_states_of_each_window(stored: Path) -> None:
    adapter = load_model(stored, CONFIG)
    windows = np.arange(30, dtype=np.int32).reshape(3, 10)
    batch = adapter.batch_states(windows)
    assert batch.shape == (5, 3, 10, 16)
    for site, states in enumerate(batch):
        assert adapter.site_states(windows, site).tobytes() == states.tobytes()
    for n, window in enumerate(windows):
        assert np.allclose(batch[:, n], adapter.states(window.tolist()).values, atol=1e-5)


def test_the_last_site_unembedded_gives_the_models_logits(stored: Path) -> None:
    adapter = load_model(stored, CONFIG)
    assert isinstance(adapter, GPTAdapter)
    with torch.inference_mode():
        logits = adapter.model(torch.tensor([[5, 6, 7]]))[0].numpy()
    assert np.allclose(adapter.unembed(adapter.states([5, 6, 7]).values[-1]), logits, atol=1e-6)
    assert adapter.unembed(adapter.states([5, 6, 7]).values).shape == (5, 3, 50)


def test_weights_are_stored_as_float16(stored: Path) -> None:
    stored_model, model = read_checkpoint(stored, CONFIG), GPT(CONFIG, seed=2)
    for name, weight in model.state_dict().items():
        assert torch.equal(stored_model.state_dict()[name], weight.half().float())


@pytest.mark.parametrize("keep", [0, 7, 100, -1])
def test_a_file_cut_short_is_named(stored: Path, keep: int) -> None:
    stored.write_bytes(stored.read_bytes()[:keep])
    with pytest.raises(DamagedRun, match=r"step\.safetensors cannot be read"):
        load_model(stored, CONFIG)


def test_a_file_of_another_model_is_named(stored: Path) -> None:
    with pytest.raises(DamagedRun, match=r"step\.safetensors"):
        load_model(stored, GPTConfig(50, 3, 2, 16, 12))
    with pytest.raises(DamagedRun, match="missing"):
        load_model(stored.with_name("other.safetensors"), CONFIG)
