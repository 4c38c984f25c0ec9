"""2.1e and 2.1f: what the residual keeps, and what a norm evens out."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Final

import numpy as np
import torch
from torch import nn

from layerfold.claims.seed.finding import (
    NAN,
    Finding,
    Triple,
    Untestable,
    flat,
    line,
    mean_draws,
    mean_of,
    p_of,
    verdict_of,
)
from layerfold.claims.seed.losses import batch_of, losses_from
from layerfold.claims.seed.subject import Subject
from layerfold.geometry.spectrum import participation, spectrum_of
from layerfold.interp.interval import REACH, Doubles
from layerfold.model.edits import Edit, Scale
from layerfold.model.forward import array, run
from layerfold.model.network import Network
from layerfold.records import Floats, Ints, normalized
from layerfold.space.neighbors import nearest_self

NEIGHBORS: Final = 10
AROUND: Final = 24
FLAT: Final = 10
DRAWS: Final = 200


def residual_keeps(subject: Subject, bars: Mapping[str, float]) -> Finding:
    """2.1e: neighbors kept from site to site, beside what the sublayers alone would keep."""
    found = {step: _kept(subject, step) for step in subject.steps}
    kept, alone = found[subject.last]
    value, other = _mean(subject, kept), _mean(subject, alone)
    _, gap = mean_draws((kept - alone).mean(axis=0), subject.reference.window)
    ranks = {factor: _rank(subject, factor) for factor in (1.0, 0.5, 0.0)}
    pulls = {factor: _pull(subject, factor) for factor in (1.0, 0.0)}
    beats = p_of(gap) <= 0.025
    by_step = {step: _mean(subject, one[0]) for step, one in found.items()}
    return Finding(
        verdict=verdict_of(value[0] >= bars["kept"], beats),
        value=list(value),
        at_step=subject.last,
        series=line("2.1e", by_step),
        controls=[
            line("sublayer", {step: _mean(subject, one[1]) for step, one in found.items()}),
            flat("half_residual", ranks[0.5] / ranks[1.0]),
            flat("no_residual", ranks[0.0] / ranks[1.0]),
            flat("no_residual_gradient", pulls[0.0] / max(pulls[1.0], 1e-30)),
            flat("step0", by_step[subject.first]),
        ],
        p=p_of(gap),
        numbers={
            "alone": other[0],
            "whole": ranks[1.0],
            "none": ranks[0.0],
            "pull": pulls[0.0] / max(pulls[1.0], 1e-30),
            "weakest": float(kept.mean(axis=1).min()),
            "weakest_site": subject.sites[1 + int(kept.mean(axis=1).argmin())],
        },
        view={"site": subject.sites[subject.middle], "trails": "1"},
    )


def _mean(subject: Subject, shares: Doubles) -> Triple:
    """The mean of shares [site, token] with its bounds over windows."""
    return mean_of(shares.mean(axis=0), subject.reference.window)


def _kept(subject: Subject, step: int) -> tuple[Doubles, Doubles]:
    """The share of each token's neighbors kept from a site to the next [site - 1, token], and what
    of them is in the sublayer's own output.
    """
    raw = subject.raw(step)
    states = normalized(raw)
    near = [nearest_self(np.ascontiguousarray(one), NEIGHBORS)[0] for one in states]
    alone = [
        nearest_self(np.ascontiguousarray(normalized(after - before)), NEIGHBORS)[0]
        for before, after in pairwise(raw)
    ]
    pairs = zip(near[:-1], near[1:], alone, strict=True)
    kept = [(shared(a, b), shared(a, c)) for a, b, c in pairs]
    return np.stack([one[0] for one in kept]), np.stack([one[1] for one in kept])


def shared(one: Ints, other: Ints) -> Doubles:
    """The share of each token's neighbors in one list that are in the other's [token]."""
    return np.asarray((one[:, :, None] == other[:, None, :]).any(axis=2).mean(axis=1))


def _edits(network: Network, factor: float) -> list[Edit]:
    """The residual past attention of every layer, so many times."""
    if network.missing("L0.skip"):
        raise Untestable("unread", reason=network.missing("L0.skip"))
    return [Edit(f"L{n}.skip", Scale(factor)) for n in range(network.n_layer)]


def _rank(subject: Subject, factor: float) -> float:
    """The participation ratio of the last states with the residual so many times."""
    network = subject.network(subject.last)
    last = network.sites[-1]
    found = run(network, subject.windows, taps=[last], edits=_edits(network, factor), last=0)[last]
    states = normalized(array(found).reshape(-1, found.shape[-1]))
    return float(participation(spectrum_of(states)).value)


@torch.inference_mode(False)
def _pull(subject: Subject, factor: float) -> float:
    """The length of the loss's gradient at the embedding with the residual so many times."""
    network, batch = subject.network(subject.last), batch_of(subject)
    found = run(
        network,
        batch.ids.numpy(),
        taps=["embed"],
        edits=_edits(network, factor),
        gradients=True,
    )
    with torch.enable_grad():
        (grad,) = torch.autograd.grad(losses_from(found, batch).mean(), [found["embed"]])
    return float(grad.norm())


