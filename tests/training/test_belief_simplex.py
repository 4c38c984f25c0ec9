"""Mess3 as a task: its batches, tests, reference and basis."""

from __future__ import annotations

import numpy as np
import pytest

from layerfold.errors import RecipeError
from layerfold.model.gpt import GPT
from layerfold.model.gpt_adapter import GPTAdapter
from layerfold.model.shape import GPTConfig
from layerfold.records import normalized
from layerfold.training.tasks import Setting, task_of
from layerfold.training.tasks.belief_simplex import CORNERS, BeliefSimplex, belief_axes, make
from layerfold.training.tasks.hidden import beliefs

TASK = make(Setting(seed=3, batch_size=8, block_size=10))


def test_batches_follow_seed_and_step_and_say_the_next_letter() -> None:
    ids, targets = TASK.at(5)
    assert ids.shape == targets.shape == (8, 10)
    assert np.array_equal(ids[:, 1:], targets[:, :-1])
    assert np.array_equal(ids, make(Setting(3, 8, 10)).at(5)[0])
    assert not np.array_equal(ids, TASK.at(6)[0])
    assert TASK.length == 80


def test_an_untrained_model_loses_what_a_guess_does_and_an_observer_less() -> None:
    model = GPT(GPTConfig(3, 2, 2, 16, 10), seed=0)
    tests, known = TASK.tests(model), TASK.baselines()
    assert tests["val_loss"] == pytest.approx(known["chance_loss"], abs=0.1)
    assert tests["excess_loss"] == pytest.approx(tests["val_loss"] - known["bayes_loss"])
    assert known["bayes_loss"] < 0.9


def test_the_reference_holds_contexts_that_all_differ_with_what_an_observer_believes() -> None:
    reference = TASK.reference(300, seed=1)
    found = {
        tuple(reference.windows[w, : p + 1])
        for w, p in zip(reference.window, reference.position, strict=True)
    }
    assert len(found) == len(reference) == 300
    assert np.bincount(reference.position)[:3].tolist() == [3, 9, 27]
    belief, last, place = reference.labels
    assert belief.values.sum(axis=1) == pytest.approx(np.ones(300), abs=1e-6)
    exact = beliefs(TASK.transitions, reference.windows.astype(np.int64))[
        reference.window, reference.position
    ]
    assert belief.values == pytest.approx(exact, abs=1e-6)
    assert [last.names[int(n)] for n in last.values[:, 0]] == list(reference.text)
    assert place.values[:, 0].astype(int).tolist() == reference.position.tolist()


def test_the_basis_finds_a_plane_that_is_there() -> None:
    rng = np.random.default_rng(0)
    belief = rng.dirichlet((1, 1, 1), 500)
    wide = np.outer(rng.standard_normal(500), (0, 0, 5, 1))
    states = np.concatenate(
        (belief @ rng.standard_normal((3, 6)), wide + rng.standard_normal((500, 4)) / 1e4), axis=1
    ).astype(np.float32)
    matrix, offset = belief_axes(states, belief @ CORNERS)
    shown = states @ matrix.T + offset
    assert shown[:, :2] == pytest.approx(belief @ CORNERS, abs=2e-3)
    assert shown[:, 2].std() == pytest.approx((belief @ CORNERS).std() / 4, rel=0.02)


def test_the_corners_are_an_equilateral_triangle_about_the_origin() -> None:
    assert np.linalg.norm(CORNERS - np.roll(CORNERS, 1, axis=0), axis=1) == pytest.approx(
        np.full(3, np.sqrt(3))
    )
    assert CORNERS.sum(axis=0) == pytest.approx(np.zeros(2))


def test_a_model_has_a_basis_of_its_own_at_every_site() -> None:
    model = GPTAdapter(GPT(GPTConfig(3, 1, 1, 16, 10), seed=1))
    reference = TASK.reference(100, 0)
    states = normalized(
        model.batch_states(reference.windows)[:, reference.window, reference.position]
    )
    (basis,) = TASK.bases(states, reference)
    assert basis.matrix.shape == (3, 3, 16)
    assert basis.offset.shape == (3, 3)
    assert np.isfinite(np.einsum("sad,srd->sra", basis.matrix, states)).all()


def test_what_cannot_be_is_refused_by_name() -> None:
    assert isinstance(task_of("belief-simplex", {"alpha": 0.6}, Setting(0, 1, 4)), BeliefSimplex)
    with pytest.raises(RecipeError, match="alpha = 2"):
        task_of("belief-simplex", {"alpha": 2}, Setting(0, 1, 4))
