"""What if: the same forward pass with a layer's attention, MLP, one head or the residual stream
made weaker or stronger.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from layerfold.errors import InputError
from layerfold.model.gpt import GPT, Attention, Block
from layerfold.records import Floats

MOST: Final = 2.0


@dataclass(frozen=True)
class Scales:
    """Factors from 0 (not there) over 1 (as it is) to 2: of a layer's ``attention`` or ``mlp``, of
    one head of a layer, and of the ``residual``, the stream that a layer reads past its
    attention.
    """

    attention: Mapping[int, float] = field(default_factory=dict)
    mlp: Mapping[int, float] = field(default_factory=dict)
    heads: Mapping[tuple[int, int], float] = field(default_factory=dict)
    residual: Mapping[int, float] = field(default_factory=dict)

    def check(self, n_layer: int, n_head: int) -> None:
        """Raises InputError for a layer or head that is not there and a factor out of bounds."""
        for what, factors in (
            ("attention", self.attention),
            ("mlp", self.mlp),
            ("residual", self.residual),
        ):
            for layer, factor in factors.items():
                _check(
                    f"{what} of layer {layer}",
                    0 <= layer < n_layer,
                    factor,
                    f"layers from 0 to {n_layer - 1}",
                )
        for (layer, head), factor in self.heads.items():
            there = 0 <= layer < n_layer and 0 <= head < n_head
            _check(
                f"head {head} of layer {layer}",
                there,
                factor,
                f"{n_layer} layers of {n_head} heads, from 0",
            )


def _check(what: str, there: bool, factor: float, known: str) -> None:
    if not there:
        raise InputError(f"There is no {what}: the model has {known}.")
    if not isfinite(factor) or not 0 <= factor <= MOST:
        raise InputError(
            f"The {what} cannot be scaled by {factor:g}: give a factor from 0 to {MOST:g}."
        )


@torch.inference_mode()
def scaled_pass(model: GPT, ids: Sequence[int], scales: Scales) -> tuple[Floats, Floats]:
    """Raw states [site, token, d] and logits [token, vocab] of the scaled pass; with every factor 1
    they are the plain pass's to the bit.

    Raises InputError.
    """
    scales.check(model.config.n_layer, model.config.n_head)
    window = torch.tensor([list(ids)], dtype=torch.int64)
    places = model.places(0, window.shape[1])
    x = model.tokens(window)
    if places is None:
        x = x + model.positions.weight[: window.shape[1]]
    stream = [x]
    for layer, block in enumerate(model.blocks):
        assert isinstance(block, Block)
        gathered = _attention(
            block.attention,
            block.norm_mid(x),
            places,
            _head_factors(scales, layer, model.config.n_head),
        )
        mid = x * scales.residual.get(layer, 1.0) + gathered * scales.attention.get(layer, 1.0)
        x = mid + block.mlp(block.norm_post(mid)) * scales.mlp.get(layer, 1.0)
        stream += [mid, x]
    logits = model.unembed(x)[0]
    return np.asarray(torch.stack(stream)[:, 0].numpy(), dtype=np.float32), np.asarray(
        logits.numpy(), dtype=np.float32
    )


def _head_factors(scales: Scales, layer: int, n_head: int) -> Tensor:
    return torch.tensor([scales.heads.get((layer, head), 1.0) for head in range(n_head)])[
        :, None, None
    ]


def _attention(attention: Attention, x: Tensor, places: Tensor | None, factors: Tensor) -> Tensor:
    """What attention adds (b, t, d) with each head times its factor (h, 1, 1); its bias stays."""
    q, k, v = attention.heads(x, places)
    y = F.scaled_dot_product_attention(q, k, v, is_causal=True) * factors
    gathered: Tensor = attention.out(y.transpose(1, 2).reshape(x.shape))
    return gathered
