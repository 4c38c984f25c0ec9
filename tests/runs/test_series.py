"""What a person means by a folder, a glob or a name on a hub: which checkpoints, at which steps,
and which are left out.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from layerfold.errors import InputError, ModelNotFound
from layerfold.runs.checkpoint_files import hashes_of, trouble_of, weights_of, wrong_weights
from layerfold.runs.series import is_model, numbered, read_series


def checkpoint(
    folder: Path, weights: str = "model.safetensors", number: float = 1, **state: object
) -> Path:
    """A folder that looks like a checkpoint; all its weights are one number."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text("{}")
    save_file({"w": np.full(8, number, dtype=np.float32)}, folder / weights)
    if state:
        (folder / "trainer_state.json").write_text(json.dumps(state))
    return folder


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("checkpoint-500", 500),
        ("step1000-tokens4B", 1000),
        ("stage1-step2000-tokens5B", 2000),
        ("step_20k", 20_000),
        ("iter_00512", 512),
        ("step143000", 143_000),
        ("main", None),
        ("all-MiniLM-L6-v2", None),
        ("pythia-14m", None),
        ("footstep9", None),
        ("step4x", None),
    ],
)
def test_a_name_says_its_step(name: str, step: int | None) -> None:
    assert numbered(name) == step


def test_a_folder_with_a_config_is_one_checkpoint(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "my-model-2")
    found = read_series(str(folder))
    assert [(one.step, one.folder) for one in found.checkpoints] == [(0, folder)]
    assert read_series(f"hf:{folder}").place == found.place == f"hf:{folder}"
    assert found.home.startswith("my-model-2-")
    checkpoint(tmp_path / "later", global_step=700)
    assert read_series(str(tmp_path / "later")).checkpoints[0].step == 700
    checkpoint(tmp_path / "checkpoint-900")
    assert read_series(str(tmp_path / "checkpoint-900")).checkpoints[0].step == 900


def test_a_trainers_folder_is_its_checkpoints_in_order(tmp_path: Path) -> None:
    for step in (1000, 500, 1500):
        checkpoint(
            tmp_path / "out" / f"checkpoint-{step}", number=step, global_step=step, max_steps=1700
        )
    (tmp_path / "out" / "tmp-checkpoint-1600").mkdir()
    (tmp_path / "out" / "logs").mkdir()
    assert [one.step for one in read_series(f"hf:{tmp_path}/out").checkpoints] == [500, 1000, 1500]
    checkpoint(tmp_path / "out", number=1700)
    found = read_series(f"hf:{tmp_path}/out/")
    assert [(one.step, one.name) for one in found.checkpoints][-1] == (1700, "out")
    (tmp_path / "out" / "trainer_state.json").write_text(json.dumps({"global_step": 1500}))
    found = read_series(f"hf:{tmp_path}/out")
    assert [one.name for one in found.checkpoints] == [
        "checkpoint-500",
        "checkpoint-1000",
        "checkpoint-1500",
    ]
    assert "has other weights than checkpoint-1500" in found.skipped[0].why


def test_a_glob_is_a_series_and_what_says_no_step_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("run-10", "run-20", "run-x", "checkpoint-20"):
        checkpoint(tmp_path / "runs" / name)
    checkpoint(tmp_path / "runs" / "last", global_step=30)
    (tmp_path / "runs" / "notes.txt").write_text("no folder")
    found = read_series(f"hf:{tmp_path}/runs/*/")
    assert [(one.step, one.name) for one in found.checkpoints] == [
        (10, "run-10"),
        (20, "checkpoint-20"),
        (30, "last"),
    ]
    assert [one.name for one in found.skipped] == ["run-20", "run-x"]
    assert found.name == "runs"
    monkeypatch.chdir(tmp_path)
    assert read_series("hf:runs/*/").place.rstrip("/") == found.place.rstrip("/")
    assert len(read_series("hf:runs/run-[12]0").checkpoints) == 2


def test_revisions_of_a_hub_are_steps() -> None:
    found = read_series("hf:EleutherAI/pythia-14m@step0,step512,step1000")
    assert [(one.step, one.repo, one.revision) for one in found.checkpoints][1] == (
        512,
        "EleutherAI/pythia-14m",
        "step512",
    )
    assert found.name == "pythia-14m"
    named = read_series("hf:allenai/OLMo-1B-hf@step1000-tokens4B,step2000-tokens8B,main")
    assert [one.step for one in named.checkpoints] == [1000, 2000]
    assert [(one.name, "step" in one.why) for one in named.skipped] == [("main", True)]
    assert [one.revision for one in read_series("hf:gpt2").checkpoints] == [""]
    assert read_series("hf:EleutherAI/pythia-14m@step512").checkpoints[0].step == 512


