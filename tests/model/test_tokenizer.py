"""The tokenizer: nothing typed is lost, and what a person reads is whole characters."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from layerfold.errors import DamagedRun, EmptyText, TextTooLong
from layerfold.model.tokenizers.byte_level import (
    CHARACTERS,
    END,
    Tokenizer,
    decoded,
    readable,
    whole,
)
from layerfold.records import Token
from tests.conftest import story

# surrogates too
ANYTHING = st.text(st.characters(), min_size=1, max_size=60).filter(lambda text: bool(text.strip()))


@cache
def tokenizer() -> Tokenizer:
    return Tokenizer.train(
        [story(0, 300), "“curly” — quotes… “curly” — naïve café naïve café"], 360
    )


def written(tokens: tuple[Token, ...]) -> str:
    """The tokens' texts in a row, each group once."""
    return "".join(token.text for token in tokens if token.piece == 0)


@settings(deadline=None)
@given(ANYTHING)
@example("👩‍👩‍👧‍👦 family 🇨🇳")
@example("春天来了，河岸上。")
@example("שלום عليكم")
@example("a\x00b\x07\x1b[0m\r\n\t")
@example("\ud800 lone \udfff")
@example("<|end|> is text")
@example("“—” é\u0301")
def test_pieces_join_to_the_whole_text(text: str) -> None:
    sentence = tokenizer().encode(text, 10_000)
    assert written(sentence.tokens) == sentence.text == whole(text)
    assert sentence.cut == 0
    assert tokenizer().end not in sentence.ids
    for token in sentence.tokens:
        assert 0 <= token.piece < token.pieces
        assert sentence.text[token.start : token.end] == token.text
        assert "\ufffd" not in token.text or "\ufffd" in sentence.text


@settings(deadline=None)
@given(st.lists(st.integers(0, 359), max_size=30))
def test_any_ids_can_be_read(ids: list[int]) -> None:
    tokens = tokenizer().tokens(ids)
    assert [token.id for token in tokens] == ids
    assert all("\ufffd" not in token.text for token in tokens)
    assert "\ufffd" not in tokenizer().decode(ids)


def test_lone_surrogates_become_one_character_each() -> None:
    assert tokenizer().encode("a\ud800b", 10).text == "a\ufffdb"


def test_a_split_character_is_shown_whole_by_each_of_its_tokens() -> None:
    tokens = tokenizer().encode("春", 10).tokens
    assert [(token.text, token.piece, token.pieces) for token in tokens] == [
        ("春", n, 3) for n in range(3)
    ]


@pytest.mark.parametrize(
    "letter",
    [
        "e\u0301",
        "a\u0323\u0302",
        "\u05e9\u05c1\u05b8",
        "\u0628\u0650\u0651",
        "\u0915\u094d",
        "\u0b95\u0bca",
        "\u0e01\u0e33",
        "\u0e17\u0e35\u0e48",
        "\u1112\u1161\u11ab",
        "\u304b\u3099",
        "\U0001f44d\U0001f3fd",
        "\U0001f469\u200d\U0001f52c",
        "\u2764\ufe0f",
        "\U0001f1ef\U0001f1f5",
        "\uff76\uff9e",
        "\u1100\u1100\u1161",
        "\ua960\u1161\ud7cb",
        "\u0600\u0661",
        "\U0001e922\U0001e944",
        "\u845b\U000e0100",
    ],
)
def test_a_letter_is_read_with_its_marks_in_every_script(letter: str) -> None:
    tokens = tokenizer().encode(f"a {letter}b", 40).tokens
    read = [token.text for token in tokens if token.piece == 0]
    assert read[-2:] in ([letter, "b"], [f" {letter}", "b"])
    assert len({token.text for token in tokens if token.text.strip() == letter}) == 1
    doubled = tokenizer().encode(letter * 2, 40).tokens
    assert [token.text for token in doubled if token.piece == 0] == [letter, letter]


def test_a_mark_stays_with_no_sign_and_no_line_end() -> None:
    acute = "\u0301"
    end = tokenizer().end
    ids = [end, *tokenizer().ids([acute])[0]]
    assert [token.text for token in tokenizer().tokens(ids) if token.piece == 0] == [END, acute]
    assert [
        token.text for token in tokenizer().encode(f"a\n{acute}b", 20).tokens if token.piece == 0
    ] == ["a", "\n", acute, "b"]


