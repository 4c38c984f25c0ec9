"""A training that goes on while a page is open: ``python -m tests.browser.recording FOLDER``; it stops before each step until it may go on.

The file FOLDER/../may holds the last step that it may reach.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from layerfold.training.recipe import Recipe
from layerfold.training.trainer import Progress, train
from tests.conftest import story

CHECKPOINTS = (0, 1, 2, 4, 8)


def recipe(corpus: Path) -> Recipe:
    """A recipe of a small language model that a second is enough for."""
    return Recipe(
        name="growing",
        title="Growing",
        corpus=str(corpus),
        steps=CHECKPOINTS[-1],
        checkpoints=CHECKPOINTS,
        seed=3,
        vocab_size=384,
        n_layer=1,
        n_head=2,
        d_model=24,
        block_size=64,
        batch_size=4,
        learning_rate=1e-2,
        warmup=2,
        held_out=0.1,
        resume_every=1,
    )


def main(folder: Path) -> None:
    may = folder.parent.parent / "may"
    corpus = folder.parent.parent / "corpus"
    for where in (corpus, folder / "text"):
        where.mkdir(parents=True, exist_ok=True)
        for seed in range(2):
            (where / f"{seed}.txt").write_text(story(seed, 500), encoding="utf-8")

    def wait(now: Progress) -> None:
        while now.step > int(may.read_text() or "0"):
            time.sleep(0.05)

    train(recipe(corpus), folder, progress=wait)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
