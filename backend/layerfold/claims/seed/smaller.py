"""1.5c: what fewer bits and fewer weights cost, beside noise of the same size."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import numpy as np

from layerfold.claims.seed.finding import Finding, Triple, flat, line, mean_of, verdict_of
from layerfold.claims.seed.losses import batch_of, loss_array
from layerfold.claims.seed.subject import Subject
from layerfold.interp.changes import Change, applied
from layerfold.interp.interval import Doubles

NOISES: Final = 3
WHOLE: Final = (Change("bits", 16), Change("rank", 100_000))


def room_to_shrink(subject: Subject, bars: Mapping[str, float]) -> Finding:
    """Extra nats of few bits and of half the weights by step."""
    few, half = Change("bits", bars["bits"]), Change("sparsity", bars["sparsity"])
    found = {step: cost(subject, step, few) for step in subject.steps}
    value = mean_of(found[subject.last])
    noise = noise_cost(subject, few)
    thinned = mean_of(cost(subject, subject.last, half))
    thin_noise = noise_cost(subject, half)
    coarse = {step: mean_of(cost(subject, step, Change("bits", 3))) for step in subject.steps}
    exact = all(not cost(subject, subject.last, one).any() for one in WHOLE)
    cheap = value[0] <= bars["damage"], thinned[0] <= bars["thinned"]
    less = value[0] < noise.mean() or value[0] <= 0, thinned[0] < thin_noise.mean()
    return Finding(
        verdict=verdict_of(all(cheap) and all(less) and exact, any(cheap)),
        value=list(value),
        at_step=subject.last,
        series=line("1.5c", {step: mean_of(one) for step, one in found.items()}),
        controls=[
            flat("noise", mean_of(noise)),
            flat("thinned", thinned),
            line("bits3", coarse),
        ],
        p=None,
        numbers=_told(value, thinned, noise, thin_noise)
        | {
            "bits3_first": coarse[subject.first][0],
            "bits3": coarse[subject.last][0],
            "exact": "yes" if exact else "no",
        },
        view={"curves": "1"},
    )


def _told(
    value: Triple, thinned: Triple, noise: Doubles, thin_noise: Doubles
) -> dict[str, float | str]:
    return {
        "value": value[0],
        "noise": float(noise.mean()),
        "thinned": thinned[0],
        "thin_noise": float(thin_noise.mean()),
    }


def cost(subject: Subject, step: int, change: Change, noise: int | None = None) -> Doubles:
    """The extra loss of each sequence, in nats a token [b]."""
    adapter, batch = subject.adapter(step), batch_of(subject)
    network = subject.network(step)
    before = whole_loss(subject, step)
    with applied(adapter, change, (), noise):
        after = loss_array(network, batch)
    return np.asarray((after - before).mean(axis=1))


@lru_cache(maxsize=8)
def whole_loss(subject: Subject, step: int) -> Doubles:
    """The losses of the model as it is [b, t]."""
    return loss_array(subject.network(step), batch_of(subject))


def noise_cost(subject: Subject, change: Change) -> Doubles:
    """The same of noise as large as the change, mean over several draws [b]."""
    found = [cost(subject, subject.last, change, seed) for seed in range(NOISES)]
    return np.asarray(np.mean(found, axis=0), dtype=np.float64)
