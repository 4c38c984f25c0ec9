"""The stream on a real socket: order, newest wins, faults."""

from __future__ import annotations

import gc
import time
import weakref

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed

from layerfold.server.placing import order
from layerfold.server.typed import Pace
from tests.server.conftest import Start
from tests.server.fakes import FakeRun, hash_of


def test_hello_comes_first_and_tells_the_limits(start: Start) -> None:
    with start(FakeRun()).page() as page:
        assert page.hello["type"] == "hello"
        assert page.hello["protocol"] == 1
        assert page.hello["limits"] == {
            "characters": 20_000,
            "tokens": 128,
            "message_bytes": 65_536,
            "sentences": 16,
        }


def test_tokens_then_the_step_on_screen_then_all_others_then_done(start: Start) -> None:
    run = FakeRun()
    with start(run).page() as page:
        page.place(7, "the river bank", step=4)
        said = page.until("done")
    assert [message["type"] for message in said] == ["tokens", *["slice"] * len(run.steps), "done"]
    assert [token["text"] for token in said[0]["tokens"]] == ["the", "river", "bank"]
    slices = said[1:-1]
    assert slices[0]["step"] == 4
    assert sorted(message["step"] for message in slices) == list(run.steps)
    assert said[-1] | {"milliseconds": 0} == {
        "type": "done",
        "id": 7,
        "run": "fake",
        "sentence": "a",
        "steps": 6,
        "milliseconds": 0,
    }
    assert {name: values.shape for name, values in slices[0]["tensors"].items()} == {
        "positions": (5, 3, 3),
        "outside": (5, 3),
        "segment_trust": (4, 3),
        "norm": (5, 3),
        "near": (5, 3, 3),
    }


def test_steps_named_are_computed_in_their_order_and_no_others(start: Start) -> None:
    with start(FakeRun(), workers=1).page() as page:
        page.place(1, "a b", steps=[8, 0, 2, 8])
        assert [message["step"] for message in page.until("done")[1:-1]] == [8, 0, 2]


@pytest.mark.parametrize(
    ("wanted", "current", "expected"),
    [
        ([], None, [16, 8, 4, 2, 1]),
        ([], 4, [4, 2, 8, 1, 16]),
        ([], 5, [4, 2, 8, 1, 16]),
        ([], 10**12, [16, 8, 4, 2, 1]),
        ([2, 2, 1], 16, [2, 1]),
    ],
)
def test_order_of_steps(wanted: list[int], current: int | None, expected: list[int]) -> None:
    assert order([1, 2, 4, 8, 16], wanted, current) == expected


def test_a_sentence_is_placed_in_the_projection_that_is_asked_for(start: Start) -> None:
    with start(FakeRun()).page() as page:
        found = []
        for id, projection in ((1, "umap"), (2, "pca")):
            page.place(id, "a b", steps=[8], projection=projection)
            found.append(page.until("done", id)[1]["tensors"]["positions"])
        assert np.array_equal(found[1], 2 * found[0])
        page.place(3, "a b", projection="tsne")
        assert page.hear()["code"] == "projection_not_found", "once, and not for each step"
        page.say(type="inspect", id=4, run="fake", step=0, site=0, reference=1, projection="tsne")
        assert page.hear()["code"] == "projection_not_found"


def test_of_fifty_texts_in_a_second_two_are_computed_and_the_last_is_answered(start: Start) -> None:
    run = FakeRun(seconds=0.1)
    with start(run, pace=Pace(flood=2.0, stale=60.0)).page() as page:
        for id in range(50):
            page.place(id, f"typing {id}", step=16)
            time.sleep(0.01)
        said = page.until("done", 49)
    last = next(n for n, message in enumerate(said) if message["id"] == 49)
    assert {message["id"] for message in said[last:]} == {49}
    assert len([message for message in said[last:] if message["type"] == "slice"]) == len(run.steps)
    firsts = {text for text, step in run.computed if step == 16}
    assert len(firsts) <= 2
    assert "typing 49" in firsts


def test_a_picture_that_was_begun_is_shown_with_its_text_though_a_newer_one_has_come(
    start: Start,
) -> None:
    run = FakeRun(held={"the"})
    with start(run).page() as page:
        page.place(1, "the", step=16)
        page.until("tokens", 1)
        page.place(2, "the bank", step=16)
        page.heard()
        run.held.clear()
        said = page.until("done", 2)
    assert [(message["type"], message["id"]) for message in said[:3]] == [
        ("slice", 1),
        ("tokens", 2),
        ("slice", 2),
    ]
    assert said[1]["text"] == "the bank"
    assert ("the", 8) not in run.computed, "the other steps are for a text that rests"


