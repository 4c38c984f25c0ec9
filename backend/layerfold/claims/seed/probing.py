"""1.4a: what a linear probe reads of classes by site, and the tokens that are probed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from layerfold.claims.seed.classes import Classes, one_hot, ridge_guess
from layerfold.claims.seed.finding import (
    Finding,
    Untestable,
    by_sites,
    flat,
    line,
    mean_draws,
    mean_of,
    p_of,
    verdict_of,
)
from layerfold.claims.seed.subject import Subject
from layerfold.interp.interval import Doubles
from layerfold.interp.occurrences import Occurrence, occurrence, states_of
from layerfold.records import normalized

PENALTY: Final = 30.0
SEEDS: Final = 5  # of the control task
ANSWERS: Final = 3000
FOLDS: Final = 5


@dataclass(frozen=True)
class Probed:
    """Tokens with a class each: as they are read, their ``classes``, ``types`` and ``groups`` [n]
    that are never parted.
    """

    read: tuple[Occurrence, ...]
    classes: Classes
    types: Classes
    groups: Classes

    @property
    def folds(self) -> Classes:
        """A fold for each token [n]."""
        kinds, which = np.unique(self.groups, return_inverse=True)
        order = np.random.default_rng(0).permutation(len(kinds))
        return np.asarray(order[which] % FOLDS)


def classes_untangle(subject: Subject, bars: Mapping[str, float]) -> Finding:
    """1.4a: selectivity by site; the best site after the embedding less the embedding."""
    probed = probed_tokens(subject)
    by_step = {step: read_sites(subject, probed, step) for step in subject.steps}
    here = by_step[subject.last]
    means = [float(one.mean()) for one in here.selectivity]
    best = 1 + int(np.argmax(means[1:]))
    value, draws = mean_draws(here.selectivity[best] - here.selectivity[0], probed.groups)
    accuracy = mean_of(here.right[best], probed.groups)
    by_type = mean_of(typical(probed), probed.groups)
    series = {
        step: mean_of(one.selectivity[best] - one.selectivity[0], probed.groups)
        for step, one in by_step.items()
    }
    beats = value[1] > 0 and accuracy[0] > by_type[0]
    return Finding(
        verdict=verdict_of(value[0] >= bars["gain"], beats),
        value=list(value),
        at_step=subject.last,
        series=line("1.4a", series),
        controls=[
            line(
                "accuracy",
                {step: mean_of(one.right[best], probed.groups) for step, one in by_step.items()},
            ),
            line(
                "control_task",
                {step: mean_of(one.control[best], probed.groups) for step, one in by_step.items()},
            ),
            flat("by_type", by_type),
            flat("step0", series[subject.first]),
        ],
        by_site=by_sites(subject.sites, [mean_of(one, probed.groups) for one in here.selectivity]),
        p=p_of(draws),
        numbers={
            "site": subject.sites[best],
            "accuracy": accuracy[0],
            "embed": float(here.right[0].mean()),
            "type": by_type[0],
            "first": float(by_step[subject.first].right[best].mean()),
        },
        view={"site": subject.sites[best]},
    )


@dataclass(frozen=True)
class Read:
    """At each site [site, n]: which tokens the probe gets ``right``, the same of the ``control``
    task (a mean of several), and the difference.
    """

    right: Doubles
    control: Doubles

    @property
    def selectivity(self) -> Doubles:
        """Accuracy less the control task's."""
        return self.right - self.control


def read_sites(subject: Subject, probed: Probed, step: int) -> Read:
    """What the probe reads at every site of a step."""
    states = normalized(states_of(subject.adapter(step), probed.read))
    controls = [control_classes(probed, seed) for seed in range(SEEDS)]
    right, control = [], []
    for site in states:
        right.append(hits(site, probed.classes, probed.folds))
        control.append(np.mean([hits(site, one, probed.folds) for one in controls], axis=0))
    return Read(np.stack(right), np.stack(control))


