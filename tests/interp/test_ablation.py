"""Scaled passes: at 1 nothing changes by a bit, at 0 a part is gone, and what cannot be scaled is
said.
"""

from __future__ import annotations

import numpy as np
import pytest

from layerfold.errors import InputError
from layerfold.interp.ablation import Scales, scaled_pass
from layerfold.interp.decomposition import anatomy_of
from layerfold.model.adapter import GPTAdapter
from tests.interp.test_decomposition import CONFIG, IDS, SHAPES, a_model


@pytest.mark.parametrize(
    "config", SHAPES, ids=lambda c: f"{c.norm}-{c.bias}-{c.tied}-{c.activation}-{c.positions}"
)
def test_with_every_factor_one_nothing_changes_by_a_bit(config) -> None:
    model = a_model(config)
    adapter = GPTAdapter(model)
    ones = Scales({0: 1.0, 2: 1.0}, {1: 1.0}, {(0, 3): 1.0, (2, 0): 1.0}, {0: 1.0, 1: 1.0})
    for scales in (Scales(), ones):
        states, logits = scaled_pass(model, IDS, scales)
        assert states.tobytes() == adapter.states(IDS).values.tobytes()
        assert logits.tobytes() == adapter.unembed(adapter.states(IDS).values[-1]).tobytes()


def test_a_part_at_nought_is_gone_and_twice_is_twice() -> None:
    model = a_model(CONFIG)
    parts = anatomy_of(model, IDS)
    for factor in (0.0, 2.0):
        states, _ = scaled_pass(model, IDS, Scales(attention={0: factor}))
        assert np.allclose(states[1], parts.states[0] + factor * parts.attention[0], atol=1e-4)
        states, _ = scaled_pass(model, IDS, Scales(heads={(0, 2): factor}))
        assert np.allclose(states[1], parts.states[1] + (factor - 1) * parts.heads[0, 2], atol=1e-4)
        states, _ = scaled_pass(model, IDS, Scales(mlp={0: factor}))
        assert np.allclose(
            states[2], parts.states[1] + factor * (parts.mlp[0] + parts.mlp_bias[0]), atol=1e-4
        )
        states, _ = scaled_pass(model, IDS, Scales(residual={0: factor}))
        assert np.allclose(states[1], factor * parts.states[0] + parts.attention[0], atol=1e-4)


def test_what_comes_before_the_scaled_part_stays() -> None:
    model = a_model(CONFIG)
    plain = GPTAdapter(model).states(IDS).values
    states, _ = scaled_pass(model, IDS, Scales(mlp={1: 0.0}))
    assert states[:4].tobytes() == plain[:4].tobytes()
    assert not np.allclose(states[4], plain[4])


@pytest.mark.parametrize(
    ("scales", "words"),
    [
        (Scales(attention={3: 1.0}), "no attention of layer 3: the model has layers from 0 to 2"),
        (Scales(mlp={-1: 1.0}), "no mlp of layer -1"),
        (Scales(heads={(0, 4): 1.0}), "no head 4 of layer 0: the model has 3 layers of 4 heads"),
        (Scales(residual={0: 2.5}), "cannot be scaled by 2.5: give a factor from 0 to 2"),
        (Scales(heads={(0, 0): -0.1}), "cannot be scaled by -0.1"),
        (Scales(mlp={0: float("nan")}), "cannot be scaled by nan"),
    ],
)
def test_what_cannot_be_scaled_is_said(scales: Scales, words: str) -> None:
    with pytest.raises(InputError, match=words):
        scaled_pass(a_model(CONFIG), IDS, scales)
