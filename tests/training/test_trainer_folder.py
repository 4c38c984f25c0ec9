"""Folders that trainings write: the best model at the top, what else lies there, equal steps,
and steps that diverged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from layerfold.atlas.parameters import Recipe
from layerfold.build.check import check_run
from layerfold.build.run_atlas import AtlasOptions, CorpusOptions, build_run_atlas
from layerfold.errors import ModelNotFound
from layerfold.interp.session import open_session
from layerfold.runs.checkpoint_files import trouble_of
from layerfold.runs.equal_steps import equal_steps
from layerfold.runs.fingerprints import fingerprint, weights_hash
from layerfold.runs.hub_run import HuggingFaceRun, open_hub
from layerfold.runs.opening import open_run
from layerfold.runs.series import is_model, read_series
from layerfold.server.protocol.tables import metrics_table
from tests.hub import a_checkpoint
from tests.runs.test_series import checkpoint


def a_training(folder: Path, *steps: int, **state: Any) -> Path:
    """A Trainer's folder with checkpoints at these steps, each of other weights."""
    for step in steps:
        checkpoint(folder / f"checkpoint-{step}", number=step, **{"global_step": step, **state})
    return folder


def found_in(folder: Path) -> tuple[list[int], int | None, list[str]]:
    """The steps of a folder, that of the model at its top, and why something is left out."""
    series = read_series(str(folder))
    return [one.step for one in series.checkpoints], series.own, [one.why for one in series.skipped]


# ---- the model at the top


def test_the_best_model_at_the_top_is_the_checkpoint_that_it_was(tmp_path: Path) -> None:
    folder = a_training(tmp_path / "out", 200, 600, max_steps=1000, best_global_step=200)
    checkpoint(folder, number=200)
    assert found_in(folder) == ([200, 600], 200, [])
    checkpoint(folder, number=600, global_step=1000, best_global_step=600)
    assert found_in(folder) == ([200, 600], 600, [])


@pytest.mark.parametrize(
    ("steps", "state", "top", "wanted", "why"),
    [
        (
            (200, 400, 600),
            {"max_steps": 1000},
            {},
            [200, 400, 600],
            "does not show that step 1,000",
        ),
        (
            (400, 800),
            {"max_steps": 900, "stateful_callbacks": {"EarlyStoppingCallback": {}}},
            {},
            [400, 800],
            "does not show",
        ),
        ((400, 800), {"max_steps": 900}, {}, [400, 800, 900], ""),
        ((400, 800), {"max_steps": 800}, {}, [400, 800], "has other weights than checkpoint-800"),
        ((400, 800), {}, {}, [400, 800], "says no step"),
        ((400, 800), {"max_steps": 2000}, {"global_step": 850}, [400, 800, 850], ""),
        (
            (600, 800),
            {"max_steps": 2000},
            {"global_step": 900, "best_global_step": 400},
            [600, 800],
            "or of its best, 400",
        ),
        (
            (400, 800),
            {"max_steps": 800},
            {"global_step": 800},
            [400, 800],
            "says step 800 and has other weights",
        ),
    ],
)
def test_the_model_at_the_top_has_a_step_that_was_or_none(
    tmp_path: Path,
    steps: tuple[int, ...],
    state: dict[str, Any],
    top: dict[str, Any],
    wanted: list[int],
    why: str,
) -> None:
    folder = checkpoint(a_training(tmp_path / "out", *steps, **state), number=0.5, **top)
    found, own, reasons = found_in(folder)
    assert (found, own) == (wanted, None)
    assert why in "; ".join(reasons) if why else reasons == []


# ---- what else lies there


