"""Journeys through the seed's text, its cards and the lesson: links, back and forward, keys, a
class, a phone.
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PATIENCE, Open, Visit
from tests.browser.test_access import serious
from tests.browser.test_page import PLACED, link

pytestmark = [pytest.mark.browser, pytest.mark.slow]
expect.set_options(timeout=PATIENCE)


def card(claim: str, verdict: str, **more: Any) -> dict[str, Any]:
    """A card with a number at three steps and one control."""
    words = ("title", "would", "method", "threshold", "limits", "verdict", "quote")
    texts = {f"{name}_{of}": f"{name} of {claim}" for name in words for of in ("en", "zh")}
    series = {
        "name_en": "text",
        "name_zh": "文本",
        "steps": [0, 8, 512],
        "values": [36, 1.25, 18.5],
    }
    control = {"name_en": "shuffled", "name_zh": "打乱", "steps": [], "values": [40]}
    return {
        **texts,
        "id": claim,
        "section": claim[:3],
        "verdict": verdict,
        "here": f"18.5 in {claim}",
        "here_zh": f"{claim} 为 18.5",
        "unit": "directions",
        "unit_zh": "方向",
        "series": {**series, "values": [36, 1.25, 18.5], "lows": [34, 1, 17], "highs": [38, 2, 20]},
        "by_site": None,
        "controls": [{**control, "lows": [None], "highs": [None]}],
        "p": 0.001,
        "q": 0.01,
        "papers": [{"text": "A paper", "url": "https://example.org/"}],
        "view": {"site": "embed", "s": "2vThe boys who saw the dog"},
        "at_step": 8,
        **more,
    }


CARDS = [
    card("1.1a", "holds"),
    card("1.1b", "fails", view={"site": "L0.post", "s": "1vThe bank gave her a loan"}),
    card("2.1a", "weak", view={"inside": "attention", "site": "L0.mid"}),
]


def told(one: Visit) -> Visit:
    """The page with made-up cards in the place of the run's own."""
    one.until("s.run in s.seed.cards")
    one.tell(type="seed.cards", run=one.state("s.run"), cards=CARDS)
    return one


def mark(claim: str) -> str:
    return f'#seed [data-claim="{claim}"]'


def test_a_claim_is_chosen_in_the_text_and_back_and_forward_lead_through(visit: Open) -> None:
    one = visit(link(step="0"))
    one.until(PLACED)
    one.page.click("#open-seed")
    told(one)
    expect(one.page.locator(".column")).to_be_hidden()
    expect(one.page.locator(mark("1.1a"))).to_contain_text("holds")
    one.page.click(mark("1.1a"))
    one.until("s.seed.card === '1.1a' && s.site === 0 && s.sentences.length === 1")
    expect(one.page.locator("#seedcard blockquote")).to_have_text("quote of 1.1a")
    assert one.state("s.card.steps[s.step]") == 8
    expect(one.page.locator("#seedcard output")).to_have_text("1.25")
    one.sees("location.hash.includes('seed=1.1a')")
    one.page.click("#seed-after")
    one.until("s.seed.card === '1.1b'")
    expect(one.page.locator("#seedcard .seed-judged")).to_contain_text("does not hold here")
    one.sees("location.hash.includes('seed=1.1b')")
    one.page.go_back()
    one.until("s.seed.card === '1.1a' && s.site === 0")
    one.page.go_forward()
    one.until("s.seed.card === '1.1b' && s.site > 0")
    one.page.go_back()
    one.page.go_back()
    one.until("s.seed.reading === 'text' && s.seed.card === null")


def test_the_number_moves_with_the_step_and_the_text_is_left_as_it_was(visit: Open) -> None:
    one = visit(link(seed="text"))
    one.until(PLACED)
    told(one)
    one.page.click(mark("1.1a"))
    one.until("s.seed.card === '1.1a' && s.card.steps[s.step] === 8")
    value = one.page.locator("#seedcard output")
    one.tell(type="go", step=0)
    expect(value).to_have_text("36")
    box = one.page.locator("#seedcard .seed-curve").bounding_box()
    assert box
    one.page.mouse.click(box["x"] + 0.99 * box["width"], box["y"] + 30)
    one.until("s.step === s.card.steps.length - 1")
    one.page.keyboard.press("Escape")
    one.until("s.seed.card === null")
    one.page.keyboard.press("Escape")
    one.until("s.seed.reading === null && s.sentences.length === 2")
    expect(one.page.locator(".sentence")).to_have_count(2)


