"""The transformer: its states are the ones its logits come from, and its cache changes nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from layerfold.model.gpt import GPT
from layerfold.model.shape import GPTConfig

CONFIG = GPTConfig(vocab_size=50, n_layer=3, n_head=2, d_model=16, block_size=12)


@pytest.fixture
def model() -> GPT:
    return GPT(CONFIG, seed=1).eval()


def ids(count: int, rows: int = 2) -> torch.Tensor:
    return torch.randint(
        0, CONFIG.vocab_size, (rows, count), generator=torch.Generator().manual_seed(count)
    )


def test_every_site_is_there(model: GPT) -> None:
    assert model.sites(ids(5)).shape == (2 * CONFIG.n_layer + 1, 2, 5, CONFIG.d_model)


def test_the_last_site_gives_the_logits(model: GPT) -> None:
    assert torch.equal(model.unembed(model.sites(ids(7))[-1]), model(ids(7)))


def test_sites_differ_by_what_each_half_layer_adds(model: GPT) -> None:
    sites = model.sites(ids(6))
    block = model.blocks[1]
    gathered, _ = block.attention(block.norm_mid(sites[2]))
    assert torch.allclose(sites[3], sites[2] + gathered, atol=1e-6)
    assert torch.allclose(sites[4], sites[3] + block.mlp(block.norm_post(sites[3])), atol=1e-6)


def test_no_token_sees_a_later_one(model: GPT) -> None:
    whole = ids(9)
    changed = whole.clone()
    changed[:, 6:] = (changed[:, 6:] + 1) % CONFIG.vocab_size
    assert torch.equal(model.sites(whole)[:, :, :6], model.sites(changed)[:, :, :6])


def test_loss_is_the_mean_cross_entropy(model: GPT) -> None:
    x, y = ids(8), ids(8).roll(1, 1)
    by_hand = -model(x).log_softmax(-1).gather(2, y[..., None]).mean()
    assert torch.allclose(model(x, y), by_hand, atol=1e-6)


def test_places_read_in_attention_alone_leave_the_stream_free_of_them_and_the_cache_right() -> None:
    model = GPT(replace(CONFIG, positions="attention"), seed=1).eval()
    sites = model.sites(torch.full((1, 6), 7))
    assert torch.equal(sites[0, 0, 0], sites[0, 0, 5])
    swapped = torch.tensor([[1, 2, 3, 4], [2, 1, 3, 4]])
    assert not torch.allclose(model(swapped)[0, -1], model(swapped)[1, -1], atol=1e-5)
    kept: list = []
    first = torch.stack(list(model.stream(ids(6)[:, :4], keep=kept)))
    rest = torch.stack(list(model.stream(ids(6)[:, 4:], kept)))
    assert torch.allclose(torch.cat((first, rest), dim=2), model.sites(ids(6)), atol=1e-6)
    with pytest.raises(ValueError, match="positions 'nowhere'"):
        replace(CONFIG, positions="nowhere")


def test_too_many_tokens_are_refused(model: GPT) -> None:
    with pytest.raises(ValueError, match="13 tokens"):
        model(ids(13))


@pytest.mark.parametrize("wrong", [(50, 0, 2, 16, 12), (50, 3, 3, 16, 12), (0, 3, 2, 16, 12)])
def test_impossible_shapes_are_refused(wrong: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"size|heads"):
        GPTConfig(*wrong)


def test_the_mlp_is_as_wide_as_the_shape_says() -> None:
    assert GPT(CONFIG).blocks[0].mlp.up.weight.shape == (64, 16)
    assert GPT(replace(CONFIG, mlp=1)).blocks[0].mlp.up.weight.shape == (16, 16)


def test_weights_start_as_in_gpt2() -> None:
    model = GPT(GPTConfig(1000, 8, 2, 64, 32), seed=0)
    assert model.tokens.weight.std().item() == pytest.approx(0.02, rel=0.05)
    assert model.blocks[0].mlp.out.weight.std().item() == pytest.approx(0.02 / 4, rel=0.05)
    assert torch.equal(GPT(CONFIG, seed=5).tokens.weight, GPT(CONFIG, seed=5).tokens.weight)
    assert not torch.equal(GPT(CONFIG, seed=5).tokens.weight, GPT(CONFIG, seed=6).tokens.weight)
