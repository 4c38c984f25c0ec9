"""A server in a process of its own, and a page that talks to it, for benchmarks."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from websockets.asyncio.client import ClientConnection, connect

from layerfold.server.protocol.encode import decode_tensors
from layerfold.settings import bundled

SENTENCE = (
    "The old man walked along the bank of the river, and thought of the bank where he had kept his"
    " money for so many years before the war came."
)
Said = dict[str, Any]


def run_folder() -> Path:
    """The run that is measured: LAYERFOLD_BENCH_RUN, else the bundled one."""
    return Path(os.environ.get("LAYERFOLD_BENCH_RUN") or bundled() / "models" / "storyteller")


class Server:
    """A running `layerfold serve`; ``port`` and ``process``."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.popen, self.port = process, port
        self.process = psutil.Process(process.pid)

    def megabytes(self) -> tuple[float, float]:
        """Resident memory, and the part of it that is this process's own."""
        found = self.process.memory_full_info()
        return found.rss / 1e6, found.uss / 1e6


@contextmanager
def served(cache: Path, *arguments: str, run: Path | None = None) -> Iterator[Server]:
    """`layerfold serve` of a run (by default the measured one) on a free port with this cache
    folder; ended afterwards.
    """
    command = [
        sys.executable,
        "-m",
        "layerfold.cli.main",
        "serve",
        str(run or run_folder()),
        "--port",
        "0",
        "--no-browser",
        *arguments,
    ]
    environment = {**os.environ, "LAYERFOLD_CACHE": str(cache)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stdout is not None
        found = None
        while not found:
            line = process.stdout.readline()
            if not line:
                raise RuntimeError("the server ended before it said where it is")
            found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        yield Server(process, int(found[1]))
    finally:
        process.terminate()
        process.wait(60)
        if process.stdout:
            process.stdout.close()


class Page:
    """The socket of a page; ``name`` tells the run."""

    def __init__(self, socket: ClientConnection, run: str) -> None:
        self.socket = socket
        self.run = run
        self.last = 0

    async def place(self, text: str, sentence: str = "a", **more: Any) -> int:
        """Sends a text; gives the request's id."""
        self.last += 1
        message = {
            "type": "place",
            "id": self.last,
            "run": self.run,
            "sentence": sentence,
            "text": text,
            **more,
        }
        await self.socket.send(json.dumps(message))
        return self.last

    async def hear(self) -> Said:
        """The next message; slices with their tensors."""
        data = await self.socket.recv()
        if isinstance(data, str):
            said: Said = json.loads(data)
            return said
        header, tensors = decode_tensors(data)
        return {**header, "id": int(header["id"]), "step": int(header["step"]), "tensors": tensors}

    async def answers(self, id: int) -> list[tuple[float, Said]]:
        """All that is said of a request until it is done, with the time each came."""
        heard: list[tuple[float, Said]] = []
        while not heard or heard[-1][1]["type"] not in ("done", "error"):
            said = await self.hear()
            if said.get("id") == id:
                heard.append((time.perf_counter(), said))
        return heard


async def open_page(port: int, run: str = "") -> Page:
    """A page of a run (by default the measured one) that has heard hello, as the browser's: with
    our own Origin.
    """
    origin = f"http://127.0.0.1:{port}"
    socket = await connect(
        f"ws://127.0.0.1:{port}/api/stream",
        compression=None,
        max_size=None,
        open_timeout=60,
        ping_timeout=60,
        additional_headers={"Origin": origin},
    )
    page = Page(socket, run or run_folder().name)
    await page.hear()
    return page


def warm_up(port: int, run: str = "") -> int:
    """Every step has been touched; gives how many there are."""

    async def touch() -> int:
        page = await open_page(port, run)
        heard = await page.answers(await page.place(SENTENCE))
        await page.socket.close()
        return int(heard[-1][1]["steps"])

    return asyncio.run(touch())