def test_by_key_a_claim_opens_its_card_and_closing_returns(visit: Open) -> None:
    one = visit(link())
    one.until(PLACED)
    one.page.keyboard.press("s")
    told(one)
    one.page.focus(mark("2.1a"))
    one.page.keyboard.press("Enter")
    one.until("s.seed.card === '2.1a' && s.panel === 'inside'")
    one.sees("document.activeElement.matches('#seedcard h2')")
    expect(one.page.locator("#inside")).to_be_hidden()
    one.page.click("#seed-inside")
    expect(one.page.locator("#inside")).to_be_visible()
    one.page.keyboard.press("Escape")
    one.until("s.panel === null && s.seed.reading === 'text'")


def test_the_lesson_is_walked_tried_and_presented(visit: Open) -> None:
    one = visit(link(lesson="2"))
    one.until(PLACED)
    told(one)
    expect(one.page.locator("#lesson")).to_contain_text("18.5 in 2.1a")
    one.page.click("#lesson-try")
    one.until("s.panel === 'inside' && s.inside.tab === 'attention'")
    one.page.click("#lesson-after")
    one.until("s.seed.chapter === 3 && s.panel === null")
    one.sees("location.hash.includes('lesson=3')")
    one.page.go_back()
    one.until("s.seed.chapter === 2")
    one.page.click("#lesson-present")
    one.until("s.seed.presenting")
    for hidden in ("#top", "#strip", "#column"):
        expect(one.page.locator(hidden)).to_be_hidden()
    for key, chapter in (("PageDown", 3), ("ArrowRight", 4), ("PageUp", 3), ("ArrowLeft", 2)):
        one.page.keyboard.press(key)
        one.until(f"s.seed.chapter === {chapter}")
    one.page.keyboard.press("n")
    expect(one.page.locator("#lesson .notes")).to_be_visible()
    one.tell(type="lesson.set", presenting=False)
    expect(one.page.locator("#strip")).to_be_visible()


@pytest.mark.parametrize(("theme", "lang"), [("dark", "zh"), ("light", "en")])
def test_axe_finds_nothing_serious_in_text_card_and_lesson(
    visit: Open, theme: str, lang: str
) -> None:
    one = visit(link(seed="text", theme=theme, lang=lang))
    one.until(PLACED)
    told(one)
    assert serious(one) == []
    one.page.click(mark("1.1b"))
    one.until("s.seed.card === '1.1b'")
    assert serious(one) == [], "card"
    one.tell(type="lesson.go", chapter=2)
    assert serious(one) == [], "lesson"
    one.tell(type="lesson.set", presenting=True, notes=True)
    assert serious(one) == [], "presented"


def test_on_a_phone_text_and_card_are_a_sheet_above_the_sliders(visit: Open) -> None:
    one = visit(link(seed="text"), width=390, height=844, has_touch=True)
    one.until(PLACED)
    told(one)
    strip = one.page.locator("#strip").bounding_box()
    for panel in ("#seed", "#seedcard"):
        if panel == "#seedcard":
            one.page.click(mark("1.1a"))
            one.until("s.seed.card === '1.1a'")
        box = one.page.locator(panel).bounding_box()
        assert box
        assert strip
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        assert box["y"] + box["height"] <= strip["y"]
    expect(one.page.locator("#seed")).to_be_hidden()


def test_the_opening_leads_to_the_card_of_what_it_says(visit: Open) -> None:
    one = visit(calm=False)
    one.sees("captions.some(({ words }) => words.includes('untrained'))")
    one.until("s.caption?.card || !s.touring || s.caption?.key === 'tour.train'")
    if one.state("Boolean(s.caption?.card)"):
        one.page.click("#caption .proof")
        one.until("!s.touring && (s.seed.card !== null || s.claim !== null)")
