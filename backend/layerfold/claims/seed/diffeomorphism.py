"""2.5a: whether half a layer is invertible at every token, its determinant of one sign."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import torch

from layerfold.claims.seed.finding import (
    Finding,
    Triple,
    by_sites,
    flat,
    line,
    mean_of,
    verdict_of,
)
from layerfold.claims.seed.subject import Subject
from layerfold.interp.interval import Doubles
from layerfold.interp.jacobian import jacobian, site_maps
from layerfold.records import Floats, Ints

TOKENS: Final = 40
PROMPTS: Final = 100
LENGTH: Final = 6
OTHERS: Final = 100  # tokens tried beside the right one
NEAR: Final = 1e-3  # of the distance of the nearest other: float32 leaves so much


def layers_invert(subject: Subject, bars: Mapping[str, float]) -> Finding:
    """Signs of determinants and smallest singular values; prompts told from their states."""
    steps = tuple(dict.fromkeys((subject.first, subject.last)))
    found = {step: _halves(subject, step) for step in steps}
    signs, bare, smallest = found[subject.last]
    minority = np.minimum((signs > 0).mean(axis=1), (signs < 0).mean(axis=1))
    worst = int(minority.argmax())
    value = jeffreys(float(minority[worst]), signs.shape[1])
    told = recovered(subject)
    singular = bool((smallest < 1e-6).any())
    mixed = minority[worst] > bars["mixed"]
    share_bare = np.minimum((bare > 0).mean(axis=1), (bare < 0).mean(axis=1)).max()
    by_step = {}
    for step, (own, _, _) in found.items():
        rest = np.minimum((own > 0).mean(axis=1), (own < 0).mean(axis=1)).max()
        by_step[step] = jeffreys(float(rest), own.shape[1])
    holds = not mixed and not singular
    return Finding(
        verdict=verdict_of(holds, holds, weaker=told[0] == 1.0),
        value=list(value),
        at_step=subject.last,
        series=line("2.5a", by_step),
        controls=[
            flat("without_residual", float(share_bare)),
            flat("smallest", float(np.median(smallest))),
            flat("recovered", told),
            flat("step0", by_step[subject.first]),
        ],
        by_site=by_sites(
            subject.sites[1:], [jeffreys(float(one), signs.shape[1]) for one in minority]
        ),
        p=None,
        numbers={
            "site": subject.sites[1 + worst],
            "halves": int((minority > bars["mixed"]).sum()),
            "count": len(minority),
            "tokens": signs.shape[1],
            "told": told[0],
            "prompts": PROMPTS,
            "smallest": float(smallest.min()),
        },
        view={"site": subject.sites[1 + worst], "trails": "1"},
    )


def jeffreys(share: float, count: int) -> Triple:
    """A share with the 95 % interval of Jeffreys."""
    from scipy.stats import beta

    hits = round(share * count)
    low, high = beta.ppf((0.025, 0.975), hits + 0.5, count - hits + 0.5)
    return (share, 0.0 if hits == 0 else float(low), 1.0 if hits == count else float(high))


def _halves(subject: Subject, step: int) -> tuple[Doubles, Doubles, Doubles]:
    """For each half layer and token: the determinant's sign, the same without the residual, and
    the smallest singular value [half, token].
    """
    reference, model = subject.reference, subject.network(step)
    chosen = np.linspace(0, len(reference) - 1, TOKENS).astype(int)
    signs: list[list[float]] = []
    bare: list[list[float]] = []
    smallest: list[list[float]] = []
    for n in chosen:
        ids = reference.context(int(n))[: int(reference.position[n]) + 1]
        columns: list[list[float]] = [[], [], []]
        for forward, state in site_maps(model, ids, len(ids) - 1):
            matrix = jacobian(forward, state).double()
            columns[0].append(float(torch.linalg.slogdet(matrix).sign))
            alone = matrix - torch.eye(len(matrix), dtype=matrix.dtype)
            columns[1].append(float(torch.linalg.slogdet(alone).sign))
            columns[2].append(float(torch.linalg.svdvals(matrix)[-1]))
        for kept, column in zip((signs, bare, smallest), columns, strict=True):
            kept.append(column)
    return np.array(signs).T, np.array(bare).T, np.array(smallest).T


def recovered(subject: Subject) -> Triple:
    """The share of prompts each of whose tokens is told, from its last state, among a hundred
    others put in its place (the nearest state is the prompt's own, and no other comes as near).
    """
    adapter = subject.adapter(subject.last)
    rng = np.random.default_rng(0)
    whole = subject.opened.atlas.reference.windows
    length = min(LENGTH, int((whole >= 0).sum(axis=1).min()))
    rows = whole[rng.integers(len(whole), size=PROMPTS), :length]
    known = np.unique(whole[whole >= 0])
    told = []
    for row in rows:
        at = int(rng.integers(1, length)) if length > 1 else 0
        others = rng.permutation(known[known != row[at]])[:OTHERS]
        told.append(float(_told(adapter.batch_states(_replaced(row, at, others))[-1], at)))
    return mean_of(np.array(told))


def _replaced(row: Ints, at: int, others: Ints) -> Ints:
    """The row up to a place, and with each of the others there [1 + other, place + 1]."""
    found = np.repeat(row[None, : at + 1], 1 + len(others), axis=0)
    found[1:, at] = others
    return found


def _told(states: Floats, at: int) -> bool:
    """Whether the first row's state at a place is apart from every other's."""
    here = states[:, at].astype(np.float64)
    away = np.linalg.norm(here[1:] - here[0], axis=1)
    return bool(away.min() > NEAR * np.median(away))
