"""Which architectures are read, where their residual stream can be seen, and what of a config.json
reaches transformers.

A model of Hugging Face is code that its config chooses. Only the families named here are opened, by
transformers' own classes, and only the keys named here are handed on: a config that asks for
foreign code is refused before transformers sees it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from layerfold.errors import DamagedRun, ModelRefused


@dataclass(frozen=True)
class Family:
    """Where in the modules of a family its stream is seen.

    ``layers`` is the list of layers and ``norm`` the final norm ("" for none), named from the body;
    ``head`` is the module of an unembedding of several layers, named from the whole ("" for a
    matrix alone). ``mid`` is the module of a layer whose first input ("in") or output ("out") is
    the state after attention and before the MLP; None where there is no such state.
    """

    layers: str
    mid: tuple[str, Literal["in", "out"]] | None
    norm: str
    head: str = ""
    causal: bool = True

    def without_mid(self) -> Family:
        """The same where there is no state between attention and MLP."""
        return replace(self, mid=None)


_LLAMA = Family("layers", ("post_attention_layernorm", "in"), "norm")
_GEMMA = Family("layers", ("pre_feedforward_layernorm", "in"), "norm")
_OLMO2 = Family("layers", ("mlp", "in"), "norm")
_ROBERTA = Family("encoder.layer", ("attention", "out"), "", head="lm_head", causal=False)
# The stream of BERT is normalised after each half-layer, so its states are those sums, normalised:
# what the next half reads and adds to.
FAMILIES: Final[Mapping[str, Family]] = {
    "gpt2": Family("h", ("ln_2", "in"), "ln_f"),
    "gpt_neox": Family("layers", ("post_attention_layernorm", "in"), "final_layer_norm"),
    "llama": _LLAMA,
    "qwen2": _LLAMA,
    "qwen3": _LLAMA,
    "mistral": _LLAMA,
    "olmo": _LLAMA,
    "olmo2": _OLMO2,
    "olmo3": _OLMO2,
    "gemma": _LLAMA,
    "gemma2": _GEMMA,
    "gemma3_text": _GEMMA,
    "bert": Family("encoder.layer", ("attention", "out"), "", head="cls", causal=False),
    "roberta": _ROBERTA,
    "xlm-roberta": _ROBERTA,
}
# endings of architectures that have an unembedding
HEADS: Final = ("ForCausalLM", "LMHeadModel", "ForMaskedLM", "ForPreTraining")

_SIZES = (
    "vocab_size hidden_size num_hidden_layers num_attention_heads num_key_value_heads"
    " intermediate_size head_dim type_vocab_size"
)
_CHOICES = (
    "hidden_act hidden_activation rms_norm_eps layer_norm_eps tie_word_embeddings attention_bias"
    " mlp_bias clip_qkv"
)
_PLACES = (
    "max_position_embeddings rope_parameters rope_scaling rope_theta rope_local_base_freq"
    " rotary_pct rotary_emb_base partial_rotary_factor use_parallel_residual sliding_window"
    " use_sliding_window max_window_layers layer_types sliding_window_pattern"
)
_CAPS = "query_pre_attn_scalar final_logit_softcapping attn_logit_softcapping"
_GPT2 = (
    "n_positions n_embd n_layer n_head n_inner activation_function layer_norm_epsilon"
    " scale_attn_weights scale_attn_by_inverse_layer_idx reorder_and_upcast_attn"
)
_SIGNS = "pad_token_id bos_token_id eos_token_id"
KEYS: Final = frozenset(" ".join((_SIZES, _CHOICES, _PLACES, _CAPS, _GPT2, _SIGNS)).split())
FOREIGN: Final = ("auto_map", "trust_remote_code", "custom_pipelines", "custom_generate")
ATTENTION: Final = (
    None,
    False,
    True,
    "",
    "eager",
    "sdpa",
    "flash_attention_2",
    "flash_attention_3",
    "flex_attention",
)
LARGEST: Final = 1 << 31
BOUNDS: Final[Mapping[str, int]] = {
    "num_hidden_layers": 1000,
    "n_layer": 1000,
    "hidden_size": 1 << 17,
    "n_embd": 1 << 17,
    "vocab_size": 1 << 24,
}
NOT_READ: Final[Mapping[str, str]] = {
    "quantization_config": "its weights are quantised: save it in float32, float16 or bfloat16",
    "is_decoder": "it is an encoder used as a decoder, which is not read",
    "add_cross_attention": "it attends to another model's states, which is not read",
    "use_bidirectional_attention": (
        "it is a decoder whose tokens see those after them, which is not read"
    ),
}


def family_of(config: Mapping[str, Any], name: str) -> Family:
    """The family of a model's config, the model called ``name``; raises ModelRefused where it is
    not known, or asks for foreign code.
    """
    if asked := next(_foreign(config), None):
        raise ModelRefused(
            f"{name} asks for code of its own ({asked} in config.json): only the architectures of"
            " transformers are opened"
        )
    kind = config.get("model_type")
    if not isinstance(kind, str) or kind not in FAMILIES:
        raise ModelRefused(
            f"{name} is of the architecture {str(kind)[:60]!r}, which is not known here: known are"
            f" {', '.join(FAMILIES)}"
        )
    if why := next((why for key, why in NOT_READ.items() if config.get(key)), None):
        raise ModelRefused(f"{name} cannot be opened: {why}")
    if config.get("position_embedding_type", "absolute") != "absolute":
        raise ModelRefused(
            f"{name} cannot be opened: its positions are"
            f" {str(config['position_embedding_type'])[:60]!r}, not absolute"
        )
    return FAMILIES[kind]


def cleaned(config: Mapping[str, Any], name: str) -> dict[str, Any]:
    """What of a config reaches transformers: the keys that say what the network is, with plain
    values; raises DamagedRun.
    """
    found = {key: value for key, value in config.items() if key in KEYS}
    for key, value in found.items():
        bound = BOUNDS.get(key)
        if not _plain(value, 3 if key.startswith("rope_") else 1) or (
            bound and not (type(value) is int and 0 < value <= bound)
        ):
            raise DamagedRun(
                f"{key} in config.json of {name} is {str(value)[:60]!r}, which no model has: fetch"
                " the model again"
            )
    return found


def _foreign(value: object, key: str = "", depth: int = 0) -> Iterator[str]:
    """The keys, at any depth, that have code fetched and run."""
    if depth > 16:
        yield "too deep a nesting"
    elif isinstance(value, Mapping):
        for inner, held in value.items():
            if inner in FOREIGN and held:
                yield str(inner)
            yield from _foreign(held, f"{key}.{inner}".strip("."), depth + 1)
    elif isinstance(value, list):
        for held in value:
            yield from _foreign(held, key, depth + 1)
    elif "attn_implementation" in key and value not in ATTENTION:
        yield key


def _plain(value: object, depth: int) -> bool:
    """Whether a value is a number, word or choice, or holds such, no deeper than ``depth``."""
    if isinstance(value, dict):
        return depth > 1 and all(_plain(held, depth - 1) for held in value.values())
    if isinstance(value, list):
        return len(value) <= 4096 and all(_plain(held, 0) for held in value)
    if isinstance(value, str):
        return len(value) <= 200
    return value is None or (isinstance(value, bool | int | float) and abs(value) < LARGEST)
