"""One optimiser step taken apart: gradient, momentum, adaptive scaling and weight decay, each as a
motion of every weight.

With g the gradient, m̂ and v̂ AdamW's moments freed of their start at zero (Kingma & Ba 2015), η
the rate and λ the decay (Loshchilov & Hutter 2019), the step is −η m̂/(√v̂ + ε) − ηλθ, and it is
told as the sum of

    gradient  −η g                     what plain gradient descent would do
    momentum  −η (m̂ − g)               what remembering earlier gradients adds to it
    adaptive  −η (m̂/(√v̂ + ε) − m̂)      what rescaling each weight's step by its usual size adds
                                          to that
    decay     −η λ θ

The order is a choice: another one would give momentum and scaling other shares of the same sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as F

from layerfold.model.gpt import GPT

PARTS: Final = ("gradient", "momentum", "adaptive", "decay")
Motion = dict[str, Tensor]  # name of a weight -> how it moves


@dataclass(frozen=True)
class Hyper:
    """What an optimiser is told: the rate η, how long moments last, ε, the decay λ, and which
    weights decay: ``layers`` (the matrices in them), ``matrices`` (all) or ``everything``;
    gradients longer than ``clip`` are cut to it (0: none is).
    """

    rate: float
    beta1: float = 0.9
    beta2: float = 0.95
    epsilon: float = 1e-8
    decay: float = 0.0
    decayed: str = "everything"
    clip: float = 0.0

    def decays(self, name: str, weight: Tensor) -> float:
        """The decay of one weight."""
        chosen = {
            "everything": True,
            "matrices": weight.dim() == 2,
            "layers": weight.dim() == 2 and name.startswith("blocks."),
        }
        return self.decay if chosen[self.decayed] else 0.0


@dataclass(frozen=True)
class Moments:
    """Means of gradients and of their squares that began at zero and have seen ``count`` batches,
    by weight.
    """

    first: Motion
    second: Motion
    count: int


def gradients(model: GPT, ids: Tensor, targets: Tensor, clip: float = 0.0) -> Motion:
    """The gradient of ``batch_loss``, by weight, cut to the length ``clip`` where it is longer; the
    model keeps none.
    """
    with torch.enable_grad():
        weights = dict(model.named_parameters())
        found = torch.autograd.grad(batch_loss(model, ids, targets), list(weights.values()))
    grads = dict(zip(weights, found, strict=True))
    shrink = min(1.0, clip / (length(grads) + 1e-6)) if clip else 1.0
    return grads if shrink == 1.0 else {name: grad * shrink for name, grad in grads.items()}


def batch_loss(model: GPT, ids: Tensor, targets: Tensor) -> Tensor:
    """The mean cross-entropy, nats, of what is to be said at the last t tokens of each sequence:
    ids (b, n), targets (b, t).
    """
    logits = F.linear(model.final(ids, last=targets.shape[1]), model.unembedding)
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def moments_of(model: GPT, batches: Iterable[tuple[Tensor, Tensor]], hyper: Hyper) -> Moments:
    """The moments that the batches leave behind, one after another, the weights held where they
    are.

    A checkpoint keeps no moments; read from the last batches before it they would be the
    optimiser's own but for the small way that the weights went meanwhile.
    """
    first = {name: torch.zeros_like(weight) for name, weight in model.named_parameters()}
    second = {name: torch.zeros_like(weight) for name, weight in model.named_parameters()}
    count = 0
    for ids, targets in batches:
        first, second = _after(
            gradients(model, ids, targets, hyper.clip), Moments(first, second, count), hyper
        )
        count += 1
    return Moments(first, second, count)


def _after(grads: Motion, before: Moments, hyper: Hyper) -> tuple[Motion, Motion]:
    """The moments once they have taken in a gradient."""
    first = {
        name: hyper.beta1 * before.first[name] + (1 - hyper.beta1) * grad
        for name, grad in grads.items()
    }
    second = {
        name: hyper.beta2 * before.second[name] + (1 - hyper.beta2) * grad.square()
        for name, grad in grads.items()
    }
    return first, second


@torch.no_grad()
def adamw_parts(model: GPT, grads: Motion, before: Moments, hyper: Hyper) -> dict[str, Motion]:
    """AdamW's next step in its four parts, which sum to it."""
    first, second = _after(grads, before, hyper)
    count = before.count + 1
    parts: dict[str, Motion] = {part: {} for part in PARTS}
    for name, weight in model.named_parameters():
        mean = first[name] / (1 - hyper.beta1**count)
        scaled = mean / ((second[name] / (1 - hyper.beta2**count)).sqrt() + hyper.epsilon)
        motions = (
            grads[name],
            mean - grads[name],
            scaled - mean,
            hyper.decays(name, weight) * weight,
        )
        for part, motion in zip(PARTS, motions, strict=True):
            parts[part][name] = -hyper.rate * motion
    return parts


@torch.no_grad()
def rivals(grads: Motion, before: Moments, hyper: Hyper) -> dict[str, Motion]:
    """The steps of SGD, SGD with momentum and Adam from the same weights, gradient and moments,
    without decay.

    Momentum is ``torch.optim.SGD``'s, Σ βⁱ g, read off the first moment: 1/(1 − β₁) times as long
    as the mean it keeps.
    """
    first, second = _after(grads, before, hyper)
    count = before.count + 1
    found: dict[str, Motion] = {"sgd": {}, "momentum": {}, "adam": {}}
    for name, grad in grads.items():
        mean = first[name] / (1 - hyper.beta1**count)
        root = (second[name] / (1 - hyper.beta2**count)).sqrt() + hyper.epsilon
        for rival, motion in (
            ("sgd", grad),
            ("momentum", first[name] / (1 - hyper.beta1)),
            ("adam", mean / root),
        ):
            found[rival][name] = -hyper.rate * motion
    return found


def total(parts: Mapping[str, Motion]) -> Motion:
    """The sum of motions, weight by weight."""
    motions = list(parts.values())
    return {
        name: torch.stack([motion[name] for motion in motions]).sum(dim=0) for name in motions[0]
    }


def length(motion: Motion) -> float:
    """The Euclidean length of a motion of all weights together."""
    return float(
        torch.sqrt(
            sum(
                (part.double().square().sum() for part in motion.values()),
                torch.zeros((), dtype=torch.float64),
            )
        )
    )


@torch.no_grad()
def moved(model: GPT, motion: Motion, factor: float = 1.0) -> GPT:
    """A copy of the model that has gone ``factor`` times a motion; the model stays."""
    copy = deepcopy(model)
    for name, weight in copy.named_parameters():
        weight.add_(motion[name], alpha=factor)
    return copy.eval()
