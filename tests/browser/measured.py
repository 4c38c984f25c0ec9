"""A run with measures of every kind made up for tests: bands, reasons, events. Serves it: ``python
-m tests.browser.measured PORT``.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import uvicorn

from layerfold.server.protocol.http import EventTable, MeasuresTable, MeasureTable
from tests.server.conftest import application
from tests.server.fakes import FakeRun

ROOT = Path(__file__).resolve().parents[2]
STEPS = (0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
JUMP = 512
DUPLICATES = "9 in 10 of the states are the same"

Grid = list[list[float | None]]


class MeasuredRun(FakeRun):
    """Six layers whose numbers collapse, grow again and hump over the layers; accuracy jumps at
    step 512.
    """

    def __init__(self) -> None:
        super().__init__("measured", layers=6, reference=200, steps=STEPS)
        examples = ("She sat on the bank of the river", "The bank gave her a loan")
        self.card["examples"] = [
            {"text": text, "note_en": "a sense of bank", "note_zh": "bank 的一种意思"}
            for text in examples
        ]

    def measures_table(self) -> MeasuresTable:
        table = super().measures_table()
        events = [
            EventTable(
                step=JUMP, measure="test_accuracy", site=0, before=0.2104, after=0.9731, score=40.0
            ),
            EventTable(step=16, measure="twonn", site=3, before=8.25, after=3.5, score=9.0),
            EventTable(
                step=JUMP, measure="h1_longest", site=12, before=0.11, after=0.83, score=12.0
            ),
        ]
        return table.model_copy(
            update={"measures": [*table.measures, *self._more(len(table.sites))], "events": events}
        )

    def _more(self, sites: int) -> list[MeasureTable]:
        twonn = grid(
            sites, lambda step, site: None if step == 1 and site < 4 else dimension(step, site)
        )
        reasons = [[DUPLICATES if value is None else "" for value in row] for row in twonn]
        never = grid(sites, lambda step, site: None)
        asked = [["needs at least 16 tokens, the reference has 12"] * sites for _ in STEPS]
        last = [
            ["no site comes after the last" if site == sites - 1 else "" for site in range(sites)]
            for _ in STEPS
        ]
        cka = grid(
            sites,
            lambda step, site: None if site == sites - 1 else 1 - 0.02 * site - 0.1 * step / 14,
        )
        collapse = grid(
            sites, lambda step, site: 33 * math.exp(-step) + 1.8 + 1.2 * step + 0.4 * site
        )
        accuracy = grid(sites, lambda step, site: 0.2104 if STEPS[step] < JUMP else 0.9731)
        loss = grid(sites, lambda step, site: 8.3 - 0.35 * step)
        loop = grid(sites, lambda step, site: (0.1 if STEPS[step] < JUMP else 0.8) + 0.01 * site)
        scaled = {"low": scaled_by(twonn, 0.9), "high": scaled_by(twonn, 1.12)}
        return [
            MeasureTable(
                name="twonn",
                unit="dimensions",
                group="dimension",
                values=twonn,
                reasons=reasons,
                **scaled,
            ),
            MeasureTable(
                name="participation_ratio", unit="directions", group="spectrum", values=collapse
            ),
            MeasureTable(name="cka_site", unit="0..1", group="sites", values=cka, reasons=last),
            MeasureTable(name="h1_longest", unit="median distances", group="topology", values=loop),
            MeasureTable(name="stretch", unit="times", group="map", values=never, reasons=asked),
            MeasureTable(
                name="val_loss", unit="nats a token on held-out text", group="training", values=loss
            ),
            MeasureTable(name="test_accuracy", unit="0..1", group="training", values=accuracy),
            MeasureTable(
                name="fourier_share", unit="of the embedding's power", group="", values=accuracy
            ),
        ]


def dimension(step: int, site: int) -> float:
    """High, then low, then a hump over the layers that grows with training."""
    return 12 * math.exp(-step / 2) + 3 + 0.6 * step * math.exp(-(((site - 5) / 3) ** 2))


def grid(sites: int, value: Any) -> Grid:
    """A number for each step and site."""
    return [[value(step, site) for site in range(sites)] for step in range(len(STEPS))]


def scaled_by(values: Grid, factor: float) -> Grid:
    return [[None if value is None else factor * value for value in row] for row in values]


def main(port: int) -> None:
    app = application(MeasuredRun(), frontend=ROOT / "frontend" / "dist")
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", ws_per_message_deflate=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
