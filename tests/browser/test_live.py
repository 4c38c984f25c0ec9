"""A training that is recorded while a page is open: its run appears by itself, then step by step,
and what is there stays as it is.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import ConsoleMessage, expect

from tests.browser.conftest import HERE, PATIENCE, ROOT, Served, Visit, visiting
from tests.browser.pages import Pages
from tests.browser.recording import CHECKPOINTS

pytest.importorskip("layerfold.recording.recorder")
pytestmark = [pytest.mark.browser, pytest.mark.slow]
expect.set_options(timeout=PATIENCE)
LAST = "s.card.steps[Math.round(s.step)]"


class Training:
    """A training in a process of its own that goes as far as it may."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "runs" / "growing"
        self._may = folder / "may"
        self._log = folder / "training.log"
        self.may(0)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *words: str) -> None:
        with self._log.open("wb") as log:
            command = [sys.executable, "-m", "tests.browser.recording", str(self.folder), *words]
            environment = {**os.environ, "PYTHONPATH": HERE}
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=log
            )

    def may(self, step: int) -> None:
        """It may go on to the step."""
        self._may.write_text(str(step))

    def stop(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()


@pytest.fixture
def training(tmp_path: Path) -> Iterator[Training]:
    (tmp_path / "runs").mkdir()
    one = Training(tmp_path)
    yield one
    one.stop()


@pytest.fixture
def server(tmp_path: Path, training: Training) -> Iterator[Served]:
    """The program over a folder that holds no run yet."""

    def command(port: int) -> list[str]:
        folder, cache = str(training.folder.parent), str(tmp_path / "cache")
        return [
            sys.executable,
            "-m",
            "layerfold.cli.main",
            "serve",
            folder,
            "--no-browser",
            "--port",
            str(port),
            "--cache",
            cache,
        ]

    one = Served(command, tmp_path / "server.log")
    one.start()
    yield one
    one.stop()


@pytest.fixture
def open_page(pages: Pages, server: Served) -> Iterator[Visit]:
    """A page of that server that nobody touches; at the end nothing was thrown and nothing
    complained of on its console.
    """
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        # a server without a lab
        if message.type == "error" and "/api/jobs" not in str(message.location):
            complaints.append(f"{message.text} {message.location}")

    with visiting(pages, server) as visit:
        one = visit(drawn=False)
        one.page.on("console", hear)
        yield one
        one.page.remove_listener("console", hear)
    assert complaints == []


def cloud(server: Served, step: int) -> str:
    """What the cloud of a step is known by."""
    with urllib.request.urlopen(
        f"{server.origin}/api/runs/growing/atlas/{step}", timeout=60
    ) as answer:
        return hashlib.sha256(answer.read()).hexdigest()


def test_a_training_appears_step_by_step_in_an_open_page(
    open_page: Visit, server: Served, training: Training
) -> None:
    one = open_page
    one.page.evaluate("window.untouched = true")
    expect(one.page.locator("#veil")).to_contain_text("no run to show")
    training.start("weights")
    expect(one.page.locator("#veil .making-words")).to_be_visible()
    one.until("s.card && Object.keys(s.atlas).length")
    expect(one.page.locator("#live")).to_contain_text("live")
    begun = one.state("s.card.steps")
    assert begun[0] == 0
    assert len(begun) < len(CHECKPOINTS)
    one.until(f"s.atlas[{begun[-1]}]")
    first, shown = cloud(server, 0), one.state("[...s.atlas[0].positions.slice(0, 60)]")

    one.page.click("#add-sentence")
    one.page.keyboard.type("the queen painted the river bank")
    one.until("s.sentences.length && s.sentences.at(-1).status === 'placed'")
    one.tell(type="go", step=len(begun) - 1, glide=0)
    training.may(CHECKPOINTS[-1])
    one.until(f"s.card.steps.length === {len(CHECKPOINTS)} && {LAST} === {CHECKPOINTS[-1]}")
    assert one.state("s.card.steps") == list(CHECKPOINTS)
    expect(one.page.locator("#steps")).to_have_attribute("max", str(len(CHECKPOINTS) - 1))
    one.until(
        "s.sentences.at(-1).status === 'placed' && s.card.steps.every((step) => step in"
        " s.sentences.at(-1).slices)"
    )
    assert f"step={CHECKPOINTS[-1]}" in one.page.evaluate(
        "new Promise((done) => setTimeout(() => done(location.hash), 700))"
    )
    assert cloud(server, 0) == first
    assert one.state("[...s.atlas[0].positions.slice(0, 60)]") == shown
    assert one.page.evaluate("window.untouched")

    one.until("!s.card.live && s.card.projections.some((one) => one.name === 'pca')")
    expect(one.page.locator("#steps")).to_have_attribute("max", str(len(CHECKPOINTS) - 1))
    assert cloud(server, 0) == first


def test_a_recording_without_weights_can_be_watched_and_says_that_nothing_can_be_typed(
    open_page: Visit, server: Served, training: Training
) -> None:
    one = open_page
    training.may(CHECKPOINTS[1])
    training.start()
    one.until("s.card && Object.keys(s.atlas).length")
    assert one.state("[s.card.kind, s.card.typed, s.card.live]") == ["recorded", False, True]
    expect(one.page.locator("#untyped")).to_contain_text("without its weights")
    expect(one.page.locator("#add-sentence")).to_be_hidden()
    one.tell(type="pick", pick={"kind": "cloud", "index": 3})
    one.until("s.inspection && s.inspection.neighbors.length")