def test_a_text_that_takes_long_is_given_up_within_a_block_while_a_fresh_picture_is_on_screen(
    start: Start,
) -> None:
    run = FakeRun(held={"given up"})
    with start(run, pace=Pace(flood=0.0, fresh=600.0)).page() as page:
        page.place(1, "a", steps=[0])
        page.until("done")
        page.place(2, "given up", steps=[0])
        page.until("tokens", 2)
        page.place(3, "a b", steps=[0])
        said = page.until("done", 3)
    assert {message["id"] for message in said} == {3}
    assert ("given up", 0) not in run.computed


def test_typing_of_one_page_is_answered_while_another_types_without_end(start: Start) -> None:
    run = FakeRun(seconds=0.02)
    live = start(run, workers=1)
    with live.page() as noisy, live.page() as page:
        for n in range(16):
            noisy.place(n, f"noisy {n}", sentence=str(n))
        before = len(run.computed)
        for id in range(20):
            noisy.place(100 + id, f"noise {id}", sentence=str(id % 16))
            page.place(id, f"quiet {id}", step=16, steps=[16])
            page.until("done", id)
        assert len(run.computed) - before <= 20 * 4, (
            "of sixteen of the other's that wait, few go before one of ours"
        )


def test_a_cancelled_sentence_is_heard_of_no_more(start: Start) -> None:
    run = FakeRun(held={"never mind"})
    with start(run).page() as page:
        page.place(1, "never mind", sentence="x")
        page.until("tokens")
        page.say(type="cancel", sentence="x")
        page.place(2, "the other one", sentence="y", steps=[0])
        said = page.until("done", 2)
    assert {message["id"] for message in said} == {2}
    assert {text for text, _ in run.computed} == {"the other one"}


def test_a_page_that_goes_takes_its_work_along(start: Start) -> None:
    run = FakeRun(seconds=0.05, steps=tuple(range(100)))
    live = start(run)
    with live.page() as page:
        page.place(1, "gone")
        page.until("slice")
    with live.page() as other:
        other.place(1, "here", steps=[0])
        other.until("done")
    computed = len(run.computed)
    time.sleep(0.3)
    assert len(run.computed) == computed


def test_a_damaged_step_is_named_and_the_others_come(start: Start) -> None:
    run = FakeRun(broken=frozenset({2, 16}))
    with start(run).page() as page:
        page.place(1, "a word")
        said = page.until("done")
    failures = [message for message in said if message["type"] == "error"]
    assert {(message["step"], message["code"], message["sentence"]) for message in failures} == {
        (2, "damaged_run", "a"),
        (16, "damaged_run", "a"),
    }
    assert sorted(message["step"] for message in said if message["type"] == "slice") == [0, 1, 4, 8]
    assert said[-1]["steps"] == 4


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"text": "a", "run": "nowhere"}, "run_not_found"),
        ({"text": "a", "run": "damaged"}, "damaged_run"),
        ({"text": "a", "run": "../fake"}, "run_not_found"),
        ({"text": "a", "steps": [3]}, "step_not_found"),
        ({"text": ""}, "empty_text"),
        ({"text": " \n\t "}, "empty_text"),
        ({"text": "x" * 20_001}, "text_too_long"),
        ({"text": 3}, "bad_message"),
        ({"text": "a", "steps": "all"}, "bad_message"),
        ({"text": "a", "steps": [-1]}, "bad_message"),
        ({"text": "a", "sentence": "k" * 65}, "bad_message"),
        ({"text": "a", "surprise": 1}, "bad_message"),
    ],
)
def test_what_cannot_be_placed_gets_an_error_with_its_id(
    start: Start, message: dict[str, object], code: str
) -> None:
    with start(FakeRun()).page() as page:
        page.say(**{"type": "place", "id": 5, "run": "fake", "sentence": "a", **message})
        said = page.until("error", 5)[-1]
        assert said["code"] == code
        assert len(said["message"]) > 10
        assert page.alive()


@pytest.mark.parametrize(
    "data",
    [
        "",
        "hello",
        "[]",
        "3",
        "null",
        '{"type":"dance"}',
        "{",
        '{"type":"place"}',
        "[" * 60_000,
        b"\x00\xff",
        b"",
    ],
)
def test_what_is_no_message_gets_an_error_and_the_socket_lives(
    start: Start, data: str | bytes
) -> None:
    with start(FakeRun()).page() as page:
        page.socket.send(data)
        assert page.hear()["code"] == "bad_message"
        assert page.alive()


@pytest.mark.parametrize(
    "text", ["😀 你好 שלום", "a\x00b", "\ud800 lone", "e\u0301 \u202e rtl", "\x1b[31m", "\\ud83d"]
)
def test_any_text_is_placed(start: Start, text: str) -> None:
    with start(FakeRun()).page() as page:
        page.place(1, text)
        assert page.until("done")[-1]["steps"] == 6


