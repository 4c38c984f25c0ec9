"""Symbols: read as typed, named when they are not known, stored in the format of Hugging Face."""

from __future__ import annotations

from pathlib import Path

import pytest
from tokenizers import Tokenizer as Backend

from layerfold.errors import DamagedRun, EmptyText, TextTooLong, UnknownSymbol
from layerfold.model.tokenizers.byte_level import Tokenizer
from layerfold.model.tokenizers.symbols import SymbolTokenizer, listed, read_tokenizer

SUMS = SymbolTokenizer.of([*map(str, range(113)), "+", "="])
LETTERS = SymbolTokenizer.of("ABC")


@pytest.mark.parametrize("text", ["17 + 38 =", "17+38=", " 17  +\t38 =  "])
def test_a_sum_is_four_tokens(text: str) -> None:
    sentence = SUMS.encode(text, 10)
    assert sentence.ids == [17, 113, 38, 114]
    assert [token.text.strip() for token in sentence.tokens] == ["17", "+", "38", "="]
    assert "".join(token.text for token in sentence.tokens) == text.rstrip()
    assert all(text[token.start : token.end] == token.text for token in sentence.tokens)


def test_letters_need_no_spaces() -> None:
    assert LETTERS.encode("ABCCA", 10).ids == LETTERS.encode("A B C CA", 10).ids == [0, 1, 2, 2, 0]
    assert LETTERS.decode([0, 2]) == "AC"
    assert [token.text for token in SUMS.tokens([17, 113])] == ["17", " +"]


def test_what_the_model_does_not_read_is_named() -> None:
    with pytest.raises(UnknownSymbol, match=r"“x”: it reads 0 … 112, \+, =") as caught:
        SUMS.encode("17 + x =", 10)
    assert (caught.value.code, caught.value.status) == ("unknown_symbol", 422)
    with pytest.raises(UnknownSymbol, match="“113”"):
        SUMS.encode("113 + 2 =", 10)
    with pytest.raises(UnknownSymbol, match="“D”: it reads A, B, C"):
        LETTERS.encode("ABD", 10)


def test_bounds() -> None:
    with pytest.raises(EmptyText, match="0 … 112"):
        SUMS.encode("  ", 10)
    with pytest.raises(TextTooLong):
        SUMS.encode("1 " * 20_000, 10)
    cut = SUMS.encode("1 + 2 = 3", 4)
    assert (len(cut.tokens), cut.cut) == (4, 1)


def test_it_is_stored_in_the_common_format(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    SUMS.save(path)
    read = read_tokenizer(path)
    assert isinstance(read, SymbolTokenizer)
    assert read.ids(["17 + 38 ="]) == [[17, 113, 38, 114]]
    assert Backend.from_file(str(path)).encode("17 + 38 =").ids == [17, 113, 38, 114]
    assert len(read) == 115
    assert [read.text_of(n) for n in (112, 113, 114)] == ["112", "+", "="]
    assert read.byte_lengths()[10] == 2


def test_text_is_still_read_as_bytes(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    Tokenizer.train(["some text"], 260).save(path)
    assert type(read_tokenizer(path)) is Tokenizer
    path.write_text("{", "utf-8")
    with pytest.raises(DamagedRun, match="restore"):
        read_tokenizer(path)


def test_symbols_in_words() -> None:
    assert listed(["a"]) == "a"
    assert listed(["0", "1"]) == "0, 1"
    assert listed(["0", "1", "2", "x"]) == "0 … 2, x"
