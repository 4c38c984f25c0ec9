"""The sizes of a transformer, readable without torch: a run is opened and listed by them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

ACTIVATIONS = ("gelu", "relu")
PLACES = ("stream", "attention")


@dataclass(frozen=True)
class GPTConfig:
    """The shape of a model: ``block_size`` is the most tokens it reads at once, ``mlp`` how many
    times wider an MLP is inside.

    ``norm``: a LayerNorm before each half of a layer and at the end; ``bias``: biases everywhere;
    ``tied``: the unembedding is the embedding; ``activation`` of the MLP: gelu or relu;
    ``positions`` are added to the stream, or in attention to what queries and keys read (Press et
    al. 2021, as in Olsson et al. 2022), where they begin as sinusoids.
    """

    vocab_size: int
    n_layer: int
    n_head: int
    d_model: int
    block_size: int
    mlp: int = 4
    norm: bool = True
    bias: bool = True
    tied: bool = True
    activation: str = "gelu"
    positions: str = "stream"

    def __post_init__(self) -> None:
        if (
            min(self.vocab_size, self.n_layer, self.n_head, self.d_model, self.block_size, self.mlp)
            < 1
        ):
            raise ValueError(f"every size of a model is at least 1: {self}")
        if self.d_model % self.n_head:
            raise ValueError(
                f"d_model {self.d_model} cannot be shared by {self.n_head} heads: choose a multiple"
            )
        for name, known in (("activation", ACTIVATIONS), ("positions", PLACES)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} {getattr(self, name)!r} is not one of {', '.join(known)}")

    @property
    def least_parameters(self) -> int:
        """About how many weights the model has at least: its matrices, without norms and biases."""
        layer = (4 + 2 * self.mlp) * self.d_model**2
        return (
            self.n_layer * layer
            + (self.vocab_size + (0 if self.tied else self.vocab_size)) * self.d_model
        )

    def card(self) -> dict[str, Any]:
        """What a card says of the shape: every size, and each choice that is not the usual one."""
        sizes = ("vocab_size", "n_layer", "n_head", "d_model", "block_size", "mlp")
        return {
            name: value
            for name, value in asdict(self).items()
            if name in sizes or value != getattr(GPTConfig, name)
        }
