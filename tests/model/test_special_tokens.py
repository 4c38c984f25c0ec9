"""Special tokens of models from elsewhere, meant by a switch: the ids are those of transformers'
own tokenizer."""

from __future__ import annotations

from typing import Any

import pytest
from tokenizers import AddedToken, decoders, models, pre_tokenizers, processors
from tokenizers import Tokenizer as Backend

from layerfold.model.huggingface import HuggingFaceTokenizer
from layerfold.model.tokenizers.byte_level import byte_signs

transformers = pytest.importorskip("transformers")


def word_pieces() -> Any:
    words = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        "the",
        "river",
        "bank",
        "##s",
        "[",
        "]",
        "mask",
    ]
    backend = Backend(
        models.WordPiece({word: n for n, word in enumerate(words)}, unk_token="[UNK]")
    )
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.decoder = decoders.WordPiece()
    backend.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    backend.add_special_tokens(words[:5])
    return backend


def byte_level() -> Any:
    signs = {sign: n for n, sign in enumerate(sorted(byte_signs()))}
    backend = Backend(
        models.BPE(
            vocab={**signs, "<s>": 256, "</s>": 257, "<mask>": 258, "<|im_start|>": 259}, merges=[]
        )
    )
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    backend.post_processor = processors.RobertaProcessing(
        ("</s>", 257), ("<s>", 256), add_prefix_space=False
    )
    backend.add_special_tokens(
        ["<s>", "</s>", AddedToken("<mask>", lstrip=True, special=True), "<|im_start|>"]
    )
    return backend


@pytest.mark.parametrize("make", [word_pieces, byte_level])
@pytest.mark.parametrize(
    "text",
    [
        "the [MASK] of the rivers",
        "a <mask> b",
        "<|im_start|>user\nthe bank",
        "the bank",
        "[MASK][MASK]",
        "e\u0301 <mask>\u0301",
        "<s>the river</s>",
    ],
)
def test_the_ids_are_those_of_transformers(make: Any, text: str) -> None:
    reader = HuggingFaceTokenizer(make())
    theirs = transformers.PreTrainedTokenizerFast(tokenizer_object=make())
    framed = "<s>" in text and make is byte_level
    wanted = theirs(text, add_special_tokens=not framed)["input_ids"]
    found = reader.read(text, 100, special=True)
    assert list(found.ids) == wanted
    inside = [token for token in found.tokens if token.end > token.start]
    assert all(found.text[token.start : token.end] == token.text for token in inside)
    plain = reader.read(text, 100)
    assert plain == reader.encode(text, 100)
    names = {n for name, n in reader.specials().items() if name != "[UNK]"}
    assert not names & (set(plain.ids) - set(reader.framed([])))


def test_the_names_of_special_tokens_are_known() -> None:
    assert HuggingFaceTokenizer(word_pieces()).specials() == {
        "[PAD]": 0,
        "[UNK]": 1,
        "[CLS]": 2,
        "[SEP]": 3,
        "[MASK]": 4,
    }
