"""The line of work: ranks, turns, bounds, cancelling, closing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from layerfold.errors import Busy
from layerfold.server.jobs import Jobs, Rank, Turns, Unit


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    jobs = Jobs(workers=1, waiting=10)
    yield jobs
    jobs.close()


def test_owners_take_turns() -> None:
    turns = Turns()
    for owner, count in (("a", 3), ("b", 1), ("c", 2)):
        for number in range(count):
            turns.put(owner, Unit(lambda name=f"{owner}{number}": name))  # type: ignore[misc]
    taken = []
    while unit := turns.take():
        taken.append(unit.work())
    assert taken == ["a0", "b0", "c0", "a1", "c1", "a2"]


def test_ranks_go_before_turns(jobs: Jobs) -> None:
    done: list[str] = []
    gate = threading.Event()

    async def all_of_them() -> None:
        first = asyncio.create_task(jobs.run("x", Rank.NOW, gate.wait))
        await asyncio.sleep(0.05)
        names = [("warm", Rank.WARM), ("rest", Rank.REST), ("first", Rank.FIRST), ("now", Rank.NOW)]
        tasks = [
            asyncio.create_task(
                jobs.run("x", rank, lambda name=name: done.append(name))  # type: ignore[misc]
            )
            for name, rank in names
        ]
        await asyncio.sleep(0.05)
        gate.set()
        await asyncio.gather(first, *tasks)

    asyncio.run(all_of_them())
    assert done == ["now", "first", "rest", "warm"]
    assert jobs.done == 5


def test_what_is_cancelled_in_line_is_never_run(jobs: Jobs) -> None:
    gate = threading.Event()
    ran: list[int] = []

    async def cancel_it() -> None:
        first = asyncio.create_task(jobs.run("x", Rank.NOW, gate.wait))
        await asyncio.sleep(0.05)
        second = asyncio.create_task(jobs.run("x", Rank.NOW, lambda: ran.append(1)))
        await asyncio.sleep(0.05)
        second.cancel()
        await asyncio.sleep(0.05)
        gate.set()
        await first
        await jobs.run("x", Rank.NOW, lambda: ran.append(2))

    asyncio.run(cancel_it())
    assert ran == [2]


def test_a_failure_comes_back_to_its_caller_and_the_worker_lives(jobs: Jobs) -> None:
    with pytest.raises(ZeroDivisionError):
        asyncio.run(jobs.run("x", Rank.NOW, lambda: 1 // 0))
    assert asyncio.run(jobs.run("x", Rank.NOW, lambda: 7)) == 7


def test_the_line_is_bounded(jobs: Jobs) -> None:
    gate = threading.Event()

    async def fill() -> None:
        tasks = [asyncio.create_task(jobs.run(n, Rank.REST, gate.wait)) for n in range(11)]
        await asyncio.sleep(0.05)
        tasks += [asyncio.create_task(jobs.run("late", Rank.NOW, gate.wait)) for _ in range(3)]
        await asyncio.sleep(0.05)
        gate.set()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        assert any(isinstance(answer, Busy) and "10" in str(answer) for answer in answers)
        assert answers.count(True) >= 10

    asyncio.run(fill())


def test_closing_ends_the_workers_and_what_waits() -> None:
    jobs = Jobs(workers=2)
    jobs.close()

    async def late() -> None:
        with pytest.raises(Busy):
            await jobs.run("x", Rank.NOW, lambda: 1)

    asyncio.run(late())
    assert not [
        thread
        for thread in threading.enumerate()
        if thread.name.startswith("job-") and thread in jobs._threads
    ]


def test_a_line_that_was_closed_can_be_opened_again(jobs: Jobs) -> None:
    jobs.close()
    with pytest.raises(Busy):
        asyncio.run(jobs.run("x", Rank.NOW, lambda: 1))
    jobs.open()
    assert asyncio.run(jobs.run("x", Rank.NOW, lambda: 2)) == 2
