"""The first call of torch's vectorised functions, made alone."""

from __future__ import annotations

from functools import cache
from typing import Final

import torch

FUNCTIONS: Final = (
    *("acos", "asin", "atan", "cos", "sin", "tan", "tanh"),
    *("exp", "expm1", "log", "log10", "log1p", "log2", "erf", "erfc", "sqrt"),
)


@cache
def settle_kernels() -> None:
    """Elementwise functions of this process give the same bits at every call.

    MKL looks for a function's kernel at its first call. Where that call is already shared by
    threads, one of them can use a kernel of low accuracy for its whole part, once: a first AdamW
    step off by 3e-4 of itself, in one process of fifteen on two busy cores (torch 2.13, issue
    188792 of pytorch/pytorch). One element each, in one thread, comes first.
    """
    for dtype in (torch.float32, torch.float64):
        # a checkpoint makes its model on "meta", where nothing runs
        half = torch.full((1,), 0.5, dtype=dtype, device="cpu")
        for name in FUNCTIONS:
            getattr(torch, name)(half)
