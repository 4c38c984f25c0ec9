"""The server as one ASGI application, and the call that runs it."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Annotated, Final

import uvicorn
from fastapi import APIRouter, FastAPI, Query, Request
from starlette.middleware.gzip import GZipMiddleware
from starlette.websockets import WebSocket

from layerfold.interp.axis_projection import open_session
from layerfold.interp.session import Session, shared_spaces, states_cache
from layerfold.server.catalog import Catalog, find_runs
from layerfold.server.error_answers import answer_errors
from layerfold.server.hosts import ANY_ADDRESS, Allowed, known_hosts, trusted_proxies
from layerfold.server.jobs import Jobs
from layerfold.server.lab import Lab
from layerfold.server.lab_routes import create_lab_routes
from layerfold.server.offer_routes import create_offer_routes
from layerfold.server.offers import Offers
from layerfold.server.page import serve_page
from layerfold.server.processes import ProcessPool
from layerfold.server.protocol.http import Limits, Reach
from layerfold.server.protocol.messages import MESSAGE_BYTES
from layerfold.server.proxy import Proxies, root_path_of
from layerfold.server.routes import FOREIGN, INVALID, create_routes
from layerfold.server.security import Guard, accept, reach
from layerfold.server.sockets import Sockets
from layerfold.server.standalone_routes import create_standalone_routes
from layerfold.server.typed import Pace
from layerfold.server.warm_up import use_one_thread, warm_up
from layerfold.server.watch import FOLLOWERS, Watch
from layerfold.server.ws import TRY_AGAIN, Connection
from layerfold.settings import Settings, cache_folder, listen

CHARACTERS: Final = 20_000
TOKENS: Final = 128
SENTENCES: Final = 16
LIMITS: Final = Limits(
    characters=CHARACTERS, tokens=TOKENS, message_bytes=MESSAGE_BYTES, sentences=SENTENCES
)
CONNECTIONS: Final = 1024  # an idle page takes less than 100 kB
WORKERS: Final = 2
# seconds one thread keeps the interpreter from another that waits: a pass is a hundred short calls
# that let go of it, and after each of them the socket's thread had it for Python's own 5 ms
TURN: Final = 0.0005
DESCRIPTION: Final = (
    "Runs, clouds and tables over HTTP; sentences over the WebSocket /api/stream (see its JSON"
    " Schema)."
)
NO_MODELS: Final = "Models are fetched on its own machine alone: layerfold get smollm2."
Life = Callable[[FastAPI], AbstractAsyncContextManager[None]]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Services:
    """What works beside the answers, in processes of its own: a ``watch``, from which pages hear of
    runs that come, go and grow; the ``lab`` of trainings, and ``offers`` of models to fetch, closed
    ones where there are none.
    """

    watch: Watch | None = None
    lab: Lab | None = None
    offers: Offers | None = None


def create_app(
    catalog: Catalog,
    settings: Settings,
    *,
    jobs: Jobs | None = None,
    services: Services | None = None,
    warm: bool = False,
    patience: float = 10.0,
    pace: Pace | None = None,
) -> FastAPI:
    """The application: page, HTTP answers and stream; with ``warm``, the default run's steps are
    made ready in the background.

    A page that takes nothing for ``patience`` seconds is dropped; ``pace`` is that of typed
    sentences.
    """
    work, services = jobs or Jobs(WORKERS), services or Services()
    connections: set[Connection] = set()
    app = _application(_life(catalog, work, services, connections, warm))
    hosts = known_hosts(settings.host, settings.allowed_hosts)
    _guard(app, hosts, settings)
    app.state.connections = connections
    answer_errors(app)
    for router in _routers(catalog, work, services, settings.frontend, connections):
        app.include_router(router)
    _add_stream(
        app,
        hosts,
        connections,
        lambda socket: Connection(socket, catalog, work, LIMITS, app.version, patience, pace),
    )
    serve_page(app, settings.frontend)
    return app


def _application(life: Life) -> FastAPI:
    """The application without a route."""
    return FastAPI(
        title="Layerfold",
        version=installed_version(),
        description=DESCRIPTION,
        openapi_url="/api/openapi.json",
        docs_url=None,  # the stock pages load scripts from elsewhere
        redoc_url=None,
        lifespan=life,
        max_body_size=MESSAGE_BYTES,
    )


def _guard(app: FastAPI, hosts: Sequence[Allowed], settings: Settings) -> None:
    """Answers are small, and given to pages of these hosts alone."""
    app.add_middleware(
        GZipMiddleware,
        minimum_size=1024,
        compresslevel=5,
        exclude_content_types=("application/octet-stream", "image/*"),
    )
    app.add_middleware(
        Guard,
        hosts=hosts,
        proxies=Proxies(
            trusted_proxies(settings.trusted_proxies), root_path_of(settings.root_path)
        ),
    )


def _routers(
    catalog: Catalog, work: Jobs, services: Services, page: Path, connections: set[Connection]
) -> Iterator[APIRouter]:
    """Every HTTP route but the page's own; the page as built lies in the folder ``page``."""
    lab = services.lab or Lab(None)
    offers = services.offers or Offers(Path(), catalog.add, closed=NO_MODELS)
    limits = _limits_of(LIMITS)
    yield create_routes(catalog, work, limits, installed_version(), services.watch)
    yield create_standalone_routes(catalog, work, limits, page)
    yield create_lab_routes(lab, lambda run: announce(connections, (run,), jobs=True))
    yield create_offer_routes(offers)


