"""The command that trains a model by a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from layerfold.cli.options import (
    Corpora,
    Json,
    Threads,
)
from layerfold.cli.resolve import (
    use_threads,
)
from layerfold.cli.terminal import (
    asked_to_stop,
    finite_or_none,
    progress_bar,
    say,
    tell,
)
from layerfold.training.recipe import Recipe

if TYPE_CHECKING:
    from layerfold.training.trainer import Progress


def train(
    recipe: Annotated[
        str, typer.Argument(help="Name of a recipe that comes with Layerfold, or a TOML file.")
    ],
    out: Annotated[
        Path, typer.Option(help="Folder of the run; what a broken training left there is taken up.")
    ],
    corpora: Corpora = None,
    threads: Threads = None,
    as_json: Json = False,
) -> None:
    """Train a model and keep its checkpoints; the same command goes on where a broken one
    stopped.
    """
    from layerfold.training.trainer import train as train_run  # torch: its help comes at once

    followed = Recipe.load(recipe)

    use_threads(threads)
    with progress_bar(as_json) as move, asked_to_stop() as stopped:

        def report(now: Progress) -> None:
            if as_json:
                tell({name: finite_or_none(value) for name, value in vars(now).items()})
            note = (
                f"loss {now.loss:.3f} · {now.tokens_per_second:,.0f} tokens/s"
                if now.step or now.loss == now.loss
                else ""
            )
            move(now.stage, now.step, now.steps, note)

        run = train_run(followed, out, progress=report, cache=corpora, stopped=stopped)
    if run.live:
        say(
            as_json,
            {"run": run.name, "folder": str(out), "stopped": True},
            f"{run.name} is stopped: the same command goes on with it",
        )
        return
    last = str(run.steps[-1])
    tests = {
        name: values[last] for name, values in run.card["tests"].items() if isinstance(values, dict)
    }
    said = {"run": run.name, "folder": str(out), "steps": list(run.steps), **tests}
    words = ", ".join(
        f"{name.replace('_per_', ' a ').replace('_', ' ')} {value:.3f}"
        for name, value in tests.items()
    )
    say(as_json, said, f"{run.name} is trained: {words}. Next: layerfold atlas {out}")
