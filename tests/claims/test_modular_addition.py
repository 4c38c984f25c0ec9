"""What modular addition claims: held by circles and late understanding, not by noise, early
understanding or the wrong epoch.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from layerfold.claims.claim import Claim, claim_table, claims_of
from layerfold.claims.modular_addition import Found, claims_from
from layerfold.geometry.fourier import waves
from layerfold.interp.session import open_session
from layerfold.training.recipe import Recipe
from layerfold.training.trainer import train

P = 53


def found(
    *,
    memorized: int = 100,
    understood: int = 2000,
    last: int = 4000,
    frequencies: tuple[int, ...] = (3, 8, 20, 21),
) -> Found:
    """A made-up run: noise at first, circles of the given frequencies at the last step."""
    steps = (0, 50, 100, 400, 2000, 3000, 4000)
    tests = {
        s: {"train_accuracy": float(s >= memorized), "test_accuracy": 0.95 * float(s >= understood)}
        for s in steps
    }
    noise = np.random.default_rng(0)
    planes = np.linalg.qr(noise.standard_normal((32, 32)))[0]
    circles = sum(waves(P, k).T @ planes[2 * n : 2 * n + 2] for n, k in enumerate(frequencies))
    rows = {
        s: circles + noise.standard_normal((P, 32)) * (0.01 if s == last else 2.0) for s in steps
    }
    return Found(P, tests, rows)


def by_name(made: Found) -> dict[str, Claim]:
    return {claim.id: claim for claim in claims_from(made)}


def test_what_the_papers_saw_holds() -> None:
    made = by_name(found())
    assert list(made) == ["memorised", "understood", "sparse", "circle", "order"]
    assert all(claim_table(claim).holds for claim in made.values())
    assert made["memorised"].at_step == 100
    assert made["understood"].at_step == 2000
    assert "20 times later" in made["understood"].here
    assert made["sparse"].values[4000] > 0.99
    assert made["circle"].values[4000] > 0.99
    assert made["order"].values[4000] < 0.01


def test_noise_and_shuffled_residues_are_told_apart() -> None:
    made = by_name(found())
    assert made["sparse"].values[0] < 0.4
    assert made["circle"].values[0] < 0.5
    assert made["order"].values[0] > 0.2
    (shuffled,) = made["order"].controls
    assert isinstance(shuffled.value, float)
    assert shuffled.value > 0.2
    noise = by_name(found(last=-1))
    assert not any(noise[name].holds for name in ("sparse", "circle", "order"))


@pytest.mark.parametrize(
    ("memorized", "understood", "failed"),
    [
        (9999, 2000, {"memorised", "understood"}),
        (100, 400, {"understood"}),
        (100, 9999, {"understood"}),
        (400, 2000, {"memorised", "understood"}),
    ],
)
def test_the_wrong_epoch_does_not_hold(memorized: int, understood: int, failed: set[str]) -> None:
    made = by_name(found(memorized=memorized, understood=understood))
    assert {name for name, claim in made.items() if not claim.holds} == failed


def test_more_frequencies_than_a_handful_do_not_hold() -> None:
    assert not by_name(found(frequencies=tuple(range(3, 15))))["sparse"].holds


def test_every_checkpoint_of_a_run_is_asked(tmp_path: Path) -> None:
    recipe = replace(
        Recipe.load("modular-addition"),
        parameters={"p": 11, "share": 0.5},
        d_model=16,
        steps=6,
        checkpoints=(0, 2, 6),
    )
    train(recipe, tmp_path)
    seen: list[float] = []
    made = claims_of(open_session(tmp_path), lambda stage, share: seen.append(share))
    assert [sorted(claim.values) for claim in made] == [[0, 2, 6]] * 5
    assert not made[0].holds
    assert "no figure" in made[0].published
    assert seen == sorted(seen)