def _life(
    catalog: Catalog,
    work: Jobs,
    services: Services,
    connections: set[Connection],
    warm: bool,
) -> Life:
    """What works as long as the application does."""
    lab, watch = services.lab, services.watch

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        work.open()  # an application may be started again
        tasks = [asyncio.create_task(warm_up(catalog, work))] if warm else []
        tasks += (
            [asyncio.create_task(watch.run(lambda runs: announce(connections, runs)))]
            if watch
            else []
        )
        tasks += [asyncio.create_task(_keep_lab(lab, connections))] if lab else []
        yield
        for task in tasks:
            task.cancel()
        await asyncio.to_thread(work.close)
        for one in (lab, services.offers):
            if one:
                await asyncio.to_thread(one.close)
        if watch:
            await asyncio.to_thread(watch.close)

    return lifespan


async def _keep_lab(lab: Lab, connections: set[Connection]) -> None:
    """Once a second it is known what has become of each training, and pages hear what is new."""
    while True:
        await asyncio.sleep(1.0)
        try:
            changed, turned = await asyncio.to_thread(lab.look)
        except Exception:
            log.exception("looking at the trainings failed")
            continue
        if changed or turned:
            announce(connections, sorted(turned), jobs=changed)


def _add_stream(
    app: FastAPI,
    hosts: Sequence[Allowed],
    connections: set[Connection],
    connect: Callable[[WebSocket], Connection],
) -> None:
    """The WebSocket of pages; ``connections`` holds those that are open. A page that gets none can
    ask why.
    """

    @app.get("/api/reach", responses={**FOREIGN, **INVALID})
    def get_reach(request: Request, origin: Annotated[str, Query(max_length=300)]) -> Reach:
        """Whether the socket is open to a page of this origin (its `location.origin`), and what to
        set where it is not.
        """
        return reach(request.headers, hosts, origin)

    @app.websocket("/api/stream")
    async def stream(socket: WebSocket) -> None:
        if not await accept(socket, hosts):
            return
        if len(connections) >= CONNECTIONS:
            await socket.close(
                TRY_AGAIN, f"{CONNECTIONS} pages are connected, the most this server serves"
            )
            return
        connection = connect(socket)
        connections.add(connection)
        try:
            await connection.run()
        finally:
            connections.discard(connection)


def announce(
    connections: Iterable[Connection], runs: Iterable[str] = (), jobs: bool = False
) -> None:
    """Every page will hear that these runs, or the jobs of the lab, have changed."""
    named = tuple(runs)
    for connection in tuple(connections):
        connection.note(named, jobs)


def serve(settings: Settings, ready: Callable[[str], None] = print) -> None:
    """Serves until interrupted; ``ready`` gets the address once the server listens.

    Raises PortInUse, RunNotFound for a folder without runs, InputError for a host that is not ours.
    """
    sys.setswitchinterval(TURN)
    runs = find_runs(settings.runs)
    listening = listen(settings.host, settings.port)
    spaces = shared_spaces(begin=use_one_thread)
    # one for all: what is kept in memory outlives a run's being opened again
    states = states_cache(settings.cache)
    lab = opened_lab(settings)
    sources = (*settings.runs, *((lab.folder,) if lab.folder else ()))
    catalog = Catalog(runs, lambda folder: open_session(folder, states, spaces), sources)
    offers = opened_offers(settings, catalog)
    services = Services(watched(catalog, settings), lab, offers)
    app = create_app(catalog, settings, services=services, warm=True)
    ready(address(settings.host, listening.getsockname()[1]))
    try:
        uvicorn.Server(configured(app, settings.log_level)).run(sockets=[listening])
    except KeyboardInterrupt:
        log.info("stopped")
    finally:
        listening.close()


def opened_lab(settings: Settings) -> Lab:
    """The lab in its folder; closed where others than this machine's own are served and none was
    named.
    """
    if settings.lab is None:
        return Lab(
            None,
            closed=(
                f"This server listens on {settings.host}, where others could train too. Start it"
                " with --lab FOLDER to allow it."
            ),
        )
    try:
        settings.lab.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return Lab(
            None,
            closed=(
                f"The folder {settings.lab} cannot be made ({error.strerror}). Name another with"
                " --lab."
            ),
        )
    return Lab(settings.lab)


def opened_offers(settings: Settings, catalog: Catalog) -> Offers:
    """The models that the page can fetch; none where others than this machine's own are served and
    no lab was named.
    """
    closed = "" if settings.lab else f"This server listens on {settings.host}. {NO_MODELS}"
    return Offers(settings.cache or cache_folder(os.environ), catalog.add, closed=closed)


def watched(catalog: Catalog, settings: Settings) -> Watch:
    """The watch over the runs; with followers for those that lack clouds, unless a person wants
    none.
    """
    logs = (settings.cache or Path(tempfile.gettempdir()) / "layerfold") / "logs"
    return Watch(catalog, ProcessPool(FOLLOWERS) if settings.build else None, logs)


def configured(app: FastAPI, log_level: str = "warning") -> uvicorn.Config:
    """How uvicorn is to run the application: messages bounded, no compression that a small message
    could blow up.
    """
    return uvicorn.Config(
        app,
        log_level=log_level,
        access_log=log_level == "debug",
        ws=Sockets,
        ws_max_size=MESSAGE_BYTES,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=5,
        server_header=False,
        proxy_headers=False,  # the guard reads them, and needs to know who said them
    )


def address(host: str, port: int) -> str:
    """Where a browser on this machine finds the server."""
    name = "127.0.0.1" if host in ANY_ADDRESS else host
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def installed_version() -> str:
    """The version of the installed package."""
    try:
        return version_of("layerfold")
    except PackageNotFoundError:
        return "0"


def _limits_of(limits: Limits) -> Callable[[Session], Limits]:
    return lambda run: limits.model_copy(update={"tokens": min(limits.tokens, run.max_tokens)})
