"""Small networks of transformers with random weights, as they are looked into: families beside
those that are saved to folders."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import torch

from layerfold.model.huggingface.adapter import HuggingFaceAdapter
from layerfold.model.huggingface.shape import HuggingFaceShape
from layerfold.model.huggingface.structure import structure_of
from tests.model.hub_models import KINDS, Kind, network_of

IDS: Final = [5, 9, 2, 77, 5, 31, 8, 40, 41, 3, 9, 2]
_SMALL: Final = {
    **{
        "hidden_size": 48,
        "num_attention_heads": 4,
        "intermediate_size": 96,
        "num_hidden_layers": 3,
        "max_position_embeddings": 64,
    },
    **{"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0},
}
_FEW: Final = {**_SMALL, "num_key_value_heads": 2}
_GRANITE: Final = {
    "residual_multiplier": 0.5,
    "logits_scaling": 3.0,
    "embedding_multiplier": 2.0,
    "attention_multiplier": 0.2,
}
_OPT: Final = {**_SMALL, "ffn_dim": 96, "word_embed_proj_dim": 48}
_DISTIL: Final = {
    "dim": 48,
    "n_heads": 4,
    "n_layers": 3,
    "hidden_dim": 96,
    "max_position_embeddings": 64,
}
MORE: Final[dict[str, Kind]] = {
    "phi": Kind("PhiConfig", "PhiForCausalLM", _SMALL),
    "phi3": Kind("Phi3Config", "Phi3ForCausalLM", _FEW),
    "opt": Kind("OPTConfig", "OPTForCausalLM", _OPT),
    "granite": Kind("GraniteConfig", "GraniteForCausalLM", {**_FEW, **_GRANITE}),
    "cohere": Kind("CohereConfig", "CohereForCausalLM", {**_FEW, "logit_scale": 0.25}),
    "mixtral": Kind("MixtralConfig", "MixtralForCausalLM", {**_FEW, "num_local_experts": 4}),
    "gpt_oss": Kind(
        "GptOssConfig",
        "GptOssForCausalLM",
        {**_FEW, "num_local_experts": 4, "head_dim": 12, "sliding_window": 8},
    ),
    "nemotron": Kind("NemotronConfig", "NemotronForCausalLM", _FEW),
    "bloom": Kind(
        "BloomConfig", "BloomForCausalLM", {"hidden_size": 48, "n_head": 4, "n_layer": 3}
    ),
    "falcon": Kind("FalconConfig", "FalconForCausalLM", {**_SMALL, "alibi": False}),
    "mamba": Kind("MambaConfig", "MambaForCausalLM", {"hidden_size": 48, "num_hidden_layers": 3}),
    "distilbert": Kind("DistilBertConfig", "DistilBertForMaskedLM", _DISTIL),
    "albert": Kind("AlbertConfig", "AlbertForMaskedLM", {**_SMALL, "embedding_size": 24}),
    "modernbert": Kind(
        "ModernBertConfig",
        "ModernBertForMaskedLM",
        {**_SMALL, "cls_token_id": 1, "sep_token_id": 2, "local_attention": 8},
    ),
}
WITHOUT: Final = ("bloom", "falcon", "mamba")  # whose attention transformers does not let be read
CLOSED: Final = ("mamba",)  # … and that have no attention at all
ENCODERS: Final = ("bert", "xlm", "roberta", "distilbert", "albert", "modernbert")
ALL: Final = (*KINDS, *MORE)
OPEN: Final = tuple(kind for kind in ALL if kind not in WITHOUT)
DECODERS: Final = tuple(kind for kind in ALL if kind not in ENCODERS)


@cache
def adapter_of(kind: str) -> HuggingFaceAdapter:
    """A family's network behind the protocol; made once, since nothing changes it."""
    with torch.inference_mode(False):
        network = network_of({**KINDS, **MORE}[kind]).eval()
    for weight in network.parameters():
        weight.requires_grad_(False)
    structure = structure_of(network)
    halves = ("mid", "post") if structure.has_mid else ("post",)
    sites = ("embed", *(f"L{n}.{half}" for n in range(len(structure.blocks)) for half in halves))
    config: Any = network.config
    shape = HuggingFaceShape(
        family=str(config.model_type),
        n_layer=len(structure.blocks),
        d_model=structure.d_model,
        vocab_size=config.vocab_size,
        block_size=48,
        causal=kind not in ENCODERS,
        unembedding=True,
        sites=sites,
        title=kind,
    )
    return HuggingFaceAdapter(network, structure, shape)
