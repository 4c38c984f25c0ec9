"""The command line. Whatever is heavy is imported inside the command that needs it, so that help
comes at once.

Errors of the tree in errors.py, and those of the file system, are one line on stderr and exit code
1; a command that is misspelt is exit code 2; a program reads `--json`.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Annotated, Any

import typer

from layerfold.cli import build as making
from layerfold.cli import inspect as telling
from layerfold.cli import meaning
from layerfold.cli.options import Device, Dtype, Pickle
from layerfold.cli.resolve import Opening, opened_runs
from layerfold.cli.terminal import fail
from layerfold.errors import LayerfoldError
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
        app(args=with_command(sys.argv[1:]), prog_name="layerfold")
    except LayerfoldError as error:
        fail(str(error))
    except OSError as error:
        fail(": ".join(str(part) for part in (error.filename, error.strerror or error) if part))


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
    if (
        not words.startswith("-")
        and words not in known
        and (
            words.startswith("hf:") or is_address(words) or Path(words).is_dir() or _is_gguf(words)
        )
    ):
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


@app.command()
def serve(
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            help=(
                "Folders or addresses (s3://…) of runs, folders of Hugging Face models or their"
                " Trainers, or hf:…; else the bundled runs."
            )
        ),
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port; 0 is any. Without it: 8765, or the next free one.")
    ] = None,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on.  [default: 127.0.0.1]")
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            help=(
                "A further name the page is reached by: NAME, *.example.org, https://NAME,"
                " NAME:8443."
            )
        ),
    ] = None,
    trust_proxy: Annotated[
        list[str] | None,
        typer.Option(
            help="A proxy whose X-Forwarded headers are believed.  [default: of this machine]"
        ),
    ] = None,
    root_path: Annotated[
        str | None,
        typer.Option(help="Path that a proxy puts before the page, as in /user/me/proxy/8765."),
    ] = None,
    cache: Annotated[
        Path | None, typer.Option(help="Folder for what can be computed again.")
    ] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error.")] = None,
    dtype: Dtype = None,
    device: Device = None,
    allow_pickle: Pickle = False,
    build: Annotated[
        bool | None,
        typer.Option(
            "--build/--no-build",
            help="Make clouds of runs that lack them, or not.  [default: build]",
        ),
    ] = None,
    lab: Annotated[
        Path | None, typer.Option(help="Folder for trainings that are begun in the page.")
    ] = None,
    browser: Annotated[
        bool | None,
        typer.Option(
            "--open/--no-browser",
            help="Open a browser, or not; without either, where there is a screen.",
        ),
    ] = None,
) -> None:
    """Serve runs and the page that shows them."""
    from layerfold.settings import Settings

    names = tuple(allow_host) if allow_host else None
    proxies = tuple(trust_proxy) if trust_proxy else None
    behind = {"trusted_proxies": proxies, "root_path": root_path}
    chosen = {
        **behind,
        "host": host,
        "port": port,
        "allowed_hosts": names,
        "cache": cache,
        "log_level": log_level,
        "build": build,
        "lab": lab,
    }
    settings = Settings.read(os.environ, runs=tuple(map(Path, runs)) if runs else None, **chosen)  # type: ignore[arg-type]
    settings = replace(
        settings,
        runs=opened_runs(settings.runs, Opening(dtype, device, allow_pickle), settings.cache),
    )
    from layerfold.server.app import serve as serve_until_stopped

    serve_until_stopped(settings, lambda address: announce(address, settings.port, browser))


def announce(address: str, asked: int | None, browser: bool | None) -> None:
    """Says where the page is, and that the usual port was taken if it was; opens a browser where
    there is one, or where told to.
    """
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
    return sys.platform in ("darwin", "win32") or bool(
        environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")
    )


COMMANDS = (
    *(making.train, making.atlas, making.project, making.measure),
    *(meaning.senses, meaning.axes, meaning.probe, meaning.ood, meaning.compress, meaning.path),
    *(telling.place, telling.export, telling.check, telling.verify, telling.bench, telling.version),
)
for command in COMMANDS:
    app.command()(command)


if __name__ == "__main__":
    main()
