"""What can be trained in the page: every offer is a recipe that can be followed, and what is out of
bounds is named with the bound.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from layerfold.errors import CorpusError, InputError
from layerfold.server.protocol.lab import NewJob
from layerfold.server.protocol.tables import lab_tasks
from layerfold.training.lab import (
    NUMBERS,
    OFFERS,
    OPTIMISERS,
    bytes_of,
    checked,
    checkpoints,
    recipe_of,
)
from layerfold.training.recipe import Recipe
from layerfold.training.trainer import train
from tests.conftest import story

TEXT = "The bank of the river was steep. " * 400


def a_job(task: str = "modular-addition", **more) -> NewJob:
    return NewJob(**{"task": task, "text": TEXT if task == "text" else None, "numbers": {}, **more})


@pytest.mark.parametrize("optimizer", OPTIMISERS)
@pytest.mark.parametrize("task", [offer.name for offer in OFFERS])
def test_every_offer_is_a_recipe_that_can_be_followed(
    tmp_path: Path, task: str, optimizer: str
) -> None:
    offer, chosen, numbers = checked(
        a_job(task, optimizer=optimizer, numbers={"steps": 200, "seed": 3})
    )
    corpus = str(tmp_path / "text") if offer.text else ""
    told = recipe_of(
        offer, chosen, numbers, ("a-run", 'A "run"'), corpus, TEXT if offer.text else ""
    )
    (tmp_path / "recipe.toml").write_text(told, "utf-8")
    recipe = Recipe.load(str(tmp_path / "recipe.toml"))
    assert (recipe.optimizer, recipe.steps, recipe.seed, recipe.title) == (
        optimizer,
        200,
        3,
        'A "run"',
    )
    assert recipe.checkpoints[0] == 0
    assert recipe.checkpoints[-1] == 200
    assert recipe.config.d_model > 0
    assert bool(recipe.examples) != offer.text


def test_what_is_not_named_suits_the_task_and_the_optimiser() -> None:
    assert checked(a_job())[1] == "adamw"
    assert checked(a_job())[2]["learning_rate"] == 5e-3
    assert checked(a_job(optimizer="sgd"))[2]["learning_rate"] == 0.3
    assert (
        checked(a_job(optimizer="sgd", numbers={"learning_rate": 0.01}))[2]["learning_rate"] == 0.01
    )
    for task in lab_tasks():
        assert {number.name for number in task.numbers} == set(NUMBERS)
        assert all(number.low <= number.default <= number.high for number in task.numbers)
        assert set(task.suited) == set(OPTIMISERS)
        assert task.suited[task.optimizer] == {
            one.name: one.default for one in task.numbers if one.name in task.suited["sgd"]
        }


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"task": "nothing"}, "no task 'nothing'. There are: modular-addition"),
        ({"optimizer": "lion"}, "no optimiser 'lion'. There are: sgd"),
        (
            {"numbers": {"learning_rate": 11.0}},
            "learning rate 11 is out of bounds: choose from 1e-05 to 10",
        ),
        ({"numbers": {"steps": 10.0}}, "steps 10 is out of bounds: choose from 50 to 20000"),
        ({"numbers": {"seed": 1.5}}, "seed 1.5 is not a whole number"),
        ({"numbers": {"weight_decay": float("nan")}}, "weight decay nan is out of bounds"),
        ({"numbers": {"width": 5.0}}, "no number 'width'"),
        ({"text": TEXT}, "learns from no text"),
    ],
)
def test_what_cannot_be_is_said_with_what_can(more, words: str) -> None:
    with pytest.raises(InputError, match=words):
        checked(a_job(**more))


@pytest.mark.parametrize("text", [None, "", "Too short.", "é" * 600_000])
def test_a_text_is_neither_too_short_nor_too_long(text) -> None:
    with pytest.raises(CorpusError, match="give 10,000 to 1,048,576"):
        checked(a_job("text", text=text))


@pytest.mark.parametrize("steps", [50, 51, 1500, 20_000])
def test_checkpoints_are_dense_where_it_begins_and_even_over_the_whole(steps: int) -> None:
    found = checkpoints(steps)
    assert list(found) == sorted({0, *found, steps})
    assert 20 <= len(found) <= 48
    assert all(b - a <= max(4, steps / 15) for a, b in pairwise(found))


def test_a_run_takes_about_what_is_said() -> None:
    assert 1 << 20 < bytes_of(OFFERS[0], 1500) < 60 << 20


@pytest.mark.parametrize("size", [10_000, 60_000])
def test_a_text_of_ones_own_becomes_a_run_with_its_text_beside_it(
    tmp_path: Path, size: int
) -> None:
    text = story(1, size // 40)[:size].ljust(size, ".")
    offer, chosen, numbers = checked(
        a_job("text", text=text, numbers={"steps": 50, "batch_size": 4})
    )
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "own.txt").write_text(text, "utf-8")
    told = recipe_of(offer, chosen, numbers, ("own", "Own \x7f 春"), str(tmp_path / "text"), text)
    (tmp_path / "recipe.toml").write_text(told, "utf-8")
    recipe = Recipe.load(str(tmp_path / "recipe.toml"))
    run = train(replace(recipe, steps=2, checkpoints=(0, 2)), tmp_path)
    assert run.card["title"] == "Own \x7f 春"
    assert [source["source"] for source in run.card["corpus"]] == ["own"]
    assert "collection" not in run.card
    assert all("val_loss" in row for row in (run.metrics()[0], run.metrics()[-1]))


def test_a_text_of_which_nothing_is_to_be_learned_is_refused() -> None:
    offer, chosen, numbers = checked(a_job("text", text="ab " * 7_000))
    with pytest.raises(CorpusError, match="again and again"):
        recipe_of(offer, chosen, numbers, ("a", "A"), "/text", "ab " * 7_000)


@pytest.mark.long
def test_the_sums_are_understood_long_after_they_are_memorised(tmp_path: Path) -> None:
    """The shortened run: the defaults of the lab, ended where it has understood."""
    torch.set_num_threads(1)  # as the lab does: two would wait for each other
    offer, chosen, numbers = checked(a_job(numbers={"seed": 3, "steps": 1000}))
    (tmp_path / "recipe.toml").write_text(
        recipe_of(offer, chosen, numbers, ("sums", "Sums")), "utf-8"
    )
    run = train(Recipe.load(str(tmp_path / "recipe.toml")), tmp_path)
    rows = [row for row in run.metrics() if "test_accuracy" in row]
    memorized = next(row["step"] for row in rows if row["train_accuracy"] > 0.99)
    understood = next(row["step"] for row in rows if row["test_accuracy"] > 0.9)
    assert memorized < 150
    assert understood > 5 * memorized
    assert all(row["test_accuracy"] < 0.2 for row in rows if row["step"] <= memorized)
