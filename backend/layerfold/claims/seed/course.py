"""1.2a, 1.2d and 2.5c: the path of the weights, what goes with the loss, and where it ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import torch
from torch import Tensor

from layerfold.claims.seed.finding import (
    NAN,
    Finding,
    Triple,
    Untestable,
    flat,
    line,
    mean_of,
    p_above,
    quantiles,
    triple,
    verdict_of,
)
from layerfold.claims.seed.losses import (
    Batch,
    batch_of,
    length,
    loss_array,
    nudged,
    scaled,
    weight_gradients,
)
from layerfold.claims.seed.subject import Subject
from layerfold.geometry.comparison import curvature
from layerfold.geometry.gride import gride
from layerfold.geometry.trust import spearman
from layerfold.interp.interval import Doubles, packed, resamples
from layerfold.model.network import Network
from layerfold.records import normalized
from layerfold.space.neighbors import nearest_self

WALKS: Final = 200
WIDTH: Final = 2000  # directions of a random walk
LEAST: Final = 6  # checkpoints
ORDERS: Final = 2000
BLOCKS: Final = 64  # of the weights, drawn again for an interval
DRAWS: Final = 200
DIRECTIONS: Final = 20
ROWS: Final = 12  # sequences of text or of a task whose loss is taken in every direction
REACH: Final = 0.1  # of the filters' lengths
SEARCH: Final = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2)  # of the weights' length


def subspace(subject: Subject, bars: Mapping[str, float]) -> Finding:
    """1.2a: the share of the path's variance in two directions beside random walks'."""
    subject.need_steps(LEAST)
    rows = torch.stack([flat_weights(subject.network(step)) for step in subject.every])
    lengths = np.array([float(one.norm()) for one in rows.diff(dim=0)])
    grams = block_grams(rows)
    gram = grams.sum(axis=0)
    shares = {
        step: share_by_blocks(grams[:, : n + 1, : n + 1])
        for n, step in enumerate(subject.every)
        if n >= LEAST - 1
    }
    null = random_walks(lengths, min(WIDTH, rows.shape[1]))
    whole = shares[subject.last]
    value = whole[0]
    dims, walk_dims = dimensions(gram), int(np.median([dimensions(one) for one in null]))
    chance = np.array([two_share(one) for one in null])
    beats = value > float(np.quantile(chance, 0.975))
    barrier = _barrier(subject, rows)
    return Finding(
        verdict=verdict_of(value >= bars["share"], beats),
        value=list(whole),
        at_step=subject.last,
        series=line("1.2a", shares),
        controls=[flat("random_walk", quantiles(chance)), flat("barrier", barrier)],
        p=p_above(value, chance),
        numbers={
            "walk": float(chance.mean()),
            "dims": dims,
            "walk_dims": walk_dims,
            "checkpoints": len(subject.every),
            "weights": f"{rows.shape[1]:,}",
            "barrier": barrier,
        },
        view={"inside": "way"},
    )


def flat_weights(network: Network) -> Tensor:
    """All weights in a row [p]."""
    return torch.cat([one.detach().float().flatten() for one in network.weights().values()])


def block_grams(rows: Tensor) -> Doubles:
    """The inner products of rows [n, p] over each block of neighboring weights [block, n, n]."""
    blocks = torch.tensor_split(rows, min(BLOCKS, rows.shape[1]), dim=1)
    return np.stack([np.asarray((one @ one.T).double().numpy()) for one in blocks])


def share_by_blocks(grams: Doubles) -> Triple:
    """The share of the variance in two directions, blocks of weights drawn again for its bounds."""
    counts = resamples(len(grams), DRAWS, np.random.default_rng(0))
    draws = np.array([two_share(np.tensordot(one, grams, axes=1)) for one in counts])
    return triple(packed(two_share(grams.sum(axis=0)), draws))


def spectrum(gram: Doubles) -> Doubles:
    """The principal variances of points by their inner products, largest first."""
    center = np.eye(len(gram)) - 1 / len(gram)
    values = np.linalg.eigvalsh(center @ gram @ center)[::-1]
    return np.asarray(np.maximum(values, 0), dtype=np.float64)


def two_share(gram: Doubles) -> float:
    """The share of the variance that two directions hold."""
    values = spectrum(gram)
    return float(values[:2].sum() / max(float(values.sum()), 1e-300))


def dimensions(gram: Doubles) -> int:
    """How many directions hold 90 % of the variance."""
    values = spectrum(gram)
    return int(np.searchsorted(np.cumsum(values) / values.sum(), 0.9) + 1)


def random_walks(lengths: Doubles, width: int) -> list[Doubles]:
    """Inner products of the places of random walks with steps so long."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(WALKS):
        steps = rng.normal(size=(len(lengths), width))
        steps *= (lengths / np.linalg.norm(steps, axis=1))[:, None]
        places = np.concatenate([np.zeros((1, width)), np.cumsum(steps, axis=0)])
        found.append(places @ places.T)
    return found


def _barrier(subject: Subject, rows: Tensor) -> float:
    """How far the loss rises above the straight line between its ends, from the first checkpoint
    to the last, in nats.
    """
    network, batch = subject.network(subject.last), batch_of(subject)
    way = dict(_unflat(network, rows[0] - rows[-1]))
    shares = np.linspace(0, 1, 7)
    found = []
    for share in shares:
        with nudged(network, way, float(share)):
            found.append(float(loss_array(network, batch).mean()))
    straight = np.interp(shares, [0, 1], [found[0], found[-1]])
    return float(max(0.0, (np.array(found) - straight).max()))


