"""What counting alone predicts: a unigram and a trigram model over the same tokens, for the card to
stand beside the network.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from layerfold.data.batches import Data

Keys = NDArray[np.int64]
Doubles = NDArray[np.float64]


def baselines(data: Data, block: int) -> dict[str, float]:
    """Bits per byte on the held-out tokens that the network is tested on: ``unigram`` (add-one) and
    ``trigram`` (Kneser-Ney).
    """
    inputs, targets = data.windows(block)
    count = targets.size
    ids = data.held_out.astype(np.int64)
    size = len(data.byte_lengths)
    # the token before the first is itself: one token in all
    before = np.concatenate(([ids[0]], ids[: count - 1]))
    seen = np.bincount(data.train, minlength=size)
    unigram = (seen + 1.0) / (seen.sum() + size)
    trigram = kneser_ney(data.train.astype(np.int64), before, inputs.ravel(), targets.ravel(), size)
    return {
        "unigram": bits_per_byte(-np.log(unigram[targets.ravel()]).sum(), targets, data),
        "trigram": bits_per_byte(-np.log(trigram).sum(), targets, data),
    }


def bits_per_byte(nats: float, targets: NDArray[np.int64], data: Data) -> float:
    """Nats summed over target tokens as bits for each byte of the text they stand for (the end sign
    stands for none).
    """
    return float(nats / log(2) / data.byte_lengths[targets].sum())


def kneser_ney(train: Keys, first: Keys, second: Keys, third: Keys, size: int) -> Doubles:
    """P(third | first, second) of each query: interpolated Kneser-Ney, one discount an order (Chen
    & Goodman 1999).
    """
    triples, counts = np.unique(
        (train[:-2] * size + train[1:-1]) * size + train[2:], return_counts=True
    )
    # in how many contexts each pair ends
    pairs, followers = np.unique(triples % size**2, return_counts=True)
    words, contexts = np.unique(pairs % size, return_counts=True)
    single = np.zeros(size)
    single[words] = contexts
    low = _order(
        np.arange(size), np.zeros(size, dtype=np.int64), single, third, np.zeros_like(third)
    )
    lowest = low.probability(np.full(len(third), 1 / size))
    middle = _order(
        pairs, pairs // size, followers.astype(np.float64), second * size + third, second
    ).probability(lowest)
    context = first * size + second
    high = _order(
        triples, triples // size, counts.astype(np.float64), context * size + third, context
    )
    return high.probability(middle)


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
