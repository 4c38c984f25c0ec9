"""Journeys where there is no network but loopback: server and browser in a network namespace of
their own.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.long]

ROOT = Path(__file__).parents[2]
JOURNEYS = (
    "tests/browser/test_page.py::test_typing_places_tokens",
    "tests/browser/test_page.py::test_both_sliders_by_pointer_and_by_key",
    "tests/browser/test_page.py::test_the_first_picture_moves_by_itself_and_says_what_is_seen",
)
REACH = """
import socket, sys
try:
    socket.create_connection(("192.0.2.1", 80), timeout=3)
except OSError as error:
    sys.exit(f"no way out: {error}" if error.errno not in (101, 113) else 0)
"""


def alone(*command: str) -> subprocess.CompletedProcess[str]:
    """A command with loopback alone; skips where this machine gives no network namespaces."""
    wanted = ("unshare", "ip")
    if not all(shutil.which(tool) or shutil.which(tool, path="/usr/sbin") for tool in wanted):
        pytest.skip("needs unshare (util-linux) and ip (iproute2)")
    inner = 'PATH="$PATH:/usr/sbin" ip link set lo up && exec "$@"'
    apart = ["unshare", "--map-root-user", "--net", "sh", "-c", inner, "sh", *command]
    done = subprocess.run(apart, cwd=ROOT, capture_output=True, text=True, timeout=1800)
    if "unshare" in done.stderr and done.returncode == 1:
        pytest.skip(f"no network namespace here: {done.stderr.strip()}")
    return done


def test_nothing_outside_is_reached() -> None:
    done = alone(sys.executable, "-c", REACH)
    assert done.returncode == 0, done.stderr


def test_the_page_needs_no_network() -> None:
    done = alone(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *JOURNEYS)
    assert done.returncode == 0, done.stdout[-3000:]
    assert f"{len(JOURNEYS)} passed" in done.stdout
