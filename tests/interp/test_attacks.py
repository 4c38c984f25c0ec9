"""Attacks: the best change is the best of all, gradients are what they say, lengths are equal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from layerfold.errors import Cancelled, InputError
from layerfold.interp import attacks
from layerfold.interp.attacks import DIRECTIONS, Cloud, Options
from layerfold.interp.continuation import Continuation
from layerfold.interp.session import Session
from layerfold.interp.state_gradients import loss_gradients
from layerfold.interp.stepwise import Watch
from layerfold.interp.swaps import Search, log_probabilities, swapped

QUICK = Options(sizes=4, draws=6, dimensions=3, neighbors=12)
TEXT = "the bank"


def test_the_best_change_is_the_best_of_all(opened: Session) -> None:
    adapter = opened.run.adapter(64)
    ids = opened.tokenize("the b").ids
    logs = log_probabilities(adapter.unembed(adapter.states(ids).values[-1, -1:]))[0]
    target = int(logs.argmax())
    found = swapped(adapter, ids, target, np.zeros((len(ids), 16), np.float32), Search())
    every = []
    for place in range(len(ids) - 1):
        for id in range(adapter.n_vocab):
            changed = [*ids[:place], id, *ids[place + 1 :]]
            last = adapter.unembed(adapter.states(changed).values[-1, -1:])
            every.append(logs[target] - log_probabilities(last)[0, target])
    assert found["tried"].tolist() == [len(every) - (len(ids) - 1), 1], (
        "all but the tokens as they are"
    )
    assert found["swaps"][0, 2] == pytest.approx(max(every), abs=1e-4)
    assert (np.diff(found["swaps"][:, 2]) <= 0).all()
    low, high = found["random_swaps"][1:]
    assert low <= found["random_swaps"][0] <= high <= found["swaps"][0, 2] + 1e-6


def test_by_gradient_where_not_all_can_be_tried(opened: Session) -> None:
    adapter = opened.run.adapter(64)
    ids = opened.tokenize(TEXT).ids
    target = int(adapter.unembed(adapter.states(ids).values[-1, -1:])[0].argmax())
    gradient = loss_gradients(adapter, ids, target, 2)[0]
    best = swapped(adapter, ids, target, gradient, Search())["swaps"][0, 2]
    few = swapped(adapter, ids, target, gradient, Search(budget=0, candidates=20))
    tried, exact = few["tried"].tolist()
    assert exact == 0
    assert tried <= 20 * (len(ids) - 1)
    assert best / 2 < few["swaps"][0, 2] <= best + 1e-6, (
        "a fifteenth of the changes finds half of it"
    )


def test_the_gradient_is_that_of_the_loss(opened: Session) -> None:
    ids = opened.tokenize(TEXT).ids
    adapter = opened.run.adapter(64)
    rest = Continuation(adapter, ids)
    step = np.random.default_rng(0).normal(size=16).astype(np.float32) * 0.01
    for site in range(len(opened.sites)):
        gradient = loss_gradients(adapter, ids, 7, site)[1, -1]
        sides = [rest.logits(site, (rest.states[site] + sign * step)[None]) for sign in (1, -1)]
        up, down = (-log_probabilities(one)[0, 7] for one in sides)
        assert (up - down) / 2 == pytest.approx(float(gradient @ step), abs=2e-4)


def test_a_tangent_space_is_the_plane_that_states_lie_in() -> None:
    rng = np.random.default_rng(0)
    plane = np.linalg.qr(rng.normal(size=(12, 3)))[0].T
    raw = (rng.normal(size=(200, 3)) @ plane).astype(np.float32)
    basis = Cloud.of(raw, "raw").tangent(raw[0], QUICK)
    np.testing.assert_allclose(np.abs(np.linalg.det(basis @ plane.T)), 1.0, atol=1e-4)


def test_every_direction_goes_as_far(opened: Session) -> None:
    found = attacks.measure(opened, TEXT, "L0.post", options=QUICK)
    assert found.points.shape == (3, len(DIRECTIONS), 4, 16)
    start = opened.run.adapter(64).states(opened.tokenize(TEXT).ids).values[2, -1]
    lengths = np.linalg.norm(found.points[2] - start, axis=-1)
    np.testing.assert_allclose(
        lengths, np.linalg.norm(start) * np.array([found.sizes] * 4), rtol=1e-4
    )
    along = found.points[2, :3, 0] - start
    assert abs(along[1] @ along[2]) < 1e-3 * np.square(along[1]).sum(), (
        "tangent and normal part ways"
    )


def test_the_gradient_does_more_than_random_directions(opened: Session) -> None:
    found = attacks.measure(opened, TEXT, "L0.post", [64], replace(QUICK, most=0.05))
    assert found.loss[0, 0, 0, 0] > found.plain[0, 0]
    assert found.loss[0, 0, 0, 0] >= found.loss[0, 3, 0, 2]


def test_rows_and_the_same_bytes_twice(opened: Session) -> None:
    found = attacks.measure(opened, TEXT, "L0.post", [0, 64], QUICK)
    rows = list(found.rows())
    assert {row["attack"] for row in rows} == {"token", "state"}
    assert len([row for row in rows if row["attack"] == "state"]) == 2 * 4 * 4
    again = attacks.measure(opened, TEXT, "L0.post", [64], QUICK)
    assert again.loss[0].tobytes() == found.loss[1].tobytes()
    assert again.swaps[0] == found.swaps[1]


def test_what_cannot_be_attacked_is_refused(opened: Session) -> None:
    with pytest.raises(InputError, match="one token"):
        attacks.measure(opened, "t", steps=[0])
    with pytest.raises(InputError, match="tangent space"):
        Options(dimensions=30)
    with pytest.raises(InputError, match="at least one"):
        Options(sizes=0)
    with pytest.raises(Cancelled):
        attacks.measure(opened, TEXT, options=Options(seed=9), watch=Watch(cancelled=lambda: True))
