"""What a linear map can read of a label from states, beside what it would read of any label.

Multinomial logistic regression (scikit-learn's objective and solver, begun in coordinates that suit
it: ``logistic``) on standardized states, split by document.
Controls: the same on labels drawn for each token type (Hewitt & Liang 2019: accuracy less theirs is
selectivity), the most frequent label of the type, and the run's first step. Online code length
(Voita & Titov 2020): how many times shorter than a uniform code the labels are sent, block by
block. Noise: accuracy when each direction of a state is moved by so many of its deviations.

A fit ends where no number of its mean gradient, in turned coordinates, is above a TOLERANCE. Beside
fits ten times as near to the optimum that moves accuracies by at most 0.3 of the half width of
their interval, code lengths by as much (Storyteller, 13 sites at step 9,216; the tolerances were
chosen at step 512).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from layerfold.data.reference_states import fingerprint as fingerprint_of
from layerfold.data.reference_states import kept_states
from layerfold.errors import InputError
from layerfold.interp.interval import Doubles, Interval, packed, resamples
from layerfold.interp.labels import Labelled, shuffled_types
from layerfold.interp.logistic import Logistic, Turned, fitted
from layerfold.interp.notes import Note
from layerfold.interp.readahead import Readahead
from layerfold.interp.rows import Tabled
from layerfold.interp.session import Session
from layerfold.interp.stepwise import NOBODY, Recipe, Watch, chosen_steps, over_steps
from layerfold.interp.word_sets import fingerprint
from layerfold.records import Floats, Ints, Site, View

BLOCKS: Final = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)  # of the tokens, by document: sent one by one
WHOLE: Final = 0  # among fits: to all tokens that are not tested
TOLERANCE: Final = {"accuracy": 3e-3, "code": 5e-3}
NOISE: Final = (0.5, 1.0, 2.0)
FLOOR: Final = (
    0.01  # of the probability is shared evenly, so that no label costs infinitely many bits
)
BOUNDED: Final = (
    "accuracy",
    "control",
    "selectivity",
    "compression",
    "control_compression",
    "noise",
)
NAMES: Final = (*BOUNDED, "predicted")
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Options:
    """States in which ``view``; inverse ``strength`` of the penalty (scikit-learn's C); the share
    of documents that is ``held_out``; bootstrap ``draws`` over documents; ``seed``.
    """

    view: View = "normalised"
    strength: float = 1.0
    held_out: float = 0.2
    draws: int = 500
    seed: int = 0

    def __post_init__(self) -> None:
        """Raises InputError for what cannot be followed."""
        if not 0 < self.held_out < 1:
            raise InputError(
                f"A share of {self.held_out:g} cannot be held out: give one in 0 to 1."
            )
        if not self.strength > 0:
            raise InputError(f"A strength of {self.strength:g} is none: give a number above 0.")


@dataclass(frozen=True)
class Probe(Tabled):
    """At each step and site [step, site]: ``accuracy`` on documents held out, that of the
    ``control`` task, their difference ``selectivity``, ``compression`` of the online code and of
    the control's; ``noise`` [step, site, level] accuracy under NOISE. ``baseline`` is the
    accuracy of the most frequent label of a token's type, ``majority`` of the most frequent
    label; ``predicted`` [step, site, token] the class of each token, ``held_out`` [token]
    whether it was tested.
    """

    labels: Labelled
    steps: tuple[int, ...]
    sites: tuple[Site, ...]
    accuracy: Interval
    control: Interval
    selectivity: Interval
    compression: Interval
    control_compression: Interval
    noise: Interval
    baseline: Interval
    majority: Interval
    predicted: Floats
    held_out: Mask
    notes: tuple[Note, ...]

    def rows(self) -> Iterator[dict[str, Any]]:
        """A row for each step and site, the first step's accuracy beside every other's."""
        for t, step in enumerate(self.steps):
            for s, site in enumerate(self.sites):
                row: dict[str, Any] = {"label": self.labels.name, "step": step, "site": site.name}
                for name in BOUNDED[:-1]:
                    keys = (name, f"{name}_low", f"{name}_high")
                    row |= dict(zip(keys, getattr(self, name).at(t, s), strict=True))
                for n, level in enumerate(NOISE):
                    row[f"noise_{level:g}"] = float(self.noise.value[t, s, n])
                row["first_step"] = float(self.accuracy.value[0, s])
                row |= {
                    "baseline": float(self.baseline.value),
                    "majority": float(self.majority.value),
                }
                yield row | {"classes": len(self.labels.classes), "tokens": len(self.labels.values)}


def measure(
    opened: Session,
    labels: Labelled,
    steps: Sequence[int] | None = None,
    options: Options | None = None,
    watch: Watch = NOBODY,
) -> Probe:
    """What a linear probe reads of the labels at every site of the steps (all by default), the
    run's first step always among them. Raises StepNotFound, NoWeights, Cancelled.
    """
    options = options or Options()
    first = opened.run.steps[0]
    chosen = tuple(dict.fromkeys((first, *chosen_steps(opened, steps))))
    split = Split.of(labels, options)
    origin = {
        "what": "probe",
        "options": asdict(options),
        "reference": fingerprint_of(labels.reference),
    }
    origin |= {"tolerance": TOLERANCE}
    origin["labels"] = fingerprint(
        labels.tokens.tolist(), labels.values.tolist(), labels.documents.tolist()
    )

    def read(step: int, at_work: Watch) -> NDArray[Any]:
        return reference_states(opened, step, labels, options.view, at_work)

    def compute(step: int, at_work: Watch) -> dict[str, NDArray[Any]]:
        reading, fitting = at_work.part(0, 2), at_work.part(1, 2)
        states = ahead.of(step, reading)
        rows, known = [], (Fits(), Fits())
        with threadpool_limits(1, "blas"):  # one order of sums, whatever the machine
            for number, site in enumerate(states):
                at_work.stop()
                fitting.progress(opened.sites[number].name, number / len(states))
                rows.append(at_site(site.astype(np.float32), split, known))
        return {name: np.stack([row[name] for row in rows]) for name in NAMES}

    with Readahead(read, chosen) as ahead:
        found = over_steps(opened, chosen, Recipe(origin, NAMES, compute), watch)
    baseline, majority = baselines(split)
    return Probe(
        labels,
        chosen,
        opened.sites,
        **{name: Interval.of(found[name]) for name in BOUNDED},
        baseline=baseline,
        majority=majority,
        predicted=found["predicted"],
        held_out=split.test,
        notes=labels.notes,
    )


def reference_states(
    opened: Session, step: int, labels: Labelled, view: View, watch: Watch = NOBODY
) -> NDArray[Any]:
    """The states [site, n, d] of labelled tokens at a step, in a view, kept as the atlas keeps its
    own."""

    def told(share: float) -> None:
        watch.stop()
        watch.progress("reading the reference", share)

    origin = {
        "format": 1,
        "checkpoint": opened.run.origin(step),
        "reference": fingerprint_of(labels.reference),
        "view": view,
    }
    made = opened.cache.get(
        origin,
        lambda: kept_states(
            opened.run, step, labels.reference, view, lambda: opened.model(step), told
        ),
    )
    return np.asarray(made[:, labels.tokens])


@dataclass(frozen=True)
class Split:
    """Labelled tokens and how they are used: which are for the ``test``, in which ``block`` of the
    online code [n], the labels and those of the control task, the resampled ``counts``
    [draw, document] of ``documents``, and noise for the test's states."""

    values: Ints
    control: Ints
    types: Ints
    classes: int
    test: Mask
    block: Ints
    documents: Ints
    counts: NDArray[np.int64]
    options: Options

    @staticmethod
    def of(labels: Labelled, options: Options) -> Split:
        """Documents in a random order: the first are tested, and blocks are sent in that order."""
        kinds, documents = np.unique(labels.documents, return_inverse=True)
        rng = np.random.default_rng(options.seed)
        order = np.empty(len(kinds), dtype=np.int64)
        order[rng.permutation(len(kinds))] = np.arange(len(kinds))
        sizes = np.bincount(order[documents], minlength=len(kinds))
        before = (
            np.cumsum(sizes) - sizes
        ) / sizes.sum()  # the share of tokens before each in order
        test = before < options.held_out
        test[-1] = False
        block = np.searchsorted(BLOCKS, before, side="right")
        return Split(
            labels.values,
            shuffled_types(labels, options.seed),
            labels.types,
            len(labels.classes),
            test[order[documents]],
            block[order[documents]].astype(np.int32),
            documents.astype(np.int32),
            resamples(len(kinds), options.draws, rng),
            options,
        )

    def mean(self, right: Doubles) -> Doubles:
        """The mean over tested tokens of values [test token] with bounds over documents [3]."""
        documents = self.documents[self.test]
        sums = np.bincount(documents, right, self.counts.shape[1])
        sizes = np.bincount(documents, minlength=self.counts.shape[1])
        with np.errstate(invalid="ignore"):
            return packed(right.mean(), (self.counts @ sums) / (self.counts @ sizes))


class Fits(dict[int, Logistic | None]):
    """Fitted models of one task by how much they were fitted to (the block before which it ends):
    where the next site's begin. States of neighboring sites are alike, so a third of the steps is
    saved."""


def at_site(
    states: Floats, split: Split, known: tuple[Fits, Fits] | None = None
) -> dict[str, NDArray[Any]]:
    """All numbers of one site, from states [n, d]; ``known`` are the fits of the site before, of
    the labels and of the control task, and those of this one afterwards."""
    train = ~split.test
    spread = states[train].std(axis=0)
    scaled = (states - states[train].mean(axis=0)) / np.where(spread > 0, spread, 1)
    turned = Turned.of(scaled, train, split.classes, split.options.strength)
    own, dealt = known or (Fits(), Fits())
    with ThreadPoolExecutor(2) as both:  # the two tasks have nothing to do with each other
        waiting = both.submit(task, turned, split.control, split, dealt)
        guesses, noisy, length = task(turned, split.values, split, own, noise=True)
        control, _, other_length = waiting.result()
    right = (guesses[split.test] == split.values[split.test]).astype(np.float64)
    other = (control[split.test] == split.control[split.test]).astype(np.float64)
    return {
        "accuracy": split.mean(right),
        "control": split.mean(other),
        "selectivity": split.mean(right - other),
        "compression": length,
        "control_compression": other_length,
        "noise": np.stack([split.mean(one) for one in noisy]),
        "predicted": guesses,
    }


def task(
    turned: Turned, values: Ints, split: Split, known: Fits, noise: bool = False
) -> tuple[Ints, list[Doubles], Doubles]:
    """What ``guessed`` and ``compression`` say of one task."""
    return (
        *guessed(turned, values, split, known, noise),
        compression(turned, values, split, known),
    )


def guessed(
    turned: Turned, values: Ints, split: Split, known: Fits, noise: bool = False
) -> tuple[Ints, list[Doubles]]:
    """The classes that a probe of the train tokens gives all [n]; and, with ``noise``, which of the
    tested are right under each level of it."""
    train = ~split.test
    model = known[WHOLE] = fitted(turned, train, values, TOLERANCE["accuracy"], known.get(WHOLE))
    if model is None:
        guesses = np.full(len(values), values[train][0])
        return guesses, [(guesses == values)[split.test].astype(np.float64)] * len(NOISE)
    tested = turned.states[split.test]
    moved: list[Doubles] = []
    if noise:
        draw = np.random.default_rng((split.options.seed, 2)).normal(size=tested.shape)
        away = draw.astype(np.float32) @ turned.turn.astype(np.float32)
        truth = values[split.test]
        moved = [(model.predict(tested + level * away) == truth).astype(float) for level in NOISE]
    return np.asarray(model.predict(turned.states), dtype=np.int32), moved


def compression(turned: Turned, values: Ints, split: Split, known: Fits) -> Doubles:
    """How many times shorter the online code is than a uniform one, with bounds over documents [3];
    the first block is sent uniformly."""
    uniform = np.log2(split.classes)
    bits = np.full(len(values), uniform)
    for number in range(1, len(BLOCKS)):
        before, new = split.block < number, split.block == number
        model = None
        if before.any():
            model = fitted(turned, before, values, TOLERANCE["code"], known.get(number))
        known[number] = model
        if model is None or not new.any():
            continue
        shares = np.zeros((int(new.sum()), split.classes))
        shares[:, model.kinds] = model.probabilities(turned.states[new])
        shares = (1 - FLOOR) * shares + FLOOR / split.classes
        bits[new] = -np.log2(shares[np.arange(len(shares)), values[new]])
    sizes = np.bincount(split.documents, minlength=split.counts.shape[1])
    sums = np.bincount(split.documents, bits, split.counts.shape[1])
    draws = uniform * (split.counts @ sizes) / (split.counts @ sums)
    return packed(uniform * len(bits) / bits.sum(), draws)


def baselines(split: Split) -> tuple[Interval, Interval]:
    """The accuracy of the most frequent label of a token's type, and of the most frequent label."""
    train = ~split.test
    often = int(np.bincount(split.values[train], minlength=split.classes).argmax())
    kinds, which = np.unique(split.types, return_inverse=True)
    table = np.zeros((len(kinds), split.classes))
    np.add.at(table, (which[train], split.values[train]), 1)
    guess = np.where(table.any(axis=1), table.argmax(axis=1), often)[which]
    right = [
        (one == split.values)[split.test].astype(float)
        for one in (guess, np.full(len(guess), often))
    ]
    by_type, majority = (Interval.of(split.mean(one).astype(np.float32)) for one in right)
    return by_type, majority
