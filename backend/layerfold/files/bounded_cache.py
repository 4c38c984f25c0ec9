"""Things that are costly to make, made at first need by one thread, kept while there is room."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
OFTEN = 64


class BoundedCache(Generic[K, V]):
    """At most ``room`` bytes of things (one, if it alone is larger); the least used go first, of
    those the latest.

    The steps of a run are asked for in rounds; giving up the oldest would then give up each just
    before it is needed again.
    """

    def __init__(self, room: int, make: Callable[[K], V], size: Callable[[V], int]) -> None:
        self.room = room
        self._make = make
        self._size = size
        self._things: dict[K, V] = {}
        self._uses: Counter[K] = Counter()
        self._making: dict[K, threading.Lock] = {}
        self._lock = threading.Lock()

    def __contains__(self, key: K) -> bool:
        return key in self._things

    def get(self, key: K) -> V:
        """The thing, made if it is not here; raises what making it raises."""
        with self._lock:
            self._count(key)
            if key in self._things:
                return self._things[key]
            making = self._making.setdefault(key, threading.Lock())
        with making:
            with self._lock:
                if key in self._things:
                    return self._things[key]
            try:
                thing = self._make(key)
            except BaseException:
                with self._lock:
                    self._making.pop(key, None)
                raise
            with self._lock:
                self._things[key] = thing
                # a key may hold what it names: kept no longer than the thing
                self._making.pop(key, None)
                self._make_room(key)
            return thing

    def has_room(self) -> bool:
        """Whether another thing as large as the largest would fit."""
        with self._lock:
            sizes = [self._size(thing) for thing in self._things.values()]
        return not sizes or sum(sizes) + max(sizes) <= self.room

    def _count(self, key: K) -> None:
        self._uses[key] += 1
        if self._uses[key] > OFTEN:
            self._uses = Counter({name: uses // 2 for name, uses in self._uses.items() if uses > 1})

    def _make_room(self, newest: K) -> None:
        total = sum(self._size(thing) for thing in self._things.values())
        latest_first = [key for key in reversed(self._things) if key != newest]
        for key in sorted(latest_first, key=lambda key: self._uses[key]):
            if total <= self.room:
                return
            total -= self._size(self._things.pop(key))
