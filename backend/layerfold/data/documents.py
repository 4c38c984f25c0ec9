"""Texts of a person's own for the reference: files, folders and tables, each document with where it
came from and its columns.

A text file is one document; a table (.csv, .tsv, .jsonl, .json, .parquet) has one in each row;
``hf:NAME[:CONFIG][@SPLIT]`` and a folder that ``datasets`` saved are tables too.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from layerfold.data.corpus import SUFFIXES, read_text
from layerfold.errors import CorpusError, MissingExtra, Unreachable

Row = Mapping[str, Any]
# which column is the text, where nobody says
TEXT_COLUMNS: Final = ("text", "sentence", "content", "document")
DATASET: Final = "hf:"
ROWS: Final = 200_000  # of a table that are looked at: more than any reference takes
FIELD_BYTES: Final = 16 << 20
TABLE_BYTES: Final = 1 << 30
PARQUET_ROWS: Final = 256  # at once


@dataclass(frozen=True)
class Documents:
    """``texts[i]`` came from ``sources[i]``; ``columns[name][i]`` is what the person's table says
    of it, None where it says nothing.
    """

    texts: tuple[str, ...]
    sources: tuple[str, ...]
    columns: Mapping[str, tuple[str | float | None, ...]]


def read_documents(where: str, column: str | None = None, labels: Sequence[str] = ()) -> Documents:
    """The documents at ``where``, those without ink left out; ``column`` holds the text of a table,
    ``labels`` are further columns to keep.

    Raises CorpusError: nothing there, no text in it, not UTF-8, a column that is not there;
    MissingExtra, Unreachable for datasets.
    """
    tables, texts = _opened(where)
    if not tables and (column or labels):
        raise CorpusError(
            f"the corpus {where} is plain text and has no columns: leave out --column and --label,"
            " or give a table"
        )
    found: list[tuple[str, str, tuple[str | float | None, ...]]] = []
    for source, rows in tables:
        name = _text_column(source, rows, column)
        _check_columns(source, rows, labels)
        found += [
            (str(row[name]), source, tuple(_value(row.get(label)) for label in labels))
            for row in rows
            if _inked(row.get(name))
        ]
    found += [(text, source, (None,) * len(labels)) for source, text in texts if text.strip()]
    if not found:
        raise CorpusError(f"the corpus {where} is empty: there is no text in it")
    columns = {
        label: tuple(values[at] for _, _, values in found) for at, label in enumerate(labels)
    }
    return Documents(
        tuple(text for text, _, _ in found), tuple(source for _, source, _ in found), columns
    )


def _opened(where: str) -> tuple[list[tuple[str, list[Row]]], list[tuple[str, str]]]:
    """The tables and the plain texts at an address, each with the name of its source."""
    if where.startswith(DATASET):
        return [(where.removeprefix(DATASET), _hub_rows(where.removeprefix(DATASET)))], []
    path = Path(where)
    if not path.exists():
        raise CorpusError(
            f"there is no corpus at {where}: give a file, a folder, or hf:NAME for a Hugging Face"
            " dataset"
        )
    if (path / "dataset_info.json").is_file() or (path / "dataset_dict.json").is_file():
        return [(path.name, _saved_rows(path))], []
    known = (*SUFFIXES, *READERS)
    files = (
        [path]
        if path.is_file()
        else sorted(
            file for file in path.rglob("*") if file.is_file() and file.suffix.lower() in known
        )
    )
    if not files:
        raise CorpusError(
            f"the corpus folder {where} holds no text file ({', '.join(known)}): add some"
        )
    tables = [
        (_named(file, path), READERS[file.suffix.lower()](file))
        for file in files
        if file.suffix.lower() in READERS
    ]
    texts = [
        (_named(file, path), read_text(file))
        for file in files
        if file.suffix.lower() not in READERS
    ]
    return tables, texts


def _named(file: Path, root: Path) -> str:
    """A source's name: the file's path inside the corpus, without its ending."""
    return file.stem if file == root else file.relative_to(root).with_suffix("").as_posix()


# ---- tables


def _separated(file: Path, separator: str) -> list[Row]:
    csv.field_size_limit(FIELD_BYTES)
    try:
        reader = csv.DictReader(
            io.StringIO(read_text(file), newline=""), delimiter=separator, strict=True
        )
        return [
            {str(name): value for name, value in row.items() if name is not None}
            for _, row in zip(range(ROWS), reader, strict=False)
        ]
    except csv.Error as error:
        raise CorpusError(
            f"{file} cannot be read as a table ({error}): mend it, or save it as .jsonl"
        ) from error


def _json_lines(file: Path) -> list[Row]:
    rows: list[Row] = []
    for number, line in enumerate(read_text(file).splitlines(), 1):
        if line.strip() and len(rows) < ROWS:
            rows.append(_object(file, f"line {number}", line))
    return rows


def _object(file: Path, place: str, text: str) -> Row:
    try:
        row = json.loads(text)
    except ValueError as error:
        raise CorpusError(f"{file}, {place}, is not JSON ({error}): mend it") from error
    if not isinstance(row, dict):
        raise CorpusError(
            f"{file}, {place}, is {type(row).__name__} and no object: each row is one like"
            " {'text': …}"
        )
    return row


def _json(file: Path) -> list[Row]:
    try:
        rows = json.loads(read_text(file))
    except ValueError as error:
        raise CorpusError(f"{file} is not JSON ({error}): mend it") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise CorpusError(
            f"{file} holds no list of objects: each document is one like {{'text': …}}"
        )
    return rows[:ROWS]


def _parquet(file: Path) -> list[Row]:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        raise MissingExtra(
            f"{file} is a Parquet table, which needs: pip install layerfold[datasets]"
        ) from None
    try:
        return _rows_of(parquet.ParquetFile(file), file)
    except (ArrowException, OSError) as error:
        raise CorpusError(
            f"{file} cannot be read as Parquet ({error}): mend it, or save it as .jsonl"
        ) from error


def _rows_of(table: Any, file: Path) -> list[Row]:
    """The first rows of a Parquet table, a few at a time: a file of a kilobyte can tell of a
    billion rows, or of a million long ones.
    """
    groups = [table.metadata.row_group(n) for n in range(min(table.metadata.num_row_groups, ROWS))]
    largest = max(
        (
            group.column(n).total_uncompressed_size
            for group in groups
            for n in range(group.num_columns)
        ),
        default=0,
    )
    if largest > TABLE_BYTES:
        raise CorpusError(
            f"{file} has a column of {largest:,} bytes in one group; {TABLE_BYTES:,} are read:"
            " write it in smaller groups"
        )
    rows: list[Row] = []
    total = 0
    # no value is longer than its column
    at_once = max(1, min(PARQUET_ROWS, TABLE_BYTES // (largest + 1)))
    for batch in table.iter_batches(batch_size=at_once):
        total += batch.nbytes
        if total > TABLE_BYTES:
            raise CorpusError(
                f"{file} comes to more than {TABLE_BYTES:,} bytes in its first {len(rows):,} rows:"
                " give shorter ones"
            )
        rows += batch.to_pylist()
        if len(rows) >= ROWS:
            break
    return rows[:ROWS]


READERS: Final[Mapping[str, Callable[[Path], list[Row]]]] = {
    ".csv": lambda file: _separated(file, ","),
    ".tsv": lambda file: _separated(file, "\t"),
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".json": _json,
    ".parquet": _parquet,
}


# ---- Hugging Face datasets


def _datasets() -> Any:
    try:
        import datasets
    except ImportError:
        raise MissingExtra(
            "a Hugging Face dataset as corpus needs: pip install layerfold[datasets]"
        ) from None
    return datasets


def _hub_rows(name: str) -> list[Row]:
    """The rows of a dataset on a hub or in its cache: NAME, NAME:CONFIG, NAME@SPLIT; its own code
    is never run.
    """
    library = _datasets()
    name, _, split = name.partition("@")
    name, _, config = name.partition(":")
    try:
        return _first_rows(
            library.load_dataset(name, config or None, split=split or None, streaming=False)
        )
    except (ConnectionError, library.exceptions.DatasetNotFoundError) as error:
        words = " ".join(str(error).split())[:200]
        raise Unreachable(
            f"the dataset {name!r} cannot be fetched ({words}): check the name and the network, or"
            " log in for a gated one"
        ) from error
    except (ValueError, OSError, RuntimeError) as error:
        raise CorpusError(
            f"the dataset {name!r} cannot be read ({' '.join(str(error).split())[:200]})"
        ) from error


def _saved_rows(folder: Path) -> list[Row]:
    library = _datasets()
    try:
        return _first_rows(library.load_from_disk(str(folder)))
    except (ValueError, OSError, RuntimeError) as error:
        raise CorpusError(
            f"{folder} cannot be read as a saved dataset ({error}): save it again with save_to_disk"
        ) from error


def _first_rows(dataset: Any) -> list[Row]:
    """The first rows of a dataset, of its splits one after another."""
    parts: Iterator[Any] = iter(dataset.values() if hasattr(dataset, "values") else [dataset])
    rows: list[Row] = []
    for part in parts:
        named = {
            name: feature.int2str
            for name, feature in part.features.items()
            if hasattr(feature, "int2str")
        }
        for row in part.select(range(min(len(part), ROWS - len(rows)))):
            known = {
                name: said(row[name])
                for name, said in named.items()
                if row[name] is not None and row[name] >= 0
            }
            rows.append({**row, **known})
    return rows


# ---- columns


def _text_column(source: str, rows: Sequence[Row], wanted: str | None) -> str:
    names = list(rows[0]) if rows else []
    if wanted is not None:
        _check_columns(source, rows, (wanted,))
        return wanted
    usual = [name for name in TEXT_COLUMNS if name in names]
    worded = [name for name in names if all(isinstance(row.get(name), str) for row in rows[:100])]
    if usual or len(worded) == 1:
        return (usual or worded)[0]
    raise CorpusError(
        f"{source} has the columns {', '.join(names) or 'none'}: say with --column which of them is"
        " the text"
    )


def _check_columns(source: str, rows: Sequence[Row], wanted: Sequence[str]) -> None:
    for name in wanted:
        if rows and name not in rows[0]:
            raise CorpusError(f"{source} has no column {name!r}. It has {', '.join(rows[0])}.")


def _inked(value: Any) -> bool:
    return value is not None and bool(str(value).strip())


def _value(value: Any) -> str | float | None:
    """A cell as it colours a token: a number, words, or nothing."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int | float):
        return float(value)
    return str(value).strip()[:80]