def test_pythia_means_all_of_its_steps() -> None:
    steps = [one.step for one in read_series("hf:EleutherAI/pythia-14m@pythia").checkpoints]
    assert len(steps) == 154
    assert steps[:11] == [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512]
    assert steps[11:] == list(range(1000, 143_001, 1000))


def test_a_typo_is_told_here_and_not_asked_of_a_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    checkpoint(tmp_path / "runs" / "mine")
    for words in (
        "hf:./mine",
        "hf:/nowhere/at/all",
        "hf:~/no-such-model-here",
        "hf:runs/mien",
        "runs/mien",
        "hf:mine/",
        "hf:no*thing",
    ):
        with pytest.raises(ModelNotFound, match="folder"):
            read_series(words)
    assert read_series("hf:runs/mien@main").checkpoints[0].repo == "runs/mien"
    for words in (
        "hf:",
        "hf:a/b/c",
        "hf:a b",
        "hf:../x y",
        "hf:org/model@../x",
        "hf:org/..",
        "hf:org/model@a b",
    ):
        with pytest.raises((InputError, ModelNotFound)):
            read_series(words)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelNotFound, match="checkpoint-500"):
        read_series("hf:empty")


def test_a_model_is_told_from_a_run(tmp_path: Path) -> None:
    assert is_model("hf:whatever")
    assert is_model(str(checkpoint(tmp_path / "model")))
    checkpoint(tmp_path / "out" / "checkpoint-3")
    assert is_model(str(tmp_path / "out"))
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text("{}")
    (tmp_path / "run" / "config.json").write_text("{}")
    assert not is_model(str(tmp_path / "run"))
    assert not is_model(str(tmp_path))
    assert not is_model("She sat on the bank. " * 500)


def test_a_checkpoint_that_is_not_whole_is_told(tmp_path: Path) -> None:
    whole = checkpoint(tmp_path / "whole")
    assert trouble_of(whole) == ""
    assert "gone" in trouble_of(tmp_path / "nowhere")
    (tmp_path / "bare").mkdir()
    assert "config.json" in trouble_of(tmp_path / "bare")
    (tmp_path / "bare" / "adapter_config.json").write_text("{}")
    assert "adapter" in trouble_of(tmp_path / "bare")
    (tmp_path / "bare" / "config.json").write_text("{}")
    assert "no weights yet" in trouble_of(tmp_path / "bare")
    cut_short(whole / "model.safetensors")
    assert "half-written: model.safetensors" in trouble_of(whole)


def test_shards_are_whole_when_all_that_the_index_names_are(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path, "model-00001-of-00002.safetensors")
    names = [f"model-0000{n}-of-00002.safetensors" for n in (1, 2)]
    assert "no model.safetensors.index.json" in trouble_of(folder)
    (folder / "model.safetensors.index.json").write_text(
        json.dumps({"weight_map": {"a": names[0], "b": names[1]}})
    )
    assert names[1] in trouble_of(folder)
    checkpoint(folder, names[1])
    assert trouble_of(folder) == ""
    assert [path.name for path in weights_of(folder)] == names
    cut_short(folder / names[0])
    assert names[0] in trouble_of(folder)
    (folder / "model.safetensors.index.json").write_text('{"weight_map"')
    assert "half-written" in trouble_of(folder)


def test_pickles_are_trusted_only_when_told_to(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x02.")
    assert "--allow-pickle" in trouble_of(tmp_path)
    assert trouble_of(tmp_path, pickle=True) == ""


def test_a_file_is_hashed_once_until_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, kept = tmp_path / "weights", tmp_path / "hashes.json"
    file.write_bytes(b"one")
    read: list[Path] = []

    def hashed(path: Path) -> str:
        read.append(path)
        return path.read_bytes().hex()

    monkeypatch.setattr("layerfold.runs.checkpoint_files.sha256", hashed)
    assert hashes_of([file], kept) == hashes_of([file], kept) == [b"one".hex()]
    assert len(read) == 1
    file.write_bytes(b"other")
    assert hashes_of([file], kept) == [b"other".hex()]
    kept.write_text("{broken")
    assert hashes_of([file], kept) == [b"other".hex()]


def test_numbers_that_are_not_finite_are_found(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.safetensors", tmp_path / "bad.safetensors"
    save_file({"w": np.ones(3, dtype=np.float16), "n": np.arange(3)}, good)
    save_file({"w": np.array([1, np.nan], dtype=np.float32)}, bad)
    assert wrong_weights([good]) == ""
    assert "not finite (w in bad.safetensors)" in wrong_weights([good, bad])
    bad.write_bytes(b"nothing")
    assert "cannot be read" in wrong_weights([bad])
    blob = tmp_path / ("0" * 64)
    blob.write_bytes(good.read_bytes())
    assert "delete" in wrong_weights([blob])
