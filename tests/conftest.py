"""A small run, trained once for all tests that need one."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from pathlib import Path

# before torch is imported, which reads it once: two threads wait for each other's tiny parts
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
import torch

from layerfold.runs.run import Run
from layerfold.training.recipe import Recipe
from layerfold.training.trainer import train

WHO = (
    "the sailor",
    "a young teacher",
    "my uncle",
    "the queen",
    "an old dog",
    "the doctor",
    "their captain",
    "a quiet child",
)
DOES = ("watched", "remembered", "followed", "painted", "carried", "forgot", "found", "described")
WHAT = (
    "the river bank",
    "a silver coin",
    "the morning light",
    "an empty house",
    "the narrow road",
    "a letter",
    "the green hills",
)
WHEN = (
    "in the spring",
    "before the storm",
    "without a word",
    "every evening",
    "for many years",
    "while the bells rang",
)


def story(seed: int, sentences: int) -> str:
    """Plain sentences from a small grammar: easy to learn, the same for the same seed."""
    choose = random.Random(seed).choice
    lines = (
        f"{choose(WHO).capitalize()} {choose(DOES)} {choose(WHAT)} {choose(WHEN)}."
        for _ in range(sentences)
    )
    return (
        "".join(line + ("\n\n" if n % 5 == 4 else " ") for n, line in enumerate(lines)).strip()
        + "\n"
    )


@pytest.fixture(scope="session", autouse=True)
def threads() -> int:
    """How many threads torch was given; a server started in this process takes fewer, and sums
    depend on their number.
    """
    return torch.get_num_threads()


@pytest.fixture(autouse=True)
def _as_many_threads(threads: int) -> None:
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def story_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of two sources, about 60 kB."""
    folder = tmp_path_factory.mktemp("corpus")
    for seed, name in enumerate(("north", "south")):
        (folder / f"{name}.txt").write_text(
            story(seed, 500) + ("Café, naïve: 春天来了。 ☕ — ok\n" if seed else ""),
            encoding="utf-8",
        )
    return folder


@pytest.fixture(scope="session")
def tiny_recipe(story_folder: Path) -> Recipe:
    """Two layers of 32, 384 tokens, 12 steps, 6 checkpoints."""
    return Recipe(
        name="tiny",
        title="Tiny",
        corpus=str(story_folder),
        steps=12,
        checkpoints=(0, 1, 2, 4, 8, 12),
        seed=3,
        vocab_size=384,
        n_layer=2,
        n_head=2,
        d_model=32,
        block_size=64,
        batch_size=4,
        learning_rate=1e-2,
        warmup=4,
        held_out=0.1,
        resume_every=3,
    )


@pytest.fixture(scope="session")
def tiny_run(tiny_recipe: Recipe, tmp_path_factory: pytest.TempPathFactory, threads: int) -> Run:
    """A finished run; shared by all tests, so nobody changes its files."""
    torch.set_num_threads(threads)
    return train(tiny_recipe, tmp_path_factory.mktemp("runs") / "tiny")


@pytest.fixture(scope="session")
def learned_run(tiny_recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same, trained until it knows the grammar a little."""
    longer = replace(
        tiny_recipe, name="learned", steps=120, checkpoints=(0, 120), warmup=10, resume_every=1000
    )
    return train(longer, tmp_path_factory.mktemp("runs") / "learned")


@pytest.fixture(scope="session")
def trainer_folder(tmp_path_factory: pytest.TempPathFactory, threads: int) -> Path:
    """The output folder of a real Hugging Face `Trainer` with checkpoints at steps 4, 8 and 12;
    nobody changes its files.
    """
    from tests.hub import a_trainer_run  # takes seconds to import

    torch.set_num_threads(threads)
    return a_trainer_run(tmp_path_factory.mktemp("trained") / "stories")
