"""What is not opened, each in a clear word: foreign code, pickles, unknown architectures, and what
is gated, absent or out of reach.
"""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from layerfold.model.huggingface.families import KEYS, cleaned
from safetensors.torch import load_file

from layerfold.errors import DamagedRun, MissingExtra, ModelNotFound, ModelRefused
from layerfold.model.huggingface import (
    Where,
    load_adapter,
    read_hub_tokenizer,
    read_shape,
    weight_files,
)
from layerfold.model.huggingface import shape as hub_shape
from tests.model.hub_models import KINDS, backend_of, network_of

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plain") / "gpt2"
    network_of(KINDS["gpt2"]).save_pretrained(folder)
    backend_of("bytes").save(str(folder / "tokenizer.json"))
    return folder


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
        ({"model_type": "mamba"}, "architecture 'mamba', which is not known here: known are gpt2"),
        ({"model_type": None}, "not known"),
        ({"model_type": ["gpt2"]}, "not known"),
        ({"quantization_config": {"bits": 4}}, "quantised"),
        ({"add_cross_attention": True}, "another model's states"),
        ({"model_type": "bert", "is_decoder": True}, "used as a decoder"),
        ({"model_type": "bert", "position_embedding_type": "relative_key"}, "not absolute"),
        (
            {"model_type": "gemma3_text", "use_bidirectional_attention": True},
            "see those after them",
        ),
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


def test_what_is_not_on_the_list_never_reaches_transformers(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rewrite(
        folder,
        unheard_of=1,
        task_specific_params={"x": 1},
        _attn_implementation="eager",
        torch_dtype="float16",
        dtype="float16",
    )
    seen: list[str] = []

    def watched(config: Any, name: str) -> dict[str, Any]:
        kept = cleaned(config, name)
        seen.extend(kept)
        return kept

    monkeypatch.setattr(hub_shape, "cleaned", watched)
    read_shape(Where(folder))
    assert seen
    assert set(seen) <= KEYS
    assert not {
        "unheard_of",
        "task_specific_params",
        "_attn_implementation",
        "torch_dtype",
        "dtype",
        "architectures",
    } & set(seen)


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
    with pytest.raises(ModelRefused, match="an adapter and not the model"):
        weight_files(Where(folder))


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


TOLD = """
import json, sys
from layerfold.errors import LayerfoldError
from layerfold.model.huggingface import Where, load_adapter, read_hub_tokenizer, read_shape, settled
said = {}
for spec in sys.argv[1:]:
    repo, _, revision = spec.partition("@")
    try:
        where = Where(repo=repo, revision=revision)
        shape = read_shape(where)
        values = load_adapter(where, shape).states(read_hub_tokenizer(where).encode("The bank", 9).ids).values
        said[spec] = [shape.title, settled(where).revision, float(values.sum())]
    except LayerfoldError as error:
        said[spec] = [error.code, str(error)]
print(json.dumps(said))
"""
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


def told(home: Path, **environment: str) -> dict[str, list[Any]]:
    """What is said of each model by a process of its own, since the hub's library reads its
    settings when it is imported.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("HF_", "TRANSFORMERS_"))
    }
    given = {**kept, "HF_HOME": str(home), "HF_HUB_DISABLE_PROGRESS_BARS": "1", **environment}
    done = subprocess.run(
        [sys.executable, "-c", TOLD, *SPECS], capture_output=True, text=True, env=given, cwd=ROOT
    )
    assert not done.returncode, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_a_hub_s_refusals_each_have_a_word_and_what_was_fetched_opens_without_it(
    hub: str, saved: Path, tmp_path: Path
) -> None:
    online = told(tmp_path, HF_ENDPOINT=hub)
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

    offline = told(tmp_path, HF_HUB_OFFLINE="1")
    assert offline["good/model"] == online["good/model"]
    assert offline["gated/model"][0] == offline["good/model@nope"][0] == "unreachable"
    assert "HF_HUB_OFFLINE is set" in offline["gated/model"][1]

    unplugged = told(tmp_path, HF_ENDPOINT="http://127.0.0.1:1")
    assert unplugged["good/model"] == online["good/model"]
    assert unplugged["absent/model"][0] == "unreachable"
    assert "look at the network" in unplugged["absent/model"][1]
