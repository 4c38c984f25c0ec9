"""Questions of a page about the inside of a pass: a newer one of the same kind takes the place of
the older, which is stopped.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Hashable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from layerfold.errors import Cancelled, LayerfoldError
from layerfold.interp.session import Session
from layerfold.records import Floats
from layerfold.server.catalog import Catalog
from layerfold.server.jobs import Jobs, Rank
from layerfold.server.protocol.http import Limits
from layerfold.server.protocol.inspect import Question, Survey, Told, Walk
from layerfold.server.protocol.messages import encode_look

if TYPE_CHECKING:
    from layerfold.interp.model_internals import ModelInternals
    from layerfold.interp.stream_views import StreamViews
    from layerfold.interp.weight_motion import WeightMotion

Answer = tuple[Told, Mapping[str, Floats]]
log = logging.getLogger(__name__)


class Looking:
    """The questions of one connection; at most one of each kind is being answered."""

    def __init__(
        self,
        owner: Hashable,
        catalog: Catalog,
        jobs: Jobs,
        limits: Limits,
        send: Callable[[int, bytes], Awaitable[None]],
        fail: Callable[[int, LayerfoldError], Awaitable[None]],
        discard: Callable[[int], None],
    ) -> None:
        """``send`` takes a request's id and a binary answer, ``fail`` its id and error, ``discard``
        drops what waits to be sent for it.
        """
        self.owner = owner
        self.catalog = catalog
        self.jobs = jobs
        self.limits = limits
        self._send = send
        self._fail = fail
        self._discard = discard
        self._current: dict[str, tuple[int, threading.Event, asyncio.Task[None]]] = {}

    def ask(self, question: Question) -> None:
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

    async def _answer(self, question: Question, cancelled: threading.Event) -> None:
        try:
            run = await self._run(question, Rank.NOW, lambda: self.catalog.open(question.run))
            inside, striding, reframing = await self._run(
                question, Rank.NOW, lambda: opened(run, self.limits.tokens)
            )
            if isinstance(question, Walk):
                await self._stream(question, Rank.FIRST, inside.walk(question, cancelled.is_set))
            elif isinstance(question, Survey):
                await self._stream(question, Rank.REST, striding.survey(question, cancelled.is_set))
            else:
                found = await self._run(
                    question,
                    Rank.FIRST,
                    lambda: look(inside, striding, reframing, question, cancelled),
                )
                await self._send(question.id, encode_look(question, *found))
        except Cancelled:
            return
        except LayerfoldError as error:
            await self._fail(question.id, error)
        except Exception:
            log.exception("a question failed")
            await self._fail(
                question.id, LayerfoldError("The server failed on this question; its log says why.")
            )

    async def _stream(self, question: Question, rank: Rank, answers: Iterator[Answer]) -> None:
        """Each answer is sent when it is ready; between two of them others have their turn."""
        while (found := await self._run(question, rank, lambda: next(answers, None))) is not None:
            await self._send(question.id, encode_look(question, *found))

    async def _run(self, question: Question, rank: Rank, work: Callable[[], Any]) -> Any:
        return await self.jobs.run(self.owner, rank, work, question.run)


def opened(run: Session, tokens: int) -> tuple[ModelInternals, WeightMotion, StreamViews]:
    """What looks into a run's passes and steps."""
    from layerfold.interp.model_internals import ModelInternals
    from layerfold.interp.stream_views import StreamViews
    from layerfold.interp.weight_motion import WeightMotion

    return ModelInternals(run, tokens), WeightMotion(run, tokens), StreamViews(run, tokens)


def look(
    inside: ModelInternals,
    striding: WeightMotion,
    reframing: StreamViews,
    question: Question,
    cancelled: threading.Event,
) -> Answer:
    """The answer to a question that has one answer."""
    verbs: dict[str, Callable[[Any, Callable[[], bool]], Answer]] = {
        "dissect": inside.dissect,
        "promote": inside.promote,
        "bend": inside.bend,
        "whatif": inside.imagine,
        "reframe": reframing.reframe,
        "push": inside.push,
        "stride": striding.stride,
        "line": striding.line,
    }
    return verbs[question.type](question, cancelled.is_set)
