"""The commands and programs of README.md that tests run: a block stands after ``<!-- tested: NAME
-->``.
"""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def block(name: str) -> str:
    """The lines of the block of that name, as a person would copy them (a "$ " before a command
    left out).
    """
    found = re.search(
        rf"<!-- tested: {re.escape(name)} -->\n```\w*\n(?P<lines>.*?)```",
        README.read_text("utf-8"),
        re.S,
    )
    assert found, f"README.md has no block tested: {name}"
    return re.sub(r"^\$ ", "", found["lines"], flags=re.M)
