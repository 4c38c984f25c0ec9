"""Two runs in one view: side by side under one camera and one pair of sliders, or one laid over the
other with what is left said.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open, Served, Visit

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SENTENCE = "&s=0vthe+bank+of+the+river"
NEAR = (
    "(a, b) => ['eye', 'center', 'up'].every((p) => ['x', 'y', 'z'].every((k) => Math.abs(a[p][k] -"
    " b[p][k]) < 5e-3))"
)
TIED = f"(({NEAR})(layerfold.scene.camera(), layerfold.beside.scene.camera()))"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("compared")
    server = Served(
        lambda port: [sys.executable, "-m", "tests.browser.compared", str(port), str(folder)],
        folder / "log",
    )
    server.start()
    yield server
    server.stop()


def test_two_runs_side_by_side_share_camera_and_sliders(visit: Open) -> None:
    one = visit("#v=1&run=first&step=64&site=L1.post" + SENTENCE)
    words: list[str] = []
    one.page.on(
        "console", lambda message: words.append(message.text) if message.type == "error" else None
    )
    one.page.click("#open-compare")
    one.page.select_option("#compare-run", "other")
    one.sees(
        "window.layerfold.beside?.scene.stats().points > 0 &&"
        " layerfold.beside.store.get().sentences[0]?.tokens.length > 0"
    )
    assert one.state("[s.compare.with, s.compare.step, s.compare.mode]") == [
        "other",
        None,
        "beside",
    ]
    assert (
        one.page.evaluate(
            "layerfold.beside.store.get().card.sites[Math.round(layerfold.beside.store.get().site)]"
        )
        == "L0.post"
    )
    # the slider goes through the steps of both: 0 4 8 64 100
    assert one.page.get_attribute("#steps", "max") == "4"
    one.page.locator("#steps").press("ArrowRight")
    one.sees("layerfold.beside.store.get().step === 3")
    expect(one.page.locator(".compare-tag.own")).to_have_text(re.compile("64$"))
    expect(one.page.locator(".compare-tag.other")).to_have_text(re.compile("100$"))
    one.page.locator("#steps").press("Home")
    one.page.locator("#steps").press("ArrowRight")
    one.sees("layerfold.beside.store.get().step === 1 && layerfold.store.get().step === 0")
    # one camera, whichever scene is turned
    one.sees(TIED)
    before = one.page.evaluate("layerfold.scene.camera().eye.x")
    for x, moved in ((1000, 60), (620, -80)):
        one.page.mouse.move(x, 330)
        one.page.mouse.down()
        one.page.mouse.move(x + moved, 350, steps=6)
        one.page.mouse.up()
        one.sees(TIED)
        assert abs(one.page.evaluate("layerfold.scene.camera().eye.x") - before) > 0.02
        before = one.page.evaluate("layerfold.scene.camera().eye.x")
    # leaving gives the page back
    one.page.click("#leave-compare")
    one.sees(
        "!document.getElementById('beside') && !layerfold.beside && layerfold.store.get().compare"
        " === null"
    )
    one.sees("document.getElementById('view').clientWidth === innerWidth")
    assert one.page.get_attribute("#steps", "max") == "2"
    assert words == []


def test_a_rotated_copy_laid_over_leaves_nothing(visit: Open) -> None:
    one = visit("#v=1&run=first&step=64&site=L1.post&compare=over&with=turned" + SENTENCE)
    one.until("s.compare.over?.table && Object.keys(s.compare.over.readings).length === 1")
    expect(one.page.locator("#compare .words")).to_contain_text(
        "no residual after the best rotation (0%)"
    )
    one.sees("layerfold.scene.stats().points === 192 && layerfold.scene.stats().sentences === 2")
    assert one.state("Math.max(...s.compare.over.table.sites.map((one) => one.residual)) < 1e-5")
    assert one.page.locator("#compare .residuals .bar").count() == 5
    one.page.select_option("#compare-run", "other")
    expect(one.page.locator("#compare .words")).to_contain_text("after the best rotation")
    expect(one.page.locator("#compare .facts")).to_contain_text("beside its L0.post")
    one.page.select_option("#compare-run", label="This run, another step")
    one.page.select_option("#compare-step", "8")
    one.until(
        "s.compare.with === null && s.compare.step === 8 && s.compare.over?.table?.other_step === 8"
    )
    one.sees("location.hash.includes('compare=over') && location.hash.includes('other=8')")
    one.page.keyboard.press("Escape")
    one.sees(
        "layerfold.store.get().compare === null && layerfold.scene.stats().points === 96 &&"
        " layerfold.scene.stats().sentences === 1"
    )


def test_what_cannot_be_compared_is_said_in_place(visit: Open) -> None:
    one = visit("#v=1&run=first&step=64&compare=over&with=words" + SENTENCE)
    expect(one.page.locator("#compare .words")).to_contain_text("other tokens")
    one.page.click("#compare [data-mode=beside]")
    one.sees("window.layerfold.beside?.scene.stats().points > 0")
    one.tell(type="compare", **{"with": "unlaid", "mode": "beside"})
    expect(one.page.locator("#compare .words")).to_contain_text("no atlas")
    one.tell(type="compare", **{"with": "nowhere", "mode": "over"})
    expect(one.page.locator("#compare .words")).to_contain_text("nowhere")
    one.page.click("#leave-compare")
    one.until("s.compare === null && s.sentences.length === 1 && s.card.name === 'first'")


def box_of(one: Visit, name: str) -> dict[str, float]:
    box = one.page.locator(name).bounding_box()
    assert box
    return dict(box)


@pytest.mark.parametrize("mode", ["beside", "over"])
def test_a_phone_shows_both(visit: Open, mode: str) -> None:
    one = visit(
        f"#v=1&run=first&step=64&compare={mode}&with=other&lang=zh&theme=light{SENTENCE}",
        width=390,
        height=844,
    )
    panel = one.page.locator("#compare")
    expect(panel).to_be_visible()
    if mode == "beside":
        one.sees("window.layerfold.beside?.scene.stats().points > 0")
        boxes = [box_of(one, name) for name in ("#view", "#beside")]
        assert abs(boxes[0]["y"] + boxes[0]["height"] - boxes[1]["y"]) < 2
        assert boxes[0]["height"] > 200
    else:
        one.until("s.compare.over?.table")
    box = box_of(one, "#compare")
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
