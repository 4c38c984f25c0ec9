"""A run is opened by its folder, whatever its model is."""

from __future__ import annotations

from pathlib import Path

from layerfold.cards.reading import check_shape, read_card, unsealed
from layerfold.cards.shapes import run_shape
from layerfold.errors import DamagedRun, RunNotFound
from layerfold.runs.hub_run import HuggingFaceRun
from layerfold.runs.recorded_run import RecordedRun
from layerfold.runs.run import CARD, REPAIR, Run


def open_run(folder: Path | str) -> Run:
    """The run in a folder, its weights not yet read; raises RunNotFound, DamagedRun."""
    folder = Path(folder)
    path = folder / CARD
    if not path.is_file():
        raise RunNotFound(f"there is no run in {folder}: it has no {CARD}")
    card = read_card(path, repair=REPAIR)
    if card.get("format") != 1:
        found = repr(card.get("format"))[:40]
        raise DamagedRun(
            f"{path} has format {found}, this program reads 1: update layerfold, or train this"
            " run again"
        )
    shape = card.get("architecture")
    kind = str(shape.get("kind", "gpt"))[:40] if isinstance(shape, dict) else "gpt"
    of_kind = class_of(kind, path)
    check_shape(card, run_shape(kind), str(path), REPAIR)
    return of_kind(folder, unsealed(card, str(path), REPAIR)).checked()


def class_of(kind: str, path: Path) -> type[Run]:
    """The class of runs of a kind; raises DamagedRun for one that is not known."""
    if kind == "gpt":
        return Run
    if kind == "hf":
        return HuggingFaceRun
    if kind == "recorded":
        return RecordedRun
    raise DamagedRun(
        f"{path} holds a run of the kind {kind!r}, which this program does not know: update"
        " layerfold"
    )
