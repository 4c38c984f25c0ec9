"""Training: it learns, it is the same each time, and a kill in the middle changes nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from layerfold.errors import CorpusError, DamagedRun, RecipeError
from layerfold.model.gpt import GPT
from layerfold.runs.opening import open_run
from layerfold.runs.run import Run, checkpoint_name
from layerfold.training.loss import UnembeddedLoss
from layerfold.training.optimizer import Optimizer, rate_at
from layerfold.training.recipe import Recipe
from layerfold.training.trainer import Progress, gradient_norms, train

KILLED = """
import json, os, signal, sys
from pathlib import Path
from layerfold.training.recipe import Recipe
from layerfold.training.trainer import train
fields = json.loads(sys.argv[1])
recipe = Recipe(**{**fields, "checkpoints": tuple(fields["checkpoints"]), "examples": ()})
last = int(sys.argv[3])
kill = lambda at: os.kill(os.getpid(), signal.SIGKILL) if at.step == last else None
train(recipe, Path(sys.argv[2]), progress=kill)
"""


def rows(run: Run) -> list[dict[str, Any]]:
    """The metrics, but for the clock."""
    return [
        {name: value for name, value in row.items() if name != "seconds"} for row in run.metrics()
    ]


def files(run: Run) -> dict[str, bytes]:
    """Everything that ships, but for the clock's file and its hash."""
    everything = {
        str(path.relative_to(run.folder)): path.read_bytes()
        for path in run.folder.rglob("*")
        if path.is_file()
    }
    return {
        name: data for name, data in everything.items() if name not in ("metrics.jsonl", "run.json")
    }


def test_a_run_has_all_that_its_card_says(tiny_run: Run) -> None:
    card = tiny_run.card
    assert tiny_run.steps == (0, 1, 2, 4, 8, 12)
    assert card["finished"] is True
    assert card["sites"] == ["embed", "L0.mid", "L0.post", "L1.mid", "L1.post"]
    assert [(text["source"], text["registry"]) for text in card["corpus"]] == [
        ("north", ""),
        ("south", ""),
    ]
    assert set(card["files"]) == {
        "tokenizer.json",
        "metrics.jsonl",
        *(checkpoint_name(step) for step in tiny_run.steps),
    }
    assert list(card["tests"]["bits_per_byte"]) == ["0", "1", "2", "4", "8", "12"]
    assert tiny_run.verify() == []
    assert not list(tiny_run.folder.glob("resume*"))


def test_metrics_say_what_happened_at_each_step(tiny_run: Run) -> None:
    rows = tiny_run.metrics()
    assert [row["step"] for row in rows] == list(range(13))
    assert all(row["tokens"] == row["step"] * 4 * 64 for row in rows)
    assert all(
        {"lr", "grad_norm", "grad_norms", "loss", "seconds"} <= set(row) for row in rows[:-1]
    )
    assert [row["step"] for row in rows if "val_loss" in row] == list(tiny_run.steps)
    assert rows[0]["grad_norm"] == pytest.approx(
        sum(norm**2 for norm in rows[0]["grad_norms"].values()) ** 0.5, rel=1e-4
    )
    assert set(rows[0]["grad_norms"]) == {"embed", "L0.mid", "L0.post", "L1.mid", "L1.post", "norm"}


def test_learning_beats_counting_tokens(learned_run: Run) -> None:
    tests = learned_run.card["tests"]
    assert tests["bits_per_byte"]["120"] < tests["unigram"] < tests["bits_per_byte"]["0"]
    assert tests["trigram"] < tests["unigram"]


def test_the_same_recipe_gives_the_same_run(
    tiny_run: Run, tiny_recipe: Recipe, tmp_path: Path
) -> None:
    again = train(tiny_recipe, tmp_path)
    assert rows(again) == rows(tiny_run)
    assert files(again) == files(tiny_run)


def test_two_threads_give_the_same_run_too(tiny_recipe: Recipe, tmp_path: Path) -> None:
    torch.set_num_threads(2)
    recipe = replace(tiny_recipe, steps=4, checkpoints=(0, 4))
    one, other = (train(recipe, tmp_path / name) for name in ("one", "other"))
    assert rows(one) == rows(other)
    assert files(one) == files(other)


def test_another_seed_gives_another_run(tiny_run: Run, tiny_recipe: Recipe, tmp_path: Path) -> None:
    other = train(replace(tiny_recipe, seed=4, steps=1, checkpoints=(0, 1)), tmp_path)
    assert files(other)[checkpoint_name(0)] != files(tiny_run)[checkpoint_name(0)]


def test_a_killed_run_resumes_to_the_same_numbers(
    tiny_run: Run, tiny_recipe: Recipe, tmp_path: Path
) -> None:
    fields = json.dumps(asdict(tiny_recipe))
    done = subprocess.run([sys.executable, "-c", KILLED, fields, str(tmp_path), "8"], check=False)
    assert done.returncode == -9
    broken = open_run(tmp_path)
    assert broken.card["finished"] is False
    assert broken.steps == (0, 1, 2, 4, 8)
    assert (tmp_path / "resume.safetensors").exists()
    resumed = train(tiny_recipe, tmp_path)
    assert rows(resumed) == rows(tiny_run)
    assert files(resumed) == files(tiny_run)
    assert resumed.card["tests"] == tiny_run.card["tests"]


