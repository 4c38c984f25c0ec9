"""Our own GPT behind the face of every model that is looked into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Final

import torch
from torch import Tensor, nn

from layerfold.model.gpt import GPT, Block, Cache
from layerfold.model.network import Grouped, Readout, Writer
from layerfold.model.taps import Hook, names_of

IN_LAYER: Final = {
    "attention.out.": "W_O",
    "mlp.up.": "W_in",
    "mlp.out.": "W_out",
    "norm_mid.": "norms",
    "norm_post.": "norms",
}
OUTSIDE: Final = {
    "tokens.": "embedding",
    "positions.": "positions",
    "norm.": "norm",
    "head.": "unembedding",
}


class GPTNetwork:
    """A GPT's pass, weights and readout; the network itself is ``gpt``."""

    causal = True

    def __init__(self, gpt: GPT) -> None:
        self.gpt = gpt
        self.n_layer = gpt.config.n_layer
        self.n_head = gpt.config.n_head
        self.d_model = gpt.config.d_model
        self.n_vocab = gpt.config.vocab_size
        self.max_tokens = gpt.config.block_size
        self.taps = names_of(self.n_layer)
        self.sites = (
            "embed",
            *(f"L{n}.{half}" for n in range(self.n_layer) for half in ("mid", "post")),
        )

    @property
    def device(self) -> torch.device:
        """Where its weights lie."""
        return self.gpt.tokens.weight.device

    def missing(self, name: str) -> str:
        """Nothing is missing."""
        return ""

    def __call__(
        self,
        ids: Tensor,
        hook: Hook | None = None,
        cache: Cache | None = None,
        last: int | None = None,
    ) -> Tensor | None:
        """Logits (b, t, v), of the ``last`` tokens only where that is given, None for 0; the cache
        takes the new keys and values."""
        kept: Cache | None = None if cache is None else []
        for state in self.gpt.stream(ids, cache or None, kept, hook):
            x = state
        if cache is not None and kept is not None:
            cache[:] = kept
        return None if last == 0 else self.gpt.read_out(x if last is None else x[:, -last:], hook)

    def cache(self) -> Cache:
        """A cache with nothing in it."""
        return []

    def copied(self, cache: Cache, rows: int = 1) -> Cache:
        """The same keys and values for each of ``rows``."""
        return [(k.expand(rows, -1, -1, -1), v.expand(rows, -1, -1, -1)) for k, v in cache]

    def writers(self) -> Sequence[Writer]:
        """W_O of each layer by head, and its bias."""
        return [_writer(block, self.n_head) for block in self.gpt.blocks]

    def mlp_norm(self, layer: int) -> None:
        """There is none."""

    def readout(self) -> Readout:
        """The final norm and the unembedding."""
        return Readout(self.gpt.norm, self.gpt.unembedding)

    def weights(self) -> Mapping[str, Tensor]:
        """Every weight by its name in the network."""
        return dict(self.gpt.named_parameters())

    def grouped(self, values: Mapping[str, Tensor]) -> tuple[list[Grouped], Grouped]:
        """Tensors shaped as the weights, by group; a tied embedding is also the unembedding, and
        stands once."""
        layers = [self._of_layer(values, f"blocks.{n}.") for n in range(self.n_layer)]
        outside: dict[str, list[Tensor]] = {}
        for prefix, group in OUTSIDE.items():
            if found := [value for name, value in values.items() if name.startswith(prefix)]:
                outside[group] = found
        return layers, outside

    def precise(self) -> GPTNetwork:
        """A copy in float64."""
        return GPTNetwork(deepcopy(self.gpt).double())

    def _of_layer(self, values: Mapping[str, Tensor], layer: str) -> Grouped:
        joint = [
            value for name, value in values.items() if name.startswith(f"{layer}attention.qkv.")
        ]
        found = {
            f"W_{part}": [value.chunk(3)[n] for value in joint] for n, part in enumerate("QKV")
        }
        for prefix, group in IN_LAYER.items():
            found.setdefault(group, []).extend(
                value for name, value in values.items() if name.startswith(layer + prefix)
            )
        return found


def _writer(block: nn.Module, heads: int) -> Writer:
    assert isinstance(block, Block)
    out = block.attention.out
    return Writer(out.weight.T.reshape(heads, -1, out.weight.shape[0]), out.bias)
