"""What became of the seed's claims in some runs, as a person and as a program read it."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from layerfold.claims.seed.files import write_seed
from layerfold.claims.seed.finding import number
from layerfold.claims.seed.record import SeedCard, SeedSeries
from layerfold.claims.seed.table import cards_of
from layerfold.errors import LayerfoldError
from layerfold.interp.session import open_session

WIDTH: Final = 132
COLUMNS: Final = ("claim", "of the seed", "here", "unit", "controls", "q", "verdict")
VERDICTS: Final = {
    "holds": "holds",
    "weak": "holds weakly",
    "fails": "does not hold",
    "weaker": "weaker claim true",
    "untestable": "cannot be tested",
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

    def as_text(self) -> str:
        """For a person: a table a run."""
        return "\n".join(table(run, cards) for run, cards in self.found.items())


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
    found: dict[str, list[SeedCard]] = {}
    failed: dict[str, str] = {}
    for folder in folders:
        name = folder.resolve().name
        try:
            opened = open_session(folder, cache)
            found[name] = cards_of(
                opened,
                lambda claim, share, name=name: progress(name, claim, share),  # type: ignore[misc]
            )
            if write:
                write_seed(opened.run, found[name])
        except LayerfoldError as error:
            failed[name] = str(error)
    return SeedVerdicts(found, failed)


def table(run: str, cards: Sequence[SeedCard]) -> str:
    """Each claim with its number and interval, its controls, its false discovery rate and what
    became of it.
    """
    drawn = Table(title=run, title_justify="left", show_lines=True)
    for name in COLUMNS:
        drawn.add_column(name, overflow="fold")
    for card in cards:
        drawn.add_row(
            card.id,
            card.title_en,
            card.here,
            card.unit,
            "\n".join(shown(one) for one in card.controls),
            number(card.q),
            VERDICTS[card.verdict],
        )
    paper = io.StringIO()
    Console(
        file=paper, width=WIDTH, markup=False, highlight=False, emoji=False, no_color=True
    ).print(drawn)
    return paper.getvalue().rstrip()


def shown(control: SeedSeries) -> str:
    """A control's last number with its bounds."""
    value, low, high = control.values[-1], control.lows[-1], control.highs[-1]
    bounds = "" if low is None or high is None else f" [{number(low)}, {number(high)}]"
    return f"{control.name_en}: {number(value)}{bounds}"
