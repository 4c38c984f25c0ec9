"""One WebSocket of the page: sentences come in, slices go out as they are ready.

A connection has one reader and one sender. Each sentence being placed is a task of its own that
asks the workers for a step at a time: the step on screen first, then the others, two at once. A
newer text for the same sentence, a cancel or a closed socket ends the task, empties its place in
the outbox, and raises the flag that the computation looks at.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from pydantic import BaseModel
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from layerfold.errors import BadMessage, Busy, Cancelled, LayerfoldError
from layerfold.interp.inspection import Inspection
from layerfold.interp.session import Session
from layerfold.records import Sentence
from layerfold.server.catalog import Catalog
from layerfold.server.inspect import Inspector
from layerfold.server.jobs import Jobs, Rank
from layerfold.server.outbox import Outbox
from layerfold.server.protocol.encode import encode_slice
from layerfold.server.protocol.http import Limits
from layerfold.server.protocol.messages import (
    Cancel,
    Done,
    Failure,
    Guess,
    Hello,
    Inspect,
    Inspected,
    InspectedToken,
    LensSite,
    Neighbor,
    Place,
    Tokens,
    TokenText,
    id_of,
    parse_client,
)
from layerfold.server.protocol.questions import AnyQuestion

TRY_AGAIN: Final = 1013
LANES: Final = 2  # steps of one sentence computed at once
INSPECTIONS: Final = 8  # questions of one connection in flight
log = logging.getLogger(__name__)


class SlowReader(Exception):
    """The other end has not taken a message for too long."""


@dataclass(eq=False)
class Placing:
    """A ``place`` being answered; ``cancelled`` is read by the workers."""

    request: Place
    started: float
    cancelled: threading.Event = field(default_factory=threading.Event)
    sent: int = 0


class Connection:
    """The conversation on one accepted socket, from hello to its end."""

    def __init__(
        self,
        socket: WebSocket,
        catalog: Catalog,
        jobs: Jobs,
        limits: Limits,
        version: str,
        patience: float = 10.0,
    ) -> None:
        self.socket = socket
        self.catalog = catalog
        self.jobs = jobs
        self.limits = limits
        self.version = version
        self.patience = patience
        self.outbox = Outbox()
        self.placings: dict[str, tuple[Placing, asyncio.Task[None]]] = {}
        self.inspections: set[asyncio.Task[None]] = set()
        self.inspector = Inspector(
            self, catalog, jobs, limits, self.outbox.put, self._refuse, self.outbox.discard
        )

    async def run(self) -> None:
        """The conversation is over: the page went, or read too slowly and was told so (1013)."""
        reader = asyncio.create_task(self._read())
        sender = asyncio.create_task(self._send())
        try:
            await self._say(None, Hello(version=self.version, limits=self.limits))
            done, _ = await asyncio.wait((reader, sender), return_when=asyncio.FIRST_COMPLETED)
            await self._end(done.pop())
        finally:
            self._cancel_all()
            for task in (reader, sender):
                task.cancel()
            await asyncio.gather(reader, sender, return_exceptions=True)

    def note(self, runs: Iterable[str] = (), jobs: bool = False) -> None:
        """The page will hear that these runs, or the jobs of the lab, have changed."""
        self.outbox.note(runs, jobs)

    async def _end(self, task: asyncio.Task[None]) -> None:
        """The socket is closed with a reason that fits how the reader or the sender ended."""
        error = task.exception()
        if error is None or isinstance(error, WebSocketDisconnect):
            return
        if not isinstance(error, SlowReader):
            log.error("a connection failed", exc_info=error)
        code, reason = (
            (TRY_AGAIN, str(error))
            if isinstance(error, SlowReader)
            else (1011, "the server failed; its log says why")
        )
        if self.socket.application_state is WebSocketState.CONNECTED:
            try:
                async with asyncio.timeout(1):
                    await self.socket.close(code, reason)
            except (TimeoutError, RuntimeError, WebSocketDisconnect):
                return

    async def _send(self) -> None:
        while True:
            data = await self.outbox.take()
            try:
                async with asyncio.timeout(self.patience):
                    await (
                        self.socket.send_text(data)
                        if isinstance(data, str)
                        else self.socket.send_bytes(data)
                    )
            except TimeoutError:
                raise SlowReader(f"no message was read for {self.patience:g} seconds") from None

    async def _read(self) -> None:
        while True:
            message = await self.socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            try:
                if text is None:
                    raise BadMessage("The message is binary; send JSON in a text frame.")
                await self._handle(parse_client(text))
            except LayerfoldError as error:
                await self._fail(id_of(text or ""), None, error)

    async def _handle(self, message: Place | Inspect | Cancel | AnyQuestion) -> None:
        match message:
            case Place():
                await self._start(message)
            case Cancel():
                self._stop(message.sentence)
                self.inspector.stop(message.sentence)
            case Inspect():
                await self._ask(message)
            case _:
                self.inspector.ask(message)

    # ---- sentences

    async def _start(self, message: Place) -> None:
        self._stop(message.sentence)
        if len(self.placings) >= self.limits.sentences:
            error = Busy(
                f"{self.limits.sentences} sentences are being placed for this page, the most at"
                " once. Wait for one, or cancel one."
            )
            await self._fail(message.id, message.sentence, error)
            return
        placing = Placing(message, time.perf_counter())
        self.placings[message.sentence] = (placing, asyncio.create_task(self._place(placing)))

    def _stop(self, sentence: str) -> None:
        placing, task = self.placings.pop(sentence, (None, None))
        if placing and task:
            placing.cancelled.set()
            task.cancel()
            self.outbox.discard(placing.request.id)

    def _cancel_all(self) -> None:
        for sentence in list(self.placings):
            self._stop(sentence)
        for task in self.inspections:
            task.cancel()
        self.inspector.stop()

    async def _place(self, placing: Placing) -> None:
        request = placing.request
        try:
            run, sentence = await self.jobs.run(self, Rank.NOW, lambda: self._open(request))
            await self._say(request.id, _tokens(request, sentence))
            steps = order(run.steps, request.steps, request.step)
            await self._step(placing, run, sentence, steps[0], Rank.FIRST)
            rest = iter(steps[1:])
            async with asyncio.TaskGroup() as group:
                for _ in range(min(LANES, len(steps) - 1)):
                    group.create_task(self._lane(placing, run, sentence, rest))
            elapsed = (time.perf_counter() - placing.started) * 1000
            done = Done(
                id=request.id,
                run=request.run,
                sentence=request.sentence,
                steps=placing.sent,
                milliseconds=round(elapsed, 1),
            )
            await self._say(request.id, done)
        except LayerfoldError as error:
            await self._fail(request.id, request.sentence, error)
        except Exception:
            log.exception("placing failed")
            await self._fail(
                request.id,
                request.sentence,
                LayerfoldError("The server failed on this sentence; its log says why."),
            )
        finally:
            current = self.placings.get(request.sentence)
            if current and current[0] is placing:
                del self.placings[request.sentence]

    def _open(self, request: Place) -> tuple[Session, Sentence]:
        run = self.catalog.open(request.run)
        _ = run.steps  # a run without clouds is told so before its tokens are shown
        run.picture(request.projection)
        return run, run.tokenize(request.text, self.limits.tokens)

    async def _lane(
        self, placing: Placing, run: Session, sentence: Sentence, steps: Iterator[int]
    ) -> None:
        for step in steps:
            await self._step(placing, run, sentence, step, Rank.REST)

    async def _step(
        self, placing: Placing, run: Session, sentence: Sentence, step: int, rank: Rank
    ) -> None:
        """The slice of one step is on its way, or the reason why there is none; the other steps go
        on.
        """
        request = placing.request

        def compute() -> bytes:
            slice_ = run.slice(sentence, step, placing.cancelled.is_set, request.projection)
            return encode_slice(request.id, request.run, request.sentence, slice_)

        try:
            data = await self.jobs.run(self, rank, compute)
        except (Cancelled, Busy):
            raise
        except LayerfoldError as error:
            await self._fail(request.id, request.sentence, error, step)
        except Exception:
            log.exception("step %d failed", step)
            await self._fail(
                request.id,
                request.sentence,
                LayerfoldError("The server failed on this step; its log says why."),
                step,
            )
        else:
            await self.outbox.put(request.id, data)
            placing.sent += 1

    # ---- questions

    async def _ask(self, message: Inspect) -> None:
        if len(self.inspections) >= INSPECTIONS:
            raise Busy(
                f"{INSPECTIONS} inspections are under way for this page, the most at once. Wait for"
                " one."
            )
        task = asyncio.create_task(self._inspect(message))
        self.inspections.add(task)
        task.add_done_callback(self.inspections.discard)

    async def _inspect(self, message: Inspect) -> None:
        try:
            found = await self.jobs.run(self, Rank.NOW, lambda: self._look(message))
            await self._say(message.id, _inspected(message, found))
        except LayerfoldError as error:
            await self._fail(message.id, None, error)
        except Exception:
            log.exception("inspection failed")
            await self._fail(
                message.id,
                None,
                LayerfoldError("The server failed on this question; its log says why."),
            )

    def _look(self, message: Inspect) -> Inspection:
        run = self.catalog.open(message.run)
        if message.reference is not None:
            return run.inspect_reference(
                message.reference, message.step, message.site, projection=message.projection
            )
        sentence = run.tokenize(message.text or "", self.limits.tokens)
        return run.inspect(sentence, message.token or 0, message.step, message.site)

    # ---- words

    async def _say(self, request: int | None, message: BaseModel) -> None:
        await self.outbox.put(request, message.model_dump_json())

    async def _refuse(self, request: int, error: LayerfoldError) -> None:
        await self._fail(request, None, error)

    async def _fail(
        self,
        request: int | None,
        sentence: str | None,
        error: LayerfoldError,
        step: int | None = None,
    ) -> None:
        await self._say(
            request,
            Failure(id=request, sentence=sentence, step=step, code=error.code, message=str(error)),
        )


def order(known: Sequence[int], wanted: Sequence[int], current: int | None) -> list[int]:
    """The steps to compute, most wanted first: those named, else all, nearest (in the run's list)
    to the one on screen first.
    """
    if wanted:
        return list(dict.fromkeys(wanted))
    center = (
        len(known) - 1
        if current is None
        else min(range(len(known)), key=lambda i: abs(known[i] - current))
    )
    return [known[i] for i in sorted(range(len(known)), key=lambda i: (abs(i - center), i))]


def _tokens(request: Place, sentence: Sentence) -> Tokens:
    tokens = [
        TokenText(id=token.id, text=token.text, piece=token.piece, pieces=token.pieces)
        for token in sentence.tokens
    ]
    return Tokens(
        id=request.id, run=request.run, sentence=request.sentence, cut=sentence.cut, tokens=tokens
    )


def _inspected(message: Inspect, found: Inspection) -> Inspected:
    return Inspected(
        id=message.id,
        run=message.run,
        step=message.step,
        site=message.site,
        token=InspectedToken(
            text=found.text,
            norm=found.norm,
            outside=found.outside,
            trust=found.trust,
            continuity=found.continuity,
        ),
        neighbors=[Neighbor(index=index, distance=distance) for index, distance in found.neighbors],
        lens=[
            LensSite(
                site=site.site,
                kl=site.kl,
                entropy=site.entropy,
                top=[Guess(text=text, probability=p) for text, p in site.top],
            )
            for site in found.lens
        ],
    )
