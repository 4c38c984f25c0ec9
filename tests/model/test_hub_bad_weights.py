"""Weights that are none, each named for what it is: pointers, rounded numbers, placeholders,
wrappers, pickles.
"""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from layerfold.errors import DamagedRun, Diverged, ModelRefused
from layerfold.model.huggingface import Where, load_adapter, read_shape, weight_files
from layerfold.model.huggingface.weight_check import check_finite
from tests.model.refused import changed, opened, read_both


@pytest.mark.parametrize(
    "name", ["model.safetensors", "pytorch_model.bin", "tokenizer.json", "config.json"]
)
def test_a_pointer_of_git_lfs_is_called_one(folder: Path, name: str) -> None:
    if name == "pytorch_model.bin":
        (folder / "model.safetensors").unlink()
    (folder / name).write_text(
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 437967872\n"
    )
    with pytest.raises(
        DamagedRun, match=rf"{name} of .* is a Git LFS pointer .*: run git lfs pull"
    ):
        read_both(folder)


@pytest.mark.parametrize("dtype", [torch.float8_e4m3fn, torch.float8_e5m2, torch.int8, torch.uint8])
def test_quantised_tensors_are_named_whatever_the_config_says(
    folder: Path, dtype: torch.dtype
) -> None:
    name = "transformer.h.1.mlp.c_fc.weight"
    changed(
        folder,
        lambda weights: (
            weights | {name: weights[name].to(dtype), f"{name}_scale_inv": torch.ones(1, 1)}
        ),
    )
    with pytest.raises(
        ModelRefused, match=rf"are quantised: 1 are .*{name}.* with scales beside them .*scale_inv"
    ):
        opened(folder)


def test_placeholders_of_a_sharded_training_are_named(folder: Path) -> None:
    changed(folder, lambda weights: {name: torch.zeros(0) for name in weights})
    with pytest.raises(ModelRefused, match=r"empty placeholders .*ZeRO-3.*zero_to_fp32"):
        opened(folder)


def test_an_adapter_that_was_not_merged_is_named(folder: Path) -> None:
    def unmerged(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        kept = {
            name.replace("c_fc.", "c_fc.base_layer."): weight for name, weight in weights.items()
        }
        return kept | {"transformer.h.0.mlp.c_fc.lora_A.default.weight": torch.ones(2, 48)}

    changed(folder, unmerged)
    with pytest.raises(ModelRefused, match=r"an adapter that was not merged .*merge_and_unload"):
        opened(folder)


def test_numbers_that_are_none_are_named(folder: Path) -> None:
    changed(
        folder,
        lambda weights: weights | {"transformer.h.2.ln_1.bias": torch.full((48,), torch.nan)},
    )
    with pytest.raises(
        Diverged, match=r"1 weights .* not finite \(transformer\.h\.2\.ln_1\.bias\)"
    ):
        opened(folder)


@pytest.mark.parametrize("wrong", [torch.nan, torch.inf, -torch.inf])
def test_one_number_that_is_none_is_found_and_large_ones_are_numbers(wrong: float) -> None:
    network = torch.nn.Linear(300, 300)
    with torch.no_grad():
        network.weight.fill_(3e38)  # the sum is too large for a float32
    check_finite(network, "large")
    with torch.no_grad():
        network.weight[7, 11] = wrong
    with pytest.raises(Diverged, match=r"1 weights of it hold .* \(weight\)"):
        check_finite(network, "it")


@pytest.mark.parametrize(
    "prefix", ["_orig_mod.", "module.", "module._orig_mod.", "model.", "state_dict.model."]
)
def test_names_that_a_wrapper_put_before_all_are_read_without_it(folder: Path, prefix: str) -> None:
    before = opened(folder).states([1, 2, 3]).values
    changed(folder, lambda weights: {prefix + name: weight for name, weight in weights.items()})
    assert np.array_equal(opened(folder).states([1, 2, 3]).values, before)


def test_names_within_a_wrapped_layer_are_read_without_it(folder: Path) -> None:
    before = opened(folder).states([1, 2, 3]).values
    changed(
        folder,
        lambda weights: {
            name.replace("h.1.", "h.1._orig_mod."): weight for name, weight in weights.items()
        },
    )
    assert np.array_equal(opened(folder).states([1, 2, 3]).values, before)


@pytest.mark.parametrize("keys", [("model",), ("state_dict",), ("module", "model_state_dict")])
def test_a_pickle_around_the_weights_is_looked_into(folder: Path, keys: tuple[str, ...]) -> None:
    before = opened(folder).states([1, 2, 3]).values
    held: Any = load_file(folder / "model.safetensors")
    for key in keys:
        held = {key: held, "epoch": 3}
    torch.save(held, folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    assert np.array_equal(opened(folder, pickle=True).states([1, 2, 3]).values, before)


def test_names_of_nothing_known_are_told(folder: Path) -> None:
    changed(
        folder,
        lambda weights: {f"strange.{n}.thing": weight for n, weight in enumerate(weights.values())},
    )
    with pytest.raises(
        DamagedRun,
        match=r"lacks \d+ of its weights .*, and holds \d+ that no part of it takes \(strange",
    ):
        opened(folder)


# ---- pickles


class Bomb:
    """What leaves a mark where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return Path.touch, (self.mark,)


def test_a_pickle_is_opened_only_where_it_is_allowed(folder: Path) -> None:
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    expected = load_adapter(Where(folder), read_shape(Where(folder))).states([1, 2, 3]).values
    (folder / "model.safetensors").unlink()
    shape = read_shape(Where(folder))
    with pytest.raises(
        ModelRefused, match=r"are a pickle .*can run foreign code: save the model with safetensors"
    ):
        load_adapter(Where(folder), shape)
    assert (
        load_adapter(Where(folder), shape, pickle=True).states([1, 2, 3]).values == expected
    ).all()


def test_a_poisoned_pickle_is_never_run(folder: Path) -> None:
    mark = folder / "ran"
    poison = pickle.dumps({"transformer.wte.weight": Bomb(mark)}, protocol=2)
    for name in (
        "training_args.bin",
        "optimizer.pt",
        "rng_state.pth",
        "scheduler.pt",
        "pytorch_model.bin",
    ):
        (folder / name).write_bytes(poison)
    shape = read_shape(Where(folder))
    load_adapter(Where(folder), shape, pickle=True)  # safetensors come first, even so
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelRefused):
        load_adapter(Where(folder), shape)
    for _ in range(2):
        with pytest.raises(DamagedRun, match=r"pytorch_model\.bin of .* cannot be read"):
            load_adapter(Where(folder), shape, pickle=True)
        # in torch's own wrapping
        torch.save({"transformer.wte.weight": Bomb(mark)}, folder / "pytorch_model.bin")
    assert not mark.exists()


@pytest.mark.parametrize(
    "name", ["../secret.safetensors", "/etc/passwd", "a/b.safetensors", "weights.pkl", 3]
)
def test_an_index_that_leads_elsewhere_is_damaged(folder: Path, name: object) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(
        json.dumps({"weight_map": {"transformer.wte.weight": name}})
    )
    with pytest.raises(DamagedRun, match="names no weights, or files elsewhere"):
        weight_files(Where(folder))


def test_an_adapter_alone_is_refused(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "somebody/else"}')
    with pytest.raises(ModelRefused, match="an adapter and not the model it adapts, somebody/else"):
        opened(folder)
