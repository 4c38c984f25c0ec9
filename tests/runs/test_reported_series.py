"""Series and folders that people reported of other tools: each opens with its right steps, or what
is wrong is named.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from layerfold.build.run_atlas import AtlasOptions, CorpusOptions, build_run_atlas
from layerfold.errors import ModelNotFound
from layerfold.runs.hub_run import open_hub
from layerfold.runs.opening import open_run
from layerfold.runs.run import Run
from tests.model.architectures import written

WEIGHTS = "model.safetensors"
IDS = [5, 9, 2, 77, 31, 8]
Lay = Callable[[str, int], Path]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Three models of one shape, by number."""
    home = tmp_path_factory.mktemp("models")
    first = written("llama", home / "0")
    found = {0: first}
    for number in (1, 2):
        folder = Path(shutil.copytree(first, home / str(number)))
        torch.manual_seed(number)
        weights = {
            name: weight + 0.05 * torch.randn_like(weight)
            for name, weight in load_file(first / WEIGHTS).items()
        }
        save_file(weights, folder / WEIGHTS, metadata={"format": "pt"})
        found[number] = folder
    return found


@pytest.fixture
def lay(models: dict[int, Path], tmp_path: Path) -> Lay:
    """A call that puts a model into a folder of the training."""
    (tmp_path / "out").mkdir()
    return lambda name, number: Path(
        shutil.copytree(models[number], tmp_path / "out" / name, dirs_exist_ok=True)
    )


def opened(tmp_path: Path, inside: str = "") -> Run:
    return open_run(open_hub(f"hf:{tmp_path / 'out' / inside}", tmp_path / "home"))


def said(folder: Path, **state: object) -> None:
    (folder / "trainer_state.json").write_text(json.dumps(state))


def test_the_best_model_on_top_is_one_of_the_steps_and_no_further_one(
    lay: Lay, tmp_path: Path
) -> None:
    for step, number in ((200, 0), (600, 1)):
        folder = lay(f"checkpoint-{step}", number)
        best = {"best_global_step": 200, "best_model_checkpoint": "out/checkpoint-200"}
        said(folder, global_step=step, max_steps=1000, **best)
    lay(".", 0)
    run = opened(tmp_path)
    assert run.steps == (200, 600)
    assert run.card["own"] == 200
    assert "that of step 200" in run.card["description"]


def test_steps_of_equal_weights_are_named_and_all_of_them_open(lay: Lay, tmp_path: Path) -> None:
    for step, number in ((0, 1), (512, 1), (1000, 0), (2000, 1)):
        lay(f"step{step}", number)
    run = opened(tmp_path)
    assert run.steps == (0, 512, 1000, 2000)
    assert run.card["same"] == [[0, 512, 2000]]
    assert any("0, 512" in words and "2,000" in words for words in run.remarks())
    assert any("not what their steps say" in problem.what for problem in run.verify())


def test_a_step_whose_weights_are_not_finite_is_left_out_and_named(
    lay: Lay, tmp_path: Path
) -> None:
    for step, number in ((100, 0), (200, 1), (300, 2)):
        lay(f"checkpoint-{step}", number)
    bad = tmp_path / "out" / "checkpoint-300" / WEIGHTS
    weights = {name: weight * float("nan") for name, weight in load_file(bad).items()}
    save_file(weights, bad, metadata={"format": "pt"})
    run = opened(tmp_path)
    named = [*(one["name"] for one in run.card["skipped"]), *(p.file for p in run.verify())]
    assert "checkpoint-300" in named
    assert np.isfinite(run.adapter(200).states(IDS).values).all()


