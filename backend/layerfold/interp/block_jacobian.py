"""The halves of a layer as maps of one token's state, and their Jacobians written out: a third of
what differentiation costs.
"""

from __future__ import annotations

from math import sqrt

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from layerfold.model.gpt import Block


class Half:
    """A map of one state [d], the rest of the sentence held."""

    def __call__(self, state: Tensor) -> Tensor:
        """The state at the next site [d]."""
        raise NotImplementedError

    def factors(self, at: Tensor) -> tuple[Tensor, Tensor]:
        """``left`` [d, m] and ``right`` [m, d] of the Jacobian at a state: J = 1 + left · right, as
        the stream goes on beside them.
        """
        raise NotImplementedError

    def jacobian(self, at: Tensor) -> Tensor:
        """J [d, d] at a state."""
        left, right = self.factors(at)
        matrix = left @ right
        matrix.diagonal().add_(1)
        return matrix


class Attending(Half):
    """From before attention to after it, given ``keys`` and ``values`` (h, t, k) of the tokens
    before; as ``Attention`` but for one query.

    The fused kernel knows no forward mode and repeats what is held for every direction.
    """

    def __init__(
        self, block: Block, keys: Tensor, values: Tensor, places: Tensor | None = None
    ) -> None:
        self.block, self.keys, self.values, self.places = block, keys, values, places

    def __call__(self, state: Tensor) -> Tensor:
        """The state at the next site [d]."""
        q, k, v = self._heads(state)
        shares = self._shares(q, k)
        gathered: Tensor = self.block.attention.out(
            (shares[..., :-1] @ self.values + shares[..., -1:] * v).reshape(-1)
        )
        return state + gathered

    def _heads(self, state: Tensor) -> list[Tensor]:
        """Query, key and value of the token itself, (h, 1, k) each."""
        return [
            part[0]
            for part in self.block.attention.heads(
                self.block.norm_mid(state)[None, None], self.places
            )
        ]

    def _shares(self, q: Tensor, k: Tensor) -> Tensor:
        """How the token shares its attention among those before and itself, the last: (h, 1, t +
        1).
        """
        scores = torch.cat(
            (q @ self.keys.transpose(1, 2), (q * k).sum(dim=-1, keepdim=True)), dim=-1
        )
        return (scores / sqrt(q.shape[-1])).softmax(dim=-1)

    @torch.no_grad()
    def factors(self, at: Tensor) -> tuple[Tensor, Tensor]:
        """W_out, and dy = Σ p (v - y) ds + p_own dv with shares p and gathered y, a score's ds
        being (k·dq + [own] q·dk) / √k.
        """
        q, k, v = self._heads(at)
        shares = self._shares(q, k).transpose(1, 2)
        keys, values = torch.cat((self.keys, k), dim=1), torch.cat((self.values, v), dim=1)
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


class Folding(Half):
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
            folded = F.relu(inside) if mlp.relu else F.gelu(inside, approximate="tanh")
            (slopes,) = torch.autograd.grad(folded.sum(), inside)
        with torch.no_grad():
            return mlp.out.weight * slopes, behind(self.block.norm_post, at, mlp.up.weight)


def behind(norm: nn.Module, at: Tensor, weight: Tensor) -> Tensor:
    """``weight`` [m, d] times the Jacobian of a norm at a state [d]; a LayerNorm's is γ (1 - 1/d -
    x̂x̂ᵀ/d) / σ, and nothing's is 1.
    """
    if not isinstance(norm, nn.LayerNorm):
        return weight.detach()
    centered = at - at.mean()
    sigma = (centered.square().mean() + norm.eps).sqrt()
    shown, scaled = centered / sigma, weight * norm.weight
    return (
        scaled - scaled.mean(dim=1, keepdim=True) - torch.outer(scaled @ shown / len(at), shown)
    ) / sigma
