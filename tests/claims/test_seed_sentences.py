"""The sentences of the seed's claims: exact quotes, whole, and true of one checkpoint alone."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from layerfold.claims.seed import probing
from layerfold.claims.seed.registry import CLAIMS, compute_of
from layerfold.claims.seed.sentences import COMPARED, texts
from layerfold.claims.seed.thresholds import BARS

SEED_TEXT = (Path(__file__).parent / "seed.zh.md").read_text("utf-8")
FOLDER = Path(probing.__file__).parent


@pytest.mark.parametrize("claim", sorted(CLAIMS))
def test_a_quote_is_an_excerpt_of_the_seed(claim: str) -> None:
    assert texts("zh")[claim]["quote"] in SEED_TEXT


def test_every_claim_is_told_whole_in_both_languages() -> None:
    english, chinese = texts("en"), texts("zh")
    assert set(CLAIMS) == set(BARS) == {name for name in english if name[0].isdigit()}
    assert set(english) == set(chinese)
    for name, words in english.items():
        assert set(words) == set(chinese[name]), name
        assert all(words.values()), name
        assert all(chinese[name].values()), name


def test_both_languages_tell_the_same_numbers() -> None:
    for claim in CLAIMS:
        for part in ("reason", "threshold"):
            one, other = (set(re.findall(r"{(\w+)", texts(n)[claim][part])) for n in ("en", "zh"))
            assert one == other, (claim, part)
            assert part == "reason" or one <= set(BARS[claim])


def test_every_claim_names_a_paper() -> None:
    papers = tomllib.loads((FOLDER / "papers.toml").read_text("utf-8"))
    assert set(papers) == set(CLAIMS)
    for rows in papers.values():
        assert all(text and url.startswith("https://") for text, url in rows)


def test_every_claim_has_a_function() -> None:
    for claim in CLAIMS:
        assert callable(compute_of(claim))


@pytest.mark.parametrize("claim", sorted(CLAIMS))
@pytest.mark.parametrize("language", ["en", "zh"])
def test_one_checkpoint_alone_is_not_compared_with_itself(claim: str, language: str) -> None:
    """What is left of the sentence says nothing of a first checkpoint, and is whole."""
    told = texts(language)[claim]["reason"]
    alone = COMPARED.sub("", told)
    assert "{first}" not in alone
    assert "first checkpoint" not in alone
    assert "首个检查点" not in alone
    assert alone.count("(") == alone.count(")")
    assert not re.search(r"[;,，；] *[.)。）]|\[\[|\]\]", alone)
