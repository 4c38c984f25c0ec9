"""Files as plain text: prose in paragraphs, verse in lines, one kind of quotes and dashes."""

from __future__ import annotations

import re
from pathlib import Path

from layerfold.errors import CorpusError

CURLY = {"“": '"', "”": '"', "‘": "'", "’": "'", "—": "--", "–": "-", "\u00a0": " ", "…": "..."}
PLAIN = str.maketrans({**CURLY, "\ufeff": "", "\r": "", "\x02": "", "\x1a": ""})


def prose(text: str) -> str:
    """Plain paragraphs: hard-wrapped lines joined, one blank line between, no underscores for
    italics.
    """
    text = re.sub(r"\b_|_\b", "", text.translate(PLAIN))
    paragraphs = (" ".join(part.split()) for part in re.split(r"\n\s*\n", text))
    return "\n\n".join(part for part in paragraphs if part)


def verse(text: str) -> str:
    """Lines as they are, without indents, page numbers at their ends or runs of blank lines."""
    lines = (re.sub(r"\s{3,}\d+$", "", line).strip() for line in text.translate(PLAIN).split("\n"))
    return re.sub(
        r"\n{3,}", "\n\n", "\n".join(re.sub(r"[ \t]+", " ", line) for line in lines)
    ).strip()


def read_plain(path: Path) -> str:
    """A file's text, UTF-8 or else Windows's; raises CorpusError where it is not there."""
    if not path.exists():
        raise CorpusError(
            f"{path.name} is missing from its package: delete {path.parent} and try again"
        )
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace").replace("\ufffd", "")
