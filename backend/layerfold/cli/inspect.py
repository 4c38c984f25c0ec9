"""The commands that tell something of runs: where sentences lie, whether files are whole, whether
claims hold; and of this program.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
from importlib.metadata import version as version_of
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from layerfold.cli.options import RUN, Device, Dtype, Json, Pickle, Threads
from layerfold.cli.resolve import (
    Opening,
    chosen_steps,
    run_and_sentences,
    run_folder,
    served_runs,
    use_threads,
)
from layerfold.cli.terminal import complain, progress_bar, say, shares, spoken
from layerfold.errors import NotFound
from layerfold.settings import cache_folder

if TYPE_CHECKING:
    from layerfold.claims.seed.report import SeedVerdicts

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
    from layerfold.api import export
    from layerfold.interp.session import open_session

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
    from layerfold.files.atomic import write_atomically
    from layerfold.interp.session import open_session
    from layerfold.server.app import LIMITS
    from layerfold.server.standalone import Wish, write_page
    from layerfold.settings import Settings, cache_folder

    page = Settings.read(os.environ).frontend
    opened = open_session(folder, cache_folder(os.environ))
    limits = LIMITS.model_copy(update={"tokens": min(LIMITS.tokens, opened.max_tokens)})
    wish = Wish(tuple(sentences), projection=projection)
    with shares(as_json) as report:
        made = write_page(opened, opened.run.name, wish, page, limits, report)
    write_atomically(out, made)
    said = {"file": str(out), "bytes": len(made)}
    say(as_json, said, f"{out}: the page of {opened.run.name}, {len(made) / 1e6:.1f} MB")


def check(
    run: Annotated[str, typer.Argument(help=RUN)],
    dtype: Dtype = None,
    device: Device = None,
    allow_pickle: Pickle = False,
    accept: Annotated[
        bool,
        typer.Option(
            "--accept",
            help=(
                "Take the cards as they are, though changed by hand, and write down every file's"
                " hash."
            ),
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Check every file of a run: hash, shape, and that all numbers are finite. Exit code 1 names
    what is wrong.
    """
    folder = run_folder(run, Opening(dtype, device, allow_pickle))
    from layerfold.build import check as checking

    changed = checking.accept(folder) if accept else []
    problems, notes = checking.check_run(folder), checking.notes_of(folder)
    said = {
        "run": str(folder),
        "problems": [{"file": problem.file, "what": problem.what} for problem in problems],
        "notes": notes,
        "accepted": changed,
    }
    lines = [
        (
            f"{folder}: every file is whole"
            if not problems
            else f"{folder}: {len(problems)} problem(s)"
        )
    ]
    lines += [f"accepted as it is now: {name}" for name in changed]
    say(as_json, said, "\n".join([*lines, *(f"note: {note}" for note in notes)]))
    for problem in problems:
        complain(f"{problem.file} {problem.what}")
    if problems:
        raise typer.Exit(1)


def verify_model(
    model: Annotated[
        str,
        typer.Argument(
            help="A Hugging Face model's folder, checkpoint, GGUF file, or hf:ORG/MODEL@REVISION."
        ),
    ],
    dtype: Dtype = None,
    device: Device = None,
    allow_pickle: Pickle = False,
    as_json: Json = False,
) -> None:
    """Compare what is shown of a model with transformers' own pass, site by site. Exit code 1 where
    the two differ.
    """
    from layerfold.training.hub_report import report_of_words

    report = report_of_words(model, dtype or "float32", device or "cpu", allow_pickle)
    say(as_json, report.as_json(), report.as_text())
    if not report.right:
        raise typer.Exit(1)


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
    from layerfold.claims.verdict import verdict_of

    use_threads(threads)
    with progress_bar(as_json) as move:

        def report(run: str, stage: str, share: float) -> None:
            if as_json:
                print(
                    json.dumps({"run": run, "stage": stage, "share": round(share, 4)}), flush=True
                )
            move(f"{run}: {stage}", round(1000 * share), 1000, "")

        if seed:
            from layerfold.claims.seed.report import seed_of

            told(seed_of(folders, cache_folder(os.environ), write, report), as_json)
            return
        if also:
            from layerfold.claims.seeds import compare_seeds
            from layerfold.interp.session import open_session

            opened = open_session(folders[0], cache_folder(os.environ))
            compare_seeds(opened, also, lambda stage, share: report("other seeds", stage, share))
        verdict = verdict_of(folders, cache_folder(os.environ), write, report)
    say(as_json, verdict.as_json(), verdict.as_text())
    for name, why in verdict.failed.items():
        complain(f"{name}: {why}")
    if not verdict.holds:
        raise typer.Exit(1)


def told(found: SeedVerdicts, as_json: bool) -> None:
    """What became of the seed's claims is printed. Exit code 1 when a run cannot be read."""
    say(as_json, found.as_json(), found.as_text())
    for name, why in found.failed.items():
        complain(f"{name}: {why}")
    if found.failed:
        raise typer.Exit(1)


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
    from layerfold.settings import bundled

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
