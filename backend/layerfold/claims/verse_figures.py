"""The numbers behind Poet's claims, each with an interval by bootstrap over poems. Arrays only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from layerfold.claims.verse_reading import PLACES, SIZES, Reading, Verse
from layerfold.records import Estimate, Floats

DRAWS: Final = 1000
PARTS: Final = 3  # to fit, to choose, to test
RIDGE: Final = 10.0
ASKED: Final = (2, 4, 6)
"""Places whose tone the rules of regulated verse set."""
Doubles = NDArray[np.float64]
Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]


def draws_of(poems: int, seed: int = 0) -> Doubles:
    """How often each poem is drawn, in every draw of the bootstrap [draw, poem]; the first is the
    sample itself.
    """
    rng = np.random.default_rng(seed)
    found = np.stack(
        [np.bincount(rng.integers(poems, size=poems), minlength=poems) for _ in range(DRAWS)]
    )
    return np.concatenate((np.ones((1, poems)), found)).astype(np.float64)


def interval(values: Doubles) -> Estimate:
    """The first value, between the 2.5th and the 97.5th percentile of the others that are defined,
    where there are any.
    """
    rest = values[1:][np.isfinite(values[1:])]
    if not np.isfinite(values[0]):
        return Estimate.undefined("there is too little verse")
    if not len(rest):
        return Estimate(float(values[0]))
    low, high = np.percentile(rest, (2.5, 97.5))
    return Estimate(float(values[0]), float(low), float(high))


def ratio(over: Doubles, under: Doubles) -> Doubles:
    """One over the other, NaN where there is nothing under."""
    return np.asarray(
        np.divide(over, under, out=np.full(np.shape(over), np.nan), where=under > 0),
        dtype=np.float64,
    )


def per_poem(verse: Verse, values: NDArray[np.generic]) -> Doubles:
    """The sum of values [token] in each poem."""
    return np.asarray(
        np.bincount(verse.poem, weights=values.astype(np.float64), minlength=verse.poems),
        dtype=np.float64,
    )


# ---- line ends


@dataclass(frozen=True)
class Ends:
    """Recall of line ends, and the share of other characters after which one is expected."""

    recall: Estimate
    false: Estimate


def ends_of(verse: Verse, reading: Reading, draws: Doubles, lines: str = "after") -> Ends:
    """Over the lines after each poem's first, the ``first`` ones alone, or ``all``."""
    counted = {"after": verse.line > 1, "first": verse.line == 1, "all": verse.line > 0}[lines] & (
        verse.place > 0
    )
    said = reading.ends > 0.5
    found = []
    for here in (counted & verse.last, counted & ~verse.last):
        found.append(
            interval(ratio(draws @ per_poem(verse, here & said), draws @ per_poem(verse, here)))
        )
    return Ends(*found)


# ---- places


def means_of_places(
    verse: Verse, states: Floats, draws: Doubles, kinds: Numbers | None = None
) -> Doubles:
    """The mean state of each kind of place in every draw [draw, 12, d]."""
    kinds = verse.kind if kinds is None else kinds
    here = kinds >= 0
    at = verse.poem[here] * PLACES + kinds[here]
    sums = np.zeros((verse.poems * PLACES, states.shape[1]))
    np.add.at(sums, at, states[here].astype(np.float64))
    counts = draws @ np.bincount(at, minlength=verse.poems * PLACES).reshape(verse.poems, PLACES)
    totals = (draws @ sums.reshape(verse.poems, -1)).reshape(len(draws), PLACES, -1)
    return np.asarray(totals / np.maximum(counts, 1)[:, :, None])


def places_of(means: Doubles, size: int) -> Doubles:
    """The means of the places in lines of one size [draw, place, d]."""
    start = 0 if size == SIZES[0] else SIZES[0]
    return means[:, start : start + size]


def distances(means: Doubles) -> Doubles:
    """Between the places of one size [draw, place, place]."""
    squares = np.square(means).sum(axis=2)
    found = squares[:, :, None] + squares[:, None] - 2 * means @ means.transpose(0, 2, 1)
    return np.asarray(np.sqrt(np.maximum(found, 0)))


def in_order(means: Doubles) -> Doubles:
    """The share of places whose nearest other place is a neighbour, the lesser one of both sizes
    [draw].
    """
    shares = []
    for size in SIZES:
        apart = distances(places_of(means, size))
        apart[:, np.arange(size), np.arange(size)] = np.inf
        near = apart.argmin(axis=2)
        shares.append((np.abs(near - np.arange(size)) == 1).mean(axis=1))
    return np.asarray(np.minimum(*shares), dtype=np.float64)


def strands(means: Doubles, size: int) -> Doubles:
    """Mean distance of places of one parity over that of places of the other, in lines of a size
    [draw].
    """
    apart = distances(places_of(means, size))
    one, other = np.triu_indices(size, 1)
    same = (one - other) % 2 == 0
    pairs = apart[:, one, other]
    return ratio(pairs[:, same].mean(axis=1), pairs[:, ~same].mean(axis=1))


def held_by(means: Doubles, components: int) -> Doubles:
    """The share of the variance between all twelve means that their widest directions hold
    [draw].
    """
    centered = means - means.mean(axis=1, keepdims=True)
    squares = np.square(np.linalg.svd(centered, compute_uv=False))
    return ratio(squares[:, :components].sum(axis=1), squares.sum(axis=1))


