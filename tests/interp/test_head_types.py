"""Heads made by hand have the role they were made for, and an even look has none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from layerfold.interp.attention import patterns
from layerfold.interp.head_types import HEAD_TYPES, head_types
from layerfold.runs.opening import open_run

IDS = np.random.default_rng(0).integers(12, size=40).tolist()
MODELS = Path(__file__).parents[2] / "models"


def looking(where) -> np.ndarray:
    """One head that looks where ``where(token)`` says, evenly over it, else at itself: [1, 1,
    token, token]."""
    pattern = np.zeros((1, 1, len(IDS), len(IDS)), dtype=np.float32)
    for at in range(len(IDS)):
        targets = [to for to in where(at) if 0 <= to <= at] or [at]
        pattern[0, 0, at, targets] = 1 / len(targets)
    return pattern


MADE = {
    "previous": lambda at: [at - 1],
    "first": lambda at: [0],
    "same": lambda at: [to for to in range(at) if IDS[to] == IDS[at]],
    "induction": lambda at: [to + 1 for to in range(at - 1) if IDS[to] == IDS[at]],
}


@pytest.mark.parametrize("role", HEAD_TYPES)
def test_a_head_made_for_a_role_has_it_alone(role: str) -> None:
    found = head_types([looking(MADE[role])], [IDS])
    assert found.of(0, 0) == (role,)
    assert found.scores[HEAD_TYPES.index(role), 0, 0] > 0.9


def test_an_even_look_has_no_role() -> None:
    found = head_types([looking(lambda at: range(at + 1))], [IDS])
    assert found.of(0, 0) == ()
    assert found.scores[:, 0, 0] == pytest.approx(found.even, abs=1e-6)


def test_a_role_nobody_could_play_is_nobodys() -> None:
    found = head_types(
        [
            np.tril(np.ones((1, 1, 6, 6), dtype=np.float32))
            / np.arange(1, 7, dtype=np.float32)[:, None]
        ],
        [range(6)],
    )
    assert found.scores[2:, 0, 0].tolist() == [0, 0]
    assert head_types([np.ones((1, 1, 1, 1), dtype=np.float32)], [[3]]).of(0, 0) == ()


def test_the_bundled_induction_run_grows_an_induction_head_and_one_that_looks_back() -> None:
    run = open_run(MODELS / "induction")
    texts = [
        np.tile(np.random.default_rng(seed).integers(run.config.vocab_size, size=40), 2).tolist()
        for seed in range(4)
    ]
    held = []
    for step in (run.steps[0], run.steps[-1]):
        model = run.adapter(step).model
        found = head_types([patterns(model, text)[:, 0] for text in texts], texts)
        held.append(
            {role for layer in range(2) for head in range(2) for role in found.of(layer, head)}
        )
    assert held == [set(), {"previous", "induction"}]
