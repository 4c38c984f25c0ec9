"""What a model's files hold by name, read without torch and without running a pickle; and whether
they hold one set of weights.
"""

from __future__ import annotations

import mmap
import pickletools
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from layerfold.errors import LayerfoldError, ModelRefused
from layerfold.model.huggingface.files import SINGLE
from layerfold.model.huggingface.place import Where
from layerfold.model.huggingface.weight_files import header_of, weight_files

# what a training saves beside its model, and what a checkpoint that is being written has first
BESIDE: Final = re.compile(r"optimizer|scheduler|scaler|rng_state|training_args|random_states")
SHARDS: Final = "model-*-of-*.safetensors"
UNREADABLE: Final = (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError)
LISTED: Final = 64 << 20  # bytes of a pickle without its tensors


def stored_names(where: Where) -> frozenset[str]:
    """The names of a model's weights; none where they cannot be read, which opening it will say.

    A pickle's are the texts in it, of which none is run.
    """
    try:
        files = weight_files(where, pickle=True)
        return frozenset(name for path in files for name in _names(path))
    except (LayerfoldError, zipfile.BadZipFile, *UNREADABLE):
        return frozenset()


def _names(path: Path) -> Iterator[str]:
    if path.suffix == ".safetensors":
        yield from header_of(path)
    elif path.suffix == ".bin" and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as held:
            listed = next(one for one in held.infolist() if one.filename.endswith("data.pkl"))
            if listed.file_size <= LISTED:
                codes = pickletools.genops(held.read(listed))
                yield from (said for _, said, _ in codes if isinstance(said, str))


def check_one_set(files: list[Path], name: str) -> None:
    """Raises ModelRefused where shards lie beside the one file of weights and hold others: which of
    the two is meant, nothing says.
    """
    one = files[0]
    shards = sorted(one.parent.glob(SHARDS)) if one.name == SINGLE else []
    for shard in shards:
        if (other := _differing(one, shard)) is not None:
            raise ModelRefused(
                f"{name} holds two sets of weights, {one.name} and {shard.name} beside it, which"
                f" differ ({other}): move away the one that is not meant"
            )


def _differing(one: Path, shard: Path) -> str | None:
    """The first tensor of a shard that the one file has not, or has with other numbers."""
    try:
        whole, part = header_of(one), header_of(shard)
    except UNREADABLE:
        return f"{shard.name} cannot be read"
    with one.open("rb") as first, shard.open("rb") as second:
        left = mmap.mmap(first.fileno(), 0, access=mmap.ACCESS_READ)
        right = mmap.mmap(second.fileno(), 0, access=mmap.ACCESS_READ)
        with left, right:
            for key, tensor in part.items():
                if key not in whole or _numbers(left, whole[key]) != _numbers(right, tensor):
                    return key
    return None


def _numbers(file: mmap.mmap, tensor: dict[str, Any]) -> tuple[object, bytes]:
    """A tensor's kind and its numbers as they lie there."""
    begin = 8 + int.from_bytes(file[:8], "little")
    first, last = tensor["data_offsets"]
    return (tensor["dtype"], tuple(tensor["shape"])), file[begin + first : begin + last]
