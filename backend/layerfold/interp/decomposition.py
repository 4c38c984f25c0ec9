"""One forward pass taken apart: what attention (head by head), the MLP and the biases each add to
every token's state.

The parts are the model's own numbers, not an attribution: in each half of a layer they sum to the
move from site to site. Axes: layer, head, token (that looks, then that is looked at), d; one
sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from layerfold.errors import InputError
from layerfold.interp.jacobian import gpt_of
from layerfold.model.adapter import Adapter
from layerfold.model.gpt import GPT, Block
from layerfold.records import Floats


@dataclass(frozen=True)
class Anatomy:
    """``states`` [site, token, d] raw; ``patterns`` [layer, head, token, token], rows sum to 1;
    ``heads`` [layer, head, token, d] each head's share through its slice of W_O;
    ``attention_bias`` [layer, d]; ``mlp`` [layer, token, d] without its bias; ``mlp_bias``
    [layer, d].

    ``mid − before = Σ heads + attention_bias`` and ``post − mid = mlp + mlp_bias``, to rounding.
    """

    states: Floats
    patterns: Floats
    heads: Floats
    attention_bias: Floats
    mlp: Floats
    mlp_bias: Floats

    @property
    def attention(self) -> Floats:
        """What attention adds in all, [layer, token, d]."""
        return np.asarray(self.heads.sum(axis=1) + self.attention_bias[:, None], dtype=np.float32)


@torch.inference_mode()
def anatomy_of(model: GPT, ids: Sequence[int]) -> Anatomy:
    """The sentence's forward pass in its parts (Elhage et al. 2021); about twice the cost of the
    pass itself.
    """
    window = torch.tensor([list(ids)], dtype=torch.int64)
    x = model.tokens(window)
    places = model.places(0, window.shape[1])
    if places is None:
        x = x + model.positions.weight[: window.shape[1]]
    stream = [x]
    layers: list[tuple[Tensor, Tensor, Tensor]] = []
    biases: list[tuple[Tensor, Tensor]] = []
    for block in model.blocks:
        assert isinstance(block, Block)
        pattern, heads = _heads(block, stream[-1], places)
        mid = stream[-1] + heads.sum(dim=1) + _bias(block.attention.out)
        mlp = _mlp(block, mid)
        stream += [mid, mid + mlp + _bias(block.mlp.out)]
        layers.append((pattern, heads, mlp))
        biases.append((_bias(block.attention.out), _bias(block.mlp.out)))
    patterns, heads, mlp = (torch.stack(part)[:, 0] for part in zip(*layers, strict=True))
    attention_bias, mlp_bias = (
        torch.stack([bias.expand(x.shape[-1]) for bias in kind])
        for kind in zip(*biases, strict=True)
    )
    return Anatomy(
        *(
            _array(part)
            for part in (torch.stack(stream)[:, 0], patterns, heads, attention_bias, mlp, mlp_bias)
        )
    )


def _heads(block: Block, stream: Tensor, places: Tensor | None) -> tuple[Tensor, Tensor]:
    """A layer's patterns (b, h, t, t), and what each head adds through its own columns of W_O (b,
    h, t, d).
    """
    attention = block.attention
    query, key, value = attention.heads(block.norm_mid(stream), places)
    t = stream.shape[1]
    ahead = torch.ones(t, t, dtype=torch.bool).triu(1)
    pattern = (
        (query @ key.transpose(-1, -2) / sqrt(query.shape[-1]))
        .masked_fill(ahead, float("-inf"))
        .softmax(dim=-1)
    )
    gathered = pattern @ value  # (b, h, t, k)
    # (h, k, d)
    columns = attention.out.weight.reshape(-1, attention.n_head, gathered.shape[-1]).permute(
        1, 2, 0
    )
    return pattern, gathered @ columns


def _mlp(block: Block, mid: Tensor) -> Tensor:
    """What the MLP adds, its last bias left out (b, t, d)."""
    inside = block.mlp.up(block.norm_post(mid))
    inside = F.relu(inside) if block.mlp.relu else F.gelu(inside, approximate="tanh")
    return F.linear(inside, block.mlp.out.weight)


def _bias(linear: torch.nn.Linear) -> Tensor:
    return linear.bias if linear.bias is not None else torch.zeros(1)


def _array(values: Tensor) -> Floats:
    return np.asarray(values.numpy(), dtype=np.float32)


def network_of(adapter: Adapter) -> GPT:
    """The network behind an adapter, one of ours or a GPT-2; raises InputError where it has another
    shape, or there are no weights.
    """
    try:
        return gpt_of(adapter)
    except TypeError:
        raise InputError(
            "This view takes apart Layerfold's own models and GPT-2; of this one only states can be"
            " read."
        ) from None


@dataclass(frozen=True)
class Promotion:
    """The words that a part pushes up and down at one token: ids and what it adds to their logits,
    the strongest first.
    """

    up: tuple[tuple[int, float], ...]
    down: tuple[tuple[int, float], ...]


@torch.inference_mode()
def direct_effect(model: GPT, last: Floats, part: Floats) -> Floats:
    """What a part [..., d] of the stream adds to the logits [..., vocab] at a token whose last
    state is ``last`` [..., d].

    The final norm is linear once its scale is taken as it is at ``last`` (direct logit
    attribution): then the effects of all parts of a token, its embedding among them, and of the
    norm's bias sum to its logits.
    """
    values, state = (torch.from_numpy(np.array(array, dtype=np.float32)) for array in (part, last))
    norm = model.norm
    if isinstance(norm, torch.nn.LayerNorm):
        scale = torch.sqrt(state.var(dim=-1, unbiased=False, keepdim=True) + norm.eps)
        values = (values - values.mean(dim=-1, keepdim=True)) / scale * norm.weight
    return _array(F.linear(values, model.unembedding))


def bias_effect(model: GPT) -> Floats:
    """What the final norm's bias adds to the logits of every token: [vocab]."""
    with torch.inference_mode():
        bias = model.norm.bias if isinstance(model.norm, torch.nn.LayerNorm) else None
        zero = torch.zeros(model.config.vocab_size)
        return _array(zero if bias is None else F.linear(bias, model.unembedding))


def promoted(effect: Floats, count: int = 5) -> Promotion:
    """The words that an effect on the logits [vocab] pushes most, against its mean over all words,
    which changes no probability.
    """
    centered = effect - effect.mean()
    order = np.argsort(-centered, kind="stable")
    pick = [
        [(int(id), float(centered[id])) for id in ids]
        for ids in (order[:count], order[::-1][:count])
    ]
    return Promotion(tuple(pick[0]), tuple(pick[1]))
