"""The storyteller's claims: told from made-up profiles, and computed on a small run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from layerfold.claims.storyteller import Profile, claims, claims_from, pieces, shuffled
from layerfold.interp.session import open_session
from layerfold.records import Estimate
from tests.small import STEPS, make_run

SITES = ("embed", "L0.mid", "L0.post", "L1.mid", "L1.post")


def profile(*dimension: float, rank: float = 50.0, error: float = 0.1) -> Profile:
    found = (
        Estimate(value, value - error, value + error) if value else Estimate.undefined("twins")
        for value in dimension
    )
    return Profile(tuple(found), rank, rank / 2)


def told(flat: Profile, low: Profile, hump: Profile, mixed: Profile) -> list[bool]:
    return [claim.holds for claim in claims_from({0: flat, 8: low, 64: hump}, mixed, SITES)]


FLAT, LOW, HUMP = (
    profile(0, 5, 4.9, 4.9, 5),
    profile(0, 2, 2, 2, 2, rank=3),
    profile(0, 5, 8, 11, 9, rank=60),
)
LOWER, HIGHER = profile(0, 5, 6, 7, 6), profile(0, 5, 8, 11.1, 9)


def test_what_holds_and_what_does_not() -> None:
    assert told(FLAT, LOW, HUMP, LOWER) == [True] * 4
    assert told(FLAT, LOW, HUMP, HIGHER) == [True, True, True, False]
    assert told(HUMP, LOW, HUMP, LOWER) == [True, True, False, True], (
        "a hump at step 0 proves nothing"
    )
    assert told(FLAT, LOW, profile(0, 5, 8, 9.1, 9), LOWER)[2] is False, (
        "within its error a peak is none"
    )
    assert told(FLAT, profile(0, 2, 2, 2, 2, rank=40), HUMP, LOWER)[:2] == [False, False], (
        "less than twofold"
    )
    assert told(FLAT, profile(0, 2, 2, 2, 2, rank=70), HUMP, LOWER)[:2] == [False, False], (
        "no collapse"
    )


def test_figures_say_where_they_come_from() -> None:
    rank, _, hump, lower = claims_from({0: FLAT, 8: LOW, 64: HUMP}, HIGHER, SITES)
    assert (rank.values, rank.at_step, rank.here) == (
        {0: 50.0, 8: 3.0, 64: 60.0},
        8,
        "50.0 → 3.0 (step 8) → 60.0",
    )
    assert hump.values[64] == pytest.approx(11 / 9)
    assert "L1.mid" in hump.here
    assert lower.here == "11.1 shuffled, 11.0 real"


def test_text_is_cut_and_shuffled_as_it_says() -> None:
    windows = np.arange(4 * 64, dtype=np.int32).reshape(4, 64)
    assert pieces(windows).shape == (12, 21)
    assert (pieces(windows)[1] == windows[0, 21:42]).all()
    mixed = shuffled(windows)
    assert (np.sort(mixed, axis=1) == windows).all()
    assert (mixed != windows).any()
    assert (shuffled(windows) == mixed).all()
    assert pieces(windows[:, :5]).shape == (4, 5)


def test_a_small_run_has_defined_figures(tmp_path: Path) -> None:
    heard: list[float] = []
    found = claims(
        open_session(make_run(tmp_path / "small")), lambda stage, share: heard.append(share)
    )
    assert [claim.id for claim in found] == [
        "phases-rankme",
        "phases-participation",
        "hump",
        "hump-shuffled",
    ]
    assert all(set(claim.values) == set(STEPS) for claim in found)
    assert all(np.isfinite(value) for value in found[0].values.values())
    assert heard == sorted(heard)
    assert not any(claim.holds for claim in found), "random weights show none of it"
