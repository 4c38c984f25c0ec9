"""Arrays that can be computed again, kept on disk by the hash of what they were made from, and
mapped into memory.

A folder that cannot be written to is no error: then they live in memory only. A file that is
damaged is made again. A file is hashed when it is first read, and again only when it has changed.
"""

from __future__ import annotations

import hashlib
import json
import logging
import mmap
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from layerfold.files.atomic import write_parts_atomically

KEPT_BYTES = 4 << 30
IN_MEMORY_BYTES = 400 << 20
NAME = "states"
DTYPES = {"float16": "F16", "float32": "F32"}
STALE = 60.0  # seconds after which a use is noted in the file's time
Arrays: TypeAlias = Mapping[str, NDArray[Any]]
Stamp: TypeAlias = tuple[int, ...]
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
        self._memory: dict[str, Arrays] = {}
        self._whole: dict[Path, Stamp] = {}  # the stamps of files found whole

    def get(self, made_from: dict[str, Any], compute: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        """The read-only array made from ``made_from`` (anything JSON can hold): found, or computed
        and kept.
        """
        return self.get_all(made_from, lambda: {NAME: compute()})[NAME]

    def get_all(
        self, made_from: dict[str, Any], compute: Callable[[], Arrays], *, in_memory: bool = True
    ) -> Arrays:
        """Several read-only arrays in one file, as ``get``; not ``in_memory``: kept on disk or
        not at all.
        """
        key = key_of(made_from)
        known = self._find(key)
        return self._keep(key, _frozen(compute()), in_memory) if known is None else known

    def holds(self, made_from: dict[str, Any]) -> bool:
        """Whether there is such an array (looked at by name, not read)."""
        key = key_of(made_from)
        return key in self._memory or (
            self.folder is not None and (self.folder / f"{key}.safetensors").is_file()
        )

    def _find(self, key: str) -> Arrays | None:
        if key in self._memory or self.folder is None:
            return self._memory.get(key)
        return self._read(self.folder / f"{key}.safetensors")

    def _read(self, path: Path) -> Arrays | None:
        stamp = file_stamp(path)
        known = read_mapped(path, whole=stamp is not None and self._whole.get(path) == stamp)
        if known is None:
            self._whole.pop(path, None)
            return None
        _touch(path)
        if (stamp := file_stamp(path)) is not None:
            self._whole[path] = stamp
        return known

    def _keep(self, key: str, values: Arrays, in_memory: bool) -> Arrays:
        try:
            if self.folder is not None:
                path = self.folder / f"{key}.safetensors"
                self._write(path, values)
                known = self._read(path)
                return values if known is None else known
        except OSError as error:
            log.info("kept in memory only: %s", error)
        held = sum(_size(arrays) for arrays in self._memory.values())
        if in_memory and _size(values) + held <= self.in_memory:
            self._memory[key] = values
        return values

    def _write(self, path: Path, values: Arrays) -> None:
        write_parts_atomically(path, _safetensors(values))
        if (stamp := file_stamp(path)) is not None:
            self._whole[path] = stamp  # what has just been written is not read for its hash
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


def read_mapped(path: Path, whole: bool = False) -> Arrays | None:
    """The arrays in a file, mapped and read-only; None when there is no file or it is not whole,
    which is taken for granted with ``whole``.
    """
    try:
        with path.open("rb") as file:
            view = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        start = 8 + int.from_bytes(view[:8], "little")
        header = json.loads(view[8:start])
        digest = header.pop("__metadata__")["sha256"]
        found = {name: _array(view, start, entry) for name, entry in header.items()}
        whole = whole or _digest(path, start) == digest
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return found if whole and found else None


def _digest(path: Path, start: int) -> str:
    """The sha256 of a file from a place on; read, and not mapped, it takes no room in memory."""
    with path.open("rb") as file:
        file.seek(start)
        return hashlib.file_digest(file, hashlib.sha256).hexdigest()


def _array(view: mmap.mmap, start: int, entry: dict[str, Any]) -> NDArray[Any]:
    first, last = entry["data_offsets"]
    kind = np.dtype({word: name for name, word in DTYPES.items()}[entry["dtype"]])
    count = (last - first) // kind.itemsize
    return np.frombuffer(view, kind, count, start + first).reshape(entry["shape"])


def _safetensors(values: Arrays) -> list[bytes | memoryview]:
    """A safetensors file in parts, none of them a copy: the digest of its numbers in its header,
    the numbers where a processor's widest words begin.
    """
    arrays = {  # wide numbers first, so that each lies on a multiple of its size
        name: np.ascontiguousarray(array)
        for name, array in sorted(values.items(), key=lambda one: -one[1].itemsize)
    }
    digest, header, start = hashlib.sha256(), {}, 0
    for name, array in arrays.items():
        kind, end = DTYPES[array.dtype.name], start + array.nbytes
        header[name] = {"dtype": kind, "shape": array.shape, "data_offsets": (start, end)}
        digest.update(array.data)
        start = end
    said = {**header, "__metadata__": {"sha256": digest.hexdigest()}}
    words = json.dumps(said, separators=(",", ":")).encode()
    words += b" " * (-(8 + len(words)) % 64)
    return [len(words).to_bytes(8, "little"), words, *(array.data for array in arrays.values())]


def _frozen(arrays: Arrays) -> Arrays:
    for array in arrays.values():
        array.setflags(write=False)
    return arrays


def _size(arrays: Arrays) -> int:
    return sum(array.nbytes for array in arrays.values())


def file_stamp(path: Path) -> Stamp | None:
    """What changes when a file does."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _touch(path: Path) -> None:
    try:
        if time.time() - path.stat().st_mtime > STALE:
            path.touch()
    except OSError:
        return  # a cache that cannot be written to is still a cache
