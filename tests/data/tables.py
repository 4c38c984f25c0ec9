"""Texts, and the table of them that a file holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from layerfold.data.documents import Documents, read_documents

TEXTS = [
    f"The old bridge was closed, and day {n} of the march began; she counted the coins."
    for n in range(40)
]


def read(path: Path, data: str | bytes, *labels: str, **options: Any) -> Documents:
    """The documents of a file with these bytes."""
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return read_documents(str(path), labels=labels, **options)


def json_lines(*rows: Any) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