class StopError(Exception):
    """Raised by a progress report to break a training off."""


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_each_optimiser_resumes_exactly(
    tiny_recipe: Recipe, tmp_path: Path, optimizer: str, precision: str
) -> None:
    recipe = replace(
        tiny_recipe, steps=7, checkpoints=(0, 7), optimizer=optimizer, precision=precision
    )

    def stop(at: Progress) -> None:
        if at.step == 5:
            raise StopError

    whole = train(recipe, tmp_path / "whole")
    with pytest.raises(StopError):
        train(recipe, tmp_path / "broken", progress=stop)
    assert rows(train(recipe, tmp_path / "broken")) == rows(whole)
    assert files(open_run(tmp_path / "broken")) == files(whole)


def test_a_finished_run_is_left_alone(tiny_run: Run, tiny_recipe: Recipe) -> None:
    before = {path: path.stat().st_mtime_ns for path in tiny_run.folder.rglob("*")}
    assert train(tiny_recipe, tiny_run.folder).card == tiny_run.card
    assert {path: path.stat().st_mtime_ns for path in tiny_run.folder.rglob("*")} == before


def test_a_folder_with_another_run_is_refused(tiny_run: Run, tiny_recipe: Recipe) -> None:
    with pytest.raises(RecipeError, match="another folder"):
        train(replace(tiny_recipe, learning_rate=0.5), tiny_run.folder)


def test_changed_text_is_refused_on_resume(tiny_recipe: Recipe, tmp_path: Path) -> None:
    corpus = tmp_path / "text.txt"
    corpus.write_text((Path(tiny_recipe.corpus) / "north.txt").read_text("utf-8"), "utf-8")
    recipe = replace(tiny_recipe, corpus=str(corpus), vocab_size=300)

    def stop(at: Progress) -> None:
        if at.step == 2:
            raise StopError

    with pytest.raises(StopError):
        train(recipe, tmp_path / "run", progress=stop)
    corpus.write_text(corpus.read_text("utf-8") + "More.", "utf-8")
    with pytest.raises(RecipeError, match="not the one"):
        train(recipe, tmp_path / "run")


def test_a_damaged_resume_file_is_named(tiny_recipe: Recipe, tmp_path: Path) -> None:
    def stop(at: Progress) -> None:
        if at.step == 4:
            raise StopError

    with pytest.raises(StopError):
        train(tiny_recipe, tmp_path, progress=stop)
    (tmp_path / "resume.safetensors").write_bytes(b"half a file")
    with pytest.raises(DamagedRun, match=r"resume\.safetensors.*delete it"):
        train(tiny_recipe, tmp_path)


def test_a_vocabulary_that_the_text_cannot_fill_is_refused(
    tiny_recipe: Recipe, tmp_path: Path
) -> None:
    with pytest.raises(CorpusError, match="50000"):
        train(replace(tiny_recipe, vocab_size=50_000), tmp_path)


def test_progress_says_how_far_and_how_long(tiny_recipe: Recipe, tmp_path: Path) -> None:
    seen: list[Progress] = []
    train(replace(tiny_recipe, steps=2, checkpoints=(0, 2)), tmp_path, progress=seen.append)
    assert [at.stage for at in seen] == [
        "gathering text",
        "reading text",
        "training",
        "training",
        "training",
    ]
    assert [at.step for at in seen[2:]] == [0, 1, 2]
    assert seen[-1].left == 0
    assert seen[-1].tokens_per_second > 0


