"""The cost of a frame while the picture glides: our scene, ``Plotly.restyle`` and a three.js cloud,
in one browser, in turns.

The scene holds a cloud, 5 sentences of 24 tokens with trails, 500 links and labels; "ghosts" has
three neighbours beside all of every path as well; "tower" 14,000 points that rest on thirteen
sheets, and their rims; "edges" is a
cloud with one sentence of 32 tokens, 32 x 32 bows of attention and 256 arrows; "cloud" is the cloud
alone, for three.js has no more. Script is the time of the call with GL's draw calls left out (a
software rasteriser would compete for the cores); call is the same with them; total waits for their
work by reading a pixel back. three.js comes through npm into a temporary folder; without npm its
rows are left out.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from hatch_build import bundle_modules
from playwright.sync_api import Page, sync_playwright
from tests.browser.conftest import launch

ROOT = Path(__file__).resolve().parents[1]
PLOTLY = ROOT / "node_modules" / "plotly.js-gl3d-dist-min" / "plotly-gl3d.min.js"
THREE: str | None = "three@0.187.0"
MODULES = ("cloud.ts", "flat.ts", "scene.ts")
SIZES = (5_000, 20_000, 50_000)
ROUNDS = 3
FRAMES = {
    **dict.fromkeys(("scene", "ghosts", "tower", "edges", "cloud", "three"), 12),
    **dict.fromkeys(("restyle", "restyle cloud"), 2),
}
CLOCK = 0.1  # the browser's clock goes by tenths of a millisecond: less is taken for one
SMOKE = {"SIZES": (500,), "ROUNDS": 1, "FRAMES": dict.fromkeys(FRAMES, 2), "THREE": None}
BARS = {"script": 4.0, "restyle": 20.0, "three": 1.5}


def run() -> dict[str, Any]:
    """Median and 90th percentile of the milliseconds a frame, by number of points and way of
    drawing; the ratios the bars speak of.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        _served(_fetch_three(Path(folder)), Path(folder) / "src") as origin,
        _opened(origin) as page,
    ):
        found = {str(points): _measure(page, points) for points in SIZES}
        renderer = page.evaluate(
            "(() => { const gl = document.createElement('canvas').getContext('webgl');"
            " const info = gl.getExtension('WEBGL_debug_renderer_info');"
            " return info ? gl.getParameter(info.UNMASKED_RENDERER_WEBGL) : '?'; })()"
        )
        browser = page.context.browser
        version = browser.version if browser else "?"
    return {
        "browser": f"Chromium {version}",
        "renderer": renderer,
        "viewport": [1280, 720],
        "bars": BARS,
        "frames": found,
    }


def table(found: dict[str, Any]) -> str:
    """A row a way of drawing and number of points, the three bars below."""
    head = (
        f"{'points':>7} "
        f" {'drawn by':<14}{'script ms':>10}{'p90':>8}{'call ms':>10}{'total ms':>10}{'p90':>8}"
    )
    lines = [f"{found['browser']}, {found['renderer']}", head]
    for points, ways in found["frames"].items():
        for way, row in ways["ways"].items():
            script = f"{row['script']:>10.2f}{row['script_p90']:>8.2f}{row['call']:>10.2f}"
            lines.append(
                f"{points:>7}  {way:<14}{script}{row['total']:>10.1f}{row['total_p90']:>8.1f}"
            )
        ratios = ways["ratios"]
        lines.append(
            f"{'':>9}" + ", ".join(f"{name} {value:.2f}" for name, value in ratios.items())
        )
    return "\n".join(lines)


def _measure(page: Page, points: int) -> dict[str, Any]:
    """Every way in turns, so that all meet the same machine."""
    ways = [
        way
        for way in FRAMES
        if way != "three" or page.evaluate("typeof measure.three") == "function"
    ]
    frames: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
    labels = 0
    for _ in range(ROUNDS):
        for way in ways:
            answer = page.evaluate(
                "([way, points, frames]) => measure[way](points, frames)",
                [way, points, FRAMES[way]],
            )
            frames[way] += answer["found"]
            labels = max(labels, answer.get("stats", {}).get("labels", 0))
    rows = {way: _row(found) for way, found in frames.items()}
    return {"labels": labels, "ways": rows, "ratios": _ratios(rows)}


def _row(frames: list[dict[str, float]]) -> dict[str, float]:
    row: dict[str, float] = {"frames": len(frames)}
    for name in ("script", "call", "total"):
        values = [frame[name] for frame in frames]
        row |= {
            name: median(values),
            f"{name}_p90": quantiles(values, n=10)[-1],
            f"{name}_least": min(values),
        }
    return row


def _ratios(rows: dict[str, dict[str, float]]) -> dict[str, float]:
    """What the bars speak of: restyle's script over ours (same content), our total over three.js's
    (cloud alone).
    """
    script = {way: max(row["script"], CLOCK) for way, row in rows.items()}
    ratios = {"restyle script / scene script": script["restyle"] / script["scene"]}
    ratios["restyle cloud script / cloud script"] = script["restyle cloud"] / script["cloud"]
    if "three" in rows:
        ratios["cloud total / three total"] = rows["cloud"]["total"] / rows["three"]["total"]
        ratios["scene total / three total"] = rows["scene"]["total"] / rows["three"]["total"]
    return ratios


def _fetch_three(folder: Path) -> Path | None:
    """The folder of three.js's modules, fetched into `folder`; None when npm is not to be had."""
    npm = shutil.which("npm")
    if npm is None or THREE is None:
        return None
    done = subprocess.run(
        [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), THREE],
        check=False,
        cwd=folder,
    )
    if done.returncode != 0:
        return None
    return folder / "node_modules" / "three" / "build"


@contextmanager
def _served(three: Path | None, modules: Path) -> Iterator[str]:
    bundle_modules(modules, *(f"frontend/src/scene/{name}" for name in MODULES))

    class Files(SimpleHTTPRequestHandler):
        extensions_map = {  # noqa: RUF012
            **SimpleHTTPRequestHandler.extensions_map,
            ".js": "text/javascript",
        }

        def translate_path(self, path: str) -> str:
            return str(_file(path.split("?")[0], three, modules))

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Files)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def _file(path: str, three: Path | None, modules: Path) -> Path:
    """The file behind a path of the benchmark's page."""
    places = {
        "/vendor/plotly.min.js": PLOTLY,
        "/frames.html": ROOT / "benchmarks" / "frames.html",
        "/scene/picture.js": ROOT / "tests" / "browser" / "scene" / "picture.js",
    }
    if path in places:
        return places[path]
    if path.startswith("/three/") and three is not None:
        return three / path.removeprefix("/three/")
    if path.startswith("/src/"):
        return modules / path.removeprefix("/src/")
    return ROOT / "benchmarks" / path.lstrip("/")


@contextmanager
def _opened(origin: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = launch(playwright, "--enable-precise-memory-info")
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.set_default_timeout(600_000)
        page.goto(f"{origin}/frames.html", wait_until="commit", timeout=120_000)
        page.wait_for_selector("html[data-ready]", state="attached", timeout=180_000)
        yield page
        browser.close()
