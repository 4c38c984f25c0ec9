"""One sentence while it is typed: which of its texts is placed next, and whether one that is being
placed still should be.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final

from layerfold.server.outbox import Outbox
from layerfold.server.protocol.messages import Place, Tokens

SHORT: Final = 200  # characters of a text that is placed together with others


@dataclass(frozen=True)
class Pace:
    """When a text is worth a picture, in seconds.

    Texts less than ``flood`` apart are a flood and no typing: nothing is begun until they rest, or
    the picture is ``stale``. A newer text stops a picture that is under way only if the last one
    was shown less than ``fresh`` ago.
    """

    flood: float = 0.05
    stale: float = 1.0
    fresh: float = 0.25


class Placing:
    """A ``place`` being answered; ``stopped`` is read by the workers."""

    def __init__(self, request: Place) -> None:
        self.request = request
        self.started = time.perf_counter()
        self.cancelled = threading.Event()
        self.sent = 0

    @property
    def first(self) -> Hashable:
        """The tag of its tokens and its first slice."""
        return ("first", self.request.id)

    @property
    def rest(self) -> Hashable:
        """The tag of all that comes after them."""
        return ("rest", self.request.id)


class Line:
    """The texts of one sentence: the one that waits for its turn, and the one that has it."""

    def __init__(self, outbox: Outbox, pace: Pace, loop: asyncio.AbstractEventLoop) -> None:
        self.outbox = outbox
        self.pace = pace
        self.loop = loop
        self.task: asyncio.Task[None] | None = None
        self.others: asyncio.Task[None] | None = None
        self._waiting: Placing | None = None
        self._begun: Placing | None = None
        self._lock = threading.Lock()
        self._asked = self._shown = float("-inf")
        self._apart = float("inf")  # seconds between the last two texts

    # ---- in the loop

    def ask(self, placing: Placing) -> None:
        """This text takes the place of the one that waits."""
        now = time.monotonic()
        self._apart, self._asked = now - self._asked, now
        with self._lock:
            self._waiting, begun = placing, self._begun
        if begun and self.others and not self.others.done():
            begun.cancelled.set()
            self.others.cancel()
            self.outbox.discard(begun.rest)

    def end(self) -> None:
        """Nothing of this sentence is computed or sent any more."""
        with self._lock:
            gone, self._waiting = (self._waiting, self._begun), None
        for task in (self.others, self.task):
            if task:
                task.cancel()
        for placing in gone:
            if placing:
                placing.cancelled.set()
                self.outbox.discard(placing.first)
                self.outbox.discard(placing.rest)

    def kin(self) -> Hashable:
        """What is computed together with other sentences: those of the same run and step."""
        waiting = self._waiting
        if waiting is None:
            return None
        request = waiting.request
        # a long text would keep the others waiting
        alone = self if len(request.text) > SHORT else None
        return (request.run, request.projection, request.step, *request.steps[:1], alone)

    def run(self) -> str | None:
        """The run that the text which waits is for."""
        waiting = self._waiting
        return waiting.request.run if waiting else None

    def idle(self) -> bool:
        """Whether every text has been answered."""
        return self.task is None or self.task.done()

    def wanted(self) -> bool:
        """Whether a text waits."""
        return self._waiting is not None

    def is_newest(self, placing: Placing) -> bool:
        """Whether no text has come since."""
        return self._begun is placing and self._waiting is None

    async def rested(self) -> None:
        """A flood of texts has come to rest, or gone on for so long that one of them is to be
        shown.
        """
        while (
            now := time.monotonic()
        ) - self._shown < self.pace.stale and self._apart < self.pace.flood:
            if now - self._asked >= self.pace.flood:
                return
            await asyncio.sleep(self._asked + self.pace.flood - now)

    # ---- in a worker

    def begin(self) -> Placing | None:
        """The newest text, which now has its turn; None where nothing is wanted any more."""
        with self._lock:
            if self._waiting is not None:
                self._begun, self._waiting = self._waiting, None
                return self._begun
            return None

    def stopped(self, placing: Placing) -> bool:
        """Whether nobody wants the first slice of a text any more: cancelled, or superseded while a
        fresh picture is on screen.
        """
        return placing.cancelled.is_set() or (
            self._waiting is not None and time.monotonic() - self._shown < self.pace.fresh
        )

    def heard(self, placing: Placing, message: Tokens) -> None:
        """The tokens of a text are on their way before its first slice is."""
        said = message.model_dump_json()
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(
                lambda: (
                    None if placing.cancelled.is_set() else self.outbox.put_now(placing.first, said)
                )
            )

    def showed(self) -> None:
        """A picture is on its way to the screen."""
        self._shown = time.monotonic()
