"""The outbox: bounded, in order, rid of what nobody wants."""

from __future__ import annotations

import asyncio
import json

from layerfold.server.outbox import Outbox


def test_messages_go_out_in_order_and_a_full_box_waits() -> None:
    async def fill() -> None:
        box = Outbox(capacity=2)
        await box.put(1, "a")
        await box.put(2, "b")
        third = asyncio.create_task(box.put(3, "c"))
        await asyncio.sleep(0)
        assert not third.done()
        assert len(box) == 2
        assert await box.take() == "a"
        await third
        assert [await box.take(), await box.take()] == ["b", "c"]

    asyncio.run(fill())


def test_discarding_makes_room_and_leaves_the_others() -> None:
    async def discard() -> None:
        box = Outbox(capacity=3)
        for id, data in ((1, "a"), (2, b"b"), (1, "c")):
            await box.put(id, data)
        waiting = asyncio.create_task(box.put(2, "d"))
        await asyncio.sleep(0)
        box.discard(1)
        await waiting
        assert [await box.take(), await box.take()] == [b"b", "d"]

    asyncio.run(discard())


def test_an_empty_box_waits() -> None:
    async def wait() -> None:
        box = Outbox()
        taken = asyncio.create_task(box.take())
        await asyncio.sleep(0)
        assert not taken.done()
        await box.put(None, "x")
        assert await taken == "x"

    asyncio.run(wait())


def test_news_are_one_message_however_many_there_were() -> None:
    async def hear() -> None:
        box = Outbox(capacity=1)
        box.note(["early"])
        await box.put(None, "hello")
        assert await box.take() == "hello"
        assert json.loads(await box.take())["runs"] == ["early"]
        await box.put(1, "a")
        for number in range(1000):
            box.note([f"run{number % 3}"])
        box.note(jobs=True)
        assert len(box) == 1
        assert json.loads(await box.take()) == {
            "type": "changed",
            "runs": ["run0", "run1", "run2"],
            "jobs": True,
        }
        assert await box.take() == "a"
        box.note()
        waiting = asyncio.create_task(box.take())
        await asyncio.sleep(0)
        assert not waiting.done()
        box.note(["b"])
        assert json.loads(await waiting)["runs"] == ["b"]

    asyncio.run(hear())
