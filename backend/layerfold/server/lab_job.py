"""A training of the lab as it is known, and as it is kept in its run's folder (``job.json``)."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from layerfold.errors import LayerfoldError
from layerfold.files.atomic import write_atomically
from layerfold.runs.run import METRICS, PAUSED, read_rows
from layerfold.server.protocol.lab import JobCard
from layerfold.training.recipe import in_present_words

JOB: Final = "job.json"
GOING: Final = ("running", "waiting")
log = logging.getLogger(__name__)


@dataclass
class Job:
    """One training; ``status`` is what the page is told."""

    id: str
    task: str
    title: str
    optimizer: str
    numbers: dict[str, float]
    status: str = "waiting"
    step: int = 0
    steps: int = 0
    loss: float | None = None
    test: float | None = None
    seconds: float = 0.0
    message: str = ""
    created: float = field(default_factory=time.time)
    weighed: float = 0.0  # when its files were last added up; not kept

    def card(self) -> JobCard:
        """The job as the page gets it; its run is called as it is."""
        known = {name: value for name, value in self.kept().items() if name != "created"}
        return JobCard(run=self.id, **known)

    def kept(self) -> dict[str, Any]:
        """What outlives the server."""
        return {name: value for name, value in asdict(self).items() if name != "weighed"}

    def hear(self, said: dict[str, Any]) -> None:
        """What its process last said, where that was of training."""
        if said.get("stage") == "training":
            self.step = int(said["step"])
            self.seconds = float(said.get("seconds") or self.seconds)
            self.loss = said.get("loss")
        if said.get("test_accuracy") is not None:
            self.test = float(said["test_accuracy"])


def jobs_in(folder: Path) -> list[Job]:
    """The jobs that earlier servers left; what ran then is paused."""
    jobs = []
    for path in sorted(folder.glob(f"*/{JOB}")):
        try:
            job = Job(**in_present_words(json.loads(path.read_text("utf-8"))))
            job.card()
        except (OSError, ValueError, TypeError) as error:
            log.warning("%s is left out: %s", path, error)
            continue
        if job.id != path.parent.name:
            continue
        if job.status in GOING:
            job.status = "paused"
            _reach(job, path.parent)
            write_atomically(path.parent / PAUSED, b"")
            write_atomically(path, json.dumps(job.kept(), indent=1).encode() + b"\n")
        jobs.append(job)
    return jobs


def _reach(job: Job, run: Path) -> None:
    """How far a training came whose server could not say it any more: to the last line of its
    log.
    """
    try:
        rows = read_rows(run / METRICS)
    except LayerfoldError:
        return
    if rows:
        job.step, job.loss, job.seconds = (
            int(rows[-1]["step"]),
            rows[-1].get("loss"),
            float(rows[-1].get("seconds", job.seconds)),
        )
        job.test = next(
            (row["test_accuracy"] for row in reversed(rows) if "test_accuracy" in row), job.test
        )
