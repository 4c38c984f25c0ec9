"""What a table's cell says: the text of a document, or the label that colors its tokens."""

from __future__ import annotations

import ast
import datetime
import json
import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from layerfold.errors import CorpusError

CONTENT: Final = (
    "content",
    "value",
)  # of a chat's message: OpenAI's and ShareGPT's word for what was said
BETWEEN: Final = "\n\n"  # a chat's messages in one text
# how a chat begins that was written into a cell as text, by JSON or by Python
WRITTEN: Final = re.compile(r"""\s*\[\s*\{\s*['"](?:role|from|content|value)['"]\s*:""")
LABEL_LENGTH: Final = 80
EXACT: Final = 2**53  # whole numbers above it are names: as floats, neighbors would be one
Plain = (str, bool, int, float, Decimal, datetime.date, datetime.time, datetime.timedelta)


def text_of(cell: Any) -> str:
    """A cell as a text: words, bytes that are UTF-8, the contents of a chat's messages; empty for
    nothing.

    Raises CorpusError that says what the cell holds instead.
    """
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if isinstance(cell, bytes):
        return _decoded(cell)
    if isinstance(cell, str) and WRITTEN.match(cell):
        cell = _chat_written(cell)
    if isinstance(cell, Plain):
        return _encodable(str(cell))
    contents = chat_contents(cell)
    if contents is None:
        raise CorpusError(
            f"holds {_kind(cell)} and no text: join it into one text, or name another column"
        )
    return BETWEEN.join(_encodable(content) for content in contents if content.strip())


def _chat_written(cell: str) -> Any:
    """The chat that a cell holds as JSON or as Python writes it; raises CorpusError."""
    for read in (json.loads, ast.literal_eval):
        try:
            return read(cell.strip())
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    raise CorpusError(
        "holds a chat written as text, which is neither JSON nor Python: write it as a list of"
        " messages, or join it into one text"
    )


def label_of(cell: Any) -> str | float | None:
    """A cell as it colors a token: a number, words of at most 80 characters, or nothing.

    Raises CorpusError that says what the cell holds instead.
    """
    if isinstance(cell, bytes):
        cell = _decoded(cell)
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return None
    if isinstance(cell, bool) or (isinstance(cell, int) and abs(cell) > EXACT):
        return str(cell)[:LABEL_LENGTH]
    if isinstance(cell, int | float | Decimal):
        return float(cell) if math.isfinite(cell) else None
    if isinstance(cell, Plain):
        return _encodable(str(cell).strip()[:LABEL_LENGTH])
    raise CorpusError(f"holds {_kind(cell)}, which is no color: name a column of words or numbers")


def is_worded(cell: Any) -> bool:
    """Whether a cell may be the text where nobody says which column is."""
    return isinstance(cell, str | bytes) or chat_contents(cell) is not None or cell == []


def chat_contents(cell: Any) -> list[str] | None:
    """What is said in each message of a chat, in order; None for a cell that is no chat.

    A chat is a list of messages, or the lists of their fields as ``datasets`` keeps a sequence.
    """
    if isinstance(cell, Mapping):
        name = next((name for name in CONTENT if isinstance(cell.get(name), list)), None)
        return _contents(cell[name]) if name else None
    if (
        not isinstance(cell, list)
        or not cell
        or not all(isinstance(message, Mapping) for message in cell)
    ):
        return None
    name = next((name for name in CONTENT if all(name in message for message in cell)), None)
    return _contents([message[name] for message in cell]) if name else None


def _contents(said: Sequence[Any]) -> list[str] | None:
    """Messages as words; one may be in parts, of which those of text are joined, or say nothing."""
    found: list[str] = []
    for content in said:
        if isinstance(content, list) and all(isinstance(part, Mapping) for part in content):
            content = "".join(
                part.get("text") or "" for part in content if part.get("type", "text") == "text"
            )
        if not isinstance(content, str | None):
            return None
        found.append(content or "")
    return found


def _decoded(cell: bytes) -> str:
    try:
        return cell.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CorpusError(
            f"holds bytes that are not UTF-8 (byte {error.start} is {cell[error.start]:#04x}): "
            "decode it"
        ) from error


def _encodable(text: str) -> str:
    """The same text; raises CorpusError for half a surrogate pair, which no tokenizer reads."""
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise CorpusError(
                f"holds half a character (\\u{ord(text[error.start]):04x} at {error.start}): mend "
                "it"
            ) from error
    return text


def _kind(cell: Any) -> str:
    if isinstance(cell, Mapping):
        return f"an object ({', '.join(map(str, list(cell)[:4]))})"
    if isinstance(cell, list):
        inner = {type(one).__name__ for one in cell[:10]}
        return f"a list of {' and '.join(sorted(inner))}" if inner else "an empty list"
    return f"a {type(cell).__name__}"
