"""The sentences of one page: of each, the newest text is placed, and a picture that was begun is
shown also when a newer text has come.

A sentence has at most one computation in line, and takes its newest text along only when its turn
comes: who types fast waits for one turn, never behind the texts that came before. The slices of the
other steps are for a text that rests; a newer one ends them.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from layerfold.errors import Busy, Cancelled, LayerfoldError
from layerfold.interp.session import Session
from layerfold.records import PlacedSlice, Sentence
from layerfold.server.catalog import Catalog
from layerfold.server.jobs import Jobs, Rank
from layerfold.server.outbox import Outbox
from layerfold.server.protocol.encode import encode_slice
from layerfold.server.protocol.http import Limits
from layerfold.server.protocol.messages import Done, Failure, Place, Tokens, TokenText
from layerfold.server.typed import Line, Pace, Placing

# steps of one sentence asked for at once: one for each of two workers, and one that waits for the
# first to be free, which else would wait for the loop's turn
LANES: Final = 3
FAILED: Final = "The server failed on this sentence; its log says why."
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class First:
    """What the first turn of a text gave: the slice of the step on screen, or why there is none."""

    placing: Placing
    run: Session
    sentence: Sentence
    steps: Sequence[int]
    data: bytes | LayerfoldError | None = None


class Placings:
    """The sentences of one connection, at most ``limits.sentences`` being placed at once."""

    def __init__(
        self,
        owner: Hashable,
        catalog: Catalog,
        jobs: Jobs,
        limits: Limits,
        outbox: Outbox,
        pace: Pace,
    ) -> None:
        self.owner = owner
        self.catalog = catalog
        self.jobs = jobs
        self.limits = limits
        self.outbox = outbox
        self.pace = pace
        self._lines: dict[str, Line] = {}

    def ask(self, request: Place) -> None:
        """The text is placed when its sentence's turn comes; raises Busy."""
        line = self._lines.get(request.sentence) or self._new(request.sentence)
        line.ask(Placing(request))
        if line.idle():
            line.task = asyncio.create_task(self._serve(line))

    def stop(self, sentence: str | None = None) -> None:
        """A sentence (all without one) is not placed any more."""
        for key in [sentence] if sentence is not None else list(self._lines):
            if line := self._lines.pop(key, None):
                line.end()

    def _new(self, key: str) -> Line:
        if len(self._lines) >= self.limits.sentences:
            idle = next((name for name, line in self._lines.items() if line.idle()), None)
            if idle is None:
                most = self.limits.sentences
                raise Busy(
                    f"{most} sentences are being placed for this page, the most at once. Wait for"
                    " one, or cancel one."
                )
            del self._lines[idle]
        self._lines[key] = Line(self.outbox, self.pace, asyncio.get_running_loop())
        return self._lines[key]

    async def _serve(self, line: Line) -> None:
        """Every text that waits has its turn, newest first, until none waits."""
        shown: Placing | None = None
        while line.wanted():
            await line.rested()
            work = partial(place_first, self.catalog, self.limits.tokens)
            try:
                first = await self.jobs.join(
                    self.owner, Rank.FIRST, line.kin, line, work, line.run()
                )
            except LayerfoldError as error:  # of the line of work
                if placing := line.begin():
                    await self._fail(placing, error)
                continue
            except Exception:
                log.exception("placing failed")
                if placing := line.begin():
                    await self._fail(placing, LayerfoldError(FAILED))
                continue
            if first is not None:
                shown = await self._show(line, first, shown)

    async def _show(
        self, line: Line, first: First | Refused, shown: Placing | None
    ) -> Placing | None:
        """The first slice is on its way, in the place of an older one that has not been read; the
        others too, if the text rests.
        """
        placing = first.placing
        if isinstance(first, Refused):
            await self._fail(placing, first.error)
            return shown
        if isinstance(first.data, LayerfoldError):
            await self._fail(placing, first.data, first.steps[0])
        elif first.data is not None:
            if shown is not None:
                self.outbox.discard(shown.first)
            line.showed()
            placing.sent += 1
            await self.outbox.put(placing.first, first.data)
            shown = placing
        else:
            self.outbox.discard(placing.first)  # nothing follows its tokens
        if first.data is not None and line.is_newest(placing):
            line.others = asyncio.create_task(self._others(first))
            await asyncio.wait((line.others,))
        return shown

    async def _others(self, first: First) -> None:
        placing, request = first.placing, first.placing.request
        rest = iter(first.steps[1:])
        lanes = [
            asyncio.create_task(self._lane(first, rest))
            for _ in range(min(LANES, len(first.steps) - 1))
        ]
        try:
            await asyncio.gather(*lanes)
        finally:
            for lane in lanes:
                lane.cancel()
        elapsed = round((time.perf_counter() - placing.started) * 1000, 1)
        done = Done(
            id=request.id,
            run=request.run,
            sentence=request.sentence,
            steps=placing.sent,
            milliseconds=elapsed,
        )
        await self.outbox.put(placing.rest, done.model_dump_json())

    async def _lane(self, first: First, steps: Iterator[int]) -> None:
        """The slices of the steps are on their way, or the reason why there is none; the other
        steps go on, unless no more can be asked.
        """
        placing, request = first.placing, first.placing.request
        for step in steps:
            try:
                data = await self.jobs.run(
                    self.owner, Rank.REST, partial(step_of, first, step), request.run
                )
                await self.outbox.put(placing.rest, data)
                placing.sent += 1
            except Cancelled:
                return
            except Busy as error:
                for _ in steps:
                    pass  # said once
                await self._fail(placing, error, step)
            except LayerfoldError as error:
                await self._fail(placing, error, step)
            except Exception:
                log.exception("step %d failed", step)
                await self._fail(
                    placing,
                    LayerfoldError("The server failed on this step; its log says why."),
                    step,
                )

    async def _fail(self, placing: Placing, error: LayerfoldError, step: int | None = None) -> None:
        request = placing.request
        said = Failure(
            id=request.id, sentence=request.sentence, step=step, code=error.code, message=str(error)
        )
        await self.outbox.put(placing.rest, said.model_dump_json())


