"""The curves of measures, the events of training and the map, in a real browser against a server
with made-up measures.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PATIENCE, Open, Served, Visit
from tests.browser.measured import DUPLICATES
from tests.browser.test_access import serious_in_both

pytestmark = [pytest.mark.browser, pytest.mark.slow]
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The server with measures of every kind."""
    command = [sys.executable, "-m", "tests.browser.measured"]
    server = Served(lambda port: [*command, str(port)], tmp_path_factory.mktemp("server") / "log")
    server.start()
    yield server
    server.stop()


def opened(visit: Open, more: str = "", **options: object) -> Visit:
    """The page with the curves of the intrinsic dimension at step 64, layer 4."""
    one = visit(f"#v=1&run=measured&step=64&site=L3.post&measure=twonn&curves=1{more}", **options)
    one.sees("document.querySelectorAll('#curves .plot svg .line').length > 0")
    return one


def saved(one: Visit, kind: str) -> tuple[str, bytes]:
    """A file that the page hands out: its name and what it holds."""
    one.page.click("#curves-save")
    with one.page.expect_download() as waiting:
        one.page.click(f"#save-{kind}")
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


def test_a_measure_is_chosen_read_and_travelled(visit: Open) -> None:
    one = visit("#v=1&run=measured&step=64&site=L3.post")
    expect(one.page.locator("#curves")).to_be_hidden()
    one.page.click("#open-curves")
    expect(one.page.locator("#curves")).to_be_visible()
    groups = one.page.locator("#curves-measure optgroup").evaluate_all(
        "all => all.map(one => one.label)"
    )
    wanted = [
        "Fidelity of the picture",
        "Dimension",
        "Spectrum",
        "From site to site",
        "Topology",
        "Map of a layer",
        "Training",
    ]
    assert groups == wanted
    one.page.select_option("#curves-measure", "twonn")
    one.until("s.measure === 'twonn'")
    assert one.page.locator("#measure").input_value() == "twonn"
    expect(one.page.locator("#curves .block .value").first).to_have_text(re.compile(r"^\d"))
    box = one.page.locator(".plot[data-axis=layers]").first.bounding_box()
    assert box
    one.page.mouse.move(box["x"] + 45, box["y"] + 40)
    expect(one.page.locator(".measured:visible")).to_contain_text("step 64 · embedding")
    expect(one.page.locator(".measured:visible")).to_contain_text(
        re.compile(r"Intrinsic dimension, TwoNN: [\d.]+ \([\d.]+ to [\d.]+\)")
    )
    one.page.mouse.click(box["x"] + box["width"] - 12, box["y"] + 40)
    one.until("s.site === s.card.sites.length - 1")
    one.page.locator(".plot[data-axis=steps]").first.press("Home")
    one.until("s.step === 0")
    one.page.locator(".plot[data-axis=steps]").first.press("ArrowRight")
    one.until("s.step === 1 && s.site === 12")
    one.page.keyboard.press("m")
    expect(one.page.locator("#curves")).to_be_hidden()
    one.page.keyboard.press("m")
    expect(one.page.locator("#curves")).to_be_visible()
    one.page.keyboard.press("Escape")
    expect(one.page.locator("#curves")).to_be_hidden()


def test_what_is_not_defined_says_why(visit: Open) -> None:
    one = opened(visit, "&second=stretch")
    expect(one.page.locator("#curves .second .value")).to_have_text("not defined here")
    expect(one.page.locator("#curves .second svg").first).to_contain_text("not defined here")
    assert not re.search(
        r"\b0\b", one.page.locator("#curves .second .head").inner_text().split("×")[0]
    )
    one.tell(type="go", step=1, site=1)
    plot = one.page.locator("#curves .measure .plot[data-axis=layers]")
    expect(plot).to_have_attribute(
        "aria-valuetext", re.compile(re.escape(f"Not defined here: {DUPLICATES}"))
    )
    pad = one.page.locator("#pad").bounding_box()
    assert pad
    one.page.mouse.move(pad["x"] + 10, pad["y"] + pad["height"] * 12.5 / 14)
    expect(one.page.locator(".measured:visible")).to_contain_text(f"Not defined here: {DUPLICATES}")
    expect(one.page.locator("#dot")).to_have_attribute(
        "aria-valuetext", re.compile("Not defined here")
    )


