"""Rows of numbers as CSV, JSON or an aligned table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from math import isfinite
from typing import Any

from layerfold.errors import MissingExtra

Row = dict[str, Any]


class Tabled:
    """A record whose numbers are rows."""

    def rows(self) -> Iterator[Row]:
        """A row for each number with what it is of."""
        raise NotImplementedError

    def to_frame(self) -> Any:
        """The rows as a pandas DataFrame; raises MissingExtra without pandas."""
        try:
            import pandas
        except ImportError:
            raise MissingExtra("Tables need pandas: pip install pandas.") from None
        return pandas.DataFrame(list(self.rows()))


def plain(value: Any) -> Any:
    """A value as JSON knows it: no number that is not finite."""
    if isinstance(value, float):
        return float(f"{value:.6g}") if isfinite(value) else None
    return value


def as_json(rows: Iterable[Row]) -> list[Row]:
    """The rows with six digits, None where there is no number."""
    return [{key: plain(value) for key, value in row.items()} for row in rows]


def as_csv(rows: Sequence[Row]) -> str:
    """A line each under a line of names; an empty cell where there is no number."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(as_json(rows))
    return text.getvalue()


def as_text(rows: Sequence[Row], columns: Sequence[str]) -> str:
    """An aligned table of some columns; ``low..high`` after a number that has bounds."""
    cells = [list(columns), *([_cell(row, name) for name in columns] for row in rows)]
    widths = [max(_width(line[n]) for line in cells) for n in range(len(columns))]
    return "\n".join(
        "  ".join(
            cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in cells
    )


def _cell(row: Row, name: str) -> str:
    value = plain(row.get(name))
    if value is None:
        return "–"
    if not isinstance(value, float):
        return str(value)
    bounds = [plain(row.get(f"{name}_{end}")) for end in ("low", "high")]
    shown = f"{value:.3f}" if abs(value) < 1000 else f"{value:.0f}"
    return shown + (f" [{bounds[0]:.3f}, {bounds[1]:.3f}]" if None not in bounds else "")


def _width(text: str) -> int:
    """Columns of a terminal: two for a wide character."""
    return sum(1 + (character >= "\u2e80") for character in text)
