"""The claims on Mess3: the share explained on arrays with known answers, and the whole on a tiny
run.
"""

from __future__ import annotations

from dataclasses import replace
from math import isnan
from pathlib import Path

import numpy as np
import pytest

from layerfold.claims.belief_simplex import (
    advantage,
    claims,
    endings,
    explained,
    leading_claim,
    led,
    shuffle,
    whole_claim,
)
from layerfold.errors import DamagedRun
from layerfold.interp.session import open_session
from layerfold.training.recipe import Recipe
from layerfold.training.tasks.hidden import beliefs, mess3, sample
from layerfold.training.trainer import train

RNG = np.random.default_rng(4)


def test_a_linear_image_explains_all_and_noise_nothing() -> None:
    belief = RNG.dirichlet((1, 1, 1), (200, 8))
    image = belief @ RNG.standard_normal((3, 12)) + 5
    assert explained(image, belief) == pytest.approx(1.0)
    assert explained(RNG.standard_normal((200, 8, 12)), belief) == pytest.approx(0.0, abs=0.03)
    assert explained(image, shuffle(belief)) == pytest.approx(0.0, abs=0.02)


def test_half_of_the_variance_is_half_explained() -> None:
    seen, hidden = RNG.standard_normal((2, 400, 10, 1))
    assert explained(seen, seen + hidden) == pytest.approx(0.5, abs=0.03)
    assert isnan(explained(seen, np.ones((400, 10, 1))))


def test_leading_directions_are_the_widest() -> None:
    wide = RNG.standard_normal((100, 10, 3)) * 10
    states = np.concatenate((RNG.standard_normal((100, 10, 20)), wide), axis=2).astype(np.float32)
    assert explained(led(states), wide) == pytest.approx(1.0, abs=0.02)
    assert explained(led(states), states[..., :5].astype(np.float64)) == pytest.approx(
        0.0, abs=0.02
    )


def test_endings_tell_the_last_symbols_and_no_more() -> None:
    said = np.array([[0, 1, 2, 1], [2, 1, 2, 1], [0, 0, 2, 1]])
    two = endings(said, 2).argmax(-1)
    assert two[0, 3] == two[1, 3] == two[2, 3]
    assert two[0, 2] == two[1, 2] != two[2, 2]
    assert two[0, 0] != two[1, 0]
    assert endings(said, 3).argmax(-1)[2, 3] != endings(said, 3).argmax(-1)[0, 3]


def test_all_letters_back_tell_the_whole_belief() -> None:
    said = sample(mess3(0.05, 0.6), 3000, 3, np.random.default_rng(0))
    belief = beliefs(mess3(0.05, 0.6), said)
    assert explained(endings(said, 3), belief) == pytest.approx(1.0)
    assert explained(endings(said, 1), belief) < 0.8


@pytest.mark.parametrize(
    ("last", "shuffled", "low", "holds"),
    [
        (0.92, 0.01, 0.1, True),
        (0.9, 0.01, 0.1, False),
        (0.95, 0.2, 0.1, False),
        (0.95, 0.01, -0.001, False),
    ],
)
def test_the_first_claim_asks_for_a_threefold_fall_more_than_the_letters_tell_and_no_leak(
    last: float, shuffled: float, low: float, holds: bool
) -> None:
    claim = leading_claim({0: 0.75, 9: last}, {0: 0.0, 9: shuffled}, 0.8, (low, 0.2))
    assert claim.holds is holds
    assert claim.bound == pytest.approx(1 - 0.25 / 3)
    assert claim.at_step == 9


def test_the_last_letters_have_no_advantage_over_themselves_and_all_letters_have_one() -> None:
    said = sample(mess3(0.05, 0.6), 400, 8, np.random.default_rng(0))
    belief = beliefs(mess3(0.05, 0.6), said)
    assert advantage(endings(said, 2), endings(said, 2), belief) == (0.0, 0.0)
    low, high = advantage(endings(said, 4), endings(said, 1), belief)
    gain = explained(endings(said, 4), belief) - explained(endings(said, 1), belief)
    assert 0 < low < gain < high
    assert advantage(endings(said, 1), endings(said, 4), belief)[1] < 0


def test_the_second_claim_sets_step_0_beside_itself() -> None:
    claim = whole_claim({0: 0.93, 9: 0.98})
    assert claim.holds
    assert claim.controls[0].value == pytest.approx(0.93)
    assert not whole_claim({0: 0.93, 9: 0.89}).holds


def test_a_tiny_run_answers_both(tmp_path: Path) -> None:
    small = replace(
        Recipe.load("belief-simplex"), d_model=16, batch_size=16, steps=8, checkpoints=(0, 8)
    )
    train(small, tmp_path / "run")
    opened = open_session(tmp_path / "run")
    heard: list[float] = []
    found = claims(opened, lambda _, share: heard.append(share))
    assert [claim.id for claim in found] == ["belief-leading", "belief-linear", "chord-is-path"]
    assert all(
        set(claim.values) == {0, 8} and all(0 < value < 1 for value in claim.values.values())
        for claim in found
    )
    assert heard == [0.0, 0.25, 0.5, 0.75]
    opened.card["task"]["name"] = "modular-addition"
    opened.card["task"]["parameters"] = {"p": 5}
    with pytest.raises(DamagedRun, match="belief-simplex"):
        claims(opened, lambda *_: None)
