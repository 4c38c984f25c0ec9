"""Journeys of a person through the page, in a real browser against the real server."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PATIENCE, Open, Served

pytestmark = [pytest.mark.browser, pytest.mark.slow]
expect.set_options(timeout=PATIENCE)

PAIR = "s=0vShe+sat+on+the+bank+of+the+river&s=1vThe+bank+gave+her+a+loan"


def link(**fields: str) -> str:
    """A link to the pair of sentences, with further fields."""
    return "#v=1&" + "".join(f"{name}={value}&" for name, value in fields.items()) + PAIR


PLACED = "s.sentences.length > 0 && s.sentences.every((one) => one.status === 'placed')"


def test_the_first_picture_moves_by_itself_and_says_what_is_seen(visit_bundled: Open) -> None:
    one = visit_bundled(calm=False)
    caption = one.page.locator("#caption")
    one.sees("captions.some(({ words, step }) => words.includes('untrained') && step === 0)")
    first = one.page.locator("#view").screenshot()
    one.until("s.step > 0 && s.step < s.card.steps.length - 1 || !s.touring")
    one.until(
        "s.sentences.length === 2 && s.sentences.every((one) => !one.hidden && one.tokens.length)"
    )
    one.sees("captions.some(({ words }) => /bank|word/.test(words))")
    assert one.page.locator("#view").screenshot() != first
    one.page.keyboard.press("Shift")
    one.page.mouse.click(760, 300)
    one.until("!s.touring && s.step === s.card.steps.length - 1")
    expect(caption).not_to_have_class(re.compile(r"\bon\b"))
    assert one.page.locator(".sentence").count() == 2


def test_reduced_motion_has_no_tour(visit: Open) -> None:
    one = visit()
    one.until(PLACED)
    assert one.state("[s.touring, s.sentences.length]") == [False, 2]


def test_typing_places_tokens(visit_bundled: Open) -> None:
    one = visit_bundled(link())
    one.until(PLACED)
    one.page.click("#add-sentence")
    one.page.keyboard.type("The whale rose from the sea", delay=15)
    one.until(
        "s.sentences.length === 3 && s.sentences[2].tokens.length >= 6 && s.sentences[2].status ==="
        " 'placed'"
    )
    one.sees("layerfold.scene.stats().sentences === 3")
    expect(one.page.locator(".sentence.active .token").first).to_have_text("The")
    one.page.locator(".sentence.active .remove").click()
    one.sees("layerfold.scene.stats().sentences === 2")


def test_hiding_and_colouring_a_sentence(visit: Open) -> None:
    one = visit(link())
    one.until(PLACED)
    row = one.page.locator(".sentence").first
    row.locator("textarea").click()
    row.locator(".hide").click()
    one.sees("layerfold.scene.stats().sentences === 1")
    row.locator(".hue").click()
    assert one.state("s.sentences.map((one) => [one.hue, one.hidden])") == [[1, True], [1, False]]


def test_both_sliders_by_pointer_and_by_key(visit: Open) -> None:
    one = visit(link(site="embed", step="0"))
    one.until(PLACED)
    expect(one.page.locator("#layers-value")).to_have_text("embedding")
    one.page.locator("#layers").press("ArrowRight")
    expect(one.page.locator("#layers-value")).to_contain_text("after attention")
    box = one.page.locator("#steps").bounding_box()
    assert box
    one.page.mouse.move(box["x"] + 8, box["y"] + box["height"] / 2)
    one.page.mouse.down()
    one.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=6)
    one.page.mouse.move(box["x"] + box["width"] - 4, box["y"] + box["height"] / 2, steps=6)
    one.page.mouse.up()
    one.until("s.step === s.card.steps.length - 1")
    one.page.locator("#steps").press("Home")
    expect(one.page.locator("#steps-value")).to_have_text("step 0")
    one.page.locator("#view").click(position={"x": 700, "y": 60})
    one.page.keyboard.press("ArrowUp")
    one.until("s.step === 1")


def test_play_on_either_axis(visit: Open) -> None:
    one = visit(link(site="embed", step="0"))
    one.until(PLACED)
    one.page.click(".speed[data-speed='4']")
    one.page.click("#play-layers")
    one.until("s.site >= 2")
    one.page.click("#loop")
    one.page.click(".speed[data-speed='1']")
    one.page.click("#play-steps")
    one.until("s.playing === 'steps' && s.step >= 2")
    one.page.click("#play-steps")
    assert one.state("[s.playing, s.loop]") == [None, True]


def test_the_pad_moves_both(visit: Open) -> None:
    one = visit(link(site="embed", step="0"))
    one.until(PLACED)
    box = one.page.locator("#pad").bounding_box()
    assert box
    one.page.mouse.move(box["x"] + 6, box["y"] + box["height"] - 4)
    one.page.mouse.down()
    one.page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.5, steps=5)
    one.page.mouse.move(box["x"] + box["width"] - 2, box["y"] + 2, steps=5)
    one.page.mouse.up()
    one.until("s.site === s.card.sites.length - 1 && s.step === s.card.steps.length - 1")
    one.page.locator("#dot").press("ArrowLeft")
    one.page.locator("#dot").press("ArrowDown")
    one.until("s.site === s.card.sites.length - 2 && s.step === s.card.steps.length - 2")


def test_the_inspector_tells_neighbours_lens_and_numbers(visit_bundled: Open) -> None:
    one = visit_bundled(link())
    one.until(PLACED)
    one.page.locator(".sentence.active .token").nth(1).click()
    expect(one.page.locator("#inspector h2")).to_have_text("bank")
    expect(one.page.locator("#inspector .neighbour").first).to_be_visible()
    one.sees("layerfold.scene.stats().links > 0")
    one.page.click("#tab-lens")
    assert one.page.locator(".lens tbody tr").count() == one.state("s.card.sites.length")
    one.page.click("#tab-numbers")
    expect(one.page.locator("#inspector .numbers").first).to_contain_text("Norm")
    one.page.click("#tab-neighbours")
    one.page.locator("#inspector .neighbour").first.click()
    one.until("s.picked.kind === 'cloud' && s.inspection")
    one.page.keyboard.press("Escape")
    expect(one.page.locator("#inspector")).to_be_hidden()


def test_hover_names_a_token_and_a_click_picks_it(visit: Open) -> None:
    one = visit(link())
    one.until(PLACED)
    one.page.wait_for_timeout(500)
    at = one.page.evaluate("layerfold.scene.locate({ kind: 'sentence', id: 's2', token: 1 })")
    assert at
    one.page.mouse.move(at["x"] - 3, at["y"] - 3)
    one.page.mouse.move(at["x"], at["y"], steps=3)
    expect(one.page.locator("#hover")).to_be_visible()
    assert one.page.locator("#hover").inner_text().strip()
    one.page.mouse.click(at["x"], at["y"])
    one.until("s.picked !== null")
    expect(one.page.locator("#inspector")).to_be_visible()


def test_search_counts_and_lists(visit: Open) -> None:
    one = visit(link())
    one.until("s.reference")
    word = one.state("s.reference.text.find((text) => text.trim().length > 3).trim()")
    one.page.keyboard.press("/")
    one.page.fill("#query", word)
    expect(one.page.locator("#search [role=status]")).to_contain_text(" of ")
    one.page.locator("#search .neighbour").first.click()
    one.until("s.picked?.kind === 'cloud'")
    one.page.keyboard.press("Escape")
    assert one.state("[s.sheet, s.search]") == [None, ""]


def test_a_copied_link_shows_the_same_picture(visit: Open) -> None:
    one = visit(link())
    one.until(PLACED)
    for key in ("ArrowLeft", "ArrowDown", "t", "c", "l", "g"):
        one.page.keyboard.press(key)
    camera = {
        "eye": {"x": 0.9, "y": -1.1, "z": 0.7},
        "center": {"x": 0, "y": 0, "z": 0},
        "up": {"x": 0, "y": 0, "z": 1},
    }
    one.page.evaluate("camera => layerfold.scene.setCamera(camera)", camera)
    one.tell(type="set", camera=camera)
    one.sees("location.hash.includes('camera=0.9') && location.hash.includes('lang=zh')")
    what = (
        "[s.run, s.step, s.site, s.trails, s.colour, s.theme, s.language, s.sentences.map((one) =>"
        " [one.text, one.hue])]"
    )
    other = visit(one.page.url.removeprefix(one.origin + "/"))
    other.until(PLACED)
    assert other.state(what) == one.state(what)
    seen = other.page.evaluate("layerfold.scene.camera().eye")
    assert [round(seen[axis], 2) for axis in "xyz"] == [0.9, -1.1, 0.7]


def test_a_link_that_cannot_be_followed_is_said(visit: Open) -> None:
    one = visit("#v=1&s=0v" + "x" * 9000)
    expect(one.page.locator("#notice")).to_contain_text("8 KiB")
    two = visit("#v=1&run=no-such-run", drawn=False)
    expect(two.page.locator("#veil")).to_contain_text("no-such-run")
    three = visit(link(step="13"))
    expect(three.page.locator("#notice")).to_contain_text("no step 13")


def test_a_restarted_server_is_found_again_and_nothing_typed_is_lost(
    visit: Open, served: Served
) -> None:
    one = visit(link())
    one.until(PLACED)
    served.stop()
    try:
        expect(one.page.locator("#line")).to_contain_text("Connection lost")
        one.page.locator(".sentence .text").first.fill("She sat on the bank of the quiet river")
        expect(one.page.locator(".sentence .status").first).to_contain_text("Kept here")
        time.sleep(1)
    finally:
        served.start()
    expect(one.page.locator("#line")).to_be_hidden()
    one.until(f"{PLACED} && s.sentences[0].asked.includes('quiet')")
    assert (
        one.page.locator(".sentence .text").first.input_value()
        == "She sat on the bank of the quiet river"
    )


def test_chinese(visit: Open) -> None:
    one = visit("", locale="zh-CN")
    expect(one.page.locator(".sentences-panel h2")).to_have_text("句子")
    assert one.page.evaluate("document.documentElement.lang") == "zh-CN"
    one.page.click("#language")
    expect(one.page.locator(".sentences-panel h2")).to_have_text("Sentences")
    one.page.click("#language")
    one.page.keyboard.press("?")
    expect(one.page.locator("#help")).to_contain_text("按键")
    words = one.page.locator("body").inner_text()
    assert not re.search(r"\{\w+\}|\b(tool|strip|colour|sentences)\.\w+", words)
    one.sees("location.hash.includes('lang=zh')")
    one.page.reload(timeout=PATIENCE)
    expect(one.page.locator(".sentences-panel h2")).to_have_text("句子")


TEXTS = (
    "   ",
    "x" * 20_001,
    "😀🏴‍☠️ 春天来了",
    "שלום עולם مرحبا",
    "a\u0000b\u0007c\u202ed",
    "<img src=x onerror=alert(1)>",
)


def test_strange_texts_are_placed_or_refused_in_words(visit: Open) -> None:
    one = visit(link())
    one.until(PLACED)
    field = one.page.locator(".sentence .text").first
    for text in TEXTS:
        field.fill(text)
        one.until(
            "['placed', 'failed', 'blank'].includes(s.sentences[0].status) && s.connection ==="
            " 'open'"
        )
        assert "\ufffd" not in one.page.locator("#view").inner_text()
        assert one.state("s.sentences[0].text.length") == len(text.encode("utf-16-le")) // 2
        if not text.strip() or len(text) > 20_000:
            expect(one.page.locator(".sentence .status").first).not_to_be_empty()
    one.tell(type="sentence.edit", id="s1", text="a \ud83d lone surrogate")
    one.until("s.sentences[0].asked?.includes('lone') && s.sentences[0].status === 'placed'")


def test_a_step_that_cannot_be_read_is_said_and_the_rest_stays(visit: Open) -> None:
    one = visit(link())
    one.until(PLACED)
    # none is still on its way that would come after all
    one.until("Object.keys(s.atlas).length === s.card.steps.length")
    steps = one.state("s.card.steps")
    one.tell(type="atlas.drop", steps=[steps[1]])
    one.tell(
        type="atlas.failed", step=steps[1], failure={"code": "damaged_run", "message": "cut short"}
    )
    one.tell(type="go", step=1)
    expect(one.page.locator(".slider.steps .quiet")).to_contain_text("not readable")


def test_a_phone(visit: Open) -> None:
    one = visit(link(), width=390, height=844, has_touch=True, is_mobile=True)
    one.until(PLACED)
    assert one.page.evaluate("document.documentElement.scrollWidth") <= 390
    one.page.tap("#open-sentences")
    expect(one.page.locator(".sentences-panel")).to_be_visible()
    one.page.locator(".sentence.active .token").nth(1).tap()
    one.page.tap("#open-sentences")
    expect(one.page.locator("#inspector")).to_be_visible()
    boxes = [
        one.page.evaluate(
            "id => { const b = document.getElementById(id).getBoundingClientRect(); return [b.left,"
            " b.right, b.top, b.bottom]; }",
            id_,
        )
        for id_ in ("top", "strip", "inspector")
    ]
    for left, right, top, bottom in boxes:
        assert left >= 0
        assert right <= 390
        assert top >= 0
        assert bottom <= 844
    assert boxes[2][3] <= boxes[1][2], "the inspector ends above the strip"
