"""The real page and server with a lab whose trainings are made up, a few seconds each: ``python -m
tests.browser.made_up_lab PORT``.
"""

from __future__ import annotations

import asyncio
import math
import sys
from pathlib import Path
from typing import Any, Final

import uvicorn
from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse

from layerfold.server.app import announce, create_app
from layerfold.server.catalog import Catalog
from layerfold.server.protocol.http import ErrorAnswer, MetricsTable, Problem
from layerfold.server.protocol.lab import (
    JobCard,
    JobList,
    LabLimits,
    LabNumber,
    LabOffer,
    LabTask,
    NewJob,
)
from layerfold.settings import Settings
from tests.server.fakes import FakeRun

ROOT = Path(__file__).resolve().parents[2]
TICK: Final = 0.25  # seconds; those of a long training are longer
TICKS: Final = 12  # a training is over after so many
LONG: Final = 6000  # steps of one that is not over before it has been acted on
ACTS: Final = {"pause": "paused", "resume": "running", "stop": "stopped"}


def number(
    name: str,
    title: str,
    low: float,
    high: float,
    default: float,
    *,
    log: bool = True,
    whole: bool = False,
) -> LabNumber:
    return LabNumber(
        name=name,
        title_en=title,
        title_zh=title,
        low=low,
        high=high,
        default=default,
        log=log,
        whole=whole,
    )


NUMBERS = [
    number("learning_rate", "Learning rate", 1e-5, 1.0, 1e-3),
    number("batch", "Batch", 1, 4096, 512, whole=True),
    number("steps", "Steps", 100, 20_000, 1200, whole=True),
    number("seed", "Seed", 0, 1e9, 0, log=False, whole=True),
]


def task(name: str, title: str, zh: str, *, text: bool = False) -> LabTask:
    about = {"about_en": f"{title}, made up.", "about_zh": f"{zh}（虚构）。"}
    return LabTask(
        name=name,
        title_en=title,
        title_zh=zh,
        **about,
        text=text,
        numbers=NUMBERS,
        optimizer="adamw",
    )


OFFER = LabOffer(
    tasks=[
        task("modular-addition", "Modular addition", "模加法"),
        task("text", "A text of your own", "自己的文本", text=True),
    ],
    optimizers=["sgd", "momentum", "adam", "adamw"],
    limits=LabLimits(running=2, kept=8, minutes=10.0, bytes=100_000_000, text_bytes=1000),
)


class MadeUpTraining(FakeRun):
    """A run that memorises at once and understands when half of its steps are done."""

    def __init__(self, name: str, job: JobCard) -> None:
        super().__init__(name, layers=1, reference=200, steps=(0,))
        self.job = job
        self.ticks, self.all = 0, 10 * TICKS if job.steps >= LONG else TICKS
        self.live = True

    def tick(self) -> None:
        """A part of the training is done."""
        self.ticks += 1
        self.steps = tuple(self.job.steps * n // self.all for n in range(self.ticks + 1))
        self.card["steps"] = list(self.steps)
        status = "finished" if self.ticks == self.all else self.job.status
        test = self.unseen(self.ticks)
        seconds = self.ticks * TICK
        self.job = self.job.model_copy(
            update={
                "step": self.steps[-1],
                "status": status,
                "test": test,
                "loss": 0.1,
                "seconds": seconds,
            }
        )

    def unseen(self, tick: int) -> float:
        return round(1 / (1 + math.exp(2.0 * (TICKS / 2 - tick))), 4)

    def metrics_table(self) -> MetricsTable:
        rows = [
            {
                "step": step,
                "train_accuracy": float(n > 0),
                "test_accuracy": self.unseen(n),
                "train_loss": 0.5**n,
                "test_loss": 4.0 / (n + 1),
            }
            for n, step in enumerate(self.steps)
        ]
        return MetricsTable(rows=rows)


class MadeUpLab:
    """Trainings by id, the newest first; a third one at a time is refused."""

    def __init__(self, catalog: Catalog, runs: dict[str, FakeRun]) -> None:
        self.catalog = catalog
        self.runs = runs
        self.trainings: dict[str, MadeUpTraining] = {}
        self.app: FastAPI | None = None
        self.going: set[asyncio.Task[None]] = set()

    def listed(self) -> JobList:
        return JobList(jobs=[one.job for one in reversed(self.trainings.values())])

    def told(self, *runs: str) -> None:
        if self.app:
            announce(self.app.state.connections, runs, jobs=True)

    def begin(self, asked: NewJob) -> JobCard:
        key = str(len(self.trainings) + 1)
        optimizer = asked.optimizer or "adamw"
        steps = int(asked.numbers.get("steps", 1200))
        card = JobCard(
            id=key,
            run=f"made-up-{key}",
            title=asked.title or asked.task,
            task=asked.task,
            optimizer=optimizer,
            numbers=asked.numbers, status="running", step=0, steps=steps,
        )  # fmt: skip
        training = self.trainings[key] = MadeUpTraining(card.run, card)
        training.card["title"] = f"{asked.task} {key}"
        self.go_on(training)
        return card

    def go_on(self, training: MadeUpTraining) -> None:
        going = asyncio.create_task(self.train(training))
        self.going.add(going)
        going.add_done_callback(self.going.discard)

    async def train(self, training: MadeUpTraining) -> None:
        """Ticks while it is running; its run is in the catalogue after the first."""
        while training.job.status == "running":
            await asyncio.sleep(TICK * max(1, training.job.steps / 1200))
            if training.job.status != "running":
                return
            training.tick()
            self.runs[training.name] = training
            self.catalog.folders[training.name] = Path(training.name)
            training.live = training.job.status == "running"
            self.told(training.name)


def routes(lab: MadeUpLab) -> APIRouter:
    """What the page asks of a lab."""
    api = APIRouter()
    api.get("/api/lab")(lambda: OFFER)
    api.get("/api/jobs")(lab.listed)

    @api.post("/api/jobs", response_model=None)
    async def begin(asked: NewJob) -> JSONResponse:
        if (
            sum(one.job.status == "running" for one in lab.trainings.values())
            >= OFFER.limits.running
        ):
            problem = Problem(
                code="busy", message="Two trainings are running; two at a time: pause or stop one."
            )
            return JSONResponse(ErrorAnswer(error=problem).model_dump(), 503)
        return JSONResponse(lab.begin(asked).model_dump(), 201)

    @api.post("/api/jobs/{key}/{act}")
    async def act(key: str, act: str) -> JobCard:
        training = lab.trainings[key]
        training.job = training.job.model_copy(update={"status": ACTS[act]})
        training.live = act == "resume"
        if act == "resume":
            lab.go_on(training)
        lab.told(training.name)
        return training.job

    @api.delete("/api/jobs/{key}")
    async def remove(key: str) -> JobList:
        gone = lab.trainings.pop(key)
        lab.catalog.folders.pop(gone.name, None)
        lab.told(gone.name)
        return lab.listed()

    return api


def main(port: int) -> None:
    runs: dict[str, FakeRun] = {
        "storyteller": FakeRun("storyteller", layers=2, reference=300, steps=(0, 8, 64))
    }

    def opener(folder: Path) -> Any:
        return runs[folder.name]

    catalog = Catalog({"storyteller": Path("storyteller")}, opener)
    lab = MadeUpLab(catalog, runs)
    lab.app = create_app(catalog, Settings(runs=(), frontend=ROOT / "frontend" / "dist"))
    lab.app.router.routes[:0] = routes(lab).routes  # before those of the program
    uvicorn.run(
        lab.app, host="127.0.0.1", port=port, log_level="warning", ws_per_message_deflate=False
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
