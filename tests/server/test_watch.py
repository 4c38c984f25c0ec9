"""The watch: pages hear of runs that come, go and grow; what lacks clouds is followed, two at once,
and not for ever in vain.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from layerfold.errors import Busy
from layerfold.interp.session import open_session, shared_spaces, states_cache
from layerfold.server import catalog as catalog_module
from layerfold.server.app import Services, create_app, watched
from layerfold.server.catalog import Catalog, find_runs
from layerfold.server.jobs import Jobs
from layerfold.server.watch import AGAIN, IDLE, Watch
from layerfold.settings import Flags, Settings
from tests.server.conftest import running
from tests.small import make_run


class Bench:
    """Stands for a workshop: keeps what was asked of it, and says what it is told to."""

    def __init__(self, running: int = 2) -> None:
        self.running = running
        self.states: dict[str, str] = {}
        self.words: dict[str, dict[str, Any]] = {}
        self.codes: dict[str, int] = {}
        self.started: list[tuple[str, tuple[str, ...]]] = []
        self.stopped: list[str] = []

    def start(self, key: str, arguments: tuple[str, ...], log: Path) -> None:
        if len(self.busy()) >= self.running:
            raise Busy("full")
        self.states[key] = "running"
        self.words.pop(key, None)
        self.started.append((key, tuple(arguments)))

    def end(self, key: str, code: int = 0) -> None:
        self.states[key], self.codes[key] = "ended", code

    def busy(self) -> tuple[str, ...]:
        return tuple(key for key, state in self.states.items() if state == "running")

    def state(self, key: str) -> str | None:
        return self.states.get(key)

    def code(self, key: str) -> int | None:
        return self.codes.get(key)

    def said(self, key: str) -> dict[str, Any] | None:
        return self.words.get(key)

    def complaint(self, key: str) -> str:
        return "layerfold: there is no text"

    def stop(self, key: str) -> None:
        self.stopped.append(key)
        self.end(key, -15)

    def forget(self, key: str) -> None:
        self.states.pop(key, None)

    def close(self) -> None:
        self.states.clear()


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a run that has an atlas."""
    monkeypatch.setattr(catalog_module, "FRESH", 0.0)
    make_run(tmp_path / "runs" / "whole")
    return tmp_path / "runs"


def over(shelf: Path, running: int = 2) -> tuple[Watch, Bench, Clock]:
    bench, clock = Bench(running), Clock()
    catalog = Catalog(find_runs([shelf]), open_session, [shelf])
    return Watch(catalog, bench, shelf, clock), bench, clock  # type: ignore[arg-type]


def tell(folder: Path, **changes: Any) -> None:
    """The card says otherwise."""
    card = {**json.loads((folder / "run.json").read_bytes()), **changes}
    (folder / "run.json").write_text(json.dumps(card))
    stamp = (folder / "run.json").stat().st_mtime_ns + 1_000_000

    os.utime(folder / "run.json", ns=(stamp, stamp))


def test_runs_that_come_go_and_change_are_news_once(shelf: Path) -> None:
    watch, _, _ = over(shelf)
    assert watch.look() == set()
    assert watch.look() == set()
    make_run(shelf / "later")
    assert watch.look() == {"later"}
    assert list(watch.catalog.names) == ["whole", "later"]
    tell(shelf / "whole", title="Another")
    assert watch.look() == {"whole"}
    assert watch.catalog.open("whole").card["title"] == "Another"
    shutil.rmtree(shelf / "later")
    assert watch.look() == {"later"}
    assert list(watch.catalog.names) == ["whole"]
    assert watch.look() == set()


def test_names_stay_those_of_their_folders(shelf: Path, tmp_path: Path) -> None:
    other = make_run(tmp_path / "elsewhere" / "whole")
    catalog = Catalog(
        find_runs([shelf, tmp_path / "elsewhere"]), open_session, [shelf, tmp_path / "elsewhere"]
    )
    assert catalog.folders["whole-2"] == other
    shutil.move(shelf / "whole", tmp_path / "away")
    catalog.refresh()
    assert catalog.names == ("whole-2",)
    make_run(shelf / "new")
    shutil.move(tmp_path / "away", shelf / "whole")
    catalog.refresh()
    assert catalog.folders == {"whole-2": other, "new": shelf / "new", "whole": shelf / "whole"}


def test_a_run_without_clouds_is_followed_and_one_with_all_of_them_is_not(shelf: Path) -> None:
    make_run(shelf / "bare", atlas=False)
    watch, bench, _ = over(shelf)
    watch.look()
    assert bench.started == [("bare", ("atlas", str((shelf / "bare").resolve()), "--follow"))]
    assert watch.building("bare") is not None
    assert watch.building("whole") is None
    bench.words["bare"] = {"stage": "layout", "share": 0.341}
    assert watch.look() == {"bare"}
    assert watch.building("bare").model_dump() == {"stage": "layout", "share": 0.341}
    bench.words["bare"] = {"stage": "layout", "share": 0.342}
    assert watch.look() == set()


def test_a_run_that_is_live_is_followed_and_nothing_is_built_while_it_waits(shelf: Path) -> None:
    tell(shelf / "whole", finished=False)
    watch, bench, clock = over(shelf)
    watch.look()
    assert [name for name, _ in bench.started] == ["whole"]
    bench.words["whole"] = {"stage": "waiting", "share": 1.0}
    assert watch.building("whole") is None
    watch.look()
    watch.look()
    clock.now += IDLE + 1
    watch.look()
    assert bench.stopped == ["whole"]
    watch.look()
    assert len(bench.started) == 1
    tell(shelf / "whole", title="grown")
    watch.look()
    assert len(bench.started) == 2


