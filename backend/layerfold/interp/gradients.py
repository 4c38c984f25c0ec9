"""The gradient of a loss with respect to every state, ∂L/∂h, and to every group of weights; with
the check that it is true.

A state's gradient is of the sentence's own loss with all weights held; training moves weights, and
these move the states.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from layerfold.errors import InputError, NoWeights
from layerfold.model.edits import Edit, Replace
from layerfold.model.forward import Model, array, network_of, run
from layerfold.model.network import Grouped
from layerfold.records import Floats, Framed

JOINT: Final = ("W_QKV",)
GROUPS: Final = ("W_Q", "W_K", "W_V", "W_O", "W_in", "W_out", "norms")


@dataclass(frozen=True)
class Objective:
    """What is to become likelier: without a ``position`` each next token of the sentence (their
    mean), else what follows that token: its own next one, or ``target``. Of an encoder, which
    predicts no next token, what stands at a position: always a ``target``."""

    position: int | None = None
    target: int | None = None

    def check(self, ids: Sequence[int], n_vocab: int, causal: bool = True) -> None:
        """Raises InputError where there is no such loss."""
        if not causal and (self.position is None or self.target is None):
            raise InputError(
                "This model predicts no next token: name a position, and the target that is to "
                "stand there."
            )
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
class Gradients(Framed):
    """``loss`` in nats; ``losses`` [token] of each token's next one (NaN after the last, and for an
    encoder); ``states`` [site, token, d], ∂L/∂h; ``layers`` [layer, group] and ``outside``
    {embedding, positions, unembedding, norm}: norms of the gradients of the weights by ``groups``
    (W_QKV where one matrix makes all three and they are not told apart); of a group that a layer
    lacks 0."""

    AXES: ClassVar = {
        "states": ("site", "token", "d"),
        "losses": ("token",),
        "layers": ("layer", "group"),
    }

    loss: float
    losses: Floats
    states: Floats
    layers: Floats
    outside: dict[str, float]
    groups: tuple[str, ...] = GROUPS
    objective: Objective = Objective()


@torch.inference_mode(False)
def gradients(model: Model, ids: Sequence[int], objective: Objective | None = None) -> Gradients:
    """The gradient of an objective at every state and group of weights; the model is left as it
    was.

    Raises InputError, NotSupported, NoWeights without an unembedding.
    """
    network, objective = network_of(model), objective or Objective()
    objective.check(ids, network.n_vocab, network.causal)
    weights = network.weights()
    found = run(network, ids, taps=network.sites, gradients=True)
    logits, window = _logits(found.logits), torch.tensor(list(ids)).to(network.device)
    loss = loss_of(logits, window, objective)
    stream = [found[site] for site in network.sites]
    with torch.enable_grad():
        grads = torch.autograd.grad(loss, [*stream, *weights.values()], allow_unused=True)
    states = torch.stack(
        [_or_zero(grad, state)[0] for grad, state in zip(grads, stream, strict=False)]
    )
    by_name = {
        name: _or_zero(grad, weights[name])
        for name, grad in zip(weights, grads[len(stream) :], strict=True)
    }
    layers, outside = network.grouped(by_name)
    groups = (*JOINT, *GROUPS[3:]) if any(JOINT[0] in layer for layer in layers) else GROUPS
    return Gradients(
        float(loss.detach()),
        _losses(logits.detach(), window, network.causal),
        array(states),
        np.array(
            [[_norm(group.get(name, [])) for name in groups] for group in layers], dtype=np.float32
        ),
        _outside(outside),
        groups,
        objective,
    )


def loss_of(logits: Tensor, ids: Tensor, objective: Objective) -> Tensor:
    """The loss (a scalar, nats) of logits (t, v) of the sentence ``ids`` (t)."""
    with torch.enable_grad():
        if objective.position is None:
            return F.cross_entropy(logits[:-1], ids[1:])
        target = (
            ids[objective.position + 1]
            if objective.target is None
            else torch.tensor(objective.target, device=ids.device)
        )
        return F.cross_entropy(logits[objective.position], target)


def _logits(logits: Tensor | None) -> Tensor:
    """Logits (t, v) of the sentence, in float32 at least."""
    if logits is None:
        raise NoWeights(
            "This model has no unembedding, so there is no loss: open one with a language-model "
            "head."
        )
    return logits[0] if logits.dtype in (torch.float32, torch.float64) else logits[0].float()


def _losses(logits: Tensor, ids: Tensor, causal: bool) -> Floats:
    losses = np.full(len(ids), np.nan, dtype=np.float32)
    if causal:
        losses[: len(ids) - 1] = array(F.cross_entropy(logits[:-1], ids[1:], reduction="none"))
    return losses


def _or_zero(grad: Tensor | None, like: Tensor) -> Tensor:
    return torch.zeros_like(like) if grad is None else grad


def _norm(parts: Sequence[Tensor]) -> float:
    """Length of the parts as one vector."""
    return math.hypot(*torch.stack(torch._foreach_norm(list(parts))).tolist()) if parts else 0.0


def _outside(groups: Grouped) -> dict[str, float]:
    return {name: _norm(parts) for name, parts in groups.items()}


# ---- the check


@torch.inference_mode()
def loss_from(
    model: Model, ids: Sequence[int], site: int, states: Floats, objective: Objective | None = None
) -> float:
    """The loss in nats when the stream at a site is ``states`` [token, d] instead of what it was,
    and goes on from there."""
    network = network_of(model)
    edit = Edit(network.sites[site], Replace(torch.from_numpy(states)[None]))
    logits = _logits(run(network, ids, edits=[edit]).logits)
    return float(
        loss_of(logits, torch.tensor(list(ids)).to(network.device), objective or Objective())
    )


def first_order(
    model: Model,
    ids: Sequence[int],
    found: Gradients,
    site: int,
    size: float | None = None,
    tries: int = 32,
    seed: int = 0,
) -> float:
    """R² of ⟨∂L/∂h, Δh⟩ for the true change of the gradients' own loss, over random small steps Δh
    of all tokens at a site.

    ``size`` is a step's length over the length of the states (by default a thousandth; a tenth
    where numbers are of two bytes); R² goes to 1 as it goes to 0, as long as rounding is smaller.
    The losses of our own models are computed in float64.
    """
    rng, name = np.random.default_rng(seed), network_of(model).sites[site]
    network = network_of(model).precise()
    here = run(network, ids, taps=(name,), last=0)[name][0]
    size = size or (1e-1 if here.dtype in (torch.float16, torch.bfloat16) else 1e-3)
    states = here.double().cpu().numpy()
    start = loss_from(network, ids, site, states, found.objective)
    steps = rng.normal(size=(tries, *states.shape))
    steps *= size * np.linalg.norm(states) / np.linalg.norm(steps, axis=(1, 2), keepdims=True)
    told = (steps * found.states[site]).sum(axis=(1, 2), dtype=np.float64)
    ends = [loss_from(network, ids, site, states + step, found.objective) for step in steps]
    true = np.array(ends) - start
    return float(1 - np.square(true - told).sum() / np.square(true - true.mean()).sum())
