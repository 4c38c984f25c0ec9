"""The command that places sentences and writes their paths."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from layerfold.api import export
from layerfold.cli.options import (
    Device,
    Dtype,
    Json,
    Pickle,
)
from layerfold.cli.resolve import (
    Opening,
    chosen_steps,
    run_and_sentences,
)
from layerfold.cli.terminal import spoken
from layerfold.interp.session import open_session
from layerfold.settings import cache_folder


def place(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[RUN] SENTENCE...",
            help="Sentences; a run's name, folder or hf:… may stand first.",
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(help="File to write: .json, .csv, .npz or .html.")
    ] = None,
    steps: Annotated[
        str, typer.Option(help="all, last, or training steps separated by commas.")
    ] = "all",
    projection: Annotated[
        str, typer.Option(help="umap, pca, or a basis that the run carries.")
    ] = "umap",
    special: Annotated[
        bool,
        typer.Option(
            "--special", help="Names of special tokens in the sentences ([MASK], <s>) mean them."
        ),
    ] = False,
    dtype: Dtype = None,
    device: Device = None,
    allow_pickle: Pickle = False,
    as_json: Json = False,
) -> None:
    """Place sentences in a run's clouds and write their paths to a file."""
    if out is None and not as_json:
        raise typer.BadParameter("give --out FILE, or --json to print", param_hint="--out")
    folder, sentences = run_and_sentences(words, Opening(dtype, device, allow_pickle))
    opened = open_session(folder, cache_folder(os.environ))
    chosen = chosen_steps(steps, opened.steps)
    clouds = opened.picture(projection)
    trajectories = [opened.place(sentence, chosen, projection, special) for sentence in sentences]
    if out is not None:
        export.write(out, trajectories, clouds, opened.run.name)
    if as_json:
        print(export.as_json(trajectories, clouds, opened.run.name).decode(), end="")
    else:
        places = f"{len(sentences)} sentence(s) at {len(chosen)} steps of {opened.run.name}"
        print(spoken(f"{out}: {places}"))
