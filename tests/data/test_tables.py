"""Tables as people have them: read right, or refused by what is wrong with them."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

import pytest

from layerfold.errors import CorpusError
from tests.data.tables import TEXTS, read

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


@pytest.mark.parametrize("line", ["sep=|", '"sep=|"', "\ufeffSEP=|"])
def test_a_spreadsheet_may_say_its_delimiter_itself(tmp_path: Path, line: str) -> None:
    data = f"{line}\r\ntext|label\r\nwell, no|a\r\n"
    assert read(tmp_path / "a.csv", data, "label").texts == ("well, no",)


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
