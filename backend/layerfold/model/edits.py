"""Changes to tensors of a forward pass (scaled, replaced, added to, directions taken out), and the
hook that makes them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from typing import Protocol

import torch
from torch import Tensor

from layerfold.errors import InputError
from layerfold.model.taps import BY_HEAD


class Change(Protocol):
    """What is done to a tensor, or to the part of it that is chosen."""

    def __call__(self, x: Tensor) -> Tensor:
        """The same shape as ``x``, or what broadcasts to it; ``x`` itself where nothing changes."""
        ...


@dataclass(frozen=True)
class Scale:
    """``factor`` times what is there; 1 leaves every bit. Raises InputError for a factor that is
    not finite."""

    factor: float

    def __post_init__(self) -> None:
        if not isfinite(self.factor):
            raise InputError(f"Nothing can be scaled by {self.factor:g}: give a number.")

    def __call__(self, x: Tensor) -> Tensor:
        return x if self.factor == 1 else x * self.factor


@dataclass(frozen=True, eq=False)
class Replace:
    """``value`` in the place of what is there."""

    value: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        return self.value.to(x)


@dataclass(frozen=True, eq=False)
class Add:
    """``value`` on top of what is there."""

    value: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        return x + self.value.to(x)


@dataclass(frozen=True, eq=False)
class ProjectOut:
    """What is there without its part in the span of ``directions`` [m, d], or of one [d]."""

    directions: Tensor

    @cached_property
    def _basis(self) -> Tensor:
        """Orthonormal rows of the span, float64."""
        directions = self.directions.double().reshape(-1, self.directions.shape[-1])
        _, sizes, rows = torch.linalg.svd(directions, full_matrices=False)
        kept: Tensor = rows[sizes > 1e-9 * sizes.max()]
        return kept

    def __call__(self, x: Tensor) -> Tensor:
        span = self._basis.to(x)
        return x - (x @ span.T) @ span


@dataclass(frozen=True)
class Edit:
    """A change of what passes the tap ``at``, of some ``heads`` and ``tokens`` only (all: None).

    The change sees what is chosen: (b, t, d), or (b, h, t, …) where there are heads. Of a pattern
    the token that attends is chosen.
    """

    at: str
    change: Change
    heads: tuple[int, ...] | None = None
    tokens: tuple[int, ...] | None = None

    def __call__(self, x: Tensor) -> Tensor:
        """The tensor changed, ``x`` left as it was; raises InputError for a head or token that is
        not there."""
        by_head = self.at.rpartition(".")[2] in BY_HEAD
        if self.heads is not None and not by_head:
            raise InputError(
                f"{self.at} has no heads: edit attn.z, .q, .k, .v or .pattern of the layer."
            )
        if self.heads is None and self.tokens is None:
            changed = self.change(x)
            return changed if changed is x else changed.expand_as(x)
        wanted = (
            [("head", self.heads), ("token", self.tokens)] if by_head else [("token", self.tokens)]
        )
        chosen = [
            _chosen(asked, x.shape[axis], what)
            for axis, (what, asked) in enumerate(wanted, start=1)
        ]
        grid = torch.meshgrid(
            *(torch.tensor(one, device=x.device) for one in (range(len(x)), *chosen)), indexing="ij"
        )
        part = x[grid]
        changed = self.change(part)
        return x if changed is part else x.index_put(grid, changed.expand_as(part))


def _chosen(asked: tuple[int, ...] | None, count: int, what: str) -> list[int]:
    wrong = next((one for one in asked or () if not 0 <= one < count), None)
    if wrong is not None:
        raise InputError(f"There is no {what} {wrong}: there are {count}, from 0.")
    return list(range(count) if asked is None else asked)


class TapHook:
    """A hook that changes what is edited and keeps what is asked for, as it is after the edits."""

    def __init__(
        self, taps: Iterable[str] = (), edits: Iterable[Edit] = (), leaf: str = ""
    ) -> None:
        """``leaf`` is the tensor at which gradients begin, where the weights themselves take
        none."""
        self._wanted = frozenset(taps)
        self._leaf = leaf
        self._edits: dict[str, list[Edit]] = {}
        for edit in edits:
            self._edits.setdefault(edit.at, []).append(edit)
        self._touched = {*self._wanted, *self._edits}  # most tensors only pass
        self.kept: dict[str, Tensor] = {}

    def wants(self, name: str) -> bool:
        """Whether a tensor is kept or edited, or gradients begin there."""
        return name in self._touched or name == self._leaf

    def __call__(self, name: str, x: Tensor) -> Tensor:
        """The tensor with its edits."""
        if not self._leaf and name not in self._touched:
            return x
        for edit in self._edits.get(name, ()):
            x = edit(x)
        if self._leaf and name.endswith("attn.pattern"):
            x = x.view_as(x)  # as if it had been changed, so that gradients go through it
        if name == self._leaf and not x.requires_grad:
            x = x.detach().requires_grad_()
        if name in self._wanted:
            self.kept[name] = x
        return x
