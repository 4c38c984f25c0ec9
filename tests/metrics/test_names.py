"""Every measure that is named has a page in docs/ and words in both languages of the page, and
nothing else has.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from layerfold.metrics.files import NAMES, TRAINING, group_of

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "reference" / "metrics"
WANTED = {*NAMES, *TRAINING}


def test_every_measure_has_a_page_of_its_own():
    assert {page.stem for page in PAGES.glob("*.md")} - {"README"} == WANTED


def test_the_list_of_pages_is_whole():
    assert set(re.findall(r"\]\((\w+)\.md\)", (PAGES / "README.md").read_text("utf-8"))) == WANTED


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_has_words_for_every_measure_and_group(language):
    text = (ROOT / "frontend" / "src" / "i18n" / f"strings.measures.{language}.ts").read_text(
        "utf-8"
    )
    assert set(re.findall(r"^  (\w+): \[", text, re.M)) >= WANTED
    assert set(re.findall(r'^  (\w+): "', text, re.M)) >= {group_of(name) for name in WANTED}
