"""Long work in processes of its own: `layerfold … --json`, each under a key, bounded in number,
ended gently.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, Literal

from layerfold.errors import Busy
from layerfold.server.child_process import TIED

PROGRAM: Final = (sys.executable, "-m", "layerfold.cli.main")
LINE: Final = 1 << 20
TAIL: Final = 4096
PATIENCE: Final = 20.0


class ProcessPool:
    """At most ``running`` children at once; each has a lower priority than the server and ends when
    the server has ended.
    """

    def __init__(self, running: int, program: Sequence[str] = PROGRAM) -> None:
        self.running = running
        self._program = tuple(program)
        self._children: dict[str, Child] = {}
        self._lock = threading.Lock()

    def start(self, key: str, arguments: Sequence[str], log: Path) -> None:
        """``layerfold ARGUMENTS --json`` runs under ``key``, its complaints in ``log`` (made anew).

        Raises Busy past the bound, and for a key that runs.
        """
        with self._lock:
            if self.state(key) == "running":
                raise Busy(f"{key} is running already. Wait until it has ended, or stop it.")
            if len(self.busy()) >= self.running:
                raise Busy(
                    f"{self.running} processes are running, the most there may be. Wait until one"
                    " has ended, or stop one."
                )
            self._children[key] = Child((*self._program, *arguments, "--json"), log)

    def busy(self) -> tuple[str, ...]:
        """The keys whose children run, in the order of their start."""
        return tuple(key for key in tuple(self._children) if self.state(key) == "running")

    def state(self, key: str) -> Literal["running", "ended"] | None:
        """How the child of that key is; None where there was none."""
        child = self._children.get(key)
        return None if child is None else "running" if child.process.poll() is None else "ended"

    def code(self, key: str) -> int | None:
        """The exit code, below 0 for a signal; None while it runs, or where there was no child."""
        child = self._children.get(key)
        return None if child is None else child.process.poll()

    def said(self, key: str) -> dict[str, Any] | None:
        """The last line of JSON that the child printed; None where it has printed none."""
        child = self._children.get(key)
        return None if child is None else child.said()

    def complaint(self, key: str) -> str:
        """The last line of the child's log: why it failed, if it did."""
        child = self._children.get(key)
        return "" if child is None else child.complaint()

    def stop(self, key: str, patience: float = PATIENCE) -> None:
        """The child has ended: told to by SIGTERM, and killed where it has not after ``patience``
        seconds.
        """
        self._end([key], patience)

    def forget(self, key: str) -> None:
        """Nothing is kept of a child that has ended."""
        if self.state(key) == "ended":
            del self._children[key]

    def close(self, patience: float = PATIENCE) -> None:
        """Every child has ended, all told at once."""
        self._end(tuple(self._children), patience)

    def _end(self, keys: Iterable[str], patience: float) -> None:
        with self._lock:
            ending = [child for key in keys if (child := self._children.get(key))]
            for child in ending:
                child.tell()
        for child in ending:
            child.end(patience)


class Child:
    """One process: its last words are kept, what it complains of goes to a file."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self._log = log
        self._last = b""
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                env={**os.environ, TIED: "1"},
                # an interrupt at the terminal is for the server, which then tells its children
                start_new_session=True,
            )
        self._listener = threading.Thread(target=self._listen, name="workshop", daemon=True)
        self._listener.start()

    def said(self) -> dict[str, Any] | None:
        """The last whole line of JSON."""
        if self.process.poll() is not None:
            self._listener.join(1.0)  # the last words of an ended child are on their way
        try:
            told = json.loads(self._last)
        except ValueError:
            return None
        return told if isinstance(told, dict) else None

    def complaint(self) -> str:
        """The last line of the log that says something."""
        try:
            with self._log.open("rb") as file:
                file.seek(max(0, self._log.stat().st_size - TAIL))
                lines = file.read(TAIL).decode("utf-8", "replace").split("\n")
        except OSError:
            return ""
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def tell(self) -> None:
        """It is told to end."""
        if self.process.poll() is None:
            self.process.terminate()

    def end(self, patience: float) -> None:
        """It has ended."""
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdin:
            self.process.stdin.close()
        self._listener.join(1.0)

    def _listen(self) -> None:
        """Keeps the last line, so that the child never waits for a reader."""
        assert self.process.stdout
        with self.process.stdout as lines:
            while line := lines.readline(LINE):
                if line.startswith(b"{") and line.endswith(b"\n"):
                    self._last = line
        self.process.wait()
        if self.process.stdin and not self.process.stdin.closed:
            self.process.stdin.close()
