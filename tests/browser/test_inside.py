"""Journeys inside the pass: each tab asks, shows what it was told, and draws it in the scene. Real
runs on a real server.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import BUNDLED, MODULAR, PATIENCE, Open, Served, Visit
from tests.browser.test_access import serious

pytestmark = [pytest.mark.browser, pytest.mark.slow]
expect.set_options(timeout=PATIENCE)

EDGES = "window.layerfold.scene.stats().edges"
TOLD = (
    "Object.entries(s.inside.asking).every(([kind, one]) => s.inside.looks[kind]?.id === one.id) &&"
    " Object.keys(s.inside.asking).length > 0"
)


@pytest.fixture(scope="module")
def served(shapes: Served) -> Served:
    """The storyteller and the modular addition, whose passes can be taken apart."""
    if not all((run / "atlas" / "atlas.json").exists() for run in (BUNDLED, MODULAR)):
        pytest.skip("this checkout has no runs to look into")
    return shapes


def looked(visit: Open, tab: str, more: str = "", **options: object) -> Visit:
    """The page with a tab open and its first answers come."""
    one = visit(f"#v=1&inside={tab}{more}", **options)
    one.until(TOLD)
    return one


def test_a_move_is_taken_apart(visit: Open) -> None:
    one = looked(visit, "decomposition", "&run=modular-addition&site=embed")
    rows = one.page.locator(".decomposition-table tbody th")
    # it has no bias
    expect(rows).to_have_text(["attention", "head 1", "head 2", "head 3", "head 4"])
    shares = [
        int(text.rstrip(" %"))
        for text in one.page.locator(".decomposition-table .along").all_inner_texts()
    ]
    assert abs(sum(shares[1:]) - shares[0]) <= 3  # each is rounded
    one.sees(f"{EDGES} === 5")
    expect(one.page.locator(".word-chips").first.locator(".up")).to_have_count(3)
    one.page.check("#decomposition-every")
    one.sees(f"{EDGES} === 6")
    one.page.check("#decomposition-stretch")
    one.sees(f"{EDGES} > 70")
    expect(one.page.locator(".meter")).to_have_attribute(
        "aria-valuetext", one.page.locator(".meter + p").inner_text()
    )
    one.page.locator(".jacobian-chart .jacobian-site").nth(1).click()
    expect(rows).to_have_text(["MLP"])
    assert one.state("s.site") == 1
    assert serious(one) == []


def test_parts_are_scaled_and_put_back(visit: Open) -> None:
    one = looked(visit, "ablation", "&run=modular-addition&site=L0.mid")
    expect(one.page.locator(".scaled")).to_contain_text("to the bit")
    before = one.page.locator(".before-after td:nth-child(2)").all_inner_texts()
    assert one.page.locator(".before-after td:nth-child(3)").all_inner_texts() == before
    assert one.page.evaluate(EDGES) == 0
    one.page.locator("#ablation-mlp").fill("0")
    expect(one.page.locator(".scaled li")).to_contain_text("layer 1 · MLP")
    expect(one.page.locator(".ablation .told")).to_contain_text("KL")
    one.sees(f"{EDGES} === 4")
    assert one.page.locator(".before-after td:nth-child(3)").all_inner_texts() != before
    one.page.locator("#ablation-attention").focus()
    one.page.keyboard.press("ArrowRight")
    expect(one.page.locator(".scaled li")).to_have_count(2)
    assert serious(one) == []
    one.page.locator(".scaled li").filter(has_text="attention").get_by_role(
        "button", name="Leave"
    ).click()
    one.page.click("#ablation-reset")
    expect(one.page.locator(".scaled")).to_contain_text("to the bit")
    one.sees(f"{EDGES} === 0")
    expect(one.page.locator(".before-after td:nth-child(3)")).to_have_text(before)


def test_the_stream_is_seen_raw_normalised_and_as_what_was_added(visit: Open) -> None:
    one = looked(visit, "ablation", "&run=modular-addition&site=L0.post")
    for view, words in (
        ("normalised", "one plane for all layers"),
        ("raw", "lengths included"),
        ("added", "attention and MLPs have written"),
    ):
        one.page.select_option("#ablation-seen", view)
        one.until(f"JSON.parse(s.inside.looks.stream_view?.key ?? '{{}}').view === '{view}'")
        expect(one.page.locator(".ablation .keeps")).to_contain_text(words)
        expect(one.page.locator(".ablation .keeps")).to_contain_text("of the variance")
    # the other one has no place in this view
    one.sees("window.layerfold.scene.stats().sentences === 1")
    one.page.locator("#ablation-mlp").fill("0")
    one.until("s.inside.looks.stream_view.tensors.moved")
    one.sees("window.layerfold.scene.stats().sentences === 2")
    assert serious(one) == []
    one.tell(type="go", site=0)
    expect(one.page.locator(".ablation .keeps")).to_contain_text("nothing has been written yet")


def test_beads_say_how_likely_their_next_token_was(visit: Open) -> None:
    one = looked(visit, "gradients", "&run=storyteller")
    rows = one.page.locator("#gradients-tokens tbody tr")
    own = rows.locator(".swatch").evaluate_all("all => all.map((one) => one.style.background)")
    assert len(own) == one.state("s.sentences.find((one) => one.id === s.active).tokens.length")
    assert len(set(own)) > 2
    expect(one.page.locator(".gradients .ends")).to_contain_text("nats, as by chance")
    assert serious(one) == []


def test_one_token_alone_has_parts_too(visit: Open) -> None:
    one = looked(
        visit,
        "decomposition",
        "&run=storyteller&site=L0.post&s=0vShe",
        width=390,
        height=844,
        locale="zh-CN",
    )
    expect(one.page.locator(".decomposition-table .attention th")).to_have_text("注意力")
    one.sees(f"{EDGES} >= 5")
    assert one.page.evaluate("document.querySelector('#inside').scrollWidth <= innerWidth")


def test_a_step_of_the_optimiser_is_taken_apart(visit: Open) -> None:
    one = looked(visit, "optimizer-step", "&run=modular-addition&step=2000")
    expect(one.page.locator("#inside-optimizer-step")).to_have_attribute("aria-selected", "true")
    expect(one.page.locator(".optimizer-step .lengths").first.locator("li")).to_have_count(5)
    expect(one.page.locator(".optimizer-step .lesson")).to_contain_text("times the gradient’s own")
    expect(one.page.locator(".optimizer-step")).to_contain_text("The very batch of this step")
    one.sees(f"{EDGES} > 0")
    sentences = one.page.evaluate("window.layerfold.scene.stats().sentences")
    one.page.select_option("#optimizer-step-component", "sgd_momentum")
    one.page.locator("#optimizer-step-factor").press("End")
    one.page.check("#optimizer-step-backwards")
    one.page.check("#optimizer-step-cloud")
    one.until(
        "s.inside.looks.optimizer_step?.answer.component === 'sgd_momentum' &&"
        " s.inside.looks.optimizer_step.answer.factor === -1000"
    )
    one.until("s.inside.looks.optimizer_step.tensors.cloud?.shape[1] === s.card.reference")
    expect(one.page.locator("#optimizer-step-factor")).to_have_attribute(
        "aria-valuetext", "×−1,000"
    )
    assert one.page.evaluate("window.layerfold.scene.stats().sentences") == sentences
    assert serious(one) == []


def test_a_survey_can_be_stopped(visit: Open) -> None:
    # minutes long, so it cannot end before it is stopped
    one = visit("#v=1&run=storyteller&inside=landscape")
    one.page.click("#landscape-compute")
    expect(one.page.locator("#landscape-progress")).to_be_visible()
    one.page.click("#landscape-stop")
    expect(one.page.locator("#landscape-compute")).to_be_visible()
    assert not one.state("s.inside.looks.loss_landscape")


def test_the_way_of_the_weights_is_mapped_and_travelled(visit: Open) -> None:
    one = visit("#v=1&run=modular-addition&inside=landscape")
    one.page.click("#landscape-compute")
    one.until("s.inside.looks.loss_landscape?.tensors.loss")
    way = one.page.locator("#landscape-map")
    expect(way.locator("circle")).to_have_count(one.state("s.card.steps.length") + 1)
    way.press("Home")
    one.until("s.step === 0")
    way.press("ArrowRight")
    one.until("s.step === 1")
    last = way.locator("circle").nth(one.state("s.card.steps.length") - 1).bounding_box()
    assert last
    one.page.mouse.click(last["x"] + last["width"] / 2, last["y"] + last["height"] / 2)
    one.until("s.step > 1")
    one.page.select_option("#landscape-start", "2000")
    one.page.click("#landscape-line")
    one.until("JSON.parse(s.inside.looks.loss_line?.key ?? '{}').start === 2000")
    expect(one.page.locator(".landscape-line circle")).to_have_count(11)
    assert serious(one) == []
