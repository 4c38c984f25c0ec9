"""Recipes: the shipped ones can be followed, and what cannot be is refused in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from layerfold.errors import RecipeError
from layerfold.training.recipe import Recipe, shipped_recipes

GOOD = 'name = "x"\ncorpus = "text"\nsteps = 4\ncheckpoints = [0, 2, 4]\n'


def test_shipped_recipes_load() -> None:
    assert {"storyteller", "tiny", "modular-addition", "modular-addition-53"} <= set(
        shipped_recipes()
    )
    storyteller = Recipe.load("storyteller")
    assert (storyteller.n_layer, storyteller.d_model, storyteller.vocab_size) == (6, 160, 8192)
    assert len(storyteller.checkpoints) >= 24
    assert Recipe.load("storyteller-1").vocab_size == 4096
    assert Recipe.load("tiny").config.n_layer == 2


def test_every_example_has_both_notes() -> None:
    examples = Recipe.load("storyteller").examples
    assert len(examples) >= 6
    assert all(example.text and example.note_en and example.note_zh for example in examples)


def test_a_corpus_beside_the_recipe_is_found(tmp_path: Path) -> None:
    (tmp_path / "text").mkdir()
    (tmp_path / "my.toml").write_text(GOOD, "utf-8")
    assert Recipe.load(tmp_path / "my.toml").corpus == str(tmp_path / "text")


def test_what_does_not_change_the_numbers_is_not_a_hyperparameter() -> None:
    assert not {"name", "corpus", "n_layer", "examples", "resume_every"} & set(
        Recipe.load("tiny").hyperparameters
    )


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("not toml", "cannot be followed"),
        ('name = "x"', "missing: checkpoints, corpus, steps"),
        (GOOD + "colour = 1", "colour"),
        (GOOD + 'precision = "int8"', "int8"),
        (GOOD + 'optimiser = "lion"', "lion"),
        (GOOD.replace("0, 2, 4", "0, 2"), "checkpoints"),
        (GOOD.replace("0, 2, 4", "2, 0, 4"), "checkpoints"),
        (GOOD.replace("0, 2, 4", "4"), "checkpoints"),
        (GOOD + "vocab_size = 100", "100"),
        (GOOD + "held_out = 0.9", "0.9"),
        (GOOD + "batch_size = 0", "batch_size"),
        (GOOD + 'learning_rate = "fast"', "cannot be followed"),
        (GOOD + 'examples = [{text = "x"}]', "cannot be followed"),
    ],
)
def test_what_cannot_be_followed_is_refused(tmp_path: Path, text: str, word: str) -> None:
    (tmp_path / "my.toml").write_text(text, "utf-8")
    with pytest.raises(RecipeError, match=word):
        Recipe.load(tmp_path / "my.toml")


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(RecipeError, match="storyteller, storyteller-1, tiny"):
        Recipe.load("nothing")


def test_an_impossible_shape_is_refused() -> None:
    with pytest.raises(RecipeError, match="heads"):
        _ = Recipe("x", "x", 1, (0, 1), n_head=3, d_model=32).config
