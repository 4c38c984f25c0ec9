"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

RUN: Final = (
    "A run's folder, name or address (s3://…), a Hugging Face model's or Trainer's folder, or"
    " hf:ORG/MODEL."
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
Corpora = Annotated[Path | None, typer.Option(help="Folder where gathered text is kept.")]
Threads = Annotated[int | None, typer.Option(min=1, help="Threads to use; all cores without it.")]
Dtype = Annotated[
    str | None,
    typer.Option(
        help=(
            "A Hugging Face model's numbers: float32, bfloat16, float16.  [default: as before,"
            " float32 at first]"
        )
    ),
]
Device = Annotated[
    str | None,
    typer.Option(
        help="Where such a model runs: cpu, cuda, cuda:1, mps.  [default: as before, cpu at first]"
    ),
]
Pickle = Annotated[
    bool,
    typer.Option(
        "--allow-pickle", help="Open pickled weights, which can run code: only of people you trust."
    ),
]
Cluster = Annotated[
    str | None,
    typer.Option(
        help="A Dask scheduler (tcp://HOST:8786) whose workers make states, graphs and scores."
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        min=1, help="The same by so many processes of this machine, which end with the command."
    ),
]
Store = Annotated[
    str | None,
    typer.Option(
        help="Folder or address that all workers reach, for what they make.  [default: in the run]"
    ),
]
Follow = Annotated[
    bool,
    typer.Option(
        "--follow", help="Wait for steps that are still to come, and add each to the atlas."
    ),
]
Yes = Annotated[
    bool, typer.Option("--yes", help="Build also what takes long, without being asked.")
]
