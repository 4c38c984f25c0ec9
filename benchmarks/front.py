"""A thousand open pages before two server processes, through the front of docker compose; fifty of
them type; then each server in turn is stopped and started again.

The front is Caddy with the file of docker compose. There a name server tells where the servers are:
here one of twenty lines does. A page whose connection goes comes back, as the browser's does, and
sends what has not been answered.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from benchmarks.clients import WORDS
from benchmarks.freshness import PAUSE, Typist, header_of, seen
from benchmarks.serving import Page, open_page, run_folder
from websockets.exceptions import WebSocketException

from layerfold.errors import NotSupported

ROOT = Path(__file__).parents[1]
IDLE, PEOPLE, SECONDS, AWAY = 950, 50, 20.0, 3.0
SMOKE = {"IDLE": 6, "PEOPLE": 2, "SECONDS": 2.0, "AWAY": 0.5}
HOSTS = ("127.0.0.2", "127.0.0.3")


def run() -> dict[str, Any]:
    """What the fifty saw, memory before and after, and the sentences that a restart lost."""
    if shutil.which("caddy") is None:
        raise NotSupported("The front is Caddy: apt-get install caddy")
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        port = free_port()
        servers = [Backend(host, port, Path(folder)) for host in HOSTS]
        for server in servers:
            stack.callback(server.stop)
            server.start()
        front = stack.enter_context(front_of(servers, Path(folder)))
        return asyncio.run(everyone(front, servers))


async def everyone(front: int, servers: list[Backend]) -> dict[str, Any]:
    """First all are there and fifty type; then fifty type while the servers are renewed."""
    idle = [await open_page(front) for _ in range(IDLE)]
    await asyncio.gather(*(warm(front) for _ in range(4)))
    before = [server.megabytes() for server in servers]
    typists = [Typist(number) for number in range(PEOPLE)]
    await asyncio.gather(*(typing(front, typist) for typist in typists))
    after = [server.megabytes() for server in servers]
    people = [Stubborn(number, front) for number in range(PEOPLE)]
    renewed = asyncio.create_task(renew(servers))
    await asyncio.gather(*(person.type_until(renewed) for person in people))
    for page in idle:
        await page.socket.close()
    return {
        "run": run_folder().name,
        "pages": IDLE + PEOPLE,
        "load": os.getloadavg()[0],
        **seen(typists),
        "memory_mb": {"before": before, "after": after},
        "restart": {
            "sentences": sum(person.sentences for person in people),
            "lost": sum(person.lost for person in people),
            "of_others": sum(person.others for person in people),
            "connections": sum(person.connections for person in people),
        },
    }


async def warm(front: int) -> None:
    page = await open_page(front)
    await page.answers(await page.place("The bank of the river"))
    await page.socket.close()


async def typing(front: int, typist: Typist) -> None:
    """One person's page, typed on for a while."""
    page = await open_page(front)
    watching = asyncio.create_task(typist.watch(page))
    await typist.type(page, SECONDS)
    await asyncio.sleep(3)
    watching.cancel()
    await page.socket.close()


async def renew(servers: list[Backend]) -> None:
    """Each server in turn is told to end, is away for a while, and is there again."""
    for server in servers:
        await asyncio.sleep(AWAY)
        await asyncio.to_thread(server.stop)
        await asyncio.sleep(AWAY)
        await asyncio.to_thread(server.start)


class Stubborn:
    """Somebody who types one sentence after another, and comes back when the connection goes."""

    def __init__(self, number: int, front: int) -> None:
        self.choose = random.Random(number)
        self.name = f"p{number}"
        self.front = front
        self.page: Page | None = None
        self.sentences = self.lost = self.others = self.connections = 0

    async def type_until(self, end: asyncio.Task[None]) -> None:
        """Each sentence is placed before the next begins, or counts as lost."""
        while not end.done():
            text = " ".join(self.choose.choice(WORDS) for _ in range(4))
            self.sentences += 1
            try:
                async with asyncio.timeout(120):
                    await self.placed(text)
            except TimeoutError:
                self.lost += 1
            await asyncio.sleep(self.choose.uniform(*PAUSE))
        if self.page is not None:
            await self.page.socket.close()

    async def placed(self, text: str) -> None:
        """The text has a picture of its own, whichever server made it."""
        attempt = 0
        while True:
            try:
                if self.page is None:
                    self.page = await open_page(self.front)
                    self.connections += 1
                await self.ask(self.page, text)
                return
            except (OSError, WebSocketException, EOFError):
                self.page = None
                await asyncio.sleep(min(12.0, 0.4 * 2**attempt) * self.choose.uniform(0.75, 1.25))
                attempt += 1

    async def ask(self, page: Page, text: str) -> None:
        id = await page.place(text, sentence=self.name, steps=[0])
        while True:
            data = await page.socket.recv()
            said = json.loads(data) if isinstance(data, str) else header_of(data)
            if said["type"] == "tokens":
                self.others += said["text"] != text or said["sentence"] != self.name
            if said.get("id") == id and said["type"] in ("done", "error"):
                return


