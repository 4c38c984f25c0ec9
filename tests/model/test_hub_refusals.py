"""What is not opened, each in a clear word: foreign code, unknown architectures, links that lead
away.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from layerfold.errors import DamagedRun, ModelRefused
from layerfold.model.huggingface import (
    Where,
    load_adapter,
    read_hub_tokenizer,
    read_shape,
    weight_files,
)
from tests.model.refused import canary, rewrite


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
        (
            {"model_type": "bert", "position_embedding_type": "relative_key"},
            "position_embedding_type 'relative_key' and not 'absolute'",
        ),
        ({"model_type": "mpt", "attn_config": {"alibi": False}}, "alibi 'False' and not 'True'"),
        ({"model_type": "mpt", "attn_config": {"qk_ln": True}}, "qk_ln 'True' and not 'False'"),
        ({"model_type": "mpt", "attn_config": {"alibi_bias_max": 16}}, "alibi_bias_max '16'"),
        ({"model_type": "mpt", "attn_config": {"prefix_lm": True}}, "prefix_lm 'True'"),
        ({"model_type": "mpt", "logit_scale": 0.1}, "logit_scale '0.1' and not 'None'"),
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


def test_switches_that_a_class_reads_or_that_stand_as_it_has_them_hinder_nothing(
    folder: Path,
) -> None:
    rewrite(folder, model_type="falcon", alibi=True, hidden_size=64, num_attention_heads=4)
    assert read_shape(Where(folder)).family == "falcon"
    rewrite(folder, model_type="mpt", alibi=False, attn_config={"alibi": True, "qk_ln": False})
    assert read_shape(Where(folder)).family == "mpt"


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


def test_a_tokenizer_that_asks_for_code_is_refused_and_its_code_is_not_run(folder: Path) -> None:
    path = folder / "tokenizer_config.json"
    asked = {"tokenizer_class": "Evil", "auto_map": {"AutoTokenizer": [canary(folder), None]}}
    path.write_text(json.dumps(asked), "utf-8")
    (folder / "config.json").write_text('{"model_type": "llama"}', "utf-8")
    with pytest.raises(ModelRefused, match=r"asks for code of its own \(auto_map in tokenizer_con"):
        read_hub_tokenizer(Where(folder))
    assert not (folder / "ran").exists()


def test_a_tokenizer_that_draws_in_training_draws_nothing_here(folder: Path) -> None:
    right = read_hub_tokenizer(Where(folder)).ids(["the river bank in spring"])
    path = folder / "tokenizer.json"
    said = json.loads(path.read_text("utf-8"))
    said["model"]["dropout"] = 0.9
    path.write_text(json.dumps(said), "utf-8")
    assert read_hub_tokenizer(Where(folder)).ids(["the river bank in spring"]) == right
