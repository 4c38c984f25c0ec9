"""The command line. Of all commands, only the one that is asked for is imported, so that help comes
at once.

Errors of the tree in errors.py, and those of the file system, are one line on stderr and exit code
1; a command that is misspelt is exit code 2; a program reads `--json`. What a person reads is in
the language of `--lang`, else of the environment.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.main import get_command

from layerfold.cli.help import told_again
from layerfold.cli.terminal import fail
from layerfold.data.offered_models import OFFERED
from layerfold.errors import InputError, LayerfoldError
from layerfold.locales.messages import LANGUAGES
from layerfold.runs.storage import is_address
from layerfold.server.child_process import tie

PLAIN = ("--help", "-h", "--version")
# Each command with the module of its function, and what help says of it.
COMMANDS: Final = {
    "serve": ("serve", "Serve runs and the page that shows them."),
    "get": ("get", "Fetch a real language model, once, and open it."),
    "train": ("train", "Train a model by a recipe and keep its checkpoints."),
    "atlas": ("atlas", "Build a run's aligned clouds at every step and site, and measure them."),
    "project": ("project", "Build the linear pictures of a run that has an atlas, or its tower."),
    "measure": ("measure", "Measure the geometry of a run at its steps and sites."),
    "senses": ("meaning", "Whether context parts two senses of a word, beside a neutral word."),
    "axes": ("meaning", "Whether word pairs share a direction, beside pairs at random."),
    "probe": (
        "meaning",
        "What a linear probe reads of a label, beside random labels of the words.",
    ),
    "ood": ("manifold", "How well distance, norm and loss tell other text from natural text."),
    "discontinuity": (
        "discontinuity",
        "Where the map from states to places jumps, beside places dealt at random.",
    ),
    "compress": ("manifold", "What a model loses when it is rounded, thinned or cut."),
    "path": ("manifold", "Go from one word's state to another's, every point decoded."),
    "regions": ("manifold", "The regions of a cloud, named by what is over-represented in them."),
    "attack": ("manifold", "Change a token, or move a state, until the prediction gives way."),
    "place": ("place", "Place sentences in a run's clouds and write their paths to a file."),
    "export": (
        "export",
        "Write a run's page as one HTML file that needs no server and no network.",
    ),
    "check": ("check", "Check every file of a run: hash, shape, and that all numbers are finite."),
    "verify-model": (
        "verify_model",
        "Compare what is shown of a model with transformers' own pass.",
    ),
    "verify": ("verify", "Compute anew, from its checkpoints, every result that a run claims."),
    "bench": ("about", "Measure Layerfold beside what one would use instead."),
    "version": ("about", "Print the versions that decide the numbers."),
}


def main() -> None:
    """Runs the command of this process's arguments and exits with its code."""
    tie()
    try:
        arguments = with_command(with_language(sys.argv[1:]))
        told_again(get_command(app_of(arguments[0])))(args=arguments, prog_name="layerfold")
    except LayerfoldError as error:
        fail(str(error))
    except OSError as error:
        fail(": ".join(str(part) for part in (error.filename, error.strerror or error) if part))


def with_language(arguments: list[str]) -> list[str]:
    """The arguments without ``--lang``, which this process and its children now speak; raises
    InputError for a language that is not known.
    """
    kept: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        name, _, value = argument.partition("=")
        if name != "--lang":
            kept.append(argument)
            continue
        language = value or next(rest, "")
        if language not in LANGUAGES:
            raise InputError(f"--lang {language!r} is not spoken here: give {', '.join(LANGUAGES)}")
        os.environ["LAYERFOLD_LANG"] = language
    return kept


def with_command(arguments: list[str]) -> list[str]:
    """The arguments with ``serve`` put first where a person left it out: nothing given, an option,
    a folder, hf:… or s3://…
    """
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in PLAIN):
        return ["serve", *arguments]
    words = arguments[0]
    named = (
        words.startswith("hf:")
        or words in OFFERED
        or is_address(words)
        or Path(words).is_dir()
        or _is_gguf(words)
    )
    if not words.startswith("-") and words not in COMMANDS and named:
        return ["serve", *arguments]
    return arguments


def _is_gguf(words: str) -> bool:
    return words.endswith(".gguf") and Path(words).is_file()


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"layerfold {version_of('layerfold')}")
        raise typer.Exit


def root(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Watch a transformer fold language. Without a command: serve the bundled runs and open the
    page.
    """


def app_of(wanted: str) -> typer.Typer:
    """The program with the command that is wanted; of the others it knows what help says."""
    app = typer.Typer(
        name="layerfold",
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={
            "help_option_names": ["-h", "--help"],
            "max_content_width": 100,
            "terminal_width": 100,
        },
    )
    app.callback()(root)
    for name, (module, words) in COMMANDS.items():
        called = _command(name, module) if name == wanted else _unread
        app.command(name, short_help=words)(called)
    return app


def _command(name: str, module: str) -> Callable[..., Any]:
    command: Callable[..., Any] = getattr(
        import_module(f"layerfold.cli.{module}"), name.replace("-", "_")
    )
    return command


def _unread() -> None:
    """A command that nobody asked for."""


if __name__ == "__main__":
    main()
