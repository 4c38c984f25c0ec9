"""A person's own text: read from files, folders and tables, and what cannot be read is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from layerfold.data import documents as module
from layerfold.data.documents import read_documents
from layerfold.errors import CorpusError, MissingExtra, Unreachable

ROWS: list[dict[str, Any]] = [
    {"text": "The bank of the river.", "topic": "water", "year": 1851},
    {"text": "The bank lent money.", "topic": "money", "year": None},
]


def test_a_text_file_is_one_document_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "whale.txt").write_text("Call me Ishmael.\n")
    found = read_documents(str(tmp_path / "whale.txt"))
    assert (found.texts, found.sources, found.columns) == (("Call me Ishmael.\n",), ("whale",), {})


def test_a_folder_holds_texts_and_tables_side_by_side(tmp_path: Path) -> None:
    (tmp_path / "sea").mkdir()
    (tmp_path / "sea" / "whale.md").write_text("Call me Ishmael.")
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    found = read_documents(str(tmp_path), labels=("topic",))
    assert found.sources == ("rows", "rows", "sea/whale")
    assert found.columns == {"topic": ("water", "money", None)}


def write_table(path: Path) -> Path:
    """The rows, in the format that the name says."""
    if path.suffix == ".parquet":
        pyarrow = pytest.importorskip("pyarrow")
        from pyarrow import parquet

        parquet.write_table(pyarrow.Table.from_pylist(ROWS), path)
    elif path.suffix == ".json":
        path.write_text(json.dumps(ROWS))
    elif path.suffix in (".jsonl", ".ndjson"):
        path.write_text("\n".join(json.dumps(row) for row in ROWS) + "\n\n")
    else:
        mark = "," if path.suffix == ".csv" else "\t"
        rows = [list(ROWS[0]), *([row["text"], row["topic"], row["year"] or ""] for row in ROWS)]
        path.write_text("\n".join(mark.join(map(str, row)) for row in rows))
    return path


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet"])
def test_every_kind_of_table_gives_the_same_documents(tmp_path: Path, ending: str) -> None:
    found = read_documents(str(write_table(tmp_path / f"rows{ending}")), labels=("topic", "year"))
    assert found.texts == tuple(row["text"] for row in ROWS)
    assert found.columns["topic"] == ("water", "money")
    assert found.columns["year"] == (
        ("1851", None) if ending in (".csv", ".tsv") else (1851.0, None)
    )


def test_rows_without_ink_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("text,topic\n  ,a\nSome words,b\n,c\n")
    found = read_documents(str(tmp_path / "rows.csv"), labels=("topic",))
    assert (found.texts, found.columns) == (("Some words",), {"topic": ("b",)})


def test_the_text_is_the_named_column_or_the_usual_one_or_the_only_one(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"body": "One.", "text": "Two."}))
    (tmp_path / "b.jsonl").write_text(json.dumps({"review": "Three.", "stars": 4}))
    assert read_documents(str(tmp_path / "a.jsonl")).texts == ("Two.",)
    assert read_documents(str(tmp_path / "a.jsonl"), column="body").texts == ("One.",)
    assert read_documents(str(tmp_path / "b.jsonl")).texts == ("Three.",)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("none.txt", None, "no corpus at"),
        ("empty.txt", b"", "empty"),
        ("blank.csv", b"text\n \n", "empty"),
        ("headed.csv", b"text\n", "no rows"),
        ("latin.txt", "é".encode("latin-1"), "not UTF-8"),
        ("latin.csv", b"text\n\xe9\n", "not UTF-8"),
        ("two.jsonl", b'{"first": "a", "second": "b"}', "say with --column"),
        ("list.jsonl", b"[1, 2]", "line 1, is list and no object"),
        ("cut.jsonl", b'{"text": "a"}\n{"text": ', "line 2, is not JSON"),
        ("object.json", b'{"text": "a"}', "no list of objects"),
        ("cut.json", b"[{", "not JSON"),
        ("broken.parquet", b"PAR1 and no more", "cannot be read as Parquet"),
        ("quote.csv", b'text\n"a"b\n', "cannot be read as a table"),
    ],
)
def test_what_cannot_be_read_is_said(
    tmp_path: Path, name: str, data: bytes | None, words: str
) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(CorpusError, match=words):
        read_documents(str(tmp_path / name))


def test_a_column_that_is_not_there_is_said_with_those_that_are(tmp_path: Path) -> None:
    path = str(write_table(tmp_path / "rows.csv"))
    with pytest.raises(CorpusError, match=r"no column 'labels'\. It has text, topic, year"):
        read_documents(path, labels=("labels",))
    with pytest.raises(CorpusError, match="no column 'body'"):
        read_documents(path, column="body")
    (tmp_path / "plain.txt").write_text("No columns here.")
    with pytest.raises(CorpusError, match="has no columns"):
        read_documents(str(tmp_path / "plain.txt"), labels=("topic",))


def test_a_saved_dataset_is_a_table(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    table = datasets.Dataset.from_list(ROWS)
    table.save_to_disk(str(tmp_path / "one"))
    datasets.DatasetDict({"train": table, "test": table}).save_to_disk(str(tmp_path / "parts"))
    assert read_documents(str(tmp_path / "one"), labels=("year",)).columns == {
        "year": (1851.0, None)
    }
    assert len(read_documents(str(tmp_path / "parts")).texts) == 4
    (tmp_path / "one" / "state.json").unlink()
    with pytest.raises(CorpusError, match="cannot be read as a saved dataset"):
        read_documents(str(tmp_path / "one"))


def test_the_classes_of_a_dataset_are_told_by_name(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["calm", "storm"])}
    )
    table = datasets.Dataset.from_list(
        [
            {"text": "One.", "label": 1},
            {"text": "Two.", "label": 0},
            {"text": "Three.", "label": -1},
        ],
        features,
    )
    table.save_to_disk(str(tmp_path / "named"))
    assert read_documents(str(tmp_path / "named"), labels=("label",)).columns == {
        "label": ("storm", "calm", -1.0)
    }


def test_a_dataset_of_a_hub_is_asked_for_by_name_configuration_and_split(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    datasets = pytest.importorskip("datasets")
    asked: list[Any] = []

    def load(*names: Any, **options: Any) -> Any:
        asked.append((names, options))
        return datasets.Dataset.from_list(ROWS)

    monkeypatch.setattr(datasets, "load_dataset", load)
    assert (
        read_documents("hf:org/words:plain@train[:10%]").sources
        == ("org/words:plain@train[:10%]",) * 2
    )
    assert asked == [(("org/words", "plain"), {"split": "train[:10%]", "streaming": False})]


def test_a_dataset_out_of_reach_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets")

    def load(*_: Any, **__: Any) -> Any:
        raise ConnectionError("Couldn't reach 'org/words' on the Hub")

    monkeypatch.setattr(datasets, "load_dataset", load)
    with pytest.raises(Unreachable, match="check the name and the network"):
        read_documents("hf:org/words")


def test_without_the_library_the_way_to_get_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "datasets", None)
    with pytest.raises(MissingExtra, match=r"pip install layerfold\[datasets\]"):
        read_documents("hf:org/words")


def test_only_so_many_rows_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROWS", 3)
    (tmp_path / "rows.csv").write_text("text\n" + "some words\n" * 9)
    (tmp_path / "rows.jsonl").write_text('{"text": "some words"}\n' * 9)
    assert len(read_documents(str(tmp_path)).texts) == 6
