"""The cards of the seed that come along: whole, current, in two languages, and right by hand."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from layerfold.claims.seed.files import SEED, read_seed_file
from layerfold.claims.seed.record import SeedCard
from layerfold.claims.seed.registry import CLAIMS
from layerfold.claims.seed.report import SeedVerdicts
from layerfold.claims.seed.sentences import texts
from tests.claims import by_hand

ROOT = Path(__file__).parents[2]
KEPT = sorted(
    path.parent for room in ("models", "atlases") for path in ROOT.glob(f"{room}/*/{SEED}")
)
MODELS = ROOT / "models"
SENTENCE = re.compile(r"[A-Za-z’']+( [A-Za-z’']+){3,}")  # four words of English on end


def cards_in(folder: Path) -> list[SeedCard]:
    kept = read_seed_file(folder / SEED)
    assert kept is not None
    return kept.cards


@pytest.mark.parametrize("folder", KEPT, ids=lambda one: one.name)
def test_every_claim_has_a_verdict_with_a_number_or_a_reason(folder: Path) -> None:
    cards = cards_in(folder)
    assert [card.id for card in cards] == sorted(CLAIMS)
    for card in cards:
        assert card.verdict_en
        assert card.verdict_zh
        assert (card.verdict == "untestable") is (card.here == "–"), card.id
        if card.verdict != "untestable":
            assert "[" in card.here, f"{card.id} has no interval"
            assert card.controls, f"{card.id} has no control"
            assert card.series.values


@pytest.mark.parametrize("folder", KEPT, ids=lambda one: one.name)
def test_cards_tell_what_is_written_now(folder: Path) -> None:
    for card in cards_in(folder):
        for name in ("title", "would", "method", "limits", "quote"):
            for language in ("en", "zh"):
                assert getattr(card, f"{name}_{language}") == texts(language)[card.id][name]


@pytest.mark.parametrize("folder", KEPT, ids=lambda one: one.name)
def test_no_english_stands_in_the_chinese_of_a_card(folder: Path) -> None:
    for card in cards_in(folder):
        said = [value for name, value in card if name.endswith("_zh") and isinstance(value, str)]
        said += [one.name_zh for one in (card.series, *card.controls)]
        assert not [one for one in said if SENTENCE.search(one)], card.id


@pytest.mark.parametrize("run", ["belief-simplex", "modular-addition"])
def test_a_kept_number_is_derived_again_by_hand(run: str) -> None:
    """2.5b from the checkpoint's bytes with numpy alone."""
    card = json.loads((MODELS / run / "run.json").read_text("utf-8"))
    checkpoint = max((MODELS / run / "checkpoints").glob("*.safetensors"))
    own = by_hand.rank_share(by_hand.weights_in(checkpoint), card["architecture"]["n_head"])
    (claim,) = (one for one in cards_in(MODELS / run) if one.id == "2.5b")
    assert claim.series.values[-1] == pytest.approx(own, rel=1e-5)


@pytest.mark.parametrize("folder", KEPT, ids=lambda one: one.name)
def test_the_table_of_verdicts_is_told_in_chinese(folder: Path) -> None:
    told = SeedVerdicts({folder.name: cards_in(folder)}, {}).as_text("zh")
    assert "判定" in told
    assert not SENTENCE.search(told)
