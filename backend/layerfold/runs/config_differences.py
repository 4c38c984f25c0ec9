"""Checkpoints of one shape whose configs are not the same: each is opened by its own, and a
difference that changes what it computes is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from layerfold.errors import LayerfoldError
from layerfold.model.huggingface.config import read_config, transformers_config
from layerfold.model.huggingface.files import base_of, gguf_of, kept_file
from layerfold.model.huggingface.place import CONFIG, Where
from layerfold.runs.checkpoint_files import hashes_of
from layerfold.runs.remembered import remembered

# of how a model was saved or is called, and of no state
IDLE: Final = (
    "_name_or_path",
    "_attn_implementation",
    "architectures",
    "auto_map",
    "dtype",
    "torch_dtype",
    "transformers_version",
    "use_cache",
    "output_attentions",
    "output_hidden_states",
    "return_dict",
    "problem_type",
    "id2label",
    "label2id",
)
TOLD: Final = 3  # keys in a sentence
SHOWN: Final = 60  # characters of a value
ABSENT: Final = "nothing"


def config_differences(checkpoints: Sequence[tuple[str, Where]], kept: Path) -> list[str]:
    """A sentence for each config that is not the first one's in what it says of the model;
    ``kept`` remembers them by the hashes of the files.
    """
    paths = {
        name: (where, path)
        for name, where in checkpoints
        if gguf_of(where) is None and (path := kept_file(base_of(where), CONFIG))
    }
    try:
        hashes = hashes_of([path for _, path in paths.values()], kept)
    except OSError:  # one is being written, and will be looked at again
        return []
    by_hash: dict[str, list[str]] = {}
    for name, digest in zip(paths, hashes, strict=True):
        by_hash.setdefault(digest, []).append(name)
    first = next(iter(by_hash), "")
    found = []
    for digest, names in list(by_hash.items())[1:]:
        pair = (paths[names[0]][0], paths[by_hash[first][0]][0])
        name = f"config {digest} and not {first}"
        words = remembered(kept, name, partial(_told, *pair))["words"]
        if words:
            found.append(f"config.json of {', '.join(names)} has {words} {by_hash[first][0]}")
    return found


def _told(ours: Where, theirs: Where) -> dict[str, Any]:
    """Where one config is not another's, up to the name of the other."""
    try:
        mine, its = _said(ours), _said(theirs)
    except LayerfoldError:  # which opening it says
        return {"words": ""}
    parts = [
        f"{key} {_shown(mine.get(key, ABSENT))} and not {_shown(its.get(key, ABSENT))}"
        for key in sorted(mine.keys() | its.keys())
        if mine.get(key) != its.get(key)
    ]
    more = f" and {len(parts) - TOLD} more" if len(parts) > TOLD else ""
    return {"words": f"{', '.join(parts[:TOLD])}{more}, unlike" if parts else ""}


def _said(where: Where) -> dict[str, Any]:
    """What a config says of what its model computes, defaults too, by flat keys."""
    base = base_of(where)
    return dict(_flat(transformers_config(base, read_config(base)).to_dict()))


def _flat(config: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in config.items():
        if key in IDLE or key.endswith("_token_id"):
            continue
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _shown(value: object) -> str:
    return str(value)[:SHOWN]
