"""A run on disk: what is damaged is named, and the rest still opens."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from layerfold.errors import DamagedRun, RunNotFound, StepNotFound
from layerfold.runs.opening import open_run
from layerfold.runs.run import Run, checkpoint_name, whole_checkpoint
from tests.small import edit_card


@pytest.fixture
def copy(tiny_run: Run, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_run.folder, tmp_path / "run"))


def test_an_open_run_knows_its_shape(tiny_run: Run) -> None:
    run = open_run(tiny_run.folder)
    assert (run.name, run.n_layer, len(run.sites)) == ("tiny", 2, 5)
    assert run.config.d_model == 32
    assert run.adapter(4).n_vocab == len(run.tokenizer()) == 384


def test_no_run_is_said(tmp_path: Path) -> None:
    with pytest.raises(RunNotFound, match=str(tmp_path)):
        open_run(tmp_path)


@pytest.mark.parametrize(
    "card",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b'{"name": "x"',
        b'{"name":1,"architecture":{},"steps":[],"sites":[]}',
    ],
)
def test_a_damaged_card_is_named(copy: Path, card: bytes) -> None:
    (copy / "run.json").write_bytes(card)
    with pytest.raises(DamagedRun, match=r"run\.json"):
        open_run(copy)


def test_an_impossible_architecture_is_named(copy: Path) -> None:
    card = json.loads((copy / "run.json").read_text("utf-8"))
    edit_card(copy / "run.json", architecture={**card["architecture"], "n_head": 5})
    with pytest.raises(DamagedRun, match="architecture"):
        _ = open_run(copy).config


def test_an_unknown_step_is_said_with_the_known_ones(tiny_run: Run) -> None:
    with pytest.raises(StepNotFound, match=r"step 3.*0, 1, 2, 4, 8, 12"):
        tiny_run.adapter(3)


def test_a_checkpoint_cut_short_is_left_out_and_named(copy: Path) -> None:
    path = copy / checkpoint_name(4)
    path.write_bytes(path.read_bytes()[:-10])
    run = open_run(copy)
    assert run.steps == (0, 1, 2, 8, 12)
    assert run.adapter(8).d_model == 32
    with pytest.raises(DamagedRun, match="step-00000004"):
        run.adapter(4)
    assert [problem.file for problem in run.verify()] == [checkpoint_name(4)]


def test_a_missing_checkpoint_and_a_changed_tokenizer_are_named(copy: Path) -> None:
    (copy / checkpoint_name(1)).unlink()
    (copy / "tokenizer.json").write_text("{}", "utf-8")
    run = open_run(copy)
    assert 1 not in run.steps
    found = {problem.file: problem.what for problem in run.verify()}
    assert set(found) == {checkpoint_name(1), "tokenizer.json"}
    assert "missing" in found[checkpoint_name(1)]
    assert "hash" in found["tokenizer.json"]


def test_numbers_that_are_not_finite_are_named(copy: Path) -> None:
    path = copy / checkpoint_name(2)
    data = bytearray(path.read_bytes())
    data[-2:] = b"\x00\x7c"  # float16 infinity
    path.write_bytes(data)
    card = json.loads((copy / "run.json").read_text("utf-8"))
    del card["files"][checkpoint_name(2)]
    edit_card(copy / "run.json", files=card["files"])
    assert [problem.file for problem in open_run(copy).verify()] == [checkpoint_name(2)]


def test_a_file_outside_the_run_is_named(copy: Path) -> None:
    card = json.loads((copy / "run.json").read_text("utf-8"))
    edit_card(copy / "run.json", files={**card["files"], "../../secret": "0" * 64})
    with pytest.raises(DamagedRun, match=r"'\.\./\.\./secret' is no path inside the run"):
        open_run(copy)


def test_metrics_cut_short_by_a_kill_are_read_up_to_there(copy: Path) -> None:
    path = copy / "metrics.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DamagedRun, match=r"metrics\.jsonl is not what the run's card says"):
        open_run(copy).metrics()
    files = json.loads((copy / "run.json").read_text("utf-8"))["files"]
    del files["metrics.jsonl"]  # which a training that was killed has not hashed
    edit_card(copy / "run.json", files=files)
    assert [row["step"] for row in open_run(copy).metrics()] == list(range(12))
    path.write_text("no json\n", "utf-8")
    with pytest.raises(DamagedRun, match=r"metrics\.jsonl"):
        open_run(copy).metrics()
    path.unlink()
    assert open_run(copy).metrics() == []


@pytest.mark.parametrize(
    "header", [b"{}x", b"[42]", b'{"a": 1}', b'{"a": {"data_offsets": [0, 9]}}', b"\xff"]
)
def test_what_is_no_checkpoint_is_not_whole(tmp_path: Path, header: bytes) -> None:
    (tmp_path / "x").write_bytes(len(header.rstrip(b"x")).to_bytes(8, "little") + header)
    assert not whole_checkpoint(tmp_path / "x")
    (tmp_path / "x").write_bytes(b"\xff" * len(header))
    assert not whole_checkpoint(tmp_path / "x")
