"""Arrays that can be computed again, kept on disk by the hash of what they were made from, and
mapped into memory.

A folder that cannot be written to is no error: then they live in memory only. A file that is
damaged is made again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import mmap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from layerfold.files.atomic import write_atomically

KEPT_BYTES = 4 << 30
IN_MEMORY_BYTES = 400 << 20
NAME = "states"
log = logging.getLogger(__name__)


class ArrayCache:
    """Arrays in ``folder``, at most ``kept`` bytes of them, those not used for longest gone first.

    Without a folder, or one that can be written to, in memory: the first ``in_memory`` bytes of
    them.
    """

    def __init__(
        self, folder: Path | None, kept: int = KEPT_BYTES, in_memory: int = IN_MEMORY_BYTES
    ) -> None:
        self.folder = folder
        self.kept = kept
        self.in_memory = in_memory
        self._memory: dict[str, NDArray[Any]] = {}

    def get(self, made_from: dict[str, Any], compute: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        """The read-only array made from ``made_from`` (anything JSON can hold): found, or computed
        and kept.
        """
        key = key_of(made_from)
        known = self._find(key)
        return self._keep(key, _frozen(compute())) if known is None else known

    def holds(self, made_from: dict[str, Any]) -> bool:
        """Whether there is such an array (looked at by name, not read)."""
        key = key_of(made_from)
        return key in self._memory or (
            self.folder is not None and (self.folder / f"{key}.safetensors").is_file()
        )

    def _find(self, key: str) -> NDArray[Any] | None:
        if key in self._memory or self.folder is None:
            return self._memory.get(key)
        path = self.folder / f"{key}.safetensors"
        known = read_mapped(path)
        if known is not None:
            _touch(path)
        return known

    def _keep(self, key: str, values: NDArray[Any]) -> NDArray[Any]:
        try:
            if self.folder is not None:
                path = self.folder / f"{key}.safetensors"
                self._write(path, values)
                return _or(read_mapped(path), values)
        except OSError as error:
            log.info("kept in memory only: %s", error)
        if values.nbytes + sum(array.nbytes for array in self._memory.values()) <= self.in_memory:
            self._memory[key] = values
        return values

    def _write(self, path: Path, values: NDArray[Any]) -> None:
        digest = hashlib.sha256(np.ascontiguousarray(values).data).hexdigest()
        write_atomically(path, save({NAME: np.ascontiguousarray(values)}, {"sha256": digest}))
        self._make_room(path)

    def _make_room(self, newest: Path) -> None:
        assert self.folder is not None
        files = sorted(
            (
                (path.stat().st_mtime_ns, path.stat().st_size, path)
                for path in self.folder.glob("*.safetensors")
            ),
            reverse=True,
        )
        total = 0
        for _, size, path in files:
            total += size
            if total > self.kept and path != newest:
                path.unlink(missing_ok=True)


def key_of(made_from: dict[str, Any]) -> str:
    """A name for what an array was made from."""
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()


def read_mapped(path: Path) -> NDArray[Any] | None:
    """The array in a file, mapped and read-only; None when there is no file or it is not whole."""
    try:
        with path.open("rb") as file:
            view = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        size = int.from_bytes(view[:8], "little")
        header = json.loads(view[8 : 8 + size])
        entry = header[NAME]
        start, end = (8 + size + offset for offset in entry["data_offsets"])
        kind = {"F16": np.float16, "F32": np.float32}[entry["dtype"]]
        values = np.frombuffer(
            view, dtype=kind, count=(end - start) // np.dtype(kind).itemsize, offset=start
        ).reshape(entry["shape"])
        whole = hashlib.sha256(values.data).hexdigest() == header["__metadata__"]["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return values if whole else None


def _or(found: NDArray[Any] | None, values: NDArray[Any]) -> NDArray[Any]:
    return values if found is None else found


def _frozen(values: NDArray[Any]) -> NDArray[Any]:
    values.setflags(write=False)
    return values


def _touch(path: Path) -> None:
    try:
        path.touch()
    except OSError:
        return  # a cache that cannot be written to is still a cache
