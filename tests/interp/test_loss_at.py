"""The loss of one token, beside a model whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from layerfold.interp.inspection import loss_at
from layerfold.records import Floats


class Known:
    """Its logits are the state itself."""

    causal = True
    unembeds = True

    def unembed(self, values: Floats) -> Floats:
        return values


def test_the_loss_of_a_token_is_read_from_the_one_before_it() -> None:
    shares = np.array([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]], dtype=np.float32)
    states = np.stack([np.zeros((2, 3), np.float32), np.log(shares) + 3])
    assert loss_at(Known(), states, [0, 1], 1) == pytest.approx(np.log(4), abs=1e-6)
    assert loss_at(Known(), states, [0, 0], 1) == pytest.approx(np.log(2), abs=1e-6)


def test_where_nothing_is_guessed_there_is_no_loss() -> None:
    states = np.zeros((1, 2, 3), np.float32)
    encoder, mute = Known(), Known()
    encoder.causal, mute.unembeds = False, False
    assert loss_at(Known(), states, [0, 1], 0) is None
    assert loss_at(encoder, states, [0, 1], 1) is None
    assert loss_at(mute, states, [0, 1], 1) is None
