"""One-token changes of a text, and what each does to the prediction after it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from layerfold.errors import NotSupported
from layerfold.interp.interval import Doubles
from layerfold.interp.stepwise import NOBODY, Watch
from layerfold.model.forward import array, network_of, run
from layerfold.records import Floats

if TYPE_CHECKING:
    from layerfold.model.adapter import Adapter
    from layerfold.model.network import Network

SHOWN: Final = 5
AT_ONCE: Final = 256
AT_ONCE_WORK: Final = 1 << 35  # of windows read together: about a second, then it can be stopped
VOCABULARY_AT_ONCE: Final = 4096
PLACES_AT_ONCE: Final = 64
RANDOM: Final = 200
LEAST: Final = 16  # random changes, and changes by gradient, however long a text is
MOST_TOKENS: Final = 1 << 20
MOST_WORK: Final = 1.25e12  # multiplications: about a minute of one core where all is tried


@dataclass(frozen=True)
class Search:
    """All changes are tried where that is at most ``budget`` tokens to read (without one: a
    million, or as many as take ``work`` multiplications), else the ``candidates`` of each place by
    gradient, the most promising first as far as ``work`` goes; ``seed`` of the random ones."""

    budget: int | None = None
    candidates: int = 64
    work: float = MOST_WORK
    seed: int = 0


@dataclass(frozen=True)
class Cost:
    """What reading costs in multiplications: a ``token`` in the layers, and ``logits`` of the last
    token of each window; windows are of ``length`` tokens."""

    token: int
    logits: int
    length: int

    @staticmethod
    def of(adapter: Adapter, length: int) -> Cost:
        """A layer counted as twelve squares of its width, as in a GPT."""
        layers = network_of(adapter).n_layer
        width = adapter.d_model
        return Cost(12 * layers * width * width, width * adapter.n_vocab, length)

    @property
    def window(self) -> int:
        """What one window costs."""
        return self.token * self.length + self.logits

    def all_tokens(self, search: Search) -> int:
        """How many tokens may be read for trying all changes."""
        if search.budget is not None:
            return search.budget
        return min(MOST_TOKENS, int(search.work * self.length / self.window))

    def windows(self, work: float) -> int:
        """How many windows so much work reads, and at least a few."""
        return max(LEAST, int(work / self.window))


def log_probabilities(logits: Floats) -> Doubles:
    """Log-probabilities [n, vocab] in double precision."""
    wide = logits.astype(np.float64)
    wide -= wide.max(axis=1, keepdims=True)
    return np.asarray(wide - np.log(np.exp(wide).sum(axis=1, keepdims=True)))


def swapped(
    adapter: Adapter,
    ids: Sequence[int],
    target: int,
    gradient: Floats,
    options: Search,
    watch: Watch = NOBODY,
) -> dict[str, NDArray[Any]]:
    """One-token changes before the last token: the best ``swaps`` [5, (position, id, effect, flips,
    0)], how many were ``tried``, whether these are all, and how many random ones [3], whose effect
    is ``random_swaps``."""
    places, cost = len(ids) - 1, Cost.of(adapter, len(ids))
    exact = places * adapter.n_vocab * len(ids) <= cost.all_tokens(options)
    by_chance = min(RANDOM, cost.windows(options.work / 4))
    rng = np.random.default_rng((options.seed, 8))
    if exact:
        pairs = np.stack(np.divmod(np.arange(places * adapter.n_vocab), adapter.n_vocab), axis=1)
    else:
        most = cost.windows(options.work - by_chance * cost.window)
        pairs = ranked(adapter, ids, gradient, options.candidates, most)
    pairs = pairs[pairs[:, 1] != np.array(ids)[pairs[:, 0]]]
    random = np.stack(
        [rng.integers(places, size=by_chance), rng.integers(adapter.n_vocab, size=by_chance)],
        axis=1,
    )
    whole = Changes(adapter, ids, target, watch, len(random) + len(pairs))
    chance, _ = whole.effects(random)
    effect, flips = whole.effects(pairs)
    order = np.argsort(-effect, kind="stable")[:SHOWN]
    best = np.full((SHOWN, 5), -1.0)
    best[: len(order), :2] = pairs[order]
    best[: len(order), 2:4] = np.stack([effect[order], flips[order]], axis=1)
    spread = np.array([chance.mean(), *np.quantile(chance, (0.025, 0.975))])
    tried = np.array([len(pairs), exact, len(random)])
    return {"swaps": best, "tried": tried, "random_swaps": spread}


def ranked(
    adapter: Adapter, ids: Sequence[int], gradient: Floats, candidates: int, most: int
) -> NDArray[np.int64]:
    """The changes (position, id) [n, 2] that by the gradient [token, d] at embed do most, so many
    of each place, and of all the ``most`` promising, place by place."""
    states, places = embedded(adapter), len(ids) - 1
    of_each = min(candidates, len(states))
    best = np.empty((places, of_each), dtype=np.int64)
    promise = np.empty((places, of_each))
    for n in range(0, places, PLACES_AT_ONCE):
        for place, found in enumerate(gradient[n : min(n + PLACES_AT_ONCE, places)] @ states.T, n):
            best[place] = np.argsort(-found, kind="stable")[:of_each]
            promise[place] = found[best[place]] - found[ids[place]]
    pairs = np.stack([np.repeat(np.arange(places), of_each), best.ravel()], axis=1)
    kept = np.argsort(-promise.ravel(), kind="stable")[:most]
    return pairs[np.sort(kept)]


class _Embedded(Exception):
    """What the first layer reads is known, so that the pass need not go on."""


class _First:
    """A hook that ends a pass as soon as ``embed`` is there."""

    def __init__(self) -> None:
        self.states: Tensor | None = None

    def wants(self, name: str) -> bool:
        """Only the first tensor is."""
        return name == "embed"

    def __call__(self, name: str, x: Tensor) -> Tensor:
        """Keeps what the first layer reads; raises _Embedded."""
        if name != "embed":
            return x
        self.states = x
        raise _Embedded


@torch.inference_mode()
def embedded(adapter: Adapter) -> Floats:
    """The state at embed of every token of the vocabulary, alone in a sentence [vocab, d]; between
    two tokens it differs as at any other place, where positions are added or turned."""
    network = network_of(adapter)
    every = torch.arange(adapter.n_vocab, device=network.device)[:, None]
    parts = []
    for ids in torch.split(every, VOCABULARY_AT_ONCE):
        hook = _First()
        with suppress(_Embedded):
            network(ids, hook, None, 0)
        assert hook.states is not None
        parts.append(array(hook.states[:, 0]))
    return np.concatenate(parts)


class Changes:
    """Changes of single tokens of a text before a ``target``; ``watch`` hears how many of so many
    ``planned`` have been tried. What stands before a change is read once for all of its place."""

    def __init__(
        self, adapter: Adapter, ids: Sequence[int], target: int, watch: Watch, planned: int
    ) -> None:
        self.target, self.watch, self.planned, self.done = target, watch, planned, 0
        self._ids = np.array(ids, dtype=np.int64)
        self._network = network_of(adapter)
        self._cost = Cost.of(adapter, len(ids))
        self._plain = float(self._last(self._ids[None], None)[0, target])

    def effects(self, pairs: NDArray[np.int64]) -> tuple[Doubles, NDArray[np.bool_]]:
        """By how many nats each change (position, id) lowers the target's log-probability, and
        whether another token is predicted then."""
        effect, flips = np.empty(len(pairs)), np.empty(len(pairs), dtype=bool)
        at_once = min(AT_ONCE, max(1, AT_ONCE_WORK // self._cost.window))
        before = Before(self._network, self._ids)
        for place in np.unique(pairs[:, 0]):
            of_place = np.flatnonzero(pairs[:, 0] == place)
            for n in range(0, len(of_place), at_once):
                self.watch.stop()
                self.watch.progress(f"{self.planned} changes of a token", self.done / self.planned)
                some = of_place[n : n + at_once]
                logs = self._changed(int(place), pairs[some, 1], before)
                effect[some] = self._plain - logs[:, self.target]
                flips[some] = logs.argmax(axis=1) != self.target
                self.done += len(some)
        return effect, flips

    def _changed(self, place: int, new: NDArray[np.int64], before: Before) -> Doubles:
        """The log-probabilities [n, vocab] at the end with each of ``new`` [n] at a place."""
        cache = before.copied(place, len(new))
        first = 0 if cache is None else place
        windows = np.repeat(self._ids[None, first:], len(new), axis=0)
        windows[:, place - first] = new
        return self._last(windows, cache)

    def _last(self, windows: NDArray[np.int64], cache: Any) -> Doubles:
        """The log-probabilities [window, vocab] after the last token of each."""
        logits = run(self._network, windows, cache=cache, last=1).logits
        assert logits is not None
        return log_probabilities(array(logits[:, -1]))


class Before:
    """Keys and values of what stands before a place of a text, which only moves on."""

    def __init__(self, network: Network, ids: NDArray[np.int64]) -> None:
        self._network, self._ids, self._read = network, ids, 0
        try:
            self._cache = network.cache()
        except NotSupported:
            self._cache = None

    def copied(self, place: int, rows: int) -> Any:
        """So many copies; None where nothing stands before, or the model cannot be gone on with."""
        if self._cache is None or not place:
            return None
        if place > self._read:
            run(self._network, self._ids[self._read : place], cache=self._cache, last=0)
            self._read = place
        return self._network.copied(self._cache, rows)
