"""Checkpoints that hold the same weights at different steps."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from layerfold.files.atomic import write_atomically
from layerfold.runs.checkpoint_files import WEIGHTS, read_object, weights_of
from layerfold.runs.fingerprints import fingerprint, weights_hash
from layerfold.runs.series import Checkpoint


def equal_steps(checkpoints: Sequence[Checkpoint], kept: Path) -> list[list[int]]:
    """Groups of steps whose weights are the same numbers, in order; of a hub, those whose
    weights have been fetched.

    ``kept`` remembers hashes, so that weights are read whole once, and only those whose samples are
    equal.
    """
    alike: dict[str, list[tuple[int, list[Path]]]] = {}
    for one in checkpoints:
        files = local_weights(one)
        found = fingerprint(files) if files else None
        if found is not None:
            alike.setdefault(found.digest, []).append((one.step, files))
    same: dict[str, list[int]] = {}
    for group in alike.values():
        for step, files in group if len(group) > 1 else ():
            with contextlib.suppress(OSError, ValueError):
                same.setdefault(_remembered(files, kept), []).append(step)
    return sorted(sorted(steps) for steps in same.values() if len(steps) > 1)


def local_weights(one: Checkpoint) -> list[Path]:
    """The files that hold a checkpoint's weights on this machine; none where they have yet to be
    fetched."""
    if one.folder is not None:
        return weights_of(one.folder)
    from huggingface_hub import try_to_load_from_cache  # an extra

    found = try_to_load_from_cache(one.repo, WEIGHTS, revision=one.commit or one.revision or None)
    return [Path(found)] if isinstance(found, str) else []


def in_words(same: Sequence[Sequence[int]], unit: str = "step") -> list[str]:
    """A sentence for each group."""
    return [
        f"the {unit}s {', '.join(f'{step:,}' for step in group)} hold the same weights"
        for group in same
    ]


def _remembered(files: Sequence[Path], kept: Path) -> str:
    """The hash of weights, by the sizes and times of their files."""
    times = [file.stat() for file in files]
    now = {
        "size": sum(one.st_size for one in times),
        "mtime_ns": max(one.st_mtime_ns for one in times),
    }
    name, known = f"numbers of {files[0].parent}", read_object(kept)
    entry: Any = known.get(name, {})
    if {field: entry.get(field) for field in now} == now:
        return str(entry["sha256"])
    entry = {**now, "sha256": weights_hash(files)}
    with contextlib.suppress(OSError):  # where nothing can be written it costs time, nothing else
        write_atomically(kept, json.dumps({**known, name: entry}, indent=1).encode() + b"\n")
    return str(entry["sha256"])
