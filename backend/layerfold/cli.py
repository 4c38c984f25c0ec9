"""The command line. Whatever is heavy is imported inside the command that needs it, so that help comes at once.

Errors of the tree in errors.py, and those of the file system, are one line on stderr and exit code 1; a command that is
misspelt is exit code 2; a program reads `--json`.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
from collections.abc import Sequence
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Annotated, Any

import typer

from layerfold.errors import InputError, LayerfoldError, NotFound, RunNotFound
from layerfold.terminal import fail, finite_or_none, progress_bar, say, shares, stop_at

PLAIN = ("--help", "-h", "--version")

app = typer.Typer(
    name="layerfold",
    help="Watch a transformer fold language. Without a command: serve the bundled runs and open the page.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100, "terminal_width": 100},
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
Corpora = Annotated[Path | None, typer.Option(help="Folder where gathered text is kept.")]
Threads = Annotated[int | None, typer.Option(min=1, help="Threads to use; all cores without it.")]


def main() -> None:
    """Runs the command of this process's arguments and exits with its code."""
    try:
        app(args=with_command(sys.argv[1:]), prog_name="layerfold")
    except LayerfoldError as error:
        fail(str(error))
    except OSError as error:
        fail(": ".join(str(part) for part in (error.filename, error.strerror or error) if part))


def with_command(arguments: list[str]) -> list[str]:
    """The arguments with ``serve`` put first where a person left it out: nothing given, an option, or a folder."""
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in PLAIN):
        return ["serve", *arguments]
    known = {command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands}
    if not arguments[0].startswith("-") and arguments[0] not in known and Path(arguments[0]).is_dir():
        return ["serve", *arguments]
    return arguments


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"layerfold {version_of('layerfold')}")
        raise typer.Exit


