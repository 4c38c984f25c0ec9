"""2.1c and 2.1d: what of an MLP no line gives, and what its neurons are most active at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import torch
from torch import Tensor

from layerfold.claims.seed.classes import Classes, classes_of
from layerfold.claims.seed.finding import (
    Finding,
    Triple,
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
from layerfold.model.forward import array, run
from layerfold.records import Floats, normalized

PENALTY: Final = 1.0
TOP: Final = 20
FEW: Final = 256  # neurons of a layer


def mlp_bends(subject: Subject, bars: Mapping[str, float]) -> Finding:
    """The share of each MLP's output that its best line leaves; the loss with the lines instead."""
    found = {step: _unexplained(subject, step) for step in subject.steps}
    here = found[subject.last]
    value = mean_of(here["mlp"].mean(axis=0))
    batch, network = batch_of(subject), subject.network(subject.last)
    before = loss_array(network, batch)
    after = loss_array(network, batch, _lines(subject, subject.last))
    extra, draws = mean_draws((after - before).mean(axis=1))
    beats = extra[1] > 0
    by_step = {step: mean_of(one["mlp"].mean(axis=0)) for step, one in found.items()}
    return Finding(
        verdict=verdict_of(value[0] >= bars["unexplained"], beats),
        value=list(value),
        at_step=subject.last,
        series=line("2.1c", by_step),
        controls=[
            line(
                "attention", {s: mean_of(one["attention"].mean(axis=0)) for s, one in found.items()}
            ),
            flat("line_loss", extra),
            flat("step0", by_step[subject.first]),
        ],
        p=p_of(draws),
        numbers={
            "attention": float(here["attention"].mean()),
            "extra": extra[0],
            "first": by_step[subject.first][0],
            "loss": float(before.mean()),
        },
        view={"inside": "parts"},
    )


