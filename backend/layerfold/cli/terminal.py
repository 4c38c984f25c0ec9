"""What a command says: a line or JSON on stdout, a bar and problems on stderr."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from math import isfinite
from typing import Any

from layerfold.locales.messages import language_of, render

Move = Callable[[str, int, int, str], None]


def spoken(words: str) -> str:
    """Words of the program, line by line, in the language of this process."""
    language = language_of(os.environ)
    return "\n".join(render(line, language) for line in words.split("\n"))


def fail(message: str) -> None:
    """One line on stderr, and exit code 1."""
    complain(message)
    raise SystemExit(1)


def complain(*problems: object) -> None:
    """A line on stderr for each problem."""
    for problem in problems:
        print("layerfold: " + " ".join(spoken(str(problem)).split()), file=sys.stderr)


def stop_at(problems: Sequence[object]) -> None:
    """A line on stderr for each problem, and exit code 1 where there is one."""
    complain(*problems)
    if problems:
        raise SystemExit(1)


def say(as_json: bool, said: dict[str, Any], words: str) -> None:
    """The same news for a program or for a person."""
    print(json.dumps(said, ensure_ascii=False) if as_json else spoken(words), flush=True)


def tell(said: dict[str, Any]) -> None:
    """A line of news for a program; where none listens any more, this process is told to end."""
    try:
        print(json.dumps(said), flush=True)
    except BrokenPipeError:
        signal.raise_signal(signal.SIGTERM)


def finite_or_none(value: Any) -> Any:
    """The value, or None for a number that JSON does not know."""
    return None if isinstance(value, float) and not isfinite(value) else value


@contextmanager
def asked_to_stop() -> Iterator[Callable[[], bool]]:
    """Yields a call that says whether this process has been told to end (SIGTERM, or Ctrl+C once),
    which it may then do in its own time.
    """
    told: list[int] = []

    def hear(number: int, _: Any) -> None:
        if number == signal.SIGINT and number in told:
            raise KeyboardInterrupt  # a second time: at once
        told.append(number)

    before: dict[int, Any] = {}
    with suppress(ValueError):  # not the main thread: signals are somebody else's
        for number in (signal.SIGTERM, signal.SIGINT):
            before[number] = signal.signal(number, hear)
    try:
        yield lambda: bool(told)
    finally:
        for heard, handler in before.items():
            signal.signal(heard, handler)


@contextmanager
def shares(as_json: bool) -> Iterator[Callable[[str, float], None]]:
    """Yields a call that says how far a stage is, as a share: a line of JSON, or a bar that
    moves.
    """
    with progress_bar(as_json) as move:

        def report(stage: str, share: float) -> None:
            if as_json:
                print(json.dumps({"stage": stage, "share": round(share, 4)}), flush=True)
            move(stage, round(1000 * share), 1000, "")

        yield report


@contextmanager
def progress_bar(quiet: bool) -> Iterator[Move]:
    """Yields a call that moves a bar on stderr: stage, how much is done, of how much, and a note;
    time left is shown beside.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, TextColumn("{task.fields[note]}"), console=Console(stderr=True), disable=quiet
    ) as progress:
        task = progress.add_task(spoken("starting"), total=None, note="")

        def move(stage: str, done: int, of: int, note: str) -> None:
            progress.update(
                task, description=spoken(stage), completed=done, total=of or None, note=note
            )

        yield move
