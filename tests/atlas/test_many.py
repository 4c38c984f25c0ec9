"""What a card says of many points keeps its place when the atlas grows."""

from __future__ import annotations

import numpy as np
import pytest

from layerfold.atlas import many as module
from layerfold.atlas.many import errors_of, found_of, grown, said_of
from layerfold.geometry import trust
from layerfold.geometry.trust import sample_of, standard_error

SITES, COUNT = 2, 900


def scores(seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {name: rng.uniform(size=(SITES, COUNT)) for name in ("trust", "continuity")}


def test_few_points_say_nothing() -> None:
    assert errors_of(scores(0)) == {}
    assert found_of({}) == []
    assert said_of(COUNT, [{}, {}], [[], []]) == {}
    assert grown({}, 0, scores(0), {}) == {}


def test_a_new_step_stands_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust, "EXACT_UP_TO", 500)
    monkeypatch.setattr(trust, "SAMPLE", 100)
    shares = [{module.RECALL: np.array([0.9, 0.99 + n / 1000])} for n in range(3)]
    steps = [scores(n) for n in range(3)]
    whole = said_of(COUNT, [errors_of(each) for each in steps], [found_of(each) for each in shares])
    assert whole["trust_sample"]["tokens"] == 100
    who = sample_of(COUNT)
    error = whole["trust_sample"]["standard_error"]["continuity"][1][0]
    assert error == pytest.approx(standard_error(steps[1]["continuity"][0][who], COUNT), abs=1e-6)
    assert whole["neighbors_found"][2] == [0.9, 0.992]
    ends = [0, 2]
    part = said_of(
        COUNT,
        [errors_of(steps[n]) for n in ends],
        [found_of(shares[n]) for n in ends],
    )
    assert grown(part, 1, steps[1], shares[1]) == whole
