"""Runs of models from elsewhere: their card, what is skipped and why, what their weights are known
by, and their log.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from layerfold.errors import (
    DamagedRun,
    InputError,
    ModelNotFound,
    ModelRefused,
    StepNotFound,
    Unreachable,
)
from layerfold.model.huggingface import opening
from layerfold.runs.hub_run import HuggingFaceRun, open_hub
from layerfold.runs.opening import open_run
from tests.hub import LAYERS, STEPS, WIDTH, a_checkpoint, hub_cache
from tests.small import edit_card

IDS = [5, 9, 40, 200]


@pytest.fixture
def copy(trainer_folder: Path, tmp_path: Path) -> Path:
    """A Trainer's folder of one's own."""
    return Path(shutil.copytree(trainer_folder, tmp_path / "stories"))


def opened(words: Any, home: Path, **options: Any) -> HuggingFaceRun:
    run = open_run(open_hub(str(words), home, **options))
    assert isinstance(run, HuggingFaceRun)
    return run


def skipped(run: HuggingFaceRun) -> dict[str, str]:
    return {one["name"]: one["why"] for one in run.card["skipped"]}


def test_a_trainers_folder_is_a_run_with_a_step_a_checkpoint(
    trainer_folder: Path, tmp_path: Path
) -> None:
    run = opened(trainer_folder, tmp_path)
    assert run.folder.parent == tmp_path
    assert run.folder.name.startswith("stories-")
    assert (run.kind, run.name, run.steps) == ("hf", "stories", STEPS)
    assert [site.name for site in run.sites] == ["embed", "L0.mid", "L0.post", "L1.mid", "L1.post"]
    assert (run.n_layer, run.d_model, run.max_tokens) == (LAYERS, WIDTH, 64)
    assert (run.missing(), run.live, run.typed) == ([], False, True)
    states = {step: run.adapter(step).states(IDS).values for step in run.steps}
    assert states[4].shape == (2 * LAYERS + 1, len(IDS), WIDTH)
    assert not np.array_equal(states[4], states[12])
    assert run.tokenizer().encode("the river bank", 64).tokens
    assert run.verify() == []
    assert {file.name for file in trainer_folder.iterdir() if file.suffix == ".part"} == set()


def test_a_second_opening_changes_nothing_and_reads_no_config(
    trainer_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = open_hub(str(trainer_folder), tmp_path)
    before = (first / "run.json").stat().st_mtime_ns
    monkeypatch.setattr(
        "layerfold.runs.survey.read_shape", lambda where: pytest.fail(f"{where} was read again")
    )
    assert open_hub(f"{trainer_folder}/", tmp_path) == first
    monkeypatch.chdir(trainer_folder.parent)
    assert open_hub("hf:stories", tmp_path) == first
    assert open_run(first).card["source"] == "hf:stories"
    assert (first / "run.json").stat().st_mtime_ns > before
    assert not open_run(first).refresh()


def test_the_trainers_log_is_the_metrics(trainer_folder: Path, tmp_path: Path) -> None:
    rows = opened(trainer_folder, tmp_path).metrics()
    assert [row["step"] for row in rows] == [2, 4, 6, 8, 10, 12]
    assert set(rows[1]) == {"step", "loss", "val_loss", "lr", "grad_norm"}
    assert rows[-1]["loss"] < rows[0]["loss"]


def test_new_checkpoints_appear_and_those_in_the_writing_wait(copy: Path, tmp_path: Path) -> None:
    last = Path(shutil.move(copy / "checkpoint-12", tmp_path / "later"))
    run = opened(copy, tmp_path / "home")
    assert run.steps == (4, 8)
    assert run.live, "it was written just now, and its Trainer was at 8 of 12"
    writing = copy / "checkpoint-12"
    writing.mkdir()
    shutil.copy(last / "config.json", writing)
    assert run.refresh()
    assert "no weights yet" in skipped(opened(copy, tmp_path / "home"))["checkpoint-12"]
    whole = (last / "model.safetensors").read_bytes()
    (writing / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    halfway = opened(copy, tmp_path / "home")
    assert halfway.steps == (4, 8)
    assert halfway.live, "what is being written says nothing yet"
    assert "half-written" in skipped(halfway)["checkpoint-12"]
    assert "checkpoint-12 is left out" in str(halfway.missing()[0])
    (writing / "model.safetensors").write_bytes(whole)
    shutil.copy(last / "trainer_state.json", writing)
    assert halfway.refresh()
    done = opened(copy, tmp_path / "home")
    assert (done.steps, done.live, done.missing()) == (STEPS, False, [])


def test_a_training_that_stopped_early_is_over_when_its_trainer_says_so(
    copy: Path, tmp_path: Path
) -> None:
    shutil.rmtree(copy / "checkpoint-12")
    (copy / "trainer_state.json").write_text(json.dumps({"global_step": 9}))
    assert not opened(copy, tmp_path / "home").live


def test_a_trainer_that_wrote_nothing_for_an_hour_is_taken_to_have_stopped(
    copy: Path, tmp_path: Path
) -> None:
    shutil.rmtree(copy / "checkpoint-12")
    run = opened(copy, tmp_path / "home")
    assert run.live
    for folder in (copy / "checkpoint-4", copy / "checkpoint-8"):
        os.utime(folder, (1e9, 1e9))
    assert not run.live


def test_what_cannot_be_used_is_named_and_the_rest_opens(copy: Path, tmp_path: Path) -> None:
    (copy / "checkpoint-4" / "config.json").write_text("{ no json")
    a_checkpoint(copy / "checkpoint-20", n_layer=3)
    (copy / "checkpoint-30").mkdir()
    shutil.copytree(copy / "checkpoint-8", copy / "checkpoint-40")
    config = json.loads((copy / "checkpoint-40" / "config.json").read_text())
    (copy / "checkpoint-40" / "config.json").write_text(
        json.dumps(config | {"auto_map": {"AutoModel": "evil.py"}})
    )
    run = opened(copy, tmp_path / "home")
    assert run.steps == (8, 12)
    why = skipped(run)
    assert set(why) == {"checkpoint-4", "checkpoint-20", "checkpoint-30", "checkpoint-40"}
    assert "n_layer 3 and not 2" in why["checkpoint-20"]
    assert "no config.json" in why["checkpoint-30"]
    assert "config.json" in why["checkpoint-4"]
    assert len(run.missing()) == 4


def test_nothing_that_can_be_used_is_an_error_that_says_why(copy: Path, tmp_path: Path) -> None:
    for step in STEPS:
        (copy / f"checkpoint-{step}" / "model.safetensors").unlink()
    with pytest.raises(ModelNotFound, match="no weights yet"):
        open_hub(str(copy), tmp_path / "home")
    with pytest.raises(ModelNotFound, match="tokenizer"):
        open_hub(str(a_checkpoint(tmp_path / "mute", tokenizer=False)), tmp_path / "home")
    config = json.loads((tmp_path / "mute" / "config.json").read_text())
    (tmp_path / "mute" / "config.json").write_text(json.dumps(config | {"model_type": "mystery"}))
    with pytest.raises(ModelRefused, match="mystery"):
        open_hub(str(tmp_path / "mute"), tmp_path / "home")
    assert not (tmp_path / "home").exists()


def test_a_checkpoint_that_goes_is_a_problem_and_no_step(copy: Path, tmp_path: Path) -> None:
    before = opened(copy, tmp_path / "home")
    shutil.rmtree(copy / "checkpoint-4")
    run = open_run(before.folder)
    assert run.steps == (8, 12)
    assert "checkpoint-4 is gone" in str(run.missing()[0])
    with pytest.raises(DamagedRun, match="checkpoint-4 is gone"):
        run.adapter(4)
    with pytest.raises(DamagedRun, match="checkpoint-4"):
        run.origin(4)
    with pytest.raises(StepNotFound, match="8, 12"):
        run.adapter(5)
    assert [problem.file for problem in run.verify()] == ["checkpoint-4"]


def test_states_are_compared_with_transformers_once_for_the_same_files(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared, plain = list[str](), opening.check_adapter

    def noted(adapter: Any, name: str) -> object:
        compared.append(name)
        return plain(adapter, name)

    monkeypatch.setattr(opening, "check_adapter", noted)
    run = opened(copy, tmp_path / "home")
    compared.clear()
    first = run.adapter(4).states(IDS).values
    assert np.array_equal(run.adapter(4).states(IDS).values, first)
    assert len(compared) == 1
    weights = copy / "checkpoint-4" / "model.safetensors"
    tensors = load_file(weights)
    name = next(iter(tensors))
    save_file(tensors | {name: tensors[name] + 1}, weights, {"format": "pt"})
    assert not np.array_equal(run.adapter(4).states(IDS).values, first)
    assert len(compared) == 2


def test_an_origin_is_the_weights_and_the_type_of_numbers(copy: Path, tmp_path: Path) -> None:
    run = opened(copy, tmp_path / "home")
    origins = {step: run.origin(step) for step in run.steps}
    assert len(set(origins.values())) == 3
    assert (run.folder / "hashes.json").is_file()
    os.utime(copy / "checkpoint-4" / "model.safetensors")
    assert run.origin(4) == origins[4]
    tensors = load_file(copy / "checkpoint-4" / "model.safetensors")
    name = next(iter(tensors))
    save_file(
        tensors | {name: tensors[name] + 1},
        copy / "checkpoint-4" / "model.safetensors",
        {"format": "pt"},
    )
    assert run.origin(4) != origins[4]
    assert run.origin(8) == origins[8]
    assert opened(copy, tmp_path / "home", dtype="bfloat16").origin(8) != origins[8]
    assert opened(copy, tmp_path / "home").card["dtype"] == "bfloat16", "what is not named stays"


def test_a_check_opens_every_checkpoint_and_looks_at_its_numbers(
    copy: Path, tmp_path: Path
) -> None:
    tensors = load_file(copy / "checkpoint-8" / "model.safetensors")
    name = next(name for name in tensors if name.endswith("ln_f.weight"))
    save_file(
        tensors | {name: tensors[name] * np.nan},
        copy / "checkpoint-8" / "model.safetensors",
        {"format": "pt"},
    )
    tensors.pop(name)
    save_file(tensors, copy / "checkpoint-12" / "model.safetensors", {"format": "pt"})
    found = {problem.file: problem.what for problem in opened(copy, tmp_path / "home").verify()}
    assert set(found) == {"checkpoint-8", "checkpoint-12"}
    assert "not finite" in found["checkpoint-8"]
    assert "cannot be opened" in found["checkpoint-12"]


def test_words_for_numbers_and_devices_are_looked_at(trainer_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="float64"):
        open_hub(str(trainer_folder), tmp_path, dtype="float64")
    with pytest.raises(InputError, match="toaster"):
        open_hub(str(trainer_folder), tmp_path, device="toaster")


def test_a_broken_card_is_made_anew(trainer_folder: Path, tmp_path: Path) -> None:
    folder = open_hub(str(trainer_folder), tmp_path)
    whole = (folder / "run.json").read_bytes()
    for broken in (
        whole[:-20],
        b'{"checkpoints": [1], "configs": 3}',
        b'{"checkpoints": {"x": {}}}',
    ):
        (folder / "run.json").write_bytes(broken)
        open_hub(str(trainer_folder), tmp_path)
        assert (folder / "run.json").read_bytes() == whole
    card = json.loads(whole)
    edit_card(folder / "run.json", **(card | {"checkpoints": {"4": {"name": "x", "folder": 3}}}))
    with pytest.raises(DamagedRun, match=r"checkpoints\.4\.folder"):
        _ = open_run(folder).steps


# ---- a hub


def test_revisions_of_a_hub_are_a_series_pinned_to_their_commits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = hub_cache(
        tmp_path / "hub", "org/tale", {"step0": 0, "step512": 1, "step1000": 2}, monkeypatch
    )
    run = opened("hf:org/tale@step0,step512,step1000,step2000,main", tmp_path / "home")
    assert (run.name, run.steps) == ("tale", (0, 512, 1000))
    assert set(skipped(run)) == {"step2000", "main"}
    commits = {step: one.commit for step, one in run.checkpoints.items()}
    assert len(set(commits.values())) == 3
    origins = {step: run.origin(step) for step in run.steps}
    assert len(set(origins.values())) == 3
    assert run.adapter(512).states(IDS).values.shape == (5, 4, WIDTH)
    assert run.verify() == []
    refs = hub / "models--org--tale" / "refs"
    (refs / "step512").write_text(commits[1000])
    again = opened("hf:org/tale@step0,step512,step1000,step2000,main", tmp_path / "home")
    assert again.origin(512) == origins[512], (
        "a branch that moves on does not change what was opened"
    )
    assert again.tokenizer().encode("the river", 64).tokens


def test_a_hub_that_cannot_be_reached_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub_cache(tmp_path / "hub", "org/tale", {"step512": 1}, monkeypatch)
    with pytest.raises(Unreachable):
        open_hub("hf:org/other", tmp_path / "home")
    run = opened("hf:org/tale@step0,step512", tmp_path / "home")
    assert run.steps == (512,)
    assert set(skipped(run)) == {"step0"}
