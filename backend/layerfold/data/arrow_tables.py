"""Tables that pyarrow reads: Parquet files, and Hugging Face datasets, which keep their rows the
same way."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from layerfold.data.cells import CONTENT
from layerfold.data.tables import LONGEST, Row, Table
from layerfold.errors import CorpusError, MissingExtra, Unreachable
from layerfold.model.huggingface.pointers import is_pointer

COLUMN_BYTES: Final = 1 << 30  # of a column in a row group, unpacked
PACKED: Final = 1000  # times its size that a file may unpack to; text unpacks to ten times
SMALL: Final = 64 << 20  # bytes that may unpack from however few
VALUES: Final = 20_000_000  # of a nested column in a row group
BATCH: Final = 512  # rows that are unpacked at once

# ---- Parquet


def _parquet() -> Any:
    try:
        from pyarrow import parquet
    except ImportError:
        raise MissingExtra(
            "a Parquet table as corpus needs: pip install layerfold[datasets]"
        ) from None
    return parquet


def read_parquet(file: Path) -> Table:
    """The table in a Parquet file, unpacked a few rows at a time.

    Raises CorpusError for a damaged file, and, before anything is unpacked, for sizes that it
    announces and that are out of bounds.
    """
    library = _parquet()
    if is_pointer(file):
        raise CorpusError(
            f"{file} is a Git LFS pointer and not the file itself: run git lfs pull in its folder"
        )
    try:
        with library.ParquetFile(file) as opened:
            rows, columns = opened.metadata.num_rows, worded_columns(opened.schema_arrow)
    except (ValueError, OSError) as error:
        raise _unreadable(file, error) from error
    if rows > LONGEST:
        raise CorpusError(f"{file} has {rows:,} rows, over {LONGEST:,}: give a part of it")
    return Table(str(file), columns if rows else {}, partial(_parquet_rows, file))


def _parquet_rows(file: Path, wanted: Sequence[str]) -> Iterator[tuple[int, Row]]:
    number = 0
    try:
        with _parquet().ParquetFile(file) as opened:
            for name in wanted:
                _check_column(file, opened, name)
            words = [
                name
                for name in wanted
                if "list<" not in str(kind := opened.schema_arrow.field(name).type)
                and _is_worded(kind)
            ]
            said = _classes(opened.schema_arrow, wanted)
        with _parquet().ParquetFile(
            file, read_dictionary=words
        ) as opened:  # a text that is often repeated is held once
            for batch in opened.iter_batches(BATCH, columns=list(wanted)):
                for at in range(batch.num_rows):
                    number += 1
                    row = {name: batch.column(name)[at].as_py() for name in wanted}
                    yield number, _with_classes(row, said)
    except (ValueError, OSError) as error:
        raise _unreadable(file, error) from error


def _check_column(file: Path, opened: Any, name: str) -> None:
    """Raises CorpusError where a column stands twice, or unpacks to more than its limits."""
    if opened.schema_arrow.names.count(name) > 1:
        raise CorpusError(f"{file} has several columns named {name!r}: rename one")
    most = min(COLUMN_BYTES, max(SMALL, PACKED * file.stat().st_size))
    for number in range(opened.metadata.num_row_groups):
        group = opened.metadata.row_group(number)
        parts = [group.column(at) for at in range(group.num_columns)]
        parts = [
            part
            for part in parts
            if part.path_in_schema == name or part.path_in_schema.startswith(f"{name}.")
        ]
        size, values = (
            sum(part.total_uncompressed_size for part in parts),
            max((part.num_values for part in parts), default=0),
        )
        if size > most or values > max(VALUES, group.num_rows):
            raise CorpusError(
                f"{file}, row group {number}: the column {name!r} unpacks to {size:,} bytes and "
                f"{values:,} values, "
                f"where {most:,} and {VALUES:,} are the most that is read: write it in smaller row "
                "groups"
            )


def _unreadable(file: Path, error: Exception) -> CorpusError:
    return CorpusError(
        f"{file} cannot be read as Parquet ({' '.join(str(error).split())[:200]}): mend it, or "
        "save it as .jsonl"
    )


def worded_columns(schema: Any) -> dict[str, bool]:
    """The columns of an Arrow schema, each with whether it could be the text: words, bytes, or a
    chat's messages."""
    return {field.name: _is_worded(field.type) for field in schema}


