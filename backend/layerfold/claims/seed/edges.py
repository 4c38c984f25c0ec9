"""1.5a and 1.5b: whether what lies near the cloud is handled well, and what flips a prediction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from layerfold.claims.seed.finding import (
    NAN,
    Finding,
    Triple,
    Untestable,
    by_sites,
    flat,
    line,
    mean_of,
    p_above,
    quantiles,
    verdict_of,
)
from layerfold.claims.seed.losses import Batch, batch_of, loss_array
from layerfold.claims.seed.subject import Subject
from layerfold.geometry.trust import correlation
from layerfold.interp.interval import REACH, Doubles, auroc
from layerfold.model.edits import Add, Edit
from layerfold.model.forward import array, run
from layerfold.model.network import Network
from layerfold.records import Floats, normalized
from layerfold.space.neighbors import Index
from layerfold.space.outside import own_distances, percentile

DRAWS: Final = 300
FLIPS: Final = 32  # tokens that are pushed
FEW: Final = 3  # checkpoints at which they are: each takes its time
TANGENT: Final = 40  # neighbors that a tangent space is made of
SHARE: Final = 0.9  # of their variance that it holds
SIZES: Final = tuple(float(x) for x in np.geomspace(0.002, 4, 16))  # of the state's length


def near_is_known(subject: Subject, bars: Mapping[str, float]) -> Finding:
    """1.5a: off-cloud percentile against the loss of what follows, circumstances held."""
    batch = batch_of(subject)
    found = {step: _off_and_loss(subject, step, batch) for step in subject.steps}
    off, loss = found[subject.last]
    kept = _circumstances(subject, batch)
    values = [_partial(one, loss, kept) for one in off]
    value, null = values[subject.late], _shuffled(off[subject.late], loss, kept)
    mixed = _mixed(batch)
    off_mixed, loss_mixed = _off_and_loss(subject, subject.last, mixed)
    p = p_above(value[0], null)
    return Finding(
        verdict=verdict_of(value[0] >= bars["correlation"], p <= 0.05),
        value=list(value),
        at_step=subject.last,
        series=line(
            "1.5a", {s: _partial(o[subject.late], one, kept) for s, (o, one) in found.items()}
        ),
        controls=[
            flat("shuffled_within", quantiles(null)),
            flat("auroc_outside", _area(off[subject.late], off_mixed[subject.late])),
            flat("auroc_loss", _area(loss, loss_mixed)),
        ],
        by_site=by_sites(subject.sites, values),
        p=p,
        numbers={
            "site": subject.sites[subject.late],
            "outside": _area(off[subject.late], off_mixed[subject.late]),
            "loss": _area(loss, loss_mixed),
            "tokens": loss.size,
            "last": values[-1][0],
        },
        view={"site": subject.sites[subject.late], "colour": "trust"},
    )


def _off_and_loss(subject: Subject, step: int, batch: Batch) -> tuple[Doubles, Doubles]:
    """Off-cloud percentiles [site, b, t] and losses [b, t] of the tokens with a target."""
    count = batch.targets.shape[1]
    raw = subject.adapter(step).batch_states(batch.ids.numpy().astype(np.int32))[:, :, -count:]
    states, cloud = normalized(raw), subject.states(step)
    found = np.empty(raw.shape[:3])
    for s, site in enumerate(states):
        index = Index.of(cloud[s])
        away = index.nearest(site.reshape(-1, site.shape[-1]), 1)[1][:, 0]
        found[s] = percentile(away, own_distances(index)).reshape(site.shape[:2])
    return found, loss_array(subject.network(step), batch)


def _mixed(batch: Batch) -> Batch:
    """The same sequences with their tokens in a random order."""
    rows = torch.cat([batch.ids, batch.targets[:, -1:]], dim=1).numpy()
    rows = np.random.default_rng(0).permuted(rows, axis=1)
    ids = torch.from_numpy(rows[:, :-1].copy())
    return Batch(ids, torch.from_numpy(rows[:, 1:].copy())[:, -batch.targets.shape[1] :])


def _circumstances(subject: Subject, batch: Batch) -> Doubles:
    """Ranks of log frequency and of position of each token with a target [b·t, 2]."""
    count = batch.targets.shape[1]
    ids = batch.ids[:, -count:].numpy()
    whole = subject.opened.atlas.reference.windows
    often = np.bincount(whole[whole >= 0], minlength=subject.run.n_vocab)[ids]
    place = np.broadcast_to(np.arange(count), ids.shape)
    return np.stack([_ranks(often.ravel()), _ranks(place.ravel())], axis=1)


def _ranks(values: NDArray[np.floating] | NDArray[np.integer]) -> Doubles:
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[which], dtype=np.float64)


def _freed(values: Doubles, kept: Doubles) -> Doubles:
    """The ranks of values less what circumstances and their squares say of them."""
    columns = np.concatenate([np.ones((len(kept), 1)), kept, np.square(kept)], axis=1)
    columns /= np.maximum(columns.max(axis=0), 1)
    ranks = _ranks(values)
    return np.asarray(ranks - columns @ np.linalg.lstsq(columns, ranks, rcond=None)[0])


def _partial(off: Doubles, loss: Doubles, kept: Doubles) -> Triple:
    """The partial rank correlation with a bootstrap over texts."""
    one, other = _freed(off.ravel(), kept), _freed(loss.ravel(), kept)
    value = correlation(one, other)
    if not np.isfinite(value):
        return (NAN, NAN, NAN)
    rows, columns = one.reshape(off.shape), other.reshape(off.shape)
    rng = np.random.default_rng(0)
    draws = []
    for _ in range(DRAWS):
        chosen = rng.integers(len(rows), size=len(rows))
        draws.append(correlation(rows[chosen].ravel(), columns[chosen].ravel()))
    spread = REACH * float(np.nanstd(draws))
    return (value, value - spread, value + spread)


def _shuffled(off: Doubles, loss: Doubles, kept: Doubles) -> Doubles:
    """The correlation with percentiles shuffled within each text (over texts where each has one
    token) [draw].
    """
    one = _freed(off.ravel(), kept).reshape(off.shape)
    other = _freed(loss.ravel(), kept)
    rng = np.random.default_rng(0)
    axis = 1 if off.shape[1] > 2 else 0
    return np.array(
        [correlation(rng.permuted(one, axis=axis).ravel(), other) for _ in range(DRAWS)]
    )


def _area(natural: Doubles, mixed: Doubles) -> float:
    return auroc(natural.ravel(), mixed.ravel())


# ---- what flips a prediction


def adversarial_leaves(subject: Subject, bars: Mapping[str, float]) -> Finding:
    """1.5b: the smallest flip in the tangent space over the smallest in the normal space."""
    found = {step: flips(subject, step) for step in subject.spread(FEW)}
    here = found[subject.last]
    by_step = {step: _longer(one) for step, one in found.items()}
    value = by_step[subject.last]
    logs = np.log(here["tangent"] / here["normal"])
    random = {name: _median(here[f"random_{name}"] / here[name]) for name in ("tangent", "normal")}
    beats = value[1] > bars["ratio"]
    shorter = min(random.values()) > 1
    wins = int((logs > 0).sum())
    return Finding(
        verdict=verdict_of(beats and shorter, beats, weaker=False),
        value=list(value),
        at_step=subject.last,
        series=line("1.5b", by_step),
        controls=[
            line("random_normal", {step: _random_off(one) for step, one in found.items()}),
        ],
        p=_binomial(wins, int((logs != 0).sum())),
        numbers={
            "site": subject.sites[subject.middle],
            "tangent": _median(here["tangent"]),
            "normal": _median(here["normal"]),
            "dims": float(here["dims"].mean()),
            "tokens": len(logs),
            "random": random["normal"],
        },
        view={"site": subject.sites[subject.middle], "inside": "push"},
    )


def _longer(flip: dict[str, Doubles]) -> Triple:
    """How many times as long a flip in the tangent space is, geometric mean over tokens."""
    mean, low, high = np.exp(mean_of(np.log(flip["tangent"] / flip["normal"])))
    return (float(mean), float(low), float(high))


def _random_off(flip: dict[str, Doubles]) -> Triple:
    """How many times as long a random flip off the tangent space is as the gradient's."""
    return (_median(flip["random_normal"] / flip["normal"]), NAN, NAN)


