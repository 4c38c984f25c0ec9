"""Tokenizers that older models keep as lists: vocab.txt of WordPiece; vocab.json and merges.txt of
byte-level BPE.
"""

from __future__ import annotations

import json
from typing import Any, Final

from tokenizers import Tokenizer as Backend
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors

from layerfold.model.huggingface.files import Where, fetched, read_json

SIGNS: Final = (
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "<s>",
    "<pad>",
    "</s>",
    "<unk>",
    "<mask>",
    "<|endoftext|>",
)


def backend_from_lists(where: Where) -> Backend | None:
    """The tokenizer that a model's lists describe, None where it has none; raises what the library
    raises, and as ``fetched``.
    """
    words = fetched(where, "vocab.txt")
    if words is not None:
        lines = words.read_text("utf-8").split("\n")
        return _of_words(
            [line.rstrip("\r") for line in lines[: -1 if not lines[-1] else None]],
            read_json(where, "tokenizer_config.json") or {},
        )
    vocabulary, merges = fetched(where, "vocab.json"), fetched(where, "merges.txt")
    if vocabulary is None or merges is None:
        return None
    lines = [
        line
        for line in merges.read_text("utf-8").split("\n")
        if line.strip() and not line.startswith("#version")
    ]
    return _of_merges(
        json.loads(vocabulary.read_text("utf-8")),
        [(a, b) for a, _, b in (line.partition(" ") for line in lines)],
    )


def _of_words(words: list[str], config: dict[str, Any]) -> Backend:
    ids = {word: n for n, word in enumerate(words)}
    backend = Backend(models.WordPiece(ids, unk_token="[UNK]"))
    accents, chinese = config.get("strip_accents"), bool(config.get("tokenize_chinese_chars", True))
    backend.normalizer = normalizers.BertNormalizer(
        handle_chinese_chars=chinese,
        strip_accents=accents,
        lowercase=bool(config.get("do_lower_case", True)),
    )
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.decoder = decoders.WordPiece()
    backend.post_processor = processors.BertProcessing(
        ("[SEP]", ids["[SEP]"]), ("[CLS]", ids["[CLS]"])
    )
    return _with_signs(backend, ids)


def _of_merges(ids: dict[str, int], merges: list[tuple[str, str]]) -> Backend:
    backend = Backend(models.BPE(ids, merges))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    if "<s>" in ids and "</s>" in ids:
        backend.post_processor = processors.RobertaProcessing(
            ("</s>", ids["</s>"]), ("<s>", ids["<s>"]), add_prefix_space=False
        )
    return _with_signs(backend, ids)


def _with_signs(backend: Backend, ids: dict[str, int]) -> Backend:
    backend.add_special_tokens([sign for sign in SIGNS if sign in ids])
    return backend
