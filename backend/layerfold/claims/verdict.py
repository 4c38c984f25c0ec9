"""What became of every claim of some runs, as a person reads it in a terminal and as a program
does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from layerfold.claims.claim import CLAIMS, Claim, claim_table, claims_of, write_claims
from layerfold.claims.over_runs import over_runs, table_text
from layerfold.interp.session import Session
from layerfold.runs.manifest import renew_manifest

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

    def compute(name: str, opened: Session) -> tuple[Claim, ...]:
        found = claims_of(opened, lambda stage, share: progress(name, stage, share))
        if write and found:
            write_claims(opened.run, found)
            renew_manifest(opened.run.folder, (CLAIMS,))
        return found

    return Verdict(*over_runs(folders, cache, compute))


def table(run: str, claims: Sequence[Claim]) -> str:
    """Each claim with its source, the published figure, the threshold, ours, and whether it
    holds.
    """
    return table_text(run, COLUMNS, map(row, claims)) if claims else f"{run}: claims nothing"


def row(claim: Claim) -> tuple[str, ...]:
    """A claim in a line of the table."""
    step = f"{claim.at_step:,}"
    here = claim.here if step in claim.here else f"{claim.here} (step {step})"
    verdict = "yes" if claim.holds else "NO"
    return (claim.title_en, claim.source, claim.published, claim.threshold, here, verdict)