def test_more_than_64_kib_closes_with_1009(start: Start) -> None:
    with start(FakeRun()).page() as page:
        page.place(1, "x" * 70_000)
        with pytest.raises(ConnectionClosed) as caught:
            page.until("done", 1)
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 1009


@pytest.mark.parametrize("inspected", [{"text": "the bank", "token": 1}, {"reference": 3}])
def test_inspection(start: Start, inspected: dict[str, object]) -> None:
    with start(FakeRun()).page() as page:
        page.say(type="inspect", id=3, run="fake", step=4, site=2, **inspected)
        said = page.hear()
    assert (said["type"], said["id"], said["step"], said["site"]) == ("inspection", 3, 4, 2)
    assert said["token"]["text"] in ("bank", "word3")
    assert (said["token"]["outside"] is None) == ("reference" in inspected)
    assert len(said["lens"]) == 5
    assert said["lens"][-1]["kl"] == 0


@pytest.mark.parametrize(
    ("inspected", "code"),
    [
        ({"text": "the bank", "token": 2}, "token_not_found"),
        ({"reference": 4000}, "token_not_found"),
        ({"reference": 1, "step": 3}, "step_not_found"),
        ({"reference": 1, "token": 3}, "bad_message"),
        ({}, "bad_message"),
    ],
)
def test_inspection_of_nothing(start: Start, inspected: dict[str, object], code: str) -> None:
    with start(FakeRun()).page() as page:
        page.say(**{"type": "inspect", "id": 3, "run": "fake", "step": 4, "site": 2, **inspected})
        said = page.hear()
        assert (said["type"], said["id"], said["code"]) == ("error", 3, code)


def test_two_pages_do_not_cross(start: Start) -> None:
    live = start(FakeRun())
    with live.page() as one, live.page() as other:
        for round in range(40):
            one.place(round, f"one {round}", sentence="same")
            other.place(round, f"other {round}", sentence="same")
            for page, name in ((one, "one"), (other, "other")):
                text = f"{name} {round}"
                said = page.until("done", round)
                assert [token["text"] for token in said[0]["tokens"]] == [name, str(round)]
                for message in said[1:-1]:
                    assert np.all(message["tensors"]["outside"] == message["step"])
                    assert message["tensors"]["positions"][0, 0, 0] == hash_of(text) % 7 - 3


def test_a_long_job_does_not_hold_up_another_page(start: Start) -> None:
    texts = [f"long {n}" for n in range(16)]
    run = FakeRun(held=set(texts), seconds=0.01, steps=tuple(range(60)))
    live = start(run)
    with live.page() as long, live.page() as short:
        for n, text in enumerate(texts):
            long.place(n, text, sentence=str(n))
        long.heard()
        short.place(1, "short", step=5)
        short.heard()
        run.held.clear()
        short.until("slice")
        assert run.computed.index(("short", 5)) < 30, (
            "of 960 slices waiting, the other page's first must be among the next few"
        )


def test_sentences_are_bounded(start: Start) -> None:
    with start(FakeRun(held={"a"})).page() as page:
        for n in range(17):
            page.place(n, "a", sentence=str(n))
        said = page.until("error")[-1]
        assert (said["code"], said["id"], said["sentence"]) == ("busy", 16, "16")
        assert "16" in said["message"]


def test_a_full_line_says_busy_and_no_traceback(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    run = FakeRun(held={"a"})
    with start(run, workers=1, waiting=2).page() as page:
        for n in range(8):
            page.place(n, "a", sentence=str(n))
        assert page.until("error")[-1]["code"] == "busy"
        run.held.clear()
        assert page.alive()
    assert not [record for record in caplog.records if record.exc_info]


def test_a_line_too_full_for_the_other_steps_is_told_once_and_ends(start: Start) -> None:
    run = FakeRun(seconds=0.05, steps=tuple(range(8)))
    live = start(run, workers=1, waiting=1)
    with live.page() as page:
        page.place(1, "a word", step=0)
        said = page.until("done", 1)
    assert [
        (message["code"], message["sentence"]) for message in said if message["type"] == "error"
    ] == [("busy", "a")]
    assert said[1]["type"] == "slice"


def test_a_page_that_has_gone_is_let_go_without_the_garbage_collector(start: Start) -> None:
    """Else closed pages gather until a full collection, which a large process seldom makes."""
    live = start(FakeRun())
    gc.disable()
    try:
        with live.page() as page:
            page.place(1, "the bank of the river")
            page.until("done", 1)
            (connection,) = live.app.state.connections
            gone = weakref.ref(connection)
            del connection
        end = time.monotonic() + 60
        while gone() is not None:
            assert time.monotonic() < end
            time.sleep(0.01)
    finally:
        gc.enable()
