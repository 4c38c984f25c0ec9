"""The bundled sets are what they claim to be, and a person's own are read or refused by name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from layerfold.errors import DamagedRun, InputError
from layerfold.interp import word_sets
from layerfold.interp.word_sets import (
    PairList,
    bundled_pairs,
    bundled_senses,
    bundled_text,
    pairs_of,
    pattern_of,
    read_pairs,
    read_senses,
    sense_set,
)

A = [f"The loan was number {n} at the bank." for n in range(5)]
B = [f"The river was number {n} by the bank." for n in range(5)]


@pytest.mark.parametrize(("language", "least"), [("en", 10), ("zh", 8)])
def test_bundled_words_have_twenty_sentences_a_sense(language: str, least: int) -> None:
    sets = bundled_senses(language)
    assert len({one.word for one in sets}) == len(sets) >= least
    for one in sets:
        assert [sum(slot.sense == sense for slot in one.slots) for sense in (0, 1)] == [20, 20]


@pytest.mark.parametrize("one", bundled_senses(), ids=lambda one: one.word)
def test_bundled_sentences_hold_the_word_once_after_their_cue(one: word_sets.SenseSet) -> None:
    for slot in one.slots:
        text = slot.text(one.word)
        assert len(re.findall(pattern_of(one.word), text)) == 1, text
        assert len(re.findall(pattern_of(one.control), slot.text(one.control))) == 1, text
        assert slot.cue is not None, text
        assert slot.cue < len(slot.before), text
        assert text == text.strip()
        assert text[-1] in ".。", text
        assert not set("*{}") & set(text), text


def test_no_bundled_sentence_comes_twice() -> None:
    texts = [slot.text("…") for one in bundled_senses() for slot in one.slots]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("one", bundled_pairs(), ids=lambda one: one.name)
def test_bundled_lists_hold_twenty_pairs_of_words_that_come_once(one: PairList) -> None:
    assert len(one.pairs) >= 20
    words = [word for pair in one.pairs for word in pair]
    assert len(set(words)) == len(words)


def test_the_lists_are_the_five_of_english_and_the_three_of_chinese() -> None:
    names = {language: [one.name for one in bundled_pairs(language)] for language in ("en", "zh")}
    assert names["en"] == ["gender", "number", "tense", "comparative", "capital"]
    assert names["zh"] == ["男女", "单复数量词", "反义"]


def test_a_changed_set_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "axes.00000000.toml").write_text("lists = []")
    monkeypatch.setattr(word_sets, "FOLDER", tmp_path)
    with pytest.raises(DamagedRun, match="axes"):
        bundled_text("axes")


def test_a_place_can_be_marked_or_found() -> None:
    one = sense_set("bank", {"a": ["The *loan* {} " + str(n) for n in range(5)], "b": B})
    assert one.slots[0].text("bank") == "The loan bank 0"
    assert one.slots[0].cue == len("The ")
    assert one.slots[5].before == "The river was number 0 by the "
    assert one.slots[5].cue is None
    assert one.control == "thing"


def test_words_inside_words_do_not_count() -> None:
    many = [f"The bankers of the bank {n}" for n in range(5)]
    assert sense_set("bank", {"a": many, "b": B}).slots[0].before == "The bankers of the "


@pytest.mark.parametrize(
    ("word", "senses", "match"),
    [
        ("bank", {"a": A[:4], "b": B}, "4 sentences"),
        ("bank", {"a": A}, "1 sense"),
        ("bank", {"a": A, "b": B, "c": A}, "3 sense"),
        ("bank", {"a": [*A, A[0]], "b": B}, "twice"),
        ("bank", {"a": [*A, "The bank, the bank."], "b": B}, "2 times"),
        ("bank", {"a": [*A, "No such word."], "b": B}, "0 times"),
        ("bank", {"a": [*A, "{} and {}"], "b": B}, "several places"),
        (" ", {"a": A, "b": B}, "empty"),
        (
            "thing",
            {"a": [f"{{}} {n}" for n in range(5)], "b": [f"{{}} b{n}" for n in range(5)]},
            "itself",
        ),
    ],
)
def test_what_is_no_set_is_refused(word: str, senses: dict[str, list[str]], match: str) -> None:
    with pytest.raises(InputError, match=match):
        sense_set(word, senses)


def test_a_table_is_a_set(tmp_path: Path) -> None:
    lines = [f"a\t{text}" for text in A] + [f"b\t{text}" for text in B]
    path = tmp_path / "own.tsv"
    path.write_text("sense\tsentence\n" + "\n".join(lines), "utf-8")
    (one,) = read_senses(path, "bank", "place")
    assert (one.names, one.control, len(one.slots)) == (("a", "b"), "place", 10)
    with pytest.raises(InputError, match="column word"):
        read_senses(path)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("sense,text\na,b\n", "no column sentence"),
        ("sense,sentence\na,one,two\n", "Line 2"),
        ("sense,sentence\na,\n", "empty cell"),
    ],
)
def test_a_table_with_gaps_is_named(tmp_path: Path, text: str, match: str) -> None:
    path = tmp_path / "own.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError, match=match):
        read_senses(path, "bank")


def test_lines_of_two_words_are_a_list(tmp_path: Path) -> None:
    path = tmp_path / "sizes.txt"
    path.write_text(
        "# sizes\nbig bigger\nsmall\tsmaller\nold,older\nnew newer\nhot hotter\n", "utf-8"
    )
    (one,) = read_pairs(path)
    assert one.name == "sizes"
    assert one.pairs[1:3] == (("small", "smaller"), ("old", "older"))


@pytest.mark.parametrize(
    ("pairs", "match"),
    [
        ("a b, c d", "2 pairs"),
        ("a a, b c, d e, f g, h i", "one word"),
        ("a b, a b, c d, e f, g h", "twice"),
        ("a b c", "no pair"),
    ],
)
def test_what_is_no_list_is_refused(pairs: str, match: str) -> None:
    with pytest.raises(InputError, match=match):
        PairList("own", "en", pairs_of(pairs))
