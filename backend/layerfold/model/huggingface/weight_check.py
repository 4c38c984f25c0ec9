"""Whether the tensors of a model's files are the weights of its network: by their kinds and shapes,
by what they leave empty, and by what no part of the network takes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from math import prod
from typing import Any, Final

import torch
from torch import Tensor, nn

from layerfold.errors import DamagedRun, Diverged, ModelRefused
from layerfold.model.huggingface.outline import Outline
from layerfold.model.huggingface.weight_files import listed

AGAIN: Final = "it may still be being written, or fetch the model again"
SPARE: Final = 3  # a head that shares the embedding's matrix is counted twice
NARROW: Final = re.compile(r"(?:F|FLOAT)[468](?!\d)|.*E8M0")
PLAIN: Final = ("F64", "F32", "F16", "BF16", "FLOAT64", "FLOAT32", "FLOAT16", "BFLOAT16")
MASKS: Final = ("BOOL", "I64", "INT64")  # masks and places are such, and no weights
QUANTISED: Final = re.compile(
    r"(?:weight|qweight|W_q|qzeros|g_idx|absmax|scales?|blocks|scale_inv|weight_packed|quant_map)$"
)
UNMERGED: Final = re.compile(
    r"\.lora_(?:A|B|embedding_A|embedding_B|magnitude_vector)\b|\.base_layer\.|\.(?:hada|lokr|oft)_"
)
# what older libraries saved beside weights, and no state is made of
HARMLESS: Final = re.compile(
    r"(?:inv_freq|position_ids|token_type_ids|masked_bias|rotary_emb\.\w+|\b[kv]_scale)$"
)
Announced = Mapping[str, tuple[str, tuple[int, ...]]]


def check_announced(announced: Announced, outline: Outline, name: str) -> None:
    """Raises ModelRefused for tensors that are no plain weights, DamagedRun where the config speaks
    of much more than there is.
    """
    if unmerged := [key for key in announced if UNMERGED.search(key)]:
        raise ModelRefused(
            f"the weights of {name} are those of an adapter that was not merged"
            f" ({listed(unmerged)}): merge it (peft: model.merge_and_unload()) and save the whole"
        )
    known = names_in(outline)
    if narrow := [key for key, (kind, _) in announced.items() if _is_rounded(key, kind, known)]:
        kinds = sorted({announced[key][0].removeprefix("torch.") for key in narrow})
        scales = [key for key in announced if "scale" in key.rpartition(".")[2]]
        beside = f", with scales beside them ({listed(scales)})" if scales else ""
        raise ModelRefused(
            f"the weights of {name} are quantised: {len(narrow)} are {'/'.join(kinds)}"
            f" ({listed(narrow)}){beside}: save it in float32, float16 or bfloat16"
        )
    meant = {key: weight.numel() for key, weight in outline.network.state_dict().items()}
    if empty := [key for key, (_, shape) in announced.items() if 0 in shape and meant.get(key, 1)]:
        raise ModelRefused(
            f"the weights of {name} are empty placeholders ({listed(empty)}), as DeepSpeed's ZeRO-3"
            " leaves them: gather them with zero_to_fp32.py, or save with"
            " stage3_gather_16bit_weights_on_model_save"
        )
    held = sum(prod(shape) for _, shape in announced.values())
    if outline.numbers > SPARE * held:
        raise DamagedRun(
            f"the weights of {name} do not fit its config.json (it speaks of {outline.numbers:,}"
            f" numbers, the files hold {held:,}){_unsaid(outline)}: {AGAIN}"
        )


def names_in(outline: Outline) -> set[str]:
    """The names that a network's weights have in files, with and without that of its body."""
    names = set(outline.network.state_dict())
    prefix = f"{getattr(outline.network, 'base_model_prefix', '')}."
    return names | {name.removeprefix(prefix) for name in names} | {prefix + name for name in names}


def _is_rounded(name: str, kind: str, known: set[str]) -> bool:
    """Whether a tensor holds rounded numbers by its dtype; whole numbers by their name too, since
    masks and places are such.
    """
    kind = kind.removeprefix("torch.").upper()
    if kind in PLAIN:
        return False
    weight = name in known and name.endswith("weight")
    return (
        bool(NARROW.match(kind))
        or weight
        or (kind not in MASKS and bool(QUANTISED.search(name) or name in known))
    )


# ---- what has been loaded


