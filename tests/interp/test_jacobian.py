"""The local map against torch's own Jacobian, and against maps whose singular values are known."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import nn

from layerfold.errors import SiteNotFound, TokenNotFound
from layerfold.interp.block_jacobian import BlockMap
from layerfold.interp.jacobian import (
    jacobian,
    jvps,
    map_values,
    pull_back,
    singular_values,
    site_maps,
    spectra,
    vjps,
)
from layerfold.model.gpt import GPT
from layerfold.model.gpt_adapter import GPTAdapter
from layerfold.model.huggingface import Where, load_adapter, read_shape
from layerfold.model.huggingface.token_maps import token_maps
from layerfold.model.matrices import layer_matrices
from layerfold.model.shape import GPTConfig
from tests.hub import a_checkpoint

IDS = [3, 1, 4, 1, 5, 9, 2, 6]


def a_model(width: int = 16) -> GPT:
    torch.manual_seed(0)
    model = GPT(GPTConfig(vocab_size=40, n_layer=2, n_head=2, d_model=width, block_size=12))
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(torch.randn_like(weight) * 0.1)
    return model


@pytest.fixture(scope="module")
def model() -> GPT:
    return a_model()


def by_torch(model: GPT, token: int, site: int) -> np.ndarray:
    """The whole sentence's half-layer differentiated by torch, and the token's own block of it
    taken."""
    with torch.no_grad():
        state = model.sites(torch.tensor([IDS]))[site, 0]
    block = model.blocks[site // 2]

    def onward(own):
        stream = torch.cat((state[:token], own[None], state[token + 1 :]))[None]
        after = stream + (
            block.attention(block.norm_mid(stream))[0]
            if site % 2 == 0
            else block.mlp(block.norm_post(stream))
        )
        return after[0, token]

    found = torch.autograd.functional.jacobian(onward, state[token])
    return torch.linalg.svdvals(found.double()).numpy()


@pytest.mark.parametrize("site", range(4))
@pytest.mark.parametrize("token", [0, 3, 7])
def test_singular_values_are_those_of_torchs_jacobian(model, token, site):
    assert singular_values(model, IDS, token, site) == pytest.approx(
        by_torch(model, token, site), rel=1e-4, abs=1e-5
    )


def test_places_that_attention_alone_reads_are_part_of_the_map():
    model = GPT(GPTConfig(40, 1, 2, 16, 12, positions="attention"))
    with torch.no_grad():
        stream = model.sites(torch.tensor([IDS]))
    forward, state = site_maps(model, IDS, 5)[0]
    assert forward(state).detach().numpy() == pytest.approx(stream[1, 0, 5].numpy(), abs=1e-5)


def test_the_largest_come_first_and_an_adapter_is_as_good_as_its_model(model):
    every = singular_values(GPTAdapter(model), IDS, 5, 1)
    assert np.all(np.diff(every) <= 0)
    assert singular_values(model, IDS, 5, 1, 3) == pytest.approx(every[:3], rel=1e-4)
    assert len(singular_values(model, IDS, 5, 1, 99)) == 16


def test_a_few_of_a_wide_model_come_from_products_alone(monkeypatch):
    wide = a_model(width=128)
    (attending, at), (folding, mid) = site_maps(wide, IDS, 6)[:2]
    whole = [
        torch.linalg.svdvals(jacobian(forward, point)).numpy()
        for forward, point in ((attending, at), (folding, mid))
    ]
    monkeypatch.setattr("layerfold.interp.jacobian.jacobian", None)
    for forward, point, known in ((attending, at, whole[0]), (folding, mid, whole[1])):
        assert map_values(forward, point, 2) == pytest.approx(known[:2], rel=1e-3)


def test_the_states_from_which_the_maps_lead_are_the_models_own(model):
    states = model.sites(torch.tensor([IDS]))[:, 0, 4].detach()
    for n, (forward, at) in enumerate(site_maps(model, IDS, 4)):
        assert torch.allclose(at, states[n], atol=1e-6)
        assert torch.allclose(forward(at), states[n + 1], atol=1e-5)


def test_layer_norm_loses_two_directions():
    at = torch.randn(24, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    values = map_values(nn.LayerNorm(24, eps=0.0, dtype=torch.float64), at)
    assert np.sum(values > 1e-6 * values[0]) == 22


def test_rms_norm_loses_one_direction():
    at = torch.randn(24, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    values = map_values(nn.RMSNorm(24, eps=0.0, dtype=torch.float64), at)
    assert np.sum(values > 1e-6 * values[0]) == 23


def test_small_values_of_a_wide_span_are_right_to_a_millionth_of_themselves():
    generator = torch.Generator().manual_seed(5)
    left, right = (
        torch.linalg.qr(torch.randn(64, 64, dtype=torch.float64, generator=generator)).Q
        for _ in range(2)
    )
    known = torch.logspace(0, -5, 64, dtype=torch.float64)
    matrix = left * known @ right
    found = map_values(lambda x: matrix @ x, torch.zeros(64, dtype=torch.float64))
    assert found == pytest.approx(known.numpy(), rel=2e-6)


def test_threads_that_share_the_tokens_give_the_same(model):
    tokens = [(IDS, place) for place in (2, 5, 7)]
    with ThreadPoolExecutor(2) as pool:
        assert np.array_equal(spectra(model, tokens, each=pool.map), spectra(model, tokens))


def test_a_gpt2_of_transformers_has_the_maps_of_its_own_pass(tmp_path):
    where = Where(a_checkpoint(tmp_path / "gpt2", 3))
    adapter = load_adapter(where, read_shape(where))
    for (written, at), (asked, there) in zip(
        site_maps(adapter, IDS, 5), token_maps(adapter.inside, IDS, 5), strict=True
    ):
        assert isinstance(written, BlockMap)
        assert torch.allclose(at, there, atol=1e-5)
        assert torch.allclose(jacobian(written, at), jacobian(asked, there), atol=1e-5)


def test_an_orthogonal_layer_keeps_all_lengths():
    turn = torch.linalg.qr(torch.randn(256, 256, generator=torch.Generator().manual_seed(3))).Q
    at = torch.randn(256, generator=torch.Generator().manual_seed(4))
    assert map_values(lambda x: turn @ x, at) == pytest.approx(np.ones(256), abs=1e-5)
    assert map_values(lambda x: turn @ x, at, 4) == pytest.approx(np.ones(4), abs=1e-5)
    assert torch.allclose(pull_back(lambda x: turn @ x, at), torch.eye(256), atol=1e-5)


def test_a_constant_map_has_no_stretch():
    at = torch.ones(8)
    assert map_values(lambda x: 0 * x, at) == pytest.approx(np.zeros(8))


def test_products_in_both_modes_agree_with_the_whole(model):
    forward, at = site_maps(model, IDS, 5)[2]
    whole = jacobian(forward, at)
    some = torch.randn(5, 16, generator=torch.Generator().manual_seed(5))
    assert torch.allclose(jvps(forward, at, some), some @ whole.T, atol=1e-4)
    assert torch.allclose(vjps(forward, at, some), some @ whole, atol=1e-4)
    assert torch.allclose(pull_back(forward, at), whole.T @ whole, atol=1e-4)


@pytest.mark.parametrize(
    "choices",
    [{}, {"norm": False, "bias": False, "activation": "relu"}, {"positions": "attention"}],
)
def test_what_is_written_out_is_what_differentiation_gives(choices):
    torch.manual_seed(1)
    model = GPT(GPTConfig(vocab_size=40, n_layer=2, n_head=4, d_model=16, block_size=12, **choices))
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(torch.randn_like(weight) * 0.2)
    for half, at in site_maps(model, IDS, 5):
        known = jacobian(half.__call__, at)
        assert torch.allclose(half.jacobian(at), known, atol=1e-4 * float(known.abs().max()))
        assert map_values(half, at) == pytest.approx(
            map_values(half.__call__, at), rel=1e-4, abs=1e-5
        )


def test_what_is_not_there_is_named(model):
    with pytest.raises(SiteNotFound, match="0 to 3"):
        singular_values(model, IDS, 0, 4)
    with pytest.raises(TokenNotFound, match="8 tokens"):
        singular_values(model, IDS, 8, 0)


def test_weights_act_on_rows(model):
    found = layer_matrices(model)
    assert list(found) == ["L0", "L1"]
    assert {name: weight.shape for name, weight in found["L1"].items()} == {
        **dict.fromkeys(("q", "k", "v", "o"), (16, 16)),
        "in": (16, 64),
        "out": (64, 16),
    }
    row = torch.randn(16)
    q = model.blocks[0].attention.qkv(row)[:16] - model.blocks[0].attention.qkv.bias[:16]
    assert row.numpy() @ found["L0"]["q"] == pytest.approx(q.detach().numpy(), abs=1e-5)
