"""The matrices of each layer of a model by name, as they act on a row."""

from __future__ import annotations

from layerfold.errors import NotSupported
from layerfold.model.adapter import Adapter
from layerfold.model.gpt import GPT, Block
from layerfold.model.gpt_adapter import GPTAdapter
from layerfold.model.huggingface.adapter import HuggingFaceAdapter
from layerfold.model.huggingface.matrices import matrices_of
from layerfold.records import Floats


def layer_matrices(model: Adapter | GPT) -> dict[str, dict[str, Floats]]:
    """The matrices of each layer, "L0" first: q, k, v, o [d, d], in [d, 4d], out [4d, d]; raises
    NotSupported."""
    if isinstance(model, HuggingFaceAdapter):
        return matrices_of(model)
    gpt = model.model if isinstance(model, GPTAdapter) else model
    if not isinstance(gpt, GPT):
        raise NotSupported("this run holds states and no weights: record it with weights=True")
    found: dict[str, dict[str, Floats]] = {}
    for n, block in enumerate(gpt.blocks):
        assert isinstance(block, Block)
        q, k, v = block.attention.qkv.weight.chunk(3)
        named = {
            "q": q,
            "k": k,
            "v": v,
            "o": block.attention.out.weight,
            "in": block.mlp.up.weight,
            "out": block.mlp.out.weight,
        }
        found[f"L{n}"] = {name: weight.detach().T.float().numpy() for name, weight in named.items()}
    return found
