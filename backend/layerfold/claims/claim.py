"""A published result beside what a run's own checkpoints say, which results a run claims, and where
they are kept.

One module a shape (`SHAPES`), each with ``claims(opened, progress) -> tuple[Claim, ...]``. A
threshold comes from the paper, never from what was measured here; a part that does not hold is a
claim with ``holds`` false, not one left out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from math import isfinite
from pathlib import Path
from typing import Final

from layerfold.cards.digest import signed
from layerfold.cards.reading import read_record
from layerfold.claims.record import ClaimsFile, ClaimTable, ControlTable
from layerfold.files.atomic import write_atomically
from layerfold.interp.session import Session
from layerfold.runs.run import Run

CLAIMS: Final = "claims.json"
SHAPES: Final = {
    "modular-addition": "modular_addition",
    "belief-simplex": "belief_simplex",
    "induction": "induction",
    "storyteller": "storyteller",
    "poet": "poet",
}
REDO: Final = "make it again with `layerfold verify RUN --write`"

Progress = Callable[[str, float], None]
"""What is being done, and the share of it that is done, 0..1."""


@dataclass(frozen=True)
class Control:
    """What the same number is where theory says it must be another: at each step, or one ``value``
    for all.
    """

    name_en: str
    name_zh: str
    value: float | Mapping[int, float]


@dataclass(frozen=True)
class Claim:
    """One published result: what it says, the figure in the paper, and the same figure here at
    every step.

    ``published``, ``threshold`` and ``here`` are short texts with their units ("91.2 % (p = 113)",
    "at least 0.80", "0.943"), each with ``_zh`` where Chinese needs other words; ``bound`` is the
    threshold as a number where it is one number. ``values`` are by training step, NaN where not
    defined; ``at_step`` is the one that decides. ``caveat`` says what the claim does not prove.
    """

    id: str
    title_en: str
    title_zh: str
    says_en: str
    says_zh: str
    source: str
    published: str
    unit: str
    threshold: str
    values: Mapping[int, float]
    here: str
    holds: bool
    at_step: int
    controls: tuple[Control, ...] = ()
    caveat_en: str = ""
    caveat_zh: str = ""
    published_zh: str = ""
    unit_zh: str = ""
    threshold_zh: str = ""
    here_zh: str = ""
    bound: float | None = None


def shapes_of(run: Run) -> tuple[str, ...]:
    """The names of the shapes a run claims: its card's ``claims``, else its task's name, else its
    own name; none for others.
    """
    task = run.card.get("task") or {}
    named = run.card.get("claims") or [task.get("name", run.name)]
    return tuple(name for name in named if name in SHAPES)


def claims_of(opened: Session, progress: Progress = lambda stage, share: None) -> tuple[Claim, ...]:
    """Every claim of a run, computed anew from its checkpoints; none where theory says nothing of
    it. Raises DamagedRun.
    """
    found: list[Claim] = []
    for name in shapes_of(opened.run):
        found += import_module(f"layerfold.claims.{SHAPES[name]}").claims(opened, progress)
    return tuple(found)


# ---- kept in the run


def write_claims(run: Run, claims: tuple[Claim, ...]) -> None:
    """``claims.json`` holds the claims, six digits of each number, and which checkpoints they were
    computed from.
    """
    kept = ClaimsFile(
        checkpoints=checkpoints_of(run), claims=[claim_table(claim) for claim in claims]
    )
    write_atomically(run.folder / CLAIMS, signed(kept.model_dump(mode="json")))


def read_claims(run: Run) -> list[ClaimTable]:
    """The claims as they were last written, none where there is no file; raises DamagedRun for one
    that cannot be read.
    """
    kept = read_file(run.folder / CLAIMS)
    return [] if kept is None else kept.claims


def read_file(path: Path) -> ClaimsFile | None:
    """What a file of claims holds, None where there is none; raises DamagedRun."""
    return read_record(path, ClaimsFile, REDO)


def checkpoints_of(run: Run) -> str:
    """One hash of all checkpoints that the run's card names."""
    files = {
        name: digest
        for name, digest in run.card.get("files", {}).items()
        if name.startswith("checkpoints/")
    }
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()


def claim_table(claim: Claim) -> ClaimTable:
    """A claim as it is kept and as the page reads it."""
    plain = {
        name: getattr(claim, name)
        for name in Claim.__dataclass_fields__
        if name not in ("values", "controls", "bound")
    }
    steps = sorted(claim.values)
    return ClaimTable(
        **plain,
        bound=None if claim.bound is None else rounded(claim.bound),
        steps=steps,
        values=[rounded(claim.values[step]) for step in steps],
        controls=[control_table(control) for control in claim.controls],
    )


def control_table(control: Control) -> ControlTable:
    """A control as it is kept: with steps, or one value and no steps."""
    series = control.value if isinstance(control.value, Mapping) else {}
    steps = sorted(series)
    values = (
        [rounded(series[step]) for step in steps]
        if isinstance(control.value, Mapping)
        else [rounded(control.value)]
    )
    return ControlTable(
        name_en=control.name_en, name_zh=control.name_zh, steps=steps, values=values
    )


def rounded(value: float) -> float | None:
    """Six digits of a number, None where it is not finite."""
    return float(f"{float(value):.6g}") if isfinite(value) else None
