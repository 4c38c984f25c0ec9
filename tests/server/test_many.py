"""Servers are stateless: any number of processes over the same runs, with caches of their own or
one for all, answer the same bytes.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from tests.server.page import Page
from tests.small import STEPS, make_run

TEXT = "The bank of the river 😀"
ASKED = (
    "",
    "/measures",
    "/metrics",
    "/reference",
    "/claims",
    *(f"/atlas/{step}" for step in STEPS),
)


class Server:
    """A process that serves."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process, self.port = process, port

    def answers(self) -> dict[str, bytes]:
        """What HTTP answers about the run, by what was asked."""
        with httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=120) as http:
            return {
                path: http.get(f"/api/runs/small{path}").raise_for_status().content
                for path in ASKED
            }

    def placed(self, times: int = 1) -> list[bytes]:
        """The slices of a sentence over the socket, as bytes by step, asked for again and again."""
        found: list[bytes] = []
        with Page(self.port) as page:
            for number in range(times):
                page.place(1, TEXT, run="small", sentence=f"s{number}", step=STEPS[-1])
                found.append(b"".join(slices(page)))
        return found


def slices(page: Page) -> list[bytes]:
    """The answer's slices in the order of steps, without what names the request."""
    said = [each for each in page.until("done") if each["type"] == "slice"]
    return [
        b"".join(each["tensors"][name].tobytes() for name in sorted(each["tensors"]))
        for each in sorted(said, key=lambda each: each["step"])
    ]


@contextmanager
def served(runs: Path, cache: Path) -> Iterator[Server]:
    command = [
        sys.executable,
        "-m",
        "layerfold.cli.main",
        "serve",
        str(runs),
        "--port",
        "0",
        "--no-browser",
        "--no-build",
    ]
    environment = {**os.environ, "LAYERFOLD_CACHE": str(cache), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stdout
        found = next(
            found
            for line in process.stdout
            if (found := re.search(r"http://127\.0\.0\.1:(\d+)", line))
        )
        yield Server(process, int(found[1]))
    finally:
        process.kill()
        process.wait()
        assert process.stdout
        process.stdout.close()


def files(folder: Path) -> dict[str, int]:
    return {
        path.relative_to(folder).as_posix(): path.stat().st_mtime_ns for path in folder.rglob("*")
    }


@pytest.mark.slow
def test_every_server_answers_the_same_bytes_also_while_another_is_killed(tmp_path: Path) -> None:
    runs, shared = tmp_path / "runs", tmp_path / "shared"
    make_run(runs / "small")
    before = files(runs)
    with ExitStack() as stack:
        servers = [
            stack.enter_context(served(runs, cache)) for cache in (shared, shared, tmp_path / "own")
        ]
        first = servers[0].answers()
        assert set(first) == set(ASKED)
        for server in servers[1:]:
            assert server.answers() == first
        told = [server.placed(2) for server in servers]
        assert len({answer for each in told for answer in each}) == 1
        victim = threading.Timer(0.2, lambda: servers[1].process.send_signal(signal.SIGKILL))
        with Page(servers[1].port) as page:
            victim.start()
            survivors = [
                each for _ in range(5) for each in (*servers[0].placed(3), *servers[2].placed(3))
            ]
            with pytest.raises(ConnectionClosed):
                page.until("never")  # its socket goes with it
        servers[1].process.wait(120)
        assert set(survivors) == set(told[0])
        assert servers[0].answers() == servers[2].answers() == first
        again = stack.enter_context(served(runs, shared))
        assert again.answers() == first
        assert set(again.placed()) == set(told[0])
    assert files(runs) == before, "serving writes nothing into runs"
