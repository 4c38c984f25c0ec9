"""The way of the weights on paths whose shape is known, and losses that end where the checkpoints
are.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from layerfold.errors import InputError
from layerfold.interp.loss_landscape import (
    crossings,
    line_between,
    path_of,
    row_of,
    vector_of,
    with_weights,
)
from layerfold.model.gpt import GPT
from layerfold.model.shape import GPTConfig

CONFIG = GPTConfig(vocab_size=20, n_layer=1, n_head=2, d_model=8, block_size=8)
IDS = np.random.default_rng(0).integers(20, size=(70, 8))


def on_a_plane(places: np.ndarray, seed: int = 0) -> tuple[list[GPT], torch.Tensor]:
    """Models whose weights lie at places [step, 2] of a random plane, whose directions [2, p] are
    told too.
    """
    start = vector_of(GPT(CONFIG, seed=1))
    random = torch.randn(2, len(start), generator=torch.Generator().manual_seed(seed))
    axes = torch.linalg.qr(random.T).Q.T.contiguous()
    return [
        with_weights(GPT(CONFIG), start + torch.tensor(place, dtype=torch.float32) @ axes)
        for place in places
    ], axes


def distances(places: np.ndarray) -> np.ndarray:
    return np.linalg.norm(places[:, None] - places[None], axis=-1)


@torch.inference_mode()
def loss_of(model: GPT) -> float:
    """The mean next-token loss on the windows, in nats."""
    ids = torch.from_numpy(IDS)
    return float(model(ids[:, :-1], ids[:, 1:]))


def test_a_way_in_a_plane_is_shown_as_it_is() -> None:
    turn = np.linspace(0, 5, 12)
    true = np.stack([3 * np.cos(turn), np.sin(turn)], axis=1)
    models, axes = on_a_plane(true)
    path = path_of(lambda step: models[step], range(12))
    assert np.allclose(distances(path.places), distances(true), atol=1e-4)
    assert path.off.max() < 1e-4
    assert path.shares.sum() == pytest.approx(1, abs=1e-5)
    assert np.allclose((path.axes @ axes.T).norm(dim=1), 1, atol=1e-4)
    assert torch.allclose(path.axes @ path.axes.T, torch.eye(2), atol=1e-5)
    assert torch.allclose(path.weights_at(path.places[5]), vector_of(models[5]), atol=1e-5)


def test_the_end_of_the_way_lies_up_and_to_the_right() -> None:
    for seed in range(3):
        models, _ = on_a_plane(np.random.default_rng(seed).normal(size=(6, 2)), seed)
        assert (path_of(lambda step: models[step], range(6)).places[-1] >= 0).all()  # noqa: B023


def test_two_checkpoints_are_a_straight_way_and_one_is_none() -> None:
    models, _ = on_a_plane(np.array([[0.0, 0.0], [3.0, 4.0]]))
    path = path_of(lambda step: models[step], (0, 1))
    assert distances(path.places)[0, 1] == pytest.approx(5, abs=1e-4)
    assert path.shares[0] == pytest.approx(1)
    assert np.isfinite(path.places).all()
    with pytest.raises(InputError, match="a way needs two"):
        path_of(lambda step: models[step], (0,))


def test_checkpoints_that_never_move_have_a_place() -> None:
    models, _ = on_a_plane(np.zeros((3, 2)))
    path = path_of(lambda step: models[step], range(3))
    assert np.abs(path.places).max() < 1e-5
    assert np.isfinite(path.shares).all()


def test_the_surface_is_the_loss_of_the_weights_there() -> None:
    models, _ = on_a_plane(np.array([[0.0, 0.0], [2.0, 0.5], [3.0, 2.0]]))
    path = path_of(lambda step: models[step], range(3))
    a, b = crossings(path, 5)
    found = row_of(path, models[0], loss_of, a, float(b[3]))
    assert found[1] == pytest.approx(
        loss_of(with_weights(models[0], path.weights_at((a[1], b[3])))), rel=1e-5
    )
    assert a[0] < path.places[:, 0].min() < path.places[:, 0].max() < a[-1]


def test_a_line_ends_in_the_losses_of_the_checkpoints() -> None:
    models, _ = on_a_plane(np.array([[0.0, 0.0], [4.0, 2.0]]))
    line = line_between(models[0], models[1], loss_of, count=7)
    assert line.losses[0] == pytest.approx(loss_of(models[0]), rel=1e-6)
    assert line.losses[-1] == pytest.approx(loss_of(models[1]), rel=1e-6)
    assert line.barrier >= 0


def test_a_hill_between_two_valleys_is_its_height() -> None:
    models, axes = on_a_plane(np.array([[-1.0, 0.0], [1.0, 0.0]]))
    middle = (vector_of(models[0]) + vector_of(models[1])) / 2

    def hill(model: GPT) -> float:
        return float(2 - ((vector_of(model) - middle) @ axes[0]) ** 2)

    assert line_between(models[0], models[1], hill, count=11).barrier == pytest.approx(1, abs=1e-4)
    assert line_between(models[0], models[1], lambda model: -hill(model), count=11).barrier == 0
