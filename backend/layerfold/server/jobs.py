"""Computations in a few threads, shared fairly: by rank, then by turns between owners, whoever has
had least time first.

No run takes every worker for long: while one of its units takes more than three seconds, a worker
is left for the other runs. What stands on somebody's screen (`NOW`, `FIRST`) is one line, so that
no owner's many short questions keep another's picture waiting.
"""

from __future__ import annotations

import asyncio
import heapq
import threading
import time
import traceback
from collections import Counter, OrderedDict
from collections.abc import Callable, Container, Hashable, Sequence
from concurrent.futures import Future
from enum import IntEnum
from typing import Any, Final, TypeVar

from layerfold.errors import Busy

T = TypeVar("T")
I = TypeVar("I")  # noqa: E741
Outcome = Any | Exception

TOGETHER: Final = 8  # units of one kin that are done at once
LONG: Final = 3.0  # seconds


class Rank(IntEnum):
    """What goes before what: short answers, the slice on screen, the other steps, warming up."""

    NOW = 0
    FIRST = 1
    REST = 2
    WARM = 3


LINES: Final = {Rank.NOW: 0, Rank.FIRST: 0, Rank.REST: 1, Rank.WARM: 2}


class Unit:
    """A piece of work for an owner, and the place for its answer.

    ``work`` takes the items of units that are of one kin and gives as many outcomes, an exception
    for one that failed; ``kin`` is asked when the unit's turn comes (None: it is done alone);
    ``of`` is the run it works on.
    """

    def __init__(
        self,
        work: Callable[[list[Any]], Sequence[Outcome]],
        item: Any = None,
        kin: Callable[[], Hashable] | None = None,
        rank: Rank = Rank.NOW,
        of: Hashable = None,
    ) -> None:
        self.work = work
        self.item = item
        self.kin = kin
        self.rank = rank
        self.of = of
        self.owner: Hashable = None
        self.future: Future[Any] = Future()

    @staticmethod
    def alone(work: Callable[[], Any], rank: Rank = Rank.NOW, of: Hashable = None) -> Unit:
        """A unit that is done by itself."""
        return Unit(lambda _: [work()], rank=rank, of=of)

    def is_kin(self, kin: Hashable) -> bool:
        """Whether it may be done together with units of that kin."""
        return self.kin is not None and self.kin() == kin


class Turns:
    """A queue that serves its owners in turns, the one that has been served least first; each
    owner's units by rank, then in order.
    """

    def __init__(self) -> None:
        self._queues: OrderedDict[Hashable, list[tuple[Rank, int, Unit]]] = OrderedDict()
        self._spent: dict[Hashable, float] = {}  # seconds; nobody saves up by waiting
        self._clock = 0.0
        self._serial = 0

    def put(self, owner: Hashable, unit: Unit) -> None:
        """The unit stands in its owner's line."""
        if owner not in self._queues:
            self._queues[owner] = []
            self._spent[owner] = max(self._spent.get(owner, 0.0), self._clock)
        self._serial += 1
        unit.owner = owner
        heapq.heappush(self._queues[owner], (unit.rank, self._serial, unit))

    def take(self, held: Container[Hashable] = ()) -> list[Unit]:
        """The next unit and those of its kin whose owners would be next; none when nothing waits
        but for the runs that are held.
        """
        free = [owner for owner, queue in self._queues.items() if queue[0][2].of not in held]
        if not free:
            return []
        taken = [self._pop(min(free, key=self._spent.__getitem__))]
        self._clock = self._spent[taken[0].owner]
        if taken[0].kin is not None:
            kin = taken[0].kin()
            for owner in sorted(self._queues, key=self._spent.__getitem__):
                if len(taken) >= TOGETHER:
                    break
                if self._queues[owner][0][2].is_kin(kin):
                    taken.append(self._pop(owner))
        return taken

    def drop(self, owner: Hashable, unit: Unit) -> bool:
        """The unit stands in line no more; False where it did not."""
        queue = self._queues.get(owner, [])
        left = [entry for entry in queue if entry[2] is not unit]
        if len(left) == len(queue):
            return False
        heapq.heapify(left)
        self._queues[owner] = left
        if not left:
            del self._queues[owner]
        return True

    def charge(self, owner: Hashable, seconds: float) -> None:
        """The owner has had so much time."""
        self._spent[owner] = self._spent.get(owner, self._clock) + seconds
        if len(self._spent) > 2 * len(self._queues) + 64:
            self._spent = {
                one: s for one, s in self._spent.items() if one in self._queues or s > self._clock
            }

    def _pop(self, owner: Hashable) -> Unit:
        queue = self._queues[owner]
        unit = heapq.heappop(queue)[2]
        self._queues.move_to_end(owner)
        if not queue:
            del self._queues[owner]
        return unit


