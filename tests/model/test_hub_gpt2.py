"""A GPT-2 of Hugging Face as our own: the same numbers by other code, so it can be taken apart,
scaled, walked and pushed.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from layerfold.interp.decomposition import anatomy_of, network_of
from layerfold.interp.generation import Walk
from layerfold.interp.gradients import first_order, push_of
from layerfold.interp.jacobian import singular_values
from layerfold.model.huggingface import Where, load_adapter, read_shape
from layerfold.model.huggingface.adapter import HuggingFaceAdapter
from layerfold.model.huggingface.own_gpt import gpt_from
from tests.hub import a_checkpoint, a_gpt2

IDS = [5, 9, 2, 77, 5, 31, 8]


def opened(folder: Path, **changed) -> HuggingFaceAdapter:
    where = Where(folder=a_checkpoint(folder, **changed))
    return load_adapter(where, read_shape(where))


@pytest.mark.parametrize(
    "changed",
    [{}, {"activation_function": "relu"}, {"n_inner": 32}, {"tie_word_embeddings": False}],
    ids=str,
)
def test_states_and_logits_are_those_of_transformers(tmp_path: Path, changed) -> None:
    adapter = opened(tmp_path / "gpt2", **changed)
    model = network_of(adapter)
    true = adapter.states(IDS).values
    with torch.inference_mode():
        own = model.sites(torch.tensor([IDS]))[:, 0]
        logits = model.unembed(own[-1])
    assert np.abs(own.numpy() - true).max() < 1e-5 * np.abs(true).max()
    assert np.abs(logits.numpy() - adapter.unembed(true[-1])).max() < 1e-4


def test_its_pass_is_taken_apart_walked_pushed_and_bent(tmp_path: Path) -> None:
    adapter = opened(tmp_path / "gpt2")
    model = network_of(adapter)
    parts = anatomy_of(model, IDS)
    true = adapter.states(IDS).values
    assert np.abs(true[1] - true[0] - parts.attention[0]).max() < 1e-5 * np.abs(true).max()
    walk = Walk(model, IDS[:4])
    assert np.abs(walk.take(IDS[4]) - true[:, 4]).max() < 1e-4 * np.abs(true).max()
    assert first_order(model, IDS, push_of(model, IDS), 2, size=1e-4) > 0.999
    assert singular_values(adapter, IDS, 3, 1).shape == (16,)


def test_weights_are_shared_not_copied(tmp_path: Path) -> None:
    network = a_gpt2()
    model = gpt_from(network)
    assert model is not None
    assert model.tokens.weight.data_ptr() == network.transformer.wte.weight.data_ptr()
    assert (
        model.blocks[0].mlp.up.weight.data_ptr()
        == network.transformer.h[0].mlp.c_fc.weight.data_ptr()
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"activation_function": "silu"},
        {"scale_attn_by_inverse_layer_idx": True},
        {"layer_norm_epsilon": 1e-6},
        {"n_inner": 40},
    ],
    ids=str,
)
def test_another_shape_is_not_taken_for_ours(changed) -> None:
    assert gpt_from(a_gpt2(**changed)) is None
