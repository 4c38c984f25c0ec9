"""Whether a GGUF file is the model that transformers makes of it: each of its settings is met in
the config, each of its tensors in the network, or it is refused by that name.

Transformers reads the settings that it has a name for, passes over the rest, and makes weights up
for what the file has not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import isclose
from pathlib import Path
from typing import Any, Final

from layerfold.errors import DamagedRun, ModelRefused
from layerfold.model.huggingface.library import library
from layerfold.model.huggingface.weight_files import listed

LEGACY: Final = "transformers.modeling_gguf_pytorch_utils"
VOCABULARIES: Final = "transformers.integrations.gguf.gguf_tokenizer_mapping"
SPACE: Final = "▁"
PLAIN_SPLITS: Final = ("default", "gpt-2", "gpt2", "")
KINDS: Final = ("model", "")  # of a file: not an adapter, nor what makes an image's tokens
# by what a setting is called in a config; the widths of matrices show themselves
NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "attention.key_length": ("head_dim",),
    "attention.value_length": ("head_dim",),
    "attention.sliding_window": ("sliding_window",),
    "attention.scale": ("attention_multiplier",),
    "attention.clamp_kqv": ("clip_qkv",),
    "attention.layer_norm_epsilon": ("layer_norm_epsilon", "layer_norm_eps", "norm_eps"),
    "attention.layer_norm_rms_epsilon": ("rms_norm_eps", "norm_eps", "layer_norm_epsilon"),
    "embedding_scale": ("embedding_multiplier",),
    "residual_scale": ("residual_multiplier",),
    "expert_weights_norm": ("norm_topk_prob",),
    "expert_feed_forward_length": ("moe_intermediate_size", "intermediate_size"),
    "expert_shared_feed_forward_length": ("shared_expert_intermediate_size",),
    "leading_dense_block_count": ("first_k_dense_replace", "num_dense_layers"),
}
SHAPES: Final = (  # met by the shapes of tensors, or of no state
    *("context_length", "vocab_size", "feed_forward_length", "tensor_data_layout"),
    *("pooling_type", "decoder_start_token_id", "decoder_block_count", "rope.scaling.finetuned"),
)
ALIBI: Final = {"bloom": 8.0, "mpt": 8.0, "falcon": 8.0}
NOTHING: Final = (0, "", "none", False)
CLOSE: Final = 1e-5  # a file holds 32 bits of what a config writes in decimals


def check_whole(path: Path, said: Mapping[str, Any], tensors: Iterable[str]) -> None:
    """Raises ModelRefused for an adapter, a part of a model, or a vocabulary alone."""
    kind = str(said.get("general.type", "model"))
    if kind not in KINDS:
        raise ModelRefused(
            f"{path.name} cannot be opened: it is of the type {kind[:40]!r} (general.type) and no"
            " model: open the model that it belongs to"
        )
    if (parts := said.get("split.count", 0)) > 1:
        raise ModelRefused(
            f"{path.name} cannot be opened: it is one of {parts} parts of a model: join them with"
            " llama-gguf-split --merge"
        )
    if not list(tensors):
        raise ModelRefused(f"{path.name} cannot be opened: it holds a vocabulary and no weights")


def check_settings(path: Path, said: Mapping[str, Any], config: Any) -> None:
    """Raises ModelRefused for a setting of the architecture that the config has otherwise, or has
    no place for.
    """
    kind = str(said.get("general.architecture", ""))
    read = _read_names(kind, said)
    wrong = [
        f"{key} = {str(value)[:40]}"
        for key, value in said.items()
        if key.startswith(f"{kind}.")
        and not _is_met(key.removeprefix(f"{kind}."), value, config, read)
    ]
    if wrong:
        raise ModelRefused(
            f"{path.name} cannot be opened: transformers leaves out what it says of itself"
            f" ({listed(wrong)}), so its states would be another model's: open the model that it"
            " was made of"
        )


def check_loaded(
    path: Path, told: Mapping[str, Any], taken: Iterable[str], tensors: Mapping[str, int], own: int
) -> None:
    """Raises DamagedRun where the network has weights that the file has not or has in another
    shape, ModelRefused where the file has tensors that no part takes. ``taken`` are the names that
    are read, ``tensors`` the file's with how many numbers each has, ``own`` how many the network
    has.
    """
    if missing := sorted(told["missing_keys"]):
        raise DamagedRun(
            f"{path.name} lacks {len(missing)} of its model's weights ({listed(missing)}), or holds"
            " them under names that transformers does not read: fetch it again, or open the model"
            " that it was made of"
        )
    if wrong := [str(one[0]) for one in told.get("mismatched_keys", ())]:
        raise DamagedRun(
            f"{path.name} holds weights of another shape than it says ({listed(wrong)}): fetch it"
            " again"
        )
    known = {*taken, *(name.removesuffix(".weight") for name in taken)}
    left = [
        name for name in tensors if name not in known and name.removesuffix(".weight") not in known
    ]
    if left and sum(tensors.values()) > own:
        raise ModelRefused(
            f"{path.name} cannot be opened: it holds {len(left)} tensors that transformers does not"
            f" read ({listed(left)}), so its states would be another model's: open the model that"
            " it was made of"
        )


def names_taken(
    kind: str, network: Any, told: Mapping[str, Any], tensors: Iterable[str]
) -> set[str]:
    """The tensors of a file that transformers reads into a network."""
    if _is_new(kind):
        return set(tensors) - set(told["unexpected_keys"])
    reader = library(LEGACY)
    processor = reader.TENSOR_PROCESSORS.get(kind, reader.TensorProcessor)(config={})
    return set(reader.get_gguf_hf_weights_map(network, processor))


def unheard_split(said: Mapping[str, Any]) -> str:
    """What is to be said of a way to split texts that transformers does not know, as a sentence."""
    way = str(said.get("tokenizer.ggml.pre", "default"))
    if said.get("tokenizer.ggml.model") != "gpt2" or way in PLAIN_SPLITS:
        return ""
    try:
        known = library(VOCABULARIES).GGUF_PRE_TOKENIZER_SPLITS
    except (ImportError, AttributeError):  # which came later
        known = ()
    if way in known:
        return ""
    return (
        f"Its vocabulary splits texts in a way (tokenizer.ggml.pre: {way[:40]}) that transformers"
        " does not know: they are split as GPT-2's, so a few words and numbers may be other tokens"
        " than those it was trained on."
    )


def check_prefix(path: Path, said: Mapping[str, Any], backend: Any) -> None:
    """Raises ModelRefused where a text is to begin as it is and its tokenizer adds a space."""
    text = backend.normalizer.normalize_str("a") if backend.normalizer else "a"
    parts = backend.pre_tokenizer.pre_tokenize_str(text) if backend.pre_tokenizer else [(text, 0)]
    if said.get("tokenizer.ggml.add_space_prefix") is False and parts[0][0].startswith(SPACE):
        raise ModelRefused(
            f"{path.name} cannot be opened: its texts begin without a space of their own"
            " (tokenizer.ggml.add_space_prefix) and transformers puts one there: open the model"
            " that it was made of"
        )


def _is_new(kind: str) -> bool:
    """Whether transformers reads an architecture in its second way, which tells what it left."""
    try:
        return bool(library("transformers.integrations.gguf.utils").is_gguf_arch_supported(kind))
    except (ImportError, AttributeError):  # which came later
        return False


def _read_names(kind: str, said: Mapping[str, Any]) -> dict[str, str]:
    """The settings that transformers reads, by what it calls them in a config."""
    if _is_new(kind):
        asked = _Asked(said)
        library("transformers.integrations.gguf").get_gguf_config(asked, ())
        return {key.removeprefix(f"{kind}."): "" for key in asked.keys_asked}
    mapping = library(LEGACY).GGUF_TO_TRANSFORMERS_MAPPING["config"]
    known = kind.replace("-", "_")
    own: Mapping[str, Any] = mapping.get(known) or next(
        (mapping[name] for name in mapping if name.replace("_", "") == known), {}
    )
    return {key: name for key, name in own.items() if name is not None}


class _Asked(dict[str, Any]):
    """Settings that remember which of them were asked for."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        super().__init__(said)
        self.keys_asked: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.keys_asked.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        """The setting, noted as asked for."""
        self.keys_asked.add(key)
        return super().get(key, default)


