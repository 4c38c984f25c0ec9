"""When a server takes up machine code, and what it does where there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from layerfold.server import warm_up
from layerfold.server.jobs import Jobs


class Run:
    """A run whose machine code is found as ``answers`` say, one after another."""

    def __init__(self, *answers: bool) -> None:
        self.answers = list(answers)

    def quicken(self) -> bool:
        return self.answers.pop(0)


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    found = Jobs(1)
    yield found
    found.close()


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Sets whether numba is there and whether compiling succeeds; gives what is done."""

    def set_up(there: bool = True, succeeds: bool = True) -> list[str]:
        done: list[str] = []

        async def compiled() -> bool:
            done.append("compiled")
            return succeeds

        monkeypatch.setattr(warm_up, "FIRST_PICTURE", 0)
        monkeypatch.setattr(warm_up, "PAUSE", 0)
        monkeypatch.setattr(warm_up, "LATER", 0)
        monkeypatch.setattr(warm_up, "importable", lambda _: object() if there else None)
        monkeypatch.setattr(warm_up, "compiled", compiled)
        monkeypatch.setattr(warm_up, "keep_for_good", lambda: done.append("kept"))
        return done

    return set_up


@pytest.mark.parametrize(
    ("answers", "there", "succeeds", "expected"),
    [
        ((True,), True, True, ["kept"]),
        ((False, True), True, True, ["compiled", "kept"]),
        ((False, False), True, True, ["compiled"]),
        ((False,), True, False, ["compiled"]),
        ((False,), False, True, []),
    ],
    ids=["there", "to be compiled", "no folder", "fails", "no numba"],
)
def test_what_lacks_is_compiled_once(
    jobs: Jobs, made: Any, answers: Any, there: bool, succeeds: bool, expected: list[str]
) -> None:
    done, run = made(there, succeeds), Run(*answers)
    asyncio.run(warm_up.quicken(run, jobs))  # type: ignore[arg-type]
    assert done == expected
    assert run.answers == []


@pytest.mark.parametrize(("code", "kept"), [("", True), ("raise SystemExit(1)", False)])
def test_a_process_of_its_own_compiles(
    monkeypatch: pytest.MonkeyPatch, code: str, kept: bool
) -> None:
    monkeypatch.setattr(warm_up, "COMPILING", code)
    assert asyncio.run(warm_up.compiled()) is kept
