"""The way of the weights: checkpoints in the plane of their two widest directions, the loss over
that plane and along straight lines.

The plane is that of Lorch (2016) and Li et al. (2018, arXiv 1712.09913): principal directions of
the path itself. A path of many steps looks like arcs of a spiral in it even where it is random
(Antognini & Sohl-Dickstein 2018): ``shares`` say how much it shows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from layerfold.errors import InputError
from layerfold.model.gpt import GPT
from layerfold.records import Floats

ModelAt = Callable[[int], GPT]
Loss = Callable[[GPT], float]


@dataclass(frozen=True)
class Path:
    """``places`` [step, 2] of the checkpoints in the plane ``origin`` + a·``axes[0]`` +
    b·``axes[1]`` (weights [p], axes [2, p] of length 1); ``off`` [step] how far each lies
    outside it, ``shares`` [2] of the path's variance that the two directions hold.
    """

    steps: tuple[int, ...]
    places: Floats
    off: Floats
    shares: Floats
    origin: Tensor
    axes: Tensor

    def weights_at(self, place: Sequence[float]) -> Tensor:
        """The weights at a place of the plane [p]."""
        return self.origin + torch.tensor(list(place), dtype=torch.float32) @ self.axes


@torch.no_grad()
def path_of(model_at: ModelAt, steps: Sequence[int]) -> Path:
    """The way of the weights through the checkpoints; two at least, else InputError."""
    if len(steps) < 2:
        raise InputError(
            f"The weights go nowhere: the run has {len(steps)} checkpoint(s), and a way needs two."
        )
    rows = _rows(model_at, steps)
    origin = rows.mean(dim=0)
    rows -= origin
    values, vectors = torch.linalg.eigh((rows @ rows.T).double())
    widest = vectors[:, -2:].flip(1).T.float() @ rows
    axes = torch.stack(
        [_unit(widest[0]), _unit(widest[1] - (widest[1] @ _unit(widest[0])) * _unit(widest[0]))]
    )
    places = rows @ axes.T
    axes, places = (
        axes * torch.where(places[-1:].T < 0, -1, 1),
        places * torch.where(places[-1:] < 0, -1, 1),
    )
    away = zip(rows, places, strict=True)  # one at a time: all of them are as much as the path
    off = torch.stack([(row - place @ axes).norm() for row, place in away])
    shares = values[-2:].flip(0).clamp_min(0) / values.clamp_min(0).sum().clamp_min(1e-30)
    return Path(tuple(steps), _array(places), _array(off), _array(shares), origin, axes)


def _rows(model_at: ModelAt, steps: Sequence[int]) -> Tensor:
    """The weights of each step [step, p], none of them held twice."""
    first = vector_of(model_at(steps[0]))
    rows = torch.empty(len(steps), len(first))
    rows[0] = first
    for number, step in enumerate(steps[1:], 1):
        rows[number] = vector_of(model_at(step))
    return rows


def crossings(path: Path, size: int, margin: float = 0.25) -> tuple[Floats, Floats]:
    """``size`` evenly spaced places on each axis of the plane, reaching past the path by ``margin``
    of its extent on both sides.
    """
    low, high = path.places.min(axis=0), path.places.max(axis=0)
    reach = np.maximum(high - low, 1e-6) * margin
    a, b = (
        np.linspace(low[n] - reach[n], high[n] + reach[n], size, dtype=np.float32) for n in (0, 1)
    )
    return a, b


def row_of(path: Path, like: GPT, loss: Loss, a: Floats, b: float) -> Floats:
    """The loss at each ``a`` of one row of the plane."""
    return np.array(
        [loss(with_weights(like, path.weights_at((at, b)))) for at in a.tolist()], dtype=np.float32
    )


@dataclass(frozen=True)
class Line:
    """The loss on the straight line between two checkpoints: at ``share`` of the way, ``losses``;
    ``barrier`` is how far the worst of it rises above the straight line between the losses of
    the ends (Frankle et al. 2020), 0 where it does not.
    """

    share: Floats
    losses: Floats
    barrier: float


def line_between(one: GPT, other: GPT, loss: Loss, count: int = 11) -> Line:
    """The loss on the way from one model's weights to another's; its ends are the two models' own
    losses.
    """
    share = np.linspace(0, 1, count, dtype=np.float32)
    start, end = vector_of(one), vector_of(other)
    inner = [loss(with_weights(one, torch.lerp(start, end, float(at)))) for at in share[1:-1]]
    losses = np.array([loss(one), *inner, loss(other)], dtype=np.float32)
    straight = losses[0] + share * (losses[-1] - losses[0])
    return Line(share, losses, float(max(0.0, (losses - straight).max())))


@torch.no_grad()
def with_weights(like: GPT, weights: Tensor) -> GPT:
    """A model of the same shape with the weights [p]."""
    model = GPT(like.config)
    vector_to_parameters(weights, model.parameters())
    return model.eval()


@torch.no_grad()
def vector_of(model: GPT) -> Tensor:
    """All weights in a row [p]."""
    return parameters_to_vector(model.parameters()).clone()


def _unit(vector: Tensor) -> Tensor:
    return torch.div(vector, vector.norm().clamp_min(1e-30))


def _array(values: Tensor) -> Floats:
    return np.asarray(values.float().numpy(), dtype=np.float32)
