"""Hours of mixed use: what a warm server holds (memory, handles, threads, files) stays as it is.

LAYERFOLD_SOAK says how many seconds (two hours without it), LAYERFOLD_BENCH_RUN which run. Pages
come and go; each types, looks closely, asks for tables, sends what makes no sense, and half of them
leave without a word while they are being answered.

Memory is the server's anonymous part (RssAnon of /proc/PID/status): what it allocated. Its unique
set size would count the pages of mapped files too, weights and states of steps among them: those
come and go with what is asked and with what the system needs, and nobody has to give them back.
"""

from __future__ import annotations

import asyncio
import json
import mmap
import os
import random
import time
import urllib.error
import urllib.request
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
import pytest
from benchmarks.clients import WORDS
from benchmarks.serving import Page, Server, open_page, run_folder, served

from tests.small import make_run

SECONDS = 7200.0
EVERY = 5.0
PAGES = 4
WARM = 1 / 3  # of the time
BAR = 1.0  # MB an hour
PATHS = ("", "/reference", "/measures", "/metrics", "/claims", "/nonsense")
ODD = ("{", "[]", '{"type": "place"}', '{"type": "walk", "id": -1}', "x" * 70_000)


@dataclass(frozen=True)
class Held:
    """What a server holds at a time: bytes it allocated, open handles, threads, files in its folder
    for what can be made again and in that for temporary ones.
    """

    at: float
    own: int
    handles: int
    threads: int
    kept: int
    temporary: int


def held(server: Server, cache: Path, temporary: Path) -> Held:
    process = server.process
    return Held(
        time.monotonic(),
        allocated(process.pid),
        process.num_fds(),
        process.num_threads(),
        sum(1 for path in cache.rglob("*") if path.is_file()),
        sum(1 for path in temporary.rglob("*") if path.is_file()),
    )


def allocated(process: int) -> int:
    """Bytes of memory behind which there is no file."""
    said = Path(f"/proc/{process}/status").read_text()
    return int(said.partition("RssAnon:")[2].split()[0]) << 10


async def person(port: int, number: int, end: float) -> int:
    """One after another, pages that are used and left; gives how many sentences were answered."""
    choose, answered = random.Random(number), 0
    while time.monotonic() < end:
        page = await open_page(port)
        for _ in range(choose.randrange(1, 4)):
            answered += await sentence(page, choose)
            await asyncio.to_thread(get, port, choose.choice(PATHS))
        if choose.random() < 0.2:
            await page.socket.send(choose.choice(ODD))
        if choose.random() < 0.5:
            await page.place("left while it is being answered")
            page.socket.transport.abort()
        else:
            await page.socket.close()
    return answered


async def sentence(page: Page, choose: random.Random) -> int:
    """Typed key by key, then looked at; 1 where it was answered."""
    text = " ".join(choose.choice(WORDS) for _ in range(5))
    for length in range(1, len(text) + 1, 3):
        await page.place(text[:length])
        await asyncio.sleep(choose.uniform(0.02, 0.2))
    heard = await page.answers(await page.place(text))
    step = next((said["step"] for _, said in heard if said["type"] == "slice"), None)
    if step is None:
        return 0
    page.last += 1
    asked = {"id": page.last, "run": page.run, "step": step, "text": text}
    await page.socket.send(json.dumps({"type": "inspect", **asked, "site": 1, "token": 0}))
    while (await page.hear()).get("id") != page.last:
        pass
    return 1


def get(port: int, path: str) -> None:
    address = f"http://127.0.0.1:{port}/api/runs/{run_folder().name}{path}"
    try:
        urllib.request.urlopen(address, timeout=60).read()
    except urllib.error.HTTPError as error:
        if error.code >= 500:
            raise


async def soaked(server: Server, cache: Path, temporary: Path, seconds: float) -> list[Held]:
    """What the server held every few seconds."""
    end = time.monotonic() + seconds
    people = asyncio.gather(*(person(server.port, number, end) for number in range(PAGES)))
    found = []
    while not people.done():
        found.append(held(server, cache, temporary))
        print(*astuple(found[-1]), flush=True)
        await asyncio.sleep(EVERY)
    assert min(await people) > 0
    return found


def slope(values: np.ndarray, at: np.ndarray) -> float:
    """The median of the slopes between all pairs (Theil 1950, Sen 1968), an hour."""
    one, other = np.triu_indices(len(at), 1)
    return float(np.median((values[other] - values[one]) / (at[other] - at[one]))) * 3600


def test_the_slope_is_that_of_the_line_whatever_a_few_points_do() -> None:
    at = np.arange(100.0)
    values = 5 + 2 * at
    values[::7] += 1000
    assert slope(values, at) == pytest.approx(7200)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc to ask")
def test_what_is_allocated_counts_and_a_mapped_file_does_not(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(32 << 20))
    before = allocated(os.getpid())
    mapped = np.memmap(tmp_path / "file", mode="r")
    assert mapped.sum() == 0
    assert allocated(os.getpid()) - before < 8 << 20
    # Not np.ones: malloc may answer with memory that earlier tests had and gave back to it.
    own = np.frombuffer(mmap.mmap(-1, 32 << 20, flags=mmap.MAP_PRIVATE), np.uint8)
    own[:] = 1
    assert allocated(os.getpid()) - before > 24 << 20


@pytest.mark.long
def test_hours_of_use_leave_the_server_as_it_was_when_it_was_warm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "LAYERFOLD_BENCH_RUN" not in os.environ:
        monkeypatch.setenv("LAYERFOLD_BENCH_RUN", str(make_run(tmp_path / "small")))
    cache, temporary = tmp_path / "cache", tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    seconds = float(os.environ.get("LAYERFOLD_SOAK", SECONDS))
    with served(cache, "--no-build") as server:
        found = asyncio.run(soaked(server, cache, temporary, seconds))
    warm = np.array([astuple(one) for one in found[int(len(found) * WARM) :]])
    grown = slope(warm[:, 1], warm[:, 0]) / 1e6
    print(f"{grown:.2f} MB an hour; the least and the most of each: {warm.min(0)} {warm.max(0)}")
    assert grown <= BAR
    for column in range(2, 6):
        assert abs(slope(warm[:, column], warm[:, 0])) < 1, Held.__match_args__[column]
