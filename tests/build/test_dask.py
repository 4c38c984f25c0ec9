"""An atlas made by other processes: the same bytes as made by one, also when a worker or the client
is killed half-way.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from layerfold.atlas.parameters import Recipe
from layerfold.build import dask as cluster
from layerfold.build import worker
from layerfold.build.dask import STORE, connected, hired
from layerfold.build.pieces import make_states, packed, put_reference, states_names, unpacked
from layerfold.build.run_atlas import AtlasOptions, build_run_atlas
from layerfold.errors import DamagedRun, InputError, MissingExtra, Unreachable
from layerfold.runs.opening import open_run
from layerfold.runs.storage import open_storage
from tests import small
from tests.readme import block
from tests.small import make_run

LAID = AtlasOptions(count=200, recipe=Recipe(k=10, seed=3))
HERE = {**os.environ, "PYTHONWARNINGS": "ignore", "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}


def hashes(run: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (run / "atlas").glob("[!.]*.*")
        if path.is_file()
    }


def a_run(folder: Path) -> Path:
    """A small run with a reference of 200 tokens."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(small, "WINDOWS", 25)
        return make_run(folder)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose atlas one process made."""
    folder = a_run(tmp_path_factory.mktemp("alone") / "run")
    build_run_atlas(folder, LAID)
    return folder


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run whose atlas is still to be made."""
    return a_run(tmp_path / "run")


# ---- real processes


@dataclass
class Cluster:
    """A scheduler and its workers, each a process of its own."""

    address: str
    scheduler: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def add_worker(self) -> subprocess.Popen[bytes]:
        found = dask(
            "worker",
            self.address,
            "--nthreads",
            "1",
            "--no-nanny",
            "--no-dashboard",
            "--host",
            "127.0.0.1",
        )
        self.workers.append(found)
        return found

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


