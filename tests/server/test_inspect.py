"""Questions about the inside of a pass over a real server: the answers are the model's own, and a
newer question stops an older.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from layerfold.interp.session import open_session
from layerfold.server.app import create_app
from layerfold.server.catalog import Catalog, find_runs
from layerfold.server.inspect import Telling
from layerfold.server.jobs import Jobs
from layerfold.settings import Settings
from tests.asking import ask
from tests.server.conftest import Live, running
from tests.small import make_run

TEXT = "The bank of the river was steep."


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Live, Path]]:
    folder = tmp_path_factory.mktemp("models")
    make_run(folder / "small")
    jobs = Jobs()
    catalog = Catalog(find_runs([folder]), lambda path: open_session(path, None))
    with running(
        create_app(catalog, Settings(runs=(folder,), frontend=Path("/nowhere")), jobs=jobs), jobs
    ) as live:
        yield live, folder / "small"


def asked(live: Live, kind: str, **more: Any) -> list[dict[str, Any]]:
    """The answers to one question, to the last."""
    with live.page() as page:
        page.say(type=kind, id=7, run="small", step=8, text=TEXT, **more)
        found = [page.hear()]
        while found[-1]["type"] == "generation" and not json.loads(found[-1]["answer"])["last"]:
            found.append(page.hear())
        return found


def test_a_pass_is_taken_apart_as_the_model_does_it(served: tuple[Live, Path]) -> None:
    live, folder = served
    (message,) = asked(live, "decomposition")
    told, tensors = ask(open_session(folder, None), "decomposition", step=8, text=TEXT)
    assert message["type"] == "decomposition"
    assert json.loads(message["answer"]) == told.model_dump(mode="json")
    for name, values in tensors.items():
        assert np.array_equal(message["tensors"][name], values)


@pytest.mark.parametrize(
    ("kind", "more", "answer"),
    [
        ("attribution", {"token": 3}, "attribution"),
        (
            "ablation",
            {"factors": [{"part": "head", "layer": 0, "head": 1, "factor": 0.5}]},
            "ablation",
        ),
        ("gradients", {"position": 2, "target": " river"}, "gradients"),
    ],
)
def test_each_question_has_its_answer(
    served: tuple[Live, Path], kind: str, more: dict[str, Any], answer: str
) -> None:
    (message,) = asked(served[0], kind, **more)
    assert (message["type"], message["id"], message["run"], message["step"]) == (
        answer,
        7,
        "small",
        8,
    )


def test_a_walk_comes_token_by_token(served: tuple[Live, Path]) -> None:
    messages = asked(served[0], "generation", count=6, seed=3)
    assert [message["type"] for message in messages] == ["generation"] * 6
    told = [json.loads(message["answer"]) for message in messages]
    assert [len(one["ids"]) - len(told[0]["ids"]) for one in told] == list(range(6))
    assert all(message["tensors"]["positions"].shape == (5, 1, 3) for message in messages)


def test_a_long_text_is_cut_as_it_is_when_it_is_placed(served: tuple[Live, Path]) -> None:
    with served[0].page() as page:
        page.say(type="decomposition", id=1, run="small", step=8, text="the bank of a river " * 40)
        assert page.hear()["tensors"]["positions"].shape == (5, 48, 3)


def test_a_newer_question_takes_the_place_of_an_older_and_a_cancel_ends_it(
    served: tuple[Live, Path],
) -> None:
    with served[0].page() as page:
        for id in range(1, 30):
            page.say(
                type="generation", id=id, run="small", step=8, text="The bank", count=40, seed=id
            )
        page.say(type="decomposition", id=99, run="small", step=8, text=TEXT)
        heard = [page.hear()]
        while heard[-1]["id"] != 99:
            heard.append(page.hear())
        page.say(type="cancel", sentence="generation")
        page.say(type="attribution", id=100, run="small", step=8, text=TEXT, token=0)
        while heard[-1]["id"] != 100:
            heard.append(page.hear())
        assert sum(message["type"] == "generation" for message in heard) < 29 * 40
        page.say(type="attribution", id=101, run="small", step=8, text=TEXT, token=1)
        assert page.hear()["id"] == 101, "nothing of the generation comes after its end"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"type": "decomposition", "run": "nobody", "step": 8, "text": TEXT}, "run_not_found"),
        ({"type": "decomposition", "run": "small", "step": 9, "text": TEXT}, "step_not_found"),
        ({"type": "gradients", "run": "small", "step": 8, "text": ""}, "empty_text"),
        (
            {"type": "decomposition", "run": "small", "step": 8, "text": "a" * 20001},
            "text_too_long",
        ),
        (
            {"type": "attribution", "run": "small", "step": 8, "text": TEXT, "token": 99},
            "bad_input",
        ),
        (
            {"type": "generation", "run": "small", "step": 8, "text": TEXT, "ids": [300]},
            "bad_input",
        ),
        (
            {"type": "generation", "run": "small", "step": 8, "text": TEXT, "count": 513},
            "bad_message",
        ),
        (
            {
                "type": "ablation",
                "run": "small",
                "step": 8,
                "text": TEXT,
                "factors": [{"part": "mlp", "layer": 0, "factor": 3}],
            },
            "bad_message",
        ),
    ],
)
def test_what_cannot_be_answered_is_said(
    served: tuple[Live, Path], message: dict[str, Any], code: str
) -> None:
    with served[0].page() as page:
        page.say(id=5, **message)
        assert page.hear()["code"] == code


def test_what_takes_long_says_how_far_it_is(served: tuple[Live, Path]) -> None:
    with served[0].page() as page:
        page.say(type="regions", id=9, run="small", steps=[8, 64], site="L0.post", least=4)
        heard = [page.hear()]
        while sum(one["type"] == "regions" for one in heard) < 2:
            assert heard[-1]["type"] in ("measuring", "regions"), heard[-1]
            heard.append(page.hear())
    told = [one for one in heard if one["type"] == "measuring"]
    assert told, "the first word is not held back"
    assert all(one["id"] == 9 and 0 <= one["share"] <= 1 for one in told)


def test_the_last_share_is_told_however_soon_it_came() -> None:
    """Of three at once the first or the last are told; nothing is told after that."""
    told: list[tuple[int, float]] = []

    async def work() -> None:
        telling = Telling(7, lambda *said: told.append(said), asyncio.get_running_loop())
        for share in (0.0, 0.2, 0.5):
            telling(share)
        while not told or told[-1] != (7, 0.5):
            await asyncio.sleep(0.01)
        telling(2.0)
        while told[-1] != (7, 1.0):
            await asyncio.sleep(0.01)

    asyncio.run(work())
    assert len(told) <= 4
    assert [share for _, share in told] == sorted(share for _, share in told)
