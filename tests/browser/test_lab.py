"""The lab in the page, in a real browser: the real page and server, with trainings made up to be
over in seconds.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PATIENCE, Open, Served, Visit
from tests.browser.test_access import serious, serious_in_both

pytestmark = [pytest.mark.browser, pytest.mark.slow]
expect.set_options(timeout=PATIENCE)

JOB = "s.lab.jobs.find((one) => one.id === s.lab.selected)"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A server with an empty lab."""
    command = [sys.executable, "-m", "tests.browser.made_up_lab"]
    server = Served(lambda port: [*command, str(port)], tmp_path / "log")
    server.start()
    yield server
    server.stop()


def begin(one: Visit, *, optimizer: str = "adamw", **numbers: str) -> None:
    """A training is put together in the form and begun."""
    if one.page.locator("#lab-new").is_visible():
        one.page.click("#lab-new")
    one.page.check(f"input[name=lab-optimizer][value={optimizer}]", force=True)
    for name, text in numbers.items():
        one.page.fill(f"#lab-{name}", text)
    before = one.state("s.lab.jobs.length")
    one.page.click("#lab-start")
    one.until(f"s.lab.jobs.length === {before + 1} && s.lab.page === 'jobs' && {JOB}")


def test_a_training_is_begun_watched_and_travelled(visit: Open) -> None:
    one = visit()
    one.page.click("#open-lab")
    expect(one.page.locator("#lab-start")).to_be_enabled()
    assert serious(one) == []
    begin(one)
    one.until(f"s.run === {JOB}.run && s.card && Object.keys(s.atlas).length")
    one.until(f"{JOB}.status === 'finished' && s.card.steps.length === 13 && s.step === 12")
    expect(one.page.locator(".told .says")).to_have_text(
        re.compile(r"Memorised at step 100, generalized at step \d00: test accuracy [\d.]+\s%\.")
    )
    expect(one.page.locator(".lab-curve .of-unseen path").first).to_have_attribute(
        "d", re.compile("L")
    )
    one.page.locator(".lab-curves").press("Home")
    one.until("s.step === 0")
    expect(one.page.locator(".lab-curve .value.of-shown").first).to_have_text(
        re.compile(r"train 0\s%")
    )
    box = one.page.locator(".lab-curve svg").first.bounding_box()
    assert box
    one.page.mouse.click(box["x"] + box["width"] - 10, box["y"] + 30)
    one.until("s.step === 12")
    assert serious_in_both(one) == []


def test_it_pauses_is_kept_over_a_reload_resumes_stops_and_is_deleted(visit: Open) -> None:
    one = visit("#v=1&run=storyteller&lab=1")
    begin(one, seed="7", steps="6000")
    one.until(f"{JOB}.step > 0 && s.run === {JOB}.run && s.card")
    one.page.click("#lab [data-act=pause]")
    one.until(f"{JOB}.status === 'paused'")
    step = one.state(f"{JOB}.step")
    one.sees("location.hash.includes('run=made-up-1') && location.hash.includes('lab=1')")
    one.page.reload()
    one.until(
        f"s.lab.jobs.length === 1 && {JOB}?.status === 'paused' && {JOB}.step >= {step} &&"
        f" {JOB}.numbers.seed === 7"
    )
    one.page.click("#lab [data-act=resume]")
    one.until(f"{JOB}.status === 'running' && {JOB}.step > {step}")
    one.page.click("#lab [data-act=stop]")
    one.until(f"{JOB}.status === 'stopped'")
    one.page.click("#lab [data-act=remove]")
    one.page.click("#lab [data-act=keep]")
    expect(one.page.locator("#lab [data-act=remove]")).to_be_focused()
    one.page.click("#lab [data-act=remove]")
    one.page.click("#lab [data-act=sure]")
    one.until("s.lab.jobs.length === 0 && s.run === 'storyteller' && s.card")


