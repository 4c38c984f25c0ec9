"""The command that measures the geometry of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from layerfold.atlas.files import open_atlas
from layerfold.build.metrics import measure_run
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
    chosen_steps,
    run_folder,
    use_threads,
)
from layerfold.cli.terminal import (
    say,
    shares,
)
from layerfold.metrics.report import report_of
from layerfold.runs.manifest import renew_manifest


def measure(
    run: Annotated[str, typer.Argument(help=RUN)],
    measures: Annotated[
        list[str] | None,
        typer.Option("--measure", help="A measure to compute anew; all of them without it."),
    ] = None,
    steps: Annotated[
        str, typer.Option(help="all, last, or training steps separated by commas.")
    ] = "all",
    csv: Annotated[
        Path | None, typer.Option(help="File to write the numbers to, a line each.")
    ] = None,
    threads: Threads = None,
    dtype: Dtype = None,
    device: Device = None,
    allow_pickle: Pickle = False,
    as_json: Json = False,
) -> None:
    """Measure the geometry of a run at its steps and sites, keep it in the run and print it. A
    broken measuring goes on.
    """
    folder = run_folder(run, Opening(dtype, device, allow_pickle))
    opened = open_atlas(folder)
    chosen = chosen_steps(steps, opened.steps)
    use_threads(threads)
    with shares(as_json) as report:
        found = measure_run(folder, measures, chosen, threads, report)
    renew_manifest(folder, ("measures/",))
    told = report_of(folder.name, opened, found, measures, chosen)
    if csv is not None:
        csv.write_text(told.as_csv(), "utf-8")
    say(
        as_json,
        told.as_json(),
        (
            told.as_text()
            if csv is None
            else f"{csv}: {len(told.measures)} measures at {len(chosen)} steps"
        ),
    )