def dealt(verse: Verse, seed: int = 0) -> Numbers:
    """The kinds of place dealt out at random within each poem; marks keep having none."""
    rng = np.random.default_rng(seed)
    kinds = verse.kind.copy()
    for _, row in verse.rows():
        at = row[kinds[row] >= 0]
        kinds[at] = rng.permutation(kinds[at])
    return kinds


# ---- tones


@dataclass(frozen=True)
class Probe:
    """A probe's accuracy, that of its control, their difference, and the site it reads."""

    accuracy: Estimate
    control: Estimate
    gain: Estimate
    site: int


def tone_probe(
    verse: Verse,
    reading: Reading,
    tones: Numbers,
    draws: Doubles,
    sites: Sequence[int] | None = None,
) -> Probe:
    """A character's own tone (``tones`` [token]: 1, -1, 0 unknown) from its state, beside a random
    sign for each character.
    """
    known = np.flatnonzero((tones != 0) & (verse.place > 0))
    signs = np.random.default_rng(0).choice((-1, 1), size=int(verse.ids.max()) + 1)[verse.ids]
    targets = np.stack((tones[known], signs[known]))
    return _probed(verse, reading.states[:, known], targets, verse.poem[known], draws, sites)


def next_tone_probe(
    verse: Verse,
    reading: Reading,
    tones: Numbers,
    draws: Doubles,
    sites: Sequence[int] | None = None,
) -> Probe:
    """Tones of places 2, 4, 6 of the next line from the mark before it, beside next lines exchanged
    between poems.
    """
    marks, following = next_lines(verse)
    other = exchanged(verse, marks, following)
    real, dealt_out = (
        [tones_at(verse, lines, tones, place) for place in ASKED] for lines in (following, other)
    )
    states, owner = reading.states[:, marks], verse.poem[marks]
    parts = [
        _probed_rows(states, np.stack(pair), owner, sites)
        for pair in zip(real, dealt_out, strict=True)
    ]
    return _judged(parts, owner, verse.poems, draws)


def next_lines(verse: Verse) -> tuple[Numbers, Numbers]:
    """The marks that a further whole line follows, and the first token of that line."""
    marks = np.unique(verse.close)
    marks = marks[marks + 1 < len(verse.ids)]
    follows = verse.poem[marks] == verse.poem[marks + 1]
    return marks[follows], marks[follows] + 1


def exchanged(verse: Verse, marks: Numbers, following: Numbers) -> Numbers:
    """For each mark the line that follows the line of the same number in the next poem of the same
    part and length.
    """
    found = following.copy()
    keys = (verse.poem[marks] % PARTS) * 10_000 + verse.size[marks] * 1000 + verse.line[marks]
    for key in np.unique(keys):
        at = np.flatnonzero(keys == key)
        found[at] = following[np.roll(at, 1)]
    return found


def tones_at(verse: Verse, starts: Numbers, tones: Numbers, place: int) -> Numbers:
    """The tone at a place of the lines that begin at ``starts``, 0 where the line is shorter."""
    there = np.minimum(starts + place - 1, len(tones) - 1)
    return np.where(verse.size[starts] >= place, tones[there], 0)


Judged = tuple[Doubles, Doubles, Flags]
"""Right or not [site, row] of the probe and of its control, and which rows count."""


def _probed(
    verse: Verse,
    states: Floats,
    targets: Numbers,
    owner: Numbers,
    draws: Doubles,
    sites: Sequence[int] | None,
) -> Probe:
    return _judged([_probed_rows(states, targets, owner, sites)], owner, verse.poems, draws)


def _probed_rows(
    states: Floats, targets: Numbers, owner: Numbers, sites: Sequence[int] | None
) -> Judged:
    known = (targets != 0).all(axis=0)
    fit = known & (owner % PARTS == 0)
    chosen = range(len(states)) if sites is None else sites
    right = np.full((2, len(states), states.shape[1]), np.nan)
    for site in chosen:
        for n, target in enumerate(targets):
            right[n, site] = ridge(states[site], target, fit) == target
    return right[0], right[1], known


def ridge(states: Floats, target: Numbers, fit: Flags) -> Numbers:
    """The sign that a linear map, fitted by ridge regression on the rows ``fit``, gives every
    row.
    """
    x = states.astype(np.float64)
    mean, spread = x[fit].mean(axis=0), x[fit].std(axis=0) + 1e-6
    x = np.concatenate(((x - mean) / spread, np.ones((len(x), 1))), axis=1)
    weights = np.linalg.solve(
        x[fit].T @ x[fit] + RIDGE * np.eye(x.shape[1]), x[fit].T @ target[fit]
    )
    return np.where(x @ weights > 0, 1, -1)


def _judged(parts: Sequence[Judged], owner: Numbers, poems: int, draws: Doubles) -> Probe:
    """All parts together: the site is the one of the widest gain where poems choose, and the test
    poems judge it.
    """
    rights = [np.concatenate([part[n] for part in parts], axis=1) for n in (0, 1)]
    known = np.concatenate([part[2] for part in parts])
    owners = np.tile(owner, len(parts))
    choose, test = (known & (owners % PARTS == n) for n in (1, 2))
    gains = (rights[0][:, choose] - rights[1][:, choose]).mean(axis=1)
    site = int(np.nanargmax(gains))
    totals = draws @ np.bincount(owners[test], minlength=poems)

    def share(values: Doubles) -> Estimate:
        return interval(
            ratio(draws @ np.bincount(owners[test], weights=values[test], minlength=poems), totals)
        )

    own, control = rights[0][site], rights[1][site]
    return Probe(share(own), share(control), share(own - control), site)
