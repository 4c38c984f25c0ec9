"""`layerfold measure`: what is asked for is printed and written, and what is not there is one
line.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.calling import layerfold
from tests.small import make_run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("models") / "small")


def test_measures_are_printed(made: Path) -> None:
    done = layerfold(
        "measure", str(made), "--measure", "norm", "--measure", "trust", "--steps", "8,64"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("norm (mean length of a raw state)")
    assert "trust (mean)" in done.stdout


def test_measures_are_written_for_programs_and_spreadsheets(made: Path, tmp_path: Path) -> None:
    done = layerfold(
        "measure",
        str(made),
        "--measure",
        "norm",
        "--steps",
        "last",
        "--json",
        "--csv",
        str(tmp_path / "norm.csv"),
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert (said["steps"], said["measures"][0]["name"]) == ([64], "norm")
    assert (
        (tmp_path / "norm.csv")
        .read_text("utf-8")
        .splitlines()[0]
        .startswith("measure,group,unit,step,site")
    )
    assert json.loads(done.stdout.splitlines()[0])["stage"] == "measuring step 64"


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--measure", "twon"), "twonn"),
        (("--steps", "7"), "step 7"),
        (("--steps", "some"), "--steps"),
    ],
)
def test_what_is_not_there_is_one_line(made: Path, arguments: tuple[str, str], word: str) -> None:
    done = layerfold("measure", str(made), *arguments)
    assert done.returncode == 1
    assert word in done.stderr.splitlines()[-1]
