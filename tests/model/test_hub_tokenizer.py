"""Tokenizers of other models: the ids are their own, what a person reads is whole characters, and
no sign is typed by accident.
"""

from __future__ import annotations

import json
import shutil
from functools import cache
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer as Backend
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers

from layerfold.errors import DamagedRun, EmptyText, ModelRefused, TextTooLong
from layerfold.model.graphemes import continues
from layerfold.model.huggingface import Where, read_hub_tokenizer
from layerfold.model.huggingface.pieces import bytes_of
from layerfold.model.huggingface.tokenizer import HuggingFaceTokenizer
from layerfold.model.tokenizers.byte_level import CHARACTERS, whole
from layerfold.records import Token
from tests.model.hub_models import TEXTS, backend_of, minilm

WAYS = ("bytes", "framed", "pieces", "words", "unigram", "composed")
# surrogates too
ANYTHING = st.text(st.characters(), min_size=1, max_size=60).filter(lambda text: bool(text.strip()))


def backend(way: str) -> Backend:
    if way == "unigram":
        found = Backend(models.Unigram())
        found.normalizer = normalizers.NFKC()
        found.pre_tokenizer = pre_tokenizers.Metaspace()
        found.decoder = decoders.Metaspace()
        signs = ["<unk>", "<s>", "</s>"]
        found.train_from_iterator(
            TEXTS,
            trainers.UnigramTrainer(
                vocab_size=200, special_tokens=signs, unk_token="<unk>", show_progress=False
            ),
        )
        return found
    found = backend_of("bytes" if way == "composed" else way)
    if way == "composed":
        found.normalizer = normalizers.NFC()
    return found


@cache
def tokenizer(way: str) -> HuggingFaceTokenizer:
    return HuggingFaceTokenizer(backend(way))


def shown(tokens: tuple[Token, ...]) -> list[str]:
    """The tokens' texts in a row, each group once."""
    return [token.text for token in tokens if token.piece == 0]


@pytest.mark.parametrize("way", ["bytes", "framed", "pieces"])
@settings(deadline=None, max_examples=60)
@given(text=ANYTHING)
@example(text="👩‍👩‍👧‍👦 family 🇨🇳")
@example(text="春天来了，河岸上。")
@example(text="שלום עليكم")
@example(text="a\x00b\x07\x1b[0m\r\n\t")
@example(text="\ud800 lone \udfff")
@example(text="<s> [CLS] <|endoftext|> </s> <0xE4> is text")
@example(text=" ▁ “—” é\u0301")
def test_pieces_join_to_the_whole_text(way: str, text: str) -> None:
    reader = tokenizer(way)
    sentence = reader.encode(text, 10_000)
    frame = len(reader.framed([]))
    assert sentence.text == whole(text)
    assert sentence.cut == 0
    signs = set(reader.framed([]))
    inner = sentence.tokens[1 if frame else 0 : -1 if frame == 2 else None]
    assert signs.isdisjoint(token.id for token in inner)
    if "▁" not in text or way != "pieces":  # which SentencePiece reads as a space
        assert "".join(shown(inner)) == sentence.text
    for token in inner:
        assert 0 <= token.piece < token.pieces
        assert sentence.text[token.start : token.end] == token.text


@pytest.mark.parametrize("way", ["words", "unigram", "composed"])
@settings(deadline=None, max_examples=60)
@given(text=ANYTHING)
@example(text="The river bank. [CLS] <s> é 春 🙂 e\u0301 ½")
@example(text="[CLS]")
@example(text="<s></s>")
@example(text="\u0301\u0301")
@example(text="   x   ")
def test_text_that_is_rewritten_is_cut_where_its_tokens_end(way: str, text: str) -> None:
    reader = tokenizer(way)
    sentence = reader.encode(text, 10_000)
    frame = reader.framed([])
    inner = sentence.tokens[1:-1] if frame else sentence.tokens
    assert {reader.text_of(token.id) for token in inner}.isdisjoint(
        {"[CLS]", "[SEP]", "<s>", "</s>", "<|endoftext|>"}
    )
    ends = [token.end for token in inner]
    assert ends == sorted(ends)
    for token in inner:
        assert 0 <= token.piece < token.pieces
        assert token.text in (sentence.text[token.start : token.end], "[UNK]", "<unk>")


@pytest.mark.parametrize("way", WAYS)
@settings(deadline=None, max_examples=60)
@given(ids=st.lists(st.integers(0, 500), max_size=30))
def test_any_ids_can_be_read(way: str, ids: list[int]) -> None:
    reader = tokenizer(way)
    tokens = reader.tokens(ids)
    assert [token.id for token in tokens] == ids
    assert "\ufffd" not in reader.decode(ids)
    assert all(reader.text_of(n) or n < len(reader) for n in ids)
    assert reader.text_of(9_999) == "⟨9999⟩"
    assert len(reader.byte_lengths()) == len(reader)


