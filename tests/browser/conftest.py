"""A real server in a process of its own and a real browser, for the journeys of the page."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hatch_build import build_page
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from tests.browser.pages import ELSEWHERE, Pages

ROOT = Path(__file__).resolve().parents[2]
# the code of this checkout, whichever is installed
HERE = os.pathsep.join([str(ROOT / "backend"), str(ROOT)])
BUNDLED = ROOT / "models" / "storyteller"
MODULAR = ROOT / "models" / "modular-addition"
FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    # WebGL alone is drawn by the software GPU: text and boxes are painted, and put together with
    # it, without.
    "--disable-gpu-rasterization",
    "--disable-gpu-compositing",
)
PATIENCE = 300_000  # the first sentence of a run reads its reference at every step
STARTING = 600  # seconds; a server that makes its runs first, on a busy machine
# Every caption there was, with the step it came at: a busy machine can look up too late to see one.
CAPTIONS = """
window.captions = [];
new MutationObserver(() => {
  const words = document.getElementById("caption")?.textContent ?? "";
  if (words && words !== window.captions.at(-1)?.words) window.captions.push({ words,
    step: window.layerfold?.store.get().step });
}).observe(document, { subtree: true, childList: true, characterData: true });
"""
# Somebody who has been here before, with every tool unfolded.
UNFOLDED = "localStorage.setItem('layerfold.unfolded', 'tools sentences strip scene')"


class Served:
    """A server on a fixed port that can be stopped and started again."""

    def __init__(self, command: Callable[[int], list[str]], log: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._command = command(self.port)
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """The server answers; what is trained in its page lies beside its log."""
        trained = str(self._log.parent / "data")
        environment = {**os.environ, "PYTHONPATH": HERE, "XDG_DATA_HOME": trained}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=ROOT, env=environment, stdout=log, stderr=log
            )
        end = time.monotonic() + STARTING
        while self._process.poll() is None and time.monotonic() < end:
            try:
                urllib.request.urlopen(f"{self.origin}/api/health", timeout=5).close()
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
            else:
                return
        self.stop()
        raise RuntimeError(f"the server did not start:\n{self._log.read_text()[-2000:]}")

    def stop(self) -> None:
        """The server is gone, as after a crash."""
        if self._process:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def json(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.origin}{path}", timeout=60) as answer:
            return json.load(answer)


def serve_bundled(port: int) -> list[str]:
    return [
        sys.executable,
        "-m",
        "layerfold.cli.main",
        "serve",
        str(BUNDLED),
        "--no-browser",
        "--port",
        str(port),
    ]


def serve_made_up(port: int) -> list[str]:
    return [sys.executable, "-m", "tests.browser.made_up", str(port)]


def serve_shapes(committed: bool) -> Callable[[int], list[str]]:
    """The program with the storyteller and the known shapes beside it, else the same server with
    made-up ones.
    """
    runs = [str(ROOT / "models" / name) for name in ("storyteller", "modular-addition")]
    own = [sys.executable, "-m", "layerfold.cli.main", "serve", *runs, "--no-browser", "--port"]
    return lambda port: [*own, str(port)] if committed else [*serve_made_up(port), "shapes"]


@pytest.fixture(scope="session", autouse=True)
def _page() -> None:
    """What is served is built from the sources as they are."""
    build_page()


@pytest.fixture(scope="package")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The server with a made-up run, small, for journeys that ask nothing of a model."""
    server = Served(serve_made_up, tmp_path_factory.mktemp("server") / "log")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="package")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The program with the bundled run; from a checkout that lacks it, the same server with a
    made-up one.
    """
    whole = (BUNDLED / "atlas" / "atlas.json").exists() and os.environ.get(
        "LAYERFOLD_TEST_RUN"
    ) != "made-up"
    server = Served(
        serve_bundled if whole else serve_made_up, tmp_path_factory.mktemp("bundled") / "log"
    )
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="package")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The program with the storyteller and the known shapes: the committed runs, else made-up
    ones.
    """
    committed = (MODULAR / "atlas" / "atlas.json").exists()
    server = Served(serve_shapes(committed), tmp_path_factory.mktemp("shapes") / "log")
    server.start()
    yield server
    server.stop()


