"""Tables and texts that would be read wrong without a word: read right, or named for what they
are.
"""

from __future__ import annotations

import bz2
import io
import json
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from layerfold.data.documents import read_documents
from layerfold.errors import CorpusError

TEXTS = [f"On day {n} she counted the coins, and he said nothing." for n in range(12)]
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 437967872\n"


def json_lines(rows: Any) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def refused(path: Path, data: str | bytes, why: str, **options: Any) -> None:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    with pytest.raises(CorpusError, match=why):
        read_documents(str(path), **options)


@pytest.mark.parametrize("mark", ["~", "^", ":", "::", "\x01", "\x1f"])
def test_cells_that_an_unusual_sign_parts_are_not_one_text(tmp_path: Path, mark: str) -> None:
    path = tmp_path / "a.csv"
    table = f"text{mark}label\n" + "".join(f"{text}{mark}pos\n" for text in TEXTS)
    refused(path, table, "one column, .* in every line: say what parts its cells")
    if len(mark) == 1:
        found = read_documents(str(path), labels=["label"], delimiter=mark)
        assert (found.texts, found.columns["label"][0]) == (tuple(TEXTS), "pos")


def test_a_table_quoted_by_apostrophes_is_refused(tmp_path: Path) -> None:
    table = "text,label\n" + "".join(f"'{text}',pos\n" for text in TEXTS)
    refused(tmp_path / "a.csv", table, "puts cells between apostrophes")


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_tables_that_were_put_one_after_another_are_refused(tmp_path: Path, mark: str) -> None:
    table = 'text,label\n"One.",pos\n"Two.",neg\n'
    refused(tmp_path / "a.csv", table + mark + table, "line 4, is its header again")


def test_the_nothing_of_databases_is_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("text\tlabel\n" + "".join(f"{text}\t\\N\n" for text in TEXTS))
    assert read_documents(str(path), labels=["label"]).columns["label"] == (None,) * len(TEXTS)


@pytest.mark.parametrize(
    ("encoding", "text", "why"),
    [
        ("iso2022-jp", "日本語です\n", "ISO-2022 text"),
        ("hz", "春眠不觉晓\n", "HZ text"),
        ("utf-7", "春眠不觉晓\n", "UTF-7 text"),
        ("latin-1", "naïve\n", "not UTF-8 text"),
        ("gb18030", "春眠\n", "not UTF-8 text"),
        ("utf-16-le", "春眠 a\n", "UTF-16 without its mark"),
    ],
)
@pytest.mark.parametrize("ending", [".txt", ".csv", ".jsonl"])
def test_other_encodings_are_named(
    tmp_path: Path, encoding: str, text: str, why: str, ending: str
) -> None:
    refused(tmp_path / f"a{ending}", (text * 9).encode(encoding), why)


def test_plus_signs_and_braces_of_ascii_are_text(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a+b-c and x+foo, +491701234567\n~{home} C++-like\n" * 9)
    assert len(read_documents(str(tmp_path / "a.txt")).texts) == 1


@pytest.mark.parametrize("ending", [".csv", ".txt", ".jsonl", ".json", ".parquet", ".md"])
def test_a_pointer_of_git_lfs_is_no_text(tmp_path: Path, ending: str) -> None:
    refused(tmp_path / f"a{ending}", POINTER, "Git LFS pointer .*: run git lfs pull")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"<!DOCTYPE html>\n<html><body>Sign in</body></html>", "a web page"),
        (b"%PDF-1.7\nhello\n", "a PDF document"),
        (b"{\\rtf1\\ansi hello}", "an RTF document"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(9), "an older spreadsheet"),
        (b"7z\xbc\xaf'\x1c", "a 7z archive"),
    ],
)
def test_files_of_other_kinds_are_named(tmp_path: Path, data: bytes, why: str) -> None:
    refused(tmp_path / "a.csv", data, why)


@pytest.mark.parametrize(("ending", "pack"), [(".bz2", bz2.compress), (".xz", lzma.compress)])
def test_what_the_library_unpacks_is_unpacked(
    tmp_path: Path, ending: str, pack: Callable[[bytes], bytes]
) -> None:
    packed = pack(json_lines({"text": text} for text in TEXTS).encode())
    (tmp_path / f"a.jsonl{ending}").write_bytes(packed)
    for where in (tmp_path / f"a.jsonl{ending}", tmp_path):
        assert read_documents(str(where)).texts == tuple(TEXTS)
    refused(tmp_path / f"a.jsonl{ending}", packed[:-9], "damaged or cut short")