def test_what_a_training_leaves_inside_a_checkpoint_is_no_checkpoint(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "checkpoint-500", global_step=500)
    (folder / "global_step500").mkdir()
    (folder / "global_step500" / "zero_pp_rank_0_mp_rank_00_optim_states.pt").write_bytes(b"state")
    (folder / "pytorch_model_fsdp_0").mkdir()
    assert found_in(folder) == ([500], None, [])
    (folder / "checkpoint-3").mkdir()
    assert found_in(folder) == ([500], None, [])
    final = checkpoint(tmp_path / "final")
    (final / "global_step900").mkdir()
    assert found_in(final) == ([0], None, [])


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("global_step500/mp_rank_00_model_states.pt", "DeepSpeed's shards.*zero_to_fp32"),
        ("pytorch_model_fsdp_0/__0_0.distcp", "FSDP's shards.*merge-weights"),
        ("__0_0.distcp", "FSDP's shards"),
        ("mp_rank_00/model_optim_rng.pt", "Megatron's shards"),
    ],
)
def test_shards_without_a_model_are_named_for_what_they_are(
    tmp_path: Path, file: str, words: str
) -> None:
    path = tmp_path / "checkpoint-500" / file
    path.parent.mkdir(parents=True)
    path.write_bytes(b"state")
    for folder in (tmp_path, tmp_path / "checkpoint-500"):
        with pytest.raises(ModelNotFound, match=words):
            open_hub(str(folder), tmp_path / "home")
    (tmp_path / "checkpoint-500" / "config.json").write_text("{}")
    assert words.split("'")[0] in trouble_of(tmp_path / "checkpoint-500")


# ---- the config above


@pytest.mark.parametrize(
    "names", [("step_100", "step_200"), ("iter_100", "iter_200"), ("epoch_1", "epoch_2")]
)
def test_weights_alone_take_the_config_above(tmp_path: Path, names: tuple[str, str]) -> None:
    whole = [a_checkpoint(tmp_path / f"whole-{seed}", seed) for seed in range(2)]
    out = tmp_path / "out"
    for name, made in zip(names, whole, strict=True):
        (out / name).mkdir(parents=True)
        shutil.copy(made / "model.safetensors", out / name)
        (out / name / "optimizer.bin").write_bytes(b"state")
    for file in whole[0].glob("*.json"):
        shutil.copy(file, out)
    run = open_run(open_hub(str(out), tmp_path / "home"))
    assert isinstance(run, HuggingFaceRun)
    assert run.steps == tuple(int(name.split("_")[1]) for name in names)
    assert run.card.get("unit") == ("epoch" if names[0].startswith("epoch") else None)
    for step, made in zip(run.steps, whole, strict=True):
        apart = open_run(open_hub(str(made), tmp_path / "home"))
        assert np.array_equal(
            run.adapter(step).states([5, 9, 40]).values, apart.adapter(0).states([5, 9, 40]).values
        )
    assert run.verify() == []
    assert not run.refresh()
    assert is_model(str(out / names[0]))
    alone = open_run(open_hub(str(out / names[1]), tmp_path / "home"))
    assert alone.steps == run.steps[1:]
    shutil.rmtree(out / names[0])
    assert open_run(run.folder).steps == run.steps[1:]


def test_epochs_among_steps_are_named(tmp_path: Path) -> None:
    for name in ("step_100", "step_200", "epoch_1"):
        checkpoint(tmp_path / "out" / name, number=len(name))
    steps, _, why = found_in(tmp_path / "out")
    assert steps == [100, 200]
    assert "counts epochs, and step_100 counts steps" in why[0]
    checkpoint(tmp_path / "out" / "epoch_1", global_step=150)
    assert found_in(tmp_path / "out")[0] == [100, 150, 200]


# ---- equal steps


def test_equal_steps_are_said_everywhere(tmp_path: Path) -> None:
    for step, seed in ((0, 7), (512, 7), (1000, 3), (2000, 7)):
        a_checkpoint(tmp_path / "same" / f"step{step}", seed)
    tensors = load_file(tmp_path / "same" / "step512" / "model.safetensors")
    save_file(
        tensors,
        tmp_path / "same" / "step512" / "model.safetensors",
        {"format": "pt", "by": "another writer"},
    )
    run = open_run(open_hub(str(tmp_path / "same"), tmp_path / "home"))
    assert run.steps == (0, 512, 1000, 2000)
    assert run.card["same"] == [[0, 512, 2000]]
    assert run.remarks() == ["the steps 0, 512, 2,000 hold the same weights"]
    assert [problem.what for problem in check_run(run.folder) if problem.file == "checkpoints"] == [
        "are not what their steps say: the steps 0, 512, 2,000 hold the same weights"
    ]


