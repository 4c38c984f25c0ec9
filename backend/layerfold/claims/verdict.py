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

COLUMNS: Final = {
    "en": ("claim", "source", "published", "threshold", "here", "holds"),
    "zh": ("论断", "出处", "已发表", "阈值", "此处", "成立"),
}
ANSWERS: Final = {"en": ("NO", "yes"), "zh": ("不成立", "成立")}
AT_STEP: Final = {"en": " (step {})", "zh": "（第 {} 步）"}


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

    def as_text(self, language: str = "en") -> str:
        """For a person: a table a run, in English or in Chinese."""
        return "\n".join(table(run, claims, language) for run, claims in self.found.items())


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


def table(run: str, claims: Sequence[Claim], language: str = "en") -> str:
    """Each claim with its source, the published figure, the threshold, ours, and whether it
    holds.
    """
    if not claims:
        return f"{run}: claims nothing"
    return table_text(run, COLUMNS[language], [row(claim, language) for claim in claims])


def row(claim: Claim, language: str = "en") -> tuple[str, ...]:
    """A claim in a line of the table; what nobody has put into Chinese stays English."""
    said = [claim.title_en, claim.published, claim.threshold, claim.here]
    if language == "zh":
        ours = (claim.title_zh, claim.published_zh, claim.threshold_zh, claim.here_zh)
        said = [zh or en for zh, en in zip(ours, said, strict=True)]
    title, published, threshold, here = said
    step = f"{claim.at_step:,}"
    here = here if step in here else here + AT_STEP[language].format(step)
    return (title, claim.source, published, threshold, here, ANSWERS[language][claim.holds])
