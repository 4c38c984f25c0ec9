"""States of several steps, the next being read while those at hand are worked on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from types import TracebackType
from typing import Any

from numpy.typing import NDArray

from layerfold.interp.stepwise import Watch, unheard

Read = Callable[[int, Watch], NDArray[Any]]


class Readahead:
    """The states that ``read`` gives of ``steps``, asked for in their order: a model's pass over a
    reference and a fit have nothing to do with each other, so a second core does the one during the
    other. To be left as a context: what is still being read is waited for, and stops where the
    watch says so.
    """

    def __init__(self, read: Read, steps: Sequence[int]) -> None:
        self._read = read
        self._after = dict(pairwise(steps))
        self._pool = ThreadPoolExecutor(1)
        self._waiting: dict[int, Future[NDArray[Any]]] = {}

    def __enter__(self) -> Readahead:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def of(self, step: int, watch: Watch) -> NDArray[Any]:
        """The states of a step; those of the next are read from now on. Raises what reading
        raises.
        """
        begun = self._waiting.pop(step, None)
        states = self._read(step, watch) if begun is None else begun.result()
        if (after := self._after.get(step)) is not None:
            quiet = replace(watch, progress=unheard)
            self._waiting[after] = self._pool.submit(self._read, after, quiet)
        return states
