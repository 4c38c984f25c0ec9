"""What a task is: all that the trainer, the card and the atlas ask of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from layerfold.records import Floats, Reference

if TYPE_CHECKING:
    from layerfold.model.adapter import Adapter
    from layerfold.model.gpt import GPT

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Setting:
    """What a recipe gives every task: the run's seed, sequences a step (a task may learn from all
    it has), tokens a sequence.
    """

    seed: int
    batch_size: int
    block_size: int


@dataclass(frozen=True)
class Reads:
    """What a "sentence" is for the model, in words, and one of them."""

    en: str
    zh: str
    example: str


@dataclass(frozen=True)
class Basis:
    """Three named axes to look along: position = ``matrix`` [3, d] or [site, 3, d] @ state +
    ``offset`` [3] or [site, 3].

    States are in the atlas's view.
    """

    name: str
    matrix: Floats
    offset: Floats
    title_en: str
    title_zh: str
    axes_en: tuple[str, str, str]
    axes_zh: tuple[str, str, str]
    source: str


class Task(Protocol):
    """Something to learn; everything is a pure function of the setting and the parameters."""

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The symbols, by id."""
        ...

    @property
    def reads(self) -> Reads:
        """What a person types."""
        ...

    @property
    def length(self) -> int:
        """Tokens that a step learns from."""
        ...

    def at(self, step: int) -> tuple[Ids, Ids]:
        """What a step learns from: ids [sequence, token], and what is to be said at the last ``t``
        tokens of each [sequence, t].
        """
        ...

    def tests(self, model: GPT) -> dict[str, float]:
        """What a checkpoint can do, for metrics.jsonl: ``test_loss`` or ``val_loss`` in nats,
        ``…_accuracy`` 0..1.
        """
        ...

    def baselines(self) -> dict[str, float]:
        """What the card sets beside the tests: figures that no learning gives."""
        ...

    def reference(self, count: int, seed: int) -> Reference:
        """At most ``count`` tokens in context, with labels; windows are whole sequences."""
        ...

    def bases(self, states: Floats, reference: Reference) -> Sequence[Basis]:
        """Named axes, the same at every step, found in the reference's ``states`` [site, ref, d] at
        the last, in the atlas's view.
        """
        ...


@runtime_checkable
class Naming(Protocol):
    """A task that can say more of its reference once it is learned."""

    def named(self, reference: Reference, adapter: Adapter) -> Reference:
        """The reference with labels that only the model of the last checkpoint tells."""
        ...
