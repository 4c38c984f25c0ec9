"""The line of README.md that opens a lab, run as it stands there."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.browser.conftest import Served
from tests.readme import block


def test_the_readme_opens_a_lab(tmp_path: Path) -> None:
    name, *arguments = shlex.split(block("lab"))
    assert name == "layerfold"
    port = Served(lambda port: [], tmp_path / "log").port
    command = [sys.executable, "-m", "layerfold.cli", *arguments, "--no-browser", "--no-build", "--port", str(port)]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={**os.environ, "LAYERFOLD_CACHE": str(tmp_path)}
    ) as server:
        try:
            offer = answer(f"http://127.0.0.1:{port}/api/lab")
            assert offer["closed"] is None
            assert [task["name"] for task in offer["tasks"]] == ["modular-addition", "belief-simplex", "text"]
            assert answer(f"http://127.0.0.1:{port}/api/jobs") == {"jobs": []}
            assert (tmp_path / "my-trainings").is_dir()
        finally:
            server.send_signal(signal.SIGTERM)
            server.communicate(timeout=30)


def answer(url: str, seconds: float = 60) -> dict:
    """What is at an address, once the server is up."""
    end = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as found:
                return json.load(found)
        except urllib.error.URLError:
            assert time.monotonic() < end
            time.sleep(0.2)
