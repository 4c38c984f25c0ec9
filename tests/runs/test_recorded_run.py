"""A recorded run as it is opened: what is there, what is damaged, and when it is taken to have
ended.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load, save

from layerfold.errors import DamagedRun, NoWeights, StepNotFound
from layerfold.files.atomic import sha256
from layerfold.records import Reference
from layerfold.runs.opening import open_run
from layerfold.runs.recorded_run import states_name
from tests.loops import plain, recorder, states_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    one = recorder(tmp_path, every=1)
    for step in range(3):
        one.log(plain(step), step, loss=float(step))
    one.close()
    return tmp_path


def other(reference: Reference) -> Reference:
    return Reference(reference.windows[::-1].copy(), *list(vars(reference).values())[1:])


def test_without_weights_nothing_is_read(folder: Path) -> None:
    run = open_run(folder)
    with pytest.raises(NoWeights, match="weights=True"):
        run.adapter(1).states([1, 2])
    with pytest.raises(StepNotFound, match="0, 1, 2"):
        run.adapter(7)
    assert run.tokenizer().encode("5 7", 8).ids == [5, 7]


def test_the_states_of_another_text_are_not_given_for_those_recorded(folder: Path) -> None:
    run = open_run(folder)
    reference = run.reference()
    assert reference is not None
    with pytest.raises(DamagedRun, match="another text"):
        run.stored_states(1, other(reference))


@pytest.mark.parametrize("how", ["cut", "changed", "gone"])
def test_damaged_states_are_named_and_the_rest_opens(folder: Path, how: str) -> None:
    path = folder / states_name(1)
    data = path.read_bytes()
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes(data[:-7] if how == "cut" else data[:-1] + bytes([data[-1] ^ 1]))
    run = open_run(folder)
    assert run.steps == ((0, 1, 2) if how == "changed" else (0, 2))
    assert [problem.file for problem in run.verify()] == [states_name(1)]
    with pytest.raises(DamagedRun, match="step-00000001"):
        run.origin(1)
    assert states_of(run, 2).dtype == np.float32


def test_states_that_are_not_finite_are_found(folder: Path) -> None:
    path = folder / states_name(2)
    states = load(path.read_bytes())["states"].copy()
    states[0, 0, 0] = np.inf
    path.write_bytes(save({"states": states}))
    run = open_run(folder)
    run.card["files"][states_name(2)] = sha256(path)
    assert "not finite" in run.verify()[0].what


def test_a_run_that_was_not_closed_is_live_for_an_hour(folder: Path) -> None:
    run = open_run(folder)
    assert not run.live
    run.card["finished"] = False
    assert run.live
    for path in (folder / "run.json", folder / "metrics.jsonl"):
        os.utime(path, (time.time() - 3700,) * 2)
    assert not run.live


def test_a_damaged_reference_is_said(folder: Path) -> None:
    (folder / "reference.safetensors").write_bytes(b"nothing")
    with pytest.raises(DamagedRun, match="reference"):
        open_run(folder).reference()
