"""Where a folder leaves open which model it holds: weights that show a head the config does not
name, two matrices where it has one, two sets of weights.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from layerfold.errors import ModelRefused
from layerfold.model.huggingface import Where, confirmed_shape, load_adapter, read_shape
from tests.model.hub_models import KINDS, network_of

FILE, INDEX = "model.safetensors", "model.safetensors.index.json"
SHARD: str = "model-0000{}-of-00002.safetensors"
IDS = [5, 9, 2, 77]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("stored")
    for kind in ("llama", "gpt2", "pythia", "bert"):
        network = network_of(KINDS[kind])
        network.save_pretrained(home / kind)
        getattr(network, network.base_model_prefix).save_pretrained(home / f"{kind}-body")
    return home


def copied(saved: Path, kind: str, to: Path, *without: str, **changes: Any) -> Path:
    folder = Path(shutil.copytree(saved / kind, to / kind))
    said = json.loads((folder / "config.json").read_text()) | changes
    said = {key: one for key, one in said.items() if key not in without}
    (folder / "config.json").write_text(json.dumps(said))
    return folder


def notes(folder: Path, pickle: bool = False) -> str:
    where = Where(folder)
    return " ".join(confirmed_shape(where, read_shape(where), pickle=pickle)[1])


def logits(folder: Path, pickle: bool = False) -> Any:
    adapter = load_adapter(Where(folder), read_shape(Where(folder)), pickle=pickle)
    return adapter.unembed(adapter.states(IDS).values[-1])


# ---- no class named


@pytest.mark.parametrize("asked", [None, [], ["LlamaOfMine"]])
@pytest.mark.parametrize("kind", ["llama", "gpt2", "pythia", "bert"])
def test_weights_show_the_head_that_the_config_does_not_name(
    saved: Path, kind: str, asked: list[str] | None, tmp_path: Path
) -> None:
    folder = copied(saved, kind, tmp_path, architectures=asked)
    assert np.array_equal(logits(folder), logits(saved / kind))
    assert f"names no class of transformers: it is opened as {KINDS[kind].model}" in notes(folder)


def test_a_run_of_before_opens_as_its_card_says(saved: Path, tmp_path: Path) -> None:
    """Cards that were written when such a model had no logits."""
    folder = copied(saved, "llama", tmp_path, "architectures")
    adapter = load_adapter(Where(folder), replace(read_shape(Where(folder)), unembedding=False))
    named = load_adapter(Where(saved / "llama"), read_shape(Where(saved / "llama")))
    assert not adapter.unembeds
    assert np.array_equal(adapter.states(IDS).values, named.states(IDS).values)


@pytest.mark.parametrize("kind", ["llama", "gpt2", "pythia", "bert"])
def test_a_body_without_a_name_is_given_no_head(saved: Path, kind: str, tmp_path: Path) -> None:
    folder = copied(saved, f"{kind}-body", tmp_path, "architectures")
    assert not read_shape(Where(folder)).unembedding


def test_a_classifier_without_a_name_is_given_no_head(saved: Path, tmp_path: Path) -> None:
    folder = copied(saved, "gpt2", tmp_path, "architectures")
    weights = load_file(folder / FILE) | {"score.weight": torch.ones(2, 48)}
    save_file(weights, folder / FILE, metadata={"format": "pt"})
    assert not read_shape(Where(folder)).unembedding


def test_the_names_in_a_pickle_show_the_head_too(saved: Path, tmp_path: Path) -> None:
    folder = copied(saved, "llama", tmp_path, "architectures")
    torch.save(load_file(folder / FILE), folder / "pytorch_model.bin")
    (folder / FILE).unlink()
    assert np.array_equal(logits(folder, pickle=True), logits(saved / "llama"))


# ---- one matrix or two


def test_two_matrices_where_the_config_has_one_are_said(saved: Path, tmp_path: Path) -> None:
    folder = copied(saved, "llama", tmp_path, tie_word_embeddings=True)
    assert "lm_head.weight and model.embed_tokens.weight as one matrix" in notes(folder)
    assert np.array_equal(logits(folder), logits(saved / "llama"))


def test_one_matrix_under_both_names_is_one(saved: Path, tmp_path: Path) -> None:
    folder = copied(saved, "llama", tmp_path, tie_word_embeddings=True)
    weights = load_file(folder / FILE)
    weights["lm_head.weight"] = weights["model.embed_tokens.weight"].clone()
    save_file(weights, folder / FILE, metadata={"format": "pt"})
    assert notes(folder) == ""


# ---- two sets of weights


def in_shards(folder: Path, scale: float = 1.0) -> None:
    """The folder's weights in two shards beside the one file."""
    weights = load_file(folder / FILE)
    names = sorted(weights)
    for n, part in enumerate((names[::2], names[1::2]), 1):
        save_file({name: weights[name] * scale for name in part}, folder / SHARD.format(n))


def test_shards_of_another_model_beside_one_file_are_refused(saved: Path, tmp_path: Path) -> None:
    folder = copied(saved, "llama", tmp_path)
    in_shards(folder, 0.5)
    with pytest.raises(ModelRefused, match=r"two sets of weights, model\.safetensors and model-00"):
        notes(folder)
    (folder / INDEX).write_text(json.dumps({"metadata": {}, "weight_map": {}}))
    with pytest.raises(ModelRefused, match="move away the one that is not meant"):
        notes(folder)


def test_a_shard_that_cannot_be_read_beside_one_file_is_refused(
    saved: Path, tmp_path: Path
) -> None:
    folder = copied(saved, "llama", tmp_path)
    (folder / SHARD.format(1)).write_bytes(b"cut")
    with pytest.raises(ModelRefused, match=r"which differ .*cannot be read"):
        notes(folder)


def test_shards_of_the_same_numbers_hinder_nothing(saved: Path, tmp_path: Path) -> None:
    folder = copied(saved, "llama", tmp_path)
    in_shards(folder)
    assert np.array_equal(logits(folder), logits(saved / "llama"))


@pytest.mark.parametrize(
    "keys",
    [("student", "teacher"), ("model", "model_state_dict"), ("ema", "averaged")],
)
def test_a_pickle_of_two_models_is_refused(
    saved: Path, keys: tuple[str, str], tmp_path: Path
) -> None:
    with pytest.raises(ModelRefused, match="holds 2 sets of weights that differ"):
        notes(in_pickle(copied(saved, "llama", tmp_path), keys, 0.5), pickle=True)


def test_what_a_training_keeps_beside_its_model_is_said(saved: Path, tmp_path: Path) -> None:
    folder = in_pickle(copied(saved, "llama", tmp_path), ("ema", "model"), 0.5)
    assert "other weights beside those of model, which are shown: ema" in notes(folder, pickle=True)
    assert not np.array_equal(logits(folder, pickle=True), logits(saved / "llama"))


def test_the_same_weights_twice_in_a_pickle_are_one_model(saved: Path, tmp_path: Path) -> None:
    folder = in_pickle(copied(saved, "llama", tmp_path), ("student", "teacher"), 1.0)
    assert np.array_equal(logits(folder, pickle=True), logits(saved / "llama"))


def in_pickle(folder: Path, keys: tuple[str, str], scale: float) -> Path:
    """The folder with a pickle of its weights under one key, and of such times ``scale`` under
    another.
    """
    weights = load_file(folder / FILE)
    other = {name: one * scale for name, one in weights.items()}
    torch.save({keys[0]: weights, keys[1]: other}, folder / "pytorch_model.bin")
    (folder / FILE).unlink()
    return folder
