"""Weights of a Hugging Face model: what their files announce, looked at before anything is
allocated; then loaded by transformers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Final

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from layerfold.errors import DamagedRun, ModelRefused
from layerfold.model.huggingface.files import (
    ADAPTER,
    INDEX,
    SINGLE,
    fetched,
    folder_of,
    gguf_of,
    read_json,
)
from layerfold.model.huggingface.gguf_file import gguf_network
from layerfold.model.huggingface.outline import Outline
from layerfold.model.huggingface.place import Where
from layerfold.model.huggingface.quiet import quiet, reason
from layerfold.model.huggingface.stored import check_one_set
from layerfold.model.huggingface.weight_check import (
    AGAIN,
    check_announced,
    check_finite,
    check_told,
    names_in,
    of_no_part,
    untied,
)
from layerfold.model.huggingface.weight_files import header_of, listed, weight_files

DTYPES: Final = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
WRAPPED: Final = re.compile(r"(?:_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\.")
FOREIGN: Final = re.compile(r"GLOBAL ([\w.]+)")
DEEPEST: Final = 4
NESTED: Final = ("model_state_dict", "state_dict", "model", "module", "params", "net")


@dataclass(frozen=True)
class Loaded:
    """A network with its weights, what of the files no part of it took, and what is to be known of
    how they were read.
    """

    network: Any
    left: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


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
        return Loaded(network.eval().requires_grad_(False).to(place))
    files, beside = weight_files(where, pickle), ""
    check_one_set(files, str(where))
    if files[0].suffix == ".safetensors":
        announced = announced_in(files, str(where))
        check_announced(announced, outline, str(where))
        network, told = _of_files(where, outline, files, announced, DTYPES[dtype])
    else:
        weights, beside = unwrapped(read_pickles(files, str(where)), outline, str(where))
        announced = {name: (str(one.dtype), tuple(one.shape)) for name, one in weights.items()}
        check_announced(announced, outline, str(where))
        network, told = _of_tensors(where, outline, weights, DTYPES[dtype])
    check_told(told, announced, outline, str(where))
    check_finite(network, str(where))
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    notes = tuple(note for note in (beside, untied(network, outline)) if note)
    return Loaded(network.eval().to(place), of_no_part(told["unexpected_keys"]), notes)


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
            if twice := held.keys() & found.keys():
                raise DamagedRun(
                    f"{name} holds {listed(twice)} twice, in {path.name} and in a file before it:"
                    " fetch the model again into an empty folder"
                )
            found |= {
                key: (str(one["dtype"]), tuple(int(n) for n in one["shape"]))
                for key, one in held.items()
            }
        except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            raise DamagedRun(
                f"{path.name} of {name} cannot be read ({reason(error)}): {AGAIN}"
            ) from error
    return found


def renaming(names: Iterable[str], outline: Outline, model: str = "") -> dict[str, str]:
    """What wrappers put into names, as patterns to be taken out: compiled, sharded or checkpointed
    modules, one prefix of all that the network has; raises ModelRefused for several models.
    """
    found = {WRAPPED.pattern: ""} if any(WRAPPED.search(name) for name in names) else {}
    bare = {WRAPPED.sub("", name) for name in names}
    known = names_in(outline)
    if bare & known:
        return found
    heads = _heads(bare, outline)
    if len(heads) > 1:
        raise ModelRefused(
            f"{model} holds {len(heads)} models, under {' and '.join(sorted(heads))}: save the one"
            " that is meant by itself"
        )
    return found | {f"^{re.escape(head)}": "" for head in heads}


def _heads(names: set[str], outline: Outline) -> set[str]:
    """The prefixes under which every weight of the network's blocks and more stands."""
    tied = set(getattr(outline.network, "all_tied_weights_keys", None) or ())
    own = [name for name, _ in outline.network.named_parameters() if name not in tied]
    base = f"{getattr(outline.network, 'base_model_prefix', '')}."
    found: set[str] = set()
    for wanted in (own, [name.removeprefix(base) for name in own if name.startswith(base)]):
        ends = [name for name in names if wanted and name.endswith(f".{wanted[0]}")]
        for head in {name.removesuffix(wanted[0]) for name in ends}:
            if not any(head.startswith(one) for one in found):
                share = sum(head + name in names for name in wanted) / len(wanted)
                found |= {head} if 2 * share > 1 else set()
    return found


