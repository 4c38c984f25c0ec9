"""Where a run keeps what became of the seed's claims: ``seed.json``, signed."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from layerfold.cards.digest import signed
from layerfold.cards.reading import read_record
from layerfold.claims.claim import checkpoints_of
from layerfold.claims.seed.record import SeedCard, SeedFile
from layerfold.files.atomic import write_atomically
from layerfold.runs.manifest import renew_manifest
from layerfold.runs.run import Run

SEED: Final = "seed.json"
REDO: Final = "make it again with `layerfold verify --seed RUN --write`"


def write_seed(run: Run, cards: list[SeedCard]) -> None:
    """The cards stand in the run's folder, and its manifest names them."""
    kept = SeedFile(checkpoints=checkpoints_of(run), cards=cards)
    write_atomically(run.folder / SEED, signed(kept.model_dump(mode="json")))
    renew_manifest(run.folder, (SEED,))


def read_seed(run: Run) -> list[SeedCard]:
    """The cards as they were last written, none where there is no file; raises DamagedRun for one
    that cannot be read.
    """
    kept = read_seed_file(run.folder / SEED)
    return [] if kept is None else kept.cards


def read_seed_file(path: Path) -> SeedFile | None:
    """What a file of cards holds, None where there is none; raises DamagedRun."""
    return read_record(path, SeedFile, REDO)
