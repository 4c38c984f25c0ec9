"""The catalogue: names to folders, broken ones named, changes seen."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from layerfold.errors import DamagedRun, RunNotFound
from layerfold.server import catalog as module
from layerfold.server.catalog import Catalog, find_runs
from tests.server.fakes import FakeRun


def run_at(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "run.json").write_text("{}")
    return folder


def test_runs_are_found_in_folders_and_folders_of_folders(tmp_path: Path) -> None:
    one, two = run_at(tmp_path / "models" / "b"), run_at(tmp_path / "models" / "a")
    (tmp_path / "models" / "notes").mkdir()
    alone = run_at(tmp_path / "elsewhere" / "a")
    assert find_runs([tmp_path / "models", alone]) == {"a": two, "b": one, "a-2": alone}


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RunNotFound, match="nowhere"):
        find_runs([tmp_path / "nowhere"])


@pytest.mark.parametrize(
    "name", ["", "..", "../a", "a/../a", "/etc", "a\0", "A", "C:\\a", "\\\\host\\a"]
)
def test_names_are_not_paths(tmp_path: Path, name: str) -> None:
    catalog = Catalog({"a": tmp_path}, lambda folder: pytest.fail("opened"))
    with pytest.raises(RunNotFound):
        catalog.open(name)


def test_a_run_is_opened_once_and_again_when_it_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FRESH", 0.0)
    folder = run_at(tmp_path / "a")
    opened: list[Any] = []

    def opener(_: Path) -> FakeRun:
        opened.append(FakeRun())
        return opened[-1]

    catalog = Catalog({"a": folder}, opener)  # type: ignore[arg-type]
    assert catalog.open("a") is catalog.open("a") is opened[0]
    os.utime(folder / "run.json", (1, 1))
    assert catalog.open("a") is opened[1]
    (folder / "atlas").mkdir()
    (folder / "atlas" / "atlas.json").write_text("{}")
    assert catalog.open("a") is opened[2]
    (folder / "projections").mkdir()
    assert catalog.open("a") is opened[3]


def test_a_broken_run_raises_each_time_and_heals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FRESH", 0.0)
    folder = run_at(tmp_path / "a")

    def opener(path: Path) -> FakeRun:
        if (path / "run.json").read_text() == "{}":
            raise DamagedRun("run.json is empty")
        return FakeRun()

    catalog = Catalog({"a": folder}, opener)  # type: ignore[arg-type]
    for _ in range(2):
        with pytest.raises(DamagedRun):
            catalog.open("a")
    (folder / "run.json").write_text('{"format": 1}')
    os.utime(folder / "run.json", (1, 1))
    assert catalog.open("a").card


def test_a_run_that_is_named_first_comes_first_and_once(tmp_path: Path) -> None:
    one, two = run_at(tmp_path / "models" / "b"), run_at(tmp_path / "models" / "a")
    assert list(find_runs([one, tmp_path / "models"]).items()) == [("b", one), ("a", two)]


def test_a_run_that_takes_long_to_open_keeps_no_other_waiting(tmp_path: Path) -> None:
    gate, begun = threading.Event(), threading.Event()
    folders = {name: run_at(tmp_path / name) for name in ("slow", "quick")}

    def opener(folder: Path) -> FakeRun:
        if folder.name == "slow":
            begun.set()
            assert gate.wait(120)
        return FakeRun(folder.name)

    catalog = Catalog(folders, opener)  # type: ignore[arg-type]
    opening = threading.Thread(target=catalog.open, args=("slow",))
    opening.start()
    try:
        assert begun.wait(120)
        assert catalog.open("quick").name == "quick"  # type: ignore[attr-defined]
    finally:
        gate.set()
        opening.join(120)


def test_a_run_that_fails_as_nobody_has_thought_of_is_a_row_with_its_reason(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def opener(_: Path) -> FakeRun:
        raise RecursionError("too deep")

    catalog = Catalog({"odd": run_at(tmp_path / "odd")}, opener)  # type: ignore[arg-type]
    for _ in range(3):
        with pytest.raises(DamagedRun, match="RecursionError"):
            catalog.open("odd")
    assert len(caplog.records) == 1
