"""The command line called: in this process or one of its own, and as a server."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from layerfold.cli import main as cli

ROOT = Path(__file__).parents[2]


def alone(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the command line in a process of its own."""
    command = [sys.executable, "-m", "layerfold.cli.main", *arguments]
    env = {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "100"}
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", env=env, cwd=ROOT, timeout=600
    )


def layerfold(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the command line in this process, which has imported torch already."""
    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["layerfold", *arguments])
        for name, value in environment.items():
            patch.setenv(name, value)
        try:
            cli.main()
        except SystemExit as ended:
            code = ended.code or 0
    assert isinstance(code, int)
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def assert_one_line(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    """The exit code, and one clear line on stderr with those words: no traceback."""
    assert done.returncode == code, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("layerfold: ")
    for word in words:
        assert word in lines[0]


@contextmanager
def serving(
    *arguments: str, **environment: str
) -> Iterator[tuple[subprocess.Popen[str], str, list[str]]]:
    """The process, its address and what it said up to it."""
    command = [sys.executable, "-m", "layerfold.cli.main", *arguments, "--no-browser"]
    env = {**os.environ, "OMP_NUM_THREADS": "1", **environment}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT, env=env
    )
    said: list[str] = []
    try:
        assert process.stdout
        for line in process.stdout:
            said.append(line.rstrip())
            if line.startswith("Layerfold is at "):
                yield process, line.split()[3], said
                return
        raise AssertionError("\n".join(said))
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(120)
        assert process.stdout
        process.stdout.close()


def get(address: str) -> Any:
    """The JSON at an address, asked for until the server has started."""
    for _ in range(200):
        try:
            with urllib.request.urlopen(address, timeout=60) as answer:
                return json.loads(answer.read())
        except OSError:  # not listening yet, or too busy to answer in time
            time.sleep(0.1)
    raise AssertionError(f"no answer from {address}")
