"""The next step is read while this one is worked on, and nothing else changes."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from layerfold.errors import Cancelled
from layerfold.interp.readahead import Readahead
from layerfold.interp.stepwise import NOBODY, Watch

STEPS = (0, 8, 64)


def test_each_step_is_read_once_and_the_next_before_it_is_asked_for() -> None:
    begun: dict[int, threading.Event] = {step: threading.Event() for step in STEPS}
    read: list[int] = []

    def states(step: int, watch: Watch) -> np.ndarray:
        read.append(step)
        begun[step].set()
        return np.array([step])

    with Readahead(states, STEPS) as ahead:
        for now, after in zip(STEPS, (*STEPS[1:], None), strict=True):
            assert ahead.of(now, NOBODY).tolist() == [now]
            assert after is None or begun[after].wait(60)
    assert read == list(STEPS)


def test_what_reading_raises_is_raised_where_it_is_asked_for() -> None:
    def states(step: int, watch: Watch) -> np.ndarray:
        if step == 8:
            raise ValueError("broken")
        return np.array([step])

    with Readahead(states, STEPS) as ahead:
        ahead.of(0, NOBODY)
        with pytest.raises(ValueError, match="broken"):
            ahead.of(8, NOBODY)


def test_reading_ahead_stops_with_what_waits_for_it() -> None:
    gone, ended = threading.Event(), threading.Event()

    def states(step: int, watch: Watch) -> np.ndarray:
        while step:
            try:
                watch.stop()
            except Cancelled:
                ended.set()
                raise
        return np.array([step])

    with Readahead(states, STEPS) as ahead:
        ahead.of(0, Watch(cancelled=gone.is_set))
        gone.set()
    assert ended.wait(60)