@dataclass(frozen=True)
class Refused:
    """A text that cannot be placed at any step, and why."""

    placing: Placing
    error: LayerfoldError


def place_first(
    catalog: Catalog, tokens: int, lines: Sequence[Line]
) -> list[First | Refused | None]:
    """The slice on screen of the newest text of each line; None where none is wanted any more. Run
    in a worker.
    """
    found = [_read(catalog, tokens, line) for line in lines]
    groups: dict[tuple[int, int, str], list[int]] = {}
    for n, first in enumerate(found):
        if isinstance(first, First):
            groups.setdefault(
                (id(first.run), first.steps[0], first.placing.request.projection), []
            ).append(n)
    for members in groups.values():
        firsts = [(n, first) for n in members if isinstance(first := found[n], First)]
        for (n, first), data in zip(firsts, _sliced(lines, firsts), strict=True):
            found[n] = First(first.placing, first.run, first.sentence, first.steps, data)
    return found


def _read(catalog: Catalog, tokens: int, line: Line) -> First | Refused | None:
    """The newest text of a line in tokens, which are on their way, and the steps at which it is
    wanted.
    """
    placing = line.begin()
    if placing is None:
        return None
    request = placing.request
    try:
        run = catalog.open(request.run)
        # a run without clouds is told so before its tokens are shown
        steps = order(run.steps, request.steps, request.step)
        run.picture(request.projection)
        sentence = run.tokenize(request.text, tokens, request.special)
    except LayerfoldError as error:
        return Refused(placing, error)
    except Exception:
        log.exception("placing failed")
        return Refused(placing, LayerfoldError(FAILED))
    line.heard(placing, tokens_of(request, sentence))
    return First(placing, run, sentence, steps)


def _sliced(
    lines: Sequence[Line], firsts: Sequence[tuple[int, First]]
) -> list[bytes | LayerfoldError | None]:
    """The slices of texts at the same step of the same run, as bytes; each by itself where one of
    them would spoil it for the others.
    """
    run, step = firsts[0][1].run, firsts[0][1].steps[0]
    sentences = [first.sentence for _, first in firsts]
    stops = [partial(lines[n].stopped, first.placing) for n, first in firsts]
    projection = firsts[0][1].placing.request.projection
    try:
        slices = run.slice_each(sentences, step, stops, projection)
        pairs = zip(firsts, slices, strict=True)
        return [
            None if one is None else encoded(first.placing.request, one)
            for (_, first), one in pairs
        ]
    except Exception as error:
        if len(firsts) > 1:
            return [_sliced(lines, [each])[0] for each in firsts]
        if isinstance(error, LayerfoldError):
            return [error.with_traceback(None)]
        log.exception("step %d failed", step)
        return [LayerfoldError("The server failed on this step; its log says why.")]


def step_of(first: First, step: int) -> bytes:
    """The slice of a step of a text that has had its first; raises as `Session.slice`. Run in a
    worker.
    """
    placing, request = first.placing, first.placing.request
    slice_ = first.run.slice(first.sentence, step, placing.cancelled.is_set, request.projection)
    return encoded(request, slice_)


def encoded(request: Place, slice_: PlacedSlice) -> bytes:
    """A slice as the answer to a request."""
    return encode_slice(request.id, request.run, request.sentence, slice_)


def tokens_of(request: Place, sentence: Sentence) -> Tokens:
    """The tokens of a request's text."""
    tokens = [
        TokenText(id=token.id, text=token.text, piece=token.piece, pieces=token.pieces)
        for token in sentence.tokens
    ]
    return Tokens(
        id=request.id,
        run=request.run,
        sentence=request.sentence,
        text=request.text,
        cut=sentence.cut,
        tokens=tokens,
    )


def order(known: Sequence[int], wanted: Iterable[int], current: int | None) -> list[int]:
    """The steps to compute, most wanted first: those named, else all, nearest (in the run's list)
    to the one on screen first.
    """
    if named := list(dict.fromkeys(wanted)):
        return named
    center = (
        len(known) - 1
        if current is None
        else min(range(len(known)), key=lambda i: abs(known[i] - current))
    )
    return [known[i] for i in sorted(range(len(known)), key=lambda i: (abs(i - center), i))]
