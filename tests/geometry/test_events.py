"""Jumps are found where they are, and none in what is smooth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerfold.geometry.events import find_events

STEPS = np.arange(32) * 100
RAMP = np.arange(32) / 31
SMOOTH = {
    "constant": np.ones(32),
    "line": RAMP,
    "parabola": RAMP**2,
    "root": np.sqrt(RAMP),
    "half a wave": np.sin(np.pi * RAMP),
    "a wave": np.sin(2 * np.pi * RAMP),
    "decay": np.exp(-np.arange(32) / 3),
    "fast decay": np.exp(-np.arange(32.0)),
    "growth": np.exp(np.arange(32) / 3),
    "logarithm": np.log1p(np.arange(32)),
    "wide bump": np.exp(-np.square((RAMP - 0.5) / 0.25)),
    "slow S": 1 / (1 + np.exp(-12 * (RAMP - 0.5))),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_nothing_happens_in_what_is_smooth(name: str) -> None:
    assert find_events(STEPS, SMOOTH[name]) == ()


def test_grokking_is_one_event_at_its_steepest_checkpoint() -> None:
    accuracy = np.concatenate([np.full(12, 0.02), [0.05, 0.3, 0.8, 0.95], np.full(16, 0.99)])
    accuracy += 0.004 * np.random.default_rng(0).random(32)
    (found,) = find_events(STEPS, accuracy)
    assert found.step == STEPS[14]
    assert found.before < 0.1
    assert found.after > 0.94
    assert found.score > 50


@settings(max_examples=60, deadline=None)
@given(
    st.integers(3, 28),
    st.floats(-1e6, 1e6),
    st.floats(1e-3, 1e6),
    st.sampled_from([-1, 1]),
    st.integers(0, 9),
)
def test_a_jump_is_found_whatever_its_place_size_and_direction(
    at: int, level: float, size: float, sign: int, seed: int
) -> None:
    noise = 0.02 * np.random.default_rng(seed).normal(size=32)
    (found,) = find_events(STEPS, level + sign * size * ((np.arange(32) >= at) + noise))
    assert found.step == STEPS[at]
    assert sign * (found.after - found.before) == pytest.approx(size, rel=0.2)


def test_noise_alone_is_no_event() -> None:
    found = [
        len(find_events(STEPS, np.random.default_rng(seed).normal(size=32))) for seed in range(200)
    ]
    assert np.mean(found) < 0.02


def test_a_spike_is_its_rise_and_its_fall() -> None:
    loss = 2 - RAMP / 10
    loss[20] += 1
    assert [event.step for event in find_events(STEPS, loss)] == [STEPS[20], STEPS[21]]


def test_two_jumps_are_two() -> None:
    series = RAMP / 20 + (np.arange(32) >= 8) + (np.arange(32) >= 20)
    assert [event.step for event in find_events(STEPS, series)] == [STEPS[8], STEPS[20]]


def test_what_is_missing_is_passed_over() -> None:
    series = (np.arange(32) >= 16).astype(float)
    series[[0, 5, 16]] = np.nan
    series[30] = np.inf
    assert [event.step for event in find_events(STEPS, series)] == [STEPS[17]]
    assert (
        find_events(STEPS, np.full(32, np.nan))
        == find_events([], [])
        == find_events([0], [1.0])
        == ()
    )
    assert find_events(STEPS[:7], [0, 0, 0, 1, 1, 1, 1]) == ()
