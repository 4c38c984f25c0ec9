"""The commands that tell something of this program: its speed, its versions."""

from __future__ import annotations

import runpy
import sys
from importlib.metadata import version as version_of
from typing import Annotated

import typer

from layerfold.cli.options import (
    Json,
)
from layerfold.cli.terminal import (
    say,
)
from layerfold.errors import NotFound
from layerfold.settings import bundled


def bench(
    names: Annotated[
        list[str] | None, typer.Argument(help="Benchmarks to run; all of them without a name.")
    ] = None,
    smoke: Annotated[
        bool, typer.Option("--smoke", help="A few seconds of each, to see whether it runs.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Measure Layerfold beside what one would use instead (from a checkout of the source)."""
    root = bundled()
    if not (root / "benchmarks" / "__main__.py").is_file():
        raise NotFound(
            "benchmarks come with the source, not with the installed package: run this in a"
            " checkout"
        )
    sys.path.insert(0, str(root))
    options = [*(["--json"] if as_json else []), *(["--smoke"] if smoke else [])]
    sys.argv = ["benchmarks", *options, *(names or [])]
    runpy.run_module("benchmarks", run_name="__main__")


def version(as_json: Json = False) -> None:
    """Print the versions that decide the numbers."""
    names = ("layerfold", "torch", "numpy", "tokenizers", "umap-learn", "plotly")
    found = {name: version_of(name) for name in names} | {"python": sys.version.split()[0]}
    say(as_json, found, "\n".join(f"{name} {number}" for name, number in found.items()))
