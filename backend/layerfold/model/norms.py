"""Norms with their scale held: what LayerNorm or RMSNorm makes of each part of a sum, so that the
parts still sum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from layerfold.errors import NotSupported

LARGE: Final = 1e4  # beside which a norm's ε is nothing
CLOSE: Final = 1e-3  # of the largest number: how near the held norm must come to the norm itself


@dataclass(frozen=True)
class HeldNorm:
    """A norm at states whose scale is held: it is linear in parts, but for its bias.

    ``gain`` and ``bias`` [d]; ``scale`` [..., 1], one over each state's spread; ``centered`` where
    the mean is taken out (LayerNorm).
    """

    gain: Tensor
    bias: Tensor
    scale: Tensor
    centered: bool

    def __call__(self, parts: Tensor) -> Tensor:
        """What the norm makes of parts [..., d] of those states, its bias left out."""
        parts = parts - parts.mean(dim=-1, keepdim=True) if self.centered else parts
        return parts * self.scale * self.gain


def held(norm: nn.Module | None, states: Tensor) -> HeldNorm:
    """The norm with its scale as it is at ``states`` [..., d]; None and ``nn.Identity`` leave all
    as it is.

    What kind it is shows in what it does: LayerNorm makes nothing of a state whose numbers are all
    the same, RMSNorm makes its gain of it (stored as it is, or less one). Raises NotSupported where
    it does neither.
    """
    d = states.shape[-1]
    if norm is None or isinstance(norm, nn.Identity):
        return HeldNorm(states.new_ones(d), states.new_zeros(d), states.new_ones(1), False)
    true, bias = norm(states), norm(states.new_zeros(1, d))[0]
    gain = norm(states.new_full((1, d), LARGE))[0] - bias
    centered = bool(gain.abs().max() <= CLOSE * true.abs().max())
    if centered:
        probe = _centered(states)
        gain = (norm(probe)[0] - bias) * probe.square().mean().sqrt() / probe[0]
    shown = (states - states.mean(dim=-1, keepdim=True) if centered else states) * gain
    reach = shown.square().sum(dim=-1, keepdim=True).clamp_min(torch.finfo(states.dtype).tiny)
    found = HeldNorm(
        gain, bias, (shown * (true - bias)).sum(dim=-1, keepdim=True) / reach, centered
    )
    if not bool((found(states) + bias - true).abs().max() <= CLOSE * true.abs().max()):
        raise NotSupported(
            f"{type(norm).__name__} is neither LayerNorm nor RMSNorm: what it does to the parts "
            "of a sum is not known."
        )
    return found


def _centered(like: Tensor) -> Tensor:
    """A state [1, d] of mean 0, large and nowhere 0."""
    d = like.shape[-1]
    signs = (
        [1.0, -1.0] * (d // 2) if d % 2 == 0 else [1.0, -1.0] * ((d - 3) // 2) + [1.0, 1.0, -2.0]
    )
    return like.new_tensor(signs)[None] * LARGE
