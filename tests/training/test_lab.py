"""What can be trained in the page: every offer is a recipe that can be followed, and what is out of bounds is named with the bound."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from layerfold.answers import NewJob
from layerfold.errors import CorpusError, InputError
from layerfold.training.lab import NUMBERS, OFFERS, OPTIMISERS, bytes_of, checked, checkpoints, offered, recipe_of
from layerfold.training.recipe import Recipe

TEXT = "The bank of the river was steep. " * 400


def a_job(task: str = "modular-addition", **more) -> NewJob:
    return NewJob(**{"task": task, "text": TEXT if task == "text" else None, "numbers": {}, **more})


@pytest.mark.parametrize("optimiser", OPTIMISERS)
@pytest.mark.parametrize("task", [offer.name for offer in OFFERS])
def test_every_offer_is_a_recipe_that_can_be_followed(tmp_path: Path, task: str, optimiser: str) -> None:
    offer, chosen, numbers = checked(a_job(task, optimiser=optimiser, numbers={"steps": 200, "seed": 3}))
    corpus = str(tmp_path / "text") if offer.text else ""
    (tmp_path / "recipe.toml").write_text(recipe_of(offer, chosen, numbers, ("a-run", 'A "run"'), corpus, len(TEXT)), "utf-8")
    recipe = Recipe.load(str(tmp_path / "recipe.toml"))
    assert (recipe.optimiser, recipe.steps, recipe.seed, recipe.title) == (optimiser, 200, 3, 'A "run"')
    assert recipe.checkpoints[0] == 0
    assert recipe.checkpoints[-1] == 200
    assert recipe.config.d_model > 0


def test_what_is_not_named_suits_the_task_and_the_optimiser() -> None:
    assert checked(a_job())[1] == "adamw"
    assert checked(a_job())[2]["learning_rate"] == 3e-3
    assert checked(a_job(optimiser="sgd"))[2]["learning_rate"] == 0.3
    assert checked(a_job(optimiser="sgd", numbers={"learning_rate": 0.01}))[2]["learning_rate"] == 0.01
    for task in offered():
        assert {number.name for number in task.numbers} == set(NUMBERS)
        assert all(number.low <= number.default <= number.high for number in task.numbers)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"task": "nothing"}, "no task 'nothing'. There are: modular-addition"),
        ({"optimiser": "lion"}, "no optimiser 'lion'. There are: sgd"),
        ({"numbers": {"learning_rate": 11.0}}, "learning rate 11 is out of bounds: choose from 1e-05 to 10"),
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
