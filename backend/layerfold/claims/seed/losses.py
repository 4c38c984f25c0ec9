"""What a run is to say at which tokens, the loss of it, and weights moved for a while."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from layerfold.claims.seed.finding import Untestable
from layerfold.claims.seed.subject import Subject
from layerfold.interp.interval import Doubles
from layerfold.model.edits import Edit
from layerfold.model.forward import Pass, run
from layerfold.model.network import Network

Motion = Mapping[str, Tensor]
EXAMPLES: Final = 96  # sequences of a task
SEQUENCES: Final = 512  # of one answer


@dataclass(frozen=True)
class Batch:
    """Sequences ``ids`` (b, n), and what follows the last t tokens of each, ``targets`` (b, t)."""

    ids: Tensor
    targets: Tensor

    def part(self, chosen: slice) -> Batch:
        """Some of the sequences."""
        return Batch(self.ids[chosen], self.targets[chosen])


def batch_of(subject: Subject) -> Batch:
    """Held-out text of a run, or sequences of its task with their answers."""
    task = subject.task
    if task is None:
        rows = torch.from_numpy(subject.windows.copy())
        return Batch(rows[:, :-1], rows[:, 1:])
    if subject.run.card["task"]["name"] == "modular-addition":
        return _sums(subject)
    ids, targets = task.at(subject.last + 1)
    chosen = np.random.default_rng(0).permutation(len(ids))[:EXAMPLES]
    return Batch(torch.from_numpy(ids[chosen].copy()), torch.from_numpy(targets[chosen].copy()))


def _sums(subject: Subject) -> Batch:
    """Pairs at random, learned and held out, with their sums."""
    p = int(subject.run.card["task"]["parameters"]["p"])
    row = subject.opened.atlas.reference.windows[0]
    pairs = np.random.default_rng(1).permutation(p * p)[:SEQUENCES]
    one, other = pairs // p, pairs % p
    ids = np.stack([one, np.full_like(one, row[1]), other, np.full_like(one, row[3])], axis=1)
    return Batch(
        torch.from_numpy(ids.astype(np.int64)), torch.from_numpy(((one + other) % p)[:, None])
    )


def losses(
    network: Network, batch: Batch, edits: Iterable[Edit] = (), gradients: bool = False
) -> Tensor:
    """The loss at each token with a target, in nats (b, t)."""
    found = run(network, batch.ids.numpy(), edits=edits, gradients=gradients)
    return losses_from(found, batch)


def losses_from(found: Pass, batch: Batch) -> Tensor:
    """The same from a pass over the batch."""
    if found.logits is None:
        raise Untestable("no_predict")
    logits = found.logits[:, -batch.targets.shape[1] :].float()
    with torch.set_grad_enabled(logits.requires_grad):
        flat = F.cross_entropy(
            logits.flatten(0, 1), batch.targets.flatten().to(logits.device), reduction="none"
        )
        return flat.view(batch.targets.shape)


def loss_array(network: Network, batch: Batch, edits: Iterable[Edit] = ()) -> Doubles:
    """The losses [b, t] as an array."""
    return np.asarray(losses(network, batch, edits).cpu().double().numpy())


@torch.inference_mode(False)
def weight_gradients(network: Network, batch: Batch) -> dict[str, Tensor]:
    """The gradient of the mean loss by weight."""
    weights = network.weights()
    loss = losses(network, batch, gradients=True).mean()
    with torch.enable_grad():
        found = torch.autograd.grad(loss, list(weights.values()), allow_unused=True)
    return {
        name: torch.zeros_like(weights[name]) if grad is None else grad
        for name, grad in zip(weights, found, strict=True)
    }


@contextmanager
def nudged(network: Network, motion: Motion, factor: float = 1.0) -> Iterator[Network]:
    """The network with its weights moved, which are put back bit for bit afterwards."""
    weights = network.weights()
    before = {name: weights[name].detach().clone() for name in motion}
    try:
        with torch.no_grad():
            for name, step in motion.items():
                weights[name].add_(step.to(weights[name]), alpha=factor)
        yield network
    finally:
        with torch.no_grad():
            for name, kept in before.items():
                weights[name].copy_(kept)


def length(motion: Motion) -> float:
    """The Euclidean length of a motion of all weights together."""
    return float(sum(float(one.double().square().sum()) for one in motion.values()) ** 0.5)


def dot(one: Motion, other: Motion) -> float:
    """The inner product of two motions of the same weights."""
    return float(sum(float((one[n].double() * other[n].double()).sum()) for n in one))


def cosine(one: Motion, other: Motion) -> float:
    """The cosine of two motions."""
    return dot(one, other) / max(length(one) * length(other), 1e-300)


def random_like(motion: Motion, generator: torch.Generator) -> dict[str, Tensor]:
    """A random motion of the same weights, each as long as the motion's."""
    found = {}
    for name, one in motion.items():
        drawn = torch.randn(one.shape, generator=generator)
        found[name] = drawn * (one.float().norm() / drawn.norm().clamp_min(1e-30))
    return found


def scaled(motion: Motion, size: float) -> dict[str, Tensor]:
    """A motion made so long."""
    factor = size / max(length(motion), 1e-300)
    return {name: one * factor for name, one in motion.items()}
