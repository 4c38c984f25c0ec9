"""Recording a real Trainer of Hugging Face."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer as Backend
from tokenizers import models, pre_tokenizers

from layerfold.errors import InputError
from layerfold.recording.recorder import Recorder
from layerfold.runs.opening import open_run
from tests.readme import block
from tests.small import TEXTS

transformers = pytest.importorskip("transformers")
from layerfold.recording.trainer_callback import RecorderCallback  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*pin_memory.*:UserWarning"),
]


def a_tokenizer() -> Any:
    letters = {letter: n for n, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    backend = Backend(models.BPE(vocab={**letters, "<|endoftext|>": 256}, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=backend, eos_token="<|endoftext|>", pad_token="<|endoftext|>"
    )


def a_gpt2() -> Any:
    torch.manual_seed(0)
    return transformers.GPT2LMHeadModel(
        transformers.GPT2Config(vocab_size=257, n_positions=32, n_embd=16, n_layer=2, n_head=2)
    )


def a_trainer(folder: Path, model: Any, *callbacks: Any) -> Any:
    ids = np.random.default_rng(0).integers(0, 256, (32, 16)).tolist()
    rows = [{"input_ids": row, "labels": row} for row in ids]
    arguments = transformers.TrainingArguments(
        str(folder),
        max_steps=6,
        per_device_train_batch_size=4,
        logging_steps=2,
        report_to=[],
        save_strategy="no",
        use_cpu=True,
        disable_tqdm=True,
        seed=1,
        data_seed=1,
    )
    return transformers.Trainer(
        model,
        arguments,
        train_dataset=rows,
        processing_class=a_tokenizer(),
        callbacks=list(callbacks),
    )


def test_a_trainer_is_recorded_and_trains_as_it_would(tmp_path: Path) -> None:
    plain, watched = a_gpt2(), a_gpt2()
    a_trainer(tmp_path / "a", plain).train()
    a_trainer(
        tmp_path / "b",
        watched,
        RecorderCallback(tmp_path / "run", list(TEXTS), every=2, weights=True),
    ).train()
    assert all(
        torch.equal(x, y)
        for x, y in zip(plain.state_dict().values(), watched.state_dict().values(), strict=True)
    )
    run = open_run(tmp_path / "run")
    assert (run.steps, run.live, run.typed) == ((0, 2, 4, 6), False, True)
    assert [row["step"] for row in run.metrics() if "loss" in row] == [2, 4, 6]
    assert [site.name for site in run.sites] == ["embed", "L0.mid", "L0.post", "L1.mid", "L1.post"]
    reference = run.reference()
    assert reference is not None
    recorded = run.stored_states(6, reference)
    assert recorded is not None
    first = reference.windows[0][reference.windows[0] >= 0]
    found = run.adapter(6).states(first.tolist()).values[:, int(reference.position[0])]
    np.testing.assert_allclose(recorded[:, 0], found, rtol=5e-3, atol=5e-3)
    assert run.verify() == []
    assert run.tokenizer().encode("the bank", 20).ids == a_tokenizer().encode("the bank")


def test_texts_that_cannot_be_recorded_are_said_before_the_training(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no text"):
        a_trainer(tmp_path / "a", a_gpt2(), RecorderCallback(tmp_path / "run", [])).train()


def test_the_lines_of_the_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(
        block("recorder callback"),
        {"trainer": a_trainer(tmp_path / "out", a_gpt2()), "texts": list(TEXTS)},
    )
    assert open_run(tmp_path / "runs" / "tuned").steps[-1] == 6


def test_an_encoder_is_recorded_in_whole_windows(tmp_path: Path) -> None:
    model = transformers.BertModel(
        transformers.BertConfig(
            vocab_size=60,
            hidden_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=32,
        )
    )
    ids = torch.randint(0, 60, (6, 10))
    with Recorder(tmp_path, ids) as one:
        one.log(model, 0)
    run = open_run(tmp_path)
    reference, wanted = run.reference(), model.eval()(ids).last_hidden_state.detach().numpy()
    recorded = run.stored_states(0, reference)
    assert recorded is not None
    np.testing.assert_allclose(
        recorded[-1], wanted[reference.window, reference.position], rtol=5e-3, atol=5e-3
    )
