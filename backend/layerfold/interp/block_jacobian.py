"""The halves of our GPT's layers as maps of one token's state, their Jacobians written out: a third
of what differentiation costs."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import torch
from torch import Tensor, nn

from layerfold.model.gpt import GPT, Block, Cache, pattern_of


class BlockMap:
    """A map of one state [d], the rest of the sentence held."""

    def __call__(self, state: Tensor) -> Tensor:
        """The state at the next site [d]."""
        raise NotImplementedError

    def factors(self, at: Tensor) -> tuple[Tensor, Tensor]:
        """``left`` [d, m] and ``right`` [m, d] of the Jacobian at a state: J = 1 + left · right, as
        the stream goes on beside them."""
        raise NotImplementedError

    def jacobian(self, at: Tensor) -> Tensor:
        """J [d, d] at a state."""
        left, right = self.factors(at)
        matrix = left @ right
        matrix.diagonal().add_(1)
        return matrix


class AttentionMap(BlockMap):
    """From before attention to after it, given ``keys`` and ``values`` (h, t, k) of the tokens
    before."""

    def __init__(
        self, block: Block, keys: Tensor, values: Tensor, places: Tensor | None = None
    ) -> None:
        self.block, self.keys, self.values, self.places = block, keys, values, places

    def __call__(self, state: Tensor) -> Tensor:
        """The state at the next site [d]."""
        past, read = (self.keys[None], self.values[None]), self.block.norm_mid(state)[None, None]
        gathered: Tensor = self.block.attention(read, past, self.places, ThroughPattern())[0]
        return state + gathered[0, 0]

    @torch.no_grad()
    def factors(self, at: Tensor) -> tuple[Tensor, Tensor]:
        """W_out, and dy = Σ p (v - y) ds + p_own dv with shares p and gathered y, a score's ds
        being (k·dq + [own] q·dk) / √k."""
        q, k, v = (
            part[0]
            for part in self.block.attention.heads(self.block.norm_mid(at)[None, None], self.places)
        )
        keys, values = torch.cat((self.keys, k), dim=1), torch.cat((self.values, v), dim=1)
        shares = pattern_of(q, keys).transpose(1, 2)
        weighted = (
            shares * (values - (shares * values).sum(dim=1, keepdim=True)) / sqrt(q.shape[-1])
        )
        dq, dk, dv = (
            part.view(*q.shape[::2], -1)
            for part in behind(self.block.norm_mid, at, self.block.attention.qkv.weight).chunk(3)
        )
        gathered = (
            weighted.transpose(1, 2) @ keys @ dq
            + weighted[:, -1:].transpose(1, 2) @ (q @ dk)
            + shares[:, -1:] * dv
        )
        return self.block.attention.out.weight.detach(), gathered.reshape(len(at), -1)


class ThroughPattern:
    """What is gathered comes of the pattern, which every rule of differentiation knows; the fused
    kernel has no forward mode."""

    def wants(self, name: str) -> bool:
        """Whether it is a pattern."""
        return name.endswith("pattern")

    def __call__(self, name: str, x: Tensor) -> Tensor:
        """A view of a pattern, as if it had been changed."""
        return x.view_as(x) if self.wants(name) else x


class MLPMap(BlockMap):
    """From before the MLP to after it."""

    def __init__(self, block: Block) -> None:
        self.block = block

    def __call__(self, state: Tensor) -> Tensor:
        """The state at the next site [d]."""
        after: Tensor = state + self.block.mlp(self.block.norm_post(state))
        return after

    def factors(self, at: Tensor) -> tuple[Tensor, Tensor]:
        """W_out times the slopes of the activation, and W_up times the norm's Jacobian."""
        mlp = self.block.mlp
        inside = mlp.up(self.block.norm_post(at)).detach().requires_grad_()
        with torch.enable_grad():
            (slopes,) = torch.autograd.grad(mlp.activate(inside).sum(), inside)
        with torch.no_grad():
            return mlp.out.weight * slopes, behind(self.block.norm_post, at, mlp.up.weight)


def behind(norm: nn.Module, at: Tensor, weight: Tensor) -> Tensor:
    """``weight`` [m, d] times the Jacobian of a norm at a state [d]; a LayerNorm's is γ (1 - 1/d -
    x̂x̂ᵀ/d) / σ, and nothing's is 1."""
    if not isinstance(norm, nn.LayerNorm):
        return weight.detach()
    centered = at - at.mean()
    sigma = (centered.square().mean() + norm.eps).sqrt()
    shown, scaled = centered / sigma, weight * norm.weight
    return (
        scaled - scaled.mean(dim=1, keepdim=True) - torch.outer(scaled @ shown / len(at), shown)
    ) / sigma


def block_maps(gpt: GPT, ids: Sequence[int], token: int) -> list[tuple[BlockMap, Tensor]]:
    """The map from each site but the last to the next, for one token's state [d], and that state.

    What the tokens before it give to attention is computed once and held.
    """
    kept: Cache = []
    with torch.no_grad():
        states = [state[0, token] for state in gpt.stream(torch.tensor([list(ids)]), keep=kept)]
    maps: list[BlockMap] = []
    places = gpt.places(token, token + 1)
    for block, (keys, values) in zip(gpt.blocks, kept, strict=True):
        assert isinstance(block, Block)
        maps += [
            AttentionMap(block, keys[0, :, :token], values[0, :, :token], places),
            MLPMap(block),
        ]
    return list(zip(maps, states[:-1], strict=True))
