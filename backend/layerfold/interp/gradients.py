"""The push: how a loss would have every state moved, −∂L/∂h, and every group of weights; with the
check that it is true.

A state's gradient is of the sentence's own loss with all weights held; training moves weights, and
these move the states.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from layerfold.errors import InputError
from layerfold.model.gpt import GPT, Block
from layerfold.records import Floats

GROUPS: Final = ("W_Q", "W_K", "W_V", "W_O", "W_in", "W_out", "norms")


@dataclass(frozen=True)
class Aim:
    """What is to become likelier: without a ``position`` each next token of the sentence (their
    mean), else what follows that token: its own next one, or ``target``.
    """

    position: int | None = None
    target: int | None = None

    def check(self, ids: Sequence[int], n_vocab: int) -> None:
        """Raises InputError where there is nothing to aim at."""
        if self.position is None and len(ids) < 2:
            raise InputError(
                "A sentence of one token has no next token: type another word, or name a target."
            )
        if self.position is None and self.target is not None:
            raise InputError("A target needs a position: say after which token it is to come.")
        if self.position is not None and not 0 <= self.position < len(ids):
            raise InputError(
                f"There is no token {self.position}: the sentence has {len(ids)}, from 0."
            )
        if self.position == len(ids) - 1 and self.target is None:
            raise InputError(
                "Nothing follows the last token: name a target, or an earlier position."
            )
        if self.target is not None and not 0 <= self.target < n_vocab:
            raise InputError(f"There is no token {self.target} in the vocabulary of {n_vocab:,}.")


@dataclass(frozen=True)
class Push:
    """``loss`` in nats; ``losses`` [token] of each token's next one (NaN after the last); ``push``
    [site, token, d] = −∂L/∂h; ``groups`` [layer, group] and ``outer`` {embedding, positions,
    unembedding, norm}: norms of the weights' gradients.
    """

    loss: float
    losses: Floats
    push: Floats
    groups: Floats
    outer: dict[str, float]


def push_of(model: GPT, ids: Sequence[int], aim: Aim | None = None) -> Push:
    """The push of an aim on every state and group of weights; the model itself is left as it was.
    Raises InputError.
    """
    aim = aim or Aim()
    aim.check(ids, model.config.vocab_size)
    window = torch.tensor([list(ids)], dtype=torch.int64)
    weights = dict(model.named_parameters())
    with torch.enable_grad():
        stream = list(model.stream(window))
        logits = model.unembed(stream[-1])[0]
        loss = loss_of(logits, window[0], aim)
        found = torch.autograd.grad(loss, [*stream, *weights.values()], allow_unused=True)
    states = torch.stack(
        [_or_zero(grad, state) for grad, state in zip(found, stream, strict=False)]
    )[:, 0]
    grads = {
        name: _or_zero(grad, weights[name])
        for name, grad in zip(weights, found[len(stream) :], strict=True)
    }
    losses = np.full(len(ids), np.nan, dtype=np.float32)
    losses[: len(ids) - 1] = F.cross_entropy(
        logits.detach()[:-1], window[0, 1:], reduction="none"
    ).numpy()
    groups = np.array(
        [_layer(grads, n, model.config.d_model) for n in range(len(model.blocks))], dtype=np.float32
    )
    return Push(
        float(loss.detach()),
        losses,
        np.asarray(-states.numpy(), dtype=np.float32),
        groups,
        _outer(grads),
    )


def loss_of(logits: Tensor, ids: Tensor, aim: Aim) -> Tensor:
    """The loss (a scalar, nats) of logits (t, v) of the sentence ``ids`` (t)."""
    if aim.position is None:
        return F.cross_entropy(logits[:-1], ids[1:])
    target = ids[aim.position + 1] if aim.target is None else torch.tensor(aim.target)
    return F.cross_entropy(logits[aim.position], target)


def _or_zero(grad: Tensor | None, like: Tensor) -> Tensor:
    return torch.zeros_like(like) if grad is None else grad


def _layer(grads: dict[str, Tensor], n: int, d: int) -> list[float]:
    """Norms of the gradients of one layer by group, each matrix with its bias."""
    name = f"blocks.{n}."
    parts = [
        [grads[key][i * d : (i + 1) * d] for key in _named(grads, f"{name}attention.qkv")]
        for i in range(3)
    ]
    rest = (f"{name}attention.out", f"{name}mlp.up", f"{name}mlp.out", f"{name}norm_")
    parts += [[grads[key] for key in _named(grads, prefix)] for prefix in rest]
    return [_norm(part) for part in parts]


def _named(grads: dict[str, Tensor], prefix: str) -> list[str]:
    return [name for name in grads if name.startswith(prefix)]


def _norm(parts: Sequence[Tensor]) -> float:
    """Length of the parts as one vector."""
    return math.hypot(*torch.stack(torch._foreach_norm(list(parts))).tolist()) if parts else 0.0


def _outer(grads: dict[str, Tensor]) -> dict[str, float]:
    """Norms outside the layers; a tied embedding is also the unembedding, and told once."""
    names = {
        "embedding": "tokens.",
        "positions": "positions.",
        "norm": "norm.",
        "unembedding": "head.",
    }
    return {
        what: _norm([grads[key] for key in _named(grads, prefix)])
        for what, prefix in names.items()
        if _named(grads, prefix)
    }


# ---- the check


@torch.inference_mode()
def loss_from(
    model: GPT, ids: Sequence[int], site: int, states: Floats, aim: Aim | None = None
) -> float:
    """The loss in nats when the stream at a site is ``states`` [token, d] instead of what it was,
    and runs on from there; in float64.
    """
    wide = _wide(model)
    places = wide.places(0, len(ids))
    x = torch.from_numpy(np.asarray(states, dtype=np.float64))[None]
    for at in range(site, 2 * len(wide.blocks)):
        block = wide.blocks[at // 2]
        assert isinstance(block, Block)
        x = x + (
            block.mlp(block.norm_post(x))
            if at % 2
            else block.attention(block.norm_mid(x), None, places)[0]
        )
    return float(loss_of(wide.unembed(x)[0], torch.tensor(list(ids)), aim or Aim()))


def _wide(model: GPT) -> GPT:
    """A copy in float64: a small step's change of loss is lost in float32."""
    wide = GPT(model.config)
    wide.load_state_dict(model.state_dict())
    return wide.double().eval()


def first_order(
    model: GPT,
    ids: Sequence[int],
    push: Push,
    site: int,
    size: float = 1e-3,
    tries: int = 32,
    seed: int = 0,
) -> float:
    """R² of −⟨push, Δh⟩ for the true change of the next-token loss, over random small steps Δh of
    all tokens at a site.

    ``size`` is a step's length over the length of the states; R² goes to 1 as it goes to 0.
    """
    rng = np.random.default_rng(seed)
    with torch.inference_mode():
        states = torch.stack(list(_wide(model).stream(torch.tensor([list(ids)]))))[site, 0].numpy()
    start = loss_from(model, ids, site, states)
    steps = rng.normal(size=(tries, *states.shape))
    steps *= size * np.linalg.norm(states) / np.linalg.norm(steps, axis=(1, 2), keepdims=True)
    told = -(steps * push.push[site]).sum(axis=(1, 2), dtype=np.float64)
    true = np.array([loss_from(model, ids, site, states + step) - start for step in steps])
    return float(1 - np.square(true - told).sum() / np.square(true - true.mean()).sum())
