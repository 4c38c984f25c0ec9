"""The commands and programs of the documents that tests run: a block stands after ``<!-- tested:
NAME -->``.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))


def block(name: str) -> str:
    """The lines of the block of that name, as a person would copy them (a "$ " before a command
    left out).
    """
    found = re.search(
        rf"<!-- tested: {re.escape(name)} -->\n```\w*\n(?P<lines>.*?)```",
        "\n".join(path.read_text("utf-8") for path in DOCUMENTS),
        re.S,
    )
    assert found, f"no document has a block tested: {name}"
    return re.sub(r"^\$ ", "", found["lines"], flags=re.M)
