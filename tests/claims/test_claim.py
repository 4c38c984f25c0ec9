"""Claims on disk: what is written comes back, what is damaged is named, and which shapes a run
claims.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from layerfold.build.check import check_run
from layerfold.claims.claim import CLAIMS, claims_of, read_claims, shapes_of, write_claims
from layerfold.errors import DamagedRun
from layerfold.interp.session import open_session
from layerfold.runs.opening import open_run
from layerfold.runs.run import Run
from tests.claims.made import a_claim
from tests.small import make_run


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return open_run(make_run(tmp_path / "small"))


def test_what_is_written_comes_back(run: Run) -> None:
    write_claims(run, (a_claim(), a_claim("other", holds=False)))
    first, second = read_claims(run)
    assert (first.steps, first.values) == ([0, 8, 64], [None, 0.25, 0.333333]), (
        "by step, six digits, null where not defined"
    )
    assert (first.controls[0].steps, first.controls[0].values) == ([], [0.1])
    assert (first.controls[1].steps, first.controls[1].values) == ([0, 8, 64], [0.1, None, 0.2])
    assert (first.title_zh, first.bound, first.at_step, first.holds) == ("圆环闭合", 0.8, 64, True)
    assert (second.id, second.holds) == ("other", False)


def test_a_run_without_claims_has_none(run: Run) -> None:
    assert read_claims(run) == []
    assert claims_of(open_session(run.folder)) == ()
    assert check_run(run.folder) == []


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (lambda text: text[:200], "cannot be read"),
        (lambda text: text.replace('"holds": true', '"holds": "perhaps"'), "claims.0.holds"),
        (lambda text: text.replace('"format": 1', '"format": 2'), "format"),
        (lambda text: text.replace('"at_step"', '"on_step"'), "at_step"),
    ],
)
def test_a_damaged_file_is_named_with_what_is_wrong(run: Run, damage, named: str) -> None:
    write_claims(run, (a_claim(),))
    path = run.folder / CLAIMS
    path.write_text(damage(path.read_text("utf-8")), "utf-8")
    with pytest.raises(DamagedRun, match=CLAIMS) as raised:
        read_claims(run)
    assert named in str(raised.value)
    assert "layerfold verify" in str(raised.value)
    (problem,) = check_run(run.folder)
    assert problem.file == CLAIMS


def test_claims_of_other_checkpoints_or_steps_are_found(run: Run) -> None:
    write_claims(run, (a_claim(values={0: 1.0, 9: 1.0}),))
    (problem,) = check_run(run.folder)
    assert "9" in problem.what
    write_claims(run, (a_claim(),))
    card = json.loads((run.folder / "run.json").read_text("utf-8"))
    card["files"]["checkpoints/step-00000000.safetensors"] = "0" * 64
    (run.folder / "run.json").write_text(json.dumps(card), "utf-8")
    assert any(
        problem.file == CLAIMS and "other checkpoints" in problem.what
        for problem in check_run(run.folder)
    )


def test_the_card_says_which_shapes_are_claimed(run: Run) -> None:
    def shapes(**fields: object) -> tuple[str, ...]:
        return shapes_of(replace(run, card={**run.card, **fields}))

    assert shapes() == ()
    assert shapes(name="storyteller") == ("storyteller",)
    assert shapes(task={"name": "modular-addition", "parameters": {}}) == ("modular-addition",)
    assert shapes(name="storyteller", claims=["induction", "no-such-shape"]) == ("induction",)
