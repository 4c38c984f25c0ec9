"""Weights of a Hugging Face model: what their files announce, looked at before anything is
allocated; then loaded by transformers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Final

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from layerfold.errors import DamagedRun, Diverged, ModelRefused
from layerfold.model.huggingface.files import (
    ADAPTER,
    Where,
    fetched,
    folder_of,
    gguf_of,
    header_of,
    weight_files,
)
from layerfold.model.huggingface.gguf_file import gguf_network
from layerfold.model.huggingface.outline import Outline
from layerfold.model.huggingface.quiet import quiet, reason

DTYPES: Final = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
AGAIN: Final = "it may still be being written, or fetch the model again"
SPARE: Final = 3  # a head that shares the embedding's matrix is counted twice
NUMBERS: Final = ("F64", "F32", "F16", "BF16")
PLAIN: Final = (*NUMBERS, "BOOL", "I64")
QUANTISED: Final = re.compile(
    r"(?:weight|qweight|qzeros|g_idx|absmax|scales?|scale_inv|weight_packed|quant_map)$"
)
UNMERGED: Final = re.compile(
    r"\.lora_(?:A|B|embedding_A|embedding_B|magnitude_vector)\b|\.base_layer\.|\.(?:hada|lokr|oft)_"
)
WRAPPED: Final = re.compile(r"(?:_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\.")
NESTED: Final = ("model_state_dict", "state_dict", "model", "module", "params", "net")
NAMED: Final = 3  # of a list of tensors, in an error


@dataclass(frozen=True)
class Loaded:
    """A network with its weights, and what of the files no part of it took."""

    network: Any
    left: tuple[str, ...]


def load_network(where: Where, outline: Outline, dtype: str, device: str, pickle: bool) -> Loaded:
    """The network with its weights, in evaluation mode, its memory its own; raises as
    ``opening.load_adapter``.
    """
    place = checked_device(device)
    if dtype not in DTYPES:
        raise ModelRefused(f"dtype {dtype!r} is not known: choose {', '.join(DTYPES)}")
    if (whole := gguf_of(where)) is not None:
        network = gguf_network(whole, outline.made, outline.config, DTYPES[dtype])
        check_finite(network, str(where))
        return Loaded(network.eval().requires_grad_(False).to(place), ())
    files = weight_files(where, pickle)
    if files[0].suffix == ".safetensors":
        announced = announced_in(files, str(where))
        check_announced(announced, outline, str(where))
        network, told = _of_files(where, outline, files, announced, DTYPES[dtype])
    else:
        weights = unwrapped(read_pickles(files, str(where)), outline)
        check_announced(
            {name: (str(one.dtype), tuple(one.shape)) for name, one in weights.items()},
            outline,
            str(where),
        )
        network, told = _of_tensors(where, outline, weights, DTYPES[dtype])
    check_told(told, outline, str(where))
    check_finite(network, str(where))
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    return Loaded(network.eval().to(place), tuple(sorted(told["unexpected_keys"])))


def checked_device(device: str) -> torch.device:
    """The device of a name; raises ModelRefused where this machine has it not."""
    kind, _, number = device.partition(":")
    if kind not in ("cpu", "cuda", "mps") or (number and not number.isdecimal()):
        raise ModelRefused(f"device {device!r} is not known: choose cpu, cuda, cuda:1 or mps")
    count = {"cpu": 1, "mps": int(torch.backends.mps.is_available())}.get(kind)
    count = torch.cuda.device_count() if count is None else count
    if int(number or 0) >= count:
        raise ModelRefused(
            f"there is no device {device!r} on this machine, or this build of torch cannot use it:"
            " choose cpu"
        )
    return torch.device(device)


# ---- what the files announce


def announced_in(files: Iterable[Path], name: str) -> dict[str, tuple[str, tuple[int, ...]]]:
    """The dtype and shape of every tensor of safetensors files, by name; raises DamagedRun."""
    found: dict[str, tuple[str, tuple[int, ...]]] = {}
    for path in files:
        try:
            held = header_of(path)
            found |= {
                key: (str(one["dtype"]), tuple(int(n) for n in one["shape"]))
                for key, one in held.items()
            }
        except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            raise DamagedRun(
                f"{path.name} of {name} cannot be read ({reason(error)}): {AGAIN}"
            ) from error
    return found


def check_announced(
    announced: Mapping[str, tuple[str, tuple[int, ...]]], outline: Outline, name: str
) -> None:
    """Raises ModelRefused for tensors that are no plain weights, DamagedRun where the config speaks
    of much more than there is.
    """
    if unmerged := [key for key in announced if UNMERGED.search(key)]:
        raise ModelRefused(
            f"the weights of {name} are those of an adapter that was not merged"
            f" ({listed(unmerged)}): merge it (peft: model.merge_and_unload()) and save the whole"
        )
    if narrow := [key for key, (kind, _) in announced.items() if _is_quantised(key, kind)]:
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
            f" numbers, the files hold {held:,}): {AGAIN}"
        )


def _is_quantised(name: str, kind: str) -> bool:
    """Whether a tensor holds rounded numbers by its dtype; whole numbers by their name too, since
    masks and places are such.
    """
    kind = kind.removeprefix("torch.").upper()
    narrow = kind.startswith(("F8", "F6", "F4", "FLOAT8", "FLOAT4")) or "E8M0" in kind
    return narrow or (
        kind not in PLAIN
        and not kind.startswith(("F", "BF", "BOOL", "INT64"))
        and bool(QUANTISED.search(name))
    )


def renaming(names: Iterable[str], outline: Outline) -> dict[str, str]:
    """What wrappers put into names, as patterns to be taken out: compiled, sharded or checkpointed
    modules, one prefix of all.
    """
    found = {WRAPPED.pattern: ""} if any(WRAPPED.search(name) for name in names) else {}
    bare = [WRAPPED.sub("", name) for name in names]
    known = set(outline.network.state_dict())
    prefix = getattr(outline.network, "base_model_prefix", "")
    known |= {name.removeprefix(f"{prefix}.") for name in known} | {
        f"{prefix}.{name}" for name in known
    }
    head = ""
    while not any(name.removeprefix(head) in known for name in bare):
        first = {name.removeprefix(head).partition(".")[0] for name in bare}
        if (
            len(first) != 1
            or not all(name.startswith(head) for name in bare)
            or all("." not in name.removeprefix(head) for name in bare)
        ):
            return found
        head += f"{first.pop()}."
    return found | ({f"^{re.escape(head)}": ""} if head else {})


def unwrapped(weights: dict[str, Any], outline: Outline) -> dict[str, Tensor]:
    """The tensors of a pickle, out of the dictionaries that trainings put around them, under the
    names of the network.
    """
    tensors = {name: one for name, one in weights.items() if isinstance(one, Tensor)}
    inner = next((weights[key] for key in NESTED if isinstance(weights.get(key), Mapping)), None)
    if not tensors and inner is not None:
        return unwrapped(dict(inner), outline)
    patterns = renaming(tensors, outline)
    for pattern, new in patterns.items():
        tensors = {re.sub(pattern, new, name): one for name, one in tensors.items()}
    return tensors


def listed(names: Iterable[str]) -> str:
    """The first few names, and how many more."""
    names = sorted(names)
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


# ---- loading


def read_pickles(files: Iterable[Path], name: str) -> dict[str, Any]:
    """All that PyTorch's files hold, by torch's reader of plain tensors, which runs no code; raises
    DamagedRun.
    """
    found: dict[str, Any] = {}
    for path in files:
        try:
            held = torch.load(path, map_location="cpu", weights_only=True)
            found |= held if isinstance(held, dict) else {}
        except (OSError, UnpicklingError, RuntimeError, ValueError, EOFError) as error:
            raise DamagedRun(
                f"{path.name} of {name} cannot be read ({reason(error)}): {AGAIN}"
            ) from error
    return found


def read_safetensors(files: Iterable[Path], name: str) -> dict[str, Tensor]:
    """Every tensor of safetensors files; raises DamagedRun."""
    found: dict[str, Tensor] = {}
    for path in files:
        try:
            with safe_open(path, "pt") as file:
                found |= {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        except (OSError, SafetensorError, RuntimeError) as error:
            raise DamagedRun(
                f"{path.name} of {name} cannot be read ({reason(error)}): {AGAIN}"
            ) from error
    return found


def _of_files(
    where: Where,
    outline: Outline,
    files: list[Path],
    announced: Mapping[str, Any],
    dtype: torch.dtype,
) -> tuple[Any, Any]:
    """The network by transformers' own reading of the folder."""
    patterns = renaming(announced, outline)
    if patterns or fetched(where, ADAPTER):  # it would put an adapter on by itself, without a word
        weights = read_safetensors(files, str(where))
        for pattern, new in patterns.items():
            weights = {re.sub(pattern, new, name): one for name, one in weights.items()}
        return _of_tensors(where, outline, weights, dtype)
    options = {"use_safetensors": True, "local_files_only": True, "trust_remote_code": False}
    return _from_pretrained(where, outline, folder_of(where), dtype, options)


