"""The lab: trainings that a person asks for in the page, each a process of its own that writes an ordinary run.

What is known of a job is in its run's folder (``job.json``), so it outlives the server: what was running then is found paused, and
goes on where its training last saved.
"""

from __future__ import annotations

import json
import logging
import shutil
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from layerfold.answers import JobCard, JobList, LabLimits, LabOffer, NewJob, Problem
from layerfold.errors import Busy, InputError, JobNotFound
from layerfold.files import write_atomically
from layerfold.server.workshop import Workshop
from layerfold.training.lab import OPTIMISERS, TEXT_BYTES, bytes_of, checked, offered, recipe_of, titles
from layerfold.training.run import PAUSED

JOB, RECIPE, LOG, TEXT = "job.json", "recipe.toml", "job.log", "text/own.txt"
RUNNING: Final = 2
KEPT: Final = 24
MINUTES: Final = 30.0
BYTES: Final = 300 << 20
log = logging.getLogger(__name__)


@dataclass
class Job:
    """One training; ``status`` is what the page is told."""

    id: str
    task: str
    title: str
    optimiser: str
    numbers: dict[str, float]
    status: str = "waiting"
    step: int = 0
    steps: int = 0
    loss: float | None = None
    test: float | None = None
    seconds: float = 0.0
    message: str = ""
    created: float = field(default_factory=time.time)

    def card(self) -> JobCard:
        """The job as the page gets it; its run is called as it is."""
        known = {name: value for name, value in asdict(self).items() if name != "created"}
        return JobCard(run=self.id, **known)


