"""What waits to be sent on one connection: bounded, in order, and free of answers nobody wants any more."""

from __future__ import annotations

import asyncio
from collections import deque


class Outbox:
    """At most ``capacity`` messages; ``put`` waits for room, so a slow reader slows its own computations and nothing grows."""

    def __init__(self, capacity: int = 16) -> None:
        self.capacity = capacity
        self._items: deque[tuple[int | None, str | bytes]] = deque()
        self._some = asyncio.Event()
        self._room = asyncio.Event()

    def __len__(self) -> int:
        return len(self._items)

    async def put(self, request: int | None, data: str | bytes) -> None:
        """The message stands last in line."""
        while len(self._items) >= self.capacity:
            self._room.clear()
            await self._room.wait()
        self._items.append((request, data))
        self._some.set()

    async def take(self) -> str | bytes:
        """The first message, waiting for one."""
        while not self._items:
            self._some.clear()
            await self._some.wait()
        data = self._items.popleft()[1]
        self._room.set()
        return data

    def discard(self, request: int) -> None:
        """Nothing of this request waits any more."""
        self._items = deque(item for item in self._items if item[0] != request)
        self._room.set()
