"""Fifty people type at once, one server process: how long each waits for the slice on screen, and
whether it is theirs.

A person types a sentence word by word and pauses between; the page sends the text after each word,
and the server drops what the next word makes old. A second, harder round sends every keystroke
(five a second). At the end everyone's last sentence is asked for again on a quiet server, and must
be the same to the byte.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.serving import Page, Said, open_page, run_folder, served, warm_up

PEOPLE = 50
BAR_MS = 1000
PAUSES = {"words": (0.8, 2.2), "keystrokes": (0.15, 0.25)}  # seconds
EARLIEST = 2.0  # seconds within which everybody has begun
SAID = (
    "the old river bank was quiet and a man with money in his hand sat down to read about war love"
    " sea whale queen night"
)
WORDS = tuple(SAID.split())
SMOKE = {"PEOPLE": 2, "EARLIEST": 0.1, "PAUSES": dict.fromkeys(PAUSES, (0.02, 0.04))}


def run() -> dict[str, Any]:
    """Milliseconds to the first slice by words and by keystrokes, errors, wrong answers."""
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as server:
        warm_up(server.port)
        by_words = asyncio.run(crowd(server.port, by_keystroke=False))
        by_keys = asyncio.run(crowd(server.port, by_keystroke=True))
    return {
        "run": run_folder().name,
        "people": PEOPLE,
        "bar_ms": BAR_MS,
        "words": by_words,
        "keystrokes": by_keys,
    }


class Person:
    """Types one sentence on a page of their own and notes when each text was answered."""

    def __init__(self, number: int, page: Page, by_keystroke: bool) -> None:
        self.random = random.Random(number)
        self.page = page
        self.texts = self.growing(by_keystroke)
        self.pause = PAUSES["keystrokes" if by_keystroke else "words"]
        self.sent: dict[int, tuple[str, float]] = {}
        self.waits: list[float] = []
        self.errors: list[str] = []
        self.wrong = 0
        self.first: dict[int, Said] = {}
        self.finished = asyncio.Event()

    def growing(self, by_keystroke: bool) -> list[str]:
        """The texts sent while a sentence of eight words grows."""
        words = [self.random.choice(WORDS) for _ in range(8)]
        whole = " ".join(words)
        ends = (
            range(1, len(whole) + 1)
            if by_keystroke
            else [len(" ".join(words[: n + 1])) for n in range(len(words))]
        )
        return [whole[:end] for end in ends if whole[:end].strip()]

    async def type(self) -> None:
        """The texts are sent, with a person's pauses."""
        await asyncio.sleep(self.random.uniform(0, EARLIEST))
        for text in self.texts:
            id = await self.page.place(text)
            self.sent[id] = (text, time.perf_counter())
            await asyncio.sleep(self.random.uniform(*self.pause))
        self.finished.set()

    async def read(self) -> None:
        """Notes the wait of every text that was not made old by a newer one, until the last is
        done.
        """
        while True:
            said = await self.page.hear()
            if said["type"] == "error":
                self.errors.append(said["message"])
            elif said["type"] == "slice" and said["id"] not in self.first:
                self.first[said["id"]] = said
                self.waits.append((time.perf_counter() - self.sent[said["id"]][1]) * 1000)
            elif said["type"] == "tokens":
                shown = "".join(token["text"] for token in said["tokens"] if token["piece"] == 0)
                self.wrong += shown != self.sent[said["id"]][0]
            elif said["type"] == "done" and self.finished.is_set() and said["id"] == self.page.last:
                return


async def crowd(port: int, *, by_keystroke: bool) -> dict[str, Any]:
    """Everyone types; then each last sentence is placed again alone and compared."""
    people = [Person(n, await open_page(port), by_keystroke) for n in range(PEOPLE)]
    start = time.perf_counter()
    await asyncio.gather(
        *(person.type() for person in people), *(person.read() for person in people)
    )
    seconds = time.perf_counter() - start
    for person in people:
        person.wrong += not await same_alone(person)
        await person.page.socket.close()
    waits = np.array([wait for person in people for wait in person.waits])
    return {
        "texts_sent": sum(len(person.sent) for person in people),
        "texts_answered": len(waits),
        "seconds": seconds,
        "p50_ms": float(np.percentile(waits, 50)),
        "p95_ms": float(np.percentile(waits, 95)),
        "max_ms": float(waits.max()),
        "errors": sum(len(person.errors) for person in people),
        "wrong_answers": sum(person.wrong for person in people),
    }


async def same_alone(person: Person) -> bool:
    """Whether the first slice of the person's last text is, to the byte, what a quiet server
    says.
    """
    last = person.page.last
    id = await person.page.place(person.sent[last][0], steps=[person.first[last]["step"]])
    heard = [said for _, said in await person.page.answers(id) if said["type"] == "slice"]
    crowded = person.first[last]["tensors"]
    return len(heard) == 1 and all(
        np.array_equal(crowded[name], values, equal_nan=True)
        for name, values in heard[0]["tensors"].items()
    )


def table(found: dict[str, Any]) -> str:
    """The waits of both rounds."""
    lines = [
        f"{found['people']} people, milliseconds to the slice on screen; p95 at most"
        f" {found['bar_ms']}, no error, no wrong answer"
    ]
    lines.append(
        f"{'':<14}{'sent':>8}{'answered':>10}{'p50':>8}{'p95':>8}{'max':>8}{'errors':>8}{'wrong':>8}"
    )
    for name in ("words", "keystrokes"):
        row = found[name]
        lines.append(
            f"{name:<14}{row['texts_sent']:>8}{row['texts_answered']:>10}"
            f"{row['p50_ms']:>8.0f}{row['p95_ms']:>8.0f}{row['max_ms']:>8.0f}"
            f"{row['errors']:>8}{row['wrong_answers']:>8}"
        )
    return "\n".join(lines)
