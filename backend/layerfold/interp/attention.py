"""Where each token looks: the attention patterns of our GPT, read beside its own forward pass
through the same weights.

The forward pass never holds a pattern (its attention is fused). Here they are made again from the
stream before each layer: b batch, t token (the one that looks, then the one looked at), h head, k
d_model / n_head.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from layerfold.model.gpt import GPT, Block
from layerfold.records import Floats


@torch.inference_mode()
def patterns(model: GPT, ids: NDArray[np.int64]) -> Floats:
    """How much each token looks at each other, for windows ``ids`` [b, t]: [layer, b, h, t, t],
    rows sum to 1, nothing ahead is seen.
    """
    stream = model.sites(torch.from_numpy(np.ascontiguousarray(ids, dtype=np.int64)))
    places = model.places(0, stream.shape[2])
    found = [pattern_of(block, stream[2 * n], places) for n, block in enumerate(model.blocks)]
    return np.asarray(torch.stack(found).numpy(), dtype=np.float32)


def pattern_of(block: nn.Module, stream: Tensor, places: Tensor | None = None) -> Tensor:
    """One layer's pattern (b, h, t, t) on the stream (b, t, d) that it reads, and on the places (t,
    d) where attention reads those.
    """
    assert isinstance(block, Block)
    query, key, _ = block.attention.heads(block.norm_mid(stream), places)
    scores = query @ key.transpose(-1, -2) / sqrt(query.shape[-1])
    seen = torch.ones(stream.shape[1], stream.shape[1], dtype=torch.bool).tril()
    return scores.masked_fill(~seen, float("-inf")).softmax(dim=-1)


def looks_back(pattern: Floats, lags: Sequence[int]) -> NDArray[np.float64]:
    """The share of attention that goes ``lag`` tokens back, one lag a window of ``pattern`` [layer,
    b, h, t, t]: mean [layer, h].

    Asked are the tokens more than a lag in. A lag of p - 1 in windows that say p tokens again and
    again gives the prefix-matching score: attention to what came after the same token the last time
    (Olsson et al. 2022, arXiv 2209.11895).
    """
    length = pattern.shape[-1]
    total, count = np.zeros((pattern.shape[0], pattern.shape[2])), 0
    for window, lag in enumerate(lags):
        asked = np.arange(lag + 1, length)
        total += pattern[:, window][..., asked, asked - lag].sum(axis=-1, dtype=np.float64)
        count += len(asked)
    return total / count
