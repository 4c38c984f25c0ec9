"""A build reads the states of a step once, and leaves nothing of them behind."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from layerfold.atlas.files import open_atlas
from layerfold.build.metrics import measure_run
from layerfold.build.projections import build_projections
from layerfold.build.run_atlas import AtlasOptions, build_run_atlas
from layerfold.data import read_once, reference_states
from layerfold.data.read_once import ReadOnce
from layerfold.errors import StepNotFound
from layerfold.records import Floats, Reference
from layerfold.runs.opening import open_run
from tests.small import STEPS, make_run

QUICK = ("norm", "move_site")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_run(tmp_path / "small")


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What is added to whenever a model reads the reference."""
    heard, plain = list[object](), reference_states.reference_states

    def noted(adapter: Any, reference: Reference, *told: Any) -> Floats:
        heard.append(adapter)
        return plain(adapter, reference, *told)

    monkeypatch.setattr(reference_states, "reference_states", noted)
    return heard


def built(folder: Path, read: ReadOnce) -> bytes:
    """All that is made of a run's states, one after another."""
    build_run_atlas(folder, AtlasOptions(count=96), read=read)
    build_projections(folder, read=read)
    measure_run(folder, QUICK, read=read)
    files = sorted(path for path in folder.rglob("*.safetensors") if path.is_file())
    return b"".join(path.read_bytes() for path in files)


def test_a_step_is_read_once_for_graphs_trust_pictures_and_measures(
    folder: Path, tmp_path: Path, passes: list[object]
) -> None:
    before = {path.name for path in folder.iterdir()}
    once = built(folder, ReadOnce(folder))
    assert len(passes) == len(STEPS)
    assert {path.name for path in folder.iterdir()} == before | {"projections", "measures"}
    every_time = built(make_run(tmp_path / "again" / "small"), ReadOnce(tmp_path, room=0))
    assert len(passes) > 4 * len(STEPS)
    assert every_time == once


def test_a_disk_that_is_nearly_full_is_left_alone(
    folder: Path, passes: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, reference = open_run(folder), open_atlas(folder).reference
    monkeypatch.setattr(read_once.shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    read = ReadOnce(folder)
    assert np.array_equal(read(run, 8, reference), read(run, 8, reference))
    assert len(passes) == 2


def test_what_is_kept_is_another_when_the_checkpoint_is(folder: Path, passes: list[object]) -> None:
    read, reference = ReadOnce(folder), open_atlas(folder).reference
    first = read(open_run(folder), 8, reference)
    assert read(open_run(folder), 8, reference) is first
    assert not first.flags.writeable
    again = make_run(folder.parent / "other" / "small")
    assert read(open_run(again), 8, reference) is not first
    assert len(passes) == 2
    with pytest.raises(StepNotFound):
        read(open_run(folder), 7, reference)
