"""Meaning from Python: the instruments' records, at the last step unless told, as tables."""

from __future__ import annotations

from pathlib import Path

import pytest

import layerfold
from layerfold.api.opened_run import OpenedRun
from layerfold.errors import InputError
from layerfold.interp import axes, senses
from layerfold.interp.word_sets import sense_set
from tests.small import make_run

SENSES = {
    "money": [f"{n} loan of the {{}}" for n in "abcde"],
    "river": [f"{n} mud of the {{}}" for n in "abcde"],
}
PAIRS = [("r", "s"), ("e", "o"), ("t", "n"), ("h", "k"), ("m", "l")]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> OpenedRun:
    folder = tmp_path_factory.mktemp("calls")
    return layerfold.open(make_run(folder / "small"), folder / "cache")


def test_senses_of_ones_own_are_the_instruments_and_a_table(run: OpenedRun) -> None:
    options = senses.Options(draws=40)
    found = run.senses("bank", SENSES, "man", options=options)
    assert found.steps == (64,)
    one = sense_set("bank", SENSES, "man")
    true = senses.measure(run.session, [one], [0, 64], options)
    assert found.ratio.value[:, 0].tobytes() == true.ratio.value[:, 1].tobytes()
    pytest.importorskip("pandas")
    table = run.senses("bank", SENSES, "man", run.steps, options).to_frame()
    assert len(table) == 3 * 5
    assert {"quotient", "control", "control_low", "permuted"} <= set(table.columns)


def test_pairs_are_a_list_by_name_or_ones_own(run: OpenedRun) -> None:
    found = run.axes(PAIRS, options=axes.Options("a {}", draws=20))
    assert (found.name, found.pairs, found.steps) == ("own", tuple(PAIRS), (64,))
    landed = run.analogy(("r", "s", "e", "o"), PAIRS, options=axes.Options("a {}"))
    assert set(landed.nearest[0]) <= {word for pair in PAIRS for word in pair}
    with pytest.raises(InputError, match="no 'strange'"):
        run.axes("strange")


def test_where_an_analogy_lands_is_a_table(run: OpenedRun) -> None:
    pytest.importorskip("pandas")
    found = run.analogy(["r", "s", "e"], PAIRS, options=axes.Options("a {}"))
    assert list(found.to_frame()["site"]) == list(found.places)


def test_changes_and_sets_by_their_names(run: OpenedRun) -> None:
    text = "The bank of the river was steep. A man sat by the water and read a book. " * 8
    found = run.compress("bits=16", text)
    assert found.changes == ("bits=16",)
    assert found.damage.value[0, 0] == 0
    sets = run.meaning_sets()
    assert {"bank", "spring"} <= {one.word for one in sets.senses}
    assert sets.labels == ("source",)


def test_tagged_words_are_a_file(run: OpenedRun, tmp_path: Path) -> None:
    path = tmp_path / "tagged.tsv"
    path.write_text("".join(f"# {n}\nthe\tart\nbank\tnoun\nthe\tart\n\n" for n in range(12)))
    found = run.probe(path)
    assert found.labels.classes == ("art", "noun")
    assert found.steps == (0, 64), "the first step is the control"
