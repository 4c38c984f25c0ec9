"""What counting alone predicts: a unigram and a trigram model over the same tokens, for the card to
stand beside the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Final

import numpy as np
from numpy.typing import NDArray

from layerfold.data.batches import Data

Keys = NDArray[np.int64]
Doubles = NDArray[np.float64]
NAMES: Final = {3: "trigram", 5: "five_gram"}


def baselines(data: Data, block: int, orders: Sequence[int] = (3,)) -> dict[str, float]:
    """Bits per byte on the held-out tokens that the network is tested on: ``unigram`` (add-one),
    and by each of ``orders`` a Kneser-Ney model of so many tokens (``trigram``, ``five_gram``).
    """
    _, targets = data.windows(block)
    count = targets.size
    ids = data.held_out.astype(np.int64)
    size = len(data.byte_lengths)
    seen = np.bincount(data.train, minlength=size)
    unigram = (seen + 1.0) / (seen.sum() + size)
    found = {"unigram": bits_per_byte(-np.log(unigram[targets.ravel()]).sum(), targets, data)}
    for order in orders:
        before = [
            np.concatenate((np.repeat(ids[:1], back), ids[: count - back]))
            for back in range(order - 2, -1, -1)
        ]
        # before the first token stands itself
        shares = interpolated(data.train.astype(np.int64), before, targets.ravel(), size)
        found[NAMES[order]] = bits_per_byte(-np.log(shares).sum(), targets, data)
    return found


def bits_per_byte(nats: float, targets: NDArray[np.int64], data: Data) -> float:
    """Nats summed over target tokens as bits for each byte of the text they stand for (the end sign
    stands for none).
    """
    return float(nats / log(2) / data.byte_lengths[targets].sum())


def kneser_ney(train: Keys, first: Keys, second: Keys, third: Keys, size: int) -> Doubles:
    """P(third | first, second) of each query: ``interpolated`` of three tokens."""
    return interpolated(train, (first, second), third, size)


def interpolated(train: Keys, before: Sequence[Keys], wanted: Keys, size: int) -> Doubles:
    """P(wanted | before) of each query: interpolated Kneser-Ney, one discount an order (Chen &
    Goodman 1999).

    ``before`` are the tokens that stand before, the nearest last. Below the highest order a run of
    tokens counts once for each token it was found after.
    """
    order = len(before) + 1
    if size**order >= 1 << 63:
        raise ValueError(f"runs of {order} of {size} tokens have no number: ask for shorter ones")
    runs = sum(
        train[n : len(train) - order + 1 + n] * size ** (order - 1 - n) for n in range(order)
    )
    keys, counts = np.unique(np.asarray(runs), return_counts=True)
    levels = [(keys, counts.astype(np.float64))]
    for length in range(order - 1, 0, -1):
        keys, counts = np.unique(keys % size**length, return_counts=True)
        levels.append((keys, counts.astype(np.float64)))
    keys, weight = levels.pop()
    single = np.zeros(size)
    single[keys] = weight
    lowest = _order(
        np.arange(size), np.zeros(size, dtype=np.int64), single, wanted, np.zeros_like(wanted)
    )
    found = lowest.probability(np.full(len(wanted), 1 / size))
    context = np.zeros_like(wanted)
    for length, token in enumerate(reversed(before)):
        context = context + token * size**length
        keys, weight = levels.pop()
        found = _order(keys, keys // size, weight, context * size + wanted, context).probability(
            found
        )
    return found


@dataclass(frozen=True)
class _Order:
    """One order's share at each query: the count of what is asked, all counts of its context, and
    how many kinds follow it.
    """

    count: Doubles
    total: Doubles
    kinds: Doubles
    discount: float

    def probability(self, lower: Doubles) -> Doubles:
        """The discounted share, and what is left spread as the lower order says."""
        known = self.total > 0
        total = np.where(known, self.total, 1.0)
        own = np.maximum(self.count - self.discount, 0) / total
        return np.where(known, own + self.discount * self.kinds / total * lower, lower)


def _order(keys: Keys, contexts: Keys, weight: Doubles, query: Keys, context: Keys) -> _Order:
    keep = weight > 0
    keys, contexts, weight = keys[keep], contexts[keep], weight[keep]
    # keys are sorted, so a context's are together
    heads, first = np.unique(contexts, return_index=True)
    totals = np.add.reduceat(weight, first)
    kinds = np.diff(np.append(first, len(keys))).astype(np.float64)
    once, twice = float((weight == 1).sum()), float((weight == 2).sum())
    discount = once / (once + 2 * twice) if once else 0.5
    return _Order(
        _look(keys, weight, query),
        _look(heads, totals, context),
        _look(heads, kinds, context),
        discount,
    )


def _look(keys: Keys, values: Doubles, query: Keys) -> Doubles:
    """The value of each queried key, 0 where it is not there; ``keys`` are sorted."""
    at = np.minimum(np.searchsorted(keys, query), len(keys) - 1)
    return np.where(keys[at] == query, values[at], 0.0)
