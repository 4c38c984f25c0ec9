"""A model of one's own in the page: a Trainer's folder has both sliders, a model's folder has its
layers.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from layerfold.build.projections import build_projections
from layerfold.build.run_atlas import AtlasOptions, build_run_atlas
from layerfold.runs.hub_card import HOME, open_hub
from tests.browser.conftest import PATIENCE, Open, Served, visiting
from tests.browser.pages import Pages
from tests.browser.test_access import serious
from tests.browser.test_page import PLACED
from tests.hub import LAYERS, STEPS

pytestmark = [pytest.mark.browser, pytest.mark.slow]
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def own(trainer_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The program with a Trainer's folder and the folder of one model, as a person names them."""
    place = tmp_path_factory.mktemp("own")
    single = shutil.copytree(trainer_folder / "checkpoint-12", place / "gpt2-stories")
    (single / "trainer_state.json").unlink()
    for folder in (trainer_folder, single):
        run = open_hub(str(folder), place / "cache" / HOME)
        build_run_atlas(run, AtlasOptions(count=200))
        build_projections(run)
    command = [
        sys.executable,
        "-m",
        "layerfold.cli.main",
        f"hf:{trainer_folder}",
        str(single),
        "--cache",
        str(place / "cache"),
        "--no-browser",
    ]
    server = Served(lambda port: [*command, "--port", str(port)], place / "log")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def enter(pages: Pages, own: Served) -> Iterator[Open]:
    """Opens pages of that server; see ``visiting``."""
    with visiting(pages, own) as opened:
        yield opened


def test_a_trainers_folder_has_both_sliders(enter: Open) -> None:
    one = enter("#v=1&run=stories")
    one.until(PLACED)
    steps, layers = one.page.locator("#steps"), one.page.locator("#layers")
    expect(steps).to_be_visible()
    expect(layers).to_be_visible()
    assert (steps.get_attribute("max"), layers.get_attribute("max")) == (
        str(len(STEPS) - 1),
        str(2 * LAYERS),
    )
    steps.press("Home")
    one.until("s.card.steps[Math.round(s.step)] === 4 && 4 in s.atlas")
    expect(one.page.locator("#steps-value")).to_have_text("step 4")
    layers.press("Home")
    one.until("Math.round(s.site) === 0")
    one.page.locator("#play-steps").click()
    one.until("s.playing === null && s.card.steps[Math.round(s.step)] === 12")
    one.page.locator(".sentence .text").first.fill("the river bank in the spring")
    one.until(
        "s.sentences[0].text === 'the river bank in the spring' && s.sentences[0].status ==="
        " 'placed'"
    )
    one.until("s.measures?.measures.some((each) => each.name === 'val_loss')")
    assert serious(one) == []


@pytest.mark.parametrize("size", [(1280, 720), (390, 844)])
def test_a_models_folder_has_its_layers_and_says_that_it_is_one_checkpoint(
    enter: Open, size: tuple[int, int]
) -> None:
    one = enter("#v=1&run=gpt2-stories", width=size[0], height=size[1])
    one.until(PLACED)
    expect(one.page.locator("#layers")).to_be_visible()
    expect(one.page.locator("#steps")).to_be_hidden()
    expect(one.page.locator("#play-steps")).to_be_hidden()
    expect(one.page.locator(".slider.steps .quiet")).to_have_text("one checkpoint")
    one.page.locator("#layers").press("End")
    one.until(f"Math.round(s.site) === {2 * LAYERS}")
    assert one.page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert serious(one) == []


def test_a_gpt2_is_taken_apart_as_ours_are(enter: Open) -> None:
    one = enter("#v=1&run=gpt2-stories&inside=attention")
    one.until("s.inside.looks.decomposition && window.layerfold.scene.stats().edges > 0")
    for tab, told in (
        ("decomposition", "attribution"),
        ("ablation", "ablation"),
        ("gradients", "gradients"),
    ):
        one.page.click(f"#inside-{tab}")
        one.until(
            f"s.inside.looks.{told} && s.inside.looks.{told}.id === s.inside.asking.{told}.id &&"
            f" !s.inside.troubles.{told}"
        )
    rows = one.page.locator("#gradients-tokens tbody tr")
    expect(rows).to_have_count(
        one.state("s.sentences.find((one) => one.id === s.active).tokens.length")
    )
    one.page.click("#inside-generation")
    expect(one.page.locator(".branches button").first).to_be_visible()
    one.page.click("#inside-ablation")
    one.page.select_option("#ablation-seen", "raw")
    one.until("s.inside.looks.stream_view")
    one.page.locator("#ablation-attention").fill("0")
    expect(one.page.locator(".ablation .told")).to_contain_text("KL")
    assert serious(one) == []


def test_of_a_single_checkpoint_an_optimiser_step_is_refused_in_words(enter: Open) -> None:
    one = enter("#v=1&run=gpt2-stories&inside=landscape")
    expect(one.page.locator("#inside")).to_contain_text("checkpoint")
    assert one.state("Object.keys(s.inside.troubles).length") == 0
