"""The claims on induction: jumps in made-up series, and the whole on a tiny run of text."""

from __future__ import annotations

from dataclasses import replace
from math import nan
from pathlib import Path

import numpy as np
import pytest

from layerfold.claims.induction import (
    claims,
    context_claim,
    head_claim,
    jump_of,
    repeats_claim,
    window_claim,
)
from layerfold.errors import DamagedRun
from layerfold.interp.session import open_session
from layerfold.training.recipe import Recipe
from layerfold.training.trainer import train

STEPS = (0, 64, 128, 256, 384, 512, 768, 1024, 2048)


def step_at(place: int, height: float, floor: float = 0.0) -> dict[int, float]:
    """``floor`` up to ``place``, ``height`` more from one and a half times that on."""
    return {
        step: floor + height * min(1.0, max(0.0, (step - place) / (place / 2))) for step in STEPS
    }


def test_a_jump_is_found_with_its_share() -> None:
    jump = jump_of(step_at(256, 0.8))
    assert jump.start <= 256 <= 384 <= 2 * jump.start
    assert jump.change == pytest.approx(0.8)
    assert jump.share == pytest.approx(1.0)


def test_a_steady_rise_has_no_jump_and_a_flat_line_none_at_all() -> None:
    steady = {2**n: n / 10 for n in range(11)} | {0: 0.0}
    assert jump_of(steady).share == pytest.approx(0.1)
    assert jump_of(dict.fromkeys(STEPS, 0.3)).share == 0
    assert jump_of(dict.fromkeys(STEPS, 0.3) | {64: nan}).change == 0


def test_a_fall_counts_as_much_as_a_rise_and_too_few_steps_are_named() -> None:
    assert jump_of(step_at(512, -6.0)).change == pytest.approx(-6.0)
    with pytest.raises(DamagedRun, match="doubling"):
        jump_of({0: 1.0, 5: 2.0})
    with pytest.raises(DamagedRun, match="doubling"):
        jump_of({4: 1.0, 5: 2.0})


def test_a_head_that_looks_so_at_tokens_said_once_is_none() -> None:
    heads = step_at(256, 0.8, 0.02)
    assert head_claim(heads, dict.fromkeys(STEPS, 0.02)).holds
    assert not head_claim(step_at(256, 0.1, 0.02), dict.fromkeys(STEPS, 0.02)).holds
    assert not head_claim(heads, heads).holds
    assert not head_claim({2**n: n / 10 for n in range(11)}, {2**n: 0.0 for n in range(11)}).holds


def test_context_has_to_help_on_text_by_as_much_as_in_the_paper() -> None:
    unknown = dict.fromkeys(STEPS, nan)
    again = step_at(256, -6.0)
    assert [claim.holds for claim in context_claim(step_at(256, -0.3), again)] == [True]
    assert [claim.holds for claim in context_claim(step_at(256, -0.2), again)] == [False]
    assert [claim.holds for claim in context_claim(step_at(256, 0.3), again)] == [False]
    assert context_claim(unknown, again) == ()


def test_repetition_helps_beside_it_and_is_no_published_score() -> None:
    claim = repeats_claim(step_at(256, -6.0))
    assert claim.holds
    assert "no figure" in claim.published
    assert not repeats_claim(step_at(256, -0.2)).holds


def test_the_three_have_to_fall_together() -> None:
    loss = {step: 6 - value for step, value in step_at(256, 2.0).items()}
    assert window_claim(loss, step_at(256, 0.8), step_at(256, -6.0), loss).holds
    assert not window_claim(loss, step_at(1024, 0.8), step_at(256, -6.0), loss).holds
    assert not window_claim(step_at(256, 2.0), step_at(256, 0.8), step_at(256, -6.0), loss).holds


def test_a_tiny_run_answers_all_of_them(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.mkdir()
    words = np.random.default_rng(0).choice(["whale", "sea", "ship", "white", "captain"], size=6000)
    (text / "a.txt").write_text(" ".join(words), encoding="utf-8")
    recipe = Recipe.load("induction")
    small = replace(
        recipe,
        corpus=str(text),
        vocab_size=262,
        d_model=16,
        block_size=16,
        steps=4,
        checkpoints=(0, 1, 2, 4),
        held_out=0.1,
    )
    train(small, tmp_path / "run")
    opened = open_session(tmp_path / "run")
    found = claims(opened, lambda *_: None)
    assert [claim.id for claim in found] == [
        "induction-head",
        "induction-repeats",
        "induction-context",
        "induction-window",
    ]
    assert not found[0].holds
    assert all(set(claim.values) == {0, 1, 2, 4} for claim in found)
    rows = opened.run.metrics()
    assert found[0].values[4] == pytest.approx(rows[-1]["prefix_matching"])
    assert found[1].values[4] == pytest.approx(rows[-1]["repeat_score"])
    (tmp_path / "run" / "metrics.jsonl").write_text("", encoding="utf-8")
    with pytest.raises(DamagedRun, match=r"metrics\.jsonl is not what the run's card says"):
        claims(opened, lambda *_: None)