def test_files_of_what_is_shown(visit: Open) -> None:
    one = opened(visit, "&second=test_accuracy")
    version = one.state("s.version")
    name, body = saved(one, "csv")
    assert name == "layerfold_measured_twonn_test_accuracy_step-64_L3.post.csv"
    rows = list(csv.DictReader(io.StringIO(body.decode(), newline="")))
    assert len(rows) == 2 * (13 + 14)
    assert {(row["run"], row["layerfold"]) for row in rows} == {("measured", version)}
    here = [row for row in rows if row["on_screen"] == "true" and row["measure"] == "twonn"]
    assert [(row["curve"], row["step"], row["site"], row["unit"]) for row in here] == [
        ("layers", "64", "L3.post", "dimensions"),
        ("steps", "64", "L3.post", "dimensions"),
    ]
    assert float(here[0]["low"]) < float(here[0]["value"]) < float(here[0]["high"])
    gone = [
        row
        for row in rows
        if row["measure"] == "twonn" and row["curve"] == "steps" and row["value"] == ""
    ]
    assert [row["undefined_because"] for row in gone] == []
    name, body = saved(one, "svg")
    root = ElementTree.fromstring(body)
    about = json.loads(root.findtext("{http://www.w3.org/2000/svg}metadata") or "")
    assert (about["run"], about["step"], about["site"], about["layerfold"]) == (
        "measured",
        64,
        "L3.post",
        version,
    )
    assert f"measured · step 64 · L3.post · Layerfold {version}" in body.decode()
    name, body = saved(one, "png")
    assert name.endswith(".png")
    assert body.startswith(b"\x89PNG\r\n\x1a\n")
    assert b"iTXtDescription" in body
    assert b'"unit":"dimensions"' in body


def test_events_are_marked_said_and_reached(visit: Open) -> None:
    one = opened(visit)
    marks = one.page.locator("#strip .mark")
    assert marks.count() == 2
    marks.nth(1).hover()
    expect(one.page.locator(".measured:visible")).to_contain_text("Test accuracy 0.21 → 0.97")
    marks.nth(1).click()
    one.until("s.card.steps[s.step] === 512")
    expect(one.page.locator(".slider.steps .quiet")).to_have_text("Test accuracy 0.21 → 0.97")
    one.page.mouse.move(700, 100)
    one.page.locator("#steps").blur()
    one.page.keyboard.press(",")
    one.until("s.card.steps[s.step] === 16")
    expect(one.page.locator(".slider.steps .quiet")).to_contain_text(
        "Intrinsic dimension, TwoNN 8.3 → 3.5, layer 2 of 6"
    )
    one.page.keyboard.press(".")
    one.until("s.card.steps[s.step] === 512")


def test_the_link_brings_the_curves_back(visit: Open) -> None:
    one = opened(visit)
    one.page.select_option("#curves-compare", "cka_site")
    one.page.click("#curves-fit")
    one.sees("location.hash.includes('second=cka_site') && location.hash.includes('fit=1')")
    one.page.reload(timeout=PATIENCE)
    one.sees("document.querySelectorAll('#curves .plot svg .line').length === 4")
    assert one.state("[s.curves, s.second, s.fit]") == [True, "cka_site", True]


@pytest.mark.parametrize("size", [(1280, 720), (390, 844)])
def test_nothing_overlaps(visit: Open, size: tuple[int, int]) -> None:
    one = opened(visit, "&second=test_accuracy&lang=en", width=size[0], height=size[1])
    apart(one, size)
    one.tell(type="set", language="zh")
    expect(one.page.locator("html")).to_have_attribute("lang", "zh-CN")
    apart(one, size)


def apart(one: Visit, size: tuple[int, int]) -> None:
    """The panels are inside the window and none lies over another; no button's or list's words are
    cut.
    """
    boxes = one.page.evaluate(
        "['top', 'column', 'curves', 'strip'].map(id =>"
        " document.getElementById(id).getBoundingClientRect()).filter(b => b.height).map(b =>"
        " [b.left, b.top, b.right, b.bottom])"
    )
    for i, (left, top, right, bottom) in enumerate(boxes):
        assert 0 <= left < right <= size[0]
        assert 0 <= top < bottom <= size[1]
        for a, b, c, d in boxes[:i]:
            assert right <= a or left >= c or bottom <= b or top >= d, (boxes[i], [a, b, c, d])
    cut = one.page.evaluate(
        "[...document.querySelectorAll('#curves button, #curves select')]"
        ".filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 1).map(e => e.id)"
    )
    assert cut == []


def test_axe_finds_nothing_serious_in_the_curves(visit: Open) -> None:
    one = opened(visit, "&second=stretch&theme=dark")
    assert serious_in_both(one) == []
    one.page.click("#curves-save")
    assert serious_in_both(one) == [], "save"