def check_told(told: Mapping[str, Any], announced: Announced, outline: Outline, name: str) -> None:
    """Raises DamagedRun where a weight that states or logits are made of was not in the files, or
    is of another shape there: transformers would have made it up. Raises ModelRefused where the
    files hold weights of a block, or of another part, that no part takes.
    """
    idle = outline.structure.idle if outline.structure else frozenset()
    if missing := sorted(set(told["missing_keys"]) - idle):
        left = told["unexpected_keys"]
        beside = (
            f", and holds {len(left)} that no part of it takes ({listed(left)})" if left else ""
        )
        raise DamagedRun(
            f"{name} lacks {len(missing)} of its weights ({listed(missing)}){beside}"
            f"{_unsaid(outline)}: {AGAIN}"
        )
    if wrong := list(told.get("mismatched_keys", ())):
        key, there, meant = (*wrong[0], None, None)[:3]
        sizes = f": {list(there)} there, {list(meant)} by it" if there and meant else ""
        more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        raise DamagedRun(
            f"the weights of {name} do not fit its config.json ({key}{more} of another shape"
            f"{sizes}){_unsaid(outline)}: {AGAIN}"
        )
    if strange := [key for key in told["unexpected_keys"] if _belongs(key, announced, outline)]:
        raise ModelRefused(
            f"{name} cannot be opened: its files hold {len(strange)} weights that no part of a"
            f" {outline.made.__name__} of {outline.n_layer} layers takes ({listed(strange)}), so"
            " its states would be another model's: see that config.json is this model's"
        )


def of_no_part(unexpected: Iterable[str]) -> tuple[str, ...]:
    """The weights that no part of the network took and that once were of use."""
    return tuple(sorted(key for key in unexpected if not HARMLESS.search(key)))


def _belongs(key: str, announced: Announced, outline: Outline) -> bool:
    """Whether a tensor that nothing took is one of a block's, or of a part that the network has."""
    kind, shape = announced.get(key, ("", ()))
    mask = kind in MASKS or (len(shape) == 4 and shape[:2] == (1, 1))
    if mask or HARMLESS.search(key) or key in names_in(outline):
        return False
    modules = {name for name, _ in outline.network.named_modules() if name}
    prefix = f"{getattr(outline.network, 'base_model_prefix', '')}."
    path = key.rpartition(".")[0]
    if path in modules or prefix + path in modules:
        return True
    heads = _rows_of_blocks(outline)
    rows = {*heads, *(head.removeprefix(prefix) for head in heads), *(prefix + h for h in heads)}
    found = next((key.removeprefix(f"{row}.") for row in rows if key.startswith(f"{row}.")), "")
    number = found.partition(".")[0]
    if not number.isdecimal():
        return False
    ahead = getattr(outline.config.get_text_config(), "num_nextn_predict_layers", 0)
    return not outline.n_layer <= int(number) < outline.n_layer + (ahead or 0)


def _rows_of_blocks(outline: Outline) -> set[str]:
    """The names of the lists that hold the blocks."""
    blocks = outline.structure.blocks if outline.structure else ()
    wanted = {id(block.module) for block in blocks}
    return {
        name.rpartition(".")[0]
        for name, module in outline.network.named_modules()
        if id(module) in wanted and name.rpartition(".")[2].isdecimal()
    }


def _unsaid(outline: Outline) -> str:
    return f"; {outline.unsaid}" if outline.unsaid else ""


def untied(network: Any, outline: Outline) -> str:
    """Which matrices the config has as one and the files as two, as a sentence; transformers shows
    both, each where it belongs.
    """
    pairs = dict(getattr(outline.network, "all_tied_weights_keys", None) or {})
    apart = [
        f"{target} and {source}"
        for target, source in pairs.items()
        if network.get_parameter(target) is not network.get_parameter(source)
    ]
    return (
        f"Its config.json has {listed(apart)} as one matrix and its files hold two that differ:"
        " each is used where it belongs. If they were one in training, one of them is wrong."
        if apart
        else ""
    )


def check_finite(network: nn.Module, name: str) -> None:
    """Raises Diverged for weights that are no numbers."""
    bad = [key for key, weight in network.named_parameters() if not _finite(weight)]
    if bad:
        raise Diverged(
            f"{len(bad)} weights of {name} hold numbers that are not finite ({listed(bad)}):"
            " restore it, or leave it out"
        )


def _finite(weight: Tensor) -> bool:
    """Whether all of a tensor's numbers are finite: their sum is not where one is not, and costs a
    twelfth of asking each; it may be too large where all are.
    """
    return bool(torch.isfinite(weight.sum())) or bool(torch.isfinite(weight).all())
