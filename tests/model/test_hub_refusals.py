"""What is not opened, each in a clear word: foreign code, pickles, unknown architectures, and what
is gated, absent or out of reach.
"""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from huggingface_hub import constants
from safetensors.torch import load_file, save_file

from layerfold.errors import (
    DamagedRun,
    Diverged,
    LayerfoldError,
    MissingExtra,
    ModelNotFound,
    ModelRefused,
)
from layerfold.model.huggingface import (
    Where,
    load_adapter,
    read_hub_tokenizer,
    read_shape,
    settled,
    weight_files,
)
from tests.model.hub_models import KINDS, backend_of, keep_tokenizer, network_of

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plain") / "gpt2"
    network_of(KINDS["gpt2"]).save_pretrained(folder)
    return keep_tokenizer(backend_of("bytes"), folder)


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    return shutil.copytree(saved, tmp_path / "model")


def rewrite(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def canary(folder: Path) -> str:
    """Code in the folder that leaves a mark where it is run."""
    (folder / "modeling_evil.py").write_text(
        f"open({str(folder / 'ran')!r}, 'w')\nclass Evil: pass\n"
    )
    return "modeling_evil.Evil"


@pytest.mark.parametrize(
    "asked",
    [
        {"auto_map": {"AutoModel": "modeling_evil.Evil", "AutoConfig": "modeling_evil.Evil"}},
        {"auto_map": {"AutoConfig": "modeling_evil.Evil"}, "model_type": "evil"},
        {"trust_remote_code": True},
        {"custom_pipelines": {"text": {"impl": "modeling_evil.Evil"}}},
        {"_attn_implementation_internal": "somebody/kernel"},
        {"_attn_implementation": "somebody/kernel:run"},
        {"attn_implementation": {"": "somebody/kernel"}},
        {"text_config": {"auto_map": {"AutoModel": "modeling_evil.Evil"}}},
        {"text_config": {"nested": [{"trust_remote_code": True}]}},
        {"vision_config": {"_attn_implementation_internal": "somebody/kernel"}},
    ],
)
def test_a_config_that_asks_for_code_is_refused(folder: Path, asked: dict[str, Any]) -> None:
    canary(folder)
    shape = read_shape(Where(folder))
    rewrite(folder, **asked)
    for opening in (lambda: read_shape(Where(folder)), lambda: load_adapter(Where(folder), shape)):
        with pytest.raises(ModelRefused, match="asks for code of its own"):
            opening()
    assert not (folder / "ran").exists()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (
            {"model_type": "mystery"},
            "architecture 'mystery', which transformers .* does not know: upgrade it",
        ),
        ({"model_type": None}, "not known"),
        ({"model_type": ["gpt2"]}, "not known"),
        ({"quantization_config": {"bits": 4, "quant_method": "gptq"}}, "quantised .gptq"),
        ({"add_cross_attention": True}, "another model's states"),
        ({"model_type": "bert", "position_embedding_type": "relative_key"}, "not absolute"),
        ({"model_type": "vit"}, "no model that reads text"),
    ],
)
def test_what_is_not_read_is_said(folder: Path, changes: dict[str, Any], why: str) -> None:
    rewrite(folder, **changes)
    with pytest.raises(ModelRefused, match=why):
        read_shape(Where(folder))


@pytest.mark.parametrize(
    "changes",
    [
        {"n_layer": 10**9},
        {"n_layer": -1},
        {"n_layer": "3"},
        {"n_layer": True},
        {"vocab_size": 10**12},
        {"n_embd": 10**9},
        {"n_positions": 10**15},
        {"n_positions": "many"},
        {"n_positions": 0},
        {"activation_function": "x" * 1000},
        {"layer_norm_epsilon": {"deep": {"deep": 1}}},
    ],
)
def test_a_config_beyond_any_model_is_damaged(folder: Path, changes: dict[str, Any]) -> None:
    rewrite(folder, **changes)
    with pytest.raises(DamagedRun, match=r"config\.json"):
        read_shape(Where(folder))


@pytest.mark.parametrize(
    "text", ["", "[]", "{", "nonsense", "[" * 100_000, '{"a": "' + "x" * (1 << 20) + '"}']
)
def test_a_config_that_is_no_object_is_damaged(folder: Path, text: str) -> None:
    (folder / "config.json").write_text(text)
    with pytest.raises(DamagedRun, match=r"config\.json of .* cannot be read"):
        read_shape(Where(folder))


def test_settings_of_a_run_change_nothing(folder: Path) -> None:
    before = load_adapter(Where(folder), read_shape(Where(folder))).states([1, 2, 3]).values
    rewrite(
        folder,
        unheard_of=1,
        task_specific_params={"x": 1},
        _attn_implementation="eager",
        torch_dtype="float16",
        use_cache=True,
    )
    after = load_adapter(Where(folder), read_shape(Where(folder))).states([1, 2, 3]).values
    assert np.abs(after - before).max() <= 1e-5 * np.abs(before).max()


def test_code_whose_class_transformers_has_itself_is_not_run_and_not_needed(folder: Path) -> None:
    (folder / "modeling_gpt2.py").write_text(
        f"open({str(folder / 'ran')!r}, 'w')\nclass GPT2LMHeadModel: pass\n"
    )
    before = read_shape(Where(folder))
    rewrite(folder, auto_map={"AutoModelForCausalLM": "modeling_gpt2.GPT2LMHeadModel"})
    assert read_shape(Where(folder)) == before
    load_adapter(Where(folder), before)
    assert not (folder / "ran").exists()


