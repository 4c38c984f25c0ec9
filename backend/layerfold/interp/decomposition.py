"""A forward pass as the sum of its parts: what each head, the MLP and what is no head's add to
every token's state.

The parts are the model's own numbers, not an estimate: they sum to the move from site to site
(Elhage et al. 2021). A norm that stands after a part is held at the scale it had, so that it is
linear. Direct logit attribution reads each part off the stream in the same way. Axes: layer, head,
token, d; one sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import torch
from torch import Tensor

from layerfold.model.forward import Model, Pass, array, network_of, run
from layerfold.model.network import Network, Writer
from layerfold.model.norms import held
from layerfold.records import Floats, Framed

PATTERN: Final = "L*.attn.pattern"
TAPS: Final = ("L*.attn.z", "L*.attn.out", "L*.mlp.out")


@dataclass(frozen=True)
class Decomposition(Framed):
    """``states`` [site, token, d] raw; ``patterns`` [layer, head, token, token], None where the
    model does not tell them; ``heads`` [layer, head, token, d], what each head adds through its
    columns of W_O; ``attention_rest`` [layer, token, d], what attention adds that is no head's: its
    bias, and what a norm of the sum does to the stream (BERT); ``mlp`` and ``mlp_rest`` [layer,
    token, d] likewise.

    ``mid − before = Σ heads + attention_rest`` and ``post − mid = mlp + mlp_rest``; where there is
    no mid (attention and MLP side by side) all four sum to ``post − before``.
    """

    AXES: ClassVar = {
        "states": ("site", "token", "d"),
        "patterns": ("layer", "head", "query", "key"),
        "heads": ("layer", "head", "token", "d"),
        "attention_rest": ("layer", "token", "d"),
        "mlp": ("layer", "token", "d"),
        "mlp_rest": ("layer", "token", "d"),
    }

    states: Floats
    patterns: Floats | None
    heads: Floats
    attention_rest: Floats
    mlp: Floats
    mlp_rest: Floats

    @property
    def attention(self) -> Floats:
        """What attention adds in all, [layer, token, d]."""
        return np.asarray(self.heads.sum(axis=1) + self.attention_rest, dtype=np.float32)

    @property
    def mlps(self) -> Floats:
        """What the MLP adds in all, [layer, token, d]."""
        return self.mlp + self.mlp_rest


@dataclass(frozen=True)
class Part:
    """A part of a pass: ``kind`` embed, attention, head or mlp, of a ``layer`` and a ``head`` where
    it has one."""

    kind: str
    layer: int | None = None
    head: int | None = None


@dataclass(frozen=True)
class LogitAttribution:
    """What each of ``parts`` adds to the logits of one token, ``logits`` [part, vocab]; ``bias``
    [vocab] is no part's.

    The embedding, attention of each layer, every MLP and the bias sum to the logits, before a cap
    on these (Gemma 2).
    """

    parts: tuple[Part, ...]
    logits: Floats
    bias: Floats


@dataclass(frozen=True)
class Promotion:
    """The tokens that a part makes likelier and less likely: ids with what it adds to their logits,
    the strongest first."""

    up: tuple[tuple[int, float], ...]
    down: tuple[tuple[int, float], ...]


@torch.inference_mode()
def decompose(model: Model, ids: Sequence[int]) -> Decomposition:
    """The pass over a sentence in its parts; raises NotSupported where the model's blocks lack one,
    by its name."""
    network = network_of(model)
    telling = () if network.missing(PATTERN) else (PATTERN,)
    found = run(network, ids, taps=(*network.sites, *TAPS, *telling), last=0)
    attention = [
        _attention(found, n, writer, network) for n, writer in enumerate(network.writers())
    ]
    mlps = [_mlp(found, n, network) for n in range(network.n_layer)]
    heads, rest = (torch.stack(part) for part in zip(*attention, strict=True))
    mlp, mlp_rest = (torch.stack(part) for part in zip(*mlps, strict=True))
    states = torch.stack([found[site][0] for site in network.sites])
    patterns = array(found.layers("attn.pattern")[:, 0]) if telling else None
    return Decomposition(
        array(states), patterns, *(array(part) for part in (heads, rest, mlp, mlp_rest))
    )


def before(network: Network, layer: int, half: str) -> str:
    """The site that attention ("attn") or the MLP ("mlp") of a layer reads."""
    mid = f"L{layer}.mid"
    return (
        mid
        if half == "mlp" and mid in network.sites
        else f"L{layer - 1}.post"
        if layer
        else "embed"
    )


def _attention(found: Pass, layer: int, writer: Writer, network: Network) -> tuple[Tensor, Tensor]:
    """What each head of a layer adds [head, token, d], and what attention adds besides [token,
    d]."""
    stream, whole = found[before(network, layer, "attn")][0], found[f"L{layer}.attn.out"][0]
    heads = found[f"L{layer}.attn.z"][0] @ writer.columns
    if writer.factor != 1:
        heads *= writer.factor
    if writer.norm is None and writer.sum_norm is None:
        return heads, torch.zeros_like(whole) if writer.bias is None else (
            writer.bias * writer.factor
        ).expand_as(whole)
    if writer.norm is not None:
        written = heads.sum(dim=0) + (0 if writer.bias is None else writer.bias * writer.factor)
        heads = held(writer.norm, written)(heads)
    if writer.sum_norm is not None:
        norm = held(writer.sum_norm, stream + whole)
        heads, whole = norm(heads), norm(stream + whole) + norm.bias - stream
    return heads, whole - heads.sum(dim=0)


def _mlp(found: Pass, layer: int, network: Network) -> tuple[Tensor, Tensor]:
    """What the MLP of a layer adds [token, d], and what a norm of the sum does besides [token,
    d]."""
    stream, whole = found[before(network, layer, "mlp")][0], found[f"L{layer}.mlp.out"][0]
    after = network.mlp_norm(layer)
    if after is None:
        return whole, torch.zeros_like(whole)
    norm = held(after, stream + whole)
    return norm(whole), norm(stream) + norm.bias - stream


@torch.inference_mode()
def direct_logits(model: Model, last: Floats, part: Floats) -> Floats:
    """What a part [..., d] of the stream adds to the logits [..., vocab] at a token whose last
    state is ``last`` [..., d].

    The final norm is linear once its scale is held as it is at ``last``. Raises NotSupported where
    logits are no product.
    """
    network = network_of(model)
    readout = network.readout()
    state, values = (
        torch.from_numpy(np.array(each, dtype=np.float32)).to(readout.matrix)
        for each in (last, part)
    )
    return array(held(readout.norm, state)(values) @ readout.matrix.T * readout.factor)


@torch.inference_mode()
def bias_logits(model: Model) -> Floats:
    """What the biases of the final norm and the unembedding add to the logits of every token:
    [vocab]."""
    readout = network_of(model).readout()
    norm = held(
        readout.norm, torch.ones(1, readout.matrix.shape[1]).to(readout.matrix).cumsum(dim=-1)
    )
    found = readout.matrix @ norm.bias
    return array((found if readout.bias is None else found + readout.bias) * readout.factor)


def direct_logit_attribution(model: Model, ids: Sequence[int], token: int) -> LogitAttribution:
    """What the embedding, each attention, head and MLP adds to the logits of one token; raises
    NotSupported."""
    network = network_of(model)
    found = decompose(network, ids[: token + 1] if network.causal else ids)
    parts: list[tuple[Part, Floats]] = [(Part("embed"), found.states[0, token])]
    for layer in range(network.n_layer):
        parts.append((Part("attention", layer), found.attention[layer, token]))
        parts += [
            (Part("head", layer, n), head[token]) for n, head in enumerate(found.heads[layer])
        ]
        parts.append((Part("mlp", layer), found.mlps[layer, token]))
    logits = direct_logits(network, found.states[-1, token], np.stack([part for _, part in parts]))
    return LogitAttribution(tuple(name for name, _ in parts), logits, bias_logits(network))


def promoted(logits: Floats, count: int = 5) -> Promotion:
    """The tokens that an effect on the logits [vocab] promotes most, against its mean over all,
    which changes no probability."""
    centered = logits - logits.mean()
    order = np.argsort(-centered, kind="stable")
    pick = [
        [(int(id), float(centered[id])) for id in ids]
        for ids in (order[:count], order[::-1][:count])
    ]
    return Promotion(tuple(pick[0]), tuple(pick[1]))
