"""Computations in a few threads, shared fairly: by rank, and within a rank by turns between
owners.
"""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from enum import IntEnum
from typing import Any, TypeVar

from layerfold.errors import Busy

T = TypeVar("T")


class Rank(IntEnum):
    """What goes before what: short answers, the slice on screen, the other steps, warming up."""

    NOW = 0
    FIRST = 1
    REST = 2
    WARM = 3


class Turns:
    """A queue that serves its owners in turns, each owner's units in order."""

    def __init__(self) -> None:
        self._queues: OrderedDict[Hashable, deque[Unit]] = OrderedDict()

    def put(self, owner: Hashable, unit: Unit) -> None:
        self._queues.setdefault(owner, deque()).append(unit)

    def take(self) -> Unit | None:
        """The next unit, its owner sent to the end of the line; None when nothing waits."""
        if not self._queues:
            return None
        owner, queue = self._queues.popitem(last=False)
        unit = queue.popleft()
        if queue:
            self._queues[owner] = queue
        return unit


class Unit:
    """A piece of work and the place for its answer."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self.work = work
        self.future: Future[Any] = Future()

    def run(self) -> bool:
        """The answer or the failure stands in ``future``; False when nobody wanted it any more."""
        if not self.future.set_running_or_notify_cancel():
            return False
        try:
            self.future.set_result(self.work())
        except BaseException as error:
            self.future.set_exception(error)
        return True


class Jobs:
    """``workers`` threads and at most ``waiting`` units in line; ``done`` counts the units that
    were run.
    """

    def __init__(self, workers: int = 2, waiting: int = 1024) -> None:
        self.workers = workers
        self.waiting = waiting
        self.done = 0
        self._in_line = 0
        self._lines = {rank: Turns() for rank in Rank}
        self._change = threading.Condition()
        self._open = False
        self._threads: list[threading.Thread] = []
        self.open()

    def open(self) -> None:
        """There are workers, also after a close."""
        with self._change:
            if self._open:
                return
            self._open = True
            self._threads = [
                threading.Thread(target=self._work, name=f"job-{n}", daemon=True)
                for n in range(self.workers)
            ]
        for thread in self._threads:
            thread.start()

    async def run(self, owner: Hashable, rank: Rank, work: Callable[[], T]) -> T:
        """What ``work`` returns, run in a worker; cancelling the caller takes the unit out of the
        line.

        Raises Busy when the line is full or the server is closing, else what ``work`` raises.
        """
        unit = Unit(work)
        self._put(owner, rank, unit)
        result: T = await asyncio.wrap_future(unit.future)
        return result

    def close(self, seconds: float = 5.0) -> None:
        """No unit starts any more, those in line are cancelled, and the workers have ended (or had
        their time).
        """
        with self._change:
            self._open = False
            self._change.notify_all()
        for thread in self._threads:
            thread.join(seconds)

    def _put(self, owner: Hashable, rank: Rank, unit: Unit) -> None:
        with self._change:
            if not self._open:
                raise Busy("The server is closing. Try again when it is back.")
            if self._in_line >= self.waiting:
                raise Busy(
                    f"{self.waiting} computations are waiting already, the most this server keeps."
                    " Try again in a moment."
                )
            self._lines[rank].put(owner, unit)
            self._in_line += 1
            self._change.notify()

    def _take(self) -> Unit | None:
        """The next unit; waits for one; None when the server has closed."""
        with self._change:
            while True:
                for line in self._lines.values():
                    if unit := line.take():
                        self._in_line -= 1
                        return unit
                if not self._open:
                    return None
                self._change.wait()

    def _work(self) -> None:
        while unit := self._take():
            if not self._open:
                unit.future.cancel()
            elif unit.run():
                with self._change:
                    self.done += 1
