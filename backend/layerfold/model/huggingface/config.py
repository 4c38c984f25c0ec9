"""The config of a model: refused where it asks for foreign code or for what no model has, else as
transformers reads it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import isfinite, isinf
from pathlib import Path
from typing import Any, Final

from layerfold.errors import DamagedRun, MissingExtra, ModelNotFound, ModelRefused
from layerfold.model.huggingface.files import folder_of, read_json
from layerfold.model.huggingface.library import library
from layerfold.model.huggingface.place import CONFIG, Where
from layerfold.model.huggingface.quiet import quiet, reason

FOREIGN: Final = ("trust_remote_code", "custom_pipelines", "custom_generate")
# ways to compute the same attention; any other name is of a kernel that would be fetched
ATTENTION: Final = re.compile(r"(?:paged\|)?(?:eager|sdpa|flash_attention_\d|flex_attention)?")
LIMIT: Final = re.compile(r"limit|max|min|clip|range")
DEEPEST: Final = 16
# whole numbers of a key, the first that fits: beyond any model, and enough to fill a machine
LARGEST: Final = (
    (re.compile(r"layer_?id|layers_to|index|_ids?$|token"), 1 << 31),
    (re.compile(r"layer|block_count|depth"), 1000),
    (re.compile(r"vocab"), 1 << 28),
    (re.compile(r"position|n_ctx|seq_?len|window|context"), 1 << 24),
    (
        re.compile(
            r"hidden|embd|embed|d_model|dim|inner|intermediate|ffn|d_ff|width|size|heads?$|rank"
        ),
        1 << 20,
    ),
)
WIDTHS: Final = ("hidden_size", "n_embd", "d_model", "dim")
WIDEST: Final = 1 << 17


def read_config(where: Where) -> dict[str, Any]:
    """config.json as it is; raises ModelNotFound where there is none, DamagedRun, and as
    ``files.fetched``.
    """
    found = read_json(where, CONFIG)
    if found is None:
        raise ModelNotFound(
            f"{where} holds no config.json, so it is no model of Hugging Face: check its name"
        )
    return found


def transformers_config(where: Where, found: Mapping[str, Any]) -> Any:
    """The config as transformers' own object, without a look at anything but config.json.

    Raises ModelRefused for foreign code, quantised weights, an architecture that this transformers
    does not have; DamagedRun for values that no model has, or that its class does not take;
    MissingExtra.
    """
    name = str(where)
    kind = found.get("model_type")
    if asked := next(_foreign(found), None):
        raise _code(name, asked)
    if not isinstance(kind, str):
        raise ModelRefused(
            f"{name} is of an architecture that is not known: config.json names no model_type"
            f" ({str(kind)[:60]})"
        )
    for key, value in _numbers(found):
        bound = next((most for pattern, most in LARGEST if pattern.search(key)), 1 << 62)
        bound = min(bound, WIDEST) if key in WIDTHS else bound
        if abs(value) > bound or (value < 0 and key in WIDTHS):
            raise DamagedRun(
                f"{key} in config.json of {name} is {value}, which no model has: fetch the model"
                " again"
            )
    if lost := next((key for key, value in _floats(found) if not _is_said(key, value)), ""):
        raise DamagedRun(
            f"{lost} in config.json of {name} is no finite number: fetch the model again"
        )
    config = _of_transformers(folder_of(where), found, name)
    if quantised := found.get("quantization_config"):
        method = quantised.get("quant_method") if isinstance(quantised, Mapping) else quantised
        raise ModelRefused(
            f"{name} cannot be opened: its weights are quantised ({str(method)[:60]},"
            " quantization_config in config.json): save it in float32, float16 or bfloat16"
        )
    if found.get("add_cross_attention"):
        raise ModelRefused(
            f"{name} cannot be opened: it attends to another model's states (add_cross_attention),"
            " which are not here"
        )
    return config


def _code(name: str, asked: str) -> ModelRefused:
    return ModelRefused(
        f"{name} asks for code of its own ({asked} in config.json): only the architectures of"
        " transformers are opened"
    )


def _of_transformers(folder: Path, found: Mapping[str, Any], name: str) -> Any:
    kind = str(found["model_type"])
    try:
        # 3 s: only where a config is read for the first time
        transformers = library("transformers")
    except ImportError as error:
        raise MissingExtra(
            "models of Hugging Face need more packages: pip install layerfold[hf]"
        ) from error
    if not all(_own(one, kind) for one in _held(found, "auto_map")):
        raise _code(name, "auto_map")
    if kind not in transformers.CONFIG_MAPPING:
        raise ModelRefused(
            f"{name} is of the architecture {kind[:60]!r}, which transformers"
            f" {transformers.__version__} does not know: upgrade it (pip install -U transformers),"
            " or save the model as one that it knows"
        )
    try:
        with quiet():
            config = transformers.AutoConfig.from_pretrained(
                folder, trust_remote_code=False, local_files_only=True
            )
    except Exception as error:  # each config checks its own values, in its own way
        raise DamagedRun(
            f"config.json of {name} cannot be used ({reason(error)}): fetch the model again"
        ) from error
    _settle_attention(config)
    for key in ("num_hidden_layers", "hidden_size", "vocab_size"):
        value = getattr(config.get_text_config(), key, 1)
        if type(value) is not int or value < 1:
            raise DamagedRun(
                f"{key} in config.json of {name} is {str(value)[:60]!r}, which no model has: fetch"
                " the model again"
            )
    return config


def _settle_attention(config: Any) -> None:
    """Attention is computed in a way that this machine has, whichever its trainer's had: eagerly,
    as a model's own code writes it out, where the config names more than transformers' choice.
    """
    parts = [config, *(getattr(config, name, None) for name in config.sub_configs)]
    named = {getattr(part, "_attn_implementation", None) for part in parts}
    config._attn_implementation = "eager" if named - {None, "sdpa"} else None
    config._experts_implementation = None


def _own(asked: object, kind: str) -> bool:
    """Whether ``auto_map`` names nothing but classes that transformers has for this architecture,
    which then stand in for their likes.
    """
    transformers = library("transformers")

    if kind not in transformers.CONFIG_MAPPING or not isinstance(asked, Mapping):
        return False
    home = transformers.CONFIG_MAPPING[kind].__module__.rpartition(".")[0]
    named = [
        str(one).rpartition(".")[2]
        for value in asked.values()
        for one in (value if isinstance(value, list) else [value])
        if one
    ]
    return all(
        getattr(getattr(transformers, one, None), "__module__", "").startswith(home)
        for one in named
    )


def _held(value: object, key: str, depth: int = 0) -> Iterator[Any]:
    """All that stands under a key, at any depth."""
    if isinstance(value, Mapping):
        for inner, held in value.items():
            if inner == key and held:
                yield held
            yield from _held(held, key, depth + 1)
    elif isinstance(value, list):
        for held in value:
            yield from _held(held, key, depth + 1)


def _foreign(value: object, key: str = "", depth: int = 0) -> Iterator[str]:
    """The keys, at any depth, that have code fetched and run."""
    if depth > DEEPEST:
        yield "too deep a nesting"
    elif isinstance(value, Mapping):
        for inner, held in value.items():
            if inner in FOREIGN and held:
                yield str(inner)
            yield from _foreign(held, f"{key}.{inner}".strip("."), depth + 1)
    elif isinstance(value, list):
        for held in value:
            yield from _foreign(held, key, depth + 1)
    elif "attn_implementation" in key and not _is_ours(value):
        yield key


def _is_ours(value: object) -> bool:
    """Whether a way to compute attention is one that transformers has itself."""
    return not isinstance(value, str) or bool(ATTENTION.fullmatch(value))


def _numbers(value: object, key: str = "") -> Iterator[tuple[str, int]]:
    """Every whole number with its key, however deep."""
    if isinstance(value, Mapping):
        for inner, held in value.items():
            yield from _numbers(held, str(inner))
    elif isinstance(value, list):
        for held in value:
            yield from _numbers(held, key)
    elif type(value) is int:
        yield key, value


def _floats(value: object, key: str = "") -> Iterator[tuple[str, float]]:
    """Every fraction with its key, however deep."""
    if isinstance(value, Mapping):
        for inner, held in value.items():
            yield from _floats(held, str(inner))
    elif isinstance(value, list):
        for held in value:
            yield from _floats(held, key)
    elif isinstance(value, float):
        yield key, value


def _is_said(key: str, value: float) -> bool:
    """Whether a fraction means something: a limit (Mamba's time_step_limit) may be infinite."""
    return isfinite(value) or (isinf(value) and bool(LIMIT.search(key)))
