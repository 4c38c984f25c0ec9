"""Adapters of peft: merged into the model beside them or the one they name, equal to peft's own
pass; else refused by name.
"""

from __future__ import annotations

import json
import shutil
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from layerfold.errors import DamagedRun, MissingExtra, ModelRefused
from layerfold.model.huggingface import (
    Where,
    confirmed_shape,
    load_adapter,
    read_hub_tokenizer,
    read_shape,
)
from layerfold.runs.hub_run import open_hub
from layerfold.runs.opening import open_run
from tests.model.hub_models import saved

peft = pytest.importorskip("peft")
IDS = [5, 9, 2, 77, 31]
KINDS = {
    "lora": lambda: peft.LoraConfig(
        r=2, lora_alpha=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False
    ),
    "lora of a head": lambda: peft.LoraConfig(
        r=2, target_modules=["o_proj"], modules_to_save=["lm_head"], init_lora_weights=False
    ),
    "ia3": lambda: peft.IA3Config(
        target_modules=["k_proj", "down_proj"],
        feedforward_modules=["down_proj"],
        init_ia3_weights=False,
    ),
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved("llama", tmp_path_factory.mktemp("base") / "llama")


def adapted(base: Path, folder: Path, kind: str) -> Any:
    """The folder holds an adapter of the base with random weights; what peft makes of the two."""
    import transformers

    network = transformers.LlamaForCausalLM.from_pretrained(base)
    torch.manual_seed(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of peft and transformers among themselves
        model = peft.get_peft_model(network, KINDS[kind]())
    for name, weight in model.named_parameters():
        if weight.requires_grad and "modules_to_save" in name:
            weight.data.add_(0.1)
    model.save_pretrained(folder)
    return model.eval()


def opened(folder: Path) -> Any:
    return load_adapter(Where(folder), read_shape(Where(folder)))


def off(adapter: Any, model: Any) -> float:
    with torch.inference_mode():
        told = model(input_ids=torch.tensor([IDS]), output_hidden_states=True)
    states = adapter.states(IDS).values
    pairs = [(states[4], told.hidden_states[2][0]), (adapter.unembed(states[-1]), told.logits[0])]
    return max(float(np.abs(a - b.numpy()).max() / b.abs().max()) for a, b in pairs)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("beside", [True, False], ids=["beside its model", "alone"])
def test_an_adapter_is_merged_as_peft_applies_it(
    base: Path, tmp_path: Path, kind: str, beside: bool
) -> None:
    model = adapted(base, tmp_path / "adapter", kind)
    if beside:
        shutil.copytree(base, tmp_path / "adapter", dirs_exist_ok=True)
    found = opened(tmp_path / "adapter")
    assert off(found, model) <= 1e-5
    assert np.abs(found.states(IDS).values - opened(base).states(IDS).values).max() > 1e-3
    assert read_hub_tokenizer(Where(tmp_path / "adapter")).encode("The bank", 9).ids
    _, notes = confirmed_shape(Where(tmp_path / "adapter"), read_shape(Where(tmp_path / "adapter")))
    assert notes == [f"The adapter beside it ({KINDS[kind]().peft_type.value}) is merged into it."]


def test_a_folder_of_an_adapter_is_a_run_that_says_so(base: Path, tmp_path: Path) -> None:
    adapted(base, tmp_path / "checkpoint-20", "lora")
    run = open_run(open_hub(str(tmp_path / "checkpoint-20"), tmp_path / "home"))
    assert (run.steps, run.missing()) == ((20,), [])
    assert "(LORA) is merged into it" in run.card["description"]
    before = run.origin(20)
    weights = load_file(tmp_path / "checkpoint-20" / "adapter_model.safetensors")
    save_file(
        {name: weight * 2 for name, weight in weights.items()},
        tmp_path / "checkpoint-20" / "adapter_model.safetensors",
    )
    assert run.origin(20) != before


def test_an_adapter_that_fits_no_part_is_refused(base: Path, tmp_path: Path) -> None:
    adapted(base, tmp_path / "adapter", "lora")
    path = tmp_path / "adapter" / "adapter_model.safetensors"
    weights = load_file(path)
    save_file(
        {name.replace("layers.1.", "layers.9."): weight for name, weight in weights.items()}, path
    )
    with pytest.raises(ModelRefused, match=r"is another model's: .*layers\.1"):
        opened(tmp_path / "adapter")
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DamagedRun, match=r"adapter_model\.safetensors"):
        opened(tmp_path / "adapter")
    path.rename(tmp_path / "adapter" / "adapter_model.bin")
    with pytest.raises(ModelRefused, match="is a pickle"):
        opened(tmp_path / "adapter")
    (tmp_path / "adapter" / "adapter_model.bin").unlink()
    with pytest.raises(DamagedRun, match=r"adapter_config\.json and no adapter_model"):
        opened(tmp_path / "adapter")


def test_an_adapter_of_tokens_is_refused_by_its_kind(base: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(base, tmp_path / "model")
    said = {"peft_type": "PROMPT_TUNING", "task_type": "CAUSAL_LM", "num_virtual_tokens": 3}
    (folder / "adapter_config.json").write_text(json.dumps(said))
    save_file({"prompt_embeddings": torch.zeros(3, 48)}, folder / "adapter_model.safetensors")
    with pytest.raises(ModelRefused, match="PROMPT_TUNING, which adds tokens"):
        opened(folder)


def test_without_peft_it_is_said_what_to_install(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapted(base, tmp_path / "adapter", "lora")
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(MissingExtra, match=r"pip install layerfold\[peft\]"):
        opened(tmp_path / "adapter")
