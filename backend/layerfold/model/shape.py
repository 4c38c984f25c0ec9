"""The sizes of a transformer, readable without torch: a run is opened and listed by them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class GPTConfig:
    """The shape of a model: ``block_size`` is the most tokens it reads at once, ``mlp`` how many times wider an MLP is inside."""

    vocab_size: int
    n_layer: int
    n_head: int
    d_model: int
    block_size: int
    mlp: int = 4

    def __post_init__(self) -> None:
        if min(self.vocab_size, self.n_layer, self.n_head, self.d_model, self.block_size, self.mlp) < 1:
            raise ValueError(f"every size of a model is at least 1: {self}")
        if self.d_model % self.n_head:
            raise ValueError(f"d_model {self.d_model} cannot be shared by {self.n_head} heads: choose a multiple")
