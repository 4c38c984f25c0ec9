"""A GPT-2 of Hugging Face as our own GPT, which has its shape: so its passes can be taken apart
like those of models trained here.
"""

from __future__ import annotations

from typing import Any, Final

import torch
from torch import nn

from layerfold.model.gpt import GPT
from layerfold.model.shape import GPTConfig

ACTIVATIONS: Final = {"gelu_new": "gelu", "gelu_pytorch_tanh": "gelu", "relu": "relu"}


def gpt_from(network: Any) -> GPT | None:
    """Our GPT with the very weights of a GPT-2 (shared where it computes in float32, not copied);
    None where it is no such network.
    """
    config = network.config
    wide = config.n_inner or 4 * config.n_embd if config.model_type == "gpt2" else 0
    usual = (
        wide
        and wide % config.n_embd == 0
        and config.activation_function in ACTIVATIONS
        and config.layer_norm_epsilon == 1e-5
    )
    if (
        not usual
        or not config.scale_attn_weights
        or config.scale_attn_by_inverse_layer_idx
        or not hasattr(network, "lm_head")
    ):
        return None
    body, head = network.transformer, network.lm_head
    tied = head.weight.data_ptr() == body.wte.weight.data_ptr()
    shape = GPTConfig(
        vocab_size=len(body.wte.weight),
        n_layer=config.n_layer,
        n_head=config.n_head,
        d_model=config.n_embd,
        block_size=config.n_positions,
        mlp=wide // config.n_embd,
        tied=tied,
        activation=ACTIVATIONS[config.activation_function],
    )
    with torch.device("meta"):  # every weight is given: none of its own is made first
        model = GPT(shape)
    given = {
        "tokens.weight": body.wte.weight,
        "positions.weight": body.wpe.weight,
        **_pair("norm", body.ln_f, False),
    }
    if not tied:
        given["head.weight"] = head.weight
    for n, layer in enumerate(body.h):
        parts = {
            "norm_mid": layer.ln_1,
            "attention.qkv": layer.attn.c_attn,
            "attention.out": layer.attn.c_proj,
        }
        parts |= {"norm_post": layer.ln_2, "mlp.up": layer.mlp.c_fc, "mlp.out": layer.mlp.c_proj}
        for name, module in parts.items():
            given |= _pair(f"blocks.{n}.{name}", module, not name.startswith("norm"))
    for name, weight in given.items():
        path, _, last = name.rpartition(".")
        setattr(
            model.get_submodule(path), last, nn.Parameter(weight.detach().to("cpu", torch.float32))
        )
    return model.eval()


def _pair(name: str, module: Any, turned: bool) -> dict[str, Any]:
    """Weight and bias of a module; a matrix of GPT-2 acts on rows, ours on columns."""
    return {
        f"{name}.weight": module.weight.T if turned else module.weight,
        f"{name}.bias": module.bias,
    }