def unwrapped(
    weights: Mapping[str, Any], outline: Outline, name: str
) -> tuple[dict[str, Tensor], str]:
    """The tensors of a pickle, out of the dictionaries that trainings put around them, under the
    names of the network, and what else as full lies beside them, as a sentence.

    Raises DamagedRun where it holds none by name, ModelRefused where it holds several that differ
    and none of them has a name that says it is the model.
    """
    found = _nested(weights)
    most = max((len(tensors) for _, tensors in found), default=0)
    fullest = {keys: tensors for keys, tensors in found if 2 * len(tensors) > most}
    if not fullest:
        raise DamagedRun(
            f"the pickle of {name} holds {listed(map(str, weights)) or 'nothing'} and no weights by"
            " name: save its state_dict"
        )
    chosen = min(fullest, key=_strange)
    others = [keys for keys in fullest if not _alike(fullest[keys], fullest[chosen])]
    if any(_strange(keys) == _strange(chosen) for keys in others):
        raise ModelRefused(
            f"the pickle of {name} holds {len(fullest)} sets of weights that differ"
            f" ({listed('.'.join(keys) for keys in fullest)}): save the one that is meant by itself"
        )
    tensors: dict[str, Tensor] = dict(fullest[chosen])
    for pattern, new in renaming(tensors, outline, name).items():
        tensors = {re.sub(pattern, new, key): one for key, one in tensors.items()}
    beside = (
        f"Its pickle holds other weights beside those of {'.'.join(chosen) or 'its top'}, which are"
        f" shown: {listed('.'.join(keys) or 'at its top' for keys in others)}."
    )
    return tensors, beside if others else ""


def _strange(keys: tuple[str, ...]) -> int:
    """How many of the keys that lead to weights do not say that they are the model's."""
    return sum(key not in NESTED for key in keys)


def _alike(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    """Whether two sets of weights are the same numbers under the same names."""
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def _nested(
    weights: Mapping[str, Any], keys: tuple[str, ...] = (), depth: int = 0
) -> list[tuple[tuple[str, ...], dict[str, Tensor]]]:
    """Each dictionary of tensors with the keys that lead to it, none deeper than DEEPEST."""
    tensors = {str(name): one for name, one in weights.items() if isinstance(one, Tensor)}
    inner = {name: one for name, one in weights.items() if isinstance(one, Mapping)}
    below = [
        each
        for name, one in inner.items()
        if depth < DEEPEST
        for each in _nested(one, (*keys, str(name)), depth + 1)
    ]
    return ([(keys, tensors)] if tensors else []) + below


# ---- loading


def read_pickles(files: Iterable[Path], name: str) -> dict[str, Any]:
    """All that PyTorch's files hold, by torch's reader of plain tensors, which runs no code; raises
    DamagedRun.
    """
    found: dict[str, Any] = {}
    for path in files:
        try:
            held = torch.load(path, map_location="cpu", weights_only=True)
            found |= held if isinstance(held, dict) else {f"a {type(held).__name__}": None}
        except UnpicklingError as error:
            if foreign := FOREIGN.search(str(error)):
                raise DamagedRun(
                    f"{path.name} of {name} cannot be read: it holds {foreign[1]} beside its"
                    " tensors, which could run code: save its state_dict alone, best with"
                    " safetensors"
                ) from error
            raise DamagedRun(
                f"{path.name} of {name} cannot be read ({reason(error)}): {AGAIN}"
            ) from error
        except (OSError, RuntimeError, ValueError, EOFError) as error:
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
    patterns = renaming(announced, outline, str(where))
    # it would put an adapter on by itself, without a word, and reads no index without metadata
    if patterns or fetched(where, ADAPTER) or "metadata" not in _index_of(where):
        weights = read_safetensors(files, str(where))
        for pattern, new in patterns.items():
            weights = {re.sub(pattern, new, name): one for name, one in weights.items()}
        return _of_tensors(where, outline, weights, dtype)
    options = {"use_safetensors": True, "local_files_only": True, "trust_remote_code": False}
    return _from_pretrained(where, outline, folder_of(where), dtype, options)


def _index_of(where: Where) -> Mapping[str, Any]:
    """The index of weights in several files; of weights in one, what stands for it."""
    listed = None if fetched(where, SINGLE) else read_json(where, INDEX)
    return {"metadata": {}} if listed is None else listed


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
                folder,
                config=outline.config,
                dtype=dtype,
                output_loading_info=True,
                ignore_mismatched_sizes=True,  # they are named by check_told
                **options,
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