def test_the_rate_rises_then_falls() -> None:
    recipe = Recipe("x", "x", 100, (0, 100), learning_rate=1.0, warmup=10, least_rate=0.1)
    rates = [rate_at(step, recipe) for step in range(101)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == rates[10] == pytest.approx(1.0)
    assert rates[100] == pytest.approx(0.1)
    assert rates[10:] == sorted(rates[10:], reverse=True)


@pytest.mark.parametrize("count", [3, 700])
def test_the_loss_in_parts_is_the_loss(count: int) -> None:
    generator = torch.Generator().manual_seed(0)
    states = torch.randn(count, 8, generator=generator, requires_grad=True)
    weight = torch.randn(30, 8, generator=generator, requires_grad=True)
    targets = torch.randint(0, 30, (count,), generator=generator)
    plain = torch.nn.functional.cross_entropy(states @ weight.T, targets)
    expected = torch.autograd.grad(2 * plain, (states, weight))
    loss = UnembeddedLoss.apply(states, weight, targets, torch.float32)
    for got, wanted in zip(torch.autograd.grad(2 * loss, (states, weight)), expected, strict=True):
        assert torch.allclose(got, wanted, atol=1e-6)
    assert torch.allclose(loss, plain, atol=1e-6)


def test_gradient_norms_cover_every_weight(tiny_recipe: Recipe) -> None:
    model = GPT(tiny_recipe.config)
    model(torch.zeros(1, 4, dtype=torch.long), torch.ones(1, 4, dtype=torch.long)).backward()
    whole = sum(
        float(weight.grad.square().sum())
        for weight in model.parameters()
        if weight.grad is not None
    )
    assert sum(norm**2 for norm in gradient_norms(model).values()) == pytest.approx(whole, rel=1e-5)


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
def test_a_training_that_is_told_to_stop_goes_on_to_the_same_run(
    tiny_recipe: Recipe, tmp_path: Path, optimizer: str
) -> None:
    recipe = replace(
        tiny_recipe, steps=7, checkpoints=(0, 7), optimizer=optimizer, resume_every=100
    )
    whole = train(recipe, tmp_path / "whole")
    seen: list[int] = []
    paused = train(
        recipe,
        tmp_path / "broken",
        progress=lambda at: seen.append(at.step),
        stopped=lambda: seen[-1] == 4,
    )
    assert (paused.live, seen[-1]) == (True, 4)
    resumed = train(
        recipe,
        tmp_path / "broken",
        progress=lambda at: seen.append(at.step) if at.stage == "training" else None,
    )
    assert seen[-3:] == [5, 6, 7], "no step is done twice"
    assert rows(resumed) == rows(whole)
    assert files(resumed) == files(whole)


@pytest.mark.parametrize(
    ("optimizer", "make"),
    [
        ("sgd", lambda weights: torch.optim.SGD(weights, 0.01, weight_decay=0.1)),
        (
            "momentum",
            lambda weights: torch.optim.SGD(weights, 0.01, momentum=0.9, weight_decay=0.1),
        ),
        (
            "adam",
            lambda weights: torch.optim.Adam(
                weights, 0.01, betas=(0.9, 0.95), weight_decay=0.1, fused=True
            ),
        ),
        (
            "adamw",
            lambda weights: torch.optim.AdamW(
                weights, 0.01, betas=(0.9, 0.95), weight_decay=0.1, fused=True
            ),
        ),
    ],
)
def test_the_steps_are_those_of_torch(tiny_recipe: Recipe, optimizer: str, make: Any) -> None:
    recipe = replace(tiny_recipe, optimizer=optimizer, decayed="everything", weight_decay=0.1)
    ours, theirs = GPT(recipe.config, seed=1), GPT(recipe.config, seed=1)
    step, plain = Optimizer(ours, recipe), make(list(theirs.parameters()))
    ids = torch.arange(32).view(2, 16)
    for _ in range(3):
        for model in (ours, theirs):
            model(ids, ids).backward()
        step.step(0.01)
        plain.step()
        plain.zero_grad()
    for got, wanted in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.allclose(got, wanted, atol=1e-6)


def test_the_command_ends_cleanly_when_it_is_told_to_and_goes_on_later(
    story_folder: Path, tmp_path: Path
) -> None:
    recipe = tmp_path / "long.toml"
    fields = {
        "name": "long",
        "corpus": str(story_folder),
        "vocab_size": 384,
        "n_layer": 1,
        "n_head": 2,
        "d_model": 16,
        "block_size": 16,
    }
    told = "".join(
        f"{name} = {json.dumps(value)}\n"
        for name, value in {**fields, "batch_size": 2, "resume_every": 100_000}.items()
    )
    recipe.write_text(told + "steps = 100000\ncheckpoints = [0, 100000]\n")
    command = [
        sys.executable,
        "-m",
        "layerfold.cli.main",
        "train",
        str(recipe),
        "--out",
        str(tmp_path / "run"),
        "--threads",
        "1",
        "--json",
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout
        assert child.stderr
        reached = next(
            said["step"] for line in child.stdout if (said := json.loads(line))["step"] >= 5
        )
        child.terminate()
        *after, last = child.stdout
        assert (child.wait(), child.stderr.read()) == (0, "")
    assert json.loads(last)["stopped"] is True
    assert (tmp_path / "run" / "resume.safetensors").exists()
    assert open_run(tmp_path / "run").live
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        first = next(
            said["step"]
            for line in child.stdout
            if (said := json.loads(line))["stage"] == "training"
        )
        child.terminate()
    assert first == (json.loads(after[-1])["step"] if after else reached) + 1


def test_tests_between_checkpoints_stand_in_the_log_alone(tmp_path: Path) -> None:
    shape = {
        "n_layer": 1,
        "n_head": 2,
        "d_model": 16,
        "block_size": 4,
        "norm": False,
        "bias": False,
        "tied": False,
        "activation": "relu",
    }
    parts = {
        "task": "modular-addition",
        "parameters": {"p": 7, "share": 0.5},
        "batch_size": 10,
        "log_all": 0,
    }
    recipe = Recipe("sums", "", 12, (0, 12), **shape, **parts, log_every=100, test_every=4)
    run = train(recipe, tmp_path)
    assert [row["step"] for row in run.metrics() if "test_accuracy" in row] == [0, 4, 8, 12]
    assert list(run.card["tests"]["test_accuracy"]) == ["0", "12"]
    assert all(row["tokens"] == row["step"] * 40 for row in run.metrics())
