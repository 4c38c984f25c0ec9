"""Tables as people have them: read right, or refused by what is wrong with them."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from layerfold.data import documents as module
from layerfold.data.documents import Documents, read_documents
from layerfold.data.row_sample import Document, RowSample
from layerfold.errors import CorpusError

TEXTS = [
    f"The old bridge was closed, and day {n} of the march began; she counted the coins."
    for n in range(40)
]


def read(path: Path, data: str | bytes, *labels: str, **options: Any) -> Documents:
    """The documents of a file with these bytes."""
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return read_documents(str(path), labels=labels, **options)


def json_lines(*rows: Any) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


# ---- delimiters


def test_a_table_with_semicolons_keeps_its_texts_whole(tmp_path: Path) -> None:
    found = read(
        tmp_path / "a.csv", "text;label\n" + "".join(f"{text};pos\n" for text in TEXTS), "label"
    )
    assert found.texts == tuple(TEXTS)
    assert found.columns == {"label": ("pos",) * 40}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ending", [".csv", ".tsv"])
def test_what_a_writer_of_tables_wrote_is_read_by_any_delimiter(
    tmp_path: Path, delimiter: str, ending: str
) -> None:
    texts = [
        *TEXTS[:5],
        'He said "no", and left.',
        "Two\nlines; and, more",
        "a | b",
        "tab\there",
        '"Quoted"',
    ]
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows(
        [("label", "text"), *((str(n), text) for n, text in enumerate(texts))]
    )
    found = read(tmp_path / f"a{ending}", file.getvalue(), "label")
    assert found.texts == tuple(texts)
    assert found.columns["label"] == tuple(map(str, range(len(texts))))


def test_a_delimiter_is_named_where_two_would_do(tmp_path: Path) -> None:
    data = "text;more,label\none;two,a\nthree;four,b\n"
    with pytest.raises(CorpusError, match=r"could be cut at ',' or at ';'.*--delimiter"):
        read(tmp_path / "a.csv", data)
    assert read(tmp_path / "a.csv", data, delimiter="semicolon").texts == ("one", "three")
    assert read(tmp_path / "b.txt", "text\tn\nfour\t5\n", "n", delimiter="tab").columns["n"] == (
        "5",
    )
    with pytest.raises(CorpusError, match="no delimiter"):
        read(tmp_path / "a.csv", data, delimiter="::")


def test_a_spreadsheet_may_say_its_delimiter_itself(tmp_path: Path) -> None:
    assert read(tmp_path / "a.csv", "sep=|\ntext|label\r\nwell, no|a\r\n", "label").texts == (
        "well, no",
    )


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("text,label\none,a\ntwo,b,c\n", r"line 3, has 3 cells where the header has 2, cut at ','"),
        ("text,label\none,a\ntwo\n", r"line 3, has 1 cells where the header has 2"),
        ("text\nHello,world\n", r"line 2, has 2 cells where the header has 1"),
        ('text,label\n"a\nb",x\nc,d,e\n', r"line 4, has 3 cells"),
        ('text,label\n"one,a\ntwo, and more,b,c\n', r"after the row in line 1, unexpected end"),
        ("text,text\none,a\n", "2 columns named 'text'"),
        ("The bridge was closed and day one began\nThe bridge was open\n", "put a line with text"),
    ],
)
def test_a_table_that_would_be_cut_wrong_is_refused_with_its_line(
    tmp_path: Path, data: str, words: str
) -> None:
    with pytest.raises(CorpusError, match=words):
        read(tmp_path / "a.csv", data)


# ---- quotes


def rows_with_stray_quotes(delimiter: str) -> str:
    rows = [f"{text}{delimiter}{'neg' if n % 3 else 'pos'}" for n, text in enumerate(TEXTS)]
    rows[3] = f'"{rows[3]}'
    rows[17] = rows[17].replace(f".{delimiter}", f'."{delimiter}')
    return f"text{delimiter}label\n" + "\n".join(rows) + "\n"


def test_quotes_that_do_not_pair_are_part_of_the_text_where_tabs_part_cells(
    tmp_path: Path,
) -> None:
    found = read(tmp_path / "dialogue.tsv", rows_with_stray_quotes("\t"), "label")
    assert len(found.texts) == 40
    assert (found.texts[3], found.texts[17]) == (f'"{TEXTS[3]}', f'{TEXTS[17]}"')
    assert Counter(found.columns["label"]) == {"neg": 26, "pos": 14}
    odd = read(tmp_path / "odd.tsv", 'text\tlabel\n"Well, he said\ta\nyes\tb\n', "label")
    assert odd.texts == ('"Well, he said', "yes")
    inner = read(tmp_path / "inner.tsv", 'text\tlabel\n"Well" he said\ta\nyes\tb\n', "label")
    assert inner.texts == ('"Well" he said', "yes")


@pytest.mark.parametrize("delimiter", [",", "|"])
def test_quotes_that_swallow_rows_are_refused_elsewhere(tmp_path: Path, delimiter: str) -> None:
    data = rows_with_stray_quotes(delimiter).replace("closed, and", "closed and")
    with pytest.raises(CorpusError, match="line 5: a quote opens here and closes on a later line"):
        read(tmp_path / "a.csv", data, "label")
    numbered = "id,text\n" + "".join(f"{n},Day {n}\n" for n in range(9))
    with pytest.raises(CorpusError, match="line 3: a quote opens"):
        read(tmp_path / "b.csv", numbered.replace("Day 1", '"Day 1').replace("Day 4", 'Day 4"'))


def test_a_letter_over_several_lines_is_no_swallowed_row(tmp_path: Path) -> None:
    rows = "".join(
        f'"Dear Sir,\nI write on day {n}",{"pos" if n % 2 else "neg"}\nyes,neg\n' for n in range(9)
    )
    found = read(tmp_path / "a.csv", "text,label\n" + rows, "label")
    assert len(found.texts) == 18
    assert found.texts[0] == "Dear Sir,\nI write on day 0"


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


# ---- bytes


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".txt"])
def test_text_that_says_its_encoding_is_read_by_it(
    tmp_path: Path, encoding: str, ending: str
) -> None:
    text = "Ein Mädchen sah 橋."
    data = {".csv": f"text,label\n{text},a\n", ".jsonl": json_lines({"text": text}), ".txt": text}[
        ending
    ]
    assert read(tmp_path / f"a{ending}", data.encode(encoding)).texts == (text,)


def test_gzip_is_unpacked_whatever_the_name(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv.gz").write_bytes(gzip.compress(b"text\nOne.\n"))
    (tmp_path / "in" / "b.jsonl.gz").write_bytes(gzip.compress(b'{"text": "Two."}'))
    (tmp_path / "in" / "c.txt.gz").write_bytes(gzip.compress("Three.".encode("utf-16")))
    (tmp_path / "in" / "d.json").write_bytes(gzip.compress(b'[{"text": "Four."}]'))
    found = read_documents(str(tmp_path / "in"))
    assert dict(zip(found.sources, found.texts, strict=True)) == {
        "a": "One.",
        "b": "Two.",
        "c": "Three.",
        "d": "Four.",
    }


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        (
            "a.csv.gz",
            gzip.compress(b"text\n" + b"some words\n" * 5000, mtime=0)[:-30],
            "damaged or cut short",
        ),
        ("a.txt.gz", gzip.compress(b"some words" * 5000, mtime=0)[:40], "damaged or cut short"),
        ("a.csv", "text\né\n".encode("utf-16-le"), "UTF-16 without its mark"),
        ("a.txt", "é".encode("utf-16") + b"x", "cannot be decoded|not UTF-16"),
        ("a.csv", b"text\nfine\n\xe9\n", r"a\.csv is not UTF-8 text"),
        ("a.csv", b"PK\x03\x04 a spreadsheet", "a zip archive or a spreadsheet"),
        ("a.csv.zst", b"\x28\xb5\x2f\xfd123", "compressed by zstandard"),
        ("a.txt", b"PAR1 123", "a Parquet table under another name"),
    ],
)
def test_bytes_that_are_no_text_are_named(
    tmp_path: Path, name: str, data: bytes, words: str
) -> None:
    with pytest.raises(CorpusError, match=words):
        read(tmp_path / name, data)


# ---- long tables


def test_a_long_table_is_sampled_evenly_by_class_over_the_whole_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROWS", 300)
    rows = "".join(
        f"Day {n},{'rare' if n >= 5950 else 'first' if n < 3000 else 'second'}\n"
        for n in range(6000)
    )
    found = read(tmp_path / "a.csv", "text,label\n" + rows, "label")
    assert Counter(found.columns["label"]) == {"first": 125, "second": 125, "rare": 50}
    days = [int(text.split()[1]) for text in found.texts]
    assert days == sorted(days)
    assert (
        abs(sum(day for day in days if day < 3000) / 125 - 1500) < 300
    )  # four standard errors are 310
    assert read_documents(str(tmp_path / "a.csv"), labels=("label",)) == found
    plain = read_documents(str(tmp_path / "a.csv"))
    assert len(plain.texts) == 300
    assert sum(int(text.split()[1]) for text in plain.texts) / 300 == pytest.approx(3000, abs=400)


def test_a_sample_taken_bit_by_bit_is_the_sample_of_all_at_once() -> None:
    rows = [
        (Document(str(n), ()), "abc"[(n * n) % 7 % 3] if n < 900 else "late") for n in range(1000)
    ]
    some, all_at_once = RowSample(50), RowSample(50)
    all_at_once._thin = lambda: None  # type: ignore[method-assign]
    for document, kind in rows:
        some.add(document, kind)
        all_at_once.add(document, kind)
    del all_at_once._thin  # type: ignore[attr-defined]
    assert some.documents() == all_at_once.documents()
    assert len(some.documents()) == 50


def test_more_classes_than_places_are_sampled_too() -> None:
    sample = RowSample(20)
    for n in range(200):
        sample.add(Document(str(n), ()), n)
    assert len({document.text for document in sample.documents()}) == 20


def test_long_texts_leave_room_for_fewer() -> None:
    sample = RowSample(100, characters=1000)
    for n in range(150):
        sample.add(Document(f"{n:030}", ()))
    assert sum(len(document.text) for document in sample.documents()) <= 1000
    assert len(sample.documents()) == 33


def test_a_parquet_of_few_bytes_takes_no_more_memory_than_it_should(tmp_path: Path) -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    packed = tmp_path / "packed.parquet"
    parquet.write_table(
        arrow.table({"id": [1], "text": ["x" * 70_000_000]}), packed, compression="zstd"
    )
    assert packed.stat().st_size < 20_000
    with pytest.raises(
        CorpusError, match=r"row group 0: the column 'text' unpacks to 70,000,0\d\d bytes"
    ):
        read_documents(str(packed), column="text")
    repeated = arrow.DictionaryArray.from_arrays(
        arrow.array([0] * 4_000, arrow.int32()), ["x" * 5000]
    )
    parquet.write_table(arrow.table({"text": repeated}), tmp_path / "repeated.parquet")
    before = arrow.total_allocated_bytes()
    table = module.read_parquet(tmp_path / "repeated.parquet")
    count = 0
    for _, row in table.rows(["text"]):
        count += len(row["text"])
        assert arrow.total_allocated_bytes() - before < 5_000_000  # whole it is 20 MB
    assert count == 20_000_000


def test_a_parquet_column_that_stands_twice_is_refused(tmp_path: Path) -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(
        arrow.Table.from_arrays([arrow.array(["a"]), arrow.array(["b"])], ["text", "text"]),
        tmp_path / "a.parquet",
    )
    with pytest.raises(CorpusError, match="several columns named 'text'"):
        read_documents(str(tmp_path / "a.parquet"))
