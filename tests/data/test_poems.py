"""Verse as it is gathered: cleaned, simplified, each poem once, with what is known of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from layerfold.data.corpus import Text
from layerfold.data.duplicates import near_duplicates
from layerfold.data.eras import year_of
from layerfold.data.lines import lines_of_row
from layerfold.data.poems import cleaned, counted, form_of, known, once_each, typed_forms, verse
from layerfold.data.simplified import Simplifier
from layerfold.data.sounds import EITHER, LEVEL, OBLIQUE, Sounds, gathered
from layerfold.errors import CorpusError
from layerfold.model.tokenizers.characters import MARKS, CharacterTokenizer
from tests.verse import make_cache, poems

TABLE = Simplifier(
    {"盡": "尽", "後": "后", "乾": "干", "幹": "干", "發": "发", "髮": "发"}, {"乾坤": "乾坤"}
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = poems(60)
    return make_cache(
        tmp_path_factory.mktemp("cache"),
        [*made, made[0], ["東風□雨，月花石人。"], ["春（注）花秋月，何時了呢今。"]],
    )


def test_simplified_by_phrases_then_characters() -> None:
    assert TABLE.simplified("乾坤盡後，淚痕乾") == "乾坤尽后，淚痕干"
    assert TABLE.simplified("乾坤尽后") == "乾坤尽后", "what is simplified stays"
    assert TABLE.merged({"干", "发", "尽", "后"}) == {"干": "乾干幹", "发": "发發髮"}
    assert TABLE.forms({"尽", "后", "乾"}) == {"盡": "尽", "後": "后"}, "乾 is its own"


def test_what_is_no_whole_verse_is_left_out() -> None:
    assert cleaned(["白日依山盡，黃河入海流。"], TABLE) == "白日依山尽，黃河入海流。"
    assert cleaned(["「白日依山盡,黃河入海流」"], TABLE) == "白日依山尽，黃河入海流。", (
        "marks and quotes are mended"
    )
    assert cleaned(["白日依山盡", "黃河入海流"], TABLE) == "白日依山尽。黃河入海流。", (
        "a paragraph is closed"
    )
    assert cleaned(["白日依山盡。，", "黃河入海流"], TABLE) == "白日依山尽，黃河入海流。", (
        "the last of two marks stays"
    )
    for broken in (
        "白日□山盡，黃河入海流。",
        "白日依山盡（一作下），黃河。",
        "白日1山盡，黃河入海流。",
        "月。",
        "，白日依山盡，黃河入海流。",
    ):
        assert cleaned([broken], TABLE) is None, broken


def test_forms() -> None:
    assert form_of("白日依山尽，黄河入海流。", "shi") == "五言"
    assert form_of("两个黄鹂鸣翠柳，一行白鹭上青天。", "shi") == "七言"
    assert form_of("君不见，黄河之水天上来。", "shi") == "杂言"
    assert [form_of("白日依山尽，黄河入海流。", kind) for kind in ("ci", "qu")] == ["词", "曲"]


def test_near_duplicates_are_those_that_share_half_their_runs() -> None:
    one = ["床前明月光", "疑是地上霜", "举头望明月", "低头思故乡"]
    variant = ["床前看月光", "疑是地上霜", "举头望山月", "低头思故乡"]
    other = ["春眠不觉晓", "处处闻啼鸟", "夜来风雨声", "花落知多少"]
    assert near_duplicates([one, variant, other, one[:2]]).tolist() == [False, True, False, True]
    assert near_duplicates([one, other, [*one[:1], *other[1:]]]).tolist() == [False, False, True]
    assert near_duplicates(
        [one, [*one[:1], "白日依山尽", "黄河入海流", "欲穷千里目"]]
    ).tolist() == [False, False]
    assert near_duplicates([]).tolist() == []
    common = [["万水千山", chr(0x5000 + n) * 3] for n in range(20)]
    assert not near_duplicates(common).any(), "what many share pairs nobody"
    assert near_duplicates(common[:5]).tolist() == [False, True, True, True, True]


def test_each_poem_once_also_across_sources() -> None:
    texts = [
        Text("a", ("春眠不觉晓，处处闻啼鸟。",) * 2),
        Text("b", ("春眠不觉晓，处处闻啼鸟。", "白日依山尽，黄河入海流。")),
    ]
    kept = once_each(texts)
    assert [text.documents for text in kept] == [
        ("春眠不觉晓，处处闻啼鸟。",),
        ("白日依山尽，黄河入海流。",),
    ]
    assert [text.left_out["the same"] for text in kept] == [1, 1]


def test_a_package_becomes_texts_with_columns(cache: Path) -> None:
    five, ci, tang, song, qu = verse(cache)
    assert (five.source, qu.source) == ("Five Dynasties ci", "Yuan qu")
    assert (ci.columns["form"], ci.columns["era"], song.columns["era"]) == (
        ("词",),
        ("北宋",),
        (None,),
    )
    assert song.documents == ("白日依山尽，黄河入海流。",)
    assert tang.columns["era"] == ("盛唐",) * len(tang.documents)
    assert set(tang.columns["form"]) == {"五言", "七言"}
    assert tang.left_out["not whole"] == 2
    assert tang.left_out["the same"] == 1
    assert 0 < len(tang.documents) <= 60
    assert tang.card()["left_out"]
    assert tang.card()["documents"] == len(tang.documents)


def test_a_missing_part_of_the_package_is_named(tmp_path: Path) -> None:
    made = make_cache(tmp_path, poems(4))
    (verse(made),)
    (made / "npm-chinese-poetry/files/package/dist/yuanqu/yuanqu.json").unlink()
    with pytest.raises(CorpusError, match=r"yuanqu\.json is missing"):
        verse(made)


def test_poems_with_other_characters_are_counted(cache: Path) -> None:
    texts = verse(cache)
    tokenizer = CharacterTokenizer.of(
        [*MARKS, *(c for c in counted(texts) if c not in MARKS + "枯")], {}
    )
    kept = known(texts, tokenizer)
    assert [len(text.documents) for text in kept[:-1]] == [
        len(text.documents) for text in texts[:-1]
    ]
    assert kept[-1].documents == ()
    assert kept[-1].left_out["characters outside the vocabulary"] == 1
    assert typed_forms(cache, ["东", "黄"]) == {"東": "东", "黃": "黄"}


def test_sounds_come_from_signs_and_groups(cache: Path, tmp_path: Path) -> None:
    sounds = gathered(cache, set("东风同月人春发石"))
    assert {c: sounds.tones[c] for c in "东风月石"} == {
        "东": LEVEL,
        "风": LEVEL,
        "月": OBLIQUE,
        "石": OBLIQUE,
    }
    assert sounds.rhyme("东", "同")
    assert sounds.rhyme("月", "发"), "a simplified form has the rhymes of what it stands for"
    assert not sounds.rhyme("东", "人")
    assert not sounds.rhyme("东", "东"), "a character does not rhyme with itself"
    assert sounds.table("东同人风").tolist() == [
        [True, False, False],
        [True, False, False],
        [False, False, True],
        [False] * 3,
    ]
    (tmp_path / "sounds.json").write_bytes(sounds.stored())
    assert Sounds.load(tmp_path) == sounds
    assert EITHER not in sounds.tones.values()


def test_years_of_a_life() -> None:
    assert year_of("宋", "蘇軾（一○三七～一一○一），字子瞻。") == 1069
    assert year_of("宋", "某（一○三七～？），字某。") == 1072
    assert year_of("宋", "某（？～一○三七），字某。") == 1002
    assert year_of("宋", "建隆元年（九六○）進士，卒於九六○年。") == 960
    assert year_of("唐", "開元中進士，天寶末卒。") == 713
    assert year_of("唐", "不知何許人。") is None


def test_lines_count_characters() -> None:
    lines = lines_of_row("床前明，月光、霜。余")
    assert lines.place.tolist() == [1, 2, 3, 0, 1, 2, 0, 3, 0, 1]
    assert lines.size.tolist() == [3] * 9 + [0]
    assert lines.line.tolist() == [1] * 4 + [2] * 5 + [3]
    assert lines.close.tolist() == [3] * 4 + [8] * 5 + [-1]
    assert np_list(lines.last) == [2, 7]
    assert lines.regular == 3
    assert lines_of_row("床前明，月光。").regular == 0
    assert lines_of_row("床前明。").regular == 0


def np_list(flags: NDArray[np.bool_]) -> list[int]:
    return [int(n) for n in np.flatnonzero(flags)]
