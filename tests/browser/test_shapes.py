"""Journeys among the known shapes: the front door, a circle that forms at the marked step,
projections, symbols, claims.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import expect

from tests.browser.conftest import PATIENCE, Open, Served, Visit, visiting
from tests.browser.pages import Pages
from tests.browser.test_access import serious
from tests.browser.test_page import PLACED

pytestmark = [pytest.mark.browser, pytest.mark.slow]
expect.set_options(timeout=PATIENCE)

CLOUD = """(() => {
  const s = layerfold.store.get(),
    labels = s.reference.labels.filter((one) => one.kind === "cyclic");
  const slice = s.atlas[s.card.steps[Math.round(s.step)]],
    from = 3 * slice.ref * Math.round(s.site);
  const places = [...slice.positions.slice(from, from + 3 * slice.ref)];
  return { period: labels[0].period, labels: labels.map((one) => one.values.map(([n]) => n)),
    places };
})()"""


@pytest.fixture
def enter(pages: Pages, shapes: Served) -> Iterator[Open]:
    """Opens pages of that server; see ``visiting``."""
    with visiting(pages, shapes) as opened:
        yield opened


def roundness(one: Visit) -> float:
    """How much of the cloud on screen is a circle with a known variable in order round it, 0..1, at
    the best frequency and axes.
    """
    seen = one.page.evaluate(CLOUD)
    places = np.array(seen["places"]).reshape(-1, 3)
    return max(round_by(places, values, seen["period"]) for values in seen["labels"])


def round_by(places: NDArray[np.float64], values: list[float | None], period: int) -> float:
    """The same for one variable [token], None where a token has none; ``places`` [token, 3]."""
    # signs that stand at one place count once
    _, distinct = np.unique(places.round(3), axis=0, return_index=True)
    known = [place for place in distinct.tolist() if values[place] is not None]
    around = np.array([values[place] for place in known], np.float64)
    waves = np.exp(-2j * np.pi * np.outer(np.arange(1, period), around) / period)
    flat = places[known] - places[known].mean(axis=0)
    planes = [flat[:, a] + 1j * flat[:, b] for a, b in ((0, 1), (1, 2), (2, 0))]
    return max(
        float((np.abs(waves @ z) / len(z)).max() / np.sqrt((np.abs(z) ** 2).mean())) for z in planes
    )


def share(one: Visit) -> float:
    """The number of the claim in hand, as it stands on the page."""
    return float(
        one.page.locator("#claims .claim.open .value")
        .inner_text()
        .replace("−", "-")
        .replace(",", "")
    )


def test_disorder_turns_into_a_circle_at_the_marked_step(enter: Open) -> None:
    one = enter("#v=1&run=modular-addition&step=0")
    one.until(PLACED)
    one.until("s.reference && s.measures && s.claims.length && s.card.steps[0] in s.atlas")
    marked = [event["step"] for event in one.state("s.measures.events")]
    assert marked, "a step is marked where something happens"
    expect(
        one.page.locator(".slider.steps .marks button, .slider.steps .mark").first
    ).to_be_visible()
    before, low = roundness(one), share(one)
    one.page.click(".speed[data-speed='4']")
    one.page.click("#play-steps")
    one.until(f"s.card.steps[Math.round(s.step)] >= {marked[-1]}")
    one.until("s.playing === null && s.step === s.card.steps.length - 1")
    one.until("s.card.steps.at(-1) in s.atlas")
    after, high = roundness(one), share(one)
    assert before < 0.5 < after, (before, after)
    assert high > low + 0.3, (low, high)


def test_the_front_door_leads_to_a_shape_and_back(enter: Open) -> None:
    one = enter("")
    one.until(PLACED)
    one.page.click("#run")
    expect(one.page.locator("#door")).to_be_visible()
    assert serious(one) == []
    words = one.state("s.sentences.map((each) => each.text)")
    one.page.locator("#door .card[data-run='modular-addition']").click()
    one.until(f"s.run === 'modular-addition' && s.card && {PLACED}")
    expect(one.page.locator("#door")).to_be_hidden()
    expect(one.page.locator("#claims")).to_be_visible()
    assert one.state("s.colour").startswith("label:")
    assert "=" in one.state("s.sentences[0].text")
    assert serious(one) == []
    one.page.locator("#run").press("Enter")
    one.page.keyboard.press("Escape")
    expect(one.page.locator("#door")).to_be_hidden()
    one.page.locator("#run").press("Enter")
    one.page.locator("#door .card").first.press("Enter")
    one.until(f"s.run === 'storyteller' && s.card && {PLACED}")
    assert one.state("s.sentences.map((each) => each.text)") == words
    one.page.reload(timeout=PATIENCE)
    one.until("s.card")
    expect(one.page.locator("#door")).to_be_hidden()


def test_an_unknown_symbol_is_told_in_place(enter: Open) -> None:
    one = enter("#v=1&run=modular-addition")
    one.until(PLACED)
    one.page.locator(".sentence .text").first.fill("9999 + 1 =")
    expect(one.page.locator(".sentence .status").first).to_contain_text("9999")
    one.page.locator(".sentence .text").first.fill("")
    expect(one.page.locator(".sentence .text").first).to_have_attribute(
        "placeholder", one.state("s.card.reads.example")
    )
    one.page.locator(".chips .sample").first.click()  # an example goes where nothing is typed
    one.until(
        "s.sentences[0].text === s.card.examples[0].text && s.sentences[0].status === 'placed'"
    )


def test_another_projection_brings_cloud_sentences_frame_and_words(enter: Open) -> None:
    one = enter("#v=1&run=modular-addition&projection=umap")
    one.until(PLACED)
    before = one.state(
        "Array.from(s.sentences[0].slices[s.card.steps.at(-1)].positions.slice(0, 3))"
    )
    one.page.locator(".segment[data-name='umap']").press("ArrowRight")
    one.until(
        "s.projection === 'pca' && s.former === null && s.card.steps.at(-1) in"
        " s.sentences[0].slices"
    )
    assert (
        one.state("Array.from(s.sentences[0].slices[s.card.steps.at(-1)].positions.slice(0, 3))")
        != before
    )
    expect(one.page.locator(".projection .quiet")).to_contain_text("Linear")
    expect(one.page.locator(".guard").first).to_be_hidden()
    one.sees("location.hash.includes('projection=pca')")
    one.page.select_option("#colour", "trust")
    one.until("s.atlas[s.card.steps.at(-1)]?.trust")
    assert serious(one) == []


@pytest.mark.parametrize("size", [(1280, 720), (390, 844)])
def test_nothing_lies_over_anything(enter: Open, size: tuple[int, int], tmp_path: Path) -> None:
    one = enter("#v=1&run=modular-addition", width=size[0], height=size[1])
    one.until(PLACED)
    one.until("s.claims.length > 0")
    if size[0] < 820:
        one.page.click("#open-claims")
    expect(one.page.locator("#claims")).to_be_visible()
    apart(one, "top", "column", "claims", "strip")
    one.page.click("#run")
    expect(one.page.locator("#door")).to_be_visible()
    assert one.page.evaluate("document.documentElement.scrollWidth") <= size[0]


def apart(one: Visit, *ids: str) -> None:
    """No two of these panels overlap, and all are inside the window."""
    edges = (
        "const b = document.getElementById(id).getBoundingClientRect(); return [b.left, b.top,"
        " b.right, b.bottom];"
    )
    script = f"ids => ids.map((id) => {{ {edges} }})"
    boxes = [
        (name, box)
        for name, box in zip(ids, one.page.evaluate(script, list(ids)), strict=True)
        if box[2] > box[0]
    ]
    width, height = one.page.viewport_size["width"], one.page.viewport_size["height"]  # type: ignore[index]
    for i, (name, (left, top, right, bottom)) in enumerate(boxes):
        assert left >= 0, name
        assert top >= 0, name
        assert right <= width, name
        assert bottom <= height, name
        for other, (x, y, far, deep) in boxes[i + 1 :]:
            assert right <= x or far <= left or bottom <= y or deep <= top, (
                f"{name} lies over {other}"
            )
