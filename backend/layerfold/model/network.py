"""What every model gives that is looked into: its pass with taps, how its layers write to the
stream, and how logits are read off it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from layerfold.model.taps import Hook

Grouped = Mapping[str, list[Tensor]]


@dataclass(frozen=True)
class Writer:
    """How the heads of a layer write to the stream: ``columns`` [head, k, d] of W_O and ``bias``
    [d] after them.

    ``norm`` of what attention has written, before it is added (Gemma 2, OLMo 2); ``sum_norm`` of
    the sum with the stream (BERT); ``factor``, by which what is written is multiplied (Granite).
    """

    columns: Tensor
    bias: Tensor | None = None
    norm: nn.Module | None = None
    sum_norm: nn.Module | None = None
    factor: float = 1.0


@dataclass(frozen=True)
class Readout:
    """How logits are read: ``factor`` × (W · norm(state) + ``bias``), W being ``matrix`` [v, d]; a
    cap on them comes after."""

    norm: nn.Module | None
    matrix: Tensor
    bias: Tensor | None = None
    factor: float = 1.0


class Network(Protocol):
    """A transformer behind one face; tensors stay on its device and in its numbers."""

    n_layer: int
    n_head: int
    d_model: int
    n_vocab: int
    max_tokens: int
    causal: bool
    sites: tuple[str, ...]  # those of the residual stream

    @property
    def taps(self) -> tuple[str, ...]:
        """The names that it gives, in the order of the pass."""
        ...

    @property
    def device(self) -> torch.device:
        """Where its weights lie."""
        ...

    def missing(self, name: str) -> str:
        """Why a tap of the general list is not among them; empty for a name that is no tap at
        all."""
        ...

    def __call__(
        self, ids: Tensor, hook: Hook | None = None, cache: Any = None, last: int | None = None
    ) -> Tensor | None:
        """Logits (b, t, v), of the ``last`` tokens only where that is given; None for 0, and where
        there is no unembedding.

        What ``cache`` holds came before the ids; it takes the new keys and values.
        """
        ...

    def cache(self) -> Any:
        """A cache with nothing in it; raises NotSupported where a token's states depend on later
        ones."""
        ...

    def copied(self, cache: Any, rows: int = 1) -> Any:
        """A cache of its own with the same in it, for each of ``rows``."""
        ...

    def writers(self) -> Sequence[Writer]:
        """How attention of each layer writes; raises NotSupported."""
        ...

    def mlp_norm(self, layer: int) -> nn.Module | None:
        """The norm of the sum of the stream and what the MLP adds (BERT)."""
        ...

    def readout(self) -> Readout:
        """How logits are read off the stream; raises NotSupported where that is no product with a
        matrix."""
        ...

    def weights(self) -> Mapping[str, Tensor]:
        """Every weight once, by name, fit for gradients."""
        ...

    def grouped(self, values: Mapping[str, Tensor]) -> tuple[list[Grouped], Grouped]:
        """Tensors shaped as the weights, by group: of each layer (W_Q, W_K, W_V or W_QKV, W_O,
        W_in, W_out, norms), and outside them."""
        ...

    def precise(self) -> Network:
        """A network with the same weights whose numbers are float64, where it is small enough for a
        copy; else itself."""
        ...
