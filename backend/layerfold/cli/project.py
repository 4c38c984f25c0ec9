"""The command that makes the linear pictures of a run, and its tower."""

from __future__ import annotations

from typing import Annotated

import typer

from layerfold.build.plane import build_plane
from layerfold.build.projections import build_projections
from layerfold.cli.options import (
    RUN,
    Device,
    Dtype,
    Json,
    Pickle,
    Threads,
)
from layerfold.cli.resolve import (
    Opening,
    run_folder,
    use_threads,
)
from layerfold.cli.terminal import (
    say,
    shares,
    stop_at,
)
from layerfold.runs.manifest import renew_manifest


def project(
    run: Annotated[str, typer.Argument(help=RUN)],
    sheets: Annotated[
        bool,
        typer.Option("--sheets", help="The layout in two dimensions, for the tower, instead."),
    ] = False,
    threads: Threads = None,
    dtype: Dtype = None,
    device: Device = None,
    allow_pickle: Pickle = False,
    as_json: Json = False,
) -> None:
    """Build the linear pictures of a run that has an atlas: aligned principal components, and the
    bases it carries, each scored.
    """
    folder = run_folder(run, Opening(dtype, device, allow_pickle))
    use_threads(threads)
    if sheets:
        with shares(as_json) as report:
            plane = build_plane(folder, threads=threads, progress=report)
        renew_manifest(folder, ("plane/",))
        trust = round(float(plane.fidelity["trust"].mean()), 4)
        told = {"folder": str(folder / "plane"), "trust": trust}
        say(as_json, told, f"{folder.name} can be shown as a tower, mean trust {trust}")
        return
    with shares(as_json) as report:
        built, wrong = build_projections(folder, threads=threads, progress=report)
    renew_manifest(folder, ("projections/",))
    names = [projection.name for projection in built]
    said = {
        "folder": str(folder / "projections"),
        "projections": names,
        "problems": [str(problem) for problem in wrong],
    }
    say(as_json, said, f"{folder.name} can be shown by {', '.join(names)}")
    stop_at(wrong)
