"""Classes of tokens: of grammar by word lists, of text by source, of a task by its variables."""

from __future__ import annotations

import unicodedata
from typing import Final

import numpy as np
from numpy.typing import NDArray

from layerfold.claims.seed.finding import Untestable
from layerfold.claims.seed.subject import Subject
from layerfold.interp.interval import Doubles
from layerfold.records import Floats, Label, Reference

Classes = NDArray[np.int64]
FOLDS: Final = 5
PENALTY: Final = 1.0
MOST_LEVELS: Final = 200  # of a cyclic or numbered variable that are told apart


def grammar(subject: Subject, reference: Reference) -> Classes:
    """The class of grammar of each token of a reference [n], by lists of closed-class words."""
    lists = subject.words["grammar"][subject.language]
    kinds = {word: n for n, words in enumerate(lists.values()) for word in words.split()}
    return np.array([_kind(text, kinds, len(lists)) for text in reference.text])


def _kind(text: str, kinds: dict[str, int], after: int) -> int:
    """A listed class, else punctuation, a number, a word of content, or a piece of one."""
    word = text.strip().lower()
    if word in kinds:
        return kinds[word]
    if not word or all(unicodedata.category(c)[0] in "PSZ" for c in word):
        return after
    if any(c.isdigit() for c in word):
        return after + 1
    return after + 2 + (text[:1].isascii() and not text.startswith(" "))


def classes_of(subject: Subject, reference: Reference) -> Classes:
    """A class for each token: of grammar in text; of a task the likeliest part of its mixture, else
    its first class. Raises Untestable.
    """
    if subject.task is None:
        return grammar(subject, reference)
    for label in reference.labels:
        if label.kind == "mixture":
            return np.asarray(np.nan_to_num(label.values).argmax(axis=1))
    for label in reference.labels:
        if label.kind == "category":
            return np.asarray(np.nan_to_num(label.values[:, 0], nan=-1).astype(np.int64) + 1)
    raise Untestable("no_classes")


def one_hot(classes: NDArray[np.integer]) -> Doubles:
    """A column for each class [n, class]."""
    _, which = np.unique(classes, return_inverse=True)
    return np.eye(int(which.max()) + 1)[which]


def variables(subject: Subject, reference: Reference) -> Doubles:
    """What rules a token's part: columns [n, m] of grammar and text, or of the task's variables.
    Raises Untestable.
    """
    if subject.task is None:
        source = np.unique(np.array(reference.source), return_inverse=True)[1]
        return np.concatenate(
            [one_hot(grammar(subject, reference)), one_hot(source[reference.window])], axis=1
        )
    columns = [_columns(label) for label in reference.labels if label.name != "place"]
    if not columns:
        raise Untestable("no_classes")
    return np.concatenate(columns, axis=1)


def _columns(label: Label) -> Doubles:
    """A label as columns [n, m]: levels of what repeats or is a class, else the numbers."""
    values = np.nan_to_num(label.values.astype(np.float64), nan=-1)
    if label.kind in ("category", "cyclic") and len(np.unique(values)) <= MOST_LEVELS:
        return one_hot(np.unique(values[:, 0], return_inverse=True)[1])
    return values


def circumstances(reference: Reference) -> Doubles:
    """Where a token stands and how frequent it is, as columns [n, m]."""
    often = np.log1p(reference.frequency.astype(np.float64))
    levels = np.searchsorted(np.quantile(often, np.linspace(0.1, 0.9, 9)), often)
    place = reference.position.astype(np.int64)
    places = place if len(np.unique(place)) <= 20 else place // 4
    return np.concatenate([one_hot(places), one_hot(levels), often[:, None]], axis=1)


def folds_of(reference: Reference, seed: int = 0) -> Classes:
    """A fold for each token [n]; a window's tokens are never parted."""
    order = np.random.default_rng(seed).permutation(len(reference.windows))
    return np.asarray(order[reference.window] % FOLDS)


def ridge_guess(
    x: Floats | Doubles, y: Doubles, folds: Classes, penalty: float = PENALTY
) -> Doubles:
    """What a ridge regression of the other folds says of each row: [n, m] of x [n, d], y [n, m]."""
    guess = np.empty(y.shape)
    wide = x.astype(np.float64)
    for fold in np.unique(folds):
        test = folds == fold
        center, level = wide[~test].mean(axis=0), y[~test].mean(axis=0)
        spread = np.maximum(wide[~test].std(axis=0), 1e-9)
        known = (wide[~test] - center) / spread
        gram = known.T @ known + penalty * np.eye(known.shape[1])
        weights = np.linalg.solve(gram, known.T @ (y[~test] - level))
        guess[test] = (wide[test] - center) / spread @ weights + level
    return guess


def explained(x: Doubles, y: Doubles, folds: Classes) -> float:
    """Cross-validated R² of y [n, m] by x, columns weighted by their variance."""
    rest = np.square(y - ridge_guess(x, y, folds)).sum()
    return float(1 - rest / np.square(y - y.mean(axis=0)).sum())
