"""What commands that measure share: a run that is open, their options, and how they answer."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from layerfold.cli.options import RUN
from layerfold.cli.resolve import Opening, chosen_steps, run_folder, use_threads
from layerfold.cli.terminal import asked_to_stop, say, shares, spoken
from layerfold.errors import InputError
from layerfold.interp import rows
from layerfold.interp.notes import Note
from layerfold.interp.session import Session, open_session
from layerfold.interp.stepwise import Watch
from layerfold.settings import cache_folder

Run = Annotated[str, typer.Argument(help=RUN)]
Steps = Annotated[str, typer.Option(help="all, last, or training steps separated by commas.")]
Csv = Annotated[Path | None, typer.Option(help="File to write the numbers to, a line each.")]
Language = Annotated[str, typer.Option(help="Of the bundled sets: en or zh.")]
View = Annotated[str, typer.Option(help="States to measure: normalised or raw.")]
Draws = Annotated[int, typer.Option(min=20, help="Bootstrap draws, and draws of each null.")]
Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes.")]


@dataclass(frozen=True)
class Reading:
    """A run that is open, the steps that were asked for, and who waits."""

    opened: Session
    steps: tuple[int, ...]
    watch: Watch


@contextmanager
def session(
    run: str, steps: str, opening: Opening, threads: int | None, as_json: bool
) -> Iterator[Reading]:
    """Opens a run for a measurement that shows progress and stops when it is told to."""
    folder = run_folder(run, opening)
    opened = open_session(folder, cache_folder(os.environ))
    use_threads(threads)
    with shares(as_json) as report, asked_to_stop() as stopped:
        watch = Watch(progress=report, cancelled=stopped)
        yield Reading(opened, chosen_steps(steps, opened.run.steps), watch)


@dataclass(frozen=True)
class Answer:
    """What was measured of a run: rows of numbers, which of their columns a person sees, and what
    has to be said beside them."""

    instrument: str
    rows: list[dict[str, Any]]
    columns: Sequence[str]
    notes: Sequence[Note] = ()

    def tell(self, opened: Session, csv: Path | None, as_json: bool) -> None:
        """The rows as JSON, in a CSV file, or as a table with the notes under it."""
        if csv is not None:
            try:
                csv.write_text(rows.as_csv(self.rows), "utf-8")
            except OSError as error:
                raise InputError(f"{csv} cannot be written ({error.strerror}).") from None
        told = {
            "run": opened.run.name,
            "instrument": self.instrument,
            "rows": rows.as_json(self.rows),
        }
        told["notes"] = [note.as_json() for note in self.notes]
        words = self.table() if csv is None else f"{csv}: {len(self.rows)} rows"
        notes = (f"note: {spoken(text)}" for text in texts(self.notes))
        say(as_json, told, "\n".join([words, *notes]))

    def table(self) -> str:
        """What a person sees of the rows, with the reason of each that has one."""
        reasons = [str(row.get("reason", "")) for row in self.rows]
        if not any(reasons):
            return rows.as_text(self.rows, self.columns)
        told = [{**row, "reason": spoken(why)} for row, why in zip(self.rows, reasons, strict=True)]
        return rows.as_text(told, list(dict.fromkeys([*self.columns, "reason"])))


def texts(notes: Iterable[Note]) -> list[str]:
    """The sentences of notes, each once."""
    return list(dict.fromkeys(note.text for note in notes))


def checked_view(view: str) -> Any:
    """A view by its name; raises BadParameter."""
    if view not in ("normalised", "raw"):
        raise typer.BadParameter(f"{view!r} is neither normalised nor raw", param_hint="--view")
    return view
