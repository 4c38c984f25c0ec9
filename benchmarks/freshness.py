"""People type at five keys a second: how old the picture is that they see, and how long they see
the same one.

Every keystroke counts. A picture's **age** is how long ago the text on screen ceased to be the
newest: 0 while it is what was typed, else the time since the first key it does not know (before the
first picture: since the first key), sampled every 10 ms of everybody's typing. **Between pictures**
is the time from one picture to the next. A keystroke's **wait** ends with the first picture of its
text or a newer one. Beside them the old measure: the wait of those texts alone that had a picture
of their own.

Rounds: ten, fifty and two hundred people alone on the machine, and ten and fifty beside a noisy
neighbor, ten processes that take what processor they get.
"""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.clients import WORDS
from benchmarks.serving import Page, open_page, run_folder, served, warm_up

SECONDS = 15.0
PAUSE = (0.15, 0.25)
NOISE = 10
ROUNDS = ((10, False), (50, False), (200, False), (10, True), (50, True))
SMOKE = {"SECONDS": 1.0, "ROUNDS": ((2, False), (2, True)), "NOISE": 1}
BARS = {
    (50, False): 1000.0,
    (200, False): 3000.0,
    (50, True): 3000.0,
}  # milliseconds, the 95th percentile of the age


def run() -> dict[str, Any]:
    """Milliseconds by round, errors, and the server's memory before and after."""
    with tempfile.TemporaryDirectory() as folder, served(Path(folder), "--no-build") as server:
        warm_up(server.port)
        before = server.megabytes()[0]
        rounds = [one_round(server.port, people, noisy) for people, noisy in ROUNDS]
        return {
            "run": run_folder().name,
            "seconds": SECONDS,
            "rounds": rounds,
            "resident_mb": {"before": before, "after": server.megabytes()[0]},
        }


def one_round(port: int, people: int, noisy: bool) -> dict[str, Any]:
    """What so many people saw."""
    with noise(NOISE if noisy else 0):
        typists = asyncio.run(crowd(port, people, SECONDS))
    return {"people": people, "noisy": noisy, "bar_ms": BARS.get((people, noisy)), **seen(typists)}


@contextmanager
def noise(processes: int) -> Iterator[None]:
    """So many processes take what they get of the machine."""
    spinning = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)
    ]
    try:
        yield
    finally:
        for process in spinning:
            process.kill()
            process.wait()


@dataclass
class Typist:
    """One person: when each text was sent, when the first picture of a text came, what was
    refused.
    """

    number: int
    keys: dict[int, float] = field(default_factory=dict)
    pictures: dict[int, float] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    async def type(self, page: Page, seconds: float) -> None:
        """Types sentence after sentence, key by key, from a moment of their own on."""
        choose = random.Random(self.number)
        await asyncio.sleep(choose.uniform(0, 1))
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            text = " ".join(choose.choice(WORDS) for _ in range(8))
            for length in range(1, len(text) + 1):
                if time.perf_counter() >= end:
                    return
                self.keys[page.last + 1] = time.perf_counter()
                await page.place(text[:length])
                await asyncio.sleep(choose.uniform(*PAUSE))

    async def watch(self, page: Page) -> None:
        """Notes what comes, until cancelled."""
        async for data in page.socket:
            said = json.loads(data) if isinstance(data, str) else header_of(data)
            if said["type"] == "slice":
                self.pictures.setdefault(int(said["id"]), time.perf_counter())
            elif said["type"] == "error":
                self.errors.append(said["code"])


def header_of(data: bytes) -> dict[str, Any]:
    """The header of a slice, its tensors unread."""
    found: dict[str, Any] = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])[
        "__metadata__"
    ]
    return found


async def crowd(port: int, people: int, seconds: float) -> list[Typist]:
    """Everyone types; then there are three seconds for the last pictures."""
    typists = [Typist(number) for number in range(people)]
    pages = [await open_page(port) for _ in typists]
    watching = [
        asyncio.create_task(typist.watch(page)) for typist, page in zip(typists, pages, strict=True)
    ]
    await asyncio.gather(
        *(typist.type(page, seconds) for typist, page in zip(typists, pages, strict=True))
    )
    await asyncio.sleep(3)
    for task in watching:
        task.cancel()
    for page in pages:
        await page.socket.close()
    return typists