def test_two_at_once_the_others_wait_and_one_that_only_waits_makes_way(shelf: Path) -> None:
    tell(shelf / "whole", finished=False)
    watch, bench, _ = over(shelf)
    watch.look()
    bench.words["whole"] = {"stage": "waiting", "share": 1.0}
    for _ in range(2):
        watch.look()
    for name in ("a", "b", "c"):
        make_run(shelf / name, atlas=False)
    watch.look()
    assert bench.stopped == ["whole"]
    assert [name for name, _ in bench.started] == ["whole", "a", "b"]
    assert watch.building("c").stage == "line"
    bench.end("a")
    watch.look()
    assert bench.started[-1][0] == "c"


def test_one_that_fails_says_why_and_is_tried_again_ever_more_rarely(shelf: Path) -> None:
    make_run(shelf / "bare", atlas=False)
    watch, bench, clock = over(shelf)
    for count in range(1, 4):
        watch.look()
        assert len(bench.started) == count
        bench.end("bare", 1)
        watch.look()
        assert watch.problem("bare") == "there is no text"
        assert watch.building("bare") is None
        clock.now += AGAIN * 2 ** (count - 1) - 1
        watch.look()
        assert len(bench.started) == count
        clock.now += 2
    bench.end("bare", 0)
    shutil.rmtree(shelf / "bare")
    watch.look()
    assert watch.look() == set()


def test_a_follower_of_a_run_that_is_gone_is_ended(shelf: Path) -> None:
    make_run(shelf / "bare", atlas=False)
    watch, bench, _ = over(shelf)
    watch.look()
    shutil.rmtree(shelf / "bare")
    watch.look()
    assert bench.stopped == ["bare"]


def test_without_building_runs_are_watched_and_none_is_followed(
    shelf: Path, tmp_path: Path
) -> None:
    make_run(shelf / "bare", atlas=False)
    settings = Settings.read(
        {"LAYERFOLD_BUILD": "0"}, Flags(runs=(shelf,), cache=tmp_path / "cache")
    )
    watch = watched(Catalog(find_runs([shelf]), open_session, [shelf]), settings)
    watch.look()
    assert watch.workshop is None
    assert watch.building("bare") is None
    make_run(shelf / "later")
    assert watch.look() == {"later"}


def test_a_look_reads_no_file_that_has_not_changed(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        (shelf / f"run{number}").mkdir()
        (shelf / f"run{number}" / "run.json").write_text("{}")
    watch, _, _ = over(shelf)
    watch.look()
    read: list[str] = []
    usual = io.open

    def noted(file: Any, *more: Any, **named: Any) -> Any:
        if not isinstance(file, int):  # a folder that is being listed
            read.append(str(file))
        return usual(file, *more, **named)

    monkeypatch.setattr(io, "open", noted)
    watch.look()
    assert read == []
    (shelf / "run1" / "run.json").write_text('{"name": "changed"}')
    watch.look()
    assert {Path(name).parent.name for name in read} == {"run1"}


def test_looking_goes_on_after_a_failure(shelf: Path) -> None:
    watch, _, _ = over(shelf)
    looks: list[int] = []

    def look() -> set[str]:
        looks.append(1)
        if len(looks) == 1:
            raise RuntimeError("a disk that hiccups")
        return {"whole"}

    watch.look = look  # type: ignore[method-assign]

    async def heard() -> list[str]:
        said: asyncio.Queue[list[str]] = asyncio.Queue()
        task = asyncio.create_task(watch.run(lambda runs: said.put_nowait(list(runs)), every=0.01))
        try:
            return await asyncio.wait_for(said.get(), 60)
        finally:
            task.cancel()

    assert asyncio.run(heard()) == ["whole"]


@pytest.fixture
def live(shelf: Path) -> Iterator[Any]:
    """A server over the shelf that watches and builds nothing."""
    spaces, states = shared_spaces(), states_cache(None)
    catalog = Catalog(
        find_runs([shelf]), lambda folder: open_session(folder, states, spaces), [shelf]
    )
    jobs, watch = Jobs(1), Watch(catalog)
    watch.look()  # the first look only learns what is there
    settings = Settings(runs=(shelf,), frontend=Path("/nowhere"))
    app = create_app(catalog, settings, jobs=jobs, services=Services(watch))
    with running(app, jobs) as server:
        yield server


def test_every_page_hears_and_finds_what_is_new(live: Any, shelf: Path) -> None:
    with (
        live.page() as one,
        live.page() as two,
        httpx.Client(base_url=f"http://127.0.0.1:{live.port}") as http,
    ):
        make_run(shelf / "later", atlas=False)
        for page in (one, two):
            assert page.until("changed")[-1]["runs"] == ["later"]
        entries = {entry["name"]: entry for entry in http.get("/api/runs").json()["runs"]}
        assert entries["later"]["problem"]["code"] == "atlas_missing"
        assert http.get("/api/runs/later").status_code == 409
        lineage = http.get("/api/runs/whole").json()["lineage"]
        tell(shelf / "whole", finished=False)
        assert one.until("changed")[-1]["runs"] == ["whole"]
        card = http.get("/api/runs/whole").json()
        assert (card["live"], card["lineage"], card["building"]) == (True, lineage, None)