def _median(values: Doubles) -> float:
    return float(np.nanmedian(values))


def _binomial(wins: int, count: int) -> float:
    """One-sided p of a fair coin."""
    from scipy.stats import binomtest

    return float(binomtest(wins, count, 0.5, alternative="greater").pvalue) if count else 1.0


@dataclass(frozen=True)
class Pushed:
    """Tokens whose states are pushed: their sequences and ``places`` [n], the ``site``, the
    ``lengths`` of their states, and what was predicted [n].
    """

    ids: NDArray[np.int64]
    places: NDArray[np.int64]
    site: str
    lengths: Doubles
    said: NDArray[np.int64]

    def smallest(self, network: Network, directions: Doubles) -> Doubles:
        """The smallest size, over the state's length, at which each direction [n, d] flips the
        prediction; twice the largest tried where none does.
        """
        found = np.full(len(self.ids), 2 * SIZES[-1])
        units = directions / np.maximum(np.linalg.norm(directions, axis=1, keepdims=True), 1e-12)
        for size in reversed(SIZES):
            moves = units * (size * self.lengths)[:, None]
            found[self.predicted(network, moves) != self.said] = size
        return found

    def predicted(self, network: Network, moves: Doubles) -> NDArray[np.int64]:
        """The likeliest next token of each once its state is moved [n]."""
        change = torch.zeros(*self.ids.shape, moves.shape[1])
        rows = torch.arange(len(self.ids))
        change[rows, torch.from_numpy(self.places)] = torch.from_numpy(moves).float()
        found = run(network, self.ids, edits=[Edit(self.site, Add(change))]).logits
        if found is None:
            raise Untestable("no_predict")
        return np.asarray(found[rows, self.places].argmax(dim=-1).numpy())


