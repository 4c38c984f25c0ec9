"""The line of work: ranks, turns, bounds, cancelling, closing."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import Iterator

import pytest

from layerfold.errors import Busy, Cancelled
from layerfold.server.jobs import Jobs, Rank, Turns, Unit


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    jobs = Jobs(workers=1, waiting=10)
    yield jobs
    jobs.close()


class Gate:
    """Work that ends when it is opened, and can be waited for until it has begun."""

    def __init__(self) -> None:
        self._begun, self._opened = threading.Event(), threading.Event()

    def wait(self) -> bool:
        self._begun.set()
        return self._opened.wait(120)

    def set(self) -> None:
        self._opened.set()

    async def holds(self, jobs: Jobs) -> asyncio.Task[bool]:
        """The work, which a worker is at."""
        work = asyncio.create_task(jobs.run("x", Rank.NOW, self.wait))
        assert await asyncio.to_thread(self._begun.wait, 120)
        return work


def test_owners_take_turns() -> None:
    turns = Turns()
    for owner, count in (("a", 3), ("b", 1), ("c", 2)):
        for number in range(count):
            turns.put(owner, Unit.alone(lambda name=f"{owner}{number}": name))  # type: ignore[misc]
    taken: list[str] = []
    while units := turns.take():
        taken += units[0].work([None])
    assert taken == ["a0", "b0", "c0", "a1", "c1", "a2"]


def test_ranks_go_before_turns(jobs: Jobs) -> None:
    done: list[str] = []
    gate = Gate()

    async def all_of_them() -> None:
        first = await gate.holds(jobs)
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
    gate = Gate()
    ran: list[int] = []

    async def cancel_it() -> None:
        first = await gate.holds(jobs)
        second = asyncio.create_task(jobs.run("x", Rank.NOW, lambda: ran.append(1)))
        await asyncio.sleep(0.05)  # it stands in line: the loop has no other work
        second.cancel()
        await asyncio.sleep(0.05)
        gate.set()
        await first
        await jobs.run("x", Rank.NOW, lambda: ran.append(2))

    asyncio.run(cancel_it())
    assert ran == [2]


def test_what_is_cancelled_leaves_its_place_in_line(jobs: Jobs) -> None:
    gate = Gate()

    async def all_of_them() -> None:
        first = await gate.holds(jobs)
        for number in range(3 * jobs.waiting):
            given_up = asyncio.create_task(jobs.run(number % 3, Rank.REST, lambda: 0))
            await asyncio.sleep(0)
            given_up.cancel()
            with pytest.raises(asyncio.CancelledError):
                await given_up
        kept = [asyncio.create_task(jobs.run("x", Rank.REST, lambda: 0)) for _ in range(10)]
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(first, *kept)

    asyncio.run(all_of_them())
    assert jobs.done == 11


def test_a_failure_comes_back_to_its_caller_and_the_worker_lives(jobs: Jobs) -> None:
    with pytest.raises(ZeroDivisionError):
        asyncio.run(jobs.run("x", Rank.NOW, lambda: 1 // 0))
    assert asyncio.run(jobs.run("x", Rank.NOW, lambda: 7)) == 7


def test_the_line_is_bounded(jobs: Jobs) -> None:
    gate = Gate()

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


class Space:
    """Something large."""


@pytest.mark.parametrize("error", [Cancelled("a newer text"), ZeroDivisionError("a bug")])
def test_work_that_was_given_up_holds_nothing(jobs: Jobs, error: Exception) -> None:
    made: list[weakref.ref[Space]] = []

    def work() -> None:
        space = Space()
        made.append(weakref.ref(space))
        raise error

    async def ask() -> None:
        with pytest.raises(type(error)):
            await jobs.run("x", Rank.FIRST, work)

    gc.collect()
    # what only the collector frees stays for minutes: 60 step spaces of 40 MB after twenty seconds
    # of typing
    gc.disable()
    try:
        asyncio.run(ask())
        assert made[0]() is None
    finally:
        gc.enable()


def test_work_of_one_kin_is_done_at_once_and_each_has_its_own_answer(jobs: Jobs) -> None:
    gate = Gate()
    batches: list[list[int]] = []

    def double(items: list[int]) -> list[int | Exception]:
        batches.append(items)
        return [Cancelled("no") if item == 2 else 2 * item for item in items]

    async def ask() -> list[int | BaseException]:
        first = await gate.holds(jobs)
        tasks = [
            asyncio.create_task(
                jobs.join(
                    owner,
                    Rank.FIRST,
                    lambda owner=owner: owner > 3,  # type: ignore[misc]
                    owner,
                    double,
                )
            )
            for owner in range(5)
        ]
        await asyncio.sleep(0.05)
        gate.set()
        await first
        return await asyncio.gather(*tasks, return_exceptions=True)

    answers = asyncio.run(ask())
    assert [answers[n] for n in (0, 1, 3, 4)] == [0, 2, 6, 8]
    assert isinstance(answers[2], Cancelled)
    assert batches == [[0, 1, 2, 3], [4]]


def test_who_has_had_least_time_goes_first() -> None:
    turns = Turns()
    for number in range(3):
        turns.put("heavy", Unit.alone(lambda: "heavy"))
        turns.put("light", Unit.alone(lambda number=number: f"light{number}"))  # type: ignore[misc]
    taken: list[str] = []
    while units := turns.take():
        taken += units[0].work([None])
        turns.charge(units[0].owner, 5.0 if units[0].owner == "heavy" else 1.0)
    assert taken == ["heavy", "light0", "light1", "light2", "heavy", "heavy"]


def test_short_questions_of_one_keep_no_picture_of_another_waiting(jobs: Jobs) -> None:
    gate = Gate()
    done: list[str] = []

    async def ask() -> None:
        first = await gate.holds(jobs)
        many = [
            asyncio.create_task(jobs.run("noisy", Rank.NOW, lambda: done.append("noisy")))
            for _ in range(8)
        ]
        await asyncio.sleep(0.05)
        one = asyncio.create_task(jobs.run("quiet", Rank.FIRST, lambda: done.append("quiet")))
        await asyncio.sleep(0.05)
        gate.set()
        await asyncio.gather(first, *many, one)

    asyncio.run(ask())
    assert "quiet" in done[:3]


def test_a_run_whose_work_takes_long_leaves_a_worker_to_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("layerfold.server.jobs.LONG", 0.0)
    jobs, gate, started = Jobs(workers=2), threading.Event(), threading.Semaphore(0)

    def wait() -> bool:
        started.release()
        return gate.wait(120)

    async def ask() -> None:
        first = asyncio.create_task(jobs.run("a", Rank.FIRST, wait, of="endless"))
        await asyncio.to_thread(started.acquire)
        second = asyncio.create_task(jobs.run("b", Rank.FIRST, wait, of="endless"))
        assert (
            await asyncio.wait_for(jobs.run("c", Rank.WARM, lambda: "served", of="other"), 10)
            == "served"
        )
        assert not started.acquire(blocking=False), "its second unit waits for its first"
        gate.set()
        assert all(await asyncio.gather(first, second))

    try:
        asyncio.run(ask())
    finally:
        gate.set()
        jobs.close()
