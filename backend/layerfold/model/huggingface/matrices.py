"""The matrices of a Hugging Face model's blocks by name: q, k, v, o of attention, in and out of the
MLP.
"""

from __future__ import annotations

from typing import Any, Final

import torch
from torch import Tensor, nn

from layerfold.model.huggingface.adapter import HuggingFaceAdapter
from layerfold.model.huggingface.block import Block
from layerfold.records import Floats

WIDEST: Final = 2048  # singular values of wider matrices take minutes a checkpoint
IN_A_ROW: Final = ("c_attn", "Wqkv")  # q, then k, then v
BY_HEAD: Final = ("query_key_value",)  # q, k and v of the first head, then of the next


def matrices_of(adapter: HuggingFaceAdapter) -> dict[str, dict[str, Floats]]:
    """The matrices of each block, "L0" first, as they act on a row; raises TypeError where they are
    too wide or not known apart.
    """
    if adapter.d_model > WIDEST:
        raise TypeError(
            f"matrices wider than {WIDEST:,} are not taken apart: that takes minutes a checkpoint"
        )
    return {f"L{n}": _matrices(block) for n, block in enumerate(adapter.structure.blocks)}


def _matrices(block: Block) -> dict[str, Floats]:
    if (
        block.o_proj is None
        or block.q_proj is None
        or block.up_proj is None
        or block.down_proj is None
    ):
        raise TypeError(
            "its blocks have no matrices of attention and an MLP that could be told apart"
        )
    q, k, v = (
        _apart(block)
        if block.q_proj is block.k_proj
        else (acting(m) for m in (block.q_proj, block.k_proj, block.v_proj))
    )
    named = {
        "q": q,
        "k": k,
        "v": v,
        "o": acting(block.o_proj),
        "in": acting(block.up_proj),
        "out": acting(block.down_proj),
    }
    return {
        name: weight.detach().to("cpu", torch.float32).numpy() for name, weight in named.items()
    }


def acting(module: Any) -> Tensor:
    """A module's matrix as it acts on a row [in, out]; GPT-2 keeps it so, torch turned."""
    weight: Tensor = module.weight
    return weight.T if isinstance(module, nn.Linear) else weight


def _apart(block: Block) -> tuple[Tensor, Tensor, Tensor]:
    """The parts of one matrix that makes q, k and v; raises TypeError where their order is not
    known.
    """
    joint = acting(block.q_proj)
    name = next(
        name for name, module in block.module.named_modules() if module is block.q_proj
    ).rpartition(".")[2]
    width, few = block.n_heads * block.head_dim, block.n_kv_heads * block.head_dim
    grouped = name == "qkv_proj" and hasattr(block.attention, "num_key_value_groups")
    if joint.shape[1] == width + 2 * few and (name in IN_A_ROW or grouped):
        q, k, v = joint.split((width, few, few), dim=1)
        return q, k, v
    if name in BY_HEAD and few == width:
        parts = joint.reshape(joint.shape[0], block.n_heads, 3, block.head_dim).unbind(2)
        q, k, v = (part.reshape(joint.shape[0], width) for part in parts)
        return q, k, v
    raise TypeError(f"q, k and v lie in one matrix ({name}) in an order that is not known")
