"""Chinese characters as they are typed: every form of them is read or refused by name."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from tokenizers import Tokenizer as Backend

from layerfold.errors import CorpusError, EmptyText, TextTooLong, UnknownSymbol
from layerfold.model.tokenizers.byte_level import END
from layerfold.model.tokenizers.characters import MARKS, CharacterTokenizer, folded
from layerfold.model.tokenizers.symbols import read_tokenizer
from layerfold.model.tokenizers.vocabulary import encoded

VERSE = "床前明月光疑是地上霜举头望低思故乡乾坤"
FORMS = {"舉": "举", "頭": "头", "鄉": "乡", "干": "乾"}
READER = CharacterTokenizer.of([*MARKS, *VERSE], FORMS)
LINE = "床前明月光，疑是地上霜。举头望明月，低头思故乡。"


def read(text: str) -> str:
    return READER.decode(READER.encode(text, 128).ids)


def test_each_character_is_a_token_as_typed() -> None:
    sentence = READER.encode(LINE, 128)
    assert [token.text for token in sentence.tokens] == list(LINE)
    assert read(LINE) == LINE
    assert READER.ids([LINE]) == [sentence.ids]
    assert READER.tokens(sentence.ids) == sentence.tokens


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("舉頭望明月，低頭思故鄉。", "举头望明月，低头思故乡。"),  # traditional
        ("舉头望明月，低頭思故乡。", "举头望明月，低头思故乡。"),  # mixed
        ("床前明月光,疑是地上霜.", "床前明月光，疑是地上霜。"),  # marks of an English keyboard
        ("床前?明月!光;霜:", "床前？明月！光；霜："),
        ("床前明月光︐疑是地上霜︒", "床前明月光，疑是地上霜。"),  # vertical forms
        ("床前明月光﹐疑是地上霜｡", "床前明月光，疑是地上霜。"),  # small and half-wide forms
        ("床前明月光．", "床前明月光。"),
        ("床 前\n明\t月\u3000光 ", "床前明月光"),  # spaces of any kind
        (
            "床\ufe00前\u200b明\ufeff月",
            "床前明月",
        ),  # variation selector, zero-width space, byte order mark
        ("⽉", "月"),  # the radical for the character
        ("乾坤", "乾坤"),  # what is in the vocabulary is itself
        ("干", "乾"),
    ],
)
def test_forms_of_one_text(typed: str, meant: str) -> None:
    assert read(typed) == meant
    tokens = READER.encode(typed, 128).tokens
    assert "".join(token.text for token in tokens) == typed[: tokens[-1].end]
    assert all(typed[token.start : token.end] == token.text for token in tokens)


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        ("床前moon光", "“m”, “o”, “n”"),
        ("床前Ａ光", "“Ａ”"),  # full-width Latin is Latin
        ("床前🙂光", "“🙂”"),
        ("床前龘光", "“龘”"),
        ("1月", "“1”"),
        ("「床前明月光」", "“「”, “」”"),
        ("床前\ud800光", "“\ufffd”"),
        ("abcdefgh", "“a”, “b”, “c”, “d”, “e” and 3 more"),
    ],
)
def test_what_is_not_known_is_named(typed: str, named: str) -> None:
    with pytest.raises(UnknownSymbol) as caught:
        READER.encode(typed, 128)
    assert f"does not know {named}:" in str(caught.value)
    assert "Chinese characters of classical verse" in str(caught.value)
    assert caught.value.status == 422


def test_bounds() -> None:
    for nothing in ("", " \n\u3000", "\u200b\ufe00"):
        with pytest.raises(EmptyText, match="床前明月光"):
            READER.encode(nothing, 8)
    long = READER.encode("明月" * 5_000, 128)
    assert (len(long.tokens), long.cut) == (128, 9_872)
    with pytest.raises(TextTooLong, match="20,000"):
        READER.encode("月" * 20_001, 128)


def test_the_end_sign_is_no_text() -> None:
    with pytest.raises(UnknownSymbol):
        READER.encode(END, 8)
    assert READER.end == 0
    assert READER.byte_lengths()[:2] == [0, 3]


def test_it_is_stored_in_the_common_format(tmp_path: Path) -> None:
    READER.save(tmp_path / "tokenizer.json")
    found = read_tokenizer(tmp_path / "tokenizer.json")
    assert isinstance(found, CharacterTokenizer)
    assert found.characters == READER.characters
    assert found.ids(["舉頭望明月，"]) == READER.ids(["舉頭望明月，"])
    # a recording by this vocabulary
    (row,), kept = encoded(["舉頭望明月，"], tmp_path / "tokenizer.json")
    assert isinstance(kept.words, CharacterTokenizer)
    assert row == READER.encode("舉頭望明月，", 9).ids
    library = Backend.from_file(str(tmp_path / "tokenizer.json"))
    assert library.encode("舉頭望明月，").ids == READER.encode("舉頭望明月，", 9).ids


def test_a_vocabulary_is_the_most_frequent_characters_and_all_marks() -> None:
    counts = Counter("月月月山山水" + MARKS)
    found = CharacterTokenizer.learned(counts, len(MARKS) + 3, lambda kept: {})
    assert found.characters == (END, *sorted(MARKS), "月", "山")
    assert found.knows("山月，")
    assert not found.knows("水")
    with pytest.raises(CorpusError, match="10 different characters, the recipe wants 99"):
        CharacterTokenizer.learned(counts, 100, lambda kept: {})


def test_plain_forms() -> None:
    assert [folded(c) for c in "，,︐﹐｡"] == ["，", "，", "，", "，", "。"]
    assert folded("⽉") == "月"
    assert folded("\u200d") == ""