def _is_met(key: str, value: object, config: Any, read: Mapping[str, str]) -> bool:
    """Whether a setting is in the config as the file says it, or means nothing."""
    if key in SHAPES or key == "attention.causal":
        return key in SHAPES or value is True
    there = list(_in_config(key, read.get(key, ""), config))
    if not there or not isinstance(value, bool | int | float):
        nothing = value in NOTHING or (key.endswith(("scale", "factor")) and value == 1)
        return key in read or nothing
    return any(isinstance(one, int | float) and isclose(one, value, rel_tol=CLOSE) for one in there)


def _in_config(key: str, name: str, config: Any) -> Iterator[Any]:
    """What a config has in the place of a setting; nothing where it has no such place."""
    if key == "rope.freq_base":
        yield from _thetas(config)
    elif key == "rope.dimension_count" and name != "rotary_dim":
        yield from _rotated(config)
    elif key == "attention.max_alibi_bias":
        yield ALIBI.get(str(config.model_type))
    else:
        for one in (name, *NAMES.get(key, (key,))):
            found = getattr(config, one, None) if one else None
            if found is not None:
                yield found


def _thetas(config: Any) -> Iterator[float]:
    said = getattr(config, "rope_parameters", None) or {}
    for one in (said, *said.values()):
        if isinstance(one, Mapping) and "rope_theta" in one:
            yield one["rope_theta"]


def _rotated(config: Any) -> Iterator[float]:
    """How many numbers of a head are turned."""
    heads = getattr(config, "num_attention_heads", None)
    if heads:
        wide = getattr(config, "head_dim", None) or config.hidden_size // heads
        said = getattr(config, "rope_parameters", None) or {}
        shares = [
            one.get("partial_rotary_factor")
            for one in (said, *said.values())
            if isinstance(one, Mapping)
        ]
        yield from (int(wide * (share or 1.0)) for share in shares or [1.0])
