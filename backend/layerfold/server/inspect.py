"""Questions of a page about the inside of a pass: a newer one of the same kind takes the place of
the older, which is stopped.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Hashable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from layerfold.errors import Cancelled, LayerfoldError
from layerfold.interp.session import Session
from layerfold.server.catalog import Catalog
from layerfold.server.jobs import Jobs, Rank
from layerfold.server.protocol.encode import encode_answer
from layerfold.server.protocol.http import Limits
from layerfold.server.protocol.messages import Measuring
from layerfold.server.protocol.questions import AnyQuestion

if TYPE_CHECKING:
    from layerfold.server.answers import Entry

OFTEN: Final = 0.25
log = logging.getLogger(__name__)


class Telling:
    """Tells from a working thread what share of an answer is there, at most every ``OFTEN``
    seconds, and the last of those that came too soon after that: long work may follow it."""

    def __init__(
        self, id: int, tell: Callable[[int, float], None], loop: asyncio.AbstractEventLoop
    ) -> None:
        self._id, self._tell, self._loop = id, tell, loop
        self._next = 0.0
        self._latest: float | None = None  # that has not been told
        self._lock = threading.Lock()

    def __call__(self, share: float) -> None:
        """So much is there."""
        with self._lock:
            waiting = self._latest is not None
            self._latest = min(1.0, max(0.0, share))
            wait = max(0.0, self._next - time.monotonic())
        if waiting:
            return
        with suppress(RuntimeError):  # the server is being stopped
            self._loop.call_soon_threadsafe(self._loop.call_later, wait, self._say)

    def _say(self) -> None:
        """In the loop's thread: the latest share is told."""
        with self._lock:
            self._next = time.monotonic() + OFTEN
            share, self._latest = self._latest, None
        if share is not None:
            self._tell(self._id, share)


class Inspector:
    """The questions of one connection; at most one of each kind is being answered."""

    def __init__(
        self,
        owner: Hashable,
        catalog: Catalog,
        jobs: Jobs,
        limits: Limits,
        send: Callable[[int, bytes | str], Awaitable[None]],
        fail: Callable[[int, LayerfoldError], Awaitable[None]],
        discard: Callable[[int], None],
    ) -> None:
        """``send`` takes a request's id and a binary answer, or what is said of it meanwhile,
        ``fail`` its id and error, ``discard`` drops what waits to be sent for it.
        """
        self.owner = owner
        self.catalog = catalog
        self.jobs = jobs
        self.limits = limits
        self._send = send
        self._fail = fail
        self._discard = discard
        self._telling: set[asyncio.Task[None]] = set()
        self._current: dict[str, tuple[int, threading.Event, asyncio.Task[None]]] = {}

    def ask(self, question: AnyQuestion) -> None:
        """The question is being answered, and an older one of its kind no more."""
        self.stop(question.type)
        cancelled = threading.Event()
        self._current[question.type] = (
            question.id,
            cancelled,
            asyncio.create_task(self._answer(question, cancelled)),
        )

    def stop(self, kind: str | None = None) -> None:
        """Questions of a kind (all without one) are not answered any more."""
        for name in [kind] if kind else list(self._current):
            if name in self._current:
                request, cancelled, task = self._current.pop(name)
                cancelled.set()
                task.cancel()
                self._discard(request)

    async def _answer(self, question: AnyQuestion, cancelled: threading.Event) -> None:
        try:
            run = await self._run(question, Rank.NOW, lambda: self.catalog.open(question.run))
            loop = asyncio.get_running_loop()
            entry, found = await self._run(
                question, Rank.NOW, lambda: self._begun(run, question, cancelled, loop)
            )
            rank = Rank.REST if entry.slow else Rank.FIRST
            while (one := await self._run(question, rank, lambda: next(found, None))) is not None:
                await self._send(question.id, encode_answer(question, entry.answer, one))
        except Cancelled:
            return
        except LayerfoldError as error:
            await self._fail(question.id, error)
        except Exception:
            log.exception("a question failed")
            await self._fail(
                question.id, LayerfoldError("The server failed on this question; its log says why.")
            )

    def _tell(self, id: int, share: float) -> None:
        """The page hears how far the answer to a question is, if it still waits for it."""
        if all(request != id for request, *_ in self._current.values()):
            return
        words = Measuring(id=id, share=share).model_dump_json()
        task = asyncio.ensure_future(self._send(id, words))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    def _begun(
        self,
        run: Session,
        question: AnyQuestion,
        cancelled: threading.Event,
        loop: asyncio.AbstractEventLoop,
    ) -> tuple[Entry, Iterator[Any]]:
        """The answers to a question, each found when it is asked for."""
        from layerfold.server.answers import REGISTRY, Reader  # torch, without which we listen

        entry = REGISTRY[type(question)]
        reader = Reader.of(run, self.limits.tokens, Telling(question.id, self._tell, loop))
        return entry, iter(entry.call(reader, question, cancelled.is_set))

    async def _run(self, question: AnyQuestion, rank: Rank, work: Callable[[], Any]) -> Any:
        return await self.jobs.run(self.owner, rank, work, question.run)
