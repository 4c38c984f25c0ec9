"""A first visit shows little: the scene, a box for a sentence, two sliders, one line."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open

CONTROLS = """[...document.querySelectorAll(
  'button, input, select, textarea, a[href], summary, [role=slider]')].filter((one) =>
  one.checkVisibility({ opacityProperty: true, visibilityProperty: true })
  && one.getBoundingClientRect().width > 2).map((one) => one.id || one.className)"""


@pytest.mark.parametrize("size", [(390, 844), (1280, 720), (1920, 1080), (3840, 2160)])
def test_a_first_visit_has_at_most_twelve_controls_and_the_rest_unfolds(
    visit: Open, size: tuple[int, int]
) -> None:
    one = visit(first=True, width=size[0], height=size[1])
    controls = one.page.evaluate(CONTROLS)
    assert 4 <= len(controls) <= 12, controls
    expect(one.page.locator(".first-line")).to_be_visible()
    expect(one.page.locator("#rail")).to_be_hidden()
    one.page.click("#unfold")
    expect(one.page.locator("#rail")).to_be_visible()
    expect(one.page.locator(".first-line")).to_be_hidden()


def test_half_composed_letters_are_no_text(visit: Open) -> None:
    one = visit(first=True)
    box = one.page.locator("textarea.text").first
    box.click()
    before = one.state("s.sentences[0].text")
    line = one.page.context.new_cdp_session(one.page)
    for text in ("c", "ch", "chun"):
        line.send("Input.imeSetComposition", {"text": text, "selectionStart": 4, "selectionEnd": 4})
    assert one.state("s.sentences[0].text") == before
    line.send("Input.insertText", {"text": "春"})
    one.until("s.sentences[0].text.includes('春') && !s.sentences[0].text.includes('chun')")


def test_a_phone_has_the_box_for_a_sentence_too(visit: Open) -> None:
    one = visit(first=True, width=390, height=844)
    box = one.page.locator("textarea.text").first
    expect(box).to_be_visible()
    box.fill("the river bank")
    one.until("s.sentences[0].status === 'placed' && s.sentences[0].text === 'the river bank'")
    expect(box).to_be_visible()
