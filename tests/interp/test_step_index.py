"""What places tokens at a step is prepared once beside the cache, and made again where it is not
whole.
"""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from layerfold.interp import shelves
from layerfold.interp.session import Session, open_session, shared_spaces
from layerfold.model.adapter import Adapter
from layerfold.runs.run import Run
from tests.small import STEPS, make_run

TEXT = "The bank of the river"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("models") / "small")


def bytes_of(session: Session, step: int = STEPS[-1]) -> bytes:
    """What is said of a sentence at a step."""
    found = session.slice(session.tokenize(TEXT), step)
    placed = found.placed
    arrays = (
        placed.positions,
        placed.neighbors,
        placed.distances,
        placed.outside,
        found.segment_trust,
    )
    return b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)


def test_a_damaged_index_is_made_again_with_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    expected = bytes_of(open_session(folder, tmp_path))
    whole = {path: path.read_bytes() for path in (tmp_path / "states").glob("*.safetensors")}
    assert len(whole) == 2  # the states, and the index over them
    for path, data in whole.items():
        for damaged in (b"", data[: len(data) // 2], data[:-1] + bytes([data[-1] ^ 1])):
            path.write_bytes(damaged)
            assert bytes_of(open_session(folder, tmp_path)) == expected
            assert path.read_bytes() == data


def test_an_index_of_another_form_is_another(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = bytes_of(open_session(folder, tmp_path))
    monkeypatch.setattr(shelves, "FORM", shelves.FORM + 1)
    assert bytes_of(open_session(folder, tmp_path)) == expected
    assert len(list((tmp_path / "states").glob("*.safetensors"))) == 3


def test_two_that_prepare_the_same_step_agree(folder: Path, tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(
            pool.map(lambda _: bytes_of(open_session(folder, tmp_path)), range(4), timeout=60)
        )
    assert len(set(found)) == 1
    left = sorted(path.suffix for path in (tmp_path / "states").iterdir())
    assert left == [".safetensors", ".safetensors"]


def test_what_a_killed_writer_left_is_not_taken_for_an_index(folder: Path, tmp_path: Path) -> None:
    expected = bytes_of(open_session(folder, tmp_path / "one"))
    left = tmp_path / "two" / "states"
    left.mkdir(parents=True)
    for path in (tmp_path / "one" / "states").iterdir():
        (left / f".{path.name}.x.part").write_bytes(path.read_bytes()[:100])
    assert bytes_of(open_session(folder, tmp_path / "two")) == expected


def test_a_step_that_left_memory_is_mapped_and_neither_made_nor_read_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = shutil.copytree(folder, tmp_path / "small")
    adapter, read = Run.adapter, list[int]()

    def noted(run: Run, step: int) -> Adapter:
        read.append(step)
        return adapter(run, step)

    monkeypatch.setattr(Run, "adapter", noted)
    session = open_session(copy, tmp_path, shared_spaces(1))
    first = [bytes_of(session, step) for step in STEPS]
    monkeypatch.setattr(shelves, "index_of", lambda *_: pytest.fail("made again"))
    monkeypatch.setattr("layerfold.interp.atlas_run.index_of", shelves.index_of)
    spaces = [session.space(step) for step in STEPS]
    assert session.space(STEPS[0]) is not spaces[0]
    assert [bytes_of(session, step) for step in STEPS] == first
    assert sorted(read) == sorted(STEPS)


def test_whoever_shares_spaces_is_asked_before_a_model_is_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter, order = Run.adapter, list[str]()

    def noted(run: Run, step: int) -> Adapter:
        order.append("read")
        return adapter(run, step)

    monkeypatch.setattr(Run, "adapter", noted)
    session = open_session(folder, spaces=shared_spaces(begin=lambda: order.append("begin")))
    assert order == []
    bytes_of(session)
    bytes_of(session)
    assert order == ["begin", "read"]
