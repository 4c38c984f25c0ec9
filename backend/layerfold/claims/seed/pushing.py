"""2.2a to 2.2c: what a small step along a gradient does to attention, classes and stragglers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from layerfold.claims.seed.chance import p_beyond
from layerfold.claims.seed.classes import Classes, classes_of
from layerfold.claims.seed.finding import (
    Finding,
    Triple,
    Untestable,
    flat,
    line,
    mean_draws,
    mean_of,
    p_of,
    quantiles,
    triple,
    verdict_of,
)
from layerfold.claims.seed.losses import (
    Batch,
    batch_of,
    length,
    losses_from,
    nudged,
    random_like,
    scaled,
    weight_gradients,
)
from layerfold.claims.seed.subject import Subject
from layerfold.data.reference_states import reference_states
from layerfold.interp.interval import REACH, Doubles, packed, resamples
from layerfold.model.forward import array, run
from layerfold.model.network import Network
from layerfold.records import Floats, normalized

SIZE: Final = 1e-3  # of a step, over the length of the weights that it moves
RANDOM: Final = 40
DRAWS: Final = 200
FEW: Final = 3  # checkpoints at which many small steps are tried
ROWS: Final = 12
ATTENTION: Final = ("W_Q", "W_K", "W_QKV")
MLPS: Final = ("W_in", "W_out")
PATTERNS: Final = "L*.attn.pattern"
Flags = NDArray[np.bool_]


def named_groups(network: Network, wanted: tuple[str, ...]) -> list[str]:
    """The names of the weights of some groups in the layers, whole matrices."""
    weights = network.weights()
    layers, _ = network.grouped(weights)
    starts = {
        one.data_ptr(): True for layer in layers for group in wanted for one in layer.get(group, [])
    }
    return [name for name, weight in weights.items() if weight.data_ptr() in starts]


def step_along(
    network: Network, grads: Mapping[str, Tensor], names: list[str]
) -> dict[str, Tensor]:
    """A small step against the gradient of some weights."""
    weights = network.weights()
    size = SIZE * length({name: weights[name].detach() for name in names})
    return scaled({name: -grads[name] for name in names}, size)


def attention_adjusts(subject: Subject, bars: Mapping[str, float]) -> Finding:
    """2.2a: cosine of the change of patterns with −∂L/∂pattern after a step of W_Q and W_K."""
    batch = batch_of(subject).part(slice(ROWS))
    found = {step: _turns(subject, step, batch) for step in subject.steps}
    cosines, null = found[subject.last]
    value = mean_of(cosines)
    p = p_beyond(value[0], null)
    by_step = {step: mean_of(one[0]) for step, one in found.items()}
    return Finding(
        verdict=verdict_of(value[0] >= bars["cosine"], p <= 0.05),
        value=list(value),
        at_step=subject.last,
        series=line("2.2a", by_step),
        controls=[line("random_step", {s: quantiles(one[1]) for s, one in found.items()})],
        p=p,
        numbers={"random": float(np.quantile(null, 0.975)), "steps": len(null)},
        view={"inside": "attention"},
    )


def _turns(subject: Subject, step: int, batch: Batch) -> tuple[Doubles, Doubles]:
    """The cosine of each sequence [b] along the gradient, and the mean of each random step."""
    network = subject.network(step)
    before, wish = _wish(network, batch)
    names = named_groups(network, ATTENTION)
    if not names:
        raise Untestable("not_gpt")
    motion = step_along(network, weight_gradients(network, batch), names)
    if subject.run.kind == "gpt":
        motion = {name: _without_values(one) for name, one in motion.items()}
    own = _cosines(network, batch, motion, before, wish)
    generator = torch.Generator().manual_seed(0)
    null = [
        float(_cosines(network, batch, random_like(motion, generator), before, wish).mean())
        for _ in range(RANDOM // 2)
    ]
    return own, np.array(null)


def _without_values(motion: Tensor) -> Tensor:
    """A step of W_QKV whose last third, the values', stands still."""
    found = motion.clone()
    found[2 * len(found) // 3 :] = 0
    return found


@torch.inference_mode(False)
def _wish(network: Network, batch: Batch) -> tuple[list[Floats], list[Floats]]:
    """The patterns, and −∂L/∂pattern with each row's mean over what it may see taken off."""
    found = run(network, batch.ids.numpy(), taps=[PATTERNS], gradients=True)
    kept = list(found.tensors.values())
    with torch.enable_grad():
        grads = torch.autograd.grad(losses_from(found, batch).mean(), kept)
    return [array(one) for one in kept], [_centered(-array(one)) for one in grads]


def _centered(rows: Floats) -> Floats:
    """Causal rows [b, h, t, t] less the mean of what each token sees; 0 ahead."""
    seen = np.tril(np.ones(rows.shape[-2:], dtype=np.float32))
    mean = (rows * seen).sum(axis=-1, keepdims=True) / seen.sum(axis=-1, keepdims=True)
    return np.asarray((rows - mean) * seen)


def _cosines(
    network: Network,
    batch: Batch,
    motion: Mapping[str, Tensor],
    before: list[Floats],
    wish: list[Floats],
) -> Doubles:
    """The cosine of the change of all patterns with the wish, a sequence each [b]."""
    with nudged(network, motion):
        after = run(network, batch.ids.numpy(), taps=[PATTERNS], last=0)
    moves = [_centered(array(b) - a) for b, a in zip(after.tensors.values(), before, strict=True)]
    one, other = (
        np.concatenate([x.reshape(len(x), -1) for x in rows], axis=1).astype(np.float64)
        for rows in (moves, wish)
    )
    sizes = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return np.asarray((one * other).sum(axis=1) / np.maximum(sizes, 1e-300))


def classes_part(subject: Subject, bars: Mapping[str, float]) -> Finding:
    """2.2b: the change of separation after a step of the MLPs, in random steps' deviations."""
    classes = classes_of(subject, subject.reference)
    batch = batch_of(subject)
    found = {step: _separations(subject, step, batch, classes) for step in subject.spread(FEW)}
    here = found[subject.last]
    values = {step: one.in_deviations for step, one in found.items()}
    size = values[subject.last]
    beats = here.change > float(np.quantile(here.null, 0.975))
    return Finding(
        verdict=verdict_of(size[0] > bars["change"] and beats, beats),
        value=list(size),
        at_step=subject.last,
        series=line("2.2b", values),
        controls=[flat("random_step", (0.0, -REACH, REACH))],
        p=p_beyond(here.change, here.null),
        numbers={
            "before": here.before,
            "change": here.change,
            "random": float(here.null.mean()),
            "steps": len(here.null),
        },
        view={"inside": "push"},
    )


@dataclass(frozen=True)
class Parted:
    """How a step along the gradient changes the separation of classes, the same of random steps
    ``null`` [draw], ``before`` the separation it starts from, and ``draws`` of the change with
    windows drawn again.
    """

    change: float
    null: Doubles
    before: float
    draws: Doubles

    @property
    def in_deviations(self) -> Triple:
        """The change less the random steps' mean, in their standard deviations, with its bounds."""
        wide = max(float(self.null.std()), 1e-300)
        value = (self.change - float(self.null.mean())) / wide
        return triple(packed(value, (self.draws - self.null.mean()) / wide))


def _separations(subject: Subject, step: int, batch: Batch, classes: Classes) -> Parted:
    """What one step along the gradient, and random ones, do to the classes at the last site."""
    network, window = subject.network(step), subject.reference.window
    names = named_groups(network, MLPS)
    states = subject.states(step)[-1]
    motion = step_along(network, weight_gradients(network, batch), names)
    generator = torch.Generator().manual_seed(0)

    def after(one: Mapping[str, Tensor]) -> Floats:
        with nudged(network, one):
            raw = reference_states(subject.adapter(step), subject.reference)[-1]
        return normalized(raw)

    before, moved = separation(states, classes), after(motion)
    random = (after(random_like(motion, generator)) for _ in range(RANDOM // 2))
    null = np.array([separation(one, classes) for one in random]) - before
    count = int(window.max()) + 1
    drawn = [row[window] for row in resamples(count, DRAWS, np.random.default_rng(0))]
    draws = [separation(moved, classes, w) - separation(states, classes, w) for w in drawn]
    return Parted(separation(moved, classes) - before, null, before, np.array(draws))


def separation(states: Floats, classes: Classes, times: Doubles | None = None) -> float:
    """Variance between the classes' centroids over that within them; each state so many
    ``times``.
    """
    if times is not None:
        rows = np.repeat(np.arange(len(states)), times.astype(int))
        states, classes = states[rows], classes[rows]
    wide = states.astype(np.float64) - states.mean(axis=0)
    _, which, counts = np.unique(classes, return_inverse=True, return_counts=True)
    centers = np.zeros((len(counts), wide.shape[1]))
    np.add.at(centers, which, wide)
    centers /= counts[:, None]
    between = float((counts @ np.square(centers).sum(axis=1)) / len(wide))
    within = float(np.square(wide - centers[which]).sum() / len(wide))
    return between / max(within, 1e-12)


def to_the_center(subject: Subject, bars: Mapping[str, float]) -> Finding:
    """2.2c: cosine of −∂L/∂h with the way to the own class's centroid less to another's."""
    found = {step: _pulls(subject, step) for step in subject.steps}
    gap, own, far, window = found[subject.last]
    value, draws = mean_draws(gap[far], window[far])
    near = mean_of(gap[~far], window[~far])
    by_step = {step: mean_of(one[0][one[2]], one[3][one[2]]) for step, one in found.items()}
    beats = value[1] > bars["cosine"]
    return Finding(
        verdict=verdict_of(value[0] > bars["cosine"] and beats, beats),
        value=list(value),
        at_step=subject.last,
        series=line("2.2c", by_step),
        controls=[
            line("other_class", {s: _towards_other(*one) for s, one in found.items()}),
            flat("near_third", near),
        ],
        p=p_of(draws, bars["cosine"]),
        numbers={
            "own": float(own[far].mean()),
            "other": float((own - gap)[far].mean()),
            "near": near[0],
            "site": subject.sites[subject.middle],
        },
        view={"site": subject.sites[subject.middle], "inside": "push"},
    )


def _towards_other(gap: Doubles, own: Doubles, far: Flags, window: Classes) -> Triple:
    """Stragglers' cosine towards another class's centroid, equally far."""
    return mean_of((own - gap)[far], window[far])


@torch.inference_mode(False)
def _pulls(subject: Subject, step: int) -> tuple[Doubles, Doubles, Flags, Classes]:
    """For each token: the cosine towards its own centroid less towards another's, the former
    alone, whether it is among the farthest third, and its window.
    """
    network, reference = subject.network(step), subject.reference
    name = network.sites[subject.middle]
    batch, chosen = _windows_of(subject)
    found = run(network, batch.ids.numpy(), taps=[name], gradients=True)
    with torch.enable_grad():
        (grad,) = torch.autograd.grad(losses_from(found, batch).sum(), [found[name]])
    inside = np.isin(reference.window, chosen) & (reference.position < batch.ids.shape[1])
    rows = np.searchsorted(chosen, reference.window[inside]), reference.position[inside]
    push = -array(grad)[rows].astype(np.float64)
    raw = subject.raw(step)[subject.middle].astype(np.float64)
    classes = classes_of(subject, reference)
    kinds, which = np.unique(classes, return_inverse=True)
    centers = np.stack([raw[which == n].mean(axis=0) for n in range(len(kinds))])
    ways = centers[None] - raw[inside][:, None]
    away = np.linalg.norm(ways, axis=2)
    cosines = (ways @ push[:, :, None])[..., 0] / np.maximum(
        away * np.linalg.norm(push, axis=1)[:, None], 1e-300
    )
    own, rows_of = which[inside], np.arange(len(push))
    apart = np.abs(away - away[rows_of, own][:, None])
    apart[rows_of, own] = np.inf
    other = apart.argmin(axis=1)
    far = away[rows_of, own] >= np.quantile(away[rows_of, own], 2 / 3)
    gap = cosines[rows_of, own] - cosines[rows_of, other]
    moved = np.linalg.norm(push, axis=1) > 0
    gap = np.where(moved, gap, np.nan)
    return gap, cosines[rows_of, own], far & moved, reference.window[inside].astype(np.int64)


def _windows_of(subject: Subject) -> tuple[Batch, Classes]:
    """The reference's whole windows with what follows each token, and which they are; of a task
    whose answers stand in no window, sums.
    """
    rows = subject.reference.windows
    if subject.run.card.get("task", {}).get("name") == "modular-addition":
        chosen = np.arange(len(rows))
        p = int(subject.run.card["task"]["parameters"]["p"])
        ids = torch.from_numpy(rows.astype(np.int64))
        return Batch(ids, ((ids[:, 0] + ids[:, 2]) % p)[:, None]), chosen
    size = int(np.quantile((rows >= 0).sum(axis=1), 0.25))
    chosen = np.flatnonzero((rows >= 0).sum(axis=1) >= size)
    ids = torch.from_numpy(rows[chosen, :size].astype(np.int64))
    return Batch(ids[:, :-1], ids[:, 1:]), chosen
