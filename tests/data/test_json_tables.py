"""Tables as JSON, and their cells: each document whole, or the row and column named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from layerfold.data.documents import read_documents
from layerfold.errors import CorpusError
from tests.data.tables import TEXTS, json_lines, read

# ---- JSON


def test_a_line_separator_within_a_text_ends_no_row(tmp_path: Path) -> None:
    texts = [f"{text}\u2028more\x85and\x0cmore" for text in TEXTS]
    assert read(
        tmp_path / "a.jsonl", json_lines(*({"text": text} for text in texts))
    ).texts == tuple(texts)
    assert read(
        tmp_path / "a.csv", "text\n" + "".join(f'"{text}"\n' for text in texts)
    ).texts == tuple(texts)


def test_columns_are_those_of_all_rows(tmp_path: Path) -> None:
    late = json_lines(
        *({"text": text, **({"topic": "x"} if n else {})} for n, text in enumerate(TEXTS))
    )
    assert read(tmp_path / "a.jsonl", late, "topic").columns == {"topic": (None, *["x"] * 39)}
    rows = (
        {"id": n, "source": "web", **({"text": text} if n else {"title": "none"})}
        for n, text in enumerate(TEXTS)
    )
    assert read(tmp_path / "b.jsonl", json_lines(*rows)).texts == tuple(TEXTS[1:])
    rare = json_lines({"body": "one", "text": "x"}, {"body": "two"}, {"body": "three"})
    with pytest.raises(CorpusError, match="nothing in the column 'text' of 2 of its 3 rows"):
        read(tmp_path / "c.jsonl", rare)
    assert read(tmp_path / "c.jsonl", rare, column="body").texts == ("one", "two", "three")


def test_texts_under_two_names_that_differ_in_capitals_are_not_halved(tmp_path: Path) -> None:
    rows = [{"text" if n % 2 else "Text": one} for n, one in enumerate(TEXTS)]
    with pytest.raises(CorpusError, match=r"Text, text, which differ in capitals alone"):
        read(tmp_path / "a.jsonl", json_lines(*rows))
    chosen = read(tmp_path / "a.jsonl", json_lines(*rows), column="text")
    assert chosen.texts == tuple(TEXTS[1::2])


RECORDS = [{"text": "One day.", "label": "a"}, {"text": "Two days.", "label": "b"}]
SHAPES: dict[str, Any] = {
    "records": RECORDS,
    "split": {
        "columns": ["text", "label"],
        "index": [0, 1],
        "data": [["One day.", "a"], ["Two days.", "b"]],
    },
    "columns": {"text": {"0": "One day.", "1": "Two days."}, "label": {"0": "a", "1": "b"}},
    "index": {"0": RECORDS[0], "1": RECORDS[1]},
    "list": {"text": ["One day.", "Two days."], "label": ["a", "b"]},
    "table": {"schema": {"fields": []}, "data": RECORDS},
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_shapes_that_pandas_writes_are_one_table(tmp_path: Path, shape: str) -> None:
    found = read(tmp_path / "a.json", json.dumps(SHAPES[shape], indent=1), "label")
    assert (found.texts, found.columns) == (("One day.", "Two days."), {"label": ("a", "b")})


def test_lines_under_the_ending_of_one_value_are_lines(tmp_path: Path) -> None:
    assert read(tmp_path / "a.json", json_lines(*RECORDS)).texts == ("One day.", "Two days.")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([["One day."], ["Two days."]], "but a list of list"),
        (["One day.", "Two."], "but a list of str"),
        ({"version": 1, "rows": RECORDS}, "but an object of 'version', 'rows'"),
        ({"x": {"text": "One."}, "y": {"text": "Two."}}, "which of them are rows cannot be told"),
        ({"columns": ["text"], "data": [["a", "b"]]}, "row 1 of its data, does not have 1 cells"),
        ({"columns": ["text", "text"], "data": []}, "one name twice"),
        ({"text": ["a", "b"], "label": ["c"]}, "but an object of 'text', 'label'"),
    ],
)
def test_another_shape_is_named(tmp_path: Path, value: Any, words: str) -> None:
    with pytest.raises(CorpusError, match=words):
        read(tmp_path / "a.json", json.dumps(value))


def test_json_too_deep_to_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="line 1, is not JSON"):
        read(tmp_path / "a.jsonl", '{"text": ' + "[" * 100_000)


# ---- cells


def test_bytes_are_decoded_or_refused(tmp_path: Path) -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "a.parquet"
    parquet.write_table(
        arrow.table({"text": [text.encode() for text in TEXTS], "by": [b"me"] * 40}), path
    )
    found = read_documents(str(path), labels=("by",))
    assert found.texts == tuple(TEXTS)
    assert found.columns["by"] == ("me",) * 40
    parquet.write_table(arrow.table({"text": [b"one", "é".encode("latin-1")]}), path)
    with pytest.raises(
        CorpusError, match=r"row 2: the column 'text' holds bytes that are not UTF-8"
    ):
        read_documents(str(path))


CHATS: list[Any] = [
    [{"role": "user", "content": "Hello."}, {"role": "assistant", "content": "Good day."}],
    [{"from": "human", "value": "Hello."}, {"from": "gpt", "value": "Good day."}],
    [
        {"role": "user", "content": [{"type": "text", "text": "Hello."}, {"type": "image"}]},
        {"role": "assistant", "content": "Good day."},
    ],
    [
        {"role": "user", "content": "Hello."},
        {"role": "tool", "content": None},
        {"role": "assistant", "content": "Good day."},
    ],
    {"role": ["user", "assistant"], "content": ["Hello.", "Good day."]},
]


@pytest.mark.parametrize("chat", CHATS)
def test_the_messages_of_a_chat_are_one_text(tmp_path: Path, chat: Any) -> None:
    assert read(tmp_path / "a.jsonl", json_lines({"id": 1, "messages": chat})).texts == (
        "Hello.\n\nGood day.",
    )
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    if isinstance(chat, list) and isinstance(chat[0].get("content"), list):
        return  # Arrow has no column of words and lists
    parquet.write_table(
        arrow.Table.from_pylist([{"id": 1, "messages": chat}]), tmp_path / "a.parquet"
    )
    assert read_documents(str(tmp_path / "a.parquet")).texts == ("Hello.\n\nGood day.",)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (
            {"en": "Hello", "de": "Hallo"},
            r"line 1: the column 'text' holds an object \(en, de\) and no text",
        ),
        (["EU", "rejects"], "holds a list of str and no text"),
        ([{"speaker": "a"}], "holds a list of dict and no text"),
        ([], "an empty list"),
        ("half \ud83d", r"half a character \(\\ud83d at 5\)"),
    ],
)
def test_a_cell_that_is_no_text_is_named(tmp_path: Path, cell: Any, words: str) -> None:
    with pytest.raises(CorpusError, match=words):
        read(tmp_path / "a.jsonl", json.dumps({"text": cell}))


def test_a_label_is_words_a_number_or_nothing(tmp_path: Path) -> None:
    cells = [1, 2.5, True, "x", None, float("nan"), 2**53 + 1, 10**400]
    rows = json_lines(*({"text": "Words.", "of": cell} for cell in cells))
    wanted = (1.0, 2.5, "True", "x", None, None, str(2**53 + 1), str(10**400)[:80])
    assert read(tmp_path / "a.jsonl", rows, "of").columns["of"] == wanted
    with pytest.raises(
        CorpusError, match=r"line 1: the column 'of' holds an object \(a\), which is no color"
    ):
        read(tmp_path / "a.jsonl", json_lines({"text": "Words.", "of": {"a": 1}}), "of")
