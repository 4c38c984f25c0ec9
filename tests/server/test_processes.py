"""Children of the server: bounded, heard, ended gently, never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from layerfold.errors import Busy
from layerfold.server.processes import ProcessPool

CHILD = """
import json, os, signal, sys, time
from layerfold.server.child_process import tie
def gently(*_):
    print(json.dumps({"stage": "ended gently"}), flush=True)
    sys.exit(0)
what = sys.argv[1]
if what != "rude":
    signal.signal(signal.SIGTERM, gently)
else:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
tie(0.5)
print("no JSON at all", flush=True)
said = {"stage": what, "priority": os.nice(0), "arguments": sys.argv[1:], "pid": os.getpid()}
print(json.dumps(said), flush=True)
print("layerfold: it went wrong", file=sys.stderr)
if what == "quick":
    sys.exit(3)
time.sleep(60)
"""
PARENT = """
import sys, time
from pathlib import Path
from layerfold.server.processes import ProcessPool
workshop = ProcessPool(1, (sys.executable, "-c", sys.argv[1]))
workshop.start("a", [sys.argv[2]], Path(sys.argv[3]))
while not workshop.said("a"):
    time.sleep(0.01)
print(workshop.said("a")["pid"], flush=True)
time.sleep(60)
"""


@pytest.fixture
def workshop() -> Iterator[ProcessPool]:
    made = ProcessPool(2, (sys.executable, "-c", CHILD))
    yield made
    made.close(0.2)


def within(seconds: float, true: Callable[[], object]) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.01)
    return bool(true())


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return True


def test_a_child_is_heard_and_its_end_is_known(workshop: ProcessPool, tmp_path: Path) -> None:
    assert (
        workshop.state("a"),
        workshop.said("a"),
        workshop.code("a"),
        workshop.complaint("a"),
    ) == (None, None, None, "")
    workshop.start("a", ["quick"], tmp_path / "logs" / "a.log")
    assert within(20, lambda: workshop.state("a") == "ended")
    said = workshop.said("a") or {}
    assert said["arguments"] == ["quick", "--json"]
    assert said["priority"] >= 10
    assert workshop.code("a") == 3
    assert workshop.complaint("a") == "layerfold: it went wrong"
    workshop.forget("a")
    assert workshop.state("a") is None


def test_a_child_is_ended_gently(workshop: ProcessPool, tmp_path: Path) -> None:
    workshop.start("a", ["patient"], tmp_path / "a.log")
    assert within(20, lambda: workshop.said("a"))
    assert workshop.state("a") == "running"
    workshop.stop("a")
    assert (workshop.state("a"), workshop.code("a"), workshop.said("a")) == (
        "ended",
        0,
        {"stage": "ended gently"},
    )
    workshop.stop("a")
    workshop.stop("nothing")


def test_one_that_does_not_listen_is_killed(workshop: ProcessPool, tmp_path: Path) -> None:
    workshop.start("a", ["rude"], tmp_path / "a.log")
    assert within(20, lambda: workshop.said("a"))
    workshop.stop("a", 0.2)
    assert workshop.code("a") == -signal.SIGKILL


def test_there_are_only_so_many(workshop: ProcessPool, tmp_path: Path) -> None:
    for key in ("a", "b"):
        workshop.start(key, ["patient"], tmp_path / f"{key}.log")
    with pytest.raises(Busy, match="2 processes"):
        workshop.start("c", ["patient"], tmp_path / "c.log")
    with pytest.raises(Busy, match="a is running already"):
        workshop.start("a", ["patient"], tmp_path / "a.log")
    assert workshop.busy() == ("a", "b")
    workshop.stop("a", 0.2)
    workshop.start("c", ["quick"], tmp_path / "c.log")


@pytest.mark.parametrize("what", ["patient", "rude"])
def test_a_child_does_not_outlive_its_server(tmp_path: Path, what: str) -> None:
    command = [sys.executable, "-c", PARENT, CHILD, what, str(tmp_path / "a.log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        assert alive(child)
        parent.kill()
    assert within(5, lambda: not alive(child))


def test_the_program_is_layerfold(tmp_path: Path) -> None:
    workshop = ProcessPool(1)
    workshop.start("version", ["version"], tmp_path / "log")
    assert within(30, lambda: workshop.state("version") == "ended")
    assert "torch" in (workshop.said("version") or {})
    workshop.close()
