"""The command that serves runs and the page that shows them, and says where it is."""

from __future__ import annotations

import os
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from layerfold.cli.options import Device, Dtype, Pickle
from layerfold.cli.resolve import Opening, opened_runs
from layerfold.cli.terminal import spoken
from layerfold.server.app import serve as serve_until_stopped
from layerfold.settings import DEFAULT_PORT, Flags, Settings

NO_RUNS = (
    "layerfold: no runs are installed beside it: pip install layerfold-models"
    " layerfold-storyteller, or name the folder of a run"
)

Runs = Annotated[
    list[str] | None,
    typer.Argument(
        help=(
            "Folders or addresses (s3://…) of runs, folders of Hugging Face models or their"
            " Trainers, or hf:…; else the bundled runs."
        )
    ),
]
Port = Annotated[
    int | None, typer.Option(help="Port; 0 is any. Without it: 8765, or the next free one.")
]
Host = Annotated[str | None, typer.Option(help="Address to listen on.  [default: 127.0.0.1]")]
AllowHost = Annotated[
    list[str] | None,
    typer.Option(
        help=(
            "A further name the page is reached by: NAME, *.example.org, https://NAME, NAME:8443."
        )
    ),
]
TrustProxy = Annotated[
    list[str] | None,
    typer.Option(
        help="A proxy whose X-Forwarded headers are believed.  [default: of this machine]"
    ),
]
RootPath = Annotated[
    str | None,
    typer.Option(help="Path that a proxy puts before the page, as in /user/me/proxy/8765."),
]
Cache = Annotated[Path | None, typer.Option(help="Folder for what can be computed again.")]
LogLevel = Annotated[str | None, typer.Option(help="debug, info, warning or error.")]
Build = Annotated[
    bool | None,
    typer.Option(
        "--build/--no-build",
        help="Make clouds of runs that lack them, or not.  [default: build]",
    ),
]
Lab = Annotated[Path | None, typer.Option(help="Folder for trainings that are begun in the page.")]
Browser = Annotated[
    bool | None,
    typer.Option(
        "--open/--no-browser",
        help="Open a browser, or not; without either, where there is a screen.",
    ),
]


def serve(
    runs: Runs = None,
    port: Port = None,
    host: Host = None,
    allow_host: AllowHost = None,
    trust_proxy: TrustProxy = None,
    root_path: RootPath = None,
    cache: Cache = None,
    log_level: LogLevel = None,
    dtype: Dtype = None,
    device: Device = None,
    allow_pickle: Pickle = False,
    build: Build = None,
    lab: Lab = None,
    browser: Browser = None,
) -> None:
    """Serve runs and the page that shows them."""
    flags = Flags(
        runs=tuple(map(Path, runs)) if runs else None,
        host=host,
        port=port,
        allowed_hosts=tuple(allow_host) if allow_host else None,
        trusted_proxies=tuple(trust_proxy) if trust_proxy else None,
        root_path=root_path,
        cache=cache,
        log_level=log_level,
        build=build,
        lab=lab,
    )
    settings = Settings.read(os.environ, flags)
    settings = replace(
        settings,
        runs=opened_runs(settings.runs, Opening(dtype, device, allow_pickle), settings.cache),
    )
    if not settings.runs:
        print(spoken(NO_RUNS), file=sys.stderr, flush=True)
    serve_until_stopped(settings, lambda address: announce(address, settings.port, browser))
    leave()


def leave() -> None:
    """Ends this process at once where a worker is still at work, as in the middle of importing
    torch: the interpreter would abort when that thread comes back to it.
    """
    if any(thread.name.startswith("job-") for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def announce(address: str, asked: int | None, browser: bool | None) -> None:
    """Says where the page is, and that the usual port was taken if it was; opens a browser where
    there is one, or where told to.
    """
    if asked is None and not address.endswith(f":{DEFAULT_PORT}"):
        print(spoken(f"Port {DEFAULT_PORT} is in use: the next free one is taken."), flush=True)
    print(spoken(f"Layerfold is at {address}  (Ctrl+C stops it)"), flush=True)
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
