"""Elementwise functions are called once by one thread before models use them."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from layerfold.model.kernels import FUNCTIONS, settle_kernels

ASKED = """
from layerfold.model.gpt import GPT
from layerfold.model.kernels import settle_kernels
from layerfold.model.shape import GPTConfig
assert settle_kernels.cache_info().currsize == 0  # importing does no work
GPT(GPTConfig(vocab_size=8, n_layer=1, n_head=1, d_model=8, block_size=4))
print(settle_kernels.cache_info().currsize)
"""


class Calls(TorchDispatchMode):
    """Which operations ran, on how many elements of which type."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[tuple[str, int, torch.dtype, str]] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        self.seen.add((func.__name__.split(".")[0], out.numel(), out.dtype, out.device.type))
        return out


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_each_function_is_called_alone_in_both_precisions_on_the_processor(device: str) -> None:
    with torch.device(device), Calls() as calls:  # a model from a checkpoint is made on "meta"
        settle_kernels.__wrapped__()
    for dtype in (torch.float32, torch.float64):
        assert {(name, 1, dtype, "cpu") for name in FUNCTIONS} <= calls.seen


def test_the_first_model_of_a_process_settles_them() -> None:
    said = subprocess.run(
        [sys.executable, "-c", ASKED], capture_output=True, text=True, check=True
    ).stdout
    assert said.strip() == "1"
