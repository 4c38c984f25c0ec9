"""Weights stored as int8 by row: of each matrix whole numbers from -127 to 127, and one float32 by
which a row of them is multiplied. What is no matrix (norms, biases) is float16.

A matrix ``name`` [row, column] stands in its file as ``name`` int8 and ``name.scale`` float32
[row]; the weights are exactly their product in float32. What a row loses is at most half of its
largest weight over 127.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import torch
from torch import Tensor

SCALE: Final = ".scale"
MOST: Final = 127


def quantized(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors to store for these weights: the nearest there are."""
    stored: dict[str, Tensor] = {}
    for name, weight in weights.items():
        plain = weight.detach().to(torch.float32)
        if plain.dim() != 2:
            stored[name] = plain.to(torch.float16).contiguous()
            continue
        largest = plain.abs().amax(dim=1)
        scale = torch.where(largest > 0, largest / MOST, torch.ones_like(largest))
        stored[name] = (plain / scale[:, None]).round().clamp(-MOST, MOST).to(torch.int8)
        stored[name + SCALE] = scale
    return stored


def dequantized(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights in float32 of stored tensors, int8 by row or of any other type; ValueError names
    a matrix without its scales, scales without their matrix, or scales that cannot be.
    """
    weights: dict[str, Tensor] = {}
    for name, tensor in stored.items():
        if name.endswith(SCALE):
            matrix = stored.get(name.removesuffix(SCALE))
            if matrix is None or matrix.dtype != torch.int8:
                raise ValueError(f"{name} belongs to no int8 matrix")
            continue
        if tensor.dtype == torch.int8:
            weights[name] = tensor.to(torch.float32) * _scale(stored, name, tensor)[:, None]
        else:
            weights[name] = tensor.to(torch.float32)
    return weights


def _scale(stored: Mapping[str, Tensor], name: str, matrix: Tensor) -> Tensor:
    scale = stored.get(name + SCALE)
    if scale is None:
        raise ValueError(f"{name} is int8 and has no {name + SCALE}")
    if matrix.dim() != 2 or scale.dtype != torch.float32 or scale.shape != matrix.shape[:1]:
        raise ValueError(
            f"{name + SCALE} has shape {list(scale.shape)}, {scale.dtype}: one float32 for each row"
            f" of {name} {list(matrix.shape)} is wanted"
        )
    if not (torch.isfinite(scale) & (scale > 0)).all():
        raise ValueError(f"{name + SCALE} holds a number that is not finite and above 0")
    if (matrix == -MOST - 1).any():
        raise ValueError(f"{name} holds {-MOST - 1}, which nothing is stored as")
    return scale
