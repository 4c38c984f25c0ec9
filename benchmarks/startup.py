"""From `layerfold` to a usable page: the process starts, says its address, serves page, card and
clouds, places a sentence.

Beside it the import that most of it would be, were it not put off: torch; and umap, which serving
never imports.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.serving import SENTENCE, open_page, run_folder, served, warm_up

ROUNDS = 3
BAR_SECONDS = 4.0
SMOKE = {"ROUNDS": 1}
PARTS = ("address", "page", "clouds", "first_slice")


def run() -> dict[str, Any]:
    """Seconds, the median of three starts on a warm disk with the reference states kept."""
    with tempfile.TemporaryDirectory() as folder:
        with served(Path(folder)) as server:
            warm_up(server.port)
        rounds = [one_start(Path(folder)) for _ in range(ROUNDS)]
    return {
        "run": run_folder().name,
        "bar_seconds": BAR_SECONDS,
        **{part: median(found[part] for found in rounds) for part in PARTS},
        "import_torch": median(import_seconds("torch") for _ in range(ROUNDS)),
        "import_umap": import_seconds("umap"),
        "help": median(command_seconds("--help") for _ in range(ROUNDS)),
    }


def one_start(cache: Path) -> dict[str, float]:
    """Seconds from the start of the process to each part."""
    start = time.perf_counter()
    found: dict[str, float] = {}
    with served(cache) as server:
        found["address"] = time.perf_counter() - start
        for path in ("/", "/static/plotly-gl3d.min.js", "/static/main.js", "/api/runs"):
            get(server.port, path)
        found["page"] = time.perf_counter() - start
        card = f"/api/runs/{run_folder().name}"
        get(server.port, card)
        get(server.port, f"{card}/reference")
        get(server.port, f"{card}/atlas/{last_step(server.port)}")
        found["clouds"] = time.perf_counter() - start
        asyncio.run(first_slice(server.port))
        found["first_slice"] = time.perf_counter() - start
    return found


def get(port: int, path: str) -> bytes:
    """The answer's bytes, packed as a browser asks for them."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", headers={"Accept-Encoding": "gzip"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return bytes(answer.read())


def last_step(port: int) -> int:
    """The last step of the run, from its card."""
    import json

    with urllib.request.urlopen(
        f"http://127.0.0.1:{port}/api/runs/{run_folder().name}", timeout=60
    ) as answer:
        return int(json.load(answer)["steps"][-1])


async def first_slice(port: int) -> None:
    """A sentence has its first slice."""
    page = await open_page(port)
    await page.place(SENTENCE)
    while (await page.hear())["type"] != "slice":
        pass
    await page.socket.close()


def import_seconds(name: str) -> float:
    """A fresh Python that imports one package."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", f"import {name}"], check=True, capture_output=True)
    return time.perf_counter() - start


def command_seconds(*arguments: str) -> float:
    """A whole run of the command."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "layerfold.cli.main", *arguments], check=True, capture_output=True
    )
    return time.perf_counter() - start


def table(found: dict[str, Any]) -> str:
    """Seconds from the start, and the imports beside them."""
    rows = [
        ("listening, address said", found["address"]),
        ("page, Plotly and catalogue served", found["page"]),
        ("card, reference and clouds served", found["clouds"]),
        (f"first sentence placed (bar: about {found['bar_seconds']:g})", found["first_slice"]),
        ("import torch alone", found["import_torch"]),
        ("import umap alone", found["import_umap"]),
        ("layerfold --help", found["help"]),
    ]
    return "\n".join(["seconds"] + [f"{name:<48}{value:>8.2f}" for name, value in rows])
