"""Ablation and scaling: the forward pass with a layer's attention, MLP, one head or the residual
stream weaker, stronger or gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, ClassVar, Final, Protocol

import torch

from layerfold.errors import InputError, NoWeights
from layerfold.model.edits import Edit, Scale
from layerfold.model.forward import Model, array, network_of, run
from layerfold.records import Floats, Framed

MOST: Final = 2.0


class Factor(Protocol):
    """A ``part`` (attention, mlp, head, residual) of a layer, and by how much it is scaled."""

    @property
    def part(self) -> str: ...

    @property
    def layer(self) -> int: ...

    @property
    def head(self) -> int | None: ...

    @property
    def factor(self) -> float: ...


@dataclass(frozen=True)
class Scaling:
    """Factors from 0 (ablated) over 1 (as it is) to 2: of a layer's ``attention`` or ``mlp``, of
    one head (layer, head) in ``heads``, and of the ``residual``, the stream that goes past a
    layer's attention."""

    attention: Mapping[int, float] = field(default_factory=dict)
    mlp: Mapping[int, float] = field(default_factory=dict)
    heads: Mapping[tuple[int, int], float] = field(default_factory=dict)
    residual: Mapping[int, float] = field(default_factory=dict)

    @classmethod
    def of(cls, factors: Iterable[Factor]) -> Scaling:
        """The same from a list of factors; raises InputError for a head that is not named."""
        parts: dict[str, dict[Any, float]] = {
            "attention": {},
            "mlp": {},
            "head": {},
            "residual": {},
        }
        for one in factors:
            if (one.part == "head") != (one.head is not None):
                raise InputError("A factor of the part 'head' names a head, the others do not.")
            place = one.layer if one.head is None else (one.layer, one.head)
            parts[one.part][place] = one.factor
        return cls(parts["attention"], parts["mlp"], parts["head"], parts["residual"])

    def check(self, n_layer: int, n_head: int) -> None:
        """Raises InputError for a layer or head that is not there and a factor out of bounds."""
        for what, factors in (
            ("attention", self.attention),
            ("mlp", self.mlp),
            ("residual", self.residual),
        ):
            for layer, factor in factors.items():
                _check(
                    f"{what} of layer {layer}",
                    0 <= layer < n_layer,
                    factor,
                    f"layers from 0 to {n_layer - 1}",
                )
        for (layer, head), factor in self.heads.items():
            there = 0 <= layer < n_layer and 0 <= head < n_head
            _check(
                f"head {head} of layer {layer}",
                there,
                factor,
                f"{n_layer} layers of {n_head} heads, from 0",
            )

    def edits(self) -> list[Edit]:
        """The same as edits of a pass."""
        whole = {"attn.out": self.attention, "mlp.out": self.mlp, "skip": self.residual}
        found = [
            Edit(f"L{layer}.{part}", Scale(factor))
            for part, each in whole.items()
            for layer, factor in each.items()
        ]
        return found + [
            Edit(f"L{layer}.attn.z", Scale(by), heads=(head,))
            for (layer, head), by in self.heads.items()
        ]


@dataclass(frozen=True)
class Ablation(Framed):
    """Raw ``states`` [site, token, d] and ``logits`` [token, vocab] of a pass with parts scaled."""

    AXES: ClassVar = {
        "states": ("site", "token", "d"),
        "logits": ("token", "vocab"),
    }

    states: Floats
    logits: Floats


def ablate(model: Model, ids: Sequence[int], scaling: Scaling) -> Ablation:
    """The scaled pass; with every factor 1 its numbers are the plain pass's to the bit. Raises
    InputError, NotSupported, NoWeights."""
    network = network_of(model)
    scaling.check(network.n_layer, network.n_head)
    found = run(network, ids, taps=network.sites, edits=scaling.edits())
    if found.logits is None:
        raise NoWeights(
            "This model has no unembedding, so it says no next word: open one with a "
            "language-model head."
        )
    return Ablation(
        array(torch.stack([found[site][0] for site in network.sites])), array(found.logits[0])
    )


def _check(what: str, there: bool, factor: float, known: str) -> None:
    if not there:
        raise InputError(f"There is no {what}: the model has {known}.")
    if not isfinite(factor) or not 0 <= factor <= MOST:
        raise InputError(
            f"The {what} cannot be scaled by {factor:g}: give a factor from 0 to {MOST:g}."
        )
