"""Files that are whole or absent: written to a temporary name, synced, renamed; named by their
sha256.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import IO


def write_atomically(path: Path, data: bytes) -> None:
    """``path`` holds exactly ``data``, or what it held before if anything fails on the way; raises
    OSError, which names the file.
    """
    write_parts_atomically(path, (data,))


def write_parts_atomically(path: Path, parts: Iterable[bytes | memoryview]) -> None:
    """As ``write_atomically``, of data that is too large to be held twice."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep(path.parent)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename in (None, name):
            # a full disk does not say what there was no room for
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise
    sync_directory(path.parent)


def sweep(folder: Path, age: float = 3600.0) -> None:
    """What writers that were killed have left in a folder is gone; what is younger than ``age``
    seconds may still be in the writing.
    """
    late = time.time() - age
    for path in folder.glob(".*.part"):
        try:
            if path.stat().st_mtime < late:
                path.unlink()
        except OSError:
            continue  # another has swept it, or it is not ours to sweep


def read_bounded(path: Path, most: int) -> bytes:
    """The bytes of a regular file of at most ``most`` bytes; raises OSError, also for a pipe or a
    device, which might never end.
    """
    descriptor = os.open(
        path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    )
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", str(path))
        if found.st_size > most:
            raise OSError(
                errno.EFBIG, f"it has {found.st_size:,} bytes, at most {most:,} are read", str(path)
            )
        return file.read(most + 1)


def sync_directory(folder: Path) -> None:
    """The folder's entries are on disk (where the system can say so)."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def locked(file: IO[bytes]) -> bool:
    """Whether the lock of an open file is ours, until it is closed or the process ends; so it is on
    a file system that knows no locks.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True
    return True


def sha256(path: Path) -> str:
    """The hexadecimal sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
