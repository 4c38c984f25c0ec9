"""What lies in a Hugging Face checkpoint's folder: whether it is whole, what its weights are known
by, what its Trainer wrote.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from layerfold.cards.reading import read_card, unsealed
from layerfold.errors import DamagedRun
from layerfold.files.atomic import sha256, write_atomically
from layerfold.model.huggingface.files import ADAPTED, ADAPTER, GGUF, base_of, gguf_of
from layerfold.model.huggingface.place import Where
from layerfold.model.huggingface.pointers import is_pointer
from layerfold.model.huggingface.stored import BESIDE
from layerfold.runs.fingerprints import HEADER_BYTES
from layerfold.runs.run import whole_checkpoint

CONFIG, STATE = "config.json", "trainer_state.json"
WEIGHTS: Final = "model.safetensors"
PICKLED: Final = "pytorch_model.bin"
LEFTOVERS: Final = {
    "*_model_states.pt": (
        "holds DeepSpeed's shards and no model: make one of them with its zero_to_fp32.py"
    ),
    "*_optim_states.pt": (
        "holds DeepSpeed's optimizer and no model: save the model too, or make one with its"
        " zero_to_fp32.py"
    ),
    "zero/*/fp32.pt": (
        "holds DeepSpeed's universal checkpoint and no model: save the model too, or make one from"
        " its shards with zero_to_fp32.py"
    ),
    "*.distcp": (
        "holds FSDP's shards and no model: make one of them with `accelerate merge-weights`"
    ),
    "model_optim_rng.pt": (
        "holds Megatron's shards and no model: convert them to Hugging Face's format"
    ),
}
OTHERS: Final = {
    "model-*-of-*.safetensors": f"and no {WEIGHTS}.index.json, which says what is in it: fetch it",
    "pytorch_model-*-of-*.bin": f"and no {PICKLED}.index.json, which says what is in it: fetch it",
    "*.safetensors": f"and no {WEIGHTS}: if these are its weights, give them that name",
    "*.npz": f"and no {WEIGHTS}: save the model with safetensors",
    "*.nemo": "and no safetensors: convert it to Hugging Face's format with NeMo",
    "*.h5": "and no safetensors: save the model anew from TensorFlow with transformers 4",
    "*.msgpack": "and no safetensors: save the model anew from Flax with transformers 4",
    "**/*.onnx": "and no weights of PyTorch: fetch those of the model it was made of",
    "*.p*t*": f"and no {WEIGHTS}: convert it to Hugging Face's format (save_pretrained)",
    "*.ckpt": f"and no {WEIGHTS}: convert it to Hugging Face's format (save_pretrained)",
    "*.bin": f"and no {WEIGHTS}: if these are its weights, save them with save_pretrained",
}
HASHES: Final = "hashes.json"  # what hashes_of remembers, in a run
BLOB: Final = re.compile(r"[0-9a-f]{64}")


def trouble_of(folder: Path, pickle: bool = False) -> str:
    """What is wrong with a folder as a checkpoint, by the names and lengths of its files; nothing
    where it is whole.
    """
    if folder.suffix == GGUF and folder.is_file():
        return ""
    if not folder.is_dir():
        return "is gone"
    if pointer := next(
        (path.name for path in (folder / CONFIG, *weights_of(folder)) if is_pointer(path)), ""
    ):
        return (
            f"holds {pointer}, which is a Git LFS pointer and not the file itself: run git lfs pull"
            " in its folder"
        )
    if not holds_model(folder):
        return leftover_of(folder) or f"has no {CONFIG}"
    # an adapter with the name of its model, or a file that holds all; each is looked at when opened
    if not (folder / CONFIG).is_file():
        adapted = (folder / ADAPTED).is_file() or not (folder / ADAPTER).is_file()
        return (
            ""
            if adapted
            else f"holds the settings of an adapter ({ADAPTER}) and no weights of it ({ADAPTED})"
        )
    if (folder / WEIGHTS).is_file() or (folder / f"{WEIGHTS}.index.json").is_file():
        missing = [
            path.name for path in weights_of(folder) if not whole_checkpoint(path, HEADER_BYTES)
        ]
        return _unreadable(folder / missing[0]) if missing else ""
    if (folder / PICKLED).is_file() or (folder / f"{PICKLED}.index.json").is_file():
        if not pickle:
            return (
                "has pickled weights only, which can run code: save them as safetensors, or trust"
                " them with --allow-pickle"
            )
        missing = [path.name for path in weights_of(folder) if not path.is_file()]
        return f"is half-written: {missing[0]} is missing" if missing else ""
    return leftover_of(folder) or elsewhere(folder) or "has no weights yet"


def _unreadable(path: Path) -> str:
    """Why a file of weights is none."""
    try:
        with path.open("rb") as file:
            if file.read(1) == b"<":
                return f"holds {path.name}, which is a web page and not weights: fetch it again"
    except OSError:
        return f"is half-written: {path.name} is missing"
    return f"is half-written: {path.name} is cut short, or is no safetensors file"


def elsewhere(folder: Path) -> str:
    """What weights a folder holds that are read nowhere here, and what to do."""
    for sign, words in OTHERS.items():
        theirs = (path for path in sorted(folder.glob(sign)) if not BESIDE.match(path.name))
        if (found := next(theirs, None)) is not None:
            return f"holds {found.relative_to(folder)} {words}"
    return ""


def holds_model(folder: Path) -> bool:
    """Whether a folder, or file, holds a model by its names: a config, an adapter that names its
    model, a GGUF file.
    """
    if folder.suffix == GGUF and folder.is_file():
        return True
    return (
        (folder / CONFIG).is_file() or (folder / ADAPTER).is_file() or any(folder.glob(f"*{GGUF}"))
    )


def sources_of(folder: Path) -> list[Path]:
    """All files that a model's states come from; raises OSError, and what ``base_of`` raises."""
    where = Where(folder)
    if (whole := gguf_of(where)) is not None:
        return [whole]
    base = base_of(where)
    own = [folder / name for name in (ADAPTER, ADAPTED) if (folder / name).is_file()]
    found = base.folder
    return own if found is None else [found / CONFIG, *weights_of(found), *own]


