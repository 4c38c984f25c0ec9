"""Every measure has a page that says what it says, what it does not, and on what ground."""

import re
from pathlib import Path

import pytest

from layerfold.geometry import events
from layerfold.metrics.files import NAMES, TRAINING

PAGES = Path(__file__).parents[2] / "docs" / "reference" / "metrics"
EVERY = [*NAMES, *TRAINING]
ROWS = ("Formula", "Unit", "Error bar", "Cost", "Source", "Tested against")


@pytest.mark.parametrize("name", EVERY)
def test_a_measure_has_a_page_and_the_index_leads_there(name: str) -> None:
    text = (PAGES / f"{name}.md").read_text("utf-8")
    assert text.startswith(f"# `{name}`: ")
    for part in ("It says", "It does not say"):
        assert re.search(rf"^\*\*{part}\.\*\* \S.{{20,}}", text, re.M), (
            f"{name}.md does not tell what {part}"
        )
    for row in ROWS:
        assert re.search(rf"^\| {row} \| \S.* \|$", text, re.M), f"{name}.md has no {row}"
    assert f"[`{name}`]({name}.md)" in (PAGES / "README.md").read_text("utf-8")


def test_no_page_is_of_a_measure_that_is_gone() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} == {*EVERY, "README"}


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.stem)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
        assert (PAGES / target).exists(), f"{page.name} points to {target}, which is not there"


def test_the_rule_of_events_is_the_one_in_use() -> None:
    text = " ".join((PAGES / "README.md").read_text("utf-8").split())
    for words in (
        f"more than {events.TIMES:.0f} times the median",
        f"more than {100 * events.EACH:.0f} % of its range",
        f"more than {100 * events.WHOLE:.0f} % of the range",
        f"at most {events.LONGEST} checkpoints",
        f"{events.LEAST} checkpoints are the least",
    ):
        assert words in text
