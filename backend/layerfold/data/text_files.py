"""Text as it lies on disk: UTF-8, or UTF-16 and UTF-32 that say so by their first bytes, plain
or compressed by gzip, bzip2 or xz."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from layerfold.errors import CorpusError
from layerfold.model.huggingface.pointers import is_pointer

READERS: Final[dict[bytes, Callable[..., Any]]] = {  # by a file's first bytes
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
}
TAR: Final = (257, b"ustar")
PACKED: Final = {
    b"PK\x03\x04": "a zip archive or a spreadsheet",
    b"7z\xbc\xaf": "a 7z archive",
    b"\x04\x22\x4d\x18": "compressed by lz4",
    b"\xd0\xcf\x11\xe0": "an older spreadsheet or document",
    b"%PDF-": "a PDF document",
    b"{\\rtf": "an RTF document",
    b"ORC": "an ORC table",
    b"\x28\xb5\x2f\xfd": "compressed by zstandard",
    b"PAR1": "a Parquet table under another name",
    b"ARROW1": "an Arrow table",
    b"SQLite format": "a database",
}
MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16's, which it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# encodings of seven bits, by the signs that begin and end their stretches
SEVEN_BITS: Final = {
    "ISO-2022": re.compile(rb"\x1b\$?[()$@B]"),
    "HZ": re.compile(rb"~\{[!-~]+?~\}"),
}
STRETCH: Final = re.compile(rb"\+[A-Za-z\d/+]{3,}(?:-|\r?$)", re.MULTILINE)  # of UTF-7
STRETCHES: Final = 3
PAGE: Final = re.compile(rb"\s*<(?:!doctype html|html)\b", re.IGNORECASE)
HEAD: Final = 65_536
LONGEST_LINE: Final = 64 << 20  # characters: a row of a table with its longest text
LONGEST_TEXT: Final = 1 << 30  # characters: one document, or one JSON value


def read_text(path: Path) -> str:
    """A file's text, its line ends as they are.

    Raises CorpusError for binary files, other encodings, damaged gzip, over 2³⁰ characters.
    """
    with _opened(path, newline="") as stream:
        text = stream.read(LONGEST_TEXT + 1)
    if len(text) > LONGEST_TEXT:
        raise CorpusError(
            f"{path} has over {LONGEST_TEXT:,} characters: split it into several files"
        )
    return text


def text_lines(path: Path, newline: str = "\n") -> Iterator[str]:
    """A file's lines with their ends: line feeds, or with ``newline=""`` CR, LF or both.

    Raises what ``read_text`` raises, and CorpusError for a line of over 64 M characters.
    """
    number = 0
    with _opened(path, newline) as stream:
        while True:
            with _failures(path, f", after line {number:,}," if number else ""):
                line = stream.readline(LONGEST_LINE + 1)
            if not line:
                return
            number += 1
            if len(line) > LONGEST_LINE:
                raise CorpusError(
                    f"{path}, line {number:,}, has over {LONGEST_LINE:,} characters: break it"
                )
            yield line


@contextmanager
def _opened(path: Path, newline: str) -> Iterator[io.TextIOWrapper]:
    """The file as text: unpacked where gzip packed it, decoded as its first bytes say."""
    with io.BufferedReader(io.FileIO(path), HEAD) as file, _failures(path):
        first = file.peek(8)
        unpacked = next((kind for sign, kind in READERS.items() if first.startswith(sign)), None)
        raw = io.BufferedReader(unpacked(file), HEAD) if unpacked else file
        head = raw.peek(HEAD)[:HEAD]
        _check_text(path, head)
        encoding = next((name for mark, name in MARKS if head.startswith(mark)), "utf-8-sig")
        with io.TextIOWrapper(raw, encoding=encoding, newline=newline) as stream:
            yield stream


def _check_text(path: Path, head: bytes) -> None:
    if is_pointer(path):
        raise CorpusError(
            f"{path} is a Git LFS pointer and not the file itself: run git lfs pull in its folder"
        )
    for start, kind in PACKED.items():
        if head.startswith(start):
            raise CorpusError(
                f"{path} is {kind}, not text: unpack it, or save it as .csv, .jsonl or .parquet"
            )
    if PAGE.match(head):
        raise CorpusError(f"{path} is a web page, not a text or a table: fetch the file itself")
    if head[TAR[0] :].startswith(TAR[1]):
        raise CorpusError(f"{path} is a tar archive, not text: unpack it")
    if encoding := _seven_bits(head):
        raise CorpusError(f"{path} is {encoding} text: save it as UTF-8")
    if b"\0" in head and not any(head.startswith(mark) for mark, _ in MARKS):
        raise CorpusError(
            f"{path} is binary, not text (or UTF-16 without its mark): save it as UTF-8 or leave "
            "it out"
        )


def _seven_bits(head: bytes) -> str:
    """The encoding of text that hides other characters in ASCII; empty where there is none."""
    if not head.isascii():
        return ""
    for name, sign in SEVEN_BITS.items():
        if len(sign.findall(head)) >= STRETCHES:
            return name
    found = STRETCH.findall(head)
    return "UTF-7" if len(found) >= STRETCHES and all(map(_is_utf7, found)) else ""


def _is_utf7(stretch: bytes) -> bool:
    try:
        found = stretch.rstrip(b"\r").decode("utf-7")
        return found.isalpha() and not found.isascii()
    except UnicodeDecodeError:
        return False


@contextmanager
def _failures(path: Path, place: str = "") -> Iterator[None]:
    """What can go wrong while bytes become text, as CorpusError."""
    try:
        yield
    except UnicodeDecodeError as error:
        encoding, byte = error.encoding.upper(), error.object[error.start]
        raise CorpusError(
            f"{path}{place} is not {encoding} text (a byte is {byte:#04x}): save it as UTF-8"
        ) from error
    except UnicodeError as error:  # UTF-16 that ends half-way says no more
        raise CorpusError(f"{path}{place} cannot be decoded ({error}): save it as UTF-8") from error
    except (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError) as error:
        raise CorpusError(
            f"{path}{place} is compressed and damaged or cut short ({error}): fetch it again"
        ) from error