def test_a_step_that_cannot_be_opened_is_left_out_and_the_rest_is_built(
    lay: Lay, tmp_path: Path
) -> None:
    for step, number in ((100, 0), (200, 1), (300, 2)):
        lay(f"checkpoint-{step}", number)
    path = tmp_path / "out" / "checkpoint-200" / WEIGHTS
    save_file(
        load_file(path) | {"model.layers.0.self_attn.q_norm.weight": torch.ones(8)},
        path,
        metadata={"format": "pt"},
    )
    (tmp_path / "text.txt").write_text(" ".join(f"the {n} cat sat on the mat." for n in range(90)))
    told: list[str] = []
    run = opened(tmp_path)
    text = CorpusOptions(str(tmp_path / "text.txt"))
    options = AtlasOptions(count=40, text=text, threads=1)
    atlas = build_run_atlas(run.folder, options, problem=told.append)
    assert atlas.steps == (100, 300)
    assert told[0].startswith("step 200 is left out")
    assert "q_norm.weight" in told[0]


@pytest.mark.parametrize(
    ("names", "steps"),
    [
        (("epoch=1-step=100", "epoch=2-step=200"), (100, 200)),
        (("model_step_100", "model_step_200"), (100, 200)),
        (("100", "200"), (100, 200)),
        (("Checkpoint-1k", "CHECKPOINT-2k"), (1000, 2000)),
    ],
)
def test_folders_of_other_names_are_offered_as_a_series(
    lay: Lay, tmp_path: Path, names: tuple[str, str], steps: tuple[int, int]
) -> None:
    for number, name in enumerate(names):
        lay(name, number)
    with pytest.raises(ModelNotFound, match=r"open one, or all as a series, 'hf:.*/\*'"):
        opened(tmp_path)
    assert opened(tmp_path, "*").steps == steps


def test_checkpoints_in_a_folder_of_their_own_are_found(lay: Lay, tmp_path: Path) -> None:
    lay("checkpoints/step_100", 0)
    lay("checkpoints/step_200", 1)
    assert opened(tmp_path).steps == (100, 200)


def test_what_deepspeed_leaves_inside_a_checkpoint_is_no_checkpoint(
    lay: Lay, tmp_path: Path
) -> None:
    folder = lay("checkpoint-500", 0)
    (folder / "global_step500").mkdir()
    said(folder, global_step=500)
    assert opened(tmp_path, "checkpoint-500").steps == (500,)
    assert opened(tmp_path).steps == (500,)


@pytest.mark.parametrize(
    ("names", "unit", "steps"),
    [
        (("step_100", "step_200"), "step", (100, 200)),
        (("iter_10", "iter_20"), "step", (10, 20)),
        (("epoch_0", "epoch_1"), "epoch", (0, 1)),
    ],
)
def test_weights_alone_have_the_config_of_the_folder_above(
    names: tuple[str, str], unit: str, steps: tuple[int, int], lay: Lay, tmp_path: Path
) -> None:
    for number, name in enumerate(names):
        folder = lay(name, number)
        for file in folder.iterdir():
            if file.name != WEIGHTS:
                file.unlink()
    top = lay(".", 0)
    (top / WEIGHTS).unlink()
    run = opened(tmp_path)
    assert run.steps == steps
    assert run.card.get("unit", "step") == unit
    apart = [run.adapter(step).states(IDS).values for step in steps]
    assert not np.allclose(*apart)


def test_attention_that_goes_both_ways_is_shown_as_it_goes(lay: Lay, tmp_path: Path) -> None:
    """Equal to transformers' own states, and no token is called blind to those after it."""
    import transformers

    folder = lay("both", 0)
    config = json.loads((folder / "config.json").read_text()) | {"is_causal": False}
    (folder / "config.json").write_text(json.dumps(config))
    run = opened(tmp_path, "both")
    states = run.adapter(0).states(IDS).values
    network = transformers.AutoModelForCausalLM.from_pretrained(folder).eval()
    with torch.inference_mode():
        told = network(input_ids=torch.tensor([IDS]), output_hidden_states=True).hidden_states
        other = network(input_ids=torch.tensor([[*IDS[:-1], 50]]), output_hidden_states=True)
    assert np.abs(states[2] - told[1][0].numpy()).max() <= 1e-5 * float(told[1].abs().max())
    ahead = (told[1][0, 0] - other.hidden_states[1][0, 0]).abs().max()
    assert run.card["architecture"]["causal"] == (float(ahead) == 0)


