"""What waits to be sent on one connection: bounded, in order, and free of answers nobody wants any
more.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Hashable, Iterable

from layerfold.server.protocol.messages import Changed


class Outbox:
    """At most ``capacity`` messages; ``put`` waits for room, so a slow reader slows its own
    computations and nothing grows.

    A tag says what a message belongs to (a request, mostly), so that all of it can be taken back.

    News are no messages of a request: what has not been read yet is one message of all runs that
    changed since.
    """

    def __init__(self, capacity: int = 16) -> None:
        self.capacity = capacity
        self._items: deque[tuple[Hashable, str | bytes]] = deque()
        self._some = asyncio.Event()
        self._room = asyncio.Event()
        self._changed: set[str] = set()
        self._jobs = False
        self._greeted = False

    def __len__(self) -> int:
        return len(self._items)

    async def put(self, tag: Hashable, data: str | bytes) -> None:
        """The message stands last in line."""
        while len(self._items) >= self.capacity:
            self._room.clear()
            await self._room.wait()
        self.put_now(tag, data)

    def put_now(self, tag: Hashable, data: str | bytes) -> None:
        """The message stands last in line, room or not: for one that is never followed by another
        before it is read or taken back.
        """
        self._items.append((tag, data))
        self._some.set()

    def note(self, runs: Iterable[str] = (), jobs: bool = False) -> None:
        """The page will hear that these runs, or the jobs of the lab, have changed."""
        self._changed.update(runs)
        self._jobs = self._jobs or jobs
        if self._changed or self._jobs:
            self._some.set()

    async def take(self) -> str | bytes:
        """The news, else the first message, waiting for one; the very first message is never news:
        it is the greeting.
        """
        while not (self._items or self._has_news()):
            self._some.clear()
            await self._some.wait()
        if self._has_news():
            news = Changed(runs=sorted(self._changed), jobs=self._jobs)
            self._changed, self._jobs = set(), False
            return news.model_dump_json()
        data = self._items.popleft()[1]
        self._greeted = True
        self._room.set()
        return data

    def _has_news(self) -> bool:
        return self._greeted and (bool(self._changed) or self._jobs)

    def discard(self, tag: Hashable) -> None:
        """Nothing of this tag waits any more."""
        self._items = deque(item for item in self._items if item[0] != tag)
        self._room.set()
