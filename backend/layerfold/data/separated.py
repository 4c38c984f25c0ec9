"""Tables with a separator between cells: CSV, TSV and their like, as they are found and not as
they ought to be."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

from layerfold.data.quotes import SwallowedRows, quotes_enclose
from layerfold.data.tables import Row, Table
from layerfold.data.text_files import LONGEST_LINE, text_lines
from layerfold.errors import CorpusError

USUAL: Final = {".csv": ",", ".tsv": "\t"}
DELIMITERS: Final = (",", ";", "\t", "|")  # that are looked for where none is named
NAMES: Final = {
    "comma": ",",
    "semicolon": ";",
    "tab": "\t",
    "\\t": "\t",
    "pipe": "|",
    "space": " ",
    "colon": ":",
}
SNIFFED: Final = 200  # lines
MARK: Final = re.compile(r"([^\w\s\-.'()/])\1*|[\x01-\x08\x1c-\x1f]")  # that may part cells
SEPARATOR: Final = re.compile(r"\"?sep=(.)\"?", re.IGNORECASE)
NULL: Final = "\\N"  # as databases write nothing
APOSTROPHES: Final = 3  # rows
NAME_WORDS: Final = 5  # a sole column with a longer name is a text, and its header is missing


@dataclass(frozen=True)
class Layout:
    """How a file is cut into cells: the ``delimiter``, whether quotes enclose cells, lines
    before the header, the header's names, and whether a delimiter before a space belongs to the
    text."""

    delimiter: str
    quoted: bool
    skipped: int
    header: tuple[str, ...]
    spaced: bool = False

    def records(self, lines: Iterator[str]) -> Iterator[tuple[int, list[str]]]:
        """The cells of each row, the header first, and the number of the line where it begins;
        raises csv.Error."""
        if self.spaced:
            yield from (
                (number, _spaced_cells(line, self.delimiter))
                for number, line in enumerate(lines, self.skipped + 1)
            )
            return
        reader = csv.reader(
            lines,
            delimiter=self.delimiter,
            quoting=csv.QUOTE_MINIMAL if self.quoted else csv.QUOTE_NONE,
            strict=True,
        )
        line = self.skipped + 1
        for cells in reader:
            yield line, cells
            line = reader.line_num + self.skipped + 1


def read_separated(file: Path, delimiter: str | None = None) -> Table:
    """The table in a file; ``delimiter`` is a character or its name, and is found out where nobody
    says.

    Raises CorpusError with the line: cells too many or too few, quotes that do not pair, two
    delimiters that would both do.
    """
    csv.field_size_limit(LONGEST_LINE)
    layout = _layout(file, delimiter)
    rows = partial(_rows, file, layout)
    if next(rows([]), None) is None:
        return Table(str(file), {}, rows, "line")
    return Table(str(file), dict.fromkeys(layout.header, True), rows, "line")


def named_delimiter(words: str) -> str:
    """The one character that --delimiter means; raises CorpusError for anything else."""
    found = NAMES.get(words.lower(), words)
    if len(found) != 1 or found in '"\r\n':
        raise CorpusError(
            f"--delimiter {words!r} is no delimiter: give one character, or "
            f"{', '.join(sorted(NAMES))}"
        )
    return found


def _layout(file: Path, wanted: str | None) -> Layout:
    head = list(islice(text_lines(file, newline=""), SNIFFED))
    skipped = 0
    while skipped < len(head) and not head[skipped].strip():
        skipped += 1
    # a line that spreadsheets write
    if head[skipped:] and (told := SEPARATOR.fullmatch(head[skipped].rstrip("\r\n"))):
        wanted, skipped = wanted or told[1], skipped + 1
    if not head[skipped:]:
        return Layout(USUAL.get(_ending(file), ","), True, skipped, ())
    delimiter = named_delimiter(wanted) if wanted else _sniffed(file, head[skipped:])
    quoted = _is_quoted(file, delimiter, skipped)
    header = next(_cut(head[skipped:], delimiter, quoted), [])
    if len(header) == 1 and len(header[0].split()) > NAME_WORDS:
        raise CorpusError(
            f"{file} begins with {header[0][:60]!r} where the columns' names belong: put a line "
            "with text above it"
        )
    if not wanted:
        _check_cut(file, head[skipped:], header)
    spaced = _is_spaced(
        islice(text_lines(file, newline=""), skipped + 1, None), delimiter, len(header)
    )
    rows = [_spaced_cells(line, delimiter) for line in head[skipped:]] if spaced else []
    if spaced and (escaped := next((line for line in head if f"\\{delimiter}" in line), "")):
        raise CorpusError(
            f"{file} puts a backslash before {delimiter!r} within a text ({escaped[:40]!r}): put"
            ' the text between double quotes (")'
        )
    _check_apostrophes(file, (rows or list(_cut(head[skipped:], delimiter, quoted)))[1:])
    return Layout(delimiter, quoted, skipped, tuple(name.strip() for name in header), spaced)


def _check_cut(file: Path, head: Sequence[str], header: Sequence[str]) -> None:
    """Raises CorpusError for a sole column whose name has a sign that every line has as often: it
    parts cells.
    """
    found = MARK.search(header[0]) if len(header) == 1 else None
    lines = [line for line in head if line.strip()]
    if found and len(lines) > 2 and all(line.count(found[0]) for line in lines):
        raise CorpusError(
            f"{file} has one column, {header[0][:60]!r}, and {found[0]!r} in every line: say what"
            f" parts its cells, --delimiter {found[0]!r} or --delimiter comma"
        )


def _check_apostrophes(file: Path, rows: Sequence[Sequence[str]]) -> None:
    """Raises CorpusError for a column whose every cell stands between apostrophes."""
    full = [row for row in rows if row]
    for cells in zip(*full, strict=False) if len(full) > APOSTROPHES else ():
        if all(len(cell) > 1 and cell[0] == cell[-1] == "'" for cell in map(str.strip, cells)):
            raise CorpusError(
                f"{file} puts cells between apostrophes ({cells[0][:40]}): put them between double"
                ' quotes (")'
            )


def _ending(file: Path) -> str:
    return next(
        (ending.lower() for ending in reversed(file.suffixes) if ending.lower() != ".gz"), ""
    )


def _cut(lines: Sequence[str], delimiter: str, quoted: bool) -> Iterator[list[str]]:
    """The cells of lines, without complaint."""
    return csv.reader(
        lines, delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    )


# ---- which delimiter


def _sniffed(file: Path, head: Sequence[str]) -> str:
    """The delimiter by which the first lines have as many cells as the header; else the one that
    the header has."""
    usual = USUAL.get(_ending(file), ",")
    possible = [
        delimiter for delimiter in DELIMITERS if len(next(_cut(head, delimiter, True), [])) > 1
    ]
    even = [delimiter for delimiter in possible if _is_even(head, delimiter)]
    found = even or possible or [usual]
    if len(found) > 1:
        raise CorpusError(
            f"{file} could be cut at {' or at '.join(map(repr, found))}: say which with --delimiter"
        )
    return found[0]


def _is_even(head: Sequence[str], delimiter: str) -> bool:
    for quoted in (True, False):
        rows = [row for row in _cut(head, delimiter, quoted) if row]
        if len(head) == SNIFFED:
            rows = rows[:-1]  # may go on after the lines that were looked at
        if len({len(row) for row in rows}) == 1:
            return True
    return False


def _is_quoted(file: Path, delimiter: str, skipped: int) -> bool:
    try:
        return quotes_enclose(islice(text_lines(file, newline=""), skipped, None), delimiter)
    except SwallowedRows as error:
        raise CorpusError(
            f"{file}, line {error.line + skipped:,}: a quote opens here and closes on a later "
            "line, with whole rows between. "
            'If it is part of the text, double it (""); if the text has line breaks, save the '
            "table as .jsonl"
        ) from error


def _is_spaced(lines: Iterator[str], delimiter: str, width: int) -> bool:
    """Whether every line has too many cells, and as many as the header if it is not cut before a
    space, as in "Well, no,neg"."""
    inked = 0
    for line in lines:
        if line.strip("\r\n"):
            inked += 1
            if (
                '"' in line
                or line.count(delimiter) < width
                or len(_spaced_cells(line, delimiter)) != width
            ):
                return False
    return inked > 0


def _spaced_cells(line: str, delimiter: str) -> list[str]:
    text = line.rstrip("\r\n")
    return re.split(f"{re.escape(delimiter)}(?! )", text) if text else []


# ---- rows


def _rows(file: Path, layout: Layout, wanted: Sequence[str]) -> Iterator[tuple[int, Row]]:
    """The wanted cells of each row, with the number of the line where it begins."""
    for name in wanted:
        if layout.header.count(name) > 1:
            raise CorpusError(
                f"{file} has {layout.header.count(name)} columns named {name!r}: rename one"
            )
    places = {name: layout.header.index(name) for name in wanted}
    line = layout.skipped + 1
    try:
        for line, cells in islice(
            layout.records(islice(text_lines(file, newline=""), layout.skipped, None)), 1, None
        ):
            if cells:
                _check_width(file, layout, line, len(cells))
                _check_header(file, layout, line, cells)
                yield line, {name: _said(cells[at]) for name, at in places.items()}
    except csv.Error as error:
        raise CorpusError(
            f"{file} cannot be read as a table: after the row in line {line:,}, {error}. "
            "Double the quotes that are part of a text, or save it as .jsonl"
        ) from error


def _check_width(file: Path, layout: Layout, line: int, count: int) -> None:
    width = len(layout.header)
    if count != width:
        raise CorpusError(
            f"{file}, line {line:,}, has {count} cells where the header has {width}, cut at "
            f"{layout.delimiter!r}: "
            "put quotes round a text that holds it or a line break, or say --delimiter"
        )


def _check_header(file: Path, layout: Layout, line: int, cells: Sequence[str]) -> None:
    """Raises CorpusError for a row that is the header again, as of tables put one after another."""
    if cells[0].strip("\ufeff ") != layout.header[0] or len(cells) < 2:
        return
    if tuple(cell.strip() for cell in cells[1:]) == layout.header[1:]:
        raise CorpusError(
            f"{file}, line {line:,}, is its header again: take that line out, or part the tables"
        )


def _said(cell: str) -> str | None:
    return None if cell == NULL else cell
