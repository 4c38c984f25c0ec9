"""The command that builds a run's atlas, alone or with a crew."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from layerfold.atlas.files import open_atlas
from layerfold.atlas.parameters import Recipe
from layerfold.build.left_states import leave_states
from layerfold.build.live import follow_run, followed
from layerfold.build.metrics import measure_run
from layerfold.build.projections import build_projections
from layerfold.build.run_atlas import (
    AtlasOptions,
    CorpusOptions,
    Hire,
    build_run_atlas,
    cost_of_run,
)
from layerfold.cli.options import (
    RUN,
    Cluster,
    Corpora,
    Device,
    Dtype,
    Follow,
    Json,
    Pickle,
    Store,
    Threads,
    Workers,
    Yes,
)
from layerfold.cli.resolve import (
    Opening,
    run_folder,
    use_threads,
)
from layerfold.cli.terminal import (
    complain,
    say,
    shares,
    spoken,
    stop_at,
)
from layerfold.data.read_once import ReadOnce
from layerfold.errors import InputError
from layerfold.runs.manifest import renew_manifest
from layerfold.runs.remote import send_back
from layerfold.runs.storage import is_address

Run = Annotated[str, typer.Argument(help=RUN)]
Tokens = Annotated[int, typer.Option(min=100, help="Reference tokens in the clouds.")]
View = Annotated[str, typer.Option(help="States to lay out: normalised or raw.")]
Neighbors = Annotated[int, typer.Option(min=2, help="Neighbours of a point in the graph.")]
MinDist = Annotated[float, typer.Option(min=0.0, help="Least distance of points in the picture.")]
Spread = Annotated[float, typer.Option(min=0.01, help="Scale of the picture's clusters.")]
Density = Annotated[
    bool,
    typer.Option(
        "--density",
        help="Places as crowded as the states are, so that density can be read off the picture.",
    ),
]
Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes.")]
Corpus = Annotated[
    str | None,
    typer.Option(
        help=(
            "Text behind the picture: file, folder, collection, or hf:DATASET.  [default: the"
            " run's, or English]"
        )
    ),
]
Column = Annotated[str | None, typer.Option(help="Column of a table that holds the text.")]
Label = Annotated[
    list[str] | None,
    typer.Option(help="Column of a table to colour tokens by; may be given again."),
]
Delimiter = Annotated[
    str | None,
    typer.Option(
        help="Between a table's cells: a character, or tab, semicolon …  [default: found out]"
    ),
]


def atlas(
    run: Run,
    tokens: Tokens = 4000,
    view: View = "normalised",
    neighbors: Neighbors = 15,
    min_dist: MinDist = 0.1,
    spread: Spread = 1.0,
    seed: Seed = 0,
    density: Density = False,
    corpus: Corpus = None,
    column: Column = None,
    label: Label = None,
    delimiter: Delimiter = None,
    yes: Yes = False,
    follow: Follow = False,
    cluster: Cluster = None,
    workers: Workers = None,
    store: Store = None,
    corpora: Corpora = None,
    threads: Threads = None,
    dtype: Dtype = None,
    device: Device = None,
    allow_pickle: Pickle = False,
    as_json: Json = False,
) -> None:
    """Build a run's atlas, aligned clouds at every step and site, and measure it. A broken build
    goes on where it stopped.
    """
    check(view, follow, cluster, workers)
    folder = run_folder(run, Opening(dtype, device, allow_pickle))
    agree(cost_of_run(folder, tokens), yes)
    use_threads(threads)
    recipe = Recipe(neighbors, min_dist, spread, seed=seed, density=density)
    text = CorpusOptions(corpus, column, tuple(label or ()), delimiter, corpora)
    options = AtlasOptions(tokens, "raw" if view == "raw" else "normalised", recipe, text, threads)
    wrong: Sequence[object] = ()
    with shares(as_json) as report:
        if follow:
            follow_run(folder, report, complain, options)
        else:
            with followed(folder):  # a server may be at the same run
                read = ReadOnce(folder)
                with crew(run, folder, cluster, workers, store) as hire:
                    build_run_atlas(
                        folder, options, progress=report, problem=complain, hire=hire, read=read
                    )
                leave_states(folder, read)
                _, wrong = build_projections(folder, threads=threads, progress=report, read=read)
                measure_run(folder, threads=threads, progress=report, read=read)
                to_address(run, folder)
    renew_manifest(folder, ("atlas/", "projections/", "measures/"))
    told(folder, as_json)
    stop_at(wrong)


def check(view: str, follow: bool, cluster: str | None, workers: int | None) -> None:
    """Raises BadParameter for options that mean nothing, or not beside each other."""
    if view not in ("normalised", "raw"):
        raise typer.BadParameter(f"{view!r} is neither normalised nor raw", param_hint="--view")
    if (cluster is not None) + (workers is not None) + follow > 1:
        raise typer.BadParameter("give one of --cluster, --workers and --follow")


def told(folder: Path, as_json: bool) -> None:
    """What was built is said."""
    built = open_atlas(folder)
    said = {
        "folder": str(folder / "atlas"),
        "steps": list(built.steps),
        "tokens": len(built.reference),
    }
    say(
        as_json,
        said,
        f"the atlas of {folder.name} is built: {len(built.steps)} steps × {len(built.sites)} sites"
        f" × {said['tokens']:,} tokens",
    )


def agree(cost: str | None, yes: bool) -> None:
    """What takes long is said before it begins, and asked for; raises InputError where nobody can
    be asked.
    """
    if cost is None:
        return
    if yes:
        complain(cost)
    elif not sys.stdin.isatty():
        raise InputError(f"{cost} Say --yes to build it.")
    elif not typer.confirm(spoken(f"{cost} Build it?")):
        raise typer.Exit(1)


@contextmanager
def crew(
    run: str, folder: Path, cluster: str | None, workers: int | None, store: str | None
) -> Iterator[Hire | None]:
    """Who makes states, graphs and scores: a cluster where one was asked for, else nobody but this
    process.
    """
    if cluster is None and workers is None:
        yield None
        return
    from layerfold.build.dask import hired  # distributed: it is not asked of everybody

    with hired(run if is_address(run) else str(folder.resolve()), cluster, workers, store) as hire:
        yield hire


def to_address(run: str, folder: Path) -> None:
    """What was made of a run that is named by an address is there too."""
    if is_address(run):
        send_back(folder, run)
