"""README's lines about a model of one's own, run as they stand: folders made by a real Trainer, a
hub out of its client's cache.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.calling import get, layerfold
from tests.hub import STEPS, hub_cache
from tests.readme import block

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def place(trainer_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory as README takes it to be."""
    folder = tmp_path_factory.mktemp("place")
    shutil.copytree(trainer_folder, folder / "runs" / "stories")
    for step in STEPS:
        shutil.copytree(trainer_folder / f"checkpoint-{step}", folder / "runs" / f"stories-{step}")
    with pytest.MonkeyPatch.context() as patch:
        hub_cache(folder / "hub", "EleutherAI/pythia-14m", {"step0": 0, "step512": 1}, patch)
    return folder


def environment(place: Path) -> Mapping[str, str]:
    hub = {"HF_HUB_CACHE": str(place / "hub"), "HF_HUB_OFFLINE": "1"}
    return {**os.environ, **hub, "LAYERFOLD_CACHE": str(place / "cache"), "OMP_NUM_THREADS": "1"}


@contextmanager
def served(words: list[str], place: Path) -> Iterator[tuple[str, list[str]]]:
    """The address of a server that a line of README started, and what it said."""
    command = [sys.executable, "-m", "layerfold.cli.main", *words, "--no-browser", "--port", "0"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=place,
        env={**environment(place), "LAYERFOLD_BUILD": "0"},  # no clouds are asked of it
    )
    assert process.stdout
    said = []
    try:
        for line in process.stdout:
            said.append(line)
            if line.startswith("Layerfold is at "):
                yield line.split()[3].rstrip("/"), said
                return
        raise AssertionError("".join(said))
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
        process.stdout.close()


def test_the_lines_of_the_command_line(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [shlex.split(line, comments=True)[1:] for line in block("own model").splitlines()]
    trainer, several, hub, atlas = lines
    monkeypatch.chdir(place)
    done = layerfold(*atlas, "--json", **environment(place))  # where umap has been compiled
    assert done.returncode == 0, done.stderr
    with served(trainer, place) as (address, _):
        assert get(f"{address}/api/runs/stories")["steps"] == list(STEPS)
    with served(several, place) as (address, said):
        (one,) = get(f"{address}/api/runs")["runs"]
        assert (one["name"], one["kind"]) == ("runs", "hf")
        assert "stories is left out" in "".join(said), "it has checkpoints of its own"
        assert "3 steps, 4 to 12" in one["description"]
    with served(hub, place) as (address, _):
        (one,) = get(f"{address}/api/runs")["runs"]
        assert (one["name"], one["kind"]) == ("pythia-14m", "hf")
        assert "2 steps, 0 to 512" in one["description"]


def test_the_lines_of_python(place: Path) -> None:
    """In the place where the atlas has been built by the lines before."""
    done = subprocess.run(
        [sys.executable, "-c", block("own model in Python")],
        cwd=place,
        env=environment(place),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert (place / "bank.html").stat().st_size > 1_000_000
