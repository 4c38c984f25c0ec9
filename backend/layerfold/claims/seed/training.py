"""2.3a and 2.3c: short trainings with and without momentum, with and without weight decay."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from layerfold.claims.seed.finding import (
    Finding,
    Triple,
    Untestable,
    flat,
    line,
    mean_of,
    p_of,
    verdict_of,
)
from layerfold.claims.seed.losses import Batch, batch_of
from layerfold.claims.seed.subject import Subject
from layerfold.interp.interval import Doubles
from layerfold.interp.optimizer_step import batch_loss
from layerfold.model.forward import gpt_of
from layerfold.model.gpt import GPT
from layerfold.model.shape import GPTConfig

SEEDS: Final = 5
STEPS: Final = 30
RATES: Final = (0.03, 0.1, 0.3, 1.0)
MOMENTUM: Final = 0.9
SIZE: Final = 8  # sequences of a step

PRIME: Final = 23
LEARNED: Final = 0.5  # of all sums
EPOCHS: Final = 800
DECAYS: Final = (0.0, 0.1, 1.0)


@dataclass(frozen=True)
class Course:
    """One short training: the loss of its whole batch at the ``last`` step, and the mean ``cosine``
    of successive steps.
    """

    last: float
    cosine: float


def momentum_damps(subject: Subject, bars: Mapping[str, float]) -> Finding:
    """2.3a: loss without less loss with momentum, each at its own best rate."""
    subject.need_steps(3)
    start = subject.steps[len(subject.steps) // 3]
    model, batch = gpt_of(subject.adapter(start)), batch_of(subject)
    found = {momentum: best_courses(model, batch, momentum) for momentum in (0.0, MOMENTUM)}
    gains = np.array([a.last - b.last for a, b in zip(found[0.0], found[MOMENTUM], strict=True)])
    turns = {name: np.array([one.cosine for one in rows]) for name, rows in found.items()}
    value, draws = seeds_interval(gains)
    damped = float(turns[MOMENTUM].mean()) > float(turns[0.0].mean())
    beats = value[1] > bars["nats"]
    return Finding(
        verdict=verdict_of(beats and damped, beats or (damped and value[0] > 0)),
        value=list(value),
        at_step=start,
        series=line("2.3a", {start: value}),
        controls=[
            flat("turning_with", mean_of(turns[MOMENTUM])),
            flat("turning_without", mean_of(turns[0.0])),
        ],
        p=p_of(draws, bars["nats"]),
        numbers={
            "with": float(np.mean([one.last for one in found[MOMENTUM]])),
            "without": float(np.mean([one.last for one in found[0.0]])),
            "turn_with": float(turns[MOMENTUM].mean()),
            "turn_without": float(turns[0.0].mean()),
        },
        view={"inside": "step"},
    )


def seeds_interval(values: Doubles) -> tuple[Triple, Doubles]:
    """The mean over a few seeds with its interval by Student's t, and draws of it."""
    from scipy.stats import t

    with np.errstate(invalid="ignore"):  # a training that diverges leaves no number
        mean, error = float(values.mean()), float(values.std(ddof=1)) / len(values) ** 0.5
    reach = float(t.ppf(0.975, len(values) - 1)) * error
    draws = mean + error * t.rvs(len(values) - 1, size=2000, random_state=0)
    return (mean, mean - reach, mean + reach), np.asarray(draws)


def best_courses(model: GPT, batch: Batch, momentum: float) -> list[Course]:
    """Five trainings at the rate that is best on the first two orders of batches."""
    scores = {
        rate: np.mean([course_of(model, batch, rate, momentum, seed).last for seed in (90, 91)])
        for rate in RATES
    }
    rate = min(scores, key=lambda one: float(np.nan_to_num(scores[one], nan=np.inf)))
    return [course_of(model, batch, rate, momentum, seed) for seed in range(SEEDS)]


@torch.inference_mode(False)
def course_of(model: GPT, batch: Batch, rate: float, momentum: float, seed: int) -> Course:
    """A training goes on for a few steps of SGD; a step of momentum is (1 − β) of its sum."""
    here = deepcopy(model).train()
    for weight in here.parameters():
        weight.requires_grad_(True)
    optimizer = torch.optim.SGD(here.parameters(), lr=rate * (1 - momentum), momentum=momentum)
    rng = np.random.default_rng(seed)
    found, cosines, before = [], [], None
    for _ in range(STEPS):
        rows = torch.from_numpy(rng.permutation(len(batch.ids))[:SIZE])
        optimizer.zero_grad()
        with torch.enable_grad():
            loss = batch_loss(here, batch.ids[rows], batch.targets[rows])
            loss.backward()  # type: ignore[no-untyped-call]
        old = _row(here)
        optimizer.step()
        move = _row(here) - old
        if before is not None:
            cosines.append(float(F.cosine_similarity(move, before, dim=0)))
        before = move
        found.append(float(loss.detach()))
    with torch.no_grad():
        final = float(batch_loss(here, batch.ids, batch.targets))
    return Course(final if np.isfinite(final) else np.inf, float(np.mean(cosines)))


def _row(model: GPT) -> Tensor:
    return torch.cat([one.detach().flatten() for one in model.parameters()])


def decay_prevents(subject: Subject, bars: Mapping[str, float]) -> Finding:
    """2.3c: the gap of test and training loss without decay less the gap with it."""
    if subject.run.card.get("task", {}).get("name") != "modular-addition":
        raise Untestable("no_task")
    found = {decay: np.array([gap_of(decay, seed) for seed in range(SEEDS)]) for decay in DECAYS}
    value, draws = seeds_interval(found[0.0] - found[1.0])
    slight = mean_of(found[0.0] - found[0.1])
    beats = value[1] > 0
    return Finding(
        verdict=verdict_of(value[0] >= bars["gap"], beats),
        value=list(value),
        at_step=subject.last,
        series=line("2.3c", {subject.last: value}),
        controls=[flat("decay01", slight)],
        p=p_of(draws),
        numbers={
            "none": float(found[0.0].mean()),
            "some": float(found[0.1].mean()),
            "much": float(found[1.0].mean()),
            "prime": PRIME,
            "steps": EPOCHS,
        },
        view={"curves": "1"},
    )


@torch.inference_mode(False)
def gap_of(decay: float, seed: int) -> float:
    """Test loss less training loss of a small network that learns sums modulo a prime, in nats."""
    rng = np.random.default_rng(seed)
    pairs = rng.permutation(PRIME * PRIME)
    a, b = torch.from_numpy(pairs // PRIME), torch.from_numpy(pairs % PRIME)
    ids = torch.stack([a, torch.full_like(a, PRIME), b, torch.full_like(a, PRIME + 1)], dim=1)
    targets = ((a + b) % PRIME)[:, None]
    count = int(LEARNED * len(pairs))
    model = GPT(
        GPTConfig(
            PRIME + 2, 1, 4, 64, 4, mlp=2, norm=False, bias=False, tied=False, activation="relu"
        ),
        seed,
    )
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=2e-3, betas=(0.9, 0.98), weight_decay=decay
    )
    for _ in range(EPOCHS):
        optimizer.zero_grad()
        with torch.enable_grad():
            batch_loss(model, ids[:count], targets[:count]).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    with torch.no_grad():
        learned = float(batch_loss(model, ids[:count], targets[:count]))
        held = float(batch_loss(model, ids[count:], targets[count:]))
    return held - learned
