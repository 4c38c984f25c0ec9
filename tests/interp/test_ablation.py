"""Scaled passes: at 1 nothing changes by a bit, at 0 a part is gone, and what cannot be scaled is
said."""

from __future__ import annotations

import numpy as np
import pytest

from layerfold.errors import InputError
from layerfold.interp.ablation import Scaling, ablate
from layerfold.interp.decomposition import decompose
from layerfold.model.gpt_adapter import GPTAdapter
from tests.interp.test_decomposition import CONFIG, IDS, SHAPES, a_model


@pytest.mark.parametrize(
    "config", SHAPES, ids=lambda c: f"{c.norm}-{c.bias}-{c.tied}-{c.activation}-{c.positions}"
)
def test_with_every_factor_one_nothing_changes_by_a_bit(config) -> None:
    model = a_model(config)
    adapter = GPTAdapter(model)
    ones = Scaling({0: 1.0, 2: 1.0}, {1: 1.0}, {(0, 3): 1.0, (2, 0): 1.0}, {0: 1.0, 1: 1.0})
    for scales in (Scaling(), ones):
        found = ablate(model, IDS, scales)
        assert found.states.tobytes() == adapter.states(IDS).values.tobytes()
        assert found.logits.tobytes() == adapter.unembed(adapter.states(IDS).values[-1]).tobytes()


def test_a_part_at_nought_is_gone_and_twice_is_twice() -> None:
    model = a_model(CONFIG)
    parts = decompose(model, IDS)
    for factor in (0.0, 2.0):
        states = ablate(model, IDS, Scaling(attention={0: factor})).states
        assert np.allclose(states[1], parts.states[0] + factor * parts.attention[0], atol=1e-4)
        states = ablate(model, IDS, Scaling(heads={(0, 2): factor})).states
        assert np.allclose(states[1], parts.states[1] + (factor - 1) * parts.heads[0, 2], atol=1e-4)
        states = ablate(model, IDS, Scaling(mlp={0: factor})).states
        assert np.allclose(states[2], parts.states[1] + factor * parts.mlps[0], atol=1e-4)
        states = ablate(model, IDS, Scaling(residual={0: factor})).states
        assert np.allclose(states[1], factor * parts.states[0] + parts.attention[0], atol=1e-4)


def test_what_comes_before_the_scaled_part_stays() -> None:
    model = a_model(CONFIG)
    plain = GPTAdapter(model).states(IDS).values
    states = ablate(model, IDS, Scaling(mlp={1: 0.0})).states
    assert states[:4].tobytes() == plain[:4].tobytes()
    assert not np.allclose(states[4], plain[4])


@pytest.mark.parametrize(
    ("scales", "words"),
    [
        (Scaling(attention={3: 1.0}), "no attention of layer 3: the model has layers from 0 to 2"),
        (Scaling(mlp={-1: 1.0}), "no mlp of layer -1"),
        (Scaling(heads={(0, 4): 1.0}), "no head 4 of layer 0: the model has 3 layers of 4 heads"),
        (Scaling(residual={0: 2.5}), "cannot be scaled by 2.5: give a factor from 0 to 2"),
        (Scaling(heads={(0, 0): -0.1}), "cannot be scaled by -0.1"),
        (Scaling(mlp={0: float("nan")}), "cannot be scaled by nan"),
    ],
)
def test_what_cannot_be_scaled_is_said(scales: Scaling, words: str) -> None:
    with pytest.raises(InputError, match=words):
        ablate(a_model(CONFIG), IDS, scales)
