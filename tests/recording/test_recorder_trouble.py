"""What goes wrong while a training is recorded, and what begins again: nothing reaches the
training, and what is there stays whole.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from layerfold.build.check import check_run
from layerfold.errors import InputError
from layerfold.recording.recorder import Recorder
from layerfold.runs.opening import open_run
from tests.loops import SITES, Plain, plain, recorder, states_of, windows
from tests.small import make_run


class Broken(Plain):
    """Gives up, in one way or another."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def forward(self, ids):
        raise self.error


def test_an_error_is_logged_once_and_the_training_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one = recorder(tmp_path, every=1)
    one.log(plain(), 0)
    with caplog.at_level(logging.ERROR):
        one.log(Broken(RuntimeError("out of memory")), 1)
        one.log(Broken(RuntimeError("again")), 2)
    assert [record.message for record in caplog.records] == [
        f"recording into {tmp_path} stopped, the training goes on (1 steps are kept): out of memory"
    ]
    run = open_run(tmp_path)
    assert (run.steps, run.live) == ((0,), False)
    assert "out of memory" in str(run.missing()[0])


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (Plain(32), "another model"),
        (nn.Linear(2, 2), "no module 'blocks.0'"),
        (3, "no torch module"),
        (nn.Sequential(plain()), "no module"),
    ],
)
def test_a_model_that_changed_stops_the_recording_with_a_clear_word(
    tmp_path: Path, caplog, model, words: str
) -> None:
    one = recorder(tmp_path, every=1)
    one.log(plain(), 0)
    one.log(model, 1)
    assert words in caplog.text
    assert open_run(tmp_path).steps == (0,)


def test_an_interruption_passes_through(tmp_path: Path) -> None:
    one, model = recorder(tmp_path), Broken(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        one.log(model, 0)
    assert model.training


def test_a_full_disk_stops_the_recording_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog
) -> None:
    one = recorder(tmp_path, every=1)
    one.log(plain(), 0)

    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("layerfold.recording.run_folder.write_atomically", full)
    one.log(plain(), 1)
    one.close()
    assert "No space left" in caplog.text
    assert open_run(tmp_path).steps == (0,)


def test_states_that_are_not_finite_are_left_out_and_named(tmp_path: Path, caplog) -> None:
    one, sick = recorder(tmp_path, every=1), plain()
    one.log(plain(), 0)
    with torch.no_grad():
        sick.tok_emb.weight[:] = float("nan")
    one.log(sick, 1, loss=float("nan"))
    one.log(plain(), 2)
    one.close()
    run = open_run(tmp_path)
    assert run.steps == (0, 2)
    assert "step 1 was not recorded" in str(run.missing()[0])
    assert run.metrics() == [{"step": 1, "not_finite": ["loss"]}]
    assert "step 1 is not recorded" in caplog.text


def test_large_states_are_kept_whole(tmp_path: Path) -> None:
    model = plain()
    with torch.no_grad():
        model.tok_emb.weight.mul_(1e6)
    with recorder(tmp_path) as one:
        one.log(model, 0)
    run = open_run(tmp_path)
    assert np.abs(states_of(run, 0)).max() > 1e6


# ---- again


def test_a_restarted_training_goes_on_where_it_restarts(tmp_path: Path) -> None:
    first = recorder(tmp_path, every=2)
    for step in range(9):
        first.log(plain(), step, loss=step)
    killed = open_run(tmp_path)
    assert (killed.steps, killed.live) == ((0, 2, 4, 6, 8), True)
    again = recorder(tmp_path, every=2)
    for step in range(5, 8):
        again.log(plain(1), step, loss=10 + step)
    again.close()
    run = open_run(tmp_path)
    assert run.steps == (0, 2, 4, 6)
    assert [row["loss"] for row in run.metrics()] == [0, 1, 2, 3, 4, 15, 16, 17]
    assert sorted(path.name for path in (tmp_path / "states").iterdir()) == [
        f"step-{step:08d}.safetensors" for step in (0, 2, 4, 6)
    ]
    assert [problem for problem in check_run(tmp_path) if "atlas" not in problem.file] == []


def test_another_training_in_the_folder_is_refused(tmp_path: Path, caplog) -> None:
    recorder(tmp_path).log(plain(), 0)
    with pytest.raises(InputError, match="texts differ"):
        Recorder(tmp_path, windows(9), sites=SITES)
    with pytest.raises(InputError, match="sites differ"):
        Recorder(tmp_path, windows(), sites={"embed": "tok_emb"})
    make_run(tmp_path / "other")
    with pytest.raises(InputError, match="not recorded"):
        recorder(tmp_path / "other")
