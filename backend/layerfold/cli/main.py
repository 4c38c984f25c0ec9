"""The command line. Whatever is heavy is imported inside the command that needs it, so that help
comes at once.

Errors of the tree in errors.py, and those of the file system, are one line on stderr and exit code
1; a command that is misspelt is exit code 2; a program reads `--json`. What a person reads is in
the language of `--lang`, else of the environment.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Annotated

import typer

from layerfold.cli import build as making
from layerfold.cli import get as getting
from layerfold.cli import inspect as telling
from layerfold.cli import manifold, meaning
from layerfold.cli.serve import serve
from layerfold.cli.terminal import fail
from layerfold.data.offered_models import OFFERED
from layerfold.errors import InputError, LayerfoldError
from layerfold.locales.messages import LANGUAGES
from layerfold.runs.storage import is_address
from layerfold.server.child_process import tie

PLAIN = ("--help", "-h", "--version")

app = typer.Typer(
    name="layerfold",
    help=(
        "Watch a transformer fold language. Without a command: serve the bundled runs and open the"
        " page."
    ),
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
        "terminal_width": 100,
    },
)


def main() -> None:
    """Runs the command of this process's arguments and exits with its code."""
    tie()
    try:
        app(args=with_command(with_language(sys.argv[1:])), prog_name="layerfold")
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
    known = {
        command.name or getattr(command.callback, "__name__", "")
        for command in app.registered_commands
    }
    words = arguments[0]
    named = (
        words.startswith("hf:")
        or words in OFFERED
        or is_address(words)
        or Path(words).is_dir()
        or _is_gguf(words)
    )
    if not words.startswith("-") and words not in known and named:
        return ["serve", *arguments]
    return arguments


def _is_gguf(words: str) -> bool:
    return words.endswith(".gguf") and Path(words).is_file()


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"layerfold {version_of('layerfold')}")
        raise typer.Exit


@app.callback()
def root(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    pass


COMMANDS = (
    *(serve, getting.get),
    *(making.train, making.atlas, making.project, making.measure),
    *(meaning.senses, meaning.axes, meaning.probe, manifold.ood, manifold.compress, manifold.path),
    *(manifold.regions, manifold.attack),
    *(telling.place, telling.export, telling.check, telling.verify_model, telling.verify),
    *(telling.bench, telling.version),
)
for command in COMMANDS:
    app.command()(command)


if __name__ == "__main__":
    main()
