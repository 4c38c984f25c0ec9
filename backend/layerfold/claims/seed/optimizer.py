"""1.4b and 2.3b: AdamW's step beside the natural gradient, and how far frequent words move."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import torch

from layerfold.claims.seed.chance import p_beyond
from layerfold.claims.seed.finding import (
    NAN,
    Finding,
    Triple,
    Untestable,
    flat,
    line,
    p_of,
    quantiles,
    verdict_of,
)
from layerfold.claims.seed.losses import cosine, random_like
from layerfold.claims.seed.subject import Subject
from layerfold.errors import InputError
from layerfold.geometry.trust import spearman
from layerfold.interp.interval import REACH, Doubles
from layerfold.interp.optimizer_step import Motion, adamw_parts, gradients, moments_of, total
from layerfold.interp.step_batches import Batch, batches_of, hyper_of
from layerfold.model.forward import gpt_of
from layerfold.model.gpt import GPT
from layerfold.training.recipe import in_present_words

RANDOM: Final = 40
FISHER: Final = 24  # sequences, one by one
PARTS: Final = 4  # of them, for the interval
DRAWS: Final = 400
MOST: Final = 256  # sequences of a batch that are read


def taken(subject: Subject, step: int) -> tuple[GPT, Motion, Motion, list[Batch]]:
    """The model at a step, its gradient and AdamW's step, and all batches, the step's last.
    Raises Untestable.
    """
    if subject.run.kind != "gpt":
        raise Untestable("not_gpt")
    told = in_present_words(subject.run.card.get("hyperparameters", {}))
    optimizer = str(told.get("optimizer", "adamw"))
    if optimizer != "adamw":
        raise Untestable("other_optimizer", optimizer=optimizer)
    try:
        hyper = hyper_of(subject.run, step)
        before, batch, _ = batches_of(subject.run, step, subject.opened.atlas.reference)
    except InputError as error:
        raise Untestable("no_batches", reason=str(error).rstrip(".")) from None
    few = [(ids[:MOST], targets[:MOST]) for ids, targets in (*before, batch)]
    model = gpt_of(subject.adapter(step))
    grads = gradients(model, *few[-1], hyper.clip)
    moments = moments_of(model, few[:-1], hyper)
    return model, grads, total(adamw_parts(model, grads, moments, hyper)), few


def riemannian_flow(subject: Subject, bars: Mapping[str, float]) -> Finding:
    """1.4b: cosines of the step with the natural gradient and with −gradient."""
    subject.need_steps(2)
    found = {step: _angles(subject, step) for step in subject.steps[1:]}
    value, descent, null, spread = found[subject.last]
    beats = value > float(np.quantile(null, 0.975))
    down = descent > float(np.quantile(null, 0.975))
    return Finding(
        verdict=verdict_of(value >= bars["cosine"], beats, weaker=down),
        value=[value, value - spread, value + spread],
        at_step=subject.last,
        series=line(
            "1.4b", {s: (one[0], one[0] - one[3], one[0] + one[3]) for s, one in found.items()}
        ),
        controls=[
            line("gradient", {s: (one[1], NAN, NAN) for s, one in found.items()}),
            flat("random_direction", quantiles(null)),
        ],
        p=p_beyond(value, null),
        numbers={"descent": descent, "random": float(np.quantile(null, 0.975))},
        view={"inside": "step"},
    )


def _angles(subject: Subject, step: int) -> tuple[float, float, Doubles, float]:
    """The step's cosine with the natural gradient, with −gradient, and with random directions; the
    reach of the first's 95 % interval, from the Fisher information of four parts of its sequences.
    """
    model, grads, motion, few = taken(subject, step)
    parts = _fishers(model, few[-1])
    fisher = {name: torch.stack([part[name] for part in parts]).mean(dim=0) for name in grads}
    apart = [cosine(motion, _natural(grads, part)) for part in parts]
    reach = REACH * float(np.std(apart, ddof=1)) / len(parts) ** 0.5
    down = {name: -grad for name, grad in grads.items()}
    generator = torch.Generator().manual_seed(0)
    null = [cosine(motion, random_like(motion, generator)) for _ in range(RANDOM)]
    own = cosine(motion, _natural(grads, fisher))
    return own, cosine(motion, down), np.array(null), reach


def _natural(grads: Motion, fisher: Motion) -> Motion:
    """The natural gradient downhill, the Fisher information damped by its mean."""
    level = float(torch.cat([one.flatten() for one in fisher.values()]).mean())
    return {name: -grad / (fisher[name] + level) for name, grad in grads.items()}


def _fishers(model: GPT, batch: Batch) -> list[Motion]:
    """The mean square of the gradient of each sequence's loss, by weight, over four parts of the
    sequences.
    """
    found: list[Motion] = []
    ids, targets = batch
    rows = np.array_split(np.arange(min(FISHER, len(ids))), PARTS)
    for part in rows:
        total_of: Motion = {}
        for n in part.tolist():
            for name, grad in gradients(model, ids[n : n + 1], targets[n : n + 1]).items():
                square = grad.square() / len(part)
                total_of[name] = total_of[name] + square if name in total_of else square
        found.append(total_of)
    return found


def frequent_small(subject: Subject, bars: Mapping[str, float]) -> Finding:
    """2.3b: rank correlation of an embedding row's step with its token's frequency."""
    subject.need_steps(2)
    _, grads, motion, few = taken(subject, subject.last)
    counts = np.zeros(subject.run.n_vocab)
    for ids, _ in few:
        counts += np.bincount(ids.flatten().numpy(), minlength=len(counts))
    name = "tokens.weight"
    steps, plain = (one[name].double().norm(dim=1).numpy() for one in (motion, grads))
    known = (plain > 0) & (counts > 0)
    if known.sum() < 10:
        raise Untestable("few_tokens", count=int(known.sum()))
    often, moved, pulled = counts[known], steps[known], plain[known]
    value = _correlation(often, moved)
    sgd = _correlation(often, pulled)
    ratio = _correlation(often, moved / pulled)
    beats = value[2] < bars["correlation"]
    return Finding(
        verdict=verdict_of(beats, beats, weaker=ratio[2] < 0),
        value=list(value),
        at_step=subject.last,
        series=line("2.3b", {subject.last: value}),
        controls=[flat("sgd", sgd), flat("ratio_adam", ratio)],
        p=_p_below(often, moved),
        numbers={"sgd": sgd[0], "ratio": ratio[0], "tokens": int(known.sum())},
        view={"inside": "step"},
    )


def _correlation(one: Doubles, other: Doubles) -> Triple:
    """A rank correlation with a bootstrap over tokens."""
    draws = _drawn(one, other)
    low, high = np.nanquantile(draws, (0.025, 0.975))
    return (spearman(one, other), float(low), float(high))


def _drawn(one: Doubles, other: Doubles) -> Doubles:
    rng = np.random.default_rng(0)
    rows = rng.integers(len(one), size=(DRAWS, len(one)))
    return np.array([spearman(one[r], other[r]) for r in rows])


def _p_below(one: Doubles, other: Doubles) -> float:
    return p_of(-_drawn(one, other))