def dask(*words: str) -> subprocess.Popen[bytes]:
    nowhere: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([sys.executable, "-m", "dask", *words], env=HERE, **nowhere)


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A scheduler with two workers on loopback."""
    told = tmp_path_factory.mktemp("dask") / "scheduler.json"
    scheduler = dask(
        "scheduler",
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--no-dashboard",
        "--scheduler-file",
        str(told),
    )
    while not told.is_file() or not told.read_text("utf-8").endswith("}"):
        assert scheduler.poll() is None
        time.sleep(0.05)
    found = Cluster(json.loads(told.read_text("utf-8"))["address"], scheduler)
    try:
        found.add_worker()
        found.add_worker()
        yield found
    finally:
        found.close()


def wait_for(machines: Cluster, count: int) -> None:
    with connected(machines.address, None) as client:
        client.wait_for_workers(count, timeout=60)


@pytest.mark.slow
@pytest.mark.long
def test_a_worker_killed_half_way_changes_no_byte(
    alone: Path, run: Path, machines: Cluster
) -> None:
    wait_for(machines, 2)
    seen: list[tuple[str, float]] = []
    victim = machines.workers[0]

    def progress(stage: str, share: float) -> None:
        seen.append((stage, share))
        if stage == "neighbours" and share > 0.4 and victim.poll() is None:
            victim.send_signal(signal.SIGKILL)
            victim.wait()

    with hired(str(run), machines.address, None) as hire:
        build_run_atlas(run, LAID, hire=hire, progress=progress)
    assert victim.returncode == -signal.SIGKILL
    assert hashes(run) == hashes(alone)
    assert not (run / STORE).exists(), "what was made on the way is gone"
    for stage in ("neighbours", "trust"):
        shares = [share for each, share in seen if each == stage]
        assert shares == sorted(shares)
        assert shares[-1] == 1.0
        assert len(set(shares)) > 10, "progress is told slice by slice"


@pytest.mark.slow
def test_a_killed_client_is_taken_up_and_half_a_file_is_none(
    alone: Path, run: Path, machines: Cluster, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    words = ["atlas", str(run), "--tokens", "200", "--neighbors", "10", "--seed", "3", "--json"]
    command = [
        sys.executable,
        "-m",
        "layerfold.cli.main",
        *words,
        "--cluster",
        machines.address,
        "--store",
        str(store),
    ]
    client = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=HERE)
    assert client.stdout
    for line in client.stdout:
        said = json.loads(line)
        if said.get("stage") == "neighbours" and said["share"] >= 0.3:
            client.kill()
            break
    assert client.wait() == -signal.SIGKILL
    client.stdout.close()
    time.sleep(0.3)  # what a worker was at is soon done
    states = {path: path.stat().st_mtime_ns for path in store.glob("states/*/*.safetensors")}
    graphs = sorted(store.glob("graphs/*.safetensors"))
    assert states
    assert graphs
    graphs[0].write_bytes(graphs[0].read_bytes()[:-9])
    first: list[float] = []
    with hired(str(run), machines.address, None, str(store)) as hire:
        build_run_atlas(
            run,
            LAID,
            hire=hire,
            progress=lambda stage, share: first.append(share) if stage == "neighbours" else None,
        )
    assert hashes(run) == hashes(alone)
    assert first[0] > 0.2, "what is in the store is not made again"
    assert {path: path.stat().st_mtime_ns for path in states} == states
    assert store.is_dir(), "a store that was named is the person's own"


@pytest.mark.slow
def test_workers_that_cannot_help_are_named(
    run: Path, machines: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refused(where: Path | str = run, store: str | None = None) -> str:
        with (
            pytest.raises((InputError, Unreachable)) as raised,
            hired(str(where), machines.address, None, store),
        ):
            pass
        return str(raised.value)

    assert "does not see what is written to memory://store" in refused(store="memory://store")
    assert f"sees no run at {tmp_path / 'elsewhere'}" in refused(tmp_path / "elsewhere")
    there = worker.versions_here()
    with monkeypatch.context() as patch:
        patch.setattr(cluster, "versions_here", lambda: {**there, "torch": "1.0"})
        said = refused()
        assert f"has torch {there['torch']}, the build was begun with 1.0" in said
        assert "worker tcp://" in said
    monkeypatch.setattr(cluster, "DECIDING", ("no-such-package",))
    assert "lacks a package" in refused()


# ---- one process


def test_a_scheduler_that_does_not_answer() -> None:
    for address in ("tcp://127.0.0.1:9", "nonsense", "nowhere://x:1"):
        with (
            pytest.raises(
                Unreachable,
                match=rf"No Dask scheduler answers at {address} .*dask scheduler.*--workers",
            ),
            connected(address, None),
        ):
            pass


def test_without_dask_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtra, match=r"pip install layerfold\[cluster\]"), connected(None, 2):
        pass


class NoWorkers:
    """A client whose scheduler has none."""

    scheduler = type("Scheduler", (), {"address": "tcp://here:1"})

    def wait_for_workers(self, count: int, timeout: float) -> None:
        raise TimeoutError


def test_a_scheduler_without_workers(tmp_path: Path) -> None:
    with pytest.raises(
        Unreachable, match=r"has no workers: start some with `dask worker tcp://here:1"
    ):
        cluster.check_workers(NoWorkers(), open_storage(tmp_path), "run")


def test_a_worker_with_other_versions_makes_nothing() -> None:
    with pytest.raises(InputError, match="a worker has torch"):
        worker.work({**worker.versions_here(), "torch": "1.0"}, pytest.fail, "it worked")


def test_another_checkpoint_than_was_asked_for_makes_no_states(run: Path, tmp_path: Path) -> None:
    store, opened = open_storage(tmp_path / "store"), open_run(run)
    tokens = put_reference(store, small.a_reference(opened.tokenizer()))
    names = states_names([site.name for site in opened.sites], origin="another", reference=tokens)
    with pytest.raises(DamagedRun, match=r"step 8 .*is another one here"):
        make_states(store, names, opened, 8, "another", tokens)
    make_states(store, names, opened, 8, opened.origin(8), tokens)
    assert all(store.read(name) for name in names)


@pytest.mark.parametrize(
    ("values", "name", "bytes_each"),
    [
        (np.array([0.5, -0.0, 65504, 2**-24], np.float32), "states", 2),
        (np.array([1e30, -3.0, 2**-126], np.float32), "brief", 2),
        (np.array([0.1, 1e30], np.float32), "states", 4),
        (np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32), "states", 4),
    ],
)
def test_states_are_kept_in_the_least_bytes_that_lose_nothing(
    values: Any, name: str, bytes_each: int
) -> None:
    if name == "brief":
        values = (values.view(np.uint32) & 0xFFFF0000).view(np.float32)
    arrays = packed(values)
    assert list(arrays) == [name]
    assert arrays[name].itemsize == bytes_each
    assert unpacked(arrays).tobytes() == values.tobytes()
    assert unpacked(arrays).shape == values.shape


@pytest.mark.slow
def test_the_lines_of_the_readme_for_workers(tmp_path: Path) -> None:
    run = a_run(tmp_path / "runs" / "mine")
    (line,) = block("workers").splitlines()
    words = shlex.split(line)
    assert words[0] == "layerfold"
    done = subprocess.run(
        [sys.executable, "-m", "layerfold.cli.main", *words[1:]],
        cwd=tmp_path,
        env=HERE,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "3 steps × 5 sites × 200 tokens" in done.stdout
    assert "Traceback" not in done.stderr
    assert not (run / STORE).exists()
