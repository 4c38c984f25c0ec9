"""The page without WebGL, and what axe says of it in the light and in the dark."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Playwright, expect

from tests.browser.conftest import PATIENCE, Open, Served, Visit, launch, visiting
from tests.browser.pages import Pages
from tests.browser.test_page import PLACED, link

pytestmark = [pytest.mark.browser, pytest.mark.slow]
expect.set_options(timeout=PATIENCE)

AXE = next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js"))


OF_COLORS = ("color-contrast", "link-in-text-block")


def serious(one: Visit, rules: Sequence[str] = ()) -> list[str]:
    """Findings that are serious or critical, of all rules or of some, with where they are."""
    if not one.page.evaluate("'axe' in window"):
        one.page.evaluate(AXE.read_text("utf-8") + "; undefined")
    only = {"runOnly": list(rules)} if rules else {}
    found = one.page.evaluate(
        "options => axe.run(document, options).then((result) => result.violations)",
        {"resultTypes": ["violations"], **only},
    )
    wanted = [each for each in found if each["impact"] in ("serious", "critical")]
    return [
        f"{each['id']}: {node['target']} {node['failureSummary']}"
        for each in wanted
        for node in each["nodes"]
    ]


def serious_in_both(one: Visit) -> list[str]:
    """Findings in the dark, and those in the light: they differ in colors alone (a test says so),
    so that rules of colors are all that is asked for again.
    """
    found = serious(one)
    one.tell(type="set", theme="light")
    one.sees("document.documentElement.dataset.theme === 'light'")
    found += serious(one, OF_COLORS)
    one.tell(type="set", theme="dark")
    return found


def test_axe_finds_nothing_serious(visit_bundled: Open) -> None:
    one = visit_bundled(link(theme="dark"))
    one.until(PLACED)
    assert serious_in_both(one) == []
    one.page.locator(".sentence.active .token").nth(1).click()
    for tab in ("neighbours", "lens", "numbers"):
        one.page.click(f"#tab-{tab}")
        one.until("s.inspection")
        assert serious_in_both(one) == [], tab
    one.page.keyboard.press("/")
    one.page.fill("#query", "the")
    assert serious_in_both(one) == [], "search"
    one.page.keyboard.press("Escape")
    for sheet in ("help", "about"):
        one.tell(type="set", sheet=sheet)
        assert serious_in_both(one) == [], sheet


def test_axe_finds_nothing_serious_from_the_curves_back_to_the_models(
    pages: Pages, shapes: Served
) -> None:
    with visiting(pages, shapes) as visit:
        one = visit(link(theme="dark"), calm=False)
        one.until("s.sentences.length > 0")
        one.page.click("#open-curves")
        one.sees("document.querySelectorAll('#curves .plot svg').length > 0")
        assert serious_in_both(one) == [], "curves"
        one.page.keyboard.press("Escape")
        one.page.click("#run")
        expect(one.page.locator("#door")).to_be_visible()
        assert serious_in_both(one) == [], "models"
        one.page.locator("#door .card:not([aria-current])").first.click()
        one.until("s.run !== 'storyteller' && s.card")
        assert serious_in_both(one) == [], "another model"


def test_everything_is_reached_by_key(visit: Open) -> None:
    one = visit(link())
    one.until(PLACED)
    seen = set()
    for _ in range(60):
        one.page.keyboard.press("Tab")
        seen.add(one.page.evaluate("document.activeElement.id || document.activeElement.className"))
    tools = {"open-search", "copy-link", "language", "theme", "replay", "loop"}
    wanted = tools | {
        "add-sentence",
        "colour",
        "trails",
        "measure",
        "dot",
        "layers",
        "steps",
        "play-layers",
    }
    assert wanted <= seen, wanted - seen


def test_without_webgl_the_page_says_so_and_still_shows(
    playwright: Playwright, served: Served
) -> None:
    browser = launch(playwright, "--disable-3d-apis")
    context = browser.new_context(reduced_motion="reduce", locale="en-GB")
    one = Visit(context.new_page(), served.origin).open(link())
    one.until(PLACED)
    expect(one.page.locator("#flat")).to_contain_text("no WebGL")
    assert one.page.evaluate("layerfold.scene.mode") == "flat"
    assert one.errors == []
    browser.close()