def _of_tensors(
    where: Where, outline: Outline, weights: dict[str, Tensor], dtype: torch.dtype
) -> tuple[Any, Any]:
    """The network with tensors that were read here, since transformers reads no folder with such
    names.
    """
    return _from_pretrained(where, outline, None, dtype, {"state_dict": weights})


def _from_pretrained(
    where: Where, outline: Outline, folder: Path | None, dtype: torch.dtype, options: dict[str, Any]
) -> tuple[Any, Any]:
    made: Any = outline.made
    text = outline.config.get_text_config()
    if getattr(text, "attn_logit_softcapping", None):
        # sdpa leaves the cap out, without a word
        options = options | {"attn_implementation": "eager"}
    try:
        with quiet():
            network, told = made.from_pretrained(
                folder, config=outline.config, dtype=dtype, output_loading_info=True, **options
            )
    except Exception as error:  # each network checks its own sizes, in its own way
        raise DamagedRun(
            f"the weights of {where} do not fit its config.json ({reason(error)}): {AGAIN}"
        ) from error
    for tensor in {id(one): one for one in (*network.parameters(), *network.buffers())}.values():
        # a tensor that lies in a mapped file ends this process (SIGBUS) where a Trainer cuts that
        # file short meanwhile
        tensor.data = tensor.data.to(
            dtype
            if tensor.is_floating_point() and isinstance(tensor, nn.Parameter)
            else tensor.dtype
        ).clone()
    return network, told


# ---- what has been loaded


def check_told(told: Mapping[str, Any], outline: Outline, name: str) -> None:
    """Raises DamagedRun where a weight that states or logits are made of was not in the files:
    transformers would have made it up.
    """
    idle = outline.structure.idle if outline.structure else frozenset()
    if missing := sorted(set(told["missing_keys"]) - idle):
        left = told["unexpected_keys"]
        beside = (
            f", and holds {len(left)} that no part of it takes ({listed(left)})" if left else ""
        )
        raise DamagedRun(
            f"{name} lacks {len(missing)} of its weights ({listed(missing)}){beside}: {AGAIN}"
        )
    if wrong := [str(one[0]) for one in told.get("mismatched_keys", ())]:
        raise DamagedRun(
            f"the weights of {name} do not fit its config.json ({listed(wrong)} are of another"
            f" shape): {AGAIN}"
        )


def check_finite(network: nn.Module, name: str) -> None:
    """Raises Diverged for weights that are no numbers."""
    bad = [
        key for key, weight in network.named_parameters() if not bool(torch.isfinite(weight).all())
    ]
    if bad:
        raise Diverged(
            f"{len(bad)} weights of {name} hold numbers that are not finite ({listed(bad)}):"
            " restore it, or leave it out"
        )
