"""Near-duplicates: texts that share at least half of their runs of three characters with an earlier
one.

Arrays only. A run lies within a line. Runs that more than ``COMMON`` texts hold tell nothing and
pair nobody, so a set phrase makes no duplicate; they still count in a text's number of runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

RUN: Final = 3
COMMON: Final = 12
SHARE: Final = 0.5
Numbers = NDArray[np.int64]


def near_duplicates(texts: Sequence[Sequence[str]], share: float = SHARE) -> NDArray[np.bool_]:
    """Which texts, each given by its lines, repeat an earlier one [text].

    Two texts are the same where the smaller one has ``share`` of its different runs in the other.
    """
    keys, owners = _runs(texts)
    counts = np.bincount(owners, minlength=len(texts))
    first, second, shared = _pairs(keys, owners, len(texts))
    same = shared >= share * np.minimum(counts[first], counts[second])
    found = np.zeros(len(texts), dtype=np.bool_)
    found[second[same]] = True
    return found


def _runs(texts: Sequence[Sequence[str]]) -> tuple[Numbers, Numbers]:
    """The different runs of every text as numbers, sorted, and whose each is."""
    joined = "".join("\n".join(("", *lines, "")) for lines in texts)
    sizes = np.fromiter(
        (sum(map(len, lines)) + len(lines) + 1 for lines in texts), np.int64, len(texts)
    )
    codes = np.frombuffer(joined.encode("utf-32-le"), dtype=np.uint32).astype(np.int64)
    owner = np.repeat(np.arange(len(texts)), sizes)
    if len(codes) < RUN:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    wide = 1 << 21  # more than any code point
    parts = [codes[n : len(codes) - RUN + 1 + n] for n in range(RUN)]
    whole = np.logical_and.reduce([part != ord("\n") for part in parts])
    keys = sum(part * wide ** (RUN - 1 - n) for n, part in enumerate(parts))
    keys, owner = np.asarray(keys)[whole], owner[: len(whole)][whole]
    order = np.lexsort((owner, keys))
    keys, owner = keys[order], owner[order]
    fresh = np.ones(len(keys), dtype=np.bool_)
    fresh[1:] = (keys[1:] != keys[:-1]) | (owner[1:] != owner[:-1])
    return keys[fresh], owner[fresh]


def _pairs(keys: Numbers, owners: Numbers, count: int) -> tuple[Numbers, Numbers, Numbers]:
    """The pairs of texts, earlier and later, that share a run, and how many they share."""
    starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1]))) if len(keys) else keys
    sizes = np.diff(np.append(starts, len(keys)))
    found: list[Numbers] = []
    for size in range(2, COMMON + 1):
        rows = owners[starts[sizes == size][:, None] + np.arange(size)]  # owners rise within a run
        one, other = np.triu_indices(size, 1)
        found.append((rows[:, one] * count + rows[:, other]).ravel())
    pairs, shared = np.unique(np.concatenate(found), return_counts=True)
    return pairs // max(count, 1), pairs % max(count, 1), shared
