"""The measures of a run for a person, for a spreadsheet and for a program."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from layerfold.atlas.files import Atlas
from layerfold.metrics.files import Jump, Measured, joined
from layerfold.records import Measure, finite

COLUMNS = (
    "measure",
    "group",
    "unit",
    "step",
    "site",
    "site_name",
    "value",
    "low",
    "high",
    "reason",
)


@dataclass(frozen=True)
class Report:
    """Measures at some steps: ``measures[n].values`` is [step, site]; ``whole`` where they are all
    of the run's.
    """

    run: str
    steps: tuple[int, ...]
    sites: tuple[str, ...]
    measures: tuple[Measure, ...]
    events: tuple[Jump, ...]
    whole: bool

    def as_json(self) -> dict[str, Any]:
        """Everything, null where a number is not defined."""
        measures = [as_json(measure) for measure in self.measures]
        events = [asdict(event) for event in self.events]
        return {
            "run": self.run,
            "steps": list(self.steps),
            "sites": list(self.sites),
            "measures": measures,
            "events": events,
        }

    def as_csv(self) -> str:
        """A line a number, empty where it is not defined."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(self._rows())
        return text.getvalue()

    def _rows(self) -> Iterator[list[object]]:
        for measure in self.measures:
            for at, step in enumerate(self.steps):
                for site, name in enumerate(self.sites):
                    bounds = [
                        number(None if bound is None else bound[at, site])
                        for bound in (measure.low, measure.high)
                    ]
                    reason = "" if measure.reasons is None else measure.reasons[at][site]
                    value = number(measure.values[at, site])
                    yield [
                        measure.name,
                        measure.group,
                        measure.unit,
                        step,
                        site,
                        name,
                        value,
                        *bounds,
                        reason,
                    ]

    def as_text(self) -> str:
        """A block of steps and sites for each measure that was named; a line each where none
        was.
        """
        if not self.measures:
            return f"{self.run}: nothing of this kind is measured"
        if not self.whole:
            return "\n\n".join(self._block(measure) for measure in self.measures)
        last = (
            f"{self.run} at step {self.steps[-1]}: the first site, the least, the greatest and the"
            " last"
        )
        return "\n".join([last, *(self._line(measure) for measure in self.measures)])

    def _block(self, measure: Measure) -> str:
        width = max(9, *(len(site) for site in self.sites)) + 1
        head = "step".rjust(9) + "".join(site.rjust(width) for site in self.sites)
        rows = [
            str(step).rjust(9) + "".join((number(value) or "–").rjust(width) for value in row)
            for step, row in zip(self.steps, measure.values, strict=True)
        ]
        why = sorted({said for row in measure.reasons or () for said in row if said})
        return "\n".join(
            [
                f"{measure.name} ({measure.unit})",
                head,
                *rows,
                *(f"  – not defined: {said}" for said in why),
            ]
        )

    def _line(self, measure: Measure) -> str:
        row = measure.values[-1]
        known = row[np.isfinite(row)]
        if not len(known):
            said = next((said for said in (measure.reasons or ((),))[-1] if said), "no value")
            return f"{measure.name:<20} not defined: {said}"
        cells = "".join(
            (number(value) or "–").rjust(11)
            for value in (row[0], known.min(), known.max(), row[-1])
        )
        return f"{measure.name:<20}{cells}   {measure.unit}"


def number(value: Any) -> str:
    """Five significant digits, or nothing where it is not finite."""
    return f"{float(value):.5g}" if value is not None and np.isfinite(value) else ""


def report_of(
    run: str, atlas: Atlas, found: Measured, names: Sequence[str] | None, steps: Sequence[int]
) -> Report:
    """The named measures (all by default) of the run at the steps, those of its atlas among
    them.
    """
    rows = [atlas.steps.index(step) for step in steps]
    chosen = [
        _at(measure, rows)
        for measure in joined(atlas.measures, found)
        if not names or measure.name in names
    ]
    given = {measure.name for measure in chosen}
    events = tuple(
        event for event in found.events if event.measure in given and event.step in steps
    )
    return Report(run, tuple(steps), atlas.sites, tuple(chosen), events, not names)


def _at(measure: Measure, rows: Sequence[int]) -> Measure:
    """A measure at some of its steps."""
    low, high = (None if bound is None else bound[rows] for bound in (measure.low, measure.high))
    reasons = None if measure.reasons is None else tuple(measure.reasons[row] for row in rows)
    return Measure(
        measure.name, measure.unit, measure.values[rows], measure.group, low, high, reasons
    )


def as_json(measure: Measure) -> dict[str, Any]:
    """A measure as JSON holds it: null where a number is not defined, six digits of the others."""
    low, high = (None if bound is None else finite(bound) for bound in (measure.low, measure.high))
    return {
        "name": measure.name,
        "unit": measure.unit,
        "group": measure.group,
        "values": finite(measure.values),
        "low": low,
        "high": high,
        "reasons": None if measure.reasons is None else [list(row) for row in measure.reasons],
    }