class Lab:
    """Jobs in a folder, each in one of its own; every method may be called from any thread."""

    def __init__(self, folder: Path | None, workshop: Workshop | None = None, closed: str = "") -> None:
        """Without a folder, or with a reason to be ``closed``, nothing can be trained."""
        self.folder = folder
        self.closed = closed or ("" if folder else "This server has no folder for trainings. Start it with --lab FOLDER.")
        self.workshop = workshop or Workshop(RUNNING)
        self._lock = threading.RLock()
        self._jobs: dict[str, Job] = {}
        self._told = ""
        if folder is not None and not self.closed:
            self._jobs = {job.id: job for job in _found(folder)}

    def offer(self) -> LabOffer:
        """What can be trained."""
        limits = LabLimits(running=self.workshop.running, kept=KEPT, minutes=MINUTES, bytes=BYTES, text_bytes=TEXT_BYTES)
        why = Problem(code="closed", message=self.closed) if self.closed else None
        return LabOffer(tasks=offered(), optimisers=list(OPTIMISERS), limits=limits, closed=why)

    def jobs(self) -> JobList:
        """All jobs, the newest first."""
        with self._lock:
            return JobList(jobs=[job.card() for job in sorted(self._jobs.values(), key=lambda job: -job.created)])

    def create(self, asked: NewJob) -> JobCard:
        """The training has begun, or waits for its turn; raises InputError, CorpusError, Busy."""
        folder = self._open()
        offer, optimiser, numbers = checked(asked)
        if bytes_of(offer, int(numbers["steps"])) > BYTES:
            raise InputError(f"The run would take more than {BYTES >> 20} MB: ask for fewer steps.")
        with self._lock:
            if len(self._jobs) >= KEPT:
                raise Busy(f"The lab keeps {KEPT} trainings, and there are {len(self._jobs)}. Delete one.")
            name = self._unused(folder, f"{asked.task}-{optimiser}-s{int(numbers['seed'])}")
            title = asked.title.strip() or f"{titles()[asked.task]} · {optimiser}"
            text = (asked.text or "").encode()
            if text:
                write_atomically(folder / name / TEXT, text)
            corpus = str((folder / name / TEXT).parent.resolve()) if text else ""
            write_atomically(folder / name / RECIPE, recipe_of(offer, optimiser, numbers, (name, title), corpus, len(text)).encode())
            job = Job(name, asked.task, title, optimiser, numbers, steps=int(numbers["steps"]))
            self._jobs[name] = job
            self._keep(job)
            self._begin()
            return job.card()

    def pause(self, id: str) -> JobCard:
        """The training has saved what it needs and ended; raises JobNotFound, InputError."""
        return self._end(id, "paused", ("running", "waiting"))

    def stop(self, id: str) -> JobCard:
        """The same, and nobody expects it to go on; it still may."""
        return self._end(id, "stopped", ("running", "waiting", "paused"))

    def resume(self, id: str) -> JobCard:
        """The training goes on where it was, or waits for its turn; raises JobNotFound, InputError."""
        self._open()
        with self._lock:
            job = self._job(id)
            if job.status not in ("paused", "stopped", "failed"):
                raise InputError(f"{job.title} is {job.status}: only what is paused, stopped or failed goes on.")
            job.status, job.message = "waiting", ""
            self._mark(job)
            self._keep(job)
            self._begin()
            return job.card()

    def remove(self, id: str) -> JobList:
        """The job and its run are gone; raises JobNotFound."""
        folder = self._open()
        with self._lock:
            job = self._job(id)
            if job.status == "running":
                self.workshop.stop(job.id)
            self.workshop.forget(job.id)
            del self._jobs[job.id]
            shutil.rmtree(folder / job.id, ignore_errors=True)
            self._begin()
        return self.jobs()

    def look(self) -> tuple[bool, set[str]]:
        """What became of each training is known, and the next has begun: whether jobs look otherwise, and which runs live or rest anew."""
        turned = set()
        with self._lock:
            for job in self._jobs.values():
                before = job.status
                if job.status == "running":
                    self._follow(job)
                if job.status != before:
                    turned.add(job.id)
                    self._mark(job)
                    self._keep(job)
            turned |= self._begin()
            now = self.jobs().model_dump_json()
        changed, self._told = now != self._told, now
        return changed, turned

    def close(self) -> None:
        """Every training has saved and ended; they are found paused."""
        with self._lock:
            self.workshop.close()
            for job in self._jobs.values():
                if job.status in ("running", "waiting"):
                    self._follow(job)
                    job.status = "paused" if job.status in ("running", "waiting") else job.status
                    self._mark(job)
                    self._keep(job)

    # ---- one job

    def _open(self) -> Path:
        if self.closed or self.folder is None:
            raise Busy(self.closed)
        return self.folder

    def _job(self, id: str) -> Job:
        if id not in self._jobs:
            raise JobNotFound(f"There is no training {id[:100]!r} in the lab.")
        return self._jobs[id]

    def _end(self, id: str, status: str, may: tuple[str, ...]) -> JobCard:
        with self._lock:
            job = self._job(id)
            if job.status not in may:
                raise InputError(f"{job.title} is {job.status}: nothing is to be {status}.")
            if job.status == "running":
                self.workshop.stop(job.id)
                self._follow(job)
            if job.status in may:
                job.status = status
            self._mark(job)
            self._keep(job)
            self._begin()
            return job.card()

    def _begin(self) -> set[str]:
        """Those that wait begin, the oldest first, while there is room: their names."""
        begun = set()
        for job in sorted(self._jobs.values(), key=lambda job: job.created):
            if job.status != "waiting" or len(self.workshop.busy()) >= self.workshop.running or self.folder is None:
                continue
            folder = self.folder / job.id
            self.workshop.start(job.id, ("train", str(folder / RECIPE), "--out", str(folder), "--threads", "1"), folder / LOG)
            job.status = "running"
            self._mark(job)
            self._keep(job)
            begun.add(job.id)
        return begun

    def _follow(self, job: Job) -> None:
        """What its process last said, and how it ended if it did; past its bounds it is told to end."""
        said = self.workshop.said(job.id) or {}
        job.step, job.loss = int(said.get("step", job.step)), said.get("loss", job.loss)
        job.test, job.seconds = said.get("test_accuracy", job.test), float(said.get("seconds", job.seconds) or job.seconds)
        if self.workshop.state(job.id) == "ended":
            self._settle(job, said)
        elif job.seconds > 60 * MINUTES:
            self.workshop.stop(job.id)
            job.status, job.message = "stopped", f"It has been trained for {MINUTES:g} minutes, the most a training of the lab takes."

    def _settle(self, job: Job, said: dict[str, Any]) -> None:
        code = self.workshop.code(job.id)
        if code == 0 and not said.get("stopped"):
            job.status, job.step = "finished", job.steps
        elif code == 0:
            job.status = "paused"
        else:
            job.status, job.message = (
                "failed",
                self.workshop.complaint(job.id).removeprefix("layerfold: ") or f"Its process ended with {code}.",
            )
        self.workshop.forget(job.id)

    def _keep(self, job: Job) -> None:
        assert self.folder is not None
        write_atomically(self.folder / job.id / JOB, json.dumps(asdict(job), indent=1).encode() + b"\n")

    def _mark(self, job: Job) -> None:
        """The run says whether more steps are to be expected."""
        assert self.folder is not None
        marker = self.folder / job.id / PAUSED
        if job.status in ("running", "waiting", "finished"):
            marker.unlink(missing_ok=True)
        else:
            write_atomically(marker, b"")

    def _unused(self, folder: Path, name: str) -> str:
        number, unused = 2, name
        while (folder / unused).exists():
            unused, number = f"{name}-{number}", number + 1
        return unused


def _found(folder: Path) -> list[Job]:
    """The jobs that earlier servers left; what ran then is paused."""
    jobs = []
    for path in sorted(folder.glob(f"*/{JOB}")):
        try:
            job = Job(**json.loads(path.read_text("utf-8")))
            job.card()
        except (OSError, ValueError, TypeError) as error:
            log.warning("%s is left out: %s", path, error)
            continue
        if job.id != path.parent.name:
            continue
        if job.status in ("running", "waiting"):
            job.status = "paused"
            write_atomically(path.parent / PAUSED, b"")
            write_atomically(path, json.dumps(asdict(job), indent=1).encode() + b"\n")
        jobs.append(job)
    return jobs
