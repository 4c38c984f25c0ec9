"""2.1a and 2.2d: attention from verb to subject, and the loss's wish for it towards a referent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Final

import numpy as np
import torch
from torch.nn import functional as F

from layerfold.claims.seed.finding import (
    Finding,
    Untestable,
    flat,
    line,
    mean_draws,
    mean_of,
    p_above,
    quantiles,
    verdict_of,
)
from layerfold.claims.seed.subject import Subject
from layerfold.interp.attention import patterns
from layerfold.interp.interval import Doubles
from layerfold.interp.occurrences import occurrence
from layerfold.model.forward import array, run

PAIRS: Final = 60
FLIPS: Final = 2000
Places = tuple[tuple[int, ...], int, int]
"""A sentence's ids and where two nouns stand in it."""


def verb_to_subject(subject: Subject, bars: Mapping[str, float]) -> Finding:
    """2.1a: attention from the verb to its subject less to the other noun, best head."""
    pairs = _agreements(subject)
    by_step = {step: _advantages(subject, pairs, step) for step in subject.every}
    here = by_step[subject.last]
    half = np.arange(len(here)) % 2 == 0
    heads = here.shape[1:]
    best = np.unravel_index(int(here[half].mean(axis=0).argmax()), heads)
    tested = here[~half][:, best[0], best[1]]
    value, _ = mean_draws(tested)
    null = _flipped(tested)
    series = {s: mean_of(one[~half][:, best[0], best[1]]) for s, one in by_step.items()}
    p = p_above(value[0], null)
    layer, head = int(best[0]), int(best[1])
    return Finding(
        verdict=verdict_of(value[0] >= bars["attention"], p <= 0.05),
        value=list(value),
        at_step=subject.last,
        series=line("2.1a", series),
        controls=[
            flat("roles", float(np.quantile(null, 0.975))),
            flat("even", mean_of(here[~half].mean(axis=(1, 2)))),
            flat("step0", series[subject.first]),
        ],
        p=p,
        numbers={
            "head": f"L{layer} head {head}",
            "pairs": len(tested),
            "all": float(here[~half].mean()),
            "first": series[subject.first][0],
        },
        view={
            "inside": "attention",
            "site": f"L{layer}.mid",
            "s": "\n".join(f"{n}v{text}" for n, text in enumerate(_shown(subject))),
        },
    )


def _shown(subject: Subject) -> list[str]:
    words = subject.words["agreement"]
    return [words[name].format(x="king", y="ship", v="came") for name in ("first", "second")]


def _agreements(subject: Subject) -> list[tuple[Places, Places]]:
    """Pairs of sentences with the same nouns at the same places and the roles exchanged; places of
    {x} and {y}. Raises Untestable.
    """
    if subject.language != "en":
        raise Untestable("english_only")
    words = subject.words["agreement"]
    nouns = subject.known(words["nouns"].split(), "The {}")
    verbs = subject.known(words["verbs"].split(), "The man {}")
    rng = np.random.default_rng(0)
    chosen = [(x, y, v) for x, y in product(nouns, nouns) if x != y for v in verbs]
    found = []
    for n in rng.permutation(len(chosen))[:PAIRS]:
        x, y, v = chosen[n]
        both = [
            _placed(subject, words[name].replace("{v}", v), {"x": x, "y": y})
            for name in ("first", "second")
        ]
        if len(both[0][0]) == len(both[1][0]) and both[0][1:] == both[1][1:]:
            found.append((both[0], both[1]))
    if len(found) < 10:
        raise Untestable("pieces", known=len(found), count=PAIRS)
    return found


def _placed(subject: Subject, frame: str, words: Mapping[str, str]) -> Places:
    """A sentence's ids up to its last word, and where two of its words stand."""
    text = frame.format(**words)
    at = []
    for name in ("x", "y"):
        before = frame.partition(f"{{{name}}}")[0].format(**words)
        at.append(occurrence(subject.opened, text, len(before), len(before + words[name])).at)
    return tuple(subject.opened.tokenize(text).ids), at[0], at[1]


