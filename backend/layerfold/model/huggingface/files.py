"""Files of a Hugging Face model: in a folder, or on the hub and in its local cache. Nothing here
reads a pickle or runs foreign code.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from layerfold.errors import (
    DamagedRun,
    LayerfoldError,
    MissingExtra,
    ModelNotFound,
    ModelRefused,
    Unreachable,
)
from layerfold.model.huggingface.pointers import is_pointer, text_of

CONFIG: Final = "config.json"
SINGLE, INDEX = "model.safetensors", "model.safetensors.index.json"
PICKLED, PICKLED_INDEX = "pytorch_model.bin", "pytorch_model.bin.index.json"
ADAPTER, ADAPTED, ADAPTED_PICKLED = (
    "adapter_config.json",
    "adapter_model.safetensors",
    "adapter_model.bin",
)

BYTES: Final = 1 << 20  # of a config or an index
PLAIN = re.compile(r"[\w.-]+\.(?:safetensors|bin)", re.ASCII)
REVISION = re.compile(r"(?!.*\.\.)[\w][\w./+-]*", re.ASCII)
NUMBERED = re.compile(r"checkpoint-\d+")  # as a Trainer names its folders
COMMIT = re.compile(r"[0-9a-f]{40}")
GGUF: Final = ".gguf"
HEADER_BYTES: Final = 100 << 20  # the most that the safetensors library itself reads
TENSORS: Final = 100_000  # beyond any model
# a repository's folder in the hub's cache, whose snapshots are links to its blobs
CACHED: Final = "models--"
# a run's folder of links to a checkpoint and to the config above it, made here
VIEWS: Final = "views"


@dataclass(frozen=True)
class Where:
    """One checkpoint: a folder, or a hub's repository at a revision ("" is its main one); exactly
    one of ``folder`` and ``repo``.

    ``stream`` says whose states are meant, of an encoder with a decoder: "encoder" (also where it
    says nothing) or "decoder".
    """

    folder: Path | None = None
    repo: str = ""
    revision: str = ""
    stream: str = ""

    def __post_init__(self) -> None:
        if (self.folder is None) == (not self.repo):
            raise ModelRefused(
                "a model lies in a folder or in a repository: name exactly one of the two"
            )
        if self.revision and not REVISION.fullmatch(self.revision):
            raise ModelNotFound(
                f"{self.revision[:100]!r} is no revision: give a branch, a tag or a commit"
            )

    def __str__(self) -> str:
        return (
            str(self.folder)
            if self.folder
            else self.repo + (f" at {self.revision}" if self.revision else "")
        )


def fetched(where: Where, name: str) -> Path | None:
    """A file of the model on this machine, fetched and kept in the hub's cache if need be; None
    where the model has no such file.

    Raises ModelNotFound where there is no such model or revision, Unreachable where it is gated or
    cannot be fetched, MissingExtra, ModelRefused for a link that leads out of the folder,
    DamagedRun for a pointer of Git LFS.
    """
    if where.folder is None:
        path = _of_hub(where, name)
        return None if path is None else _checked(path, where)
    if where.folder.suffix == GGUF and where.folder.is_file():
        return None
    if not where.folder.is_dir():
        raise ModelNotFound(f"there is no folder {where.folder}: check its path")
    path = where.folder / name
    return _checked(path, where) if path.is_file() else None


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
    hub, _ = _hub()
    if where.folder is not None and not isinstance(
        hub.try_to_load_from_cache(name, CONFIG, revision=base.revision or None), str
    ):
        raise ModelRefused(
            f"{where} holds an adapter and not the model it adapts, {name[:200]}: put that model"
            f" beside it, fetch it once (hf download {name[:200]}), or merge the two and save the"
            " whole"
        )
    return settled(base)


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


def holds(where: Where, name: str) -> bool:
    """Whether the model has a file, which is not fetched for it; raises as ``fetched``."""
    if where.folder is not None:
        return (where.folder / name).is_file()
    hub, _ = _hub()
    revision = where.revision or None
    if isinstance(hub.try_to_load_from_cache(where.repo, name, revision=revision), str):
        return True
    try:
        hub.get_hf_file_metadata(hub.hf_hub_url(where.repo, name, revision=revision))
    except Exception:  # absent, or out of reach, which was said before
        return False
    return True


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


# ---- the hub


def _of_hub(where: Where, name: str) -> Path | None:
    """What the cache has is not asked for again, so that a model that was opened once opens without
    a network, and the same.
    """
    hub, errors = _hub()
    revision = where.revision or None
    try:
        kept = hub.try_to_load_from_cache(where.repo, name, revision=revision)
        if kept is not None:
            # else it is known that there is none
            return Path(kept) if isinstance(kept, str) else None
        if name == CONFIG:  # one short look, where a download would try for half a minute
            hub.get_hf_file_metadata(hub.hf_hub_url(where.repo, name, revision=revision))
        return Path(hub.hf_hub_download(where.repo, name, revision=revision))
    except Exception as error:
        # the hub could not be asked
        unasked = isinstance(error, errors.LocalEntryNotFoundError | errors.OfflineModeIsEnabled)
        if isinstance(error, errors.EntryNotFoundError) and not unasked:
            return None
        if unasked and name != CONFIG and not _gone(hub, where):
            return None  # the model is here, and has just this file not
        raise _why(where, error, errors) from error


def _gone(hub: Any, where: Where) -> bool:
    """Whether not even the config is in the cache."""
    return not isinstance(
        hub.try_to_load_from_cache(where.repo, CONFIG, revision=where.revision or None), str
    )


def _why(where: Where, error: Exception, errors: Any) -> LayerfoldError:
    """The hub's own error as one of ours."""
    if isinstance(error, errors.GatedRepoError):
        return Unreachable(
            f"{where} is gated: accept its terms on its page, then log in here with `hf auth login`"
        )
    if isinstance(error, errors.RevisionNotFoundError):
        return ModelNotFound(
            f"{where.repo} has no revision {where.revision!r}: look at its branches and tags"
        )
    if isinstance(error, errors.RepositoryNotFoundError):
        return ModelNotFound(
            f"there is no model {where.repo} on the hub, or it is private: check its name, or log"
            " in with `hf auth login`"
        )
    if isinstance(error, errors.HFValidationError):
        return ModelNotFound(
            f"{where.repo[:100]!r} is neither a folder here nor a model's name on the hub"
            " (OWNER/NAME): check it"
        )
    why = (
        f"{type(error).__name__}: {str(error).strip().splitlines()[0][:200]}"
        if str(error).strip()
        else type(error).__name__
    )
    if isinstance(error, errors.OfflineModeIsEnabled):
        why = "HF_HUB_OFFLINE is set: unset it, or fetch the model beforehand"
    return Unreachable(
        f"{where} is not in the hub's cache on this machine and cannot be fetched ({why}): look at"
        " the network, or name a folder"
    )


def _hub() -> tuple[Any, Any]:
    try:
        import huggingface_hub
        from huggingface_hub import errors
    except ImportError as error:
        raise MissingExtra(
            "models of Hugging Face need more packages: pip install layerfold[hf]"
        ) from error
    return huggingface_hub, errors
