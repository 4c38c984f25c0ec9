"""The command that tells whether a run's files are whole."""

from __future__ import annotations

from typing import Annotated

import typer

from layerfold.build import check as checking
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
    complain,
    say,
)


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