@app.callback()
def root(
    _version: Annotated[bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    pass


@app.command()
def serve(
    runs: Annotated[list[Path] | None, typer.Argument(help="Folders of runs; the bundled runs without one.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 is any. Without it: 8765, or the next free one.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.  [default: 127.0.0.1]")] = None,
    allow_host: Annotated[list[str] | None, typer.Option(help="A further host name that the page may be reached by.")] = None,
    cache: Annotated[Path | None, typer.Option(help="Folder for what can be computed again.")] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error.")] = None,
    browser: Annotated[
        bool | None, typer.Option("--open/--no-browser", help="Open a browser, or not; without either, where there is a screen.")
    ] = None,
) -> None:
    """Serve runs and the page that shows them."""
    from layerfold.settings import Settings

    names = tuple(allow_host) if allow_host else None
    chosen = {"host": host, "port": port, "allowed_hosts": names, "cache": cache, "log_level": log_level}
    settings = Settings.read(os.environ, runs=tuple(runs) if runs else None, **chosen)  # type: ignore[arg-type]
    from layerfold.server.app import serve as serve_until_stopped

    serve_until_stopped(settings, lambda address: announce(address, settings.port, browser))


def announce(address: str, asked: int | None, browser: bool | None) -> None:
    """Says where the page is, and that the usual port was taken if it was; opens a browser where there is one, or where told to."""
    from layerfold.settings import DEFAULT_PORT

    if asked is None and not address.endswith(f":{DEFAULT_PORT}"):
        print(f"Port {DEFAULT_PORT} is in use: the next free one is taken.", flush=True)
    print(f"Layerfold is at {address}  (Ctrl+C stops it)", flush=True)
    if browser or (browser is None and has_screen(os.environ)):
        import webbrowser

        webbrowser.open(address)


def has_screen(environment: Any) -> bool:
    """Whether a browser window can be expected to appear: a person at a terminal, with a screen."""
    if environment.get("CI") or not sys.stdout.isatty():
        return False
    return sys.platform in ("darwin", "win32") or bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


@app.command()
def train(
    recipe: Annotated[str, typer.Argument(help="Name of a recipe that comes with Layerfold, or a TOML file.")],
    out: Annotated[Path, typer.Option(help="Folder of the run; what a broken training left there is taken up.")],
    corpora: Corpora = None,
    threads: Threads = None,
    as_json: Json = False,
) -> None:
    """Train a model and keep its checkpoints; the same command goes on where a broken one stopped."""
    from layerfold.training.recipe import Recipe
    from layerfold.training.trainer import Progress
    from layerfold.training.trainer import train as train_run

    followed = Recipe.load(recipe)

    use_threads(threads)
    with progress_bar(as_json) as move:

        def report(now: Progress) -> None:
            if as_json:
                print(json.dumps({name: finite_or_none(value) for name, value in vars(now).items()}), flush=True)
            note = f"loss {now.loss:.3f} · {now.tokens_per_second:,.0f} tokens/s" if now.step or now.loss == now.loss else ""
            move(now.stage, now.step, now.steps, note)

        run = train_run(followed, out, progress=report, cache=corpora)
    last = str(run.steps[-1])
    tests = {name: values[last] for name, values in run.card["tests"].items() if isinstance(values, dict)}
    said = {"run": run.name, "folder": str(out), "steps": list(run.steps), **tests}
    words = ", ".join(f"{name.replace('_per_', ' a ').replace('_', ' ')} {value:.3f}" for name, value in tests.items())
    say(as_json, said, f"{run.name} is trained: {words}. Next: layerfold atlas {out}")


@app.command()
def atlas(
    run: Annotated[str, typer.Argument(help="Folder of a run, or the name of a bundled one.")],
    tokens: Annotated[int, typer.Option(min=100, help="Reference tokens in the clouds.")] = 4000,
    view: Annotated[str, typer.Option(help="States to lay out: normalised or raw.")] = "normalised",
    neighbors: Annotated[int, typer.Option(min=2, help="Neighbours of a point in the graph.")] = 15,
    min_dist: Annotated[float, typer.Option(min=0.0, help="Least distance of points in the picture.")] = 0.1,
    spread: Annotated[float, typer.Option(min=0.01, help="Scale of the picture's clusters.")] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes.")] = 0,
    corpus: Annotated[
        str | None, typer.Option(help="Folder, file or collection to choose the reference from.  [default: the run's]")
    ] = None,
    corpora: Corpora = None,
    threads: Threads = None,
    as_json: Json = False,
) -> None:
    """Build a run's atlas, aligned clouds at every step and site, and measure it. A broken build goes on where it stopped."""
    if view not in ("normalised", "raw"):
        raise typer.BadParameter(f"{view!r} is neither normalised nor raw", param_hint="--view")
    folder = run_folder(run)
    from layerfold.building import build_run_atlas
    from layerfold.measuring import measure_run
    from layerfold.projecting import build_projections

    use_threads(threads)
    with shares(as_json) as report:
        built = build_run_atlas(
            folder,
            count=tokens,
            view="raw" if view == "raw" else "normalised",
            k=neighbors,
            min_dist=min_dist,
            spread=spread,
            seed=seed,
            threads=threads,
            corpus=corpus,
            corpora=corpora,
            progress=report,
        )
        _, wrong = build_projections(folder, threads=threads, progress=report)
        measure_run(folder, threads=threads, progress=report)
    said = {"folder": str(folder / "atlas"), "steps": list(built.steps), "tokens": len(built.reference)}
    say(
        as_json,
        said,
        f"the atlas of {folder.name} is built: {len(built.steps)} steps × {len(built.sites)} sites × {said['tokens']:,} tokens",
    )
    stop_at(wrong)


@app.command()
def measure(
    run: Annotated[str, typer.Argument(help="Folder of a run, or the name of a bundled one.")],
    measures: Annotated[list[str] | None, typer.Option("--measure", help="A measure to compute anew; all of them without it.")] = None,
    steps: Annotated[str, typer.Option(help="all, last, or training steps separated by commas.")] = "all",
    csv: Annotated[Path | None, typer.Option(help="File to write the numbers to, a line each.")] = None,
    threads: Threads = None,
    as_json: Json = False,
) -> None:
    """Measure the geometry of a run at its steps and sites, keep it in the run and print it. A broken measuring goes on."""
    folder = run_folder(run)
    from layerfold.measuring import measure_run
    from layerfold.report import report_of
    from layerfold.space.atlas import open_atlas

    opened = open_atlas(folder)
    chosen = chosen_steps(steps, opened.steps)
    use_threads(threads)
    with shares(as_json) as report:
        found = measure_run(folder, measures, chosen, threads, report)
    told = report_of(folder.name, opened, found, measures, chosen)
    if csv is not None:
        csv.write_text(told.as_csv(), "utf-8")
    say(as_json, told.as_json(), told.as_text() if csv is None else f"{csv}: {len(told.measures)} measures at {len(chosen)} steps")


@app.command()
def project(
    run: Annotated[str, typer.Argument(help="Folder of a run, or the name of a bundled one.")],
    threads: Threads = None,
    as_json: Json = False,
) -> None:
    """Build the linear pictures of a run that has an atlas: aligned principal components, and the bases it carries, each scored."""
    folder = run_folder(run)
    from layerfold.projecting import build_projections

    use_threads(threads)
    with shares(as_json) as report:
        built, wrong = build_projections(folder, threads=threads, progress=report)
    names = [projection.name for projection in built]
    said = {"folder": str(folder / "projections"), "projections": names, "problems": [str(problem) for problem in wrong]}
    say(as_json, said, f"{folder.name} can be shown by {', '.join(names)}")
    stop_at(wrong)


@app.command()
def place(
    words: Annotated[list[str], typer.Argument(metavar="[RUN] SENTENCE...", help="Sentences; a run's name or folder may stand first.")],
    out: Annotated[Path | None, typer.Option(help="File to write: .json, .csv, .npz or .html.")] = None,
    steps: Annotated[str, typer.Option(help="all, last, or training steps separated by commas.")] = "all",
    projection: Annotated[str, typer.Option(help="umap, pca, or a basis that the run carries.")] = "umap",
    as_json: Json = False,
) -> None:
    """Place sentences in a run's clouds and write their paths to a file."""
    if out is None and not as_json:
        raise typer.BadParameter("give --out FILE, or --json to print", param_hint="--out")
    folder, sentences = run_and_sentences(words)
    from layerfold import export
    from layerfold.pipeline import open_run
    from layerfold.settings import cache_folder

    opened = open_run(folder, cache_folder(os.environ))
    chosen = chosen_steps(steps, opened.steps)
    clouds = opened.picture(projection)
    trajectories = [opened.place(sentence, chosen, projection) for sentence in sentences]
    if out is not None:
        export.write(out, trajectories, clouds, opened.run.name)
    if as_json:
        print(export.as_json(trajectories, clouds, opened.run.name).decode(), end="")
    else:
        print(f"{out}: {len(sentences)} sentence(s) at {len(chosen)} steps of {opened.run.name}")


@app.command()
def check(
    run: Annotated[str, typer.Argument(help="Folder of a run, or the name of a bundled one.")],
    as_json: Json = False,
) -> None:
    """Check every file of a run: hash, shape, and that all numbers are finite. Exit code 1 names what is wrong."""
    folder = run_folder(run)
    from layerfold.check import check_run

    problems = check_run(folder)
    said = {"run": str(folder), "problems": [{"file": problem.file, "what": problem.what} for problem in problems]}
    say(as_json, said, f"{folder}: every file is whole" if not problems else f"{folder}: {len(problems)} problem(s)")
    for problem in problems:
        print(f"layerfold: {problem.file} {problem.what}", file=sys.stderr)
    if problems:
        raise typer.Exit(1)


@app.command()
def verify(
    runs: Annotated[list[str] | None, typer.Argument(metavar="[RUN]...", help="Runs; all bundled ones without a name.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Keep what was found in the run, for the page to show.")] = False,
    threads: Threads = None,
    as_json: Json = False,
) -> None:
    """Compute every published result that a run claims anew from its checkpoints. Exit code 1 when one does not hold."""
    folders = [run_folder(run) for run in runs] if runs else list(served_runs().values())
    from layerfold.claims.verdict import verdict_of
    from layerfold.settings import cache_folder

    use_threads(threads)
    with progress_bar(as_json) as move:

        def report(run: str, stage: str, share: float) -> None:
            if as_json:
                print(json.dumps({"run": run, "stage": stage, "share": round(share, 4)}), flush=True)
            move(f"{run}: {stage}", round(1000 * share), 1000, "")

        verdict = verdict_of(folders, cache_folder(os.environ), write, report)
    say(as_json, verdict.as_json(), verdict.as_text())
    for name, why in verdict.failed.items():
        print("layerfold: " + " ".join(f"{name}: {why}".split()), file=sys.stderr)
    if not verdict.holds:
        raise typer.Exit(1)


@app.command()
def bench(
    names: Annotated[list[str] | None, typer.Argument(help="Benchmarks to run; all of them without a name.")] = None,
    as_json: Json = False,
) -> None:
    """Measure Layerfold beside what one would use instead (from a checkout of the source)."""
    from layerfold.settings import bundled

    root = bundled()
    if not (root / "benchmarks" / "__main__.py").is_file():
        raise NotFound("benchmarks come with the source, not with the installed package: run this in a checkout")
    sys.path.insert(0, str(root))
    sys.argv = ["benchmarks", *(["--json"] if as_json else []), *(names or [])]
    runpy.run_module("benchmarks", run_name="__main__")


@app.command()
def version(as_json: Json = False) -> None:
    """Print the versions that decide the numbers."""
    names = ("layerfold", "torch", "numpy", "tokenizers", "umap-learn", "plotly")
    found = {name: version_of(name) for name in names} | {"python": sys.version.split()[0]}
    say(as_json, found, "\n".join(f"{name} {number}" for name, number in found.items()))


def run_folder(name: str) -> Path:
    """The folder of a run that is named by its path or, for those that are served without a path, by its name.

    Raises RunNotFound.
    """
    if (Path(name) / "run.json").is_file():
        return Path(name)
    found = served_runs()
    if name in found:
        return found[name]
    raise RunNotFound(f"there is no run {name!r}: give a folder that holds run.json, or one of {', '.join(found) or 'none'}")


def served_runs() -> dict[str, Path]:
    """The runs that `layerfold` alone serves, by name."""
    from layerfold.server.catalogue import find_runs
    from layerfold.settings import Settings

    return find_runs(Settings.read(os.environ).runs)


def run_and_sentences(words: Sequence[str]) -> tuple[Path, list[str]]:
    """The run that the first word names and the sentences after it; without such a word, the first run that is served."""
    served = served_runs()
    if len(words) > 1 and (words[0] in served or (Path(words[0]) / "run.json").is_file()):
        return run_folder(words[0]), list(words[1:])
    if not served:
        raise RunNotFound("no run comes with this copy of Layerfold: put the folder of one before the sentence")
    return next(iter(served.values())), list(words)


def chosen_steps(words: str, steps: Sequence[int]) -> tuple[int, ...]:
    """The steps meant by ``all``, ``last`` or a list of numbers; raises InputError."""
    if words in ("all", "last"):
        return tuple(steps if words == "all" else steps[-1:])
    try:
        return tuple(int(word) for word in words.split(","))
    except ValueError:
        raise InputError(f"--steps {words!r} is neither all, last nor numbers separated by commas") from None


def use_threads(count: int | None) -> None:
    """torch works on so many threads."""
    if count is not None:
        import torch

        torch.set_num_threads(count)


if __name__ == "__main__":
    main()
