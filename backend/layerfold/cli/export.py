"""The command that writes a run's page as one HTML file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from layerfold.cli.options import (
    RUN,
    Device,
    Dtype,
    Json,
    Pickle,
)
from layerfold.cli.resolve import (
    Opening,
    run_folder,
)
from layerfold.cli.terminal import (
    say,
    shares,
)
from layerfold.files.atomic import write_atomically
from layerfold.interp.session import open_session
from layerfold.server.app import LIMITS
from layerfold.server.standalone import Wish, write_page
from layerfold.settings import Settings, cache_folder


def export(
    run: Annotated[str, typer.Argument(help=RUN)],
    sentences: Annotated[
        list[str],
        typer.Option("--sentences", "-s", help="A sentence to be placed; give it several times."),
    ],
    out: Annotated[Path, typer.Option(help="File to write.")] = Path("layerfold.html"),
    projection: Annotated[
        str, typer.Option(help="umap, pca, plane, or a basis that the run carries.")
    ] = "umap",
    dtype: Dtype = None,
    device: Device = None,
    allow_pickle: Pickle = False,
    as_json: Json = False,
) -> None:
    """Write a run's page, with sentences placed in it, as one HTML file that needs neither a server
    nor a network.
    """
    folder = run_folder(run, Opening(dtype, device, allow_pickle))
    page = Settings.read(os.environ).frontend
    opened = open_session(folder, cache_folder(os.environ))
    limits = LIMITS.model_copy(update={"tokens": min(LIMITS.tokens, opened.max_tokens)})
    wish = Wish(tuple(sentences), projection=projection)
    with shares(as_json) as report:
        made = write_page(opened, opened.run.name, wish, page, limits, report)
    write_atomically(out, made)
    said = {"file": str(out), "bytes": len(made)}
    say(as_json, said, f"{out}: the page of {opened.run.name}, {len(made) / 1e6:.1f} MB")
