"""One WebSocket of the page: sentences come in, slices go out as they are ready.

A connection has one reader and one sender. Sentences are placed by `placing`, questions about the
inside are answered by `looking`; both put what they have to say into the outbox that the sender
empties. A closed socket ends both.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from functools import partial
from typing import Final

from pydantic import BaseModel
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from layerfold.errors import BadMessage, Busy, LayerfoldError
from layerfold.interp.inspection import Inspection
from layerfold.server.catalog import Catalog
from layerfold.server.inspect import Inspector
from layerfold.server.jobs import Jobs, Rank
from layerfold.server.outbox import Outbox
from layerfold.server.placing import Placings
from layerfold.server.protocol.http import Limits
from layerfold.server.protocol.messages import (
    Cancel,
    Failure,
    Guess,
    Hello,
    Inspect,
    Inspected,
    InspectedToken,
    LensSite,
    Neighbor,
    Place,
    id_of,
    parse_client,
)
from layerfold.server.protocol.questions import AnyQuestion
from layerfold.server.sockets import abort
from layerfold.server.typed import Pace

TRY_AGAIN: Final = 1013
INSPECTIONS: Final = 8  # questions of one connection in flight
log = logging.getLogger(__name__)


class SlowReader(Exception):
    """The other end has not taken a message for too long."""


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
        pace: Pace | None = None,
    ) -> None:
        self.socket = socket
        self.catalog = catalog
        self.jobs = jobs
        self.limits = limits
        self.version = version
        self.patience = patience
        self.owner = object()  # who asks, for the line of work, which remembers them for a while
        self.outbox = Outbox()
        self.placings = Placings(self.owner, catalog, jobs, limits, self.outbox, pace or Pace())
        self.inspections: set[asyncio.Task[None]] = set()
        self.inspector = Inspector(
            self.owner, catalog, jobs, limits, self.outbox.put, self._refuse, self.outbox.discard
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
            # it knows this connection, which would stay until the garbage collector comes by
            del self.inspector

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
                # else it would hold what waits to be sent for as long as the system keeps trying
                abort(self.socket.scope)

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
            except RuntimeError as error:  # the connection was closed meanwhile
                log.info("nothing more can be sent: %s", error)
                return

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
                await self._place(message)
            case Cancel():
                self.placings.stop(message.sentence)
                self.inspector.stop(message.sentence)
            case Inspect():
                await self._ask(message)
            case _:
                self.inspector.ask(message)

    async def _place(self, message: Place) -> None:
        try:
            self.placings.ask(message)
        except Busy as error:
            await self._fail(message.id, message.sentence, error)

    def _cancel_all(self) -> None:
        self.placings.stop()
        for task in self.inspections:
            task.cancel()
        self.inspector.stop()

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
            look = partial(self._look, message)
            found = await self.jobs.run(self.owner, Rank.NOW, look, message.run)
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
        sentence = run.tokenize(message.text or "", self.limits.tokens, message.special)
        return run.inspect(sentence, message.token or 0, message.step, message.site)

    # ---- words

    async def _say(self, request: int | None, message: BaseModel) -> None:
        await self.outbox.put(request, message.model_dump_json())

    async def _refuse(self, request: int, error: LayerfoldError) -> None:
        await self._fail(request, None, error)

    async def _fail(self, request: int | None, sentence: str | None, error: LayerfoldError) -> None:
        await self._say(
            request, Failure(id=request, sentence=sentence, code=error.code, message=str(error))
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
            loss=found.loss,
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
        near=[list(row) for row in found.near],
    )
