"""What a config makes of a network, found on the meta device: its class, its structure, its
positions; nothing is allocated.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import torch
from torch import nn

from layerfold.errors import DamagedRun, LayerfoldError, ModelRefused
from layerfold.model.huggingface.library import library
from layerfold.model.huggingface.quiet import quiet, reason
from layerfold.model.huggingface.rotary import unstretched
from layerfold.model.huggingface.structure import Stream, Structure, structure_of
from layerfold.model.kernels import settle_kernels

RENAMINGS: Final = "transformers.conversion_mapping"
MAPPINGS: Final = "transformers.models.auto.modeling_auto"
UNBOUND: Final = 1 << 20  # positions of a model that has no table of them
ANY: Final = -1  # as XLNet says so
POSITIONS: Final = (
    "max_position_embeddings",
    "n_positions",
    "max_seq_len",
    "seq_length",
    "max_sequence_length",
    "n_ctx",
)
# what changes states, and is read by some of the classes whose configs have it
SWITCHES: Final = ("alibi", "alibi_bias_max", "attn_type", "logit_scale", "prefix_lm", "qk_ln")
POSITION_KIND, ABSOLUTE = "position_embedding_type", "absolute"
SIZES: Final = ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads")
KEPT: Final = 8  # outlines of different configs
# what wrappers put before every name of a weight
BEFORE: Final = re.compile(r"^(?:module\.|_orig_mod\.|_forward_module\.)+")


@dataclass(frozen=True)
class Outline:
    """A network on the meta device and what is known of it. ``structure`` is None where its pass
    cannot be traced without numbers; ``unsaid`` tells what the config does not say of its sizes.
    """

    family: str
    config: Any
    made: type
    network: nn.Module
    structure: Structure | None
    stream: Stream
    n_layer: int
    d_model: int
    vocab_size: int
    positions: int
    causal: bool
    head: bool
    unsaid: str = ""

    @property
    def told(self) -> tuple[str, ...]:
        """What is to be known of how the config was read, a sentence each."""
        named = getattr(self.config, "architectures", None) or ()
        named = any(hasattr(library("transformers"), str(one)) for one in named)
        lacks = (
            f"Its config.json names no class of transformers: it is opened as {self.made.__name__}."
        )
        return (*([f"Its {self.unsaid}."] if self.unsaid else []), *([] if named else [lacks]))

    @property
    def numbers(self) -> int:
        """How many numbers its weights have."""
        return sum(parameter.numel() for parameter in self.network.parameters())


@dataclass(frozen=True)
class Question:
    """A config and what is asked of it; two are the same where they were written the same."""

    text: str
    name: str = field(compare=False)
    config: Any = field(compare=False)
    made: type | None = None
    stream: str = ""
    stored: frozenset[str] = frozenset()


def outline_of_config(
    config: Any,
    found: Mapping[str, Any],
    name: str,
    stream: str = "",
    stored: frozenset[str] = frozenset(),
) -> Outline:
    """The outline of a config that transformers has read; ``found`` is how it was written,
    ``stored`` the names of the weights where it does not say its class.

    Raises ModelRefused where no class of transformers is for it, or it gives no states; DamagedRun
    where it cannot be made.
    """
    text = json.dumps(found, sort_keys=True)
    return _outline(Question(text, name, config, stream=stream, stored=stored))


def outline_of_network(network: Any) -> Outline:
    """The outline of a live network of transformers, by its class and config; raises as
    ``outline_of_config``.
    """
    config = network.config
    return _outline(
        Question(
            config.to_json_string(use_diff=False), type(network).__name__, config, type(network)
        )
    )


@lru_cache(maxsize=KEPT)
def _outline(asked: Question) -> Outline:
    settle_kernels()
    config, text = asked.config, asked.config.get_text_config()
    made = asked.made or class_shown(config, asked.stored, asked.name)
    made = made or class_of(config, asked.name)
    network = _made(made, config, asked.name)
    if "input_ids" not in inspect.signature(network.forward).parameters:
        raise ModelRefused(
            f"{asked.name} is a {made.__name__}, no model that reads text: open another"
        )
    stream = _stream(asked, network)
    structure = _traced(network, stream, asked.name)
    _refuse_dropped(json.loads(asked.text), config, made, asked.name)
    return Outline(
        family=str(config.model_type),
        config=config,
        made=made,
        network=network,
        structure=structure,
        stream=stream,
        n_layer=len(structure.blocks) if structure else int(text.num_hidden_layers),
        d_model=structure.d_model if structure else int(text.hidden_size),
        vocab_size=int(text.vocab_size),
        positions=_positions(text, network),
        causal=stream == "" and _causal(config, text, made),
        head=stream != "encoder" and has_head(network),
        unsaid=_unsaid(json.loads(asked.text), config),
    )


def _unsaid(found: Mapping[str, Any], config: Any) -> str:
    """The sizes that a config as it was written does not say, and what is taken for them."""
    text = config.get_text_config()
    written = found if text is config else found.get("text_config")
    if not isinstance(written, Mapping):
        return ""
    kept = getattr(text, "attribute_map", {})
    lost = {
        name: value
        for name in SIZES
        if not {name, kept.get(name, name)} & written.keys()
        and isinstance(value := getattr(text, name, None), int)
    }
    taken = ", ".join(f"{name} ({value:,} is taken)" for name, value in lost.items())
    return f"config.json does not say {taken}" if taken else ""


def _stream(asked: Question, network: Any) -> Stream:
    """Whose states are shown; raises ModelRefused for a decoder that is asked of a model of one
    part.
    """
    if getattr(asked.config, "is_encoder_decoder", False) and hasattr(network, "get_decoder"):
        return "decoder" if asked.stream == "decoder" else "encoder"
    if asked.stream:
        raise ModelRefused(
            f"{asked.name} has no encoder beside a decoder: open it without #{asked.stream}"
        )
    return ""


def class_of(config: Any, name: str) -> type:
    """The class of transformers that a config's ``architectures`` name, with its language-model
    head where it has one; else the body's.

    Raises ModelRefused.
    """
    # 3 s: only where a model is opened for the first time
    auto = library(MAPPINGS)

    kind = type(config)
    named = str((getattr(config, "architectures", None) or [""])[0])
    lists = (
        auto.MODEL_FOR_CAUSAL_LM_MAPPING,
        auto.MODEL_FOR_MASKED_LM_MAPPING,
        auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING,
        auto.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING,
        auto.MODEL_FOR_TEXT_ENCODING_MAPPING,
    )
    for one in (found for mapping in lists if kind in mapping for found in _each(mapping[kind])):
        if one.__name__ == named:
            return one
    if (
        named.endswith("ForPreTraining")
        and kind in auto.MODEL_FOR_PRETRAINING_MAPPING
        and kind in auto.MODEL_FOR_MASKED_LM_MAPPING
    ):
        trained = _made(auto.MODEL_FOR_PRETRAINING_MAPPING[kind], config, name)
        if has_head(trained):  # ELECTRA's tells what was replaced, and has no words
            return next(iter(_each(auto.MODEL_FOR_MASKED_LM_MAPPING[kind])))
    if kind not in auto.MODEL_MAPPING:
        raise ModelRefused(
            f"{name} is of {kind.model_type!r}, of which transformers has no model that reads text:"
            " open another"
        )
    return next(iter(_each(auto.MODEL_MAPPING[kind])))


def class_shown(config: Any, stored: frozenset[str], name: str) -> type | None:
    """The class with a language-model head whose own weights are among those that are stored; None
    where they show no such head.
    """
    auto = library(MAPPINGS)

    kind, lists = type(config), [auto.MODEL_FOR_CAUSAL_LM_MAPPING]
    lists.insert(1 if getattr(config, "is_decoder", False) else 0, auto.MODEL_FOR_MASKED_LM_MAPPING)
    pairs = auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING
    lists.insert(0 if getattr(config, "is_encoder_decoder", False) else 2, pairs)
    lists.append(auto.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING)
    each = (one for known in lists if stored and kind in known for one in _each(known[kind]))
    return next((one for one in each if _shows(_made(one, config, name), stored)), None)


def _shows(network: Any, stored: frozenset[str]) -> bool:
    """Whether the names of weights are those of a network with a head: the head's own are there,
    or, where it has the embedding's matrix, all stand where such a network has them.
    """
    stored = _as_now(network, (BEFORE.sub("", name) for name in stored))
    inside = f"{network.base_model_prefix}."
    own = {name for name, _ in network.named_parameters(remove_duplicate=False)}
    head = {name for name in own if not name.startswith(inside)}
    if alone := head - set(network.all_tied_weights_keys):
        return has_head(network) and alone <= stored
    weights = [name for name in stored if name.endswith((".weight", ".bias"))]
    within = [name for name in weights if name.startswith(inside)]
    return has_head(network) and bool(within) and set(weights) <= {*within, *head}


def _as_now(network: Any, names: Iterable[str]) -> frozenset[str]:
    """Names of weights in files, as the network has them: some classes once had others."""
    renamings = library(RENAMINGS).get_model_conversion_mapping(network)

    def now(name: str) -> str:
        for one in renamings:
            name, _ = one.rename_source_key(name)
        return name

    return frozenset(map(now, names))


def _each(found: Any) -> tuple[type, ...]:
    return tuple(found) if isinstance(found, tuple | list) else (found,)


def has_head(network: Any) -> bool:
    """Whether it has an unembedding."""
    try:
        return network.get_output_embeddings() is not None
    except (AttributeError, NotImplementedError):
        return False


def _made(made: Any, config: Any, name: str) -> nn.Module:
    """A network on the meta device, its attention written out; raises DamagedRun."""
    try:
        # a training goes on with its own
        with quiet(), torch.random.fork_rng(devices=[]), torch.device("meta"):
            network: nn.Module = made._from_config(
                deepcopy(config), attn_implementation="eager", dtype=torch.float32
            )
    except Exception as error:  # each network checks its own sizes, in its own way
        raise DamagedRun(
            f"config.json of {name} cannot be used ({reason(error)}): fetch the model again"
        ) from error
    return network.eval()


def _traced(network: nn.Module, stream: Stream, name: str) -> Structure | None:
    """The structure, None where numbers are needed for a pass; raises ModelRefused."""
    # grouped products of experts know the latter alone on the meta device
    for dtype in (torch.float32, torch.bfloat16):
        try:
            with quiet(), torch.random.fork_rng(devices=[]):
                return structure_of(network.to(dtype), stream)
        except LayerfoldError as error:
            raise ModelRefused(f"{name} cannot be opened: {error}") from None
        except Exception:  # whatever a network does with numbers that are not there
            continue
    return None


def _positions(text: Any, network: nn.Module) -> int:
    """The most tokens that it has positions for; those of RoBERTa and its kin begin after the id of
    their padding sign.
    """
    said = next(
        (value for name in POSITIONS if isinstance(value := getattr(text, name, None), int)),
        UNBOUND,
    )
    said = UNBOUND if said == ANY else said
    tables = [
        module
        for name, module in network.named_modules()
        if isinstance(module, nn.Embedding) and "position" in name
    ]
    rows = (
        table.num_embeddings - table.padding_idx - 1
        for table in tables
        if table.padding_idx is not None
    )
    alike = unstretched(text)
    return min(said, *rows, UNBOUND, *([] if alike is None else [alike]))


def _causal(config: Any, text: Any, made: type) -> bool:
    """What the config says of whether a token sees none after it; what holds is seen when the model
    is opened.
    """
    auto = library(MAPPINGS)

    kind = type(config)
    if kind in auto.MODEL_FOR_MASKED_LM_MAPPING or kind not in auto.MODEL_FOR_CAUSAL_LM_MAPPING:
        return bool(getattr(text, "is_decoder", False))
    both = getattr(text, "use_bidirectional_attention", False)
    return getattr(text, "is_causal", True) is not False and both not in (True, "all")


def _refuse_dropped(found: Mapping[str, Any], config: Any, made: type, name: str) -> None:
    """Raises ModelRefused for a switch that changes states and that the class does not read: BERT
    once read positions of other kinds, MPT is made with ALiBi alone.
    """
    source = inspect.getsource(inspect.getmodule(made) or made)
    said = [(POSITION_KIND, found.get(POSITION_KIND, ABSOLUTE), ABSOLUTE)]
    attention = found.get("attn_config"), getattr(config, "attn_config", None)
    for written, read in ((found, config), attention):
        known = getattr(type(read), "__dataclass_fields__", {})
        said += [
            (key, written[key], known[key].default)
            for key in SWITCHES
            if isinstance(written, Mapping) and key in written and key in known
        ]
    for key, value, plain in said:
        if value not in (None, plain) and f".{key}" not in source:
            raise ModelRefused(
                f"{name} cannot be opened: its config.json has {key} {str(value)[:60]!r} and not"
                f" {str(plain)[:60]!r}, and {made.__name__} of this transformers reads no other"
            )
