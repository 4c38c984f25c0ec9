"""A run is followed: its first atlas, its steps as they come, those that cannot be read yet, one
follower at a time, the end.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from layerfold.atlas.files import open_atlas
from layerfold.atlas.parameters import Recipe
from layerfold.atlas.projection_files import open_projections
from layerfold.build import live
from layerfold.build.live import TRIES, Follower, Told, follow_run, followed
from layerfold.build.run_atlas import AtlasOptions
from layerfold.errors import Busy, DamagedRun
from layerfold.metrics.files import standing
from layerfold.runs.opening import open_run
from layerfold.runs.run import checkpoint_name
from tests.small import make_run

OPTIONS = AtlasOptions(count=100, recipe=Recipe(k=10), threads=1)


class Growing:
    """A run folder whose steps are let in one by one."""

    def __init__(self, folder: Path) -> None:
        self.folder = make_run(folder, atlas=False)
        (folder / "text").mkdir()
        (folder / "text" / "own.txt").write_text(
            " ".join(f"The bank of the river was steep, said man number {n}." for n in range(300))
        )
        self.card = json.loads((folder / "run.json").read_bytes())
        self.steps = list(self.card["steps"])
        self.aside = folder.parent / "aside"
        shutil.copytree(folder / "checkpoints", self.aside)
        for path in (folder / "checkpoints").iterdir():
            path.unlink()
        self.tell(0)

    def tell(self, count: int, finished: bool = False, files: bool = True) -> None:
        """The card tells of the first ``count`` steps; their checkpoints are there, but for the
        newest one unless ``files``.
        """
        steps = self.steps[:count]
        for step in steps if files else steps[:-1]:
            target = self.folder / checkpoint_name(step)
            if not target.exists():
                shutil.copy(self.aside / target.name, target)
        names = {"tokenizer.json", *(checkpoint_name(step) for step in steps)}
        hashes = {name: digest for name, digest in self.card["files"].items() if name in names}
        (self.folder / "run.new").write_text(
            json.dumps({**self.card, "steps": steps, "finished": finished, "files": hashes})
        )
        (self.folder / "run.new").replace(self.folder / "run.json")


@pytest.fixture
def growing(tmp_path: Path) -> Growing:
    return Growing(tmp_path / "small")


def follower(growing: Growing, seen: list[str]) -> Follower:
    return Follower(growing.folder, Told(lambda stage, _: seen.append(stage)), seen.append, OPTIONS)


def steps_of(folder: Path) -> tuple[int, ...]:
    return open_atlas(folder).steps


def test_a_run_grows_step_by_step_and_ends_whole(growing: Growing) -> None:
    said: list[str] = []
    one = follower(growing, said)
    assert not one.look()
    assert said == ["waiting"]
    growing.tell(1)
    one.look()
    assert steps_of(growing.folder) == (0,)
    first = open_atlas(growing.folder).bytes_of(0)
    growing.tell(3, finished=True)
    while not one.look():
        pass
    one.finish()
    assert steps_of(growing.folder) == (0, 8, 64)
    assert open_atlas(growing.folder).bytes_of(0) == first
    assert [name for name in dict.fromkeys(said) if name.startswith("step")] == [
        "step 8",
        "step 64",
    ]
    assert standing(growing.folder) is not None
    assert [
        each.name for each in open_projections(growing.folder, open_atlas(growing.folder), 16)[0]
    ] == ["pca"]
    losses = {measure.name: measure.values for measure in open_atlas(growing.folder).measures}[
        "val_loss"
    ]
    assert losses[:, 0].tolist() == [6.0, 5.0, 4.0]


def test_what_is_whole_already_is_left_alone(growing: Growing) -> None:
    growing.tell(2, finished=True)
    follow_run(growing.folder, options=OPTIONS)
    stamps = {path: path.stat().st_mtime_ns for path in growing.folder.rglob("*.safetensors")}
    seen: list[str] = []
    follow_run(growing.folder, lambda stage, _: seen.append(stage), options=OPTIONS)
    assert {
        path: path.stat().st_mtime_ns for path in growing.folder.rglob("*.safetensors")
    } == stamps
    assert seen == ["waiting"]


def test_the_first_picture_stands_before_anything_is_measured(
    growing: Growing, monkeypatch: pytest.MonkeyPatch
) -> None:
    growing.tell(3, finished=True)
    seen: list[tuple[int, ...]] = []
    monkeypatch.setattr(live, "measure_run", lambda folder, **_: seen.append(steps_of(folder)))
    follow_run(growing.folder, options=OPTIONS)
    assert seen == [(0, 8, 64)]
    assert standing(growing.folder) is None


def test_a_half_written_step_is_named_once_and_taken_when_it_is_whole(growing: Growing) -> None:
    growing.tell(1)
    said: list[str] = []
    one = follower(growing, said)
    one.look()
    growing.tell(2)
    path = growing.folder / checkpoint_name(8)
    whole = path.read_bytes()
    # as long as it should be, other bytes
    path.write_bytes(whole[:-200] + bytes(100) + whole[-100:])
    for _ in range(3):
        one.look()
        one.unread[8].due = 0.0
    assert len([words for words in said if "step 8 cannot be read yet" in words]) == 1
    growing.tell(3)
    one.look()
    one.unread[8].due = time.monotonic() + 100
    one.look()
    assert steps_of(growing.folder) == (0, 64)
    path.write_bytes(whole)
    one.unread[8].due = 0.0
    one.look()
    assert steps_of(growing.folder) == (0, 8, 64)


def test_a_step_that_stays_broken_does_not_keep_a_finished_run_waiting(
    growing: Growing, tmp_path: Path
) -> None:
    growing.tell(3, finished=True)
    path = growing.folder / checkpoint_name(8)
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    said: list[str] = []
    one = follower(growing, said)
    for _ in range(40):
        if one.look():
            break
        for each in one.unread.values():
            each.due = 0.0
    assert steps_of(growing.folder) == (0, 64)
    assert one.unread[8].tries == TRIES


def test_a_finished_run_without_a_step_is_an_error(growing: Growing) -> None:
    growing.tell(0, finished=True)
    with pytest.raises(DamagedRun, match="no step"):
        follow_run(growing.folder, options=OPTIONS)


def test_other_checkpoints_behind_the_same_steps_make_another_atlas(growing: Growing) -> None:
    growing.tell(2, finished=True)
    follow_run(growing.folder, options=OPTIONS)
    before = open_atlas(growing.folder).hash_of(8)
    shutil.copy(growing.aside / "step-00000064.safetensors", growing.folder / checkpoint_name(8))
    growing.card["files"][checkpoint_name(8)] = growing.card["files"][checkpoint_name(64)]
    growing.tell(2, finished=True)
    follow_run(growing.folder, options=OPTIONS)
    assert open_atlas(growing.folder).hash_of(8) != before


def test_one_follower_a_run(growing: Growing) -> None:
    with (
        followed(growing.folder),
        pytest.raises(Busy, match="another process"),
        followed(growing.folder),
    ):
        pytest.fail("two followers")
    with followed(growing.folder):
        pass


def hold(folder: Path, told: Any) -> None:
    with followed(folder):
        told.set()
        time.sleep(600)


def test_a_killed_follower_leaves_no_lock(growing: Growing) -> None:
    context = multiprocessing.get_context("spawn")
    told = context.Event()
    process = context.Process(target=hold, args=(growing.folder, told))
    process.start()
    assert told.wait(60)
    with pytest.raises(Busy), followed(growing.folder):
        pytest.fail("two followers")
    assert process.pid
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    with followed(growing.folder):
        pass


def test_it_waits_for_a_card_that_is_not_there_and_ends_when_told(tmp_path: Path) -> None:
    folder = tmp_path / "later"
    end = threading.Event()
    found: list[Any] = []
    thread = threading.Thread(
        target=lambda: found.append(follow_run(folder, until=end.is_set, pause=0.01))
    )
    thread.start()
    end.set()
    thread.join(20)
    assert found == [None]


def test_a_broken_first_build_goes_on_with_its_own_steps(growing: Growing) -> None:
    growing.tell(2)

    class Killed(BaseException):
        """Stands for the end of a process."""

    def stop(stage: str, share: float) -> None:
        if stage == "layout":
            raise Killed

    one = follower(growing, [])
    one.progress = stop
    with pytest.raises(Killed):
        one.look()
    growing.tell(3)
    again = follower(growing, [])
    again.look()
    assert steps_of(growing.folder) == (0, 8)
    again.look()
    assert steps_of(growing.folder) == (0, 8, 64)


def test_a_run_is_live_until_its_card_says_otherwise(growing: Growing) -> None:
    assert open_run(growing.folder).live
    growing.tell(1, finished=True)
    assert not open_run(growing.folder).live
