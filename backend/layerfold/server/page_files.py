"""The files of the built page: named in `index.html` with a version, so that a browser keeps them
for good, packed once and answered from memory.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

INDEX: Final = "index.html"
PACKED_FROM: Final = 1024  # bytes
_PATHS: Final = re.compile(rb'(?:href|src)="static/([\w.-]+)(?=")')


@dataclass(frozen=True)
class PageFile:
    """One file as it is now: its bytes, their digest, and the same packed by name of the coding."""

    stamp: tuple[int, int]
    media: str
    data: bytes
    digest: str
    packed: dict[str, bytes] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """What stands behind the file's name in the page."""
        return self.digest[:16]


class PageFiles:
    """The files that lie directly in the page's folder; each read and packed when first asked for,
    and again when it has changed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files: dict[str, PageFile] = {}

    def find(self, name: str) -> PageFile | None:
        """The file of this name, the page itself with the versions of what it asks for; None where
        there is none.
        """
        if name in ("", "."):
            name = INDEX
        found = self._read(name)
        if found is None or name != INDEX:
            return found
        data = _PATHS.sub(self._versioned, found.data)
        return PageFile(found.stamp, found.media, data, hashlib.sha256(data).hexdigest())

    def _read(self, name: str) -> PageFile | None:
        path = self.folder / name
        try:
            if path.parent != self.folder or path.is_symlink() or not path.is_file():
                return None
            at = path.stat()
        except (OSError, ValueError):  # a NUL in the name
            return None
        stamp, known = (at.st_size, at.st_mtime_ns), self._files.get(name)
        if known is None or known.stamp != stamp:
            data = path.read_bytes()
            digest, media = hashlib.sha256(data).hexdigest(), mimetypes.guess_type(name)[0]
            known = PageFile(stamp, _MEDIA.get(path.suffix, media or "text/plain"), data, digest)
            if name != INDEX and len(data) >= PACKED_FROM:
                known.packed.update(self._packings(name, known))
            self._files[name] = known
        return known

    def _packings(self, name: str, file: PageFile) -> Iterator[tuple[str, bytes]]:
        """Brotli as the build has packed these very bytes, and gzip."""
        packed = self.folder / f"{name}.{file.version}.br"
        if packed.is_file():
            yield "br", packed.read_bytes()
        yield "gzip", gzip.compress(file.data, compresslevel=9, mtime=0)

    def _versioned(self, found: re.Match[bytes]) -> bytes:
        file = self._read(found[1].decode())
        return found[0] if file is None else found[0] + b"?v=" + file.version.encode()


_MEDIA: Final = {".js": "text/javascript", ".map": "application/json"}


def packing(file: PageFile, accepted: str) -> str | None:
    """The best coding of a file that an ``Accept-Encoding`` takes; None for the bytes as they
    are.
    """
    codings = (name for name in ("br", "gzip") if name in file.packed and takes(accepted, name))
    return next(codings, None)


def takes(accepted: str, coding: str) -> bool:
    """Whether an ``Accept-Encoding`` takes a coding."""
    for part in accepted.lower().split(","):
        name, _, rest = part.partition(";")
        if name.strip() == coding:
            return not re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", rest)
    return False
