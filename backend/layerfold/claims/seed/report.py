"""What became of the seed's claims in some runs, as a person and as a program read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from layerfold.claims.over_runs import over_runs, table_text
from layerfold.claims.seed.files import write_seed
from layerfold.claims.seed.finding import number
from layerfold.claims.seed.record import SeedCard, SeedSeries
from layerfold.claims.seed.table import cards_of
from layerfold.interp.session import Session

COLUMNS: Final = {
    "en": ("claim", "of the seed", "here", "unit", "controls", "q", "verdict"),
    "zh": ("论断", "种子所言", "此处", "单位", "对照", "q", "判定"),
}
VERDICTS: Final = {
    "en": {
        "holds": "holds",
        "weak": "holds weakly",
        "fails": "does not hold",
        "weaker": "weaker claim true",
        "untestable": "cannot be tested",
    },
    "zh": {
        "holds": "成立",
        "weak": "弱成立",
        "fails": "在此不成立",
        "weaker": "较弱的说法成立",
        "untestable": "在此无法检验",
    },
}


@dataclass(frozen=True)
class SeedVerdicts:
    """The cards of each run by its folder's name, and why a run could not be read."""

    found: Mapping[str, Sequence[SeedCard]]
    failed: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        """For a program: ``runs`` with their cards, ``errors`` by run."""
        runs = [
            {"run": run, "cards": [card.model_dump() for card in cards]}
            for run, cards in self.found.items()
        ]
        return {"runs": runs, "errors": dict(self.failed)}

    def as_text(self, language: str = "en") -> str:
        """For a person: a table a run, in English or in Chinese."""
        return "\n".join(table(run, cards, language) for run, cards in self.found.items())


def seed_of(
    folders: Sequence[Path],
    cache: Path | None,
    write: bool,
    progress: Callable[[str, str, float], None],
) -> SeedVerdicts:
    """Every claim of the seed put to the test on the runs, and kept in them if ``write``; one
    damaged run hinders no other.

    ``progress`` hears the run, the claim, and the share of claims that is done. What was computed
    before is taken from the cache, so that a computation which was broken off goes on.
    """

    def compute(name: str, opened: Session) -> list[SeedCard]:
        cards = cards_of(opened, lambda claim, share: progress(name, claim, share))
        if write:
            write_seed(opened.run, cards)
        return cards

    return SeedVerdicts(*over_runs(folders, cache, compute))


def table(run: str, cards: Sequence[SeedCard], language: str = "en") -> str:
    """Each claim with its number and interval, its controls, its false discovery rate and what
    became of it.
    """
    return table_text(run, COLUMNS[language], [row(card, language) for card in cards])


def row(card: SeedCard, language: str = "en") -> tuple[str, ...]:
    """A claim in a line of the table."""
    title, unit = (card.title_zh, card.unit_zh) if language == "zh" else (card.title_en, card.unit)
    controls = "\n".join(shown(one, language) for one in card.controls)
    verdict = VERDICTS[language][card.verdict]
    return (card.id, title, card.here, unit, controls, number(card.q), verdict)


def shown(control: SeedSeries, language: str = "en") -> str:
    """A control's last number with its bounds."""
    value, low, high = control.values[-1], control.lows[-1], control.highs[-1]
    bounds = "" if low is None or high is None else f" [{number(low)}, {number(high)}]"
    name = control.name_zh if language == "zh" else control.name_en
    return f"{name}: {number(value)}{bounds}"