def _reads(subject: Subject, step: int) -> tuple[dict[str, Floats], Floats]:
    """What each sublayer reads and adds at the reference's whole windows, by name [n, d], and the
    window of each token [n].
    """
    rows = subject.reference.windows
    whole = rows[(rows >= 0).all(axis=1)] if (rows >= 0).all(axis=1).any() else rows[:, :16]
    size = max(1, min(len(whole), 3000 // whole.shape[1]))
    names = ["embed", "L*.mid", "L*.post", "L*.mlp.out", "L*.attn.out"]
    found = run(subject.network(step), whole[:size], taps=names, last=0)
    flat_of = {name: array(one).reshape(-1, one.shape[-1]) for name, one in found.tensors.items()}
    return flat_of, np.repeat(np.arange(size), whole.shape[1])


def _unexplained(subject: Subject, step: int) -> dict[str, Doubles]:
    """The share of variance that the best line of other windows leaves [layer, half of windows]."""
    tensors, window = _reads(subject, step)
    found: dict[str, list[Doubles]] = {"mlp": [], "attention": []}
    for n in range(subject.run.n_layer):
        before = tensors["embed" if n == 0 else f"L{n - 1}.post"]
        for kind, x, y in (
            ("mlp", tensors[f"L{n}.mid"], tensors[f"L{n}.mlp.out"]),
            ("attention", before, tensors[f"L{n}.attn.out"]),
        ):
            found[kind].append(_left(normalized(x), y, window))
    return {kind: np.stack(rows) for kind, rows in found.items()}


def _left(x: Floats, y: Floats, window: Floats) -> Doubles:
    """The share left on each of four parts of the windows, the line being of the others [part]."""
    found = []
    for part in range(4):
        test = window % 4 == part
        if not test.any() or test.all():
            continue
        weights, center, level = best_line(x[~test], y[~test])
        guess = (x[test] - center) @ weights + level
        rest = np.square(y[test] - guess).sum()
        found.append(rest / max(float(np.square(y[test] - y[test].mean(axis=0)).sum()), 1e-12))
    return np.array(found)


def best_line(x: Floats, y: Floats) -> tuple[Doubles, Doubles, Doubles]:
    """The ridge regression of y on x: weights [d, e], the center of x, and the level of y."""
    center, level = x.mean(axis=0).astype(np.float64), y.mean(axis=0).astype(np.float64)
    wide = x.astype(np.float64) - center
    gram = wide.T @ wide + PENALTY * np.eye(wide.shape[1])
    return np.linalg.solve(gram, wide.T @ (y - level)), center, level


class OnLine:
    """Puts in the place of what an MLP adds what its best line says of what it reads."""

    def __init__(self, weights: Doubles, center: Doubles, level: Doubles) -> None:
        self.weights, self.center, self.level = (
            torch.from_numpy(one).float() for one in (weights, center, level)
        )
        self.read: Tensor | None = None

    def keep(self, x: Tensor) -> Tensor:
        """What is read, kept."""
        self.read = x
        return x

    def put(self, x: Tensor) -> Tensor:
        """The line's value."""
        assert self.read is not None, "the stream is met before the MLP"
        read = self.read
        centered = read - read.mean(dim=-1, keepdim=True)
        scale = (centered.square().mean(dim=-1, keepdim=True) + 1e-5).sqrt()
        return ((centered / scale).float() - self.center) @ self.weights + self.level


def _lines(subject: Subject, step: int) -> list[Edit]:
    """Edits that replace every MLP by its best line."""
    tensors, _ = _reads(subject, step)
    edits = []
    for n in range(subject.run.n_layer):
        x, y = normalized(tensors[f"L{n}.mid"]), tensors[f"L{n}.mlp.out"]
        one = OnLine(*best_line(x, y))
        edits += [Edit(f"L{n}.mid", one.keep), Edit(f"L{n}.mlp.out", one.put)]
    return edits


def neurons_extract(subject: Subject, bars: Mapping[str, float]) -> Finding:
    """2.1d: the purity of a neuron's most active tokens over that of random directions."""
    classes = classes_of(subject, subject.reference)
    found = {step: _purities(subject, step, classes) for step in subject.steps}
    ratios = {step: _ratio(*one) for step, one in found.items()}
    value, draws = ratios[subject.last]
    own, random = found[subject.last]
    return Finding(
        verdict=verdict_of(value[0] >= bars["times"], value[1] > 1),
        value=list(value),
        at_step=subject.last,
        series=line("2.1d", {step: one[0] for step, one in ratios.items()}),
        controls=[
            flat("random_rotation", 1.0),
            flat("step0", ratios[subject.first][0]),
        ],
        p=p_of(draws, 1.0),
        numbers={
            "own": float(own.mean()),
            "random": float(random.mean()),
            "neurons": len(own),
            "classes": len(np.unique(classes)),
        },
        view={"inside": "parts"},
    )


def _ratio(own: Doubles, random: Doubles) -> tuple[Triple, Doubles]:
    """The mean purity of neurons over random directions', with a bootstrap over both."""
    _, one = mean_draws(own)
    _, other = mean_draws(random, seed=1)
    draws = one / other
    low, high = np.quantile(draws, (0.025, 0.975))
    return (float(own.mean() / random.mean()), float(low), float(high)), draws


def _purities(subject: Subject, step: int, classes: Classes) -> tuple[Doubles, Doubles]:
    """The share of the most frequent class among the tokens at which each neuron is most active,
    and the same of random directions [neuron].
    """
    rng = np.random.default_rng(0)
    own, random = [], []
    for acts in _activations(subject, step):
        acts = (acts - acts.mean(axis=0)) / np.maximum(acts.std(axis=0), 1e-9)
        chosen = rng.permutation(acts.shape[1])[:FEW]
        turned = acts @ rng.normal(size=(acts.shape[1], len(chosen)))
        own.append(_purity(acts[:, chosen], classes))
        random.append(_purity(turned, classes))
    return np.concatenate(own), np.concatenate(random)


def _activations(subject: Subject, step: int) -> list[Doubles]:
    """What each neuron of each layer's MLP gives at the reference's tokens [token, neuron]."""
    reference = subject.reference
    kept: dict[int, Doubles] = {}
    for chosen in np.array_split(np.arange(len(reference.windows)), 4):
        inside = np.isin(reference.window, chosen)
        if not inside.any():
            continue
        rows = np.maximum(reference.windows[chosen], 0)
        found = run(subject.network(step), rows, taps=["L*.mlp.act"], last=0)
        places = reference.window[inside] - chosen[0], reference.position[inside]
        for n in range(subject.run.n_layer):
            acts = array(found[f"L{n}.mlp.act"])
            whole = kept.setdefault(n, np.empty((len(reference), acts.shape[-1])))
            whole[inside] = acts[places]
    return list(kept.values())


def _purity(acts: Doubles, classes: Classes) -> Doubles:
    """The share of the most frequent class among the tokens at the top of each column."""
    top = np.argsort(-acts, axis=0, kind="stable")[: min(TOP, len(acts) // 4)]
    found = classes[top]
    kinds = np.unique(classes)
    return np.asarray((found[..., None] == kinds).mean(axis=0).max(axis=1))
