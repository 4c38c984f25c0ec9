"""What became of every claim of some runs, as a person reads it in a terminal and as a program
does.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from layerfold.claims.claim import CLAIMS, Claim, claim_table, claims_of, write_claims
from layerfold.errors import LayerfoldError
from layerfold.interp.session import open_session
from layerfold.runs.manifest import renew_manifest

WIDTH: Final = 132  # columns of a table
COLUMNS: Final = ("claim", "source", "published", "threshold", "here", "holds")


@dataclass(frozen=True)
class Verdict:
    """The claims of each run by its folder's name, and why a run could not be verified."""

    found: Mapping[str, Sequence[Claim]]
    failed: Mapping[str, str]

    @property
    def holds(self) -> bool:
        """Whether every claim holds and every run could be read."""
        return not self.failed and all(
            claim.holds for claims in self.found.values() for claim in claims
        )

    def as_json(self) -> dict[str, Any]:
        """For a program: ``holds``, ``runs`` with their claims, ``errors`` by run."""
        runs = [
            {"run": run, "claims": [claim_table(claim).model_dump() for claim in claims]}
            for run, claims in self.found.items()
        ]
        return {"holds": self.holds, "runs": runs, "errors": dict(self.failed)}

    def as_text(self) -> str:
        """For a person: a table a run."""
        return "\n".join(table(run, claims) for run, claims in self.found.items())


def verdict_of(
    folders: Sequence[Path],
    cache: Path | None,
    write: bool,
    progress: Callable[[str, str, float], None],
) -> Verdict:
    """Every claim of the runs computed anew, and kept in the runs if ``write``; one damaged run
    hinders no other.

    ``progress`` hears the run, what is being done, and the share of it that is done.
    """
    found: dict[str, tuple[Claim, ...]] = {}
    failed: dict[str, str] = {}
    for folder in folders:
        name = folder.resolve().name
        try:
            opened = open_session(folder, cache)
            found[name] = claims_of(
                opened,
                lambda stage, share, name=name: progress(name, stage, share),  # type: ignore[misc]
            )
            if write and found[name]:
                write_claims(opened.run, found[name])
                renew_manifest(opened.run.folder, (CLAIMS,))
        except LayerfoldError as error:
            failed[name] = str(error)
    return Verdict(found, failed)


def table(run: str, claims: Sequence[Claim]) -> str:
    """Each claim with its source, the published figure, the threshold, ours, and whether it
    holds.
    """
    from rich.console import Console
    from rich.table import Table

    if not claims:
        return f"{run}: claims nothing"
    drawn = Table(title=run, title_justify="left", show_lines=True)
    for name in COLUMNS:
        drawn.add_column(name, overflow="fold")
    for claim in claims:
        step = f"{claim.at_step:,}"
        here = claim.here if step in claim.here else f"{claim.here} (step {step})"
        drawn.add_row(
            claim.title_en,
            claim.source,
            claim.published,
            claim.threshold,
            here,
            "yes" if claim.holds else "NO",
        )
    paper = io.StringIO()
    Console(
        file=paper, width=WIDTH, markup=False, highlight=False, emoji=False, no_color=True
    ).print(drawn)
    return paper.getvalue().rstrip()
