"""A table of documents, whatever file holds it: its columns, known first, and its rows in turn.

Separated tables and JSON are read by Python's csv and json, with or without pyarrow: pyarrow 26
reads ``"a"b`` as ``ab``, of two columns of one name the last, NA as nothing and dates as times,
without a word, and refuses a column whose kind changes between blocks. Parquet is pyarrow's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from layerfold.data.cells import is_worded, label_of, text_of
from layerfold.data.row_sample import Document, RowSample
from layerfold.errors import CorpusError

TEXT_COLUMNS: Final = (
    "text",
    "sentence",
    "content",
    "document",
)  # which column is the text, where nobody says
LONGEST: Final = 50_000_000  # rows of a table: what is longer takes hours to read
Row = Mapping[str, Any]
T = TypeVar("T")


@dataclass(frozen=True)
class Table:
    """``columns`` are those of all rows, each with whether it could be the text; ``rows`` gives
    those columns of each row that has them, with the row's number as a person counts it;
    ``unit`` is what is counted."""

    name: str
    columns: Mapping[str, bool]
    rows: Callable[[Sequence[str]], Iterator[tuple[int, Row]]]
    unit: str = "row"

    def documents(self, column: str | None, labels: Sequence[str], most: int) -> list[Document]:
        """The documents of the rows that have ink; of a table with over ``most`` a sample even over
        the classes of the first label in words.

        Raises CorpusError: a column that is not there, no column that is plainly the text, a cell
        that is none.
        """
        text = column if column is not None else self._text_column()
        if column is None:
            self._check_alone(text)
        self._check_columns([text, *labels])
        sample, seen, silent, elsewhere = RowSample(most), 0, 0, 0
        others = [name for name in self._usual() if name != text] if column is None else []
        several = len(self._usual()) > 1
        for number, row in self.rows(list(dict.fromkeys([text, *labels, *others]))):
            if number > LONGEST:
                raise CorpusError(f"{self.name} has over {LONGEST:,} rows: give a part of it")
            words = self._cell(text_of, number, text, row)
            nothing = not words.strip() if several else row.get(text) is None
            seen, silent = seen + 1, silent + nothing
            elsewhere += nothing and any(_is_inked(row.get(name)) for name in others)
            document = Document(
                words, tuple(self._cell(label_of, number, name, row) for name in labels)
            )
            if words.strip():
                sample.add(
                    document,
                    next((label for label in document.labels if isinstance(label, str)), None),
                )
        if column is None and 2 * silent > seen:
            raise CorpusError(
                f"{self.name} has nothing in the column {text!r} of {silent:,} of its {seen:,} "
                "rows: say with --column which is the text"
            )
        if elsewhere:
            raise CorpusError(
                f"{self.name} has nothing in the column {text!r} of {elsewhere:,} rows that have"
                f" something in {' or '.join(map(repr, others))}: put their texts in one column, or"
                " say with --column which is the text"
            )
        return sample.documents()

    def _cell(self, meaning: Callable[[Any], T], number: int, name: str, row: Row) -> T:
        try:
            return meaning(row.get(name))
        except CorpusError as error:
            raise CorpusError(
                f"{self.name}, {self.unit} {number:,}: the column {name!r} {error}"
            ) from error

    def _usual(self) -> list[str]:
        return [name for name in TEXT_COLUMNS if name in self.columns]

    def _text_column(self) -> str:
        if not self.columns:
            raise CorpusError(f"{self.name} has no rows: give a table with a text in it")
        usual = self._usual()
        worded = [name for name, could in self.columns.items() if could]
        if usual or len(worded) == 1:
            return (usual or worded)[0]
        raise CorpusError(
            f"{self.name} has the columns {', '.join(self.columns) or 'none'}: say with --column "
            "which of them is the text"
        )

    def _check_alone(self, text: str) -> None:
        """Raises CorpusError where a part of the rows may have its text under a like name."""
        alike = [name for name in self.columns if name.casefold() == text.casefold()]
        if len(alike) > 1:
            raise CorpusError(
                f"{self.name} has the columns {', '.join(alike)}, which differ in capitals alone:"
                " rename one, or say with --column which is the text"
            )

    def _check_columns(self, wanted: Sequence[str]) -> None:
        for name in wanted:
            if self.columns and name not in self.columns:
                raise CorpusError(
                    f"{self.name} has no column {name!r}. It has {', '.join(self.columns)}."
                )


def _is_inked(cell: object) -> bool:
    """Whether a cell is words, or what may be read as words, and not empty."""
    return is_worded(cell) and cell != [] and (not isinstance(cell, str) or bool(cell.strip()))


def columns_of(rows: Iterable[Row]) -> dict[str, bool]:
    """Every column that some row has, in the order they are met; whether all its cells that say
    something could be a text."""
    found: dict[str, bool] = {}
    said: set[str] = set()
    for row in rows:
        for name, cell in row.items():
            could = found.setdefault(name, True)
            if cell is not None:
                said.add(name)
                found[name] = could and is_worded(cell)
    return {name: could and name in said for name, could in found.items()}


def table_of(name: str, rows: Sequence[Row]) -> Table:
    """A table out of rows in memory."""
    return Table(name, columns_of(rows), lambda _: enumerate(rows, 1))
