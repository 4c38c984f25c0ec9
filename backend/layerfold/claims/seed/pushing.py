"""2.2a to 2.2c: what a small step along a gradient does to attention, classes and stragglers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from layerfold.claims.seed.chance import p_beyond
from layerfold.claims.seed.classes import Classes, classes_of
from layerfold.claims.seed.finding import (
    Finding,
    Untestable,
    flat,
    line,
    mean_draws,
    mean_of,
    p_of,
    quantiles,
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
from layerfold.interp.interval import Doubles
from layerfold.model.forward import array, run
from layerfold.model.network import Network
from layerfold.records import Floats, normalized

SIZE: Final = 1e-3  # of a step, over the length of the weights that it moves
RANDOM: Final = 40
ROWS: Final = 12
ATTENTION: Final = ("W_Q", "W_K", "W_QKV")
MLPS: Final = ("W_in", "W_out")
PATTERNS: Final = "L*.attn.pattern"


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
    few = (subject.steps[len(subject.steps) // 2], subject.last)
    steps = tuple(dict.fromkeys(few))
    found = {step: _turns(subject, step, batch) for step in steps}
    cosines, null = found[subject.last]
    value = mean_of(cosines)
    p = p_beyond(value[0], null)
    by_step = {step: mean_of(one[0]) for step, one in found.items()}
    return Finding(
        verdict=verdict_of(value[0] >= bars["cosine"], p <= 0.05),
        value=list(value),
        at_step=subject.last,
        series=line("2.2a", by_step),
        controls=[flat("random_step", quantiles(null))],
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
    steps = tuple(dict.fromkeys((subject.steps[len(subject.steps) // 2], subject.last)))
    found = {step: _separations(subject, step, batch, classes) for step in steps}
    here, null, _ = found[subject.last]
    values = {step: _in_deviations(*one[:2]) for step, one in found.items()}
    beats = here > float(np.quantile(null, 0.975))
    size = values[subject.last]
    return Finding(
        verdict=verdict_of(size > bars["change"] and beats, beats),
        value=[size, size - 1.96, size + 1.96],
        at_step=subject.last,
        series=line("2.2b", {s: (v, v - 1.96, v + 1.96) for s, v in values.items()}),
        controls=[flat("random_step", (0.0, -1.96, 1.96))],
        p=p_beyond(here, null),
        numbers={
            "before": found[subject.last][2],
            "change": here,
            "random": float(null.mean()),
            "steps": len(null),
        },
        view={"inside": "push"},
    )


def _in_deviations(change: float, null: Doubles) -> float:
    return float((change - null.mean()) / max(float(null.std()), 1e-300))


def _separations(
    subject: Subject, step: int, batch: Batch, classes: Classes
) -> tuple[float, Doubles, float]:
    """The change of separation along the gradient and along random steps, and what it was."""
    network = subject.network(step)
    names = named_groups(network, MLPS)
    before = separation(subject.states(step)[-1], classes)
    motion = step_along(network, weight_gradients(network, batch), names)
    generator = torch.Generator().manual_seed(0)

    def after(one: Mapping[str, Tensor]) -> float:
        with nudged(network, one):
            states = reference_states(subject.adapter(step), subject.reference)[-1]
        return separation(normalized(states), classes) - before

    null = np.array([after(random_like(motion, generator)) for _ in range(RANDOM // 2)])
    return after(motion), null, before


def separation(states: Floats, classes: Classes) -> float:
    """Variance between the classes' centroids over that within them."""
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
    steps = tuple(dict.fromkeys((subject.steps[len(subject.steps) // 2], subject.last)))
    found = {step: _pulls(subject, step) for step in steps}
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
            flat("other_class", mean_of((own - gap)[far], window[far])),
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


@torch.inference_mode(False)
def _pulls(subject: Subject, step: int) -> tuple[Doubles, Doubles, NDArray[np.bool_], Classes]:
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