def test_weights_that_differ_anywhere_are_not_equal(tmp_path: Path) -> None:
    values = np.arange(100_000, dtype=np.float32)
    other = values.copy()
    other[777] += 1  # in none of the samples
    for step, numbers in ((1, values), (2, other), (3, values)):
        checkpoint(tmp_path / f"checkpoint-{step}")
        save_file({"w": numbers}, tmp_path / f"checkpoint-{step}" / "model.safetensors")
    files = [[tmp_path / f"checkpoint-{step}" / "model.safetensors"] for step in (1, 2, 3)]
    assert fingerprint(files[0]) == fingerprint(files[1])
    assert weights_hash(files[0]) != weights_hash(files[1])
    series = read_series(str(tmp_path))
    kept = tmp_path / "kept.json"
    assert (
        equal_steps(series.checkpoints, kept) == equal_steps(series.checkpoints, kept) == [[1, 3]]
    )


def test_shards_hold_the_same_weights_as_one_file(tmp_path: Path) -> None:
    one, two = np.arange(9, dtype=np.float32), np.ones((3, 5), dtype=np.float16)
    save_file({"a": one, "b": two}, tmp_path / "whole.safetensors")
    save_file({"b": two}, tmp_path / "first.safetensors")
    save_file({"a": one}, tmp_path / "second.safetensors")
    whole, shards = (
        [tmp_path / "whole.safetensors"],
        [tmp_path / "first.safetensors", tmp_path / "second.safetensors"],
    )
    assert fingerprint(whole) == fingerprint(shards)
    assert weights_hash(whole) == weights_hash(shards)
    (tmp_path / "first.safetensors").write_bytes(b"nothing")
    assert fingerprint(shards) is None


# ---- steps that diverged


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("kind", [np.float32, np.float16, np.float64])
def test_numbers_that_are_not_finite_show_in_a_sample(
    tmp_path: Path, bad: float, kind: Any
) -> None:
    file = tmp_path / "a.safetensors"
    save_file({"fine": np.ones(9, kind), "wrong": np.array([1, bad, 3], kind)}, file)
    found = fingerprint([file])
    assert found is not None
    assert found.wrong == "wrong"
    save_file(
        {"n": np.full(9, -1, np.int32), "most": np.full(5000, np.finfo(kind).max, kind)}, file
    )
    found = fingerprint([file])
    assert found is not None
    assert found.wrong == ""


def spoil(folder: Path, name: str = "", at: int | None = None) -> None:
    """Some weights of a checkpoint are no numbers: a tensor, one number of it, or all."""
    tensors = load_file(folder / "model.safetensors")
    for one in [each for each in tensors if not name or each.endswith(name)]:
        tensors[one].reshape(-1)[slice(None) if at is None else at] = np.nan
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})


def test_a_step_that_diverged_is_left_out_and_named_and_the_rest_is_built(
    tmp_path: Path, story_folder: Path
) -> None:
    for step in (100, 200, 300):
        a_checkpoint(tmp_path / "out" / f"checkpoint-{step}", step)
    spoil(tmp_path / "out" / "checkpoint-300")
    run = open_run(open_hub(str(tmp_path / "out"), tmp_path / "home"))
    assert run.steps == (100, 200)
    assert "checkpoint-300 is left out: it has diverged" in str(run.missing()[0])
    spoil(
        tmp_path / "out" / "checkpoint-200", "wte.weight", 14 * 16 + 1
    )  # of the full stop, in no sample
    heard: list[str] = []
    text = CorpusOptions(str(story_folder))
    options = AtlasOptions(count=120, recipe=Recipe(k=5), text=text, threads=1)
    build_run_atlas(run.folder, options, problem=heard.append)
    assert open_session(run.folder, None).atlas.steps == (100,)
    assert heard == ["step 200 is left out: its states are not all finite"]


def test_a_log_that_is_not_finite_is_told_and_the_run_opens(tmp_path: Path) -> None:
    folder = a_checkpoint(tmp_path / "checkpoint-20")
    log = [{"step": 10, "loss": 2.5}, {"step": 20, "loss": float("nan"), "grad_norm": float("inf")}]
    (folder / "trainer_state.json").write_text(json.dumps({"global_step": 20, "log_history": log}))
    run = open_run(open_hub(str(folder), tmp_path / "home"))
    assert [row["step"] for row in run.metrics()] == [10, 20]
    sent = metrics_table(open_session(run.folder, None)).model_dump_json()
    assert json.loads(sent, parse_constant=pytest.fail)["rows"][1] == {
        "step": 20,
        "loss": None,
        "grad_norm": None,
    }
    assert [problem.what for problem in check_run(run.folder) if "metrics" in problem.file] == [
        "has a loss that is not finite at step 20: train this run again"
    ]
