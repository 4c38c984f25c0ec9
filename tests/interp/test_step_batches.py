"""What a step needs besides its checkpoint: the recipe's own settings then, and batches whose
origin is told.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from layerfold.atlas.files import open_atlas
from layerfold.errors import InputError
from layerfold.interp.step_batches import EARLIER, OWN, STORED, batches_of, hyper_of
from layerfold.records import Reference
from layerfold.runs.opening import open_run
from layerfold.runs.run import Run
from layerfold.training.recipe import Recipe
from layerfold.training.tasks import task_of_card

MODELS = Path(__file__).parents[2] / "models"


def bundled(name: str) -> tuple[Run, Reference]:
    return open_run(MODELS / name), open_atlas(MODELS / name).reference


def test_a_task_makes_the_very_batches_again() -> None:
    run, reference = bundled("belief-simplex")
    task = task_of_card(run.card)
    assert task is not None
    before, now, origin = batches_of(run, 160, reference)
    assert (origin, len(before)) == (OWN, EARLIER)
    assert [
        np.array_equal(ids.numpy(), task.at(152 + n)[0])
        for n, (ids, _) in enumerate([*before, now])
    ] == [True] * 9
    assert len(batches_of(run, 2, reference)[0]) == 2
    assert batches_of(run, 0, reference)[0] == []


def test_windows_of_the_reference_stand_for_a_text_that_is_not_there() -> None:
    run, reference = bundled("induction")
    before, now, origin = batches_of(run, 784, reference)
    assert (origin, len(before)) == (STORED, EARLIER)
    assert len({tuple(row) for ids, _ in [*before, now] for row in ids.tolist()}) == sum(
        len(ids) for ids, _ in [*before, now]
    )
    ids, targets = now
    assert ids[:, 1:].tolist() == targets[:, :-1].tolist()
    assert batches_of(run, 64, reference)[1][0].tolist() == ids.tolist(), (
        "the same batch at every step"
    )


def test_settings_are_those_of_the_step() -> None:
    run, _ = bundled("storyteller")
    assert hyper_of(run, 0).rate == pytest.approx(4e-5)
    assert hyper_of(run, 128).rate == pytest.approx(4e-3, rel=1e-3)
    assert hyper_of(run, 9216).rate == pytest.approx(2e-4, rel=1e-2)
    assert (hyper_of(run, 128).beta2, hyper_of(run, 128).decay, hyper_of(run, 128).decayed) == (
        0.98,
        0.1,
        Recipe.decayed,
    )
    other = replace(
        run,
        card={**run.card, "hyperparameters": {**run.card["hyperparameters"], "optimiser": "muon"}},
    )
    with pytest.raises(InputError, match="learned by muon"):
        hyper_of(other, 0)


def test_a_reference_of_short_windows_makes_no_batch() -> None:
    run, reference = bundled("induction")
    short = replace(
        reference,
        windows=np.where(np.arange(reference.windows.shape[1]) > 3, -1, reference.windows).astype(
            np.int32
        ),
    )
    with pytest.raises(InputError, match="needs a batch"):
        batches_of(run, 64, short)
