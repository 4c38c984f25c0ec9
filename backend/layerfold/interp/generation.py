"""Generation: a text that grows token by token, each with the tokens that could have come instead.

What comes next depends on the whole context, never on the last token alone; the keys and values of
all tokens so far are kept, so that a token costs one row and not the whole text again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from layerfold.errors import InputError, NoWeights, TextTooLong
from layerfold.interp.logit_lens import likeliest, log_softmax
from layerfold.model.forward import Model, Pass, array, network_of, run
from layerfold.model.network import Network
from layerfold.records import Floats


@dataclass(frozen=True)
class Sampling:
    """How the next token is drawn: ``temperature`` 0 takes the likeliest; of the others only the
    ``top_k`` likeliest (0: all), and of these the fewest whose probabilities reach ``top_p``
    (Holtzman et al. 2020)."""

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.temperature <= 10:
            raise InputError(
                f"A temperature of {self.temperature:g} cannot be used: give one from 0 to 10."
            )
        if self.top_k < 0:
            raise InputError(
                f"The {self.top_k} likeliest cannot be taken: give a number above 0, or 0 for all."
            )
        if not 0 < self.top_p <= 1:
            raise InputError(
                f"A share of {self.top_p:g} cannot be reached: give one above 0, at most 1."
            )

    def probabilities(self, logits: Floats) -> Floats:
        """With what probability each token is drawn [vocab], float64, from the logits [vocab] of
        the last token."""
        if self.temperature == 0:
            return np.asarray(np.arange(len(logits)) == int(np.argmax(logits)), dtype=np.float64)
        shares = np.exp(log_softmax(np.asarray(logits / np.float32(self.temperature))))
        order = np.argsort(-shares, kind="stable")
        kept = len(order) if self.top_k == 0 else min(self.top_k, len(order))
        reached = np.cumsum(shares[order[:kept]]) / shares[order[:kept]].sum()
        kept = min(kept, int(np.searchsorted(reached, self.top_p - 1e-12)) + 1)
        left = np.zeros_like(shares)
        left[order[:kept]] = shares[order[:kept]]
        return np.asarray(left / left.sum())


@dataclass(frozen=True)
class NextTokens:
    """What may come next: the ``likeliest`` tokens as (id, probability) by the model's own
    distribution, and ``rest``, what is left for all others together; the probabilities sum to 1."""

    likeliest: tuple[tuple[int, float], ...]
    rest: float


class Generation:
    """A text of a model that grows; not for several threads at once."""

    def __init__(self, model: Model, ids: Sequence[int]) -> None:
        """Raises InputError without a token, TextTooLong for more than the model reads,
        NotSupported, NoWeights."""
        if not ids:
            raise InputError("Generation needs a first token: type at least one word.")
        self.network = network_of(model)
        _check(max(ids), self.network)
        self.ids: list[int] = []
        self._cache = self.network.cache()
        self.states: Floats = self._read(list(ids))

    @property
    def full(self) -> bool:
        """Whether the model reads no more."""
        return len(self.ids) >= self.network.max_tokens

    def next_tokens(self, count: int = 5) -> NextTokens:
        """The ``count`` likeliest next tokens, with their probabilities."""
        logs = log_softmax(self.logits)
        ids = likeliest(logs, min(count, len(logs)))
        found = tuple((int(id), float(np.exp(logs[id]))) for id in ids)
        return NextTokens(found, max(0.0, 1.0 - sum(share for _, share in found)))

    def probability(self, id: int) -> float:
        """The model's own probability that a token comes next."""
        return float(np.exp(log_softmax(self.logits)[id]))

    def draw(self, sampling: Sampling, rng: np.random.Generator) -> int:
        """A next token, drawn."""
        shares = sampling.probabilities(self.logits)
        return int(
            np.searchsorted(np.cumsum(shares), rng.random() * shares.sum(), side="right").clip(
                0, len(shares) - 1
            )
        )

    def append(self, id: int) -> Floats:
        """The text goes on with a token, drawn or chosen: its raw states [site, d]. Raises
        InputError, TextTooLong."""
        _check(id, self.network)
        return np.asarray(self._read([id])[:, 0])

    def peek(self, ids: Sequence[int]) -> Floats:
        """The raw states [site, id, d] that each of some tokens would have if it came next; the
        text stays as it is."""
        network = self.network
        if self.full or not ids:
            return np.zeros((len(network.sites), 0, network.d_model), dtype=np.float32)
        cache = network.copied(self._cache, len(ids))
        found = run(network, np.array(ids)[:, None], taps=network.sites, cache=cache, last=0)
        return _states(found, network)[:, :, 0]

    def _read(self, fresh: list[int]) -> Floats:
        """The states [site, token, d] of new tokens after those before; keys and values are
        kept."""
        network = self.network
        if len(self.ids) + len(fresh) > network.max_tokens:
            raise TextTooLong(
                f"The text has {len(self.ids)} tokens and the model reads {network.max_tokens}: "
                "begin a shorter one."
            )
        found = run(network, fresh, taps=network.sites, cache=self._cache, last=1)
        if found.logits is None:
            raise NoWeights(
                "This model has no unembedding, so it says no next word: open one with a "
                "language-model head."
            )
        self.ids += fresh
        self.logits: Floats = array(found.logits[0, -1])
        return _states(found, network)[:, 0]


@dataclass(frozen=True)
class Generated:
    """One new token: its ``id``, the ``probability`` it had by the model itself, and its raw
    ``states`` [site, d]."""

    id: int
    probability: float
    states: Floats


def generate(
    text: Generation, count: int, sampling: Sampling, rng: np.random.Generator
) -> Iterator[Generated]:
    """The text goes on by at most ``count`` tokens, and by no more than the model reads; each as it
    is drawn."""
    for _ in range(count):
        if text.full:
            return
        id = text.draw(sampling, rng)
        probability = text.probability(id)
        yield Generated(id, probability, text.append(id))


def _states(found: Pass, network: Network) -> Floats:
    """[site, b, token, d]."""
    return array(torch.stack([found[site] for site in network.sites]))


def _check(id: int, network: Network) -> None:
    if not 0 <= id < network.n_vocab:
        raise InputError(f"There is no token {id}: the model knows {network.n_vocab:,}, from 0.")