class Jobs:
    """``workers`` threads and at most ``waiting`` units in line; ``done`` counts the units that
    were run.
    """

    def __init__(self, workers: int = 2, waiting: int = 1024) -> None:
        self.workers = workers
        self.waiting = waiting
        self.done = 0
        self._in_line = 0
        self._running: dict[int, tuple[Hashable, float]] = {}  # by thread: which run, since when
        self._lines = [Turns() for _ in sorted(set(LINES.values()))]
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

    async def run(
        self, owner: Hashable, rank: Rank, work: Callable[[], T], of: Hashable = None
    ) -> T:
        """What ``work`` (on the run ``of``) returns, run in a worker; cancelling the caller takes
        the unit out of the line.

        Raises Busy when the line is full or the server is closing, else what ``work`` raises.
        """
        result: T = await self._answer(owner, Unit.alone(work, rank, of))
        return result

    async def join(
        self,
        owner: Hashable,
        rank: Rank,
        kin: Callable[[], Hashable],
        item: I,
        work: Callable[[list[I]], Sequence[T | Exception]],
        of: Hashable = None,
    ) -> T:
        """What ``work`` gives for ``item``, done together with other owners' items of the same kin;
        raises as ``run``.
        """
        result: T = await self._answer(owner, Unit(work, item, kin, rank, of))
        return result

    async def _answer(self, owner: Hashable, unit: Unit) -> Any:
        self._put(owner, unit)
        try:
            return await asyncio.wrap_future(unit.future)
        except asyncio.CancelledError:
            self._drop(owner, unit)
            raise
        finally:
            del unit  # an exception's frames would hold the unit, and the unit the exception

    def close(self, seconds: float = 5.0) -> None:
        """No unit starts any more, those in line are cancelled, and the workers have ended (or had
        their time).
        """
        with self._change:
            self._open = False
            self._change.notify_all()
        for thread in self._threads:
            thread.join(seconds)

    def _put(self, owner: Hashable, unit: Unit) -> None:
        with self._change:
            if not self._open:
                raise Busy("The server is closing. Try again when it is back.")
            if self._in_line >= self.waiting:
                raise Busy(
                    f"{self.waiting} computations are waiting already, the most this server keeps."
                    " Try again in a moment."
                )
            self._lines[LINES[unit.rank]].put(owner, unit)
            self._in_line += 1
            self._change.notify()

    def _drop(self, owner: Hashable, unit: Unit) -> None:
        """A unit nobody waits for takes no place in line, also where the line does not move: what
        is on somebody's screen can keep the other steps waiting for as long as people type.
        """
        with self._change:
            if unit.future.cancel() and self._lines[LINES[unit.rank]].drop(owner, unit):
                self._in_line -= 1

    def _take(self) -> list[Unit]:
        """The next units; waits for some; none when the server has closed."""
        with self._change:
            while True:
                held = self._held()
                for line in self._lines:
                    if units := line.take(held):
                        self._in_line -= len(units)
                        self._running[threading.get_ident()] = (units[0].of, time.monotonic())
                        return units
                if not self._open:
                    return []
                self._change.wait()

    def _held(self) -> set[Hashable]:
        """The runs that have work for long on every worker but one."""
        late = time.monotonic() - LONG
        long = Counter(
            of for of, since in self._running.values() if of is not None and since < late
        )
        return {of for of, count in long.items() if 1 < self.workers <= count + 1}

    def _work(self) -> None:
        while units := self._take():
            if not self._open:
                for unit in units:
                    unit.future.cancel()
            else:
                self._do(units)
            del units  # while this thread waits for more, it holds nothing of what it did

    def _do(self, units: list[Unit]) -> None:
        wanted = [unit for unit in units if unit.future.set_running_or_notify_cancel()]
        if not wanted:
            with self._change:
                self._running.pop(threading.get_ident(), None)
            return
        start = time.perf_counter()
        outcomes = outcomes_of(wanted)
        share = (time.perf_counter() - start) / len(wanted)
        with self._change:
            self._running.pop(threading.get_ident(), None)
            self._change.notify_all()  # what was held may go on
            self.done += len(wanted)
            for unit in wanted:
                self._lines[LINES[unit.rank]].charge(unit.owner, share)
        for unit, outcome in zip(wanted, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                unit.future.set_exception(outcome)
            else:
                unit.future.set_result(outcome)


def outcomes_of(units: list[Unit]) -> Sequence[Any]:
    """What the units' work gives, or the exception that ended it, for each of them.

    The frames an exception went through keep their lines for the log, but none of their objects: a
    superseded sentence's would hold what places tokens at a step, 40 MB each, until the garbage
    collector comes by.
    """
    try:
        return units[0].work([unit.item for unit in units])
    except BaseException as error:
        forget_frames(error)
        own = error.__traceback__  # this frame, which holds the units
        return [error.with_traceback(own and own.tb_next)] * len(units)


def forget_frames(error: BaseException | None) -> None:
    """Nothing is held by the frames that an exception, and those it came from, went through."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__