def hits(states: NDArray[np.floating], classes: Classes, folds: Classes) -> Doubles:
    """1 where a ridge classifier of the other folds gives a token its class [n], else 0."""
    _, which = np.unique(classes, return_inverse=True)
    guess = ridge_guess(np.asarray(states), one_hot(classes), folds, PENALTY)
    return np.asarray(guess.argmax(axis=1) == which, dtype=np.float64)


def control_classes(probed: Probed, seed: int) -> Classes:
    """A random class for each token type, as frequent as the classes are (Hewitt & Liang 2019)."""
    rng = np.random.default_rng((seed, 1))
    kinds, which = np.unique(probed.types, return_inverse=True)
    return np.asarray(rng.choice(probed.classes, size=len(kinds))[which])


def typical(probed: Probed) -> Doubles:
    """1 where the most frequent class of a token's type in the other folds is its own [n]."""
    found = np.zeros(len(probed.classes))
    for fold in range(FOLDS):
        test = probed.folds == fold
        often = np.bincount(probed.classes[~test]).argmax()
        for n in np.flatnonzero(test):
            same = ~test & (probed.types == probed.types[n])
            guess = np.bincount(probed.classes[same]).argmax() if same.any() else often
            found[n] = guess == probed.classes[n]
    return found


# ---- the tokens


def probed_tokens(subject: Subject) -> Probed:
    """Tagged words of text; the answers of a sum; else the reference's tokens by a label that their
    type does not give away. Raises Untestable.
    """
    if subject.task is None and subject.language == "en":
        return tagged(subject)
    if subject.run.card.get("task", {}).get("name") == "modular-addition":
        return answers(subject)
    return labelled(subject)


def tagged(subject: Subject) -> Probed:
    """The words of the tagged text, each by its last piece."""
    tags: dict[str, int] = {}
    read, classes, types, groups = [], [], [], []
    for number, row in enumerate(subject.words["tagged"]["text"].strip().splitlines()):
        words = [one.rpartition("/") for one in row.split()]
        text = " ".join(word for word, _, _ in words)
        start = 0
        for word, _, tag in words:
            found = occurrence(subject.opened, text, start, start + len(word))
            start += len(word) + 1
            read.append(Occurrence(found.ids[: found.at + 1], found.at, found.pieces))
            classes.append(tags.setdefault(tag, len(tags)))
            types.append(found.ids[found.at])
            groups.append(number)
    return Probed(tuple(read), np.array(classes), np.array(types), np.array(groups))


def answers(subject: Subject) -> Probed:
    """Sums of random pairs at the place of the answer; every pair is its own type."""
    p = int(subject.run.card["task"]["parameters"]["p"])
    row = subject.opened.atlas.reference.windows[0].tolist()
    rng = np.random.default_rng(0)
    pairs = rng.permutation(p * p)[:ANSWERS]
    one, other = pairs // p, pairs % p
    read = [
        Occurrence((int(a), row[1], int(b), row[3]), 3, 1) for a, b in zip(one, other, strict=True)
    ]
    return Probed(tuple(read), (one + other) % p, pairs, np.arange(len(pairs)))


def labelled(subject: Subject) -> Probed:
    """The reference's tokens by the likeliest part of a mixture, or by its first class."""
    reference = subject.reference
    chosen = [one for one in reference.labels if one.kind in ("mixture", "category")]
    if not chosen:
        raise Untestable("no_classes")
    label = min(chosen, key=lambda one: one.kind != "mixture")
    values = np.nan_to_num(label.values, nan=-1)
    classes = values.argmax(axis=1) if label.kind == "mixture" else values[:, 0].astype(int) + 1
    read = [
        Occurrence(tuple(reference.windows[w, : at + 1].tolist()), int(at), 1)
        for w, at in zip(reference.window, reference.position, strict=True)
    ]
    return Probed(
        tuple(read), classes, subject.ids.astype(np.int64), reference.window.astype(np.int64)
    )