def _unflat(network: Network, row: Tensor) -> list[tuple[str, Tensor]]:
    found, start = [], 0
    for name, weight in network.weights().items():
        found.append((name, row[start : start + weight.numel()].view_as(weight)))
        start += weight.numel()
    return found


def loss_shapes(subject: Subject, bars: Mapping[str, float]) -> Finding:
    """1.2d: changes of the loss with changes of dimension and of curvature."""
    subject.need_steps(8)
    batch = batch_of(subject)
    rows = np.array([_three(subject, step, batch) for step in subject.every])
    moves = np.diff(rows, axis=0)
    known = np.isfinite(moves).all(axis=1)
    if known.sum() < LEAST:
        raise Untestable("one_step", count=8)
    moves = moves[known]
    both = [spearman(moves[:, 0], moves[:, n]) for n in (1, 2)]
    top = int(np.argmax(np.abs(both)))
    value = both[top]
    rng = np.random.default_rng(0)
    orders = [rng.permutation(len(moves)) for _ in range(ORDERS)]
    null = np.array([max(abs(spearman(moves[o, 0], moves[:, n])) for n in (1, 2)) for o in orders])
    spread = _boot(moves[:, 0], moves[:, 1 + top])
    p = p_above(abs(value), null)
    names = ("dimension", "curvature")
    return Finding(
        verdict=verdict_of(abs(value) >= bars["correlation"], p <= 0.05),
        value=[value, *spread],
        at_step=subject.last,
        series=line(
            "1.2d", {s: (float(r[1]), NAN, NAN) for s, r in zip(subject.every, rows, strict=True)}
        ),
        controls=[
            flat("order", quantiles(null)),
            flat("curvature", (both[1 - top], NAN, NAN)),
        ],
        p=p,
        numbers={
            "which": names[top],
            "dimension": both[0],
            "curvature": both[1],
            "chance": float(np.quantile(null, 0.95)),
            "changes": len(moves),
            "first": float(rows[0, 1]),
            "end": float(rows[-1, 1]),
        },
        view={"curves": "1"},
    )


def _three(subject: Subject, step: int, batch: Batch) -> tuple[float, float, float]:
    """Loss, intrinsic dimension at the last site, and curvature at the middle one."""
    loss = float(loss_array(subject.network(step), batch).mean())
    states = normalized(subject.raw(step))
    distances = nearest_self(np.ascontiguousarray(states[-1]), 16)[1]
    twins = np.mean(distances[:, 0] == 0) > 0.1
    dimension = NAN if twins else gride(distances, 8).value
    bend = curvature(states)[max(1, min(subject.middle, len(states) - 2))].value
    return loss, dimension, bend


def _boot(one: Doubles, other: Doubles) -> tuple[float, float]:
    """95 % bounds of a rank correlation by drawing pairs again."""
    rng = np.random.default_rng(0)
    draws = []
    for _ in range(400):
        chosen = rng.integers(len(one), size=len(one))
        draws.append(spearman(one[chosen], other[chosen]))
    low, high = np.nanquantile(draws, (0.025, 0.975))
    return float(low), float(high)


def least_energy(subject: Subject, bars: Mapping[str, float]) -> Finding:
    """2.5c: in how many random directions the loss rises, and what −gradient still takes off."""
    batch = batch_of(subject).part(slice(ROWS))
    found = {step: rises(subject.network(step), batch) for step in subject.steps}
    value = mean_of(found[subject.last])
    falls = {step: line_search(subject.network(step), batch) for step in subject.steps}
    fall, early = falls[subject.last], falls[subject.steps[len(subject.steps) // 2]]
    rising = value[0] >= bars["rising"]
    lowest = rising and fall < bars["fall"]
    return Finding(
        verdict=verdict_of(lowest, lowest, weaker=rising),
        value=list(value),
        at_step=subject.last,
        series=line("2.5c", {step: mean_of(one) for step, one in found.items()}),
        controls=[
            line("line_search", {step: (one, NAN, NAN) for step, one in falls.items()}),
        ],
        p=0.5 ** int(found[subject.last].sum()) if rising else 1.0,
        numbers={"fall": fall, "early": early, "directions": DIRECTIONS},
        view={"inside": "way"},
    )


def rises(network: Network, batch: Batch) -> Doubles:
    """1 for each random direction, filter by filter as long as the weights, in which the loss rises
    on both sides.
    """
    generator = torch.Generator().manual_seed(0)
    here = float(loss_array(network, batch).mean())
    found = []
    for _ in range(DIRECTIONS):
        motion = {
            name: filtered(weight.detach().float(), generator)
            for name, weight in network.weights().items()
            if weight.dim() == 2
        }
        sides = []
        for side in (REACH, -REACH):
            with nudged(network, motion, side):
                sides.append(float(loss_array(network, batch).mean()))
        found.append(float(min(sides) > here))
    return np.array(found)


def filtered(weight: Tensor, generator: torch.Generator) -> Tensor:
    """A random matrix whose rows are as long as the weight's (Li et al. 2018)."""
    drawn = torch.randn(weight.shape, generator=generator)
    found: Tensor = drawn * (weight.norm(dim=1, keepdim=True) / drawn.norm(dim=1, keepdim=True))
    return found


def line_search(network: Network, batch: Batch) -> float:
    """The largest share of the loss that a step along −gradient takes off."""
    grads = weight_gradients(network, batch)
    size = length({name: one.detach() for name, one in network.weights().items()})
    here = float(loss_array(network, batch).mean())
    best = here
    for share in SEARCH:
        with nudged(network, scaled(grads, share * size), -1.0):
            best = min(best, float(loss_array(network, batch).mean()))
    return (here - best) / max(here, 1e-12)