def leftover_of(folder: Path) -> str:
    """What a folder without a model holds of a training, and how to make a model of it; empty where
    that is not known.
    """
    for sign, words in LEFTOVERS.items():
        if next(folder.glob(sign), None) or next(folder.glob(f"*/{sign}"), None):
            return words
    return ""


def weights_of(folder: Path) -> list[Path]:
    """The files that hold a folder's weights, there or not; safetensors where there are any."""
    for name in (WEIGHTS, PICKLED):
        index = folder / f"{name}.index.json"
        if (folder / name).is_file():
            return [folder / name]
        if index.is_file():
            shards = read_object(index).get("weight_map")
            names = (
                sorted({str(shard) for shard in shards.values()})
                if isinstance(shards, dict) and shards
                else [index.name]
            )
            return [folder / Path(shard).name for shard in names]
    return []


def trainer_state(folder: Path) -> dict[str, Any]:
    """What a Trainer wrote of its training in a folder; empty where it did not, or not yet."""
    return read_object(folder / STATE)


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file; empty where there is none that can be read, or one that is not
    what its digest says.
    """
    try:
        return unsealed(read_card(path), str(path), "")
    except (OSError, DamagedRun):
        return {}


def hashes_of(files: Sequence[Path], kept: Path) -> list[str]:
    """The sha256 of each file; ``kept`` remembers them by path, size and time of change, so that
    none is read twice. Raises OSError.
    """
    known = read_object(kept)
    found = dict(known)
    for file in files:
        now = file.stat()
        entry = known.get(str(file), {})
        if (entry.get("size"), entry.get("mtime_ns")) != (now.st_size, now.st_mtime_ns):
            found[str(file)] = {
                "size": now.st_size,
                "mtime_ns": now.st_mtime_ns,
                "sha256": sha256(file),
            }
    if found != known:
        # where nothing can be written it costs time, nothing else
        with contextlib.suppress(OSError):
            write_atomically(kept, json.dumps(found, indent=1).encode() + b"\n")
    return [str(found[str(file)]["sha256"]) for file in files]


def wrong_weights(files: Sequence[Path]) -> str:
    """What is wrong inside weights' files: one that is not what its name on a hub says, numbers
    that are not finite; else nothing.
    """
    from safetensors import SafetensorError, safe_open
    from torch import isfinite

    for file in files:
        blob = file.resolve().name
        if BLOB.fullmatch(blob) and sha256(file) != blob:
            return (
                f"holds {file.name}, which is not what it was fetched as: delete {file.resolve()}"
                " and open the model again"
            )
        if file.suffix != ".safetensors":
            continue  # pickled, and read when the model was opened
        try:
            with safe_open(file, framework="pt") as tensors:
                bad = next(
                    (
                        name
                        for name in tensors.keys()  # noqa: SIM118 (not a dict)
                        if not isfinite(tensors.get_tensor(name)).all()
                    ),
                    None,
                )
        except SafetensorError as error:
            return f"holds {file.name}, which cannot be read ({error}): restore it"
        if bad is not None:
            return (
                f"holds numbers that are not finite ({bad} in {file.name}): restore it, or leave"
                " this checkpoint out"
            )
    return ""
