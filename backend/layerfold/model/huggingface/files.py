"""Files of a Hugging Face model: in a folder, or on the hub and in its local cache. Nothing here
reads a pickle or runs foreign code.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from layerfold.errors import DamagedRun, ModelNotFound, ModelRefused
from layerfold.model.huggingface.hub_files import hub_file, hub_file_here, is_on_hub
from layerfold.model.huggingface.place import COMMIT, CONFIG, Where
from layerfold.model.huggingface.pointers import is_pointer, text_of

SINGLE, INDEX = "model.safetensors", "model.safetensors.index.json"
PICKLED, PICKLED_INDEX = "pytorch_model.bin", "pytorch_model.bin.index.json"
ADAPTER, ADAPTED, ADAPTED_PICKLED = (
    "adapter_config.json",
    "adapter_model.safetensors",
    "adapter_model.bin",
)

BYTES: Final = 1 << 20  # of a config or an index
NUMBERED = re.compile(r"checkpoint-\d+")  # as a Trainer names its folders
GGUF: Final = ".gguf"
# a repository's folder in the hub's cache, whose snapshots are links to its blobs
CACHED: Final = "models--"
# a run's folder of links to a checkpoint and to the config above it, made here
VIEWS: Final = "views"


def fetched(where: Where, name: str) -> Path | None:
    """A file of the model on this machine, fetched and kept in the hub's cache if need be; None
    where the model has no such file.

    Raises ModelNotFound where there is no such model or revision, Unreachable where it is gated or
    cannot be fetched, MissingExtra, ModelRefused for a link that leads out of the folder,
    DamagedRun for a pointer of Git LFS.
    """
    if where.folder is None:
        path = hub_file(where, name)
        return None if path is None else _checked(path, where)
    if where.folder.suffix == GGUF and where.folder.is_file():
        return None
    if not where.folder.is_dir():
        raise ModelNotFound(f"there is no folder {where.folder}: check its path")
    path = where.folder / name
    return _checked(path, where) if path.is_file() else None


def kept_file(where: Where, name: str) -> Path | None:
    """A file of the model that is on this machine, whatever is in it; nothing is fetched."""
    if where.folder is None:
        return hub_file_here(where, name)
    path = where.folder / name
    return path if path.is_file() else None


def _checked(path: Path, where: Where) -> Path:
    """The file, which lies where it seems to lie and is what it seems to be."""
    home = next(
        (one for one in path.resolve().parents if one.name.startswith(CACHED)),
        path.parent.resolve(),
    )
    if home not in path.resolve().parents and path.parent.parent.name != VIEWS:
        raise ModelRefused(
            f"{path.name} of {where} is a link that leads out of its folder ({path.resolve()}):"
            " copy the file there"
        )
    if is_pointer(path):
        raise DamagedRun(
            f"{path.name} of {where} is a Git LFS pointer and not the file itself: run git lfs pull"
            " in its folder"
        )
    return path


def folder_of(where: Where) -> Path:
    """The folder of the model on this machine, with its config.json there; raises ModelNotFound,
    and as ``fetched``.
    """
    if where.folder is not None:
        return where.folder
    config = fetched(where, CONFIG)
    if config is None:
        raise ModelNotFound(
            f"{where} holds no {CONFIG}, so it is no model of Hugging Face: check its name"
        )
    return config.parent


def base_of(where: Where) -> Where:
    """Where the model itself lies: at the place, or where an adapter that lies there alone says;
    raises as ``fetched``.

    A base on a hub is fetched for an adapter from a hub alone: a folder is opened without a
    network.
    """
    if gguf_of(where) is not None:
        return where
    said = read_json(where, ADAPTER)
    if said is None or (
        fetched(where, CONFIG) is not None
        and any(holds(where, name) for name in (SINGLE, INDEX, PICKLED, PICKLED_INDEX))
    ):
        return where
    name = said.get("base_model_name_or_path")
    if not isinstance(name, str) or not name:
        raise ModelRefused(
            f"{where} is an adapter that does not name its model (base_model_name_or_path in"
            f" {ADAPTER}): put the model beside it"
        )
    beside = [] if where.folder is None else [where.folder / name, where.folder.parent / name]
    for folder in (Path(name).expanduser(), *beside):
        if (folder / CONFIG).is_file():
            return Where(folder.resolve(), stream=where.stream)
    base = Where(repo=name, revision=str(said.get("revision") or ""), stream=where.stream)
    if where.folder is not None and hub_file_here(base, CONFIG) is None:
        raise ModelRefused(
            f"{where} holds an adapter and not the model it adapts, {name[:200]}: put that model"
            f" beside it, fetch it once (hf download {name[:200]}), or merge the two and save the"
            " whole"
        )
    return settled(base)


def folder_of_adapter(where: Where) -> Path:
    """The folder of an adapter on this machine."""
    config = fetched(where, ADAPTER)
    assert config is not None
    return config.parent


def gguf_of(where: Where) -> Path | None:
    """The one GGUF file that is a model, or lies in a folder without other weights; None where
    there is none.

    Raises ModelRefused where there are several.
    """
    if where.folder is None:
        return None
    if where.folder.suffix == GGUF and where.folder.is_file():
        return _checked(where.folder, where)
    if not where.folder.is_dir() or any(
        (where.folder / name).is_file() for name in (SINGLE, INDEX)
    ):
        return None
    found = sorted(
        path for path in where.folder.iterdir() if path.suffix == GGUF and path.is_file()
    )
    if len(found) > 1:
        raise ModelRefused(
            f"{where} holds {len(found)} models ({', '.join(path.name for path in found[:3])}):"
            " name one of the files"
        )
    return _checked(found[0], where) if found else None


def holds(where: Where, name: str) -> bool:
    """Whether the model has a file, which is not fetched for it; raises as ``fetched``."""
    return is_on_hub(where, name) if where.folder is None else kept_file(where, name) is not None


def settled(where: Where) -> Where:
    """The same checkpoint by its commit, so that all of its files are of one state; a folder as it
    is; raises as ``fetched``.
    """
    if where.folder is not None or COMMIT.fullmatch(where.revision):
        return where
    config = fetched(where, CONFIG)
    commit = config.parent.name if config else ""
    return replace(where, revision=commit) if COMMIT.fullmatch(commit) else where


def read_json(where: Where, name: str) -> dict[str, Any] | None:
    """A small JSON object of the model, None where there is no such file; raises DamagedRun, and as
    ``fetched``.
    """
    path = fetched(where, name)
    if path is None:
        return None
    try:
        if path.stat().st_size > BYTES:
            raise ValueError(f"it is longer than {BYTES:,} bytes")
        found = json.loads(text_of(path))
        if not isinstance(found, dict):
            raise ValueError("it holds no JSON object")
    except (OSError, ValueError, RecursionError) as error:
        raise DamagedRun(
            f"{name} of {where} cannot be read ({str(error)[:200]}): restore it"
        ) from error
    return found