def _is_worded(kind: Any) -> bool:
    words = str(kind)
    if words.startswith("dictionary<"):
        return _is_worded(kind.value_type)
    if words.startswith(("list<", "large_list<")):
        inner = kind.value_type
        return (
            any(inner.get_field_index(name) >= 0 for name in CONTENT)
            if str(inner).startswith("struct<")
            else False
        )
    if words.startswith("struct<"):  # the lists of a chat's fields
        places = [kind.get_field_index(name) for name in CONTENT]
        return any(at >= 0 and "list<" in str(kind.field(at).type) for at in places)
    return words.removeprefix("large_") in ("string", "binary", "string_view", "binary_view")


def _classes(schema: Any, wanted: Sequence[str]) -> dict[str, Callable[[int], object]]:
    """What the numbers of columns of classes mean, where the library datasets wrote it down."""
    try:
        written = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        features = written["info"]["features"]
        names = {name: features[name]["names"] for name in wanted if "names" in features[name]}
        return {name: partial(_named, tuple(map(str, words))) for name, words in names.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _named(words: Sequence[str], number: int) -> object:
    return words[number] if isinstance(number, int) and number < len(words) else number


# ---- Hugging Face datasets


def _datasets() -> Any:
    try:
        import datasets
    except ImportError:
        raise MissingExtra(
            "a Hugging Face dataset as corpus needs: pip install layerfold[datasets]"
        ) from None
    return datasets


def read_hub_dataset(name: str) -> Table:
    """A dataset on a hub or in its cache: NAME, NAME:CONFIG, NAME@SPLIT; its own code is never run.

    Raises MissingExtra, Unreachable, CorpusError.
    """
    library = _datasets()
    words = name
    name, _, split = name.partition("@")
    name, _, config = name.partition(":")
    try:
        return _table(
            words, library.load_dataset(name, config or None, split=split or None, streaming=False)
        )
    except (ConnectionError, library.exceptions.DatasetNotFoundError) as error:
        reason = " ".join(str(error).split())[:200]
        raise Unreachable(
            f"the dataset {name!r} cannot be fetched ({reason}): check the name and the network, "
            "or log in for a gated one"
        ) from error
    except (ValueError, OSError, RuntimeError) as error:
        raise CorpusError(
            f"the dataset {name!r} cannot be read ({' '.join(str(error).split())[:200]})"
        ) from error


def read_saved_dataset(folder: Path) -> Table:
    """A dataset that ``save_to_disk`` wrote. Raises MissingExtra, CorpusError."""
    library = _datasets()
    try:
        return _table(str(folder), library.load_from_disk(str(folder)))
    except Exception as error:  # the library trusts its own files, and fails as it happens
        why = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise CorpusError(
            f"{folder} cannot be read as a saved dataset ({why}): save it again with save_to_disk"
        ) from error


def _table(name: str, dataset: Any) -> Table:
    """The rows of a dataset, of its splits one after another."""
    parts = list(dataset.values()) if hasattr(dataset, "values") else [dataset]
    columns = {
        name: could
        for part in parts
        if len(part)
        for name, could in worded_columns(part.features.arrow_schema).items()
    }
    return Table(name, columns, partial(_dataset_rows, parts))


def _dataset_rows(parts: Sequence[Any], wanted: Sequence[str]) -> Iterator[tuple[int, Row]]:
    number = 0
    for part in parts:
        names = [name for name in wanted if name in part.column_names]
        said = {
            name: part.features[name].int2str
            for name in names
            if hasattr(part.features[name], "int2str")
        }
        for batch in part.select_columns(names).iter(BATCH) if names else ():
            for cells in zip(*batch.values(), strict=True):
                number += 1
                yield number, _with_classes(dict(zip(batch, cells, strict=True)), said)


def _with_classes(row: dict[str, Any], said: Mapping[str, Any]) -> Row:
    """The row with its classes by name; those that are not there keep their number."""
    return {
        **row,
        **{
            name: word(row[name])
            for name, word in said.items()
            if row[name] is not None and row[name] >= 0
        },
    }