def flips(subject: Subject, step: int) -> dict[str, Doubles]:
    """The smallest flips of each kind [token], and the tangent spaces' ``dims``."""
    network, batch = subject.network(step), batch_of(subject)
    count = batch.targets.shape[1]
    rng = np.random.default_rng(0)
    rows = rng.integers(len(batch.ids), size=FLIPS)
    lag = rng.integers(count, size=FLIPS)
    ids = batch.ids[rows].numpy()
    places = ids.shape[1] - count + lag
    name = network.sites[subject.middle]
    states, grads = _margins(network, ids, places, name)
    cloud = subject.raw(step)[subject.middle].astype(np.float64)
    lengths = np.linalg.norm(states - states.mean(axis=1, keepdims=True), axis=1)
    said = _said(network, ids, places)
    pushed = Pushed(ids, places, name, lengths, said)
    spans = [tangent(cloud, one) for one in states]
    inside = np.stack([(g @ s.T) @ s for g, s in zip(grads, spans, strict=True)])
    drawn = rng.normal(size=grads.shape)
    drawn_in = np.stack([(g @ s.T) @ s for g, s in zip(drawn, spans, strict=True)])
    return {
        "tangent": pushed.smallest(network, inside),
        "normal": pushed.smallest(network, grads - inside),
        "random_tangent": pushed.smallest(network, drawn_in),
        "random_normal": pushed.smallest(network, drawn - drawn_in),
        "dims": np.array([len(s) for s in spans], dtype=np.float64),
    }


def _said(network: Network, ids: NDArray[np.int64], places: NDArray[np.int64]) -> NDArray[np.int64]:
    logits = run(network, ids).logits
    if logits is None:
        raise Untestable("no_predict")
    return np.asarray(logits[torch.arange(len(ids)), places].argmax(dim=-1).numpy())


@torch.inference_mode(False)
def _margins(
    network: Network, ids: NDArray[np.int64], places: NDArray[np.int64], name: str
) -> tuple[Doubles, Doubles]:
    """The states [n, d], and the direction that lowers each prediction's margin over the next
    likeliest fastest [n, d].
    """
    found = run(network, ids, taps=[name], gradients=True)
    logits: Tensor | None = found.logits
    if logits is None:
        raise Untestable("no_predict")
    rows = torch.arange(len(ids))
    with torch.enable_grad():
        best = logits[rows, torch.from_numpy(places)].float().topk(2, dim=-1).values
        (grad,) = torch.autograd.grad((best[:, 1] - best[:, 0]).sum(), [found[name]])
    states: Floats = array(found[name])[np.arange(len(ids)), places]
    away = array(grad)[np.arange(len(ids)), places]
    return states.astype(np.float64), away.astype(np.float64)


def tangent(cloud: Doubles, state: Doubles) -> Doubles:
    """Orthonormal rows of the directions that hold nine tenths of the variance of a state's
    neighbors, at most half of those that they span.
    """
    away = np.square(cloud - state).sum(axis=1)
    near = cloud[np.argsort(away, kind="stable")[:TANGENT]]
    _, sizes, rows = np.linalg.svd(near - near.mean(axis=0), full_matrices=False)
    held = np.cumsum(np.square(sizes)) / max(float(np.square(sizes).sum()), 1e-300)
    count = int(np.searchsorted(held, SHARE) + 1)
    return np.asarray(rows[: max(1, min(count, cloud.shape[1] // 2))])
