"""What an atlas costs is said before it is built, and refused where it cannot be had."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer

from layerfold.atlas import cost as module
from layerfold.atlas.cost import check_cost, cost_of
from layerfold.build.run_atlas import cost_of_run
from layerfold.cli.atlas import agree
from layerfold.errors import InputError, TooLarge
from tests.small import make_run


def test_the_cost_grows_in_proportion_to_many_tokens() -> None:
    few, many = cost_of(20_000, 13, 1, 128), cost_of(200_000, 13, 1, 128)
    assert many.seconds == pytest.approx(10 * few.seconds)
    assert many.disk == 10 * few.disk
    assert cost_of(20_000, 13, 2, 128).seconds == pytest.approx(2 * few.seconds)


def test_a_hundred_thousand_tokens_of_one_step_are_minutes_and_a_few_gigabytes() -> None:
    found = cost_of(100_000, 13, 1, 128)
    assert 300 < found.seconds < 25 * 60
    assert found.memory < 6e9
    assert "GB of memory" in found.words


def test_memory_and_disk_that_are_not_there_are_said_with_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cost = cost_of(100_000, 13, 25, 128)
    monkeypatch.setattr(module, "_memory", lambda: 10**9)
    with pytest.raises(TooLarge, match=r"GB of memory and .* this machine has 1\.0 GB of memory"):
        check_cost(cost, tmp_path)
    monkeypatch.setattr(module, "_memory", lambda: None)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=2 * 10**9))
    with pytest.raises(TooLarge, match=r"has 2\.0 GB left"):
        check_cost(cost, tmp_path)


def test_few_tokens_of_a_model_that_is_too_wide_are_refused_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(tmp_path / "small", atlas=False)
    monkeypatch.setattr(module, "_memory", lambda: 300_000_000)
    with pytest.raises(TooLarge, match=r"this machine has 0\.3 GB of memory"):
        cost_of_run(run, 4000)


def test_only_what_takes_long_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_run(tmp_path / "small", atlas=False)
    assert cost_of_run(run, 4000) is None
    agree(None, yes=False)
    words = cost_of_run(run, 20_000)
    assert words is not None
    assert words.startswith("An atlas of 20,000 tokens takes about")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: False))
    with pytest.raises(InputError, match="Say --yes"):
        agree(words, yes=False)
    agree(words, yes=True)
    assert words in capsys.readouterr().err
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr(typer, "confirm", lambda _: False)
    with pytest.raises(typer.Exit):
        agree(words, yes=False)