def launch(playwright: Playwright, *further: str) -> Browser:
    """Debian's Chromium (the one without a window, where it is installed: a visit costs half the
    CPU), else Playwright's own; skips where there is neither.
    """
    found = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if not found and not Path(playwright.chromium.executable_path).exists():
        pytest.skip("no Chromium: apt-get install chromium, or playwright install chromium")
    return playwright.chromium.launch(executable_path=found, args=[*FLAGS, *further])


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """Not for the session: while it is there, nothing else can run an event loop."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="package")
def browsers(playwright: Playwright) -> Iterator[Browser]:
    """A browser with software WebGL."""
    browser = launch(playwright)
    yield browser
    browser.close()


@pytest.fixture(scope="package")
def pages(browsers: Browser) -> Pages:
    """That browser's pages, used one after another."""
    return Pages(browsers)


class Visit:
    """A person at the page: opens it, looks at its state, and keeps what went wrong."""

    def __init__(self, page: Page, origin: str, first: bool = False) -> None:
        self.origin = origin
        self.page = page
        page.set_default_timeout(PATIENCE)
        page.goto(f"{origin}{ELSEWHERE}")
        page.evaluate("localStorage.clear(); sessionStorage.clear()")
        if not first:
            page.evaluate(UNFOLDED)
        self.errors: list[str] = []
        self.requests: list[str] = []
        self._heard: dict[Any, Callable[[Any], None]] = {
            "pageerror": lambda error: self.errors.append(str(error)),
            "request": lambda request: self.requests.append(request.url),
        }
        for what, hear in self._heard.items():
            page.on(what, hear)

    def end(self) -> None:
        """Nothing is heard of the page any more."""
        for what, hear in self._heard.items():
            self.page.remove_listener(what, hear)

    def open(self, link: str = "", *, drawn: bool = True) -> Visit:
        """The page at a link, its first picture drawn."""
        self.page.goto(f"{self.origin}/{link}", timeout=PATIENCE)
        if drawn:
            self.sees("window.layerfold?.scene && window.layerfold.scene.stats().points > 0")
        return self

    def sees(self, expression: str, patience: int = PATIENCE) -> None:
        """Waits until the expression holds; asked from outside, since the page's policy forbids it
        to evaluate text.
        """
        end = time.monotonic() + patience / 1000
        while not self.page.evaluate(expression):
            assert time.monotonic() < end, f"never so: {expression}; {self._said()}"
            self.page.wait_for_timeout(50)

    def _said(self) -> str:
        """What a person would be looking at, for the words of a failure."""
        seen = self.page.evaluate(
            "(() => { const s = window.layerfold?.store.get(); return s && JSON.stringify({"
            " connection: s.connection, run: s.run, problem: s.problem, notice: s.notice,"
            " sentences: s.sentences.map(({ text, status, request, asked, failure }) =>"
            " ({ text, status, request, asked, failure })) }); })()"
        )
        return f"{seen}; {self.errors}"

    def state(self, expression: str) -> Any:
        """A value of the state, e.g. ``s.step``."""
        return self.page.evaluate(
            f"(() => {{ const s = layerfold.store.get(); return {expression}; }})()"
        )

    def until(self, expression: str, patience: int = PATIENCE) -> None:
        """Waits for the state to be so."""
        self.sees(
            "(() => { const s = window.layerfold?.store.get(); return Boolean(s &&"
            f" ({expression})); }})()",
            patience,
        )

    def tell(self, **message: Any) -> None:
        self.page.evaluate("message => layerfold.store.dispatch(message)", message)


Open = Callable[..., Visit]


@pytest.fixture
def visit(pages: Pages, served: Served) -> Iterator[Open]:
    """Opens pages of the server; see ``visiting``."""
    with visiting(pages, served) as opened:
        yield opened


@pytest.fixture
def visit_bundled(pages: Pages, bundled: Served) -> Iterator[Open]:
    """Opens pages of the program with the bundled run."""
    with visiting(pages, bundled) as opened:
        yield opened


@contextmanager
def visiting(pages: Pages, served: Served) -> Iterator[Open]:
    """Opens pages; at the end none of them has thrown, and none has asked another origin for
    anything.
    """
    visits: list[Visit] = []

    def opened(
        link: str = "",
        *,
        width: int = 1280,
        height: int = 720,
        calm: bool = True,
        drawn: bool = True,
        first: bool = False,
        **options: Any,
    ) -> Visit:
        page = pages.take({"locale": "en-GB", **options}, CAPTIONS)
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(reduced_motion="reduce" if calm else "no-preference")
        visits.append(Visit(page, served.origin, first))
        return visits[-1].open(link, drawn=drawn)

    yield opened
    for one in visits:
        pages.give_back(one.page, one.origin)
        one.end()
    assert [error for one in visits for error in one.errors] == []
    own = (served.origin, f"ws://127.0.0.1:{served.port}", "data:", "blob:")
    assert [url for one in visits for url in one.requests if not url.startswith(own)] == []