def test_pieces_of_one_character_carry_it() -> None:
    for way in ("bytes", "framed", "pieces"):
        sentence = tokenizer(way).encode("春🙂", 50)
        read = [
            (token.text, token.piece, token.pieces)
            for token in sentence.tokens
            if token.end > token.start
        ]
        assert read == [
            ("春", 0, 3),
            ("春", 1, 3),
            ("春", 2, 3),
            ("🙂", 0, 4),
            ("🙂", 1, 4),
            ("🙂", 2, 4),
            ("🙂", 3, 4),
        ]
        assert tokenizer(way).text_of(sentence.tokens[-2].id).startswith("⟨")


@pytest.mark.parametrize("text", ["क्षि", "กำลัง", "e\u0301e\u0301", "עִבְרִית", "வணக்கம்", "👩🏽‍🚀", "❤️"])
@pytest.mark.parametrize("way", ["bytes", "framed", "pieces", "words", "unigram"])
def test_a_letter_keeps_its_marks_in_every_script(way: str, text: str) -> None:
    read = [token for token in tokenizer(way).encode(text, 200).tokens if token.end > token.start]
    for token in read:
        assert not continues(text[: token.start], token.text), token
    assert read or way == "words"


def test_words_are_read_with_the_spaces_between_them() -> None:
    reader = read_hub_tokenizer(Where(minilm()))
    sentence = reader.encode("Hello, world (unbelievably 5% naïve)! 中文 ok", 64)
    assert "".join(shown(sentence.tokens[1:-1])) == sentence.text
    assert reader.decode(sentence.ids) == "[CLS]hello, world (unbelievably 5% naive)!中文ok[SEP]"
    assert [reader.text_of(n) for n in reader.ids(["unbelievably"])[0]] == [
        " un",
        "bel",
        "ie",
        "va",
        "bly",
    ]
    assert shown(reader.encode("a 🙂 b", 9).tokens) == ["[CLS]", "a", "[UNK]", " b", "[SEP]"]


@pytest.mark.parametrize(
    ("way", "before", "after"),
    [
        ("words", "[CLS]", "[SEP]"),
        ("framed", "<s>", "</s>"),
        ("pieces", "<s>", ""),
        ("bytes", "", ""),
    ],
)
def test_a_text_is_framed_as_its_model_reads_it(way: str, before: str, after: str) -> None:
    reader = tokenizer(way)
    ids = reader.ids(["The bank"])[0]
    names = [reader.text_of(n) for n in reader.framed(ids)]
    assert names[0] == before or not before
    assert names[-1] == after or not after
    assert (
        reader.encode("The bank", 99).ids
        == reader.framed(ids)
        == backend(way).encode("The bank").ids
    )
    assert reader.encode(f"{before}{after} x", 99).ids.count(
        reader.framed([])[0] if before else -1
    ) <= 1 + (before == after)


def test_signs_of_one_way_of_writing_are_text_in_another() -> None:
    assert bytes_of("##", None, None, words=False) == b"##"
    assert bytes_of("##ing", None, None, words=True) == b"ing"
    assert bytes_of("▁the", None, None, words=False) == b" the"
    assert bytes_of("<0xE4>", None, None, words=False) == b"\xe4"


def test_a_long_text_is_cut_inside_its_frame() -> None:
    sentence = tokenizer("words").encode("bank " * 40, 12)
    assert len(sentence.tokens) == 12
    assert (sentence.tokens[0].text, sentence.tokens[-1].text) == ("[CLS]", "[SEP]")
    assert sentence.cut == 30
    assert [token.text for token in tokenizer("words").encode("\x01", 12).tokens] == [
        "[CLS]",
        "[SEP]",
    ]
    with pytest.raises(TextTooLong):
        tokenizer("words").encode("x" * (CHARACTERS + 1), 12)
    with pytest.raises(EmptyText):
        tokenizer("words").encode(" \n", 12)


@pytest.mark.parametrize("text", ["The bank.", "naïve 春 🙂", "  two  spaces  ", "e\u0301"])
def test_ids_are_those_of_transformers(text: str) -> None:
    from transformers import AutoTokenizer

    assert (
        read_hub_tokenizer(Where(minilm())).encode(text, 99).ids
        == AutoTokenizer.from_pretrained(minilm())(text).input_ids
    )


def test_a_byte_that_is_marked_as_a_special_token_is_text() -> None:
    """Some vocabularies list their bytes among the special tokens."""
    plain, marked = backend("pieces"), backend("pieces")
    marked.add_special_tokens([f"<0x{byte:02X}>" for byte in range(256)])
    for text in ("a ꙮ b", "naïve 🜁", "ꙮ\nlines"):
        ids = plain.encode(text).ids
        sentence = HuggingFaceTokenizer(marked).encode(text, 99)
        assert list(sentence.ids) == list(HuggingFaceTokenizer(plain).encode(text, 99).ids)
        assert any(plain.id_to_token(n).startswith("<0x") for n in ids)
        assert "".join(shown(sentence.tokens)) == f"<s>{text}"


