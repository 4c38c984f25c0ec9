"""A server with made-up runs: in this process for HTTP, on a port of its own for the stream."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI

from layerfold.errors import DamagedRun
from layerfold.server.app import configured, create_app
from layerfold.server.catalog import Catalog
from layerfold.server.jobs import Jobs
from layerfold.server.lab import Lab
from layerfold.settings import Settings, listen
from tests.server.fakes import FakeRun
from tests.server.made_lab import workshop
from tests.server.page import Page

Start = Callable[..., "Live"]


class Live:
    """A running server and how to talk to it."""

    def __init__(self, app: FastAPI, port: int, jobs: Jobs) -> None:
        self.app = app
        self.port = port
        self.jobs = jobs

    def page(self, **options: Any) -> Page:
        """A connection that has heard hello."""
        return Page(self.port, **options)


def application(
    *runs: FakeRun,
    frontend: Path = Path("/nowhere"),
    jobs: Jobs | None = None,
    hosts: tuple[str, ...] = (),
    **options: Any,
) -> FastAPI:
    """The app over made-up runs and one that is damaged."""
    known = {run.name: run for run in runs}

    def opener(folder: Path) -> object:
        if folder.name not in known:
            raise DamagedRun(f"{folder.name}/run.json cannot be read: restore it.")
        return known[folder.name]

    names = [*known, "damaged"]
    catalog = Catalog({name: Path(name) for name in names}, opener)  # type: ignore[arg-type]
    settings = Settings(runs=(), frontend=frontend, allowed_hosts=hosts)
    return create_app(catalog, settings, jobs=jobs, **options)


@contextmanager
def running(app: FastAPI, jobs: Jobs) -> Iterator[Live]:
    """The app on a free port, closed at the end."""
    listening = listen("127.0.0.1", 0)
    server = uvicorn.Server(configured(app))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started:
        time.sleep(0.005)
    try:
        yield Live(app, listening.getsockname()[1], jobs)
    finally:
        server.should_exit = True
        thread.join(120)
        listening.close()
        assert not thread.is_alive(), "the server did not stop"


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts servers over given runs; all are stopped at the end."""
    with ExitStack() as stack:

        def start_one(
            *runs: FakeRun, workers: int = 2, waiting: int = 1024, **options: Any
        ) -> Live:
            jobs = Jobs(workers, waiting)
            return stack.enter_context(running(application(*runs, jobs=jobs, **options), jobs))

        yield start_one


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """A lab whose trainer is made up, closed at the end."""
    made = Lab(tmp_path / "lab", workshop())
    yield made
    made.close()