@pytest.mark.parametrize("how", ["16 bits", "a wrapper's names", "another step's"])
def test_steps_of_the_same_numbers_are_named_however_they_are_written(
    lay: Lay, tmp_path: Path, how: str
) -> None:
    lay("step0", 0)
    path = lay("step1", 1 if how == "another step's" else 0) / WEIGHTS
    weights = load_file(path)
    if how == "a wrapper's names":
        save_file({f"module.{name}": one for name, one in weights.items()}, path)
    if how == "16 bits":
        narrow = {name: one.bfloat16() for name, one in weights.items()}
        save_file(narrow, path, metadata={"format": "pt"})
        wide = {name: one.float() for name, one in narrow.items()}
        save_file(wide, tmp_path / "out" / "step0" / WEIGHTS, metadata={"format": "pt"})
    run = opened(tmp_path)
    states = [run.adapter(step).states(IDS).values for step in run.steps]
    same = [] if how == "another step's" else ["the steps 0, 1 hold the same weights"]
    assert (run.remarks(), np.array_equal(*states)) == (same, bool(same))


def test_an_end_that_the_trainer_would_have_kept_is_not_claimed(lay: Lay, tmp_path: Path) -> None:
    """Of the checkpoints every 200 steps two are kept, the best and the last; the end of the
    training would have been one of them.
    """
    for step, number in ((200, 0), (600, 1)):
        folder = lay(f"checkpoint-{step}", number)
        said(folder, global_step=step, max_steps=1000, save_steps=200)
    lay("", 2)
    run = opened(tmp_path)
    assert run.steps == (200, 600)
    assert "does not show that step 1,000 was reached" in str(run.missing()[0])


def test_a_step_beyond_counting_is_left_out_by_name(lay: Lay, tmp_path: Path) -> None:
    lay("checkpoint-1", 0)
    lay(f"checkpoint-{10**20}", 1)
    run = opened(tmp_path)
    assert run.steps == (1,)
    assert "a step beyond counting, 100,000,000,000,000,000,000" in str(run.missing()[0])


@pytest.mark.parametrize(
    "name", ["ckpt.pt", "epoch=3-step=500.ckpt", "consolidated.00.pth", "model.nemo", "weights.npz"]
)
def test_weights_without_a_config_are_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_bytes(b"x")
    with pytest.raises(ModelNotFound, match=f"has neither config.json .*, and holds {name} and no"):
        opened(tmp_path)


# ---- two steps for one checkpoint


def test_a_name_that_is_not_its_trainers_step_is_said(lay: Lay, tmp_path: Path) -> None:
    for name, number, step in (("checkpoint-1", 0, 500), ("checkpoint-2", 1, 1000)):
        said(lay(name, number), global_step=step)
    run = opened(tmp_path)
    assert run.steps == (1, 2)
    assert run.remarks() == [
        "checkpoint-1 is of step 1 by its name and of 500 by its trainer_state.json, and 1 more"
        " differ so: the name's is taken, as of those beside it"
    ]
    said(tmp_path / "out" / "checkpoint-1", global_step=1)
    said(tmp_path / "out" / "checkpoint-2", global_step=2)
    assert opened(tmp_path).remarks() == [], "what files say now, not what they said"


def test_of_a_folder_by_itself_its_trainers_step_is_taken_and_said(
    lay: Lay, tmp_path: Path
) -> None:
    said(lay("checkpoint-900", 0), global_step=700)
    run = opened(tmp_path, "checkpoint-900")
    assert run.steps == (700,)
    assert run.remarks() == [
        "checkpoint-900 is of step 900 by its name and of 700 by its trainer_state.json: the"
        " file's is taken, since a folder by itself may have been renamed"
    ]


@pytest.mark.parametrize("name", ["epoch_3", "checkpoint-700"])
def test_epochs_and_equal_numbers_are_no_difference(lay: Lay, tmp_path: Path, name: str) -> None:
    said(lay(name, 0), global_step=700)
    assert opened(tmp_path, name).remarks() == []
