"""Tables as bytes of any encoding or packing, and tables too long to be read whole."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from layerfold.data import documents as module
from layerfold.data.documents import read_documents
from layerfold.data.row_sample import Document, RowSample
from layerfold.errors import CorpusError
from tests.data.tables import TEXTS, json_lines, read

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


def test_classes_of_a_parquet_are_called_by_the_names_that_came_with_it(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    labels = [0, 1, None, -1]
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["calm", "storm"])}
    )
    table = datasets.Dataset.from_dict({"text": TEXTS[:4], "label": labels}, features)
    table.to_parquet(str(tmp_path / "a.parquet"))
    read_again = read_documents(str(tmp_path / "a.parquet"), labels=["label"])
    table.save_to_disk(str(tmp_path / "saved"))
    saved = read_documents(str(tmp_path / "saved"), labels=["label"])
    assert read_again.columns["label"][:3] == ("calm", "storm", None)
    assert read_again.columns == saved.columns


def test_a_saved_dataset_that_lacks_a_part_is_refused(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    datasets.Dataset.from_dict({"text": TEXTS}).save_to_disk(str(tmp_path / "saved"))
    state = tmp_path / "saved" / "state.json"
    said = json.loads(state.read_text("utf-8"))
    del said["_split"]
    state.write_text(json.dumps(said), "utf-8")
    with pytest.raises(CorpusError, match="cannot be read as a saved dataset"):
        read_documents(str(tmp_path / "saved"))