def test_a_frame_of_tokens_that_are_not_there_is_named() -> None:
    broken = backend("bytes")
    broken.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 5000)]
    )
    with pytest.raises(DamagedRun, match="token 5,000 before or after a text"):
        HuggingFaceTokenizer(broken)


@pytest.mark.parametrize("kind", ["T5Tokenizer", "XLMRobertaTokenizer", "BertTokenizer"])
def test_a_class_that_finds_no_list_of_its_own_is_refused(kind: str, tmp_path: Path) -> None:
    """Lists of byte-level BPE under a class that reads others: it makes a vocabulary of signs."""
    model = json.loads(backend("bytes").to_str())["model"]
    (tmp_path / "vocab.json").write_text(json.dumps(model["vocab"]))
    (tmp_path / "merges.txt").write_text("#version: 0.2\n")
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": kind}))
    with pytest.raises(ModelRefused, match=f"{kind} finds no vocabulary in the files"):
        read_hub_tokenizer(Where(tmp_path))


def test_a_text_that_a_vocabulary_has_no_word_for_at_all_is_named(tmp_path: Path) -> None:
    """WordPiece without the token that stands for all that it lacks."""
    lone = Backend(models.WordPiece({"a": 0, "b": 1}, unk_token="[UNK]"))
    lone.pre_tokenizer = pre_tokenizers.Whitespace()
    lone.save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(DamagedRun, match=r"cannot read a text .*UNK"):
        read_hub_tokenizer(Where(tmp_path))
    reader = HuggingFaceTokenizer(lone)
    for reading in (lambda: reader.encode("a c", 9), lambda: reader.ids(["a c"])):
        with pytest.raises(DamagedRun, match="cannot read a text"):
            reading()
    assert reader.encode("a b", 9).ids == [0, 1]


def test_older_lists_are_read_as_the_tokenizer_they_describe(tmp_path: Path) -> None:
    texts = ["The bank.", "naïve 春 🙂 café", "  two  spaces  ", "unbelievably [CLS] <s>"]
    words = tmp_path / "words"
    words.mkdir()
    for name in ("vocab.txt", "tokenizer_config.json"):
        shutil.copy(minilm() / name, words)
    assert same(read_hub_tokenizer(Where(words)), read_hub_tokenizer(Where(minilm())), texts)
    for way, kind in (("bytes", "GPT2Tokenizer"), ("framed", "RobertaTokenizer")):
        folder = tmp_path / way
        folder.mkdir()
        backend(way).model.save(str(folder))
        with pytest.raises(
            ModelRefused, match=r"does not say whose they are: name tokenizer_class"
        ):
            read_hub_tokenizer(Where(folder))
        (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": kind}))
        assert same(read_hub_tokenizer(Where(folder)), tokenizer(way), texts)


@pytest.mark.parametrize("kind", ["Qwen2Tokenizer", "GPT2Tokenizer"])
def test_lists_are_read_as_their_class_reads_them(kind: str, tmp_path: Path) -> None:
    """A class has its own way of parting words, and tokens that were added later are no parts of
    words.
    """
    from transformers import AutoTokenizer

    backend("bytes").model.save(str(tmp_path))
    (tmp_path / "added_tokens.json").write_text(json.dumps({"<user>": 420, "<|im_start|>": 421}))
    (tmp_path / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": kind, "eos_token": "<|endoftext|>"})
    )
    reader, own = read_hub_tokenizer(Where(tmp_path)), AutoTokenizer.from_pretrained(tmp_path)
    for text in ("She didn't: IT'LL cost $2024.50!!!", "a<user>b", "naïve 春 🙂"):
        assert reader.encode(text, 99).ids == own(text).input_ids


def test_a_class_that_splits_by_its_own_code_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n日本\n")
    for way in ("mecab", "basic"):
        said = {"tokenizer_class": "BertJapaneseTokenizer", "word_tokenizer_type": way}
        (tmp_path / "tokenizer_config.json").write_text(json.dumps(said))
        with pytest.raises(ModelRefused, match="its BertJapaneseTokenizer"):
            read_hub_tokenizer(Where(tmp_path))


def same(one: HuggingFaceTokenizer, other: HuggingFaceTokenizer, texts: list[str]) -> bool:
    return all(one.encode(text, 99) == other.encode(text, 99) for text in texts) and one.framed(
        []
    ) == other.framed([])


def test_a_tokenizer_is_looked_for_above_a_checkpoint(tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint-4"
    checkpoint.mkdir()
    with pytest.raises(ModelRefused, match=r"has no tokenizer: save it"):
        read_hub_tokenizer(Where(checkpoint))
    backend("bytes").save(str(tmp_path / "tokenizer.json"))
    assert len(read_hub_tokenizer(Where(checkpoint))) == 420
    (checkpoint / "tokenizer.json").write_text("{}")
    with pytest.raises(DamagedRun, match=r"tokenizer\.json of .* cannot be read"):
        read_hub_tokenizer(Where(checkpoint))
