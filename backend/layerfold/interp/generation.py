"""Generation as a walk: a text that grows token by token, each with the words that could have come
instead.

What comes next depends on the whole context, never on the last token alone; the keys and values of
all tokens so far are kept, so that a token costs one row and not the whole text again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from layerfold.errors import InputError, TextTooLong
from layerfold.interp.logit_lens import likeliest, log_softmax
from layerfold.model.gpt import GPT, Cache
from layerfold.records import Floats


@dataclass(frozen=True)
class Sampling:
    """How the next token is drawn: ``temperature`` 0 takes the likeliest; of the others only the
    ``top_k`` likeliest (0: all), and of these the fewest whose shares reach ``top_p`` (Holtzman
    et al. 2020).
    """

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

    def shares(self, logits: Floats) -> Floats:
        """With what probability each token is drawn [vocab], float64, from the logits [vocab] of
        the last token.
        """
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
class Fork:
    """Where the walk may go: the likeliest tokens as (id, probability) by the model's own
    next-token distribution, and what is left for all others together; the shares sum to 1.
    """

    branches: tuple[tuple[int, float], ...]
    rest: float


class Walk:
    """A text of our GPT that grows; not for several threads at once."""

    def __init__(self, model: GPT, ids: Sequence[int]) -> None:
        """Raises InputError without a token, TextTooLong for more than the model reads."""
        if not ids:
            raise InputError("A walk needs a first token: type at least one word.")
        _check(max(ids), model)
        self.model = model
        self.ids: list[int] = []
        self._cache: Cache = []
        self.states: Floats = self._read(list(ids))

    @property
    def full(self) -> bool:
        """Whether the model reads no more."""
        return len(self.ids) >= self.model.config.block_size

    def fork(self, count: int = 5) -> Fork:
        """The ``count`` likeliest next tokens, with their probabilities."""
        shares = np.exp(log_softmax(self._logits))
        ids = likeliest(log_softmax(self._logits), min(count, len(shares)))
        branches = tuple((int(id), float(shares[id])) for id in ids)
        return Fork(branches, max(0.0, 1.0 - sum(share for _, share in branches)))

    def share(self, id: int) -> float:
        """The model's own probability that a token comes next."""
        return float(np.exp(log_softmax(self._logits)[id]))

    def draw(self, sampling: Sampling, rng: np.random.Generator) -> int:
        """A next token by its share."""
        shares = sampling.shares(self._logits)
        return int(
            np.searchsorted(np.cumsum(shares), rng.random() * shares.sum(), side="right").clip(
                0, len(shares) - 1
            )
        )

    def take(self, id: int) -> Floats:
        """The walk has gone to a token, drawn or chosen: its raw states [site, d]. Raises
        InputError, TextTooLong.
        """
        _check(id, self.model)
        return np.asarray(self._read([id])[:, 0])

    @torch.inference_mode()
    def peek(self, ids: Sequence[int]) -> Floats:
        """The raw states [site, id, d] that each of some tokens would have if it came next; the
        walk stays where it is.
        """
        if self.full:
            return np.zeros(
                (2 * len(self.model.blocks) + 1, 0, self.model.config.d_model), dtype=np.float32
            )
        seen = [
            torch.stack(list(self.model.stream(torch.tensor([[id]]), self._cache)))[:, 0]
            for id in ids
        ]
        return np.asarray(torch.cat(seen, dim=1).numpy(), dtype=np.float32)

    @torch.inference_mode()
    def _read(self, fresh: list[int]) -> Floats:
        """The states [site, token, d] of new tokens after those before; keys and values are
        kept.
        """
        if len(self.ids) + len(fresh) > self.model.config.block_size:
            raise TextTooLong(
                f"The text has {len(self.ids)} tokens and the model reads"
                f" {self.model.config.block_size}: begin a shorter one."
            )
        kept: Cache = []
        stream = torch.stack(
            list(self.model.stream(torch.tensor([fresh]), self._cache or None, kept))
        )[:, 0]
        self._cache = kept
        self.ids += fresh
        self._logits: Floats = np.asarray(
            self.model.unembed(stream[-1, -1]).numpy(), dtype=np.float32
        )
        return np.asarray(stream.numpy(), dtype=np.float32)


def wander(
    walk: Walk, count: int, sampling: Sampling, seed: int
) -> Iterator[tuple[int, Fork, Floats]]:
    """For each new token, at most ``count`` and as many as the model reads: its id, the fork where
    it was drawn, its states [site, d].
    """
    rng = np.random.default_rng(seed)
    for _ in range(count):
        if walk.full:
            return
        fork = walk.fork()
        id = walk.draw(sampling, rng)
        yield id, fork, walk.take(id)


def _check(id: int, model: GPT) -> None:
    if not 0 <= id < model.config.vocab_size:
        raise InputError(
            f"There is no token {id}: the model knows {model.config.vocab_size:,}, from 0."
        )
