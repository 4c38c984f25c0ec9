"""`layerfold verify`: the table, JSON, exit codes, and what is kept for the page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from layerfold.claims import verdict
from layerfold.claims.claim import CLAIMS, read_claims
from layerfold.claims.seed import report
from layerfold.claims.seed.files import SEED, read_seed
from layerfold.runs.opening import open_run
from tests.claims.made import a_claim
from tests.cli.calling import assert_one_line, layerfold
from tests.small import make_run


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs, `true` whose claims hold and `false` with one that does not, and one that cannot be
    read.
    """
    folder = tmp_path_factory.mktemp("runs")
    make_run(folder / "true")
    make_run(folder / "false")
    (folder / "broken").mkdir()
    (folder / "broken" / "run.json").write_text("{")
    return folder


@pytest.fixture(autouse=True)
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def claims_of(opened, progress):
        progress("looking", 0.5)
        return (a_claim(), a_claim("second", holds=opened.run.name == "true"))

    monkeypatch.setattr(verdict, "claims_of", claims_of)


def test_a_run_whose_claims_hold(runs: Path) -> None:
    done = layerfold("verify", str(runs / "true"))
    assert done.returncode == 0, done.stderr
    for word in (
        "claim",
        "source",
        "published",
        "here",
        "Someone 2023",
        "91.2 %",
        "at least 0.80",
        "0.333 (step 64)",
        "yes",
    ):
        assert word in done.stdout
    assert not (runs / "true" / CLAIMS).exists(), "nothing is written unless asked"


def test_one_claim_that_fails_is_exit_code_1(runs: Path) -> None:
    done = layerfold("verify", str(runs / "false"))
    assert done.returncode == 1
    assert "NO" in done.stdout


def test_for_a_program_and_the_page(runs: Path) -> None:
    done = layerfold("verify", str(runs / "true"), str(runs / "false"), "--write", "--json")
    assert done.returncode == 1
    *progress, said = [json.loads(line) for line in done.stdout.splitlines()]
    assert progress[0] == {"run": "true", "stage": "looking", "share": 0.5}
    assert [(run["run"], [claim["holds"] for claim in run["claims"]]) for run in said["runs"]] == [
        ("true", [True, True]),
        ("false", [True, False]),
    ]
    assert said["runs"][0]["claims"][0]["values"] == [None, 0.25, 0.333333]
    assert said["holds"] is False
    assert [claim.holds for claim in read_claims(open_run(runs / "false"))] == [True, False]


def test_without_a_name_all_runs_are_verified_and_a_broken_one_hinders_none(runs: Path) -> None:
    done = layerfold("verify", LAYERFOLD_RUNS=str(runs))
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("layerfold: broken: ")
    assert "true" in done.stdout
    assert "false" in done.stdout


def test_a_run_that_is_not_there(runs: Path) -> None:
    assert_one_line(layerfold("verify", "no-such-run"), 1, "no-such-run")


def test_the_seed_is_put_to_the_test_instead(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def cards_of(opened, progress):
        asked.append(opened.run.name)
        progress("2.5b", 0.5)
        return []

    monkeypatch.setattr(report, "cards_of", cards_of)
    done = layerfold("verify", "--seed", str(runs / "false"), "--json")
    assert done.returncode == 0, "a claim that does not hold is a result, no error"
    assert asked == ["false"]
    *news, last = map(json.loads, done.stdout.splitlines())
    assert news == [{"run": "false", "stage": "2.5b", "share": 0.5}]
    assert last == {"runs": [{"run": "false", "cards": []}], "errors": {}}
    assert not (runs / "false" / SEED).exists(), "nothing is written unless asked"
    assert layerfold("verify", "--seed", str(runs / "false"), "--write").returncode == 0
    assert read_seed(open_run(runs / "false")) == []
    assert (runs / "false" / SEED).is_file()
    broken = layerfold("verify", "--seed", str(runs / "broken"))
    assert broken.returncode == 1
    assert "layerfold: broken: " in broken.stderr


def test_other_runs_beside_need_one_run_and_not_the_seed(runs: Path) -> None:
    for words in (["--seed", str(runs / "true")], []):
        done = layerfold("verify", *words, "--also", str(runs / "false"))
        assert done.returncode == 2
        assert "--also" in done.stderr
