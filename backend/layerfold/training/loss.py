"""Cross-entropy with the unembedding inside, a few rows at a time: the table of logits is never
whole, so it stays in the cache.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

ROWS = 512


class UnembeddedLoss(torch.autograd.Function):
    """Mean cross-entropy in nats of states [row, d] under an unembedding [vocab, d]; gradients are
    made on the way forward.
    """

    @staticmethod
    def forward(
        ctx: Any, states: Tensor, weight: Tensor, targets: Tensor, dtype: torch.dtype
    ) -> Tensor:
        """The loss; products in ``dtype``, sums in float32."""
        low, table, count = states.to(dtype), weight.to(dtype), len(targets)
        for_states, for_weight = (
            torch.empty_like(low),
            torch.zeros_like(weight, dtype=torch.float32),
        )
        nats = 0.0
        for start in range(0, count, ROWS):
            part, wanted = low[start : start + ROWS], targets[start : start + ROWS, None]
            logits = (part @ table.T).float()
            logits -= logits.amax(dim=1, keepdim=True)
            own = logits.gather(1, wanted)
            shares = logits.exp_()
            total = shares.sum(dim=1, keepdim=True)
            nats += float((total.log() - own).sum())
            shares /= total * count
            shares.scatter_add_(1, wanted, torch.full_like(own, -1 / count))
            slope = shares.to(dtype)
            for_states[start : start + ROWS] = slope @ table
            for_weight += slope.T @ part
        ctx.save_for_backward(for_states, for_weight)
        return torch.tensor(nats / count)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None, None]:
        """The saved gradients, times what comes from above."""
        for_states, for_weight = ctx.saved_tensors
        return for_states.float() * grads[0], for_weight * grads[0], None, None
