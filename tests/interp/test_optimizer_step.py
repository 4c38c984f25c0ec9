"""The parts of a step against torch's own optimisers."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from layerfold.interp.optimizer_step import (
    PARTS,
    Hyper,
    Moments,
    adamw_parts,
    batch_loss,
    gradients,
    length,
    moments_of,
    moved,
    rivals,
    total,
)
from layerfold.model.gpt import GPT
from layerfold.model.shape import GPTConfig

CONFIG = GPTConfig(vocab_size=30, n_layer=2, n_head=2, d_model=16, block_size=12)
HYPER = Hyper(rate=3e-3, beta1=0.9, beta2=0.95, decay=0.1, decayed="matrices")


def a_model() -> GPT:
    return GPT(CONFIG, seed=4).double()


def batch(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    windows = torch.randint(30, (4, 11), generator=torch.Generator().manual_seed(seed))
    return windows[:, :-1], windows[:, 1:]


def torch_step(
    model: GPT, optimizer: torch.optim.Optimizer, ids: torch.Tensor, targets: torch.Tensor
) -> None:
    optimizer.zero_grad()
    model(ids, targets).backward()
    optimizer.step()


def far(model: GPT, other: GPT) -> float:
    """The largest difference of two models' weights."""
    return max(
        float((a - b).detach().abs().max())
        for a, b in zip(model.parameters(), other.parameters(), strict=True)
    )


def groups_of(model: GPT, decay: float) -> list[dict[str, object]]:
    weights = list(model.parameters())
    return [
        {"params": [w for w in weights if (w.dim() >= 2) == decays], "weight_decay": decay * decays}
        for decays in (True, False)
    ]


@pytest.mark.parametrize("seen", [0, 1, 5])
def test_the_parts_sum_to_adamws_own_step(seen: int) -> None:
    model, true = a_model(), a_model()
    optimizer = torch.optim.AdamW(groups_of(true, 0.1), lr=0.0, betas=(0.9, 0.95), eps=1e-8)
    for n in range(seen):
        torch_step(true, optimizer, *batch(n))  # at rate 0: the moments grow, the weights stay
    for group in optimizer.param_groups:
        group["lr"] = HYPER.rate
    torch_step(true, optimizer, *batch(99))
    before = moments_of(model, (batch(n) for n in range(seen)), HYPER)
    parts = adamw_parts(model, gradients(model, *batch(99)), before, HYPER)
    assert tuple(parts) == PARTS
    assert far(moved(model, total(parts)), true) < 1e-7


def test_the_first_step_knows_no_momentum_and_without_decay_none_decays() -> None:
    model = a_model()
    zeros = moments_of(model, [], HYPER)
    parts = adamw_parts(model, gradients(model, *batch(1)), zeros, replace(HYPER, decay=0.0))
    assert length(parts["momentum"]) < 1e-15
    assert length(parts["decay"]) == 0
    assert length(parts["gradient"]) > 0
    assert length(parts["adaptive"]) > 0


def test_a_long_gradient_is_cut_as_torch_cuts_it() -> None:
    model, true = a_model(), a_model()
    batch_loss(true, *batch(3)).backward()
    torch.nn.utils.clip_grad_norm_(true.parameters(), 0.01)
    found = gradients(model, *batch(3), clip=0.01)
    for name, weight in true.named_parameters():
        assert weight.grad is not None
        assert torch.allclose(found[name], weight.grad, rtol=1e-6, atol=1e-12)
    assert length(gradients(model, *batch(3), clip=1e6)) == pytest.approx(
        length(gradients(model, *batch(3)))
    )


def test_a_task_asks_only_for_the_last_tokens() -> None:
    model = a_model()
    ids, targets = batch(2)
    logits = model(ids)[:, -3:]
    true = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets[:, -3:].flatten())
    assert batch_loss(model, ids, targets[:, -3:]).item() == pytest.approx(true.item())
    assert batch_loss(model, ids, targets).item() == pytest.approx(
        model(ids, targets).item(), rel=1e-6
    )


def test_in_layers_only_their_matrices_decay() -> None:
    model = a_model()
    hyper = replace(HYPER, decayed="layers")
    assert {name for name, weight in model.named_parameters() if hyper.decays(name, weight)} == {
        name
        for name, weight in model.named_parameters()
        if name.startswith("blocks.") and weight.dim() == 2
    }


def test_only_matrices_decay_where_it_is_said() -> None:
    model = a_model()
    parts = adamw_parts(model, gradients(model, *batch(1)), moments_of(model, [], HYPER), HYPER)
    for name, weight in model.named_parameters():
        assert bool(parts["decay"][name].any()) == (weight.dim() >= 2 and bool(weight.any()))


@pytest.mark.parametrize("rival", ["sgd", "momentum", "adam"])
def test_rivals_are_torchs_own(rival: str) -> None:
    model, true = a_model(), a_model()
    made = {
        "sgd": lambda: torch.optim.SGD(true.parameters(), lr=0.0),
        "momentum": lambda: torch.optim.SGD(true.parameters(), lr=0.0, momentum=0.9),
        "adam": lambda: torch.optim.Adam(true.parameters(), lr=0.0, betas=(0.9, 0.95), eps=1e-8),
    }
    optimizer = made[rival]()
    for n in range(3):
        torch_step(true, optimizer, *batch(n))
    for group in optimizer.param_groups:
        group["lr"] = HYPER.rate
    torch_step(true, optimizer, *batch(99))
    found = rivals(
        gradients(model, *batch(99)), moments_of(model, (batch(n) for n in range(3)), HYPER), HYPER
    )
    assert far(moved(model, found[rival]), true) < 1e-7


def test_a_motion_moves_a_copy_by_its_factor() -> None:
    model = GPT(CONFIG, seed=4)
    motion = {name: torch.ones_like(weight) for name, weight in model.named_parameters()}
    weights = {name: weight.clone() for name, weight in model.state_dict().items()}
    gone = moved(model, motion, 0.5)
    for name, weight in gone.state_dict().items():
        assert torch.equal(weight, weights[name] + 0.5)
        assert torch.equal(model.state_dict()[name], weights[name])
    assert length(motion) == pytest.approx(
        sum(weight.numel() for weight in model.parameters()) ** 0.5
    )


def test_gradients_are_left_nowhere() -> None:
    model = a_model()
    found = gradients(model, *batch(0))
    assert all(weight.grad is None for weight in model.parameters())
    assert set(found) == {name for name, _ in model.named_parameters()}


def test_moments_count_what_they_have_seen() -> None:
    model = a_model()
    found = moments_of(model, [batch(0), batch(1)], HYPER)
    assert isinstance(found, Moments)
    assert found.count == 2
