"""Text as it lies on disk: UTF-8, or UTF-16 and UTF-32 that say so by their first bytes, plain
or compressed by gzip."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from layerfold.errors import CorpusError

GZIP: Final = b"\x1f\x8b"
PACKED: Final = {
    b"PK\x03\x04": "a zip archive or a spreadsheet",
    b"BZh": "compressed by bzip2",
    b"\xfd7zXZ": "compressed by xz",
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
            with _failures(path, f", after line {number:,},"):
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
        zipped = file.peek(2)[:2] == GZIP
        raw = io.BufferedReader(gzip.GzipFile(fileobj=file), HEAD) if zipped else file
        head = raw.peek(HEAD)[:HEAD]
        _check_text(path, head)
        encoding = next((name for mark, name in MARKS if head.startswith(mark)), "utf-8-sig")
        with io.TextIOWrapper(raw, encoding=encoding, newline=newline) as stream:
            yield stream


def _check_text(path: Path, head: bytes) -> None:
    for start, kind in PACKED.items():
        if head.startswith(start):
            raise CorpusError(
                f"{path} is {kind}, not text: unpack it, or save it as .csv, .jsonl or .parquet"
            )
    if b"\0" in head and not any(head.startswith(mark) for mark, _ in MARKS):
        raise CorpusError(
            f"{path} is binary, not text (or UTF-16 without its mark): save it as UTF-8 or leave "
            "it out"
        )


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
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise CorpusError(
            f"{path}{place} is gzip that is damaged or cut short ({error}): fetch it again"
        ) from error