def norm_evens(subject: Subject, bars: Mapping[str, float]) -> Finding:
    """2.1f: the spread of local curvature after each layer's norms over that before."""
    if not subject.run.card["architecture"].get("norm", True):
        raise Untestable("no_norm")
    found = {step: _spreads(subject, step) for step in subject.steps}
    logs, draws, lengths = found[subject.last]
    by_step = {step: _geometric(*one[:2]) for step, one in found.items()}
    bounds = by_step[subject.last]
    return Finding(
        verdict=verdict_of(bounds[2] < bars["ratio"], bounds[2] < bars["ratio"]),
        value=list(bounds),
        at_step=subject.last,
        series=line("2.1f", by_step),
        controls=[
            flat("affine", 1.0),
            line("norms", {step: (one[2], NAN, NAN) for step, one in found.items()}),
        ],
        p=p_of(-draws),
        numbers={"lengths": lengths, "norms": len(logs), "least": float(np.exp(logs.min()))},
        view={"site": subject.sites[subject.middle]},
    )


def _geometric(logs: Doubles, draws: Doubles) -> Triple:
    """The geometric mean of ratios by their logarithms, with its bounds."""
    value, reach = float(np.exp(logs.mean())), float(np.exp(REACH * draws.std()))
    return (value, value / reach, value * reach)


def norms_of(network: Network) -> list[nn.Module]:
    """What stands before each half of each layer: its norm."""
    gpt = getattr(network, "gpt", None)
    if gpt is None:
        raise Untestable("norms_unread")
    return [one for block in gpt.blocks for one in (block.norm_mid, block.norm_post)]


def _spreads(subject: Subject, step: int) -> tuple[Doubles, Doubles, float]:
    """Logarithms of the spread of curvature after over before [norm], the bootstrap's draws of
    their mean, and the geometric mean of the same of lengths.
    """
    rng = np.random.default_rng(0)
    raw = subject.raw(step)
    counts = rng.integers(raw.shape[1], size=(DRAWS, raw.shape[1]))
    logs, draws, lengths = [], [], []
    for norm, states in zip(norms_of(subject.network(step)), raw, strict=False):
        with torch.inference_mode():
            after = norm(torch.from_numpy(states.copy())).numpy()
        pair = [curvatures(one) for one in (states, after)]
        logs.append(np.log(_variation(pair[1]) / _variation(pair[0])))
        draws.append([np.log(_variation(pair[1][c]) / _variation(pair[0][c])) for c in counts])
        sizes = [np.linalg.norm(one - one.mean(axis=0), axis=1) for one in (states, after)]
        lengths.append(np.log(_variation(sizes[1]) / _variation(sizes[0])))
    return np.array(logs), np.mean(draws, axis=0), float(np.exp(np.mean(lengths)))


def _variation(values: Floats | Doubles) -> float:
    return float(values.std() / max(float(values.mean()), 1e-12))


def curvatures(states: Floats) -> Doubles:
    """The share of the variance of each state's neighbors outside their ten leading directions
    [n].
    """
    near = nearest_self(np.ascontiguousarray(states), AROUND)[0]
    around = states[near].astype(np.float64)
    around -= around.mean(axis=1, keepdims=True)
    grams = around @ around.transpose(0, 2, 1)
    values = np.maximum(np.linalg.eigvalsh(grams), 0)
    total = np.maximum(values.sum(axis=1), 1e-300)
    return np.asarray(1 - values[:, -FLAT:].sum(axis=1) / total)
