"""A step's numbers as they are given, and as the log of a run holds them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from layerfold.errors import InputError
from layerfold.recording.rows import given, plain
from layerfold.runs.opening import open_run
from tests.loops import plain as module
from tests.loops import recorder


def test_numbers_by_group_are_kept_by_their_names() -> None:
    norms = {"L0.mid": torch.tensor(0.5), "L0.post": 2, "L1.mid": None}
    row = given(3, {"loss": torch.tensor(1.5), "lr": None, "grad_norms": norms})
    assert row is not None
    assert plain(row) == {"step": 3, "loss": 1.5, "grad_norms": {"L0.mid": 0.5, "L0.post": 2.0}}
    assert given(3, {"loss": None}) is None


def test_what_is_not_finite_is_left_out_and_named() -> None:
    row = {"step": 1, "loss": float("inf"), "grad_norms": {"L0.mid": float("nan"), "L0.post": 1}}
    assert plain(row) == {
        "step": 1,
        "grad_norms": {"L0.post": 1.0},
        "not_finite": ["loss", "grad_norms.L0.mid"],
    }


@pytest.mark.parametrize(
    ("value", "name"), [("high", "loss"), (torch.ones(2), "loss"), ({"L0.mid": []}, "loss.L0.mid")]
)
def test_what_is_no_number_is_refused_by_name(value: object, name: str) -> None:
    with pytest.raises(InputError, match=rf"^{name} is .*: give a number"):
        plain({"step": 1, "loss": value})


def test_a_recording_holds_the_gradients_by_group(tmp_path: Path) -> None:
    one = recorder(tmp_path)
    one.log(module(), 0, grad_norms={"L0.mid": 0.25, "L0.post": 0.0})
    one.close()
    assert open_run(tmp_path).metrics() == [
        {"step": 0, "grad_norms": {"L0.mid": 0.25, "L0.post": 0.0}}
    ]
