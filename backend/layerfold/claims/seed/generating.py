"""1.3c: whether generation depends on the present state alone, and stays in the cloud."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import torch
from torch import Tensor

from layerfold.claims.seed.finding import (
    Finding,
    Untestable,
    flat,
    line,
    mean_draws,
    mean_of,
    p_of,
    verdict_of,
)
from layerfold.claims.seed.losses import batch_of, loss_array
from layerfold.claims.seed.subject import Subject
from layerfold.interp.interval import Doubles
from layerfold.model.edits import Edit
from layerfold.records import normalized
from layerfold.space.neighbors import Index
from layerfold.space.outside import own_distances, percentile

TEXTS: Final = 16
LENGTH: Final = 24
Rows = np.ndarray


class Blind:
    """A pattern in which every token from a place on sees only itself and one other: the token
    before, or, at ``random``, an earlier one. Shares are made to sum to 1 again.
    """

    def __init__(self, length: int, random: bool = False) -> None:
        rng = np.random.default_rng(0)
        seen = np.eye(length)
        for n in range(1, length):
            seen[n, rng.integers(n) if random else n - 1] = 1
        self.seen = torch.from_numpy(seen).float()

    def __call__(self, x: Tensor) -> Tensor:
        """The last row of every pattern blinded; the others, which give the states that it sees,
        as they were."""
        rows = x.clone()
        last = x[..., -1, :] * self.seen[-1].to(x)
        rows[..., -1, :] = last / last.sum(dim=-1, keepdim=True).clamp_min(1e-12)
        return rows


def markov_walk(subject: Subject, bars: Mapping[str, float]) -> Finding:
    """Nats lost when the next token may see the present state only; off-cloud percentiles."""
    adapter = subject.adapter(subject.last)
    if not (adapter.unembeds and adapter.causal):
        raise Untestable("no_predict")
    found = {step: _lost(subject, step) for step in subject.steps}
    value = mean_of(found[subject.last])
    random = mean_of(_lost(subject, subject.last, random=True))
    off = _percentiles(subject)
    gap, gaps = mean_draws(off["shuffled"] - off["generated"])
    inside = gap[1] > 0
    markov = value[0] <= bars["nats"]
    return Finding(
        verdict=verdict_of(markov and inside, markov, weaker=inside),
        value=list(value),
        at_step=subject.last,
        series=line("1.3c", {step: mean_of(one) for step, one in found.items()}),
        controls=[
            flat("random_dropped", random),
            flat("generated", mean_of(off["generated"])),
            flat("natural", mean_of(off["natural"])),
            flat("shuffled_percentile", mean_of(off["shuffled"])),
        ],
        p=p_of(gaps),
        numbers={
            "generated": float(off["generated"].mean()),
            "natural": float(off["natural"].mean()),
            "shuffled": float(off["shuffled"].mean()),
            "site": subject.sites[subject.late],
        },
        view={"inside": "walk", "site": subject.sites[subject.late]},
    )


def _lost(subject: Subject, step: int, random: bool = False) -> Doubles:
    """The extra loss of the last token of each sequence, cut to a few lengths [sequence]."""
    network, batch = subject.network(step), batch_of(subject)
    width, count = batch.ids.shape[1], batch.targets.shape[1]
    ends = [width] if count == 1 else sorted({max(4, width // 2), max(4, 3 * width // 4), width})
    found = []
    for end in ends:
        part = type(batch)(batch.ids[:, :end], batch.targets[:, : count - width + end][:, -1:])
        edits = [Edit(f"L{n}.attn.pattern", Blind(end, random)) for n in range(subject.run.n_layer)]
        found.append(loss_array(network, part, edits) - loss_array(network, part))
    return np.asarray(np.concatenate(found, axis=1).mean(axis=1), dtype=np.float64)


def _percentiles(subject: Subject) -> dict[str, Doubles]:
    """The mean off-cloud percentile of each text: natural, generated from its first tokens, and
    shuffled [text].
    """
    adapter = subject.adapter(subject.last)
    rows = batch_of(subject).ids[:TEXTS, :LENGTH].numpy()
    start = max(1, min(6, rows.shape[1] // 2))
    rng = np.random.default_rng(0)
    written = rows[:, :start].copy()
    while written.shape[1] < rows.shape[1]:
        logits = adapter.unembed(adapter.batch_states(written.astype(np.int32))[-1][:, -1])
        shares = np.exp(logits - logits.max(axis=1, keepdims=True)).astype(np.float64)
        shares /= shares.sum(axis=1, keepdims=True)
        drawn = [rng.choice(len(one), p=one) for one in shares]
        written = np.concatenate([written, np.array(drawn)[:, None]], axis=1)
    mixed = rng.permuted(rows, axis=1)
    cloud = Index.of(subject.states(subject.last)[subject.late])
    own = own_distances(cloud)
    found = {}
    for name, one in (("natural", rows), ("generated", written), ("shuffled", mixed)):
        raw = adapter.batch_states(one.astype(np.int32))[subject.late][:, start:]
        states = normalized(raw)
        away = cloud.nearest(states.reshape(-1, states.shape[-1]), 1)[1][:, 0]
        found[name] = percentile(away, own).reshape(states.shape[:2]).mean(axis=1).astype(float)
    return found