def test_special_tokens_are_meant_only_where_they_are_said_to_be() -> None:
    typed = f"the bank{END} the river"
    plain, meant = tokenizer().read(typed, 50), tokenizer().read(typed, 50, special=True)
    assert plain == tokenizer().encode(typed, 50)
    assert tokenizer().end not in plain.ids
    before, after = (tokenizer().ids([part])[0] for part in typed.split(END))
    assert list(meant.ids) == [*before, tokenizer().end, *after]
    assert written(meant.tokens) == meant.text == typed
    assert tokenizer().specials() == {END: tokenizer().end}
    with pytest.raises(EmptyText):
        tokenizer().read(" ", 50, special=True)
    cut = tokenizer().read(typed, 3, special=True)
    assert (cut.ids, cut.cut) == (meant.ids[:3], len(meant.ids) - 3)


@settings(deadline=None)
@given(ANYTHING)
@example("👩‍👩‍👧‍👦 family 🇨🇳")
@example("é\u0301 \ud800 lone")
def test_text_without_special_names_reads_the_same_either_way(text: str) -> None:
    assert tokenizer().read(text, 10_000, special=True) == tokenizer().encode(text, 10_000)


class Framing(Tokenizer):
    """Of a model that begins and ends a text with the end sign."""

    def framed(self, ids: Sequence[int]) -> list[int]:
        return [self.end, *ids, self.end]


def test_a_frame_that_is_typed_is_not_put_round_the_text_again() -> None:
    framing = Framing(tokenizer()._backend)
    inner = framing.ids(["the river"])[0]
    for typed in (f"{END}the river{END}", f"{END}the river", "the river"):
        assert list(framing.read(typed, 50, special=True).ids) == [framing.end, *inner, framing.end]
    assert len(framing.read(f"{END}the river", 3, special=True).ids) == 3


def test_every_token_has_a_printable_name() -> None:
    names = [tokenizer().text_of(n) for n in range(len(tokenizer()))]
    assert all(name and name.isprintable() and "\ufffd" not in name for name in names)
    assert names[tokenizer().end] == END
    assert {"⟨E4⟩", "↵", " the"} <= set(names)


def test_byte_lengths_add_up_to_the_text() -> None:
    text = "The sailor — 春天 ☕"
    lengths = tokenizer().byte_lengths()
    assert sum(lengths[n] for n in tokenizer().encode(text, 100).ids) == len(text.encode())


def test_tokens_past_the_limit_are_cut_and_counted() -> None:
    everything = tokenizer().encode(story(1, 5), 1000)
    short = tokenizer().encode(story(1, 5), 7)
    assert short.tokens == everything.tokens[:7]
    assert short.cut == len(everything.tokens) - 7


@pytest.mark.parametrize("empty", ["", " ", "\n\t ", "\u3000"])
def test_blank_text_is_refused(empty: str) -> None:
    with pytest.raises(EmptyText, match="type at least one word"):
        tokenizer().encode(empty, 10)


def test_long_text_is_refused_with_the_bound() -> None:
    assert tokenizer().encode("a" * CHARACTERS, 4).cut > 0
    with pytest.raises(TextTooLong, match=r"20,001.*20,000"):
        tokenizer().encode("a" * (CHARACTERS + 1), 4)


def test_storing_changes_nothing(tmp_path: Path) -> None:
    tokenizer().save(tmp_path / "tokenizer.json")
    again = Tokenizer.load(tmp_path / "tokenizer.json")
    assert again.encode("<|end|> The queen 春", 50) == tokenizer().encode(
        "<|end|> The queen 春", 50
    )
    assert again.byte_lengths() == tokenizer().byte_lengths()


def test_training_twice_gives_the_same_vocabulary(tmp_path: Path) -> None:
    for name in "ab":
        Tokenizer.train([story(2, 100)], 300).save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b"\xff\xfe"])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "tokenizer.json").write_bytes(content)
    with pytest.raises(DamagedRun, match=r"tokenizer\.json"):
        Tokenizer.load(tmp_path / "tokenizer.json")
    with pytest.raises(DamagedRun, match=r"none\.json"):
        Tokenizer.load(tmp_path / "none.json")


@given(st.binary(max_size=40))
def test_any_bytes_can_be_read(data: bytes) -> None:
    text = decoded(data)
    assert "\ufffd" not in text or "\ufffd".encode() in data
    assert readable(text).isprintable()
