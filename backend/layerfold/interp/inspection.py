"""What is known of one token at one step and site: its true neighbours, and what the model would
say there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from layerfold.records import Floats, Ints, Lens

GHOSTS: Final = 3  # nearest reference tokens that are told at every site


@dataclass(frozen=True)
class LensAt:
    """The lens at one site: ``top`` tokens with probabilities, ``kl`` to the last site and
    ``entropy`` in nats.
    """

    site: int
    kl: float
    entropy: float
    top: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Inspection:
    """One token: ``norm`` of its raw state; ``outside`` for a typed token, ``trust`` and
    ``continuity`` for a reference token; ``neighbors`` are reference tokens with their distances
    in the original space, nearest first; ``near`` [site, 3] are the nearest at every site; ``loss``
    is of this token given those before it, nats.
    """

    text: str
    norm: float
    outside: float | None
    trust: float | None
    continuity: float | None
    neighbors: tuple[tuple[int, float], ...]
    lens: tuple[LensAt, ...]
    near: tuple[tuple[int, ...], ...] = ()
    loss: float | None = None


class Names(Protocol):
    """Tells how a token reads."""

    def text_of(self, id: int) -> str: ...


class Reader(Protocol):
    """What reads a text from left to right and guesses the next token."""

    @property
    def causal(self) -> bool: ...

    @property
    def unembeds(self) -> bool: ...

    def unembed(self, values: Floats) -> Floats: ...


def loss_at(reader: Reader, states: Floats, ids: Sequence[int], token: int) -> float | None:
    """Loss in nats of one token of a text given those before it, from the states [site, token, d];
    None of the first token, of an encoder and of a model without an unembedding.
    """
    if token == 0 or not (reader.causal and reader.unembeds):
        return None
    logits = reader.unembed(states[-1, token - 1 : token])[0].astype(np.float64)
    logits -= logits.max()
    return float(np.log(np.exp(logits).sum()) - logits[ids[token]])


def read_lens(lens: Lens, names: Names) -> tuple[LensAt, ...]:
    """The lens with tokens in words, one entry a site."""
    return tuple(
        LensAt(
            site,
            float(lens.kl[site]),
            float(lens.entropy[site]),
            tuple(
                (names.text_of(int(id)), float(p))
                for id, p in zip(lens.ids[site], lens.probabilities[site], strict=True)
            ),
        )
        for site in range(len(lens.kl))
    )


def read_neighbors(indices: Ints, distances: Floats) -> tuple[tuple[int, float], ...]:
    """Neighbours [k] as pairs (index, distance)."""
    return tuple(
        (int(index), float(distance)) for index, distance in zip(indices, distances, strict=True)
    )


def length(vector: Floats) -> float:
    """The Euclidean norm of one vector."""
    return float(np.linalg.norm(vector))


def read_near(indices: Ints, itself: int = -1) -> tuple[tuple[int, ...], ...]:
    """The nearest three at each site, of the nearest ``indices`` [site, 1, k], but for the token
    itself.
    """
    return tuple(tuple(int(one) for one in row[row != itself][:GHOSTS]) for row in indices[:, 0])