def test_archives_are_named_and_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("A text.")
    (tmp_path / "a.jsonl.zst").write_bytes(b"\x28\xb5\x2f\xfd")
    with pytest.raises(CorpusError, match=r"holds a\.jsonl\.zst, which is not unpacked"):
        read_documents(str(tmp_path))
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        tar.addfile(tarfile.TarInfo("a.txt"))
    refused(tmp_path / "c.txt.gz", packed.getvalue(), "a tar archive")


def test_a_name_that_stands_twice_in_an_object_is_refused(tmp_path: Path) -> None:
    refused(tmp_path / "a.jsonl", '{"text": "one", "text": "two"}\n', "names 'text' twice")
    refused(tmp_path / "a.json", '[{"text": "one", "text": "two"}]', "names 'text' twice")


CHAT = [{"role": "user", "content": "Hello."}, {"role": "assistant", "content": "It's me."}]


@pytest.mark.parametrize("written", [json.dumps, str], ids=["JSON", "Python"])
def test_a_chat_that_was_written_as_text_is_one_text(
    tmp_path: Path, written: Callable[[Any], str]
) -> None:
    (tmp_path / "a.jsonl").write_text(json_lines([{"messages": written(CHAT)}]))
    assert read_documents(str(tmp_path / "a.jsonl")).texts == ("Hello.\n\nIt's me.",)
    refused(
        tmp_path / "a.jsonl",
        json_lines([{"messages": written(CHAT)[:-4]}]),
        "a chat written as text, which is neither JSON nor Python",
    )


def test_a_chat_without_messages_is_named(tmp_path: Path) -> None:
    rows = [{"messages": CHAT}, {"messages": []}]
    refused(tmp_path / "a.jsonl", json_lines(rows), "line 2: .*'messages' holds an empty list")


def test_an_almost_empty_column_is_not_taken_for_the_text(tmp_path: Path) -> None:
    rows = [{"text": "" if n else "x", "content": text} for n, text in enumerate(TEXTS)]
    refused(tmp_path / "a.jsonl", json_lines(rows), "nothing in the column 'text' of 11 of its 12")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_empty_lines_before_the_header_are_passed_over(tmp_path: Path, delimiter: str) -> None:
    cells = (delimiter.join(row) for row in [("text", "label"), ("one day", "a"), ("two", "b")])
    (tmp_path / "a.csv").write_text("\n \n" + "\n".join(cells) + "\n")
    found = read_documents(str(tmp_path / "a.csv"), "text", ("label",))
    assert (found.texts, found.columns) == (("one day", "two"), {"label": ("a", "b")})


def test_a_delimiter_behind_a_backslash_is_refused(tmp_path: Path) -> None:
    rows = "".join(f"the bridge was closed\\, and day {n} began,pos\n" for n in range(9))
    refused(tmp_path / "a.csv", f"text,label\n{rows}".encode(), "a backslash before ',' within")
    (tmp_path / "a.csv").write_text(f"text,label\n{rows}".replace("\\,", ","))
    assert read_documents(str(tmp_path / "a.csv")).texts[0].endswith("closed, and day 0 began")


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.json"])
def test_a_table_without_rows_is_called_one(tmp_path: Path, name: str) -> None:
    empty = {"a.csv": b"text,label\n", "a.jsonl": b"\n", "a.json": b"[]"}[name]
    refused(tmp_path / name, empty, "has no rows: give a table with a text in it")


@pytest.mark.parametrize("others", [1, 20])
def test_rows_whose_text_stands_in_another_column_are_not_lost(tmp_path: Path, others: int) -> None:
    rows = [{"content" if n < others else "text": f"day {n} began"} for n in range(40)]
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    why = f"nothing in the column 'text' of {others} rows that have something in 'content'"
    with pytest.raises(CorpusError, match=why):
        read_documents(str(path))
    assert len(read_documents(str(path), "text").texts) == 40 - others
    path.write_text("".join(json.dumps({**row, "content": None, "text": "x"}) for row in rows[:1]))
    assert read_documents(str(path)).texts == ("x",)
