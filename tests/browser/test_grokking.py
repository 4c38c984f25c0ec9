"""The real lab in a real browser: p = 53 is memorised, then understood, and its clouds are there to
be seen.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import MODULAR, PATIENCE, Open, Served, Visit

pytestmark = [pytest.mark.browser, pytest.mark.slow]
expect.set_options(timeout=PATIENCE)

JOB = "s.lab.jobs.find((one) => one.id === s.lab.selected)"
LONG = 480_000  # ms; three minutes on two free cores, a busy machine is given more


@pytest.fixture
def served(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Served]:
    """The program itself, with a lab of its own, and with the options that a test gives it."""
    command = [
        sys.executable,
        "-m",
        "layerfold.cli.main",
        "--lab",
        str(tmp_path / "lab"),
        "--cache",
        str(tmp_path / "cache"),
        "--no-browser",
    ]
    server = Served(
        lambda port: [*command, "--port", str(port), *getattr(request, "param", ())],
        tmp_path / "log",
    )
    server.start()
    yield server
    server.stop()


def begin(one: Visit, steps: str = "") -> None:
    """Modular addition is being trained."""
    one.page.click("#open-lab")
    one.page.check("input[name=lab-task][value=modular-addition]", force=True)
    if steps:
        one.page.fill("#lab-steps", steps)
    expect(one.page.locator("#lab-start")).to_be_enabled()
    one.page.click("#lab-start")
    one.until(JOB, LONG)


@pytest.mark.parametrize("served", [[str(MODULAR), "--no-build"]], indirect=True)
def test_a_short_training_of_the_real_lab_is_watched_to_its_end(visit: Open) -> None:
    one = visit()
    begin(one, "50")
    one.until(f"{JOB}.status === 'finished' && {JOB}.step === 50", LONG)
    expect(one.page.locator(".lab-curve .of-unseen path").first).to_have_attribute(
        "d", re.compile("L")
    )


@pytest.mark.long
def test_the_lab_groks_p_53_in_the_page(visit: Open) -> None:
    one = visit()
    begin(one)
    one.until(f"s.run === {JOB}.run && s.card && Object.keys(s.atlas).length", LONG)
    expect(one.page.locator(".told .says")).to_have_text(
        re.compile(r"Memorised at step \d+"), timeout=LONG
    )
    one.until(f"{JOB}.status === 'finished'", LONG)
    expect(one.page.locator(".told .says")).to_have_text(
        re.compile(r"Memorised at step \d+, generalized at step [\d,]+: test accuracy (9\d|100)")
    )
    memorized, understood = (
        int(text.replace(",", ""))
        for text in re.findall(r"step ([\d,]+)", one.page.locator(".told .says").inner_text())
    )
    assert understood > 4 * memorized, "a delay between the two: grokking"
    one.until(f"s.card.steps.includes({JOB}.steps)", LONG)
