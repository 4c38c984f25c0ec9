"""Texts of a person's own for the reference: files, folders and tables, each document with where it
came from and its columns.

A text file is one document; a table (.csv, .tsv, .jsonl, .json, .parquet) has one in each row;
``hf:NAME[:CONFIG][@SPLIT]`` and a folder that ``datasets`` saved are tables too. Any but Parquet
may be packed by gzip, bzip2 or xz (.gz, .bz2, .xz).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from layerfold.data.arrow_tables import read_hub_dataset, read_parquet, read_saved_dataset
from layerfold.data.corpus import SUFFIXES
from layerfold.data.json_tables import read_json, read_json_lines
from layerfold.data.separated import read_separated
from layerfold.data.tables import Table
from layerfold.data.text_files import read_text
from layerfold.errors import CorpusError

DATASET: Final = "hf:"
SEPARATED: Final = (".csv", ".tsv")
READERS: Final[Mapping[str, Callable[[Path], Table]]] = {
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".json": read_json,
    ".parquet": read_parquet,
}
ROWS: Final = 200_000  # documents of one table: more than any reference takes
KNOWN: Final = (*SUFFIXES, *SEPARATED, *READERS)
PACKED: Final = (".gz", ".bz2", ".xz")  # that are read as they are
SEALED: Final = (".zip", ".zst", ".7z", ".lz4", ".rar", ".tar")


@dataclass(frozen=True)
class Documents:
    """``texts[i]`` came from ``sources[i]``; ``columns[name][i]`` is what the person's table says
    of it, None where it says nothing.
    """

    texts: tuple[str, ...]
    sources: tuple[str, ...]
    columns: Mapping[str, tuple[str | float | None, ...]]


def read_documents(
    where: str, column: str | None = None, labels: Sequence[str] = (), delimiter: str | None = None
) -> Documents:
    """The documents at ``where``, those without ink left out; ``column`` holds the text of a table,
    ``labels`` are further columns to keep, ``delimiter`` stands between the cells of a table
    whose own does not show. Of a table of over 200,000 rows it is a sample, even over the
    classes of the first label in words.

    Raises CorpusError: nothing there, no text in it, what cannot be read right, a column that is
    not there; MissingExtra, Unreachable for datasets.
    """
    tables, texts = _opened(where, delimiter)
    if not tables and (column or labels or delimiter):
        raise CorpusError(
            f"the corpus {where} is plain text and has no columns: leave out --column and --label,"
            " or give a table"
        )
    found = [
        (document.text, source, document.labels)
        for source, table in tables
        for document in table.documents(column, labels, ROWS)
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


def _opened(
    where: str, delimiter: str | None
) -> tuple[list[tuple[str, Table]], list[tuple[str, str]]]:
    """The tables and the plain texts at an address, each with the name of its source."""
    if where.startswith(DATASET):
        name = where.removeprefix(DATASET)
        return [(name, read_hub_dataset(name))], []
    path = Path(where)
    if not path.exists():
        raise CorpusError(
            f"there is no corpus at {where}: give a file, a folder, or hf:NAME for a Hugging Face"
            " dataset"
        )
    if (path / "dataset_info.json").is_file() or (path / "dataset_dict.json").is_file():
        return [(path.name, read_saved_dataset(path))], []
    files = (
        [path]
        if path.is_file()
        else sorted(file for file in path.rglob("*") if file.is_file() and _ending(file) in KNOWN)
    )
    if sealed := sorted(file for file in path.rglob("*") if _is_sealed(file)):
        raise CorpusError(
            f"the corpus folder {where} holds {sealed[0].name}, which is not unpacked: unpack it,"
            " or move it away"
        )
    if not files:
        raise CorpusError(
            f"the corpus folder {where} holds no text file ({', '.join(KNOWN)}): add some"
        )
    readers = {file: _reader(file, delimiter, alone=file == path) for file in files}
    tables = [(_named(file, path), read(file)) for file, read in readers.items() if read]
    texts = [(_named(file, path), read_text(file)) for file, read in readers.items() if not read]
    return tables, texts


def _reader(file: Path, delimiter: str | None, alone: bool) -> Callable[[Path], Table] | None:
    """What reads a file as a table: by its ending, or, of a file that was itself named, since a
    delimiter was; None for plain text.
    """
    ending = _ending(file)
    if ending in SEPARATED or (alone and delimiter and ending not in READERS):
        return lambda file: read_separated(file, delimiter)
    return READERS.get(ending)


def _plain(file: Path) -> Path:
    """A file's path without the ending of what packed it."""
    return file.with_suffix("") if file.suffix.lower() in PACKED else file


def _is_sealed(file: Path) -> bool:
    """Whether a file is a text or a table in an archive that is not opened here."""
    endings = [ending.lower() for ending in file.suffixes[-2:]]
    return len(endings) == 2 and endings[1] in SEALED and endings[0] in KNOWN


def _ending(file: Path) -> str:
    return _plain(file).suffix.lower()


def _named(file: Path, root: Path) -> str:
    """A source's name: the file's path inside the corpus, without its ending."""
    plain = _plain(file)
    return plain.stem if file == root else plain.relative_to(root).with_suffix("").as_posix()
