"""The commands that make something: a trained run, its atlas, its measures, its linear pictures."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

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
from layerfold.cli.resolve import Opening, chosen_steps, run_folder, use_threads
from layerfold.cli.terminal import (
    asked_to_stop,
    complain,
    finite_or_none,
    progress_bar,
    say,
    shares,
    spoken,
    stop_at,
    tell,
)
from layerfold.errors import InputError
from layerfold.runs.storage import is_address

if TYPE_CHECKING:
    from layerfold.build.run_atlas import Hire


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
    from layerfold.training.recipe import Recipe
    from layerfold.training.trainer import Progress
    from layerfold.training.trainer import train as train_run

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


def atlas(
    run: Annotated[str, typer.Argument(help=RUN)],
    tokens: Annotated[int, typer.Option(min=100, help="Reference tokens in the clouds.")] = 4000,
    view: Annotated[str, typer.Option(help="States to lay out: normalised or raw.")] = "normalised",
    neighbors: Annotated[int, typer.Option(min=2, help="Neighbours of a point in the graph.")] = 15,
    min_dist: Annotated[
        float, typer.Option(min=0.0, help="Least distance of points in the picture.")
    ] = 0.1,
    spread: Annotated[float, typer.Option(min=0.01, help="Scale of the picture's clusters.")] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes.")] = 0,
    corpus: Annotated[
        str | None,
        typer.Option(
            help=(
                "Text behind the picture: file, folder, collection, or hf:DATASET.  [default: the"
                " run's, or English]"
            )
        ),
    ] = None,
    column: Annotated[
        str | None, typer.Option(help="Column of a table that holds the text.")
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(help="Column of a table to colour tokens by; may be given again."),
    ] = None,
    delimiter: Annotated[
        str | None,
        typer.Option(
            help="Between a table's cells: a character, or tab, semicolon …  [default: found out]"
        ),
    ] = None,
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
    if view not in ("normalised", "raw"):
        raise typer.BadParameter(f"{view!r} is neither normalised nor raw", param_hint="--view")
    if (cluster is not None) + (workers is not None) + follow > 1:
        raise typer.BadParameter("give one of --cluster, --workers and --follow")
    folder = run_folder(run, Opening(dtype, device, allow_pickle))
    from layerfold.atlas.files import open_atlas
    from layerfold.build.live import follow_run, followed
    from layerfold.build.metrics import measure_run
    from layerfold.build.projections import build_projections
    from layerfold.build.run_atlas import build_run_atlas, cost_of_run
    from layerfold.runs.manifest import renew_manifest

    agree(cost_of_run(folder, tokens), yes)
    use_threads(threads)
    layout: dict[str, Any] = {
        "view": view,
        "k": neighbors,
        "min_dist": min_dist,
        "spread": spread,
        "seed": seed,
    }
    text: dict[str, Any] = {
        "count": tokens,
        "corpus": corpus,
        "column": column,
        "labels": label or (),
        "delimiter": delimiter,
    }
    text["corpora"] = corpora
    wrong: Sequence[object] = ()
    with shares(as_json) as report:
        if follow:
            follow_run(folder, report, complain, threads=threads, **layout, **text)
        else:
            with followed(folder):  # a server may be at the same run
                with crew(run, folder, cluster, workers, store) as hire:
                    build_run_atlas(
                        folder,
                        threads=threads,
                        progress=report,
                        problem=complain,
                        hire=hire,
                        **layout,
                        **text,
                    )
                _, wrong = build_projections(folder, threads=threads, progress=report)
                measure_run(folder, threads=threads, progress=report)
                to_address(run, folder)
    renew_manifest(folder, ("atlas/", "projections/", "measures/"))
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
    stop_at(wrong)


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
    from layerfold.build.dask import hired

    with hired(run if is_address(run) else str(folder.resolve()), cluster, workers, store) as hire:
        yield hire


def to_address(run: str, folder: Path) -> None:
    """What was made of a run that is named by an address is there too."""
    if is_address(run):
        from layerfold.runs.remote import send_back

        send_back(folder, run)


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
    from layerfold.atlas.files import open_atlas
    from layerfold.build.metrics import measure_run
    from layerfold.metrics.report import report_of
    from layerfold.runs.manifest import renew_manifest

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
    from layerfold.build.projections import build_projections
    from layerfold.runs.manifest import renew_manifest

    use_threads(threads)
    if sheets:
        from layerfold.build.plane import build_plane

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
