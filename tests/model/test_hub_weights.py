"""Weights that are not those of the model that config.json speaks of: each is named, never left out
without a word.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from layerfold.errors import DamagedRun, LayerfoldError, ModelRefused
from layerfold.model.huggingface import Where, confirmed_shape, load_adapter, read_shape
from layerfold.runs.checkpoint_files import trouble_of
from tests.model.hub_models import KINDS, network_of

FILE = "model.safetensors"
Weights = dict[str, Tensor]
Change = Callable[[Weights], Weights]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plain") / "llama"
    network_of(KINDS["llama"]).save_pretrained(folder)
    return folder


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "model"))


def changed(folder: Path, change: Change) -> None:
    weights = {name: one.clone() for name, one in change(load_file(folder / FILE)).items()}
    save_file(weights, folder / FILE, metadata={"format": "pt"})


def configured(folder: Path, *without: str, **changes: Any) -> None:
    path = folder / "config.json"
    said = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({key: one for key, one in said.items() if key not in without}))


def opened(folder: Path, pickle: bool = False) -> Any:
    where = Where(folder)
    return load_adapter(where, read_shape(where), pickle=pickle)


def states(folder: Path, pickle: bool = False) -> Any:
    return opened(folder, pickle).states([1, 2, 3]).values


def added(name: str, *shape: int) -> Change:
    return lambda weights: weights | {name: torch.ones(*shape)}


def scaled(weights: Weights) -> Weights:
    return weights | {f"{name}_scale": torch.ones(1) for name in weights if "proj" in name}


@pytest.mark.parametrize(
    "change",
    [
        added("model.layers.0.self_attn.q_norm.weight", 8),
        added("model.layers.1.self_attn.q_proj.bias", 48),
        added("model.layers.9.mlp.up_proj.weight", 4, 4),
        added("lm_head.bias", 4),
        scaled,
    ],
    ids=["a norm", "a bias", "a further layer", "a head's bias", "scales"],
)
def test_weights_of_a_block_that_nothing_takes_are_refused(folder: Path, change: Change) -> None:
    changed(folder, change)
    with pytest.raises(ModelRefused, match=r"no part of a LlamaForCausalLM of \d layers takes"):
        opened(folder)


def test_fewer_layers_by_the_config_than_in_the_files_are_refused(folder: Path) -> None:
    layers = json.loads((folder / "config.json").read_text())["num_hidden_layers"]
    configured(folder, num_hidden_layers=layers - 1)
    with pytest.raises(ModelRefused, match=rf"of {layers - 1} layers takes \(model\.layers\."):
        opened(folder)


@pytest.mark.parametrize(
    "name", ["model.layers.0.self_attn.rotary_emb.inv_freq", "model.layers.0.self_attn.k_scale"]
)
def test_what_no_state_is_made_of_hinders_nothing(folder: Path, name: str) -> None:
    before = states(folder)
    changed(folder, added(name, 4))
    assert np.array_equal(states(folder), before)


def test_a_further_head_is_left_aside_and_said(folder: Path) -> None:
    changed(folder, added("score.weight", 2, 4))
    _, notes = confirmed_shape(Where(folder), read_shape(Where(folder)))
    assert any("no part of it takes are left aside: score.weight" in note for note in notes)


@pytest.mark.parametrize("kind", [torch.int64, torch.bool, torch.int32])
def test_whole_numbers_where_weights_belong_are_refused(folder: Path, kind: torch.dtype) -> None:
    name = "model.layers.0.mlp.up_proj.weight"
    changed(folder, lambda weights: weights | {name: weights[name].to(kind)})
    with pytest.raises(ModelRefused, match=rf"quantised: 1 are .* \({name}\)"):
        opened(folder)


@pytest.mark.parametrize("ending", ["W_q", "qweight", "mlp_blocks"])
def test_packed_weights_are_refused_by_any_name(folder: Path, ending: str) -> None:
    packed = {f"model.layers.0.mlp.up_proj.{ending}": torch.zeros(4, dtype=torch.uint8)}
    changed(folder, lambda weights: weights | packed)
    with pytest.raises(ModelRefused, match=f"quantised: 1 are U8 .*{ending}"):
        opened(folder)


def test_wide_and_mixed_numbers_are_plain_numbers(folder: Path) -> None:
    before = states(folder)
    changed(folder, lambda weights: {name: one.double() for name, one in weights.items()})
    assert np.array_equal(states(folder), before)


def test_sizes_that_do_not_fit_are_told_with_what_the_config_leaves_out(folder: Path) -> None:
    name = "model.layers.0.mlp.up_proj.weight"
    changed(folder, lambda weights: weights | {name: weights[name].T.contiguous()})
    with pytest.raises(DamagedRun, match=rf"\({name} of another shape: \[\d+, \d+\] there, \["):
        opened(folder)
    configured(folder, "vocab_size")
    with pytest.raises(DamagedRun, match=r"does not say vocab_size \(32,000 is taken\)"):
        opened(folder)


@pytest.mark.parametrize("number", ["NaN", "Infinity"])
def test_a_config_of_numbers_that_are_none_is_refused(folder: Path, number: str) -> None:
    path = folder / "config.json"
    said = json.loads(path.read_text()) | {"rms_norm_eps": float(number)}
    path.write_text(json.dumps(said))
    with pytest.raises(DamagedRun, match=r"rms_norm_eps in config\.json .* no finite number"):
        opened(folder)


def test_weights_that_were_never_filled_are_refused(folder: Path) -> None:
    changed(folder, lambda weights: {name: one * 0 for name, one in weights.items()})
    with pytest.raises(ModelRefused, match="every token the same state at every site"):
        opened(folder)


# ---- files


def sharded(folder: Path, twice: bool = False) -> dict[str, str]:
    weights = load_file(folder / FILE)
    (folder / FILE).unlink()
    names = sorted(weights)
    parts = (names[:5], names[4:] if twice else names[5:])
    index: dict[str, str] = {}
    for number, part in enumerate(parts, 1):
        file = f"model-0000{number}-of-00002.safetensors"
        save_file({name: weights[name] for name in part}, folder / file, metadata={"format": "pt"})
        index |= dict.fromkeys(part, file)
    (folder / f"{FILE}.index.json").write_text(json.dumps({"metadata": {}, "weight_map": index}))
    return index


def test_an_index_that_is_wrong_in_a_name_changes_no_state(folder: Path) -> None:
    before = states(folder)
    index = sharded(folder)
    names = sorted(index)
    index[names[0]] = index[names[-1]]
    (folder / f"{FILE}.index.json").write_text(json.dumps({"weight_map": index}))
    assert np.array_equal(states(folder), before)


def test_a_tensor_that_stands_in_two_files_is_refused(folder: Path) -> None:
    name = sorted(sharded(folder, twice=True))[4]
    with pytest.raises(DamagedRun, match=rf"holds {name} twice"):
        opened(folder)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("model-00001-of-00002.safetensors", "and no model.safetensors.index.json"),
        ("pytorch_model.safetensors", "if these are its weights, give them that name"),
        ("consolidated.00.pth", "convert it to Hugging Face's format"),
        ("tf_model.h5", "from TensorFlow"),
        ("flax_model.msgpack", "from Flax"),
    ],
)
def test_weights_under_another_name_are_named(folder: Path, name: str, why: str) -> None:
    (folder / FILE).rename(folder / name)
    assert trouble_of(folder).startswith(f"holds {name} and no ")
    assert why in trouble_of(folder)


def test_a_web_page_in_the_place_of_a_file_is_called_one(folder: Path) -> None:
    (folder / FILE).write_text("<!DOCTYPE html><html>" + "x" * 5000)
    assert "is a web page and not weights" in trouble_of(folder)
    (folder / "config.json").write_text("<html></html>")
    with pytest.raises(DamagedRun, match="it is a web page"):
        read_shape(Where(folder))


# ---- names


def under(*heads: str, **more: Tensor) -> Change:
    return lambda weights: {head + name: weights[name] for head in heads for name in weights} | more


@pytest.mark.parametrize(
    "change",
    [under("_forward_module."), under("pretrained_model.", **{"v_head.weight": torch.ones(1, 4)})],
    ids=["a wrapper", "a value head beside"],
)
def test_a_prefix_of_the_model_s_own_names_is_taken_out(folder: Path, change: Change) -> None:
    before = states(folder)
    changed(folder, change)
    assert np.array_equal(states(folder), before)


def test_two_models_in_one_file_are_told_apart(folder: Path) -> None:
    changed(folder, under("actor.", "critic."))
    with pytest.raises(ModelRefused, match=r"holds 2 models, under actor\. and critic\."):
        opened(folder)


@pytest.mark.parametrize(
    "held",
    [
        lambda weights: {"model": weights, "iter_num": 3, "best_val_loss": torch.tensor(1.0)},
        lambda weights: {"weights": weights, "step": 1},
        lambda weights: {"a": {"b": weights}, "optimizer": {"state": {0: {"m": torch.ones(1)}}}},
    ],
    ids=["a number beside", "a name of its own", "deep"],
)
def test_weights_are_found_in_a_pickle_of_any_form(
    folder: Path, held: Callable[[Weights], Any]
) -> None:
    before = states(folder)
    torch.save(held(load_file(folder / FILE)), folder / "pytorch_model.bin")
    (folder / FILE).unlink()
    assert np.array_equal(states(folder, pickle=True), before)


@pytest.mark.parametrize(
    ("held", "why"),
    [
        ({"args": argparse.Namespace(lr=1)}, r"holds argparse\.Namespace beside its tensors"),
        ([torch.ones(1)], "holds a list and no weights by name"),
        ({"step": 1}, "holds step and no weights by name"),
    ],
)
def test_a_pickle_without_weights_by_name_is_told(folder: Path, held: Any, why: str) -> None:
    torch.save(held, folder / "pytorch_model.bin")
    (folder / FILE).unlink()
    with pytest.raises(LayerfoldError, match=why):
        opened(folder, pickle=True)


# ---- adapters


def test_weights_of_an_adapter_without_its_settings_are_refused(folder: Path) -> None:
    save_file({"q_proj.lora_A.weight": torch.ones(2, 4)}, folder / "adapter_model.safetensors")
    with pytest.raises(ModelRefused, match=r"holds adapter_model\.safetensors and no adapter_conf"):
        opened(folder)


def test_an_adapter_in_a_folder_below_is_said(folder: Path) -> None:
    (folder / "french").mkdir()
    (folder / "french" / "adapter_config.json").write_text("{}")
    _, notes = confirmed_shape(Where(folder), read_shape(Where(folder)))
    assert any("Adapters lie below it (french)" in note for note in notes)


# ---- beside


def beside(folder: Path) -> list[str]:
    _, notes = confirmed_shape(Where(folder), read_shape(Where(folder)))
    return [note for note in notes if "lie beside it" in note]


@pytest.mark.parametrize("name", ["model_1.safetensors", "ema.safetensors"])
def test_a_second_file_of_weights_is_said_and_changes_nothing(folder: Path, name: str) -> None:
    """As accelerate saves several models: model.safetensors, model_1.safetensors."""
    before = states(folder)
    save_file({"w": torch.ones(2)}, folder / name)
    assert [name in note for note in beside(folder)] == [True]
    np.testing.assert_array_equal(states(folder), before)


def test_what_a_training_keeps_beside_a_model_is_no_second_one(folder: Path) -> None:
    for name in ("optimizer.safetensors", "scheduler.safetensors"):
        save_file({"w": torch.ones(2)}, folder / name)
    assert beside(folder) == []


def test_a_second_pickle_is_said_where_pickles_are_read(folder: Path) -> None:
    torch.save(load_file(folder / FILE), folder / "pytorch_model.bin")
    (folder / FILE).unlink()
    torch.save({"w": torch.ones(2)}, folder / "pytorch_model_1.bin")
    torch.save(argparse.Namespace(), folder / "training_args.bin")
    _, notes = confirmed_shape(Where(folder), read_shape(Where(folder)), pickle=True)
    assert [("pytorch_model_1.bin" in one, "training" in one) for one in notes] == [(True, False)]


def test_shards_that_an_index_names_are_one_model(folder: Path) -> None:
    sharded(folder)
    assert beside(folder) == []
    save_file({"w": torch.ones(2)}, folder / "model_1.safetensors")
    assert len(beside(folder)) == 1
