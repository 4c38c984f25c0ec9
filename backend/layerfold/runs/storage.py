"""Bytes in and out of an address, whole or absent: a folder, or what fsspec knows (file://, s3://,
gs://, memory://, …).

A folder is written to as all our files are: a temporary name, synced, renamed. An object store
shows a thing only once it has all of it, so one put is enough there; any other file system gets a
temporary name and a move. Nobody ever reads half a file.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol
from uuid import uuid4

from layerfold.errors import InputError, MissingExtra, Unreachable
from layerfold.files.atomic import write_atomically

PART: Final = ".part"
WHOLE_PUTS: Final = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "az", "adl", "oss", "memory"})
PACKAGES: Final = {
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "abfs": "adlfs",
    "az": "adlfs",
}
# a drive of Windows has one letter; hf: is a model
SCHEME: Final = re.compile(r"(?P<scheme>(?!hf:)[a-z][a-z0-9+.]+):/+(?P<rest>.*)", re.S)


class Storage(Protocol):
    """A place for named bytes; names are paths with ``/``. All raise Unreachable when the place
    does not answer.
    """

    @property
    def address(self) -> str:
        """Where it is, for ``open_storage`` on this and other machines."""
        ...

    def read(self, name: str) -> bytes | None:
        """The bytes of that name; None where there are none."""
        ...

    def write(self, name: str, data: bytes) -> None:
        """The name holds exactly these bytes from now on, and nobody saw anything else but what it
        held before.
        """
        ...

    def marks(self) -> dict[str, str]:
        """All names, each with a mark that is another one when its bytes are: size and etag or time
        of change.
        """
        ...

    def remove(self, name: str) -> None:
        """There is nothing of that name; nor was there, perhaps."""
        ...

    def clear(self) -> None:
        """There is nothing at all."""
        ...


def is_address(words: str) -> bool:
    """Whether words are an address and not a path: ``s3://bucket/runs``. (A Path makes
    ``s3:/bucket/runs`` of it: known again.)
    """
    return SCHEME.match(words) is not None


def address_of(words: str) -> str:
    """An address as fsspec reads it, without a slash at its end; a path as an absolute one."""
    found = SCHEME.match(words)
    if found is None:
        return str(Path(words).resolve())
    return (
        f"{found['scheme']}://{'/' if found['scheme'] == 'file' else ''}{found['rest'].rstrip('/')}"
    )


def open_storage(words: str | Path) -> Storage:
    """The storage at a path or an address, nothing of it looked at yet.

    Raises MissingExtra where a package is not installed, InputError for a kind of address that
    fsspec does not know.
    """
    address = address_of(str(words))
    scheme = address.partition("://")[0] if is_address(address) else ""
    if scheme in ("", "file"):
        return Folder(Path(address.removeprefix("file://")))
    try:
        import fsspec
    except ImportError:
        raise MissingExtra(
            f"{address} is read with fsspec, which is not installed: pip install layerfold[cluster]"
        ) from None
    try:
        system, root = fsspec.core.url_to_fs(address)
    except ImportError as error:
        package = PACKAGES.get(scheme)
        what = f"pip install {package}" if package else str(error)
        raise MissingExtra(
            f"{scheme}:// is read with a package that is not installed: {what}"
        ) from None
    except ValueError as error:
        raise InputError(
            f"{address} is no address that can be opened ({error}): give a folder, s3://…, gs://…"
            " or another of fsspec"
        ) from None
    return Bucket(address, system, str(root).rstrip("/"), scheme in WHOLE_PUTS)


@dataclass(frozen=True)
class Folder:
    """A folder that this machine sees."""

    root: Path

    @property
    def address(self) -> str:
        return str(self.root)

    def read(self, name: str) -> bytes | None:
        try:
            return (self.root / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise Unreachable(
                f"{self.root / name} cannot be read ({error.strerror}): is the folder shared with"
                " this machine?"
            ) from None

    def write(self, name: str, data: bytes) -> None:
        try:
            write_atomically(self.root / name, data)
        except OSError as error:
            raise Unreachable(
                f"{self.root / name} cannot be written ({error.strerror}): choose a folder with"
                " room and leave"
            ) from None

    def marks(self) -> dict[str, str]:
        found = {}
        for folder, _, files in os.walk(self.root):
            for path in (Path(folder, file) for file in files if not file.endswith(PART)):
                try:
                    looked = path.stat()
                except OSError:
                    continue  # gone meanwhile
                found[path.relative_to(self.root).as_posix()] = (
                    f"{looked.st_size} {looked.st_mtime_ns}"
                )
        return found

    def remove(self, name: str) -> None:
        (self.root / name).unlink(missing_ok=True)

    def clear(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)


@dataclass(frozen=True)
class Bucket:
    """A place that fsspec knows; ``whole`` where it shows a thing only once it has all of it."""

    address: str
    system: Any
    root: str
    whole: bool

    def read(self, name: str) -> bytes | None:
        with self._asked("read"):
            try:
                return bytes(self.system.cat_file(f"{self.root}/{name}"))
            except FileNotFoundError:
                return None

    def write(self, name: str, data: bytes) -> None:
        path = f"{self.root}/{name}"
        with self._asked("written"):
            if self.whole:
                self.system.pipe_file(path, data)
                return
            self.system.makedirs(path.rpartition("/")[0], exist_ok=True)
            part = f"{path}.{uuid4().hex}{PART}"
            self.system.pipe_file(part, data)
            self.system.mv(part, path)

    def marks(self) -> dict[str, str]:
        with self._asked("read"):
            self.system.invalidate_cache()  # what was listed once is not what is there
            try:
                found = self.system.find(self.root, detail=True)
            except FileNotFoundError:
                return {}
        inside = {
            path.removeprefix(self.root).lstrip("/"): seen
            for path, seen in found.items()
            if not path.endswith(PART)
        }
        return {name: _mark(seen) for name, seen in inside.items()}

    def remove(self, name: str) -> None:
        with self._asked("written"):
            try:
                self.system.rm_file(f"{self.root}/{name}")
            except FileNotFoundError:
                return

    def clear(self) -> None:
        for name in self.marks():
            self.remove(name)

    @contextmanager
    def _asked(self, what: str) -> Iterator[None]:
        """Whatever else a file system raises is one error: each has its own."""
        try:
            yield
        except Exception as error:
            said = " ".join(f"{type(error).__name__}: {error}".split())
            raise Unreachable(
                f"{self.address} cannot be {what} ({said[:300]}): check the address, the network"
                " and your rights there"
            ) from None


def _mark(seen: dict[str, Any]) -> str:
    """Size, and whatever of a thing's version its file system tells."""
    known = (
        "etag",
        "ETag",
        "md5Hash",
        "crc32c",
        "generation",
        "mtime",
        "last_modified",
        "LastModified",
        "updated",
        "created",
    )
    return " ".join(
        str(part) for part in (seen.get("size"), *(seen[name] for name in known if seen.get(name)))
    )
