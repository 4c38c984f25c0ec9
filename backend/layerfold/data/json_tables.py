"""Tables in JSON: one object a line, or one value in the shapes that pandas writes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from layerfold.data.tables import Row, Table, columns_of, table_of
from layerfold.data.text_files import read_text, text_lines
from layerfold.errors import CorpusError

NOT_JSON = (ValueError, RecursionError)


def read_json_lines(file: Path) -> Table:
    """A table with an object on each line. Raises CorpusError with the line for anything else."""
    rows = partial(_line_rows, file)
    return Table(str(file), columns_of(row for _, row in rows(())), rows, "line")


def _line_rows(file: Path, _wanted: Sequence[str]) -> Iterator[tuple[int, Row]]:
    for number, line in enumerate(text_lines(file), 1):
        if line.strip():
            yield number, _object(file, number, line)


def _object(file: Path, number: int, line: str) -> Row:
    try:
        row = json.loads(line, object_pairs_hook=_once)
    except NOT_JSON as error:
        raise CorpusError(f"{file}, line {number}, is not JSON ({error}): mend it") from error
    if not isinstance(row, dict):
        raise CorpusError(
            f"{file}, line {number}, is {type(row).__name__} and no object: each row is one like "
            f"{{'text': …}}"
        )
    return row


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object each of whose names stands once; raises ValueError."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in found if names.count(name) > 1)
        raise ValueError(f"an object names {twice!r} twice")
    return found


def read_json(file: Path) -> Table:
    """A table in one value, or in lines under this ending. Of pandas' shapes it reads records,
    columns, index, split, list and table.

    Raises CorpusError that names the shape of anything else.
    """
    if _is_lines(file):
        return read_json_lines(file)
    try:
        value = json.loads(read_text(file), object_pairs_hook=_once)
    except NOT_JSON as error:
        raise CorpusError(f"{file} is not JSON ({error}): mend it") from error
    return table_of(str(file), _records(file, value))


def _is_lines(file: Path) -> bool:
    """Whether a file has an object on its first line and more after it."""
    first = list(islice((line for line in text_lines(file) if line.strip()), 2))
    if len(first) < 2:
        return False
    try:
        return isinstance(json.loads(first[0]), dict)
    except NOT_JSON:
        return False


def _records(file: Path, value: Any) -> Sequence[Row]:
    if isinstance(value, dict) and "schema" in value and isinstance(value.get("data"), list):
        value = value["data"]  # pandas' table
    if _all_are(value, list, dict):
        rows: Sequence[Row] = value
        return rows
    if (
        isinstance(value, dict)
        and isinstance(value.get("columns"), list)
        and isinstance(value.get("data"), list)
    ):
        return _split(file, value["columns"], value["data"])
    if _all_are(value, dict, dict) and value:
        return _nested(file, value)
    if _all_are(value, dict, list) and len({len(cells) for cells in value.values()}) == 1:
        return [dict(zip(value, cells, strict=True)) for cells in zip(*value.values(), strict=True)]
    raise CorpusError(
        f"{file} holds no list of objects but {_shape(value)}: each document is one like {{'text': "
        f"…}} "
        "(with pandas: to_json(orient='records'))"
    )


def _all_are(value: Any, outer: type, inner: type) -> bool:
    cells = value.values() if isinstance(value, dict) else value
    return isinstance(value, outer) and all(isinstance(cell, inner) for cell in cells)


def _split(file: Path, names: Sequence[Any], data: Sequence[Any]) -> Sequence[Row]:
    """pandas' split: names of columns, and lists of cells."""
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise CorpusError(
            f"{file} has columns that are no names, or one name twice: save it with "
            "orient='records'"
        )
    wrong = next(
        (
            n
            for n, cells in enumerate(data, 1)
            if not isinstance(cells, list) or len(cells) != len(names)
        ),
        None,
    )
    if wrong is not None:
        raise CorpusError(
            f"{file}, row {wrong:,} of its data, does not have {len(names)} cells: mend it"
        )
    return [dict(zip(names, cells, strict=True)) for cells in data]


def _nested(file: Path, value: Mapping[str, Mapping[str, Any]]) -> Sequence[Row]:
    """pandas' columns, {column: {row: cell}}, or index, {row: {column: cell}}: rows are
    numbered, columns are named."""
    outer = all(name.isdigit() for name in value)
    inner = all(name.isdigit() for cells in value.values() for name in cells)
    if outer == inner:
        raise CorpusError(
            f"{file} holds objects in an object, and which of them are rows cannot be told: save "
            "it with orient='records'"
        )
    if outer:
        return list(value.values())
    rows = list(dict.fromkeys(row for cells in value.values() for row in cells))
    return [{name: cells[row] for name, cells in value.items() if row in cells} for row in rows]


def _shape(value: Any) -> str:
    if isinstance(value, dict):
        return f"an object of {', '.join(map(repr, list(value)[:5])) or 'nothing'}"
    if isinstance(value, list):
        return f"a list of {' and '.join(sorted({type(one).__name__ for one in value}))}"
    return type(value).__name__
