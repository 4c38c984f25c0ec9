"""A GGUF file that is not the model which transformers makes of it is refused by what is left out:
a setting, a tensor, a part of the file.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from layerfold.errors import DamagedRun, LayerfoldError, ModelRefused
from layerfold.model.huggingface import Where, load_adapter, read_hub_tokenizer, read_shape
from layerfold.model.huggingface.gguf_check import check_settings, unheard_split
from layerfold.model.huggingface.gguf_file import rounding_of, splitting_of
from tests.model.test_hub_gguf import (
    FEW,
    HEADS,
    LAYERS,
    PARTS,
    WIDTH,
    WORDS,
    a_llama,
    names_of,
    turned,
)

gguf = pytest.importorskip("gguf")
pytest.importorskip("accelerate")
MODEL = {
    "llama.context_length": 128,
    "llama.embedding_length": WIDTH,
    "llama.block_count": LAYERS,
    "llama.feed_forward_length": 128,
    "llama.attention.head_count": HEADS,
    "llama.attention.head_count_kv": FEW,
    "llama.attention.layer_norm_rms_epsilon": 1e-6,
    "llama.rope.freq_base": 10000.0,
    "llama.rope.dimension_count": WIDTH // HEADS,
    "llama.vocab_size": WORDS,
    "tokenizer.ggml.model": "llama",
    "tokenizer.ggml.bos_token_id": 1,
    "tokenizer.ggml.eos_token_id": 2,
    "tokenizer.ggml.unknown_token_id": 0,
}
SECOND = tuple(f"blk.1.{part}.weight" for part in PARTS.values())
ONES = np.ones(WIDTH // HEADS // 2, np.float32)


def written(path: Path, *, without: tuple[str, ...] = (), more: Any = (), **said: Any) -> Any:
    """The file holds a Llama in 32 bits but for what it is ``without``, ``more`` tensors, and what
    else it says of itself; the Llama.
    """
    model, out = a_llama(), gguf.GGUFWriter(str(path), "llama")
    for name, value in {**MODEL, **said}.items():
        kinds = {
            bool: out.add_bool,
            int: out.add_uint32,
            float: out.add_float32,
            str: out.add_string,
        }
        if name not in without:
            kinds[type(value)](name, value)
    out.add_token_list(["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))])
    out.add_token_scores([0.0] * WORDS)
    out.add_token_types([2, 3, 3, *[6] * 256])
    for name, tensor in model.state_dict().items():
        heads = HEADS if "q_proj" in name else FEW if "k_proj" in name else 0
        weight = turned(tensor.numpy(), heads) if heads else tensor.numpy()
        if names_of()[name] not in without:
            out.add_tensor(names_of()[name], weight)
    for name, weight in dict(more).items():
        out.add_tensor(name, weight)
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()
    return model


def opened(path: Path) -> Any:
    read_hub_tokenizer(Where(path))
    return load_adapter(Where(path), read_shape(Where(path)))


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"llama.rope.scaling.type": "none", "llama.expert_count": 0},
        {"llama.attention.key_length": 16, "llama.attention.value_length": 16},
        {"llama.attention.causal": True, "llama.logit_scale": 1.0, "general.type": "model"},
        {"tokenizer.ggml.add_space_prefix": True, "llama.tensor_data_layout": "Meta AI"},
    ],
)
def test_what_means_nothing_more_hinders_nothing(tmp_path: Path, said: dict[str, Any]) -> None:
    model = written(tmp_path / "tiny.gguf", **said)
    ids = list(range(10, 50))
    with torch.inference_mode():
        right = model(input_ids=torch.tensor([ids]), output_hidden_states=True).hidden_states[1]
    found = opened(tmp_path / "tiny.gguf").states(ids).values[2]
    assert np.abs(found - right[0].numpy()).max() <= 1e-5 * float(right.abs().max())
    assert rounding_of(tmp_path / "tiny.gguf") == splitting_of(tmp_path / "tiny.gguf") == ""


@pytest.mark.parametrize(
    "said",
    [
        {"llama.rope.scaling.type": "linear", "llama.rope.scaling.factor": 4.0},
        {"llama.rope.scaling.type": "yarn"},
        {"llama.expert_count": 4},
        {"llama.attention.scale": 0.5},
        {"llama.attention.key_length": 32},
        {"llama.attention.sliding_window": 4},
        {"llama.attention.causal": False},
        {"llama.attention.clamp_kqv": 8.0},
        {"llama.attention.max_alibi_bias": 8.0},
        {"llama.attn_logit_softcapping": 5.0},
        {"llama.final_logit_softcapping": 5.0},
        {"llama.logit_scale": 0.1},
        {"llama.embedding_scale": 12.0},
        {"llama.residual_scale": 0.2},
        {"llama.use_parallel_residual": True},
        {"llama.never_heard_of": 3},
    ],
)
def test_a_setting_that_is_left_out_is_named(tmp_path: Path, said: dict[str, Any]) -> None:
    written(tmp_path / "tiny.gguf", **said)
    with pytest.raises(ModelRefused, match=f"leaves out what it says .*{next(iter(said))} = "):
        opened(tmp_path / "tiny.gguf")


@pytest.mark.parametrize(
    ("without", "why"),
    [
        (("blk.1.ffn_down.weight",), r"lacks 1 of .*layers\.1\.mlp\.down_proj"),
        (SECOND, "lacks 9 of its model's weights"),
        (("token_embd.weight",), r"lacks 1 of .*embed_tokens"),
        (("output_norm.weight",), r"lacks 1 of .*model\.norm"),
        (("llama.attention.head_count_kv",), r"of another shape .*k_proj"),
        (tuple(names_of().values()), "a vocabulary and no weights"),
    ],
)
def test_weights_that_are_not_there_are_not_made_up(
    tmp_path: Path, without: tuple[str, ...], why: str
) -> None:
    written(tmp_path / "tiny.gguf", without=without)
    with pytest.raises((DamagedRun, ModelRefused), match=why):
        opened(tmp_path / "tiny.gguf")


@pytest.mark.parametrize(
    ("name", "weight"),
    [
        ("rope_freqs.weight", 2 * ONES),
        ("rope_factors_long.weight", ONES),
        ("blk.0.attn_q.bias", np.ones(WIDTH, np.float32)),
        ("blk.0.attn_q_norm.weight", np.ones(WIDTH // HEADS, np.float32)),
        ("blk.1.ffn_gate_exps.weight", np.ones((4, 128, WIDTH), np.float32)),
    ],
)
def test_a_tensor_that_nothing_takes_is_named(tmp_path: Path, name: str, weight: Any) -> None:
    written(tmp_path / "tiny.gguf", more={name: weight})
    with pytest.raises(ModelRefused, match=f"1 tensors that transformers does not read .{name}"):
        opened(tmp_path / "tiny.gguf")


def divisors(factor: float, low: float = 1.0, high: float = 4.0, length: int = 8192) -> Any:
    """By how much each frequency is divided, as llama.cpp writes it: not at all where a turn is
    shorter than ``length / high`` tokens, wholly where longer than ``length / low``, between them
    by what is linear in turns.
    """
    wide = WIDTH // HEADS
    turn = 2 * np.pi * 10000.0 ** (np.arange(0, wide, 2) / wide)
    share = np.clip((length / turn - low) / (high - low), 0, 1)
    return (1 / ((1 - share) / factor + share)).astype(np.float32)


@pytest.mark.parametrize("factor", [8.0, 32.0])
def test_divided_frequencies_of_a_llama_3_are_its_own(tmp_path: Path, factor: float) -> None:
    """The states are those of the folder that transformers saves of the same weights."""
    path, folder = tmp_path / "file" / "tiny.gguf", tmp_path / "folder"
    path.parent.mkdir()
    model = written(path, more={"rope_freqs.weight": divisors(factor)})
    plain = model.config.rope_parameters
    model.config.rope_parameters = {
        **plain,
        "rope_type": "llama3",
        "factor": factor,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    }
    model.save_pretrained(folder)
    ids = list(range(10, 130))
    found, right = opened(path).states(ids).values, of_folder(folder).states(ids).values
    assert np.abs(found - right).max() <= 2e-6 * np.abs(right).max()
    model.config.rope_parameters = plain
    model.save_pretrained(folder)
    undivided = of_folder(folder).states(ids).values
    assert np.abs(found - undivided).max() > 2e-5 * np.abs(right).max()


def test_frequencies_divided_by_one_are_as_they_were(tmp_path: Path) -> None:
    written(tmp_path / "ones.gguf", more={"rope_freqs.weight": ONES})
    written(tmp_path / "none.gguf")
    found, right = (
        opened(tmp_path / name).states(list(range(40))) for name in ("ones.gguf", "none.gguf")
    )
    np.testing.assert_allclose(found.values, right.values, atol=1e-6)


def of_folder(folder: Path) -> Any:
    return load_adapter(Where(folder), read_shape(Where(folder)))


@pytest.mark.parametrize(
    "weight", [divisors(8.0, high=8.0), divisors(8.0, length=4096), divisors(8.0)[:-1]]
)
def test_frequencies_divided_in_another_way_are_refused(tmp_path: Path, weight: Any) -> None:
    written(tmp_path / "tiny.gguf", more={"rope_freqs.weight": weight})
    with pytest.raises(ModelRefused, match=r"does not read .rope_freqs\.weight"):
        opened(tmp_path / "tiny.gguf")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"general.type": "adapter"}, "of the type 'adapter'"),
        ({"general.type": "mmproj"}, "of the type 'mmproj'"),
        ({"split.count": 2, "split.no": 0}, "one of 2 parts of a model"),
        ({"tokenizer.ggml.add_space_prefix": False}, "begin without a space of their own"),
    ],
)
def test_a_file_that_is_no_whole_model_is_named(
    tmp_path: Path, said: dict[str, Any], why: str
) -> None:
    written(tmp_path / "tiny.gguf", **said)
    with pytest.raises(LayerfoldError, match=why):
        opened(tmp_path / "tiny.gguf")


def test_a_setting_without_a_name_in_transformers_is_compared_with_the_config() -> None:
    """Of Starcoder 2 the base of the rotary positions is not read, of Gemma 2 the caps are not."""
    theta = {"rope_parameters": {"rope_theta": 10000.0}, "num_attention_heads": 4}
    shape = SimpleNamespace(model_type="starcoder2", hidden_size=32, head_dim=8, **theta)
    said = {"general.architecture": "starcoder2", "starcoder2.rope.freq_base": 10000.0}
    check_settings(Path("a.gguf"), said, shape)
    with pytest.raises(ModelRefused, match=r"starcoder2\.rope\.freq_base = 100000"):
        check_settings(Path("a.gguf"), said | {"starcoder2.rope.freq_base": 100000.0}, shape)
    caps = SimpleNamespace(model_type="gemma2", attn_logit_softcapping=50.0, sliding_window=4096)
    said = {"general.architecture": "gemma2", "gemma2.attn_logit_softcapping": 50.0}
    check_settings(Path("a.gguf"), said | {"gemma2.attention.sliding_window": 4096}, caps)
    with pytest.raises(ModelRefused, match=r"gemma2\.attn_logit_softcapping = 30"):
        check_settings(Path("a.gguf"), said | {"gemma2.attn_logit_softcapping": 30.0}, caps)


def test_a_way_to_split_texts_that_is_not_known_is_said() -> None:
    words = "transformers does not know: they are split as GPT-2's"
    said = {"tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "chatglm-bpe"}
    assert words in unheard_split(said)
    assert unheard_split(said | {"tokenizer.ggml.pre": "gpt-2"}) == ""
    assert unheard_split(said | {"tokenizer.ggml.model": "llama"}) == ""
