"""Models of Hugging Face made in a moment: a tokenizer, a GPT-2 and a BERT with random weights, and
a real Trainer's folder.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

# before huggingface_hub is imported, which reads it once
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import huggingface_hub.constants
import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedTokenizerFast,
    Trainer,
    TrainingArguments,
    default_data_collator,
)

from tests.conftest import story

VOCABULARY, LAYERS, WIDTH, LENGTH = 320, 2, 16, 64
STEPS = (4, 8, 12)


def a_tokenizer(folder: Path) -> Any:
    """The folder holds a byte-level BPE with an end sign, as GPT-2's is."""
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(_learnt()),
        bos_token="<|endoftext|>",
        eos_token="<|endoftext|>",
    )
    tokenizer.save_pretrained(folder)
    return tokenizer


@cache
def _learnt() -> str:
    """A tokenizer as it is written, learnt once: the series of a test have one."""
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=alphabet,
        show_progress=False,
    )
    backend.train_from_iterator([story(1, 200)], trainer)
    return str(backend.to_str())


def a_gpt2(seed: int = 0, **changed: Any) -> GPT2LMHeadModel:
    """A small GPT-2 with random weights, the same for the same seed."""
    torch.manual_seed(seed)
    shape = {
        "vocab_size": VOCABULARY,
        "n_positions": LENGTH,
        "n_embd": WIDTH,
        "n_layer": LAYERS,
        "n_head": 2,
    }
    return GPT2LMHeadModel(GPT2Config(**{**shape, **changed}, bos_token_id=0, eos_token_id=0))


def a_checkpoint(folder: Path, seed: int = 0, *, tokenizer: bool = True, **changed: Any) -> Path:
    """The folder holds a GPT-2 as `save_pretrained` leaves it, and its tokenizer."""
    a_gpt2(seed, **changed).save_pretrained(folder)
    if tokenizer:
        a_tokenizer(folder)
    return folder


def a_trainer_run(
    folder: Path, *, steps: tuple[int, ...] = STEPS, save_model: bool = False
) -> Path:
    """The output folder of a real `Trainer` that taught a GPT-2 some sentences, with a checkpoint
    at each of evenly spaced steps.
    """
    tokenizer = a_tokenizer(folder)
    ids = tokenizer(story(2, 200))["input_ids"]
    rows = [torch.tensor(ids[at : at + 32]) for at in range(0, 32 * 24, 32)]
    data = [{"input_ids": row, "labels": row} for row in rows]
    arguments = TrainingArguments(
        output_dir=str(folder),
        max_steps=steps[-1],
        save_steps=steps[0],
        logging_steps=steps[0] // 2,
        eval_strategy="steps",
        eval_steps=steps[0],
        per_device_train_batch_size=4,
        learning_rate=5e-3,
        report_to=[],
        disable_tqdm=True,
        use_cpu=True,
        seed=3,
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*pin_memory.*")
        parts = {
            "train_dataset": data,
            "eval_dataset": data[:4],
            "data_collator": default_data_collator,
            "processing_class": tokenizer,
        }
        trainer = Trainer(model=a_gpt2(), args=arguments, **parts)
        trainer.train()
        if save_model:
            trainer.save_model()
    return folder


def hub_cache(
    folder: Path, repo: str, revisions: Mapping[str, int], monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A hub's cache as its client leaves it, with a model (of that seed) at each revision; nothing
    else can be fetched meanwhile.
    """
    home = folder / f"models--{repo.replace('/', '--')}"
    for revision, seed in revisions.items():
        whole = a_checkpoint(folder / "whole" / revision, seed)
        commit = hashlib.sha1(f"{repo} {revision}".encode()).hexdigest()
        for file in whole.iterdir():
            data = file.read_bytes()
            blob = home / "blobs" / hashlib.sha256(data).hexdigest()
            link = home / "snapshots" / commit / file.name
            blob.parent.mkdir(parents=True, exist_ok=True)
            link.parent.mkdir(parents=True, exist_ok=True)
            blob.write_bytes(data)
            link.symlink_to(blob)
        (home / "refs").mkdir(exist_ok=True)
        (home / "refs" / revision).write_text(commit)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(folder))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    return folder
