"""Whether the quotes of a separated table enclose its cells, or are part of its texts."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

CLASSES: Final = 1000  # values of a column of classes, at most
KEPT: Final = 1000  # rows over several lines that are looked at


class SwallowedRows(ValueError):
    """A quote seems to enclose whole rows of the table; ``line`` is where its row begins."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line:,}")
        self.line = line


@dataclass
class Column:
    """What a column holds in rows of one line: its values while they are few, and whether all
    are numbers."""

    rows: int = 0
    values: set[str] = field(default_factory=set)
    numeric: bool = True

    def add(self, cell: str) -> None:
        """One more cell."""
        self.rows += 1
        self.numeric = self.numeric and _is_number(cell)
        if len(self.values) <= CLASSES:
            self.values.add(cell)

    def has_like(self, cells: Iterable[str]) -> bool:
        """Whether cells are such as this column holds: numbers like its own, or of its classes."""
        if not self.rows:
            return False
        classes = len(self.values) <= CLASSES and 2 * len(self.values) <= self.rows
        return (self.numeric and all(map(_is_number, cells))) or (
            classes and all(cell in self.values and cell for cell in cells)
        )


@dataclass
class Survey:
    """A table gone through once: ``plain`` where each line is a row if quotes are text,
    ``paired`` where quotes can enclose; and the rows over several lines, each its first line's
    number and its lines, where each of those could be a row."""

    width: int
    columns: list[Column]
    plain: bool = True
    paired: bool = True
    long: bool = False
    doubtful: list[tuple[int, list[str]]] = field(default_factory=list)


def quotes_enclose(lines: Iterable[str], delimiter: str) -> bool:
    """Whether quotes enclose cells in the lines of a table, header first.

    They do where they pair, and do not in a table with tabs whose every line is a row without them:
    such are often written so. Where neither can be they are said to, so that reading names the
    line. Raises SwallowedRows where an enclosed cell over several lines holds what look like rows
    of this very table.
    """
    found = _survey(iter(lines), delimiter)
    tabbed = delimiter == "\t" and found.plain
    if not found.paired or not found.long:
        return found.paired or not tabbed
    if tabbed and found.width > 1:
        return False
    for first, rows in found.doubtful:
        cells = list(zip(*(row.rstrip("\r\n").split(delimiter) for row in rows), strict=True))
        if (found.plain and found.width == 1) or any(map(Column.has_like, found.columns, cells)):
            raise SwallowedRows(first)
    return True


def _survey(lines: Iterator[str], delimiter: str) -> Survey:
    taken: list[str] = []

    def told() -> Iterator[str]:
        for line in lines:
            taken.append(line)
            yield line

    reader = csv.reader(told(), delimiter=delimiter, strict=True)
    found = Survey(0, [])
    try:
        for cells in reader:
            if not found.columns and cells:
                found = Survey(len(cells), [Column() for _ in cells])
            elif cells:
                _note(found, cells, taken, reader.line_num - len(taken) + 1, delimiter)
            taken.clear()
    except csv.Error:
        found.paired = False
    rest = chain(taken, lines)  # what the reader did not come to
    found.plain = found.plain and all(_width(line, delimiter) in (0, found.width) for line in rest)
    return found


def _note(found: Survey, cells: list[str], lines: list[str], first: int, delimiter: str) -> None:
    """One more row is counted in."""
    even = all(_width(line, delimiter) == found.width for line in lines)
    found.plain = found.plain and even
    if len(lines) == 1:
        for column, cell in zip(found.columns, cells, strict=False):
            column.add(cell)
        return
    found.long = True
    if even and len(found.doubtful) < KEPT:
        found.doubtful.append((first, list(lines)))


def _width(line: str, delimiter: str) -> int:
    """Cells of a line if quotes are text; 0 for a blank one."""
    return line.count(delimiter) + 1 if line.strip("\r\n") else 0


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