class Backend:
    """A server at an address of its own, with a cache of its own."""

    def __init__(self, host: str, port: int, folder: Path) -> None:
        self.host, self.port = host, port
        self.cache = folder / host
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """It answers."""
        words = ("serve", str(run_folder()), "--host", self.host, "--port", str(self.port))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "layerfold.cli.main", *words, "--no-browser", "--no-build"],
            env={**os.environ, "LAYERFOLD_CACHE": str(self.cache)},
            stdout=subprocess.DEVNULL,
        )
        until(lambda: answers(self.host, self.port))

    def stop(self) -> None:
        """It has ended, told to by SIGTERM as a container is."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)
            self.process = None

    def megabytes(self) -> float:
        """Resident memory."""
        assert self.process is not None
        return float(psutil.Process(self.process.pid).memory_info().rss / 1e6)


@contextmanager
def front_of(servers: list[Backend], folder: Path) -> Iterator[int]:
    """Caddy with the file of docker compose, before the servers that run; its port."""
    names, port = free_port(socket.SOCK_DGRAM), free_port()
    said = (ROOT / "Caddyfile").read_text()
    said = said.replace(":8765 {", f"http://127.0.0.1:{port} {{", 1)
    said = re.sub(
        r"dynamic a layerfold 8765 \{",
        f"dynamic a layerfold {servers[0].port} {{\n\t\t\tresolvers udp/127.0.0.1:{names}",
        said,
    )
    (folder / "Caddyfile").write_text(said)
    with naming(servers, names):
        command = ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]
        home = {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
        with (folder / "caddy.log").open("wb") as log:
            process = subprocess.Popen(command, env={**os.environ, **home}, stderr=log)
        try:
            until(lambda: answers("127.0.0.1", port))
            yield port
        finally:
            process.terminate()
            process.wait(20)


@contextmanager
def naming(servers: list[Backend], port: int) -> Iterator[None]:
    """A name server that knows one name: the addresses of the servers that run."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.bind(("127.0.0.1", port))
        own.settimeout(0.2)
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                with suppress(TimeoutError):
                    asked, who = own.recvfrom(512)
                    there = [server.host for server in servers if server.process is not None]
                    own.sendto(answer(asked, there), who)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def answer(asked: bytes, hosts: list[str]) -> bytes:
    """A reply of the domain name system (RFC 1035): these addresses for a question of kind A, none
    for any other.
    """
    end = asked.index(0, 12) + 5
    kind = int.from_bytes(asked[end - 4 : end - 2], "big")
    given = hosts if kind == 1 else []
    head = asked[:2] + b"\x84\x00\x00\x01" + len(given).to_bytes(2, "big") + b"\x00\x00\x00\x00"
    records = [
        b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x01\x00\x04" + socket.inet_aton(host)
        for host in given
    ]
    return head + asked[12:end] + b"".join(records)


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as free:
        free.bind(("0.0.0.0", 0))
        return int(free.getsockname()[1])


def answers(host: str, port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://{host}:{port}/api/health", timeout=5).close()
    except OSError:
        return False
    return True


def until(holds: Any, patience: float = 300.0) -> None:
    end = time.monotonic() + patience
    while not holds():
        if time.monotonic() > end:
            raise RuntimeError("the server did not answer")
        time.sleep(0.2)


def table(found: dict[str, Any]) -> str:
    """The ages, and what a restart cost."""
    age, restart = found["age"], found["restart"]
    return "\n".join(
        [
            f"{found['pages']} pages, {found['texts']} texts, load {found['load']:.1f}",
            f"age of the picture, p50 / p95 / max: {age['p50']:.0f} / {age['p95']:.0f} /"
            f" {age['max']:.0f} ms; {found['errors']} refused",
            f"memory of the two servers, MB: {found['memory_mb']}",
            f"while both were renewed: {restart['sentences']} sentences, {restart['lost']} lost,"
            f" {restart['of_others']} answers of others, {restart['connections']} connections",
        ]
    )
