"""Raw states of the reference: of one site, of some tokens, and as placing reads them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from layerfold.data.reference_states import states_at
from layerfold.errors import Cancelled
from layerfold.interp.raw_states import raw_at, raw_of, seen_at
from layerfold.interp.session import Session, open_session
from layerfold.interp.stepwise import Watch


def test_one_site_is_that_of_all(opened: Session) -> None:
    every = states_at(opened.run, 64, opened.atlas.reference)
    for site in (0, 3, len(every) - 1):
        assert raw_at(opened, 64, site).tobytes() == every[site].tobytes()


def test_some_tokens_are_read_from_their_own_contexts(opened: Session) -> None:
    every = states_at(opened.run, 64, opened.atlas.reference)
    tokens = np.array([7, 0, len(every[0]) - 1, 7, 30], dtype=np.int32)
    np.testing.assert_allclose(raw_of(opened, 64, 2, tokens), every[2][tokens], atol=1e-5)


def test_states_in_the_view_are_those_that_placing_reads(small_folder: Path) -> None:
    opened = open_session(small_folder)
    step = opened.steps[1]
    assert not opened.has_states(step)
    first = seen_at(opened, step, 1)
    space = opened.space(step)
    assert opened.has_states(step)
    assert first.tobytes() == seen_at(opened, step, 1).tobytes()
    assert first.tobytes() == np.asarray(space.states[1], dtype=np.float32).tobytes()


def test_reading_is_told_and_stops(small_folder: Path) -> None:
    opened = open_session(small_folder)
    said: list[float] = []
    raw_at(opened, 0, 4, Watch(lambda _, share: said.append(share)))
    assert said[-1] == 1
    with pytest.raises(Cancelled):
        raw_at(opened, 0, 3, Watch(cancelled=lambda: True))


def test_a_model_is_read_once(opened: Session) -> None:
    assert opened.model(64) is opened.model(64)
    assert opened.model(64) is opened.space(64).adapter
