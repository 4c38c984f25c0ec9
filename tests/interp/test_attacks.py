"""Attacks: the best change is the best of all, gradients are what they say, lengths are equal."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from layerfold.errors import Cancelled, InputError
from layerfold.interp import attacks
from layerfold.interp.attacks import DIRECTIONS, Cloud, Options
from layerfold.interp.continuation import Continuation
from layerfold.interp.session import Session
from layerfold.interp.state_gradients import loss_gradients
from layerfold.interp.stepwise import NOBODY, Watch
from layerfold.interp.swaps import Cost, Search, log_probabilities, swapped

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
    assert found["tried"].tolist() == [len(every) - (len(ids) - 1), 1, 200], (
        "all but the tokens as they are"
    )
    assert found["swaps"][0, 2] == pytest.approx(max(every), abs=1e-4)
    assert (np.diff(found["swaps"][:, 2]) <= 0).all()
    low, high = found["random_swaps"][1:]
    assert low <= found["random_swaps"][0] <= high <= found["swaps"][0, 2] + 1e-6


def searched(opened: Session, search: Search, watch: Watch = NOBODY) -> dict[str, Any]:
    """What a search finds for TEXT at the last step."""
    adapter = opened.run.adapter(64)
    ids = opened.tokenize(TEXT).ids
    target = int(adapter.unembed(adapter.states(ids).values[-1, -1:])[0].argmax())
    gradient = loss_gradients(adapter, ids, target, 2)[0]
    return swapped(adapter, ids, target, gradient, search, watch)


def test_by_gradient_where_not_all_can_be_tried(opened: Session) -> None:
    best = searched(opened, Search())["swaps"][0, 2]
    few = searched(opened, Search(budget=0, candidates=20))
    tried, exact, _ = few["tried"].tolist()
    assert exact == 0
    assert tried <= 20 * (len(opened.tokenize(TEXT).ids) - 1)
    assert best / 2 < few["swaps"][0, 2] <= best + 1e-6, (
        "a fifteenth of the changes finds half of it"
    )


def test_all_candidates_by_gradient_are_all_changes(opened: Session) -> None:
    every = searched(opened, Search())
    by_gradient = searched(opened, Search(budget=0, candidates=1 << 20))
    assert by_gradient["tried"][1] == 0
    assert by_gradient["tried"][0] == every["tried"][0]
    np.testing.assert_allclose(by_gradient["swaps"][:, 2], every["swaps"][:, 2], atol=1e-5)
    assert by_gradient["random_swaps"].tobytes() == every["random_swaps"].tobytes()


def test_what_a_search_costs_is_bounded_by_its_work(opened: Session) -> None:
    cost = Cost.of(opened.run.adapter(64), len(opened.tokenize(TEXT).ids))
    assert cost.token == 12 * 2 * 16 * 16
    found = searched(opened, Search(work=100 * cost.window))
    tried, exact, drawn = found["tried"].tolist()
    assert (exact, drawn) == (0, 25), "a quarter is for random changes"
    assert tried <= 75
    every = searched(opened, Search())
    assert found["swaps"][0, 2] <= every["swaps"][0, 2] + 1e-6
    least = searched(opened, Search(work=0))["tried"].tolist()
    assert least[2] == 16, "some, however little may be read"
    assert 0 < least[0] <= 16


def test_a_search_says_how_much_it_tries_and_stops(opened: Session) -> None:
    said: list[tuple[str, float]] = []

    def progress(what: str, share: float) -> None:
        said.append((what, share))

    found = searched(opened, Search(), Watch(progress))
    planned = int(found["tried"][0] + found["tried"][2])
    assert {what for what, _ in said} == {f"{planned} changes of a token"}
    assert said[0][1] == 0
    assert all(one[1] < other[1] for one, other in pairwise(said))
    with pytest.raises(Cancelled):
        searched(opened, Search(), Watch(progress, cancelled=lambda: len(said) > 2))


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
    basis = Cloud.of(raw, "raw", lambda tokens: raw[tokens]).tangent(raw[0], QUICK)
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


def test_what_cannot_be_attacked_is_refused(
    opened: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="one token"):
        attacks.measure(opened, "t", steps=[0])
    monkeypatch.setattr(attacks, "LONGEST", len(opened.tokenize(TEXT).ids) - 1)
    with pytest.raises(InputError, match="too long"):
        attacks.measure(opened, TEXT, steps=[0])
    monkeypatch.undo()
    with pytest.raises(InputError, match="tangent space"):
        Options(dimensions=30)
    with pytest.raises(InputError, match="at least one"):
        Options(sizes=0)
    with pytest.raises(Cancelled):
        attacks.measure(opened, TEXT, options=Options(seed=9), watch=Watch(cancelled=lambda: True))
