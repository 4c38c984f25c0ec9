"""Files that are not what was to be fetched: pointers of Git LFS, web pages."""

from __future__ import annotations

from pathlib import Path
from typing import Final

POINTER: Final = b"version https://git-lfs.github.com/spec/"
POINTER_BYTES: Final = 1024


def is_pointer(path: Path) -> bool:
    """Whether a file stands for a larger one that Git LFS has not fetched."""
    try:
        if path.stat().st_size > POINTER_BYTES:
            return False
        with path.open("rb") as file:
            return file.read(len(POINTER)) == POINTER
    except OSError:
        return False


def text_of(path: Path) -> str:
    """The text of a small file; raises ValueError for a web page, OSError."""
    text = path.read_text("utf-8")
    if text.lstrip().startswith("<"):
        raise ValueError("it is a web page")
    return text