def seen(typists: list[Typist]) -> dict[str, Any]:
    """Ages, times between pictures and waits of all, in milliseconds, and how many texts had a
    picture.
    """
    ages = np.concatenate([ages_of(typist) for typist in typists])
    between = np.concatenate([gaps_of(typist) for typist in typists])
    waits = np.concatenate([waits_of(typist) for typist in typists])
    own = np.array(
        [(at - typist.keys[id]) * 1000 for typist in typists for id, at in typist.pictures.items()]
    )
    return {
        "texts": sum(len(typist.keys) for typist in typists),
        "pictures": len(own),
        "age": percentiles(ages),
        "between_pictures": percentiles(between),
        "wait_of_every_key": percentiles(waits),
        "wait_of_answered_texts": percentiles(own),
        "errors": sum(len(typist.errors) for typist in typists),
    }


def ages_of(typist: Typist) -> np.ndarray:
    """How old the picture on screen is, every 10 ms from the first key to the last."""
    ids, keys = np.array(list(typist.keys)), np.array(list(typist.keys.values()))
    at = np.arange(keys[0], keys[-1], 0.01)
    shown = latest(typist, at)
    # the first text that the picture does not know
    unknown = np.searchsorted(ids, shown, side="right")
    since = np.append(keys, np.inf)[unknown]
    return np.maximum(at - since, 0.0) * 1000


def latest(typist: Typist, at: np.ndarray) -> np.ndarray:
    """The newest text that stands on screen at each time; 0 before the first picture."""
    times = np.array(sorted(typist.pictures.values()))
    newest = np.maximum.accumulate(
        np.array([0, *(id for id, _ in sorted(typist.pictures.items(), key=lambda one: one[1]))])
    )
    return newest[np.searchsorted(times, at, side="right")]


def gaps_of(typist: Typist) -> np.ndarray:
    """From each picture to the next while somebody types; the first waits since the first key, and
    so does a last that never came.
    """
    keys = list(typist.keys.values())
    during = [at for at in sorted(typist.pictures.values()) if at <= keys[-1]]
    return np.diff([keys[0], *during, keys[-1]]) * 1000


def waits_of(typist: Typist) -> np.ndarray:
    """From each key to the first picture that knows it; until the end of listening where none
    came.
    """
    end = max([*typist.keys.values(), *typist.pictures.values()]) + 3
    known = sorted(typist.pictures.items())
    ids, times = [id for id, _ in known], [at for _, at in known]
    earliest = np.minimum.accumulate(np.array([*times, end])[::-1])[::-1]
    places = np.searchsorted(ids, list(typist.keys))
    return (earliest[places] - np.array(list(typist.keys.values()))) * 1000


def percentiles(values: np.ndarray) -> dict[str, float]:
    """The median, the 95th percentile and the most."""
    if not len(values):
        return {"p50": float("nan"), "p95": float("nan"), "max": float("nan")}
    return {
        "p50": float(np.percentile(values, 50)),
        "p95": float(np.percentile(values, 95)),
        "max": float(values.max()),
    }


def table(found: dict[str, Any]) -> str:
    """The ages beside their bars, and the old measure beside them."""
    names = ("age", "between_pictures", "wait_of_every_key", "wait_of_answered_texts")
    lines = [f"five keys a second for {found['seconds']:g} s; milliseconds, p50 / p95 / max"]
    lines.append(
        f"{'people':<22}{'texts':>7}{'pictures':>9}{'age of the picture':>24}"
        f"{'between pictures':>24}{'wait, every key':>24}"
        f"{'(old) wait, answered':>24}{'errors':>8}"
    )
    for row in found["rounds"]:
        name = f"{row['people']}{', noisy neighbor' if row['noisy'] else ''}"
        cells = "".join(
            f"{' / '.join(f'{value:.0f}' for value in row[one].values()):>24}" for one in names
        )
        lines.append(f"{name:<22}{row['texts']:>7}{row['pictures']:>9}{cells}{row['errors']:>8}")
        if row["bar_ms"] is not None:
            met = (
                "met"
                if row["age"]["p95"] <= row["bar_ms"] and not (row["errors"] and not row["noisy"])
                else "MISSED"
            )
            lines.append(f"  {met:<6} p95 of the age at most {row['bar_ms']:.0f}, nobody refused")
    memory = found["resident_mb"]
    return "\n".join(
        [
            *lines,
            (
                f"resident memory before and after: {memory['before']:.0f} and"
                f" {memory['after']:.0f} MB"
            ),
        ]
    )
