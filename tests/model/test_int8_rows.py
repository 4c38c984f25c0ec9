"""Weights stored as int8 by row: how near they are, that they come back, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from layerfold.errors import DamagedRun
from layerfold.model.checkpoint import read_checkpoint, save_checkpoint
from layerfold.model.gpt import GPT
from layerfold.model.int8_rows import MOST, SCALE, dequantized, quantized
from layerfold.model.shape import GPTConfig

CONFIG = GPTConfig(vocab_size=40, n_layer=1, n_head=2, d_model=8, block_size=6)


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    path = tmp_path / "step-00000000.safetensors"
    save_checkpoint(path, GPT(CONFIG, seed=3), "int8")
    return path


def test_each_weight_is_within_half_a_step_of_its_row() -> None:
    weight = torch.randn(50, 30, generator=torch.Generator().manual_seed(0))
    weight[7] = 0
    back = dequantized(quantized({"w": weight}))["w"]
    step = weight.abs().amax(dim=1, keepdim=True) / MOST
    assert ((back - weight).abs() <= step / 2 * 1.0001).all()
    assert (back[7] == 0).all()


def test_known_numbers_are_stored_as_known_integers() -> None:
    found = quantized({"w": torch.tensor([[1.27, -0.5], [0.0, 254.0]]), "b": torch.tensor([0.5])})
    assert found["w"].tolist() == [[127, -50], [0, 127]]
    assert found["w" + SCALE].tolist() == pytest.approx([0.01, 2.0])
    assert found["b"].dtype == torch.float16


def test_a_model_is_what_its_file_says_to_the_last_bit(stored: Path) -> None:
    tensors = load_file(stored)
    model = read_checkpoint(stored, CONFIG)
    for name, weight in model.state_dict().items():
        scale = tensors.get(name + SCALE)
        plain = tensors[name].to(torch.float32)
        assert torch.equal(weight, plain if scale is None else plain * scale[:, None]), name
    assert tensors["tokens.weight"].dtype == torch.int8
    assert stored.stat().st_size < 1.4 * CONFIG.least_parameters + 6000


def test_float16_checkpoints_open_as_before(tmp_path: Path) -> None:
    path, model = tmp_path / "x.safetensors", GPT(CONFIG, seed=3)
    save_checkpoint(path, model)
    again = read_checkpoint(path, CONFIG).state_dict()
    for name, weight in model.state_dict().items():
        assert torch.equal(again[name], weight.to(torch.float16).to(torch.float32))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"tokens.weight.scale": None}, "has no tokens.weight.scale"),
        ({"tokens.weight.scale": torch.ones(39)}, "one float32 for each row"),
        ({"tokens.weight.scale": torch.ones(40, dtype=torch.float16)}, "one float32 for each row"),
        ({"tokens.weight.scale": torch.full((40,), torch.inf)}, "not finite"),
        ({"tokens.weight.scale": torch.zeros(40)}, "not finite and above 0"),
        ({"tokens.weight": torch.full((40, 8), -128, dtype=torch.int8)}, "holds -128"),
        ({"stray.scale": torch.ones(3)}, "stray.scale"),
    ],
)
def test_a_file_that_cannot_be_is_refused_by_name(
    stored: Path, change: dict[str, torch.Tensor | None], words: str
) -> None:
    tensors = {**load_file(stored), **change}
    save_file({name: one for name, one in tensors.items() if one is not None}, stored)
    with pytest.raises(DamagedRun, match=words):
        read_checkpoint(stored, CONFIG)
