"""Regions: blobs are found and named, tokens at random are not pure, members tell who follows
whom.
"""

from __future__ import annotations

import numpy as np
import pytest

from layerfold.errors import Cancelled, InputError
from layerfold.interp import regions
from layerfold.interp.interval import Interval
from layerfold.interp.raw_states import raw_at
from layerfold.interp.regions import (
    Link,
    Options,
    Regions,
    clustered,
    drawn_purities,
    links_of,
    over_represented,
    overlaps,
    purity_of,
    said_by,
)
from layerfold.interp.session import Session
from layerfold.interp.stepwise import NOBODY, Watch

QUICK = Options(least=4, samples=2, draws=60)


def blobs() -> tuple[np.ndarray, np.ndarray]:
    """Three blobs of 40, 30 and 20 in 12 dimensions, and which each point is of."""
    rng = np.random.default_rng(0)
    kind = np.repeat([0, 1, 2], [40, 30, 20])
    states = rng.normal(scale=0.3, size=(90, 12)) + 10 * np.eye(12)[kind]
    return states.astype(np.float32), kind


def test_blobs_are_regions_counted_by_size() -> None:
    states, kind = blobs()
    found = clustered(states, Options())
    inside = found >= 0
    assert inside.mean() > 0.9
    assert (found[inside] == kind[inside]).all()


def test_states_that_are_all_one_are_no_region() -> None:
    assert (clustered(np.ones((50, 3), dtype=np.float32), Options()) == -1).all()


def test_purity_beside_that_of_tokens_at_random() -> None:
    kinds = np.repeat(np.arange(30), 10)
    pure = np.zeros(300, dtype=bool)
    pure[:10] = True
    drawn = drawn_purities(kinds, 10, QUICK)
    own, shuffled, p = purity_of(kinds, pure, drawn)
    assert (own, p) == (1.0, pytest.approx(1 / 61))
    assert shuffled < 0.3
    spread = np.zeros(300, dtype=bool)
    spread[::30] = True
    assert purity_of(kinds, spread, drawn)[2] == 1.0


def test_tokens_at_random_are_those_of_a_regions_size() -> None:
    kinds = np.repeat(np.arange(3), [5, 3, 2])
    assert (drawn_purities(kinds, 10, QUICK) == 0.5).all(), "all tokens are always the same"
    assert (drawn_purities(kinds, 1, QUICK) == 1.0).all()
    assert set(drawn_purities(kinds, 2, QUICK)) == {0.5, 1.0}


def test_names_are_what_comes_more_often_inside() -> None:
    names = np.array(["the"] * 50 + ["king"] * 10 + ["sea"] * 10)
    inside = np.zeros(70, dtype=bool)
    inside[[0, 1, 50, 51, 52, 53, 54, 55]] = True
    found = over_represented(names, inside)
    assert [name for name, _ in found] == ["king"]
    assert over_represented(names, np.ones(70, dtype=bool)) == [], "of all, nothing stands out"


def test_a_gap_is_no_name() -> None:
    names = np.array([""] * 10 + ["a"] * 40)
    inside = np.arange(50) < 10
    assert over_represented(names, inside) == []


def test_overlap_is_jaccard() -> None:
    before = np.array([0, 0, 0, 1, 1, -1], dtype=np.int32)
    after = np.array([0, 0, 1, 1, 1, 1], dtype=np.int32)
    np.testing.assert_allclose(overlaps(before, after), [[2 / 3, 1 / 6], [0, 2 / 4]])
    assert [(one.before, one.after) for one in links_of(before, after, 5, 6)] == [(0, 0), (1, 1)]