def test_what_cannot_be_is_said_in_place(visit: Open, tmp_path: Path) -> None:
    one = visit("#v=1&run=storyteller&lab=1")
    one.page.fill("#lab-learning_rate", "much")
    expect(one.page.locator("#lab-learning_rate-wrong")).to_have_text(
        "A number, such as 0.001 or 1e-3."
    )
    expect(one.page.locator("#lab-start")).to_be_disabled()
    one.page.fill("#lab-learning_rate", "1e9")
    expect(one.page.locator("#lab-learning_rate-wrong")).to_have_text("From 1e-5 to 1.")
    one.page.check("input[name=lab-task][value=text]", force=True)
    expect(one.page.locator("#lab-start")).to_be_disabled()
    notes = tmp_path / "notes.txt"
    notes.write_text("word " * 300, "utf-8")
    one.page.set_input_files("#lab input[type=file]", notes)
    expect(one.page.locator("#lab-text-size")).to_have_text("1.5 kB of at most 1 kB")
    expect(one.page.locator("#lab-start")).to_be_disabled()
    one.page.fill("#lab-text", "A few words.")
    expect(one.page.locator("#lab-start")).to_be_enabled()
    for _ in range(2):
        begin(one, steps="20000")
    one.page.click("#lab-new")
    one.page.click("#lab-start")
    expect(one.page.locator("#lab .lab-form .bad[role=alert]")).to_have_text(
        "Two trainings are running; two at a time: pause or stop one."
    )


def test_the_same_again_with_another_optimiser_is_watched_beside(visit: Open) -> None:
    one = visit("#v=1&run=storyteller&lab=1")
    begin(one, seed="3")
    one.until(f"{JOB}.status === 'finished' && s.run === {JOB}.run && s.card")
    one.page.click("#lab [data-act=again]")
    expect(one.page.locator("#lab .like")).to_have_text(
        "The same again as Modular addition · AdamW, from the same seed."
    )
    one.page.click("#lab-start")
    one.until(
        f"{JOB}.run === 'made-up-2' && s.run === 'made-up-2' && {JOB}.status === 'finished' &&"
        " s.card"
    )
    assert one.state(f"[{JOB}.optimizer, {JOB}.numbers.seed]") == ["adam", 3]
    expect(one.page.locator("#lab-beside option").first).to_have_text("AdamW · same seed")
    one.page.click("#lab [data-act=beside]")
    one.until("s.compare && s.compare.with === 'made-up-1' && s.compare.mode === 'beside'")
    expect(one.page.locator(".lab-curve .value.of-other").first).to_contain_text("AdamW")
    one.page.click("[data-job='1']")
    one.until("s.run === 'made-up-1' && s.lab.selected === '1'")


def test_the_lab_by_key_on_a_phone_and_in_chinese(visit: Open) -> None:
    one = visit("#v=1&run=storyteller", width=390, height=844, locale="zh-CN")
    expect(one.page.locator("#open-lab")).to_contain_text("训练")
    one.page.keyboard.press("e")
    expect(one.page.locator("#lab-start")).to_be_enabled()
    box = one.page.locator("#lab").bounding_box()
    assert box
    assert (box["x"] >= 0, box["x"] + box["width"] <= 390, box["y"] > 100) == (True, True, True)
    assert one.page.evaluate("document.documentElement.scrollWidth") <= 390
    seen = set()
    for _ in range(80):
        one.page.keyboard.press("Tab")
        seen.add(one.page.evaluate("document.activeElement.id || document.activeElement.name"))
    assert {
        "open-lab",
        "fold-lab",
        "lab-task",
        "lab-optimizer",
        "lab-learning_rate",
        "lab-seed",
        "lab-start",
    } <= seen
    step = one.state("s.step")
    one.page.focus(".number input[type=range]")
    rate = one.page.input_value("#lab-learning_rate")
    one.page.keyboard.press("ArrowUp")
    assert one.page.input_value("#lab-learning_rate") != rate
    assert one.state("s.step") == step
    assert serious(one) == []
    one.page.click("#fold-lab")
    folded = one.page.locator("#lab").bounding_box()
    assert folded
    assert folded["height"] < 140
    one.page.keyboard.press("Escape")
    expect(one.page.locator("#lab")).to_be_hidden()
