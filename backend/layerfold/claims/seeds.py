"""What runs of other seeds say of the same claims: a small file beside the shipped run, since their
weights do not ship.

``seeds.json`` is made by ``keep_seeds`` from the other runs' checkpoints, on the shipped run's
reference.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from layerfold.claims.claim import SHAPES, Claim, Progress, checkpoints_of, rounded, shapes_of
from layerfold.errors import DamagedRun, InputError
from layerfold.files.atomic import write_atomically
from layerfold.interp.session import Session
from layerfold.runs.opening import open_run
from layerfold.runs.run import Run

FILE: Final = "seeds.json"
Row = dict[str, Any]


def read_seeds(folder: Path) -> list[Row]:
    """What other seeds say, a row each; none where nothing is kept. Raises DamagedRun."""
    path = folder / FILE
    if not path.is_file():
        return []
    try:
        rows: list[Row] = json.loads(path.read_text("utf-8"))["seeds"]
        for row in rows:
            row["seed"], {claim["id"]: claim["here"] for claim in row["claims"]}
        return rows
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedRun(f"{FILE} cannot be read ({error}): restore it") from error


def keep_seeds(folder: Path, runs: Sequence[Run], found: Sequence[Sequence[Claim]]) -> None:
    """``seeds.json`` in ``folder`` holds what each of the other runs says of every claim, and which
    checkpoints said so.
    """
    rows = [_row(run, claims) for run, claims in zip(runs, found, strict=True)]
    said = (
        "Runs of the same recipe and text but for the seed; their weights are not kept. Read on"
        " this run's reference."
    )
    write_atomically(
        folder / FILE,
        (json.dumps({"from": said, "seeds": rows}, indent=1, ensure_ascii=False) + "\n").encode(),
    )


def compare_seeds(opened: Session, folders: Sequence[Path], progress: Progress) -> None:
    """The run keeps what the runs in ``folders`` say of its claims, on its own reference.

    Raises InputError for claims that are of one run alone, RunNotFound, DamagedRun.
    """
    modules = [import_module(f"layerfold.claims.{SHAPES[name]}") for name in shapes_of(opened.run)]
    readers = [module.claims_by for module in modules if hasattr(module, "claims_by")]
    if not readers:
        raise InputError(
            f"the claims of {opened.run.name} are not made for other seeds: verify it without"
            " --seed"
        )
    runs = [open_run(folder) for folder in folders]
    found = [readers[0](run, opened.atlas.reference, progress, every=False) for run in runs]
    keep_seeds(opened.run.folder, runs, found)


def with_seeds(claims: Sequence[Claim], rows: Sequence[Row]) -> tuple[Claim, ...]:
    """The claims, each telling what other seeds say beside its own figure."""
    return tuple(_told(claim, rows) for claim in claims)


def _told(claim: Claim, rows: Sequence[Row]) -> Claim:
    others = [
        (row["seed"], said) for row in rows for said in row["claims"] if said["id"] == claim.id
    ]
    if not others:
        return claim
    holds = claim.holds + sum(bool(said["holds"]) for _, said in others)
    whole = len(others) + 1
    en = "; ".join(f"seed {seed}: {said['here']}" for seed, said in others)
    zh = "；".join(f"种子 {seed}：{said['here_zh'] or said['here']}" for seed, said in others)
    return replace(
        claim,
        here=f"{claim.here} | {en} | holds in {holds} of {whole} seeds",
        here_zh=f"{claim.here_zh or claim.here} | {zh} | {whole} 个种子中 {holds} 个成立",
    )


def _row(run: Run, claims: Sequence[Claim]) -> Row:
    return {
        "seed": run.card["seed"],
        "checkpoints": checkpoints_of(run),
        "last_step": run.steps[-1],
        "bits_per_byte": run.card["tests"]["bits_per_byte"][str(run.steps[-1])],
        "claims": [_said(claim) for claim in claims],
    }


def _said(claim: Claim) -> Row:
    controls = {
        control.name_en: rounded(control.value)
        for control in claim.controls
        if isinstance(control.value, float)
    }
    value = rounded(claim.values[claim.at_step])
    return {
        "id": claim.id,
        "value": value,
        "at_step": claim.at_step,
        "here": claim.here,
        "here_zh": claim.here_zh,
        "holds": claim.holds,
        "controls": controls,
    }