def test_regions_are_born_kept_split_and_merged() -> None:
    pairs = [(0, 0), (1, 1), (1, 2), (2, 3), (3, 3)]
    links = tuple(Link(1, before, 2, after, 0.5) for before, after in pairs)
    empty = Interval.of(np.zeros((2, 3), dtype=np.float32))
    nothing = np.zeros(1, dtype=np.float32)
    one = Regions(
        "embed", (1, 2), np.zeros((2, 1), np.int32), ((), ()), empty, nothing, links, nothing
    )
    fates = [one.fate(2, index) for index in range(5)]
    assert fates == ["kept", "split", "split", "merged", "born"]
    assert one.fate(1, 0) == ""
    reasons = [row["reason"] for row in one.rows()]
    assert len(reasons) == 2
    assert all("denser" in reason for reason in reasons)


def test_regions_of_a_run(opened: Session) -> None:
    found = regions.measure(opened, "L0.mid", options=QUICK)
    assert found.members.shape == (3, len(opened.atlas.reference))
    for t in range(3):
        assert len(found.regions[t]) == found.members[t].max() + 1
        for one in found.regions[t]:
            assert one.size == (found.members[t] == one.index).sum() >= QUICK.least
            assert 0 < one.purity <= 1
            assert one.q >= 1 / 61
            assert one.center.shape == (3,)
    assert any(found.regions), "there is something to look at"
    rows = list(found.rows())
    assert len(rows) == sum(map(len, found.regions))
    again = regions.measure(opened, "L0.mid", [8], QUICK)
    assert again.members[0].tobytes() == found.members[1].tobytes()
    assert again.purity.low[0] == found.purity.low[1] or np.isnan(again.purity.low[0])


def test_what_cannot_be_found_is_refused(opened: Session) -> None:
    with pytest.raises(InputError, match="too few"):
        regions.measure(opened, options=Options(least=60))
    with pytest.raises(InputError, match="at least two"):
        Options(least=1)
    with pytest.raises(Cancelled):
        regions.measure(opened, options=Options(least=5), watch=Watch(cancelled=lambda: True))


def test_what_regions_say_is_the_lens_of_the_raw_states(opened: Session) -> None:
    site = len(opened.sites) - 1
    found = regions.measure(opened, options=QUICK)
    for t, step in enumerate(opened.steps):
        best = opened.model(step).unembed(raw_at(opened, step, site)).argmax(axis=1)
        for one in found.regions[t]:
            said = best[found.members[t] == one.index]
            ids, counts = np.unique(said, return_counts=True)
            first, share = one.lens[0]
            assert share == pytest.approx(counts.max() / len(said))
            most = ids[counts == counts.max()]
            assert first in {opened.tokenizer.text_of(int(id)) for id in most}


def test_raw_states_are_read_where_the_norm_sees_more(
    opened: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = np.zeros((len(opened.atlas.reference), 16), dtype=np.float32)
    assert said_by(opened, 64, 2, seen, NOBODY) is seen, "of a LayerNorm, one pass less"
    monkeypatch.setattr(regions, "reads_normalized", lambda _: False)
    raw = said_by(opened, 64, 2, seen, NOBODY)
    assert raw.tobytes() == raw_at(opened, 64, 2).tobytes()


def test_what_takes_long_is_told_before_it_begins(opened: Session) -> None:
    said: list[tuple[str, float]] = []
    watch = Watch(progress=lambda what, share: said.append((what, share)))
    regions.measure(opened, "L1.mid", [8], Options(least=5, draws=21), watch)
    shares = [share for _, share in said]
    assert shares == sorted(shares)
    assert dict(said)["clustering"] == 0.5
    assert sum(what == "drawing tokens at random" for what, _ in said) >= 1


def test_no_region_is_a_number_without_a_value(
    opened: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        regions, "clustered", lambda states, options: np.full(len(states), -1, np.int32)
    )
    found = regions.measure(opened, "L1.mid", [0, 8], Options(least=7))
    assert found.regions == ((), ())
    assert np.isnan(found.purity.value).all()
    assert np.isnan(found.chance_overlap).all()
    assert [row["size"] for row in found.rows()] == [0] * len(found.steps)
