"""The matrices of a Hugging Face model's layers by name: q, k, v, o of attention, in and out of the
MLP.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import torch
from torch import Tensor

from layerfold.errors import NotSupported
from layerfold.model.huggingface.adapter import HuggingFaceAdapter, inner
from layerfold.model.huggingface.families import FAMILIES
from layerfold.records import Floats

WIDEST: Final = 2048  # singular values of wider matrices take minutes a checkpoint
Parts = dict[str, Tensor]


def matrices_of(adapter: HuggingFaceAdapter) -> dict[str, dict[str, Floats]]:
    """The matrices of each layer, "L0" first, as they act on a row; raises NotSupported where they
    are too wide to be taken apart.
    """
    if adapter.d_model > WIDEST:
        raise NotSupported(
            f"matrices wider than {WIDEST:,} are not taken apart: that takes minutes a checkpoint"
        )
    family = adapter.network.config.model_type
    parts = _PARTS.get(family, _llama)
    layers = inner(adapter.body, FAMILIES[family].layers)
    return {
        f"L{n}": {name: _rows(weight) for name, weight in parts(layer).items()}
        for n, layer in enumerate(layers)
    }


def _rows(weight: Tensor) -> Floats:
    found: Floats = weight.detach().to("cpu", torch.float32).numpy()
    return found


def _gpt2(layer: Any) -> Parts:
    q, k, v = layer.attn.c_attn.weight.chunk(3, dim=1)
    return {
        "q": q,
        "k": k,
        "v": v,
        "o": layer.attn.c_proj.weight,
        "in": layer.mlp.c_fc.weight,
        "out": layer.mlp.c_proj.weight,
    }


def _neox(layer: Any) -> Parts:
    """Its q, k and v lie together head by head."""
    joint = layer.attention.query_key_value.weight
    q, k, v = joint.view(-1, 3, layer.attention.head_size, joint.shape[1]).unbind(1)
    flat = {
        name: rows.reshape(-1, joint.shape[1]).T for name, rows in (("q", q), ("k", k), ("v", v))
    }
    return {
        **flat,
        "o": layer.attention.dense.weight.T,
        "in": layer.mlp.dense_h_to_4h.weight.T,
        "out": layer.mlp.dense_4h_to_h.weight.T,
    }


def _llama(layer: Any) -> Parts:
    """``in`` is the matrix whose product the gate opens and closes."""
    attention = {
        name: getattr(layer.self_attn, f"{name}_proj").weight.T for name in ("q", "k", "v", "o")
    }
    return {**attention, "in": layer.mlp.up_proj.weight.T, "out": layer.mlp.down_proj.weight.T}


def _bert(layer: Any) -> Parts:
    read = layer.attention.self
    return {
        "q": read.query.weight.T,
        "k": read.key.weight.T,
        "v": read.value.weight.T,
        "o": layer.attention.output.dense.weight.T,
        "in": layer.intermediate.dense.weight.T,
        "out": layer.output.dense.weight.T,
    }


_PARTS: Final[Mapping[str, Callable[[Any], Parts]]] = {
    "gpt2": _gpt2,
    "gpt_neox": _neox,
    "bert": _bert,
    "roberta": _bert,
    "xlm-roberta": _bert,
}