def _advantages(subject: Subject, pairs: Sequence[tuple[Places, Places]], step: int) -> Doubles:
    """How much more of the verb's attention a noun gets as subject than in the other sentence,
    mean of both nouns [pair, layer, head].
    """
    rows = np.array([one[0] for pair in pairs for one in pair])
    found = patterns(subject.network(step), rows)[:, :, :, -1]  # [layer, b, head, key]
    first, second = found[:, 0::2], found[:, 1::2]
    gains = []
    for n, (one, _) in enumerate(pairs):
        x, y = one[1], one[2]
        gain = first[:, n, :, x] - second[:, n, :, x] + second[:, n, :, y] - first[:, n, :, y]
        gains.append(gain / 2)
    return np.asarray(gains, dtype=np.float64)


def _flipped(values: Doubles) -> Doubles:
    """The mean with each pair's roles exchanged at random [draw]."""
    rng = np.random.default_rng(0)
    signs = rng.choice((-1.0, 1.0), size=(FLIPS, len(values)))
    return np.asarray(signs @ values / len(values))


def reference_adjusts(subject: Subject, bars: Mapping[str, float]) -> Finding:
    """2.2d: −∂L/∂pattern towards the noun that the pronoun refers to less towards the other."""
    if subject.language != "en":
        raise Untestable("english_only")
    asked = _references(subject)
    by_step = {step: _wishes(subject, asked, step) for step in subject.steps}
    here = by_step[subject.last]
    wins = (here > 0).astype(np.float64)
    value, _ = mean_draws(wins)
    mean, _ = mean_draws(here / max(float(np.abs(here).mean()), 1e-300))
    null = np.random.default_rng(0).binomial(len(here), bars["share"], FLIPS) / len(here)
    p = p_above(value[0], null)
    series = {step: mean_of((one > 0).astype(np.float64)) for step, one in by_step.items()}
    beats = p <= 0.05 and mean[1] > 0
    return Finding(
        verdict=verdict_of(beats, beats),
        value=list(value),
        at_step=subject.last,
        series=line("2.2d", series),
        controls=[flat("chance_half", quantiles(null)), flat("step0", series[subject.first])],
        p=p,
        numbers={
            "pairs": len(here),
            "mean": mean[0],
            "back": int(np.mean([len(one[0]) - one[1] for one, _ in asked])),
        },
        view={
            "inside": "attention",
            "s": "0v" + subject.words["reference"]["frame"].format(x="king", y="queen") + " he",
        },
    )


def _references(subject: Subject) -> list[tuple[Places, int]]:
    """Sentences with two nouns, the one that is referred to first among the places, and the id of
    the pronoun that is to follow.
    """
    words = subject.words["reference"]
    nouns = {kind: subject.known(words[kind].split(), "The {}") for kind in ("he", "she")}
    frame, found = words["frame"], []
    for he, she in product(nouns["he"], nouns["she"]):
        for x, y in ((he, she), (she, he)):
            ids, at_x, at_y = _placed(subject, frame, {"x": x, "y": y})
            for pronoun, noun in (("he", he), ("she", she)):
                whole = subject.opened.tokenize(frame.format(x=x, y=y) + " " + pronoun).ids
                near, far = (at_x, at_y) if noun == x else (at_y, at_x)
                if len(whole) == len(ids) + 1:
                    found.append(((ids, near, far), int(whole[-1])))
    if len(found) < 20:
        raise Untestable("pieces", known=len(found), count=4 * 49)
    rng = np.random.default_rng(0)
    return [found[n] for n in rng.permutation(len(found))[:PAIRS]]


@torch.inference_mode(False)
def _wishes(subject: Subject, asked: Sequence[tuple[Places, int]], step: int) -> Doubles:
    """−∂L/∂pattern at the last token towards the referent less towards the other [sentence]."""
    network = subject.network(step)
    found = []
    for (ids, near, far), target in asked:
        one = run(network, list(ids), taps=["L*.attn.pattern"], gradients=True)
        if one.logits is None:
            raise Untestable("no_predict")
        with torch.enable_grad():
            loss = F.cross_entropy(one.logits[0, -1:].float(), torch.tensor([target]))
            grads = torch.autograd.grad(loss, list(one.tensors.values()))
        wish = -sum(array(grad)[0, :, -1].sum(axis=0) for grad in grads)
        found.append(float(wish[near] - wish[far]))
    return np.array(found)
