"""Whatever is sent, the socket answers with an error in words or closes with a reason, and the next
page is served.
"""

from __future__ import annotations

import json
import logging

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layerfold.server.jobs import Jobs
from tests.server.conftest import application, running
from tests.server.fakes import FakeRun
from tests.server.page import Page

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=8,
)
near_misses = st.fixed_dictionaries(
    {"type": st.sampled_from(["place", "inspect", "cancel", "hello", "slice"]) | values},
    optional={
        "id": st.integers(0, 9) | values,
        "run": st.sampled_from(["fake", "damaged", "nowhere"]) | values,
        "sentence": st.text(max_size=70) | values,
        "text": st.text(max_size=200) | values,
        "steps": st.lists(st.sampled_from([0, 1, 2, 4, 3, -1]), max_size=5) | values,
        "step": st.sampled_from([0, 4, 3]) | values,
        "site": st.sampled_from([0, 4, 99]) | values,
        "token": st.sampled_from([0, 7]) | values,
        "reference": st.sampled_from([0, 39, 40]) | values,
        "more": values,
    },
)
messages = st.one_of(
    st.text(), st.binary(max_size=300), values.map(json.dumps), near_misses.map(json.dumps)
)


def test_no_message_breaks_the_conversation(caplog: pytest.LogCaptureFixture) -> None:
    jobs = Jobs()
    with running(application(FakeRun(), jobs=jobs), jobs) as live, live.page() as page:

        @given(st.lists(messages, min_size=1, max_size=6))
        @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
        def talk(batch: list[str | bytes]) -> None:
            for data in batch:
                page.socket.send(
                    data.encode("utf-8", "replace").decode() if isinstance(data, str) else data
                )
            assert_alive(page)

        talk()
        with live.page() as other:
            assert other.alive()
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def assert_alive(page: Page) -> None:
    """The server answers a question it knows; what it says before has a known type, and errors have
    words.
    """
    page.say(type="inspect", id=987654321, run="nowhere", step=0, site=0, reference=0)
    for said in page.until("error", 987654321):
        assert said["type"] in ("error", "tokens", "slice", "done", "inspection")
        assert said["type"] != "error" or (
            said["code"] not in ("error", "internal") and len(said["message"]) > 10
        )
