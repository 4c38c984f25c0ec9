"""The command that computes anew what runs claim."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from layerfold.claims.seed.report import SeedVerdicts, seed_of
from layerfold.claims.seeds import compare_seeds
from layerfold.claims.verdict import verdict_of
from layerfold.cli.options import (
    Json,
    Threads,
)
from layerfold.cli.resolve import (
    run_folder,
    served_runs,
    use_threads,
)
from layerfold.cli.terminal import (
    complain,
    progress_bar,
    say,
)
from layerfold.interp.session import open_session
from layerfold.locales.messages import language_of
from layerfold.settings import cache_folder

Seed = Annotated[
    bool,
    typer.Option(
        "--seed",
        help=(
            "Put every claim of the seed text to the test instead: a verdict, a number and its"
            " controls for each; what was computed before is not computed again."
        ),
    ),
]
Also = Annotated[
    list[Path] | None,
    typer.Option(
        help=(
            "Folder of the same recipe's run that was trained from another random seed, to be told"
            " beside; may be given again."
        )
    ),
]


def verify(
    runs: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RUN]...", help="Runs; all bundled ones without a name."),
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Keep what was found in the run, for the page to show.")
    ] = False,
    seed: Seed = False,
    also: Also = None,
    threads: Threads = None,
    as_json: Json = False,
) -> None:
    """Compute every published result that a run claims anew from its checkpoints. Exit code 1 when
    one does not hold; with --seed, only when a run cannot be read.
    """
    if also and (seed or len(runs or ()) != 1):
        raise typer.BadParameter(
            "name the one run that the others are of, without --seed", param_hint="--also"
        )
    folders = [run_folder(run) for run in runs] if runs else list(served_runs().values())
    use_threads(threads)
    with progress_bar(as_json) as move:

        def report(run: str, stage: str, share: float) -> None:
            if as_json:
                print(
                    json.dumps({"run": run, "stage": stage, "share": round(share, 4)}), flush=True
                )
            move(f"{run}: {stage}", round(1000 * share), 1000, "")

        if seed:
            told(seed_of(folders, cache_folder(os.environ), write, report), as_json)
            return
        if also:
            opened = open_session(folders[0], cache_folder(os.environ))
            compare_seeds(opened, also, lambda stage, share: report("other seeds", stage, share))
        verdict = verdict_of(folders, cache_folder(os.environ), write, report)
    say(as_json, verdict.as_json(), verdict.as_text(language_of(os.environ)))
    for name, why in verdict.failed.items():
        complain(f"{name}: {why}")
    if not verdict.holds:
        raise typer.Exit(1)


def told(found: SeedVerdicts, as_json: bool) -> None:
    """What became of the seed's claims is printed. Exit code 1 when a run cannot be read."""
    say(as_json, found.as_json(), found.as_text(language_of(os.environ)))
    for name, why in found.failed.items():
        complain(f"{name}: {why}")
    if found.failed:
        raise typer.Exit(1)
