"""A model in one GGUF file: its states are those of the weights as they are after rounding, and
that is said.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from layerfold.errors import DamagedRun, MissingExtra, ModelRefused
from layerfold.model.huggingface import Where, load_adapter, read_hub_tokenizer, read_shape
from layerfold.runs.hub_run import open_hub
from layerfold.runs.opening import open_run

gguf = pytest.importorskip("gguf")
pytest.importorskip("accelerate")
WIDTH, HEADS, FEW, LAYERS, WORDS = 64, 4, 2, 2, 259
PARTS = {
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
KIND = gguf.GGMLQuantizationType.Q4_0


def a_llama() -> Any:
    import transformers

    torch.manual_seed(0)
    shape = {
        "vocab_size": WORDS,
        "hidden_size": WIDTH,
        "intermediate_size": 128,
        "num_hidden_layers": LAYERS,
    }
    shape |= {
        "num_attention_heads": HEADS,
        "num_key_value_heads": FEW,
        "max_position_embeddings": 128,
    }
    return transformers.LlamaForCausalLM(
        transformers.LlamaConfig(**shape, rms_norm_eps=1e-6)
    ).eval()


def names_of() -> dict[str, str]:
    names = {
        "model.embed_tokens.weight": "token_embd.weight",
        "model.norm.weight": "output_norm.weight",
        "lm_head.weight": "output.weight",
    }
    for n in range(LAYERS):
        names |= {
            f"model.layers.{n}.{ours}.weight": f"blk.{n}.{theirs}.weight"
            for ours, theirs in PARTS.items()
        }
    return names


def turned(weight: np.ndarray, heads: int) -> np.ndarray:
    """Rows of queries and keys in the order that llama.cpp turns them in."""
    return (
        weight.reshape(heads, 2, len(weight) // heads // 2, weight.shape[1])
        .swapaxes(1, 2)
        .reshape(weight.shape)
    )


def back(weight: np.ndarray, heads: int) -> np.ndarray:
    return (
        weight.reshape(heads, len(weight) // heads // 2, 2, weight.shape[1])
        .swapaxes(1, 2)
        .reshape(weight.shape)
    )


def written(path: Path) -> Any:
    """The file holds a Llama, its matrices rounded to four bits; the same model with its weights as
    they are after that.
    """
    model = a_llama()
    out = gguf.GGUFWriter(str(path), "llama")
    for add, value in (
        (out.add_context_length, 128),
        (out.add_embedding_length, WIDTH),
        (out.add_block_count, LAYERS),
        (out.add_feed_forward_length, 128),
        (out.add_head_count, HEADS),
        (out.add_head_count_kv, FEW),
        (out.add_layer_norm_rms_eps, 1e-6),
        (out.add_rope_freq_base, 10000.0),
        (out.add_rope_dimension_count, WIDTH // HEADS),
        (out.add_vocab_size, WORDS),
        (out.add_tokenizer_model, "llama"),
        (out.add_token_list, ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]),
        (out.add_token_scores, [0.0] * WORDS),
        (out.add_token_types, [2, 3, 3, *[6] * 256]),
        (out.add_bos_token_id, 1),
        (out.add_eos_token_id, 2),
        (out.add_unk_token_id, 0),
    ):
        add(value)
    weights = {}
    for name, tensor in model.state_dict().items():
        weight, heads = (
            tensor.numpy(),
            HEADS if "q_proj" in name else FEW if "k_proj" in name else 0,
        )
        weight = turned(weight, heads) if heads else weight
        if "proj" in name:
            data = gguf.quants.quantize(weight, KIND)
            out.add_tensor(names_of()[name], data, raw_dtype=KIND)
            weight = gguf.quants.dequantize(data, KIND)
        else:
            out.add_tensor(names_of()[name], weight)
        weights[name] = torch.from_numpy((back(weight, heads) if heads else weight).copy())
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()
    model.load_state_dict(weights)
    return model


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    path = tmp_path_factory.mktemp("gguf") / "tiny" / "tiny.gguf"
    path.parent.mkdir()
    return path, written(path)


@pytest.mark.parametrize("of_folder", [False, True], ids=["the file", "its folder"])
def test_states_are_those_of_the_rounded_weights(file: tuple[Path, Any], of_folder: bool) -> None:
    path, model = file
    where = Where(path.parent if of_folder else path)
    shape = read_shape(where)
    assert (shape.title, shape.unembedding, shape.causal, len(shape.sites)) == (
        "tiny",
        True,
        True,
        5,
    )
    adapter = load_adapter(where, shape)
    ids = read_hub_tokenizer(where).encode("the bank", 20).ids
    with torch.inference_mode():
        told = model(input_ids=torch.tensor([ids]), output_hidden_states=True)
    states = adapter.states(ids).values
    pairs = (
        (states[0], told.hidden_states[0]),
        (states[2], told.hidden_states[1]),
        (adapter.unembed(states[-1]), told.logits),
    )
    for found, right in pairs:
        assert np.abs(found - right[0].numpy()).max() <= 1e-5 * float(right.abs().max())


def test_the_rounding_is_said_and_the_run_opens(file: tuple[Path, Any], tmp_path: Path) -> None:
    path, _ = file
    folder = open_hub(str(path), tmp_path)
    run = open_run(folder)
    assert (run.name, run.steps, run.missing(), run.verify()) == ("tiny.gguf", (0,), [], [])
    assert "rounded before they came here (Q4_0" in run.card["description"]
    assert run.tokenizer().encode("the bank", 20).tokens
    assert len(run.origin(0)) == 64


def test_what_is_no_such_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(b"GGUF\x03\x00\x00\x00" + b"\x00" * 8)
    with pytest.raises(DamagedRun, match=r"broken\.gguf cannot be read"):
        read_shape(Where(path))
    (tmp_path / "other.gguf").write_bytes(b"")
    with pytest.raises(
        ModelRefused, match=r"holds 2 models \(broken\.gguf, other\.gguf\): name one"
    ):
        read_shape(Where(tmp_path))
    monkeypatch.setitem(__import__("sys").modules, "gguf", None)
    with pytest.raises(MissingExtra, match=r"pip install layerfold\[gguf\]"):
        read_shape(Where(path))
