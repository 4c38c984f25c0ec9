"""Claims of several runs: one damaged run hinders no other; and a table of them as text."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, TypeVar

from rich.console import Console
from rich.table import Table

from layerfold.errors import LayerfoldError
from layerfold.interp.session import Session, open_session

WIDTH: Final = 132  # columns of a table
Found = TypeVar("Found")


def over_runs(
    folders: Sequence[Path], cache: Path | None, compute: Callable[[str, Session], Found]
) -> tuple[dict[str, Found], dict[str, str]]:
    """What is computed of each run by its folder's name, and why a run could not be read."""
    found: dict[str, Found] = {}
    failed: dict[str, str] = {}
    for folder in folders:
        name = folder.resolve().name
        try:
            found[name] = compute(name, open_session(folder, cache))
        except LayerfoldError as error:
            failed[name] = str(error)
    return found, failed


def table_text(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table for a terminal, in no colors."""
    drawn = Table(title=title, title_justify="left", show_lines=True)
    for name in columns:
        drawn.add_column(name, overflow="fold")
    for row in rows:
        drawn.add_row(*row)
    paper = io.StringIO()
    Console(
        file=paper, width=WIDTH, markup=False, highlight=False, emoji=False, no_color=True
    ).print(drawn)
    return paper.getvalue().rstrip()
