"""The files that hold a model's weights, or an adapter's, and what each says of its tensors."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from layerfold.errors import DamagedRun, LayerfoldError, ModelRefused, Unreachable
from layerfold.model.huggingface.files import (
    ADAPTED,
    ADAPTED_PICKLED,
    ADAPTER,
    INDEX,
    PICKLED,
    PICKLED_INDEX,
    SINGLE,
    base_of,
    fetched,
    gguf_of,
    holds,
    read_json,
    settled,
)
from layerfold.model.huggingface.place import Where

PLAIN = re.compile(r"[\w.-]+\.(?:safetensors|bin)", re.ASCII)
HEADER_BYTES: Final = 100 << 20  # the most that the safetensors library itself reads
TENSORS: Final = 100_000  # beyond any model
NAMED: Final = 3  # of a list of tensors, in an error


def listed(names: Iterable[str]) -> str:
    """The first few names, and how many more."""
    names = sorted(names)
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def weight_files(where: Where, pickle: bool = False) -> list[Path]:
    """The files that hold the weights, in order, all of them there: safetensors; with ``pickle``,
    where there are none, PyTorch's own.

    Raises ModelRefused for pickles that nobody allowed and for an adapter without its model,
    DamagedRun, and as ``fetched``.
    """
    if (whole := gguf_of(where)) is not None:
        return [whole]
    where = settled(base_of(where))
    found = _files(where, SINGLE, INDEX)
    if found:
        return found
    if pickle and (found := _files(where, PICKLED, PICKLED_INDEX)):
        return found
    raise _no_weights(where)


def _files(where: Where, single: str, index: str) -> list[Path]:
    """The one file, else all those that the index names; none where there is neither."""
    path = fetched(where, single)
    listed = None if path else read_json(where, index)
    if listed is None:
        return [path] if path else []
    names = set(_named(listed, index, where))
    paths = {name: fetched(where, name) for name in sorted(names)}
    if missing := [name for name, path in paths.items() if path is None]:
        raise DamagedRun(
            f"{', '.join(missing[:3])} of {where} is missing, though {index} names it: fetch the"
            " model again"
        )
    return [path for path in paths.values() if path]


def _named(listed: dict[str, Any], index: str, where: Where) -> list[str]:
    names = listed.get("weight_map")
    names = list(names.values()) if isinstance(names, dict) else []
    if not names or not all(isinstance(name, str) and PLAIN.fullmatch(name) for name in names):
        raise DamagedRun(
            f"{index} of {where} names no weights, or files elsewhere: fetch the model again"
        )
    return names


def _no_weights(where: Where) -> LayerfoldError:
    if holds(where, PICKLED) or holds(where, PICKLED_INDEX):
        return ModelRefused(
            f"the weights of {where} are a pickle (pytorch_model.bin), which can run foreign code:"
            " save the model with safetensors, or allow pickles if you trust who made it"
        )
    if where.repo:
        return Unreachable(
            f"the weights of {where} ({SINGLE}) are not on the hub, or not in its cache here and"
            " cannot be fetched: look there"
        )
    return DamagedRun(
        f"{where} holds no weights ({SINGLE}): the checkpoint may still be being written, or fetch"
        " the model again"
    )


def adapter_files(where: Where) -> list[Path]:
    """The weights of the adapter at a place; raises ModelRefused for a pickle, DamagedRun where
    there are none, and as ``fetched``.
    """
    path = fetched(where, ADAPTED)
    if path is None and holds(where, ADAPTED_PICKLED):
        raise ModelRefused(
            f"the adapter of {where} is a pickle ({ADAPTED_PICKLED}), which can run foreign code:"
            " save it with safetensors"
        )
    if path is None:
        raise DamagedRun(
            f"{where} has an {ADAPTER} and no {ADAPTED}: fetch the adapter again, or move {ADAPTER}"
            " away"
        )
    return [path]


def header_of(path: Path) -> dict[str, dict[str, Any]]:
    """What a safetensors file says of its tensors: their dtype, shape and place, by name; raises
    ValueError, OSError.
    """
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= min(HEADER_BYTES, path.stat().st_size - 8):
            raise ValueError("it is cut short, or no safetensors file")
        found = json.loads(file.read(length))
    if not isinstance(found, dict) or len(found) > TENSORS:
        raise ValueError(f"it holds {len(found):,} tensors, the most is {TENSORS:,}")
    tensors = {name: tensor for name, tensor in found.items() if name != "__metadata__"}
    if (
        8 + length + max((int(tensor["data_offsets"][1]) for tensor in tensors.values()), default=0)
        != path.stat().st_size
    ):
        raise ValueError("it is cut short, or longer than it says")
    return tensors