def test_a_link_out_of_the_folder_is_refused_and_one_inside_is_followed(
    folder: Path, tmp_path: Path
) -> None:
    weights = folder / "model.safetensors"
    weights.rename(folder / "held.safetensors")
    weights.symlink_to(folder / "held.safetensors")
    assert weight_files(Where(folder)) == [weights]
    weights.unlink()
    (folder / "held.safetensors").rename(tmp_path / "elsewhere.safetensors")
    weights.symlink_to(tmp_path / "elsewhere.safetensors")
    with pytest.raises(ModelRefused, match="a link that leads out of its folder"):
        weight_files(Where(folder))


# ---- weights that are none


def changed(folder: Path, change: Any) -> None:
    weights = load_file(folder / "model.safetensors")
    save_file(change(weights), folder / "model.safetensors", {"format": "pt"})


def opened(folder: Path, **options: Any) -> Any:
    return load_adapter(Where(folder), read_shape(Where(folder)), **options)


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


def read_both(folder: Path) -> None:
    opened(folder, pickle=True)
    read_hub_tokenizer(Where(folder))


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


# ---- out of reach


def test_a_place_is_a_folder_or_a_repository(tmp_path: Path) -> None:
    for where in ({}, {"folder": tmp_path, "repo": "a/b"}):
        with pytest.raises(ModelRefused, match="exactly one"):
            Where(**where)
    for revision in ("../../etc", "a b", "-x", "é"):
        with pytest.raises(ModelNotFound, match="is no revision"):
            Where(repo="a/b", revision=revision)
    with pytest.raises(ModelNotFound, match="there is no folder"):
        read_shape(Where(tmp_path / "nowhere"))
    with pytest.raises(ModelNotFound, match=r"holds no config\.json"):
        read_shape(Where(tmp_path))


def test_without_transformers_it_is_said_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingExtra, match=r"pip install layerfold\[hf\]"):
        read_shape(Where(folder))
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MissingExtra, match=r"pip install layerfold\[hf\]"):
        read_shape(Where(repo="some/model"))


SPECS = (
    "good/model",
    "good/model@" + "a" * 40,
    "good/model@nope",
    "gated/model",
    "absent/model",
    "broken/model",
    "no name",
)


@pytest.fixture(scope="module")
def hub(saved: Path) -> Iterator[str]:
    """A hub on loopback with one model."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.model.hub_server", str(saved)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as server:
        assert server.stdout
        yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
        server.kill()


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What is said of each model, with the hub's library set as its environment would set it."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))

    def say(endpoint: str = "http://127.0.0.1:1", offline: bool = False) -> dict[str, list[Any]]:
        monkeypatch.setattr(constants, "ENDPOINT", endpoint)
        monkeypatch.setattr(
            constants,
            "HUGGINGFACE_CO_URL_TEMPLATE",
            endpoint + "/{repo_id}/resolve/{revision}/{filename}",
        )
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", offline)
        return {spec: said_of(spec) for spec in SPECS}

    return say


def said_of(spec: str) -> list[Any]:
    repo, _, revision = spec.partition("@")
    try:
        where = Where(repo=repo, revision=revision)
        shape = read_shape(where)
        values = (
            load_adapter(where, shape)
            .states(read_hub_tokenizer(where).encode("The bank", 9).ids)
            .values
        )
    except LayerfoldError as error:
        return [error.code, str(error)]
    return [shape.title, settled(where).revision, float(values.sum())]


def test_a_hub_s_refusals_each_have_a_word_and_what_was_fetched_opens_without_it(
    hub: str, saved: Path, told: Any
) -> None:
    online = told(hub)
    expected = load_adapter(Where(saved), read_shape(Where(saved))).states(
        read_hub_tokenizer(Where(saved)).encode("The bank", 9).ids
    )
    assert (
        online["good/model"]
        == online["good/model@" + "a" * 40]
        == ["model", "a" * 40, pytest.approx(float(expected.values.sum()))]
    )
    refused = {
        spec: said
        for spec, said in online.items()
        if not spec.startswith("good/model") or spec.endswith("nope")
    }
    for (spec, (code, words)), (right, part) in zip(
        sorted(refused.items()),
        (
            ("model_not_found", "there is no model absent/model on the hub, or it is private"),
            ("unreachable", "cannot be fetched (HfHubHTTPError"),
            ("unreachable", "gated/model is gated: accept its terms"),
            ("model_not_found", "good/model has no revision 'nope'"),
            ("model_not_found", "'no name' is neither a folder here nor a model's name"),
        ),
        strict=True,
    ):
        assert (code, part in words) == (right, True), (spec, words)

    offline = told(offline=True)
    assert offline["good/model"] == online["good/model"]
    assert offline["gated/model"][0] == offline["good/model@nope"][0] == "unreachable"
    assert "HF_HUB_OFFLINE is set" in offline["gated/model"][1]

    unplugged = told()
    assert unplugged["good/model"] == online["good/model"]
    assert unplugged["absent/model"][0] == "unreachable"
    assert "look at the network" in unplugged["absent/model"][1]
