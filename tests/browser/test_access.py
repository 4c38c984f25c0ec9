"""The page without WebGL, and what axe says of it in the light and in the dark."""

from __future__ import annotations

from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Playwright, expect

from tests.browser.conftest import PATIENCE, Open, Served, Visit, launch, visiting
from tests.browser.test_page import PLACED, link

pytestmark = [pytest.mark.browser, pytest.mark.slow]
expect.set_options(timeout=PATIENCE)

AXE = next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js"))


def serious(one: Visit) -> list[str]:
    """Findings that are serious or critical, with where they are."""
    one.page.evaluate(AXE.read_text("utf-8") + "; undefined")
    found = one.page.evaluate(
        "axe.run(document, { resultTypes: ['violations'] }).then((result) => result.violations)"
    )
    wanted = [each for each in found if each["impact"] in ("serious", "critical")]
    return [
        f"{each['id']}: {node['target']} {node['failureSummary']}"
        for each in wanted
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_serious(visit_bundled: Open, theme: str) -> None:
    one = visit_bundled(link(theme=theme))
    one.until(PLACED)
    assert serious(one) == []
    one.page.locator(".sentence.active .token").nth(1).click()
    for tab in ("neighbours", "lens", "numbers"):
        one.page.click(f"#tab-{tab}")
        one.until("s.inspection")
        assert serious(one) == [], tab
    one.page.keyboard.press("/")
    one.page.fill("#query", "the")
    assert serious(one) == [], "search"
    one.page.keyboard.press("Escape")
    for sheet in ("help", "about"):
        one.tell(type="set", sheet=sheet)
        assert serious(one) == [], sheet


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_serious_from_the_curves_back_to_the_models(
    browsers: Browser, shapes: Served, theme: str
) -> None:
    with visiting(browsers, shapes) as visit:
        one = visit(link(theme=theme), calm=False)
        one.until("s.sentences.length > 0")
        one.page.click("#open-curves")
        one.sees("document.querySelectorAll('#curves .plot svg').length > 0")
        assert serious(one) == [], "curves"
        one.page.keyboard.press("Escape")
        one.page.click("#run")
        expect(one.page.locator("#door")).to_be_visible()
        assert serious(one) == [], "models"
        one.page.locator("#door .card:not([aria-current])").first.click()
        one.until("s.run !== 'storyteller' && s.card")
        assert serious(one) == [], "another model"


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
    one = Visit(context, served.origin).open(link())
    one.until(PLACED)
    expect(one.page.locator("#flat")).to_contain_text("no WebGL")
    assert one.page.evaluate("layerfold.scene.mode") == "flat"
    assert one.errors == []
    browser.close()
