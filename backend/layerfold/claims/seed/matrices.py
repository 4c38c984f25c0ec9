"""2.1b and 2.5b: the subspaces of heads, and the effective rank of weights."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import combinations
from typing import Final

import numpy as np

from layerfold.claims.seed.finding import (
    Finding,
    Untestable,
    flat,
    line,
    mean_draws,
    mean_of,
    p_above,
    p_of,
    quantiles,
    verdict_of,
)
from layerfold.claims.seed.subject import Subject
from layerfold.interp.interval import Doubles
from layerfold.model.matrices import layer_matrices

DRAWS: Final = 40
PAIRS: Final = 400


def heads_of(subject: Subject, step: int) -> dict[str, list[list[Doubles]]]:
    """Of each layer each head's part of W_Q, W_K, W_V [d, k] and W_O, turned [d, k]."""
    count = subject.network(step).n_head
    found: dict[str, list[list[Doubles]]] = {name: [] for name in ("q", "k", "v", "o")}
    for matrices in layer_matrices(subject.adapter(step)).values():
        width = matrices["q"].shape[1] // count
        for name, kept in found.items():
            whole = matrices[name].T if name == "o" else matrices[name]
            wide = whole.astype(np.float64)
            kept.append([wide[:, n : n + width] for n in range(0, wide.shape[1], width)])
    return found


def low_rank(subject: Subject, bars: Mapping[str, float]) -> Finding:
    """2.5b: effective rank of each head's W_Q over a random matrix's."""
    ratios = {step: _ratios(heads_of(subject, step)["q"]) for step in subject.every}
    heads = heads_of(subject, subject.last)
    value, draws = mean_draws(ratios[subject.last])
    d, k = heads["q"][0][0].shape
    null = random_ranks(d, k) / random_ranks(d, k).mean()
    low = float(null.min())
    other = mean_of(_ratios(heads["k"]))
    first = mean_of(ratios[subject.first])
    beats = value[2] < low
    return Finding(
        verdict=verdict_of(value[0] <= bars["ratio"], beats),
        value=list(value),
        at_step=subject.last,
        series=line("2.5b", {step: mean_of(one) for step, one in ratios.items()}),
        controls=[
            flat("random_matrix", quantiles(null)),
            flat("other_matrices", other),
            flat("step0", first),
        ],
        p=p_of(-draws, -low),
        numbers={
            "rank": float(value[0] * random_ranks(d, k).mean()),
            "width": k,
            "d": d,
            "first": first[0],
            "least": float(ratios[subject.last].min()),
            "other": other[0],
        },
        view={"curves": "1"},
    )


def _ratios(layers: list[list[Doubles]]) -> Doubles:
    """The effective rank of every head over a random matrix's."""
    heads = [head for layer in layers for head in layer]
    chance = random_ranks(*heads[0].shape).mean()
    return np.asarray(np.array([rank_of(head) for head in heads]) / chance, dtype=np.float64)


def rank_of(matrix: Doubles) -> float:
    """The exponential of the entropy of a matrix's singular values (Roy & Vetterli 2007)."""
    sizes = np.linalg.svd(matrix, compute_uv=False)
    shares = sizes / max(float(sizes.sum()), 1e-300)
    return float(np.exp(-(shares * np.log(np.maximum(shares, 1e-300))).sum()))


@lru_cache(maxsize=8)
def random_ranks(d: int, k: int) -> Doubles:
    """The effective ranks of Gaussian matrices [draw]."""
    rng = np.random.default_rng(0)
    return np.array([rank_of(rng.normal(size=(d, k))) for _ in range(DRAWS)])


def head_subspaces(subject: Subject, bars: Mapping[str, float]) -> Finding:
    """2.1b: the overlap of every two heads of a layer over that of random subspaces."""
    if subject.network(subject.last).n_head < 2:
        raise Untestable("one_head")
    overlaps = {step: _overlaps(heads_of(subject, step)) for step in subject.every}
    here = overlaps[subject.last]
    d, k = heads_of(subject, subject.last)["q"][0][0].shape
    pairs = len(here) // 4
    null = random_overlaps(d, k, pairs) / (k / d)
    value = mean_of(here / (k / d))
    largest = float(here.max())
    beats = value[0] < float(np.quantile(null, 0.025))
    by_step = {step: mean_of(one / (k / d)) for step, one in overlaps.items()}
    return Finding(
        verdict=verdict_of(value[2] < bars["overlap"], beats, weaker=largest < 0.5),
        value=list(value),
        at_step=subject.last,
        series=line("2.1b", by_step),
        controls=[
            flat("random_subspaces", quantiles(null)),
            flat("largest_overlap", largest),
            flat("step0", by_step[subject.first]),
        ],
        p=p_above(-value[0], -null),
        numbers={
            "heads": subject.network(subject.last).n_head,
            "width": k,
            "d": d,
            "largest": largest,
            "first": by_step[subject.first][0],
        },
        view={"inside": "attention"},
    )


def _overlaps(heads: dict[str, list[list[Doubles]]]) -> Doubles:
    """The overlap of every two heads of each layer, of all four matrices."""
    found = []
    for layers in heads.values():
        for layer in layers:
            spans = [np.linalg.qr(head)[0] for head in layer]
            found += [overlap(*pair) for pair in combinations(spans, 2)]
    return np.array(found)


def overlap(one: Doubles, other: Doubles) -> float:
    """The mean squared cosine of the principal angles of two subspaces by their bases [d, k]."""
    return float(np.square(one.T @ other).sum() / one.shape[1])


def random_overlaps(d: int, k: int, pairs: int) -> Doubles:
    """The mean overlap of so many pairs of random subspaces [draw]."""
    rng = np.random.default_rng(0)

    def span() -> Doubles:
        return np.linalg.qr(rng.normal(size=(d, k)))[0]

    single = np.array([overlap(span(), span()) for _ in range(PAIRS)])
    draws = rng.choice(single, size=(DRAWS, max(1, min(pairs, PAIRS)))).mean(axis=1)
    return np.asarray(draws)
