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

from layerfold.interp.interval import Doubles
from layerfold.interp.stepwise import NOBODY, Watch
from layerfold.model.forward import array, network_of
from layerfold.records import Floats, Ints

if TYPE_CHECKING:
    from layerfold.model.adapter import Adapter

SHOWN: Final = 5
AT_ONCE: Final = 256
RANDOM: Final = 200


@dataclass(frozen=True)
class Search:
    """All changes are tried where that is at most ``budget`` tokens to read, else the
    ``candidates`` of each place by gradient; ``seed`` of the random ones."""

    budget: int = 1 << 20
    candidates: int = 64
    seed: int = 0


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
    0)], how many were ``tried`` and whether these are all [2], and the effect of random ones."""
    places, t = len(ids) - 1, len(ids)
    exact = places * adapter.n_vocab * t <= options.budget
    rng = np.random.default_rng((options.seed, 8))
    if exact:
        pairs = np.stack(np.divmod(np.arange(places * adapter.n_vocab), adapter.n_vocab), axis=1)
    else:
        pairs = ranked(adapter, ids, gradient, options)
    pairs = pairs[pairs[:, 1] != np.array(ids)[pairs[:, 0]]]
    random = np.stack(
        [rng.integers(places, size=RANDOM), rng.integers(adapter.n_vocab, size=RANDOM)],
        axis=1,
    )
    by_chance, _ = effects(adapter, ids, target, random, watch)
    effect, flips = effects(adapter, ids, target, pairs, watch)
    order = np.argsort(-effect, kind="stable")[:SHOWN]
    best = np.full((SHOWN, 5), -1.0)
    best[: len(order), :2] = pairs[order]
    best[: len(order), 2:4] = np.stack([effect[order], flips[order]], axis=1)
    spread = np.array([by_chance.mean(), *np.quantile(by_chance, (0.025, 0.975))])
    return {"swaps": best, "tried": np.array([len(pairs), exact]), "random_swaps": spread}


def ranked(
    adapter: Adapter, ids: Sequence[int], gradient: Floats, options: Search
) -> NDArray[np.int64]:
    """The changes (position, id) [n, 2] that by the gradient [token, d] at embed do most, so many
    of each place."""
    found, states = [], embedded(adapter)
    for place in range(len(ids) - 1):
        promise = (states - states[ids[place]]) @ gradient[place]
        order = np.argsort(-promise, kind="stable")[: options.candidates]
        found.append(np.stack([np.full(len(order), place), order], axis=1))
    return np.concatenate(found)


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
    for ids in torch.split(every, AT_ONCE):
        hook = _First()
        with suppress(_Embedded):
            network(ids, hook, None, 0)
        assert hook.states is not None
        parts.append(array(hook.states[:, 0]))
    return np.concatenate(parts)


def effects(
    adapter: Adapter, ids: Sequence[int], target: int, pairs: NDArray[np.int64], watch: Watch
) -> tuple[Doubles, NDArray[np.bool_]]:
    """By how many nats each change (position, id) lowers the target's log-probability, and whether
    another token is predicted then."""
    own = np.array([ids], dtype=np.int32)

    def last(windows: Ints) -> Doubles:
        return log_probabilities(adapter.unembed(adapter.batch_states(windows)[-1][:, -1]))

    plain = last(own)[0, target]
    effect, flips = np.empty(len(pairs)), np.empty(len(pairs), dtype=bool)
    for n in range(0, len(pairs), AT_ONCE):
        watch.stop()
        watch.progress("changes of a token", n / len(pairs))
        some = pairs[n : n + AT_ONCE]
        windows = np.repeat(own, len(some), axis=0)
        windows[np.arange(len(some)), some[:, 0]] = some[:, 1]
        logs = last(windows)
        effect[n : n + AT_ONCE] = plain - logs[:, target]
        flips[n : n + AT_ONCE] = logs.argmax(axis=1) != target
    return effect, flips
