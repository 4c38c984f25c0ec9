"""Senses out of a column: of a table, of the reference; what is too little is refused by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from layerfold.errors import InputError
from layerfold.interp.column_senses import (
    MOST,
    chosen,
    classes_of,
    found_in,
    senses_by_column,
    senses_by_label,
)
from layerfold.interp.session import Session

ROWS = [f"{n} money in the bank,finance" for n in range(7)]
ROWS += [f"{n} mud on the bank,river" for n in range(6)] + ["no such word,river", "a bank,"]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "own.csv"
    path.write_text("\n".join(["text,topic", *ROWS]), encoding="utf-8")
    return path


def test_a_column_of_a_table_names_the_senses(table: Path) -> None:
    found = senses_by_column(table, "bank", "topic")
    assert found.names == ("finance", "river")
    assert [slot.sense for slot in found.slots] == [0] * 7 + [1] * 6
    assert found.slots[0].text("thing") == "0 money in the thing"
    assert found.control == "thing"
    assert senses_by_column(table, "bank", "topic", ["river", "finance"], "man").control == "man"


@pytest.mark.parametrize(
    ("word", "column", "between", "match"),
    [
        ("bank", "tone", (), "no column 'tone'"),
        ("", "topic", (), "empty"),
        ("bank", "topic", ("river", "poetry"), "0 where it is 'poetry'"),
        ("bank", "topic", ("river", "river"), "two different"),
        ("zebra", "topic", (), "0 class"),
        ("such", "topic", (), "1 class"),
    ],
)
def test_what_parts_no_senses_is_refused(
    table: Path, word: str, column: str, between: tuple[str, ...], match: str
) -> None:
    with pytest.raises(InputError, match=match):
        senses_by_column(table, word, column, between)


def test_a_table_without_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.tsv"
    path.write_text("words\ttopic\na\tb\n", encoding="utf-8")
    with pytest.raises(InputError, match="no column of texts"):
        senses_by_column(path, "a", "topic")


def test_many_sentences_are_thinned_evenly_and_none_comes_twice() -> None:
    many = [(f"{n} {kind} ", " .", kind) for n in range(300) for kind in ("a", "b")]
    found = chosen("x", "c", [*many, *many, ("both ", "", "a"), ("both ", "", "b")], (), None)
    assert "both " not in {slot.before for slot in found.slots}
    senses = np.array([slot.sense for slot in found.slots])
    kept = {slot.before for slot in found.slots if slot.sense == 0}
    assert len(kept) <= MOST
    assert len({slot.before + slot.after for slot in found.slots}) == len(senses)


def test_the_reference_is_a_table_too(opened: Session) -> None:
    names, values = classes_of(opened, "source")
    assert len(values) == len(opened.atlas.reference)
    for before, after, kind in found_in(opened, "the", "source"):
        assert kind in names
        assert not before[-1:].isalpha()
        assert not after[:1].isalpha()
    with pytest.raises(InputError, match="no column 'zebra'"):
        senses_by_label(opened, "the", "zebra")
