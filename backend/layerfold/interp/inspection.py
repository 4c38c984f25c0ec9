"""What is known of one token at one step and site: its true neighbours, and what the model would
say there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from layerfold.records import Floats, Ints, Lens


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
    in the original space, nearest first.
    """

    text: str
    norm: float
    outside: float | None
    trust: float | None
    continuity: float | None
    neighbors: tuple[tuple[int, float], ...]
    lens: tuple[LensAt, ...]


class Names(Protocol):
    """Tells how a token reads."""

    def text_of(self, id: int) -> str: ...


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
