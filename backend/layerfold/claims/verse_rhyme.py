"""How far what is predicted at a rhyme place rhymes, with intervals by bootstrap over poems. Arrays
only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from layerfold.claims.verse_figures import Doubles, Flags, interval, ratio
from layerfold.claims.verse_reading import Verse
from layerfold.records import Estimate, Floats


@dataclass(frozen=True)
class Rhyme:
    """The share of the predicted probability on rhymes, on frequency-matched ones, with another
    poem's, and the differences.
    """

    own: Estimate
    matched: Estimate
    other: Estimate
    over_matched: Estimate
    over_other: Estimate


@dataclass(frozen=True)
class Call:
    """A rhyme that is to come: the token before it, the poem, and the earlier rhymes' ids."""

    before: int
    poem: int
    earlier: tuple[int, ...]


def calls_of(verse: Verse) -> list[Call]:
    """The last characters of the 4th and later even lines, each with the last characters of the
    even lines before.
    """
    found: list[Call] = []
    for n, row in verse.rows():
        ends = [t for t in row.tolist() if verse.last[t] and verse.line[t] % 2 == 0]
        found += [
            Call(t - 1, n, tuple(int(verse.ids[e]) for e in ends[:k]))
            for k, t in enumerate(ends)
            if k
        ]
    return found


def rhyme_of(
    verse: Verse, calls: Sequence[Call], shares: Floats, groups: Flags, matched: int, draws: Doubles
) -> Rhyme:
    """How the predicted probability ``shares`` [call, vocab] falls on rhymes; ``groups`` [vocab,
    group] says who stands where.

    Ids are in order of frequency, so those nearest in number are those nearest in frequency.
    """
    known = np.flatnonzero(groups.any(axis=1))
    likely = shares[:, known].astype(np.float64)
    likely /= likely.sum(axis=1, keepdims=True)
    fits = [_rhymes(groups, call.earlier)[known] for call in calls]
    strange = [_rhymes(groups, calls[n].earlier)[known] for n in strangers(verse, calls)]
    rows = np.stack(
        [
            np.array([share @ fit for share, fit in zip(likely, fits, strict=True)]),
            np.array(
                [share @ around(fit, matched) for share, fit in zip(likely, fits, strict=True)]
            ),
            np.array([share @ fit for share, fit in zip(likely, strange, strict=True)]),
        ]
    )
    owner = np.array([call.poem for call in calls])
    totals = draws @ np.bincount(owner, minlength=verse.poems)
    own, near, other = (
        ratio(draws @ np.bincount(owner, weights=row, minlength=verse.poems), totals)
        for row in rows
    )
    return Rhyme(*map(interval, (own, near, other, own - near, own - other)))


def _rhymes(groups: Flags, earlier: Sequence[int]) -> Doubles:
    """Which characters rhyme with one of the earlier ones and are none of them [vocab]: 1 or 0."""
    shared = groups[list(earlier)].any(axis=0)
    found = groups[:, shared].sum(axis=1) > 0
    found[list(earlier)] = False
    return np.asarray(found, dtype=np.float64)


def around(values: Doubles, count: int) -> Doubles:
    """The mean of the ``count`` values nearest in place to each, itself left out (fewer at both
    ends).
    """
    half = count // 2
    sums = np.concatenate(([0.0], np.cumsum(values)))
    at = np.arange(len(values))
    low, high = np.maximum(at - half, 0), np.minimum(at + half + 1, len(values))
    return np.asarray((sums[high] - sums[low] - values) / np.maximum(high - low - 1, 1))


def strangers(verse: Verse, calls: Sequence[Call]) -> list[int]:
    """For each call another poem's, of the same length of line and as many earlier rhymes where
    there is one.
    """
    groups: dict[tuple[int, int], list[int]] = {}
    for n, call in enumerate(calls):
        groups.setdefault((int(verse.length[call.poem]), len(call.earlier)), []).append(n)
    turned = {n: row[(at + 1) % len(row)] for row in groups.values() for at, n in enumerate(row)}
    return [turned[n] for n in range(len(calls))]
