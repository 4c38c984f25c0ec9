"""The lab: trainings that a person asks for in the page, each a process of its own that writes an
ordinary run.

What is known of a job is in its run's folder (``job.json``), so it outlives the server: what was
running then is found paused, and goes on where its training last saved.
"""

from __future__ import annotations

import json
import logging
import shutil
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

from layerfold.errors import Busy, InputError, JobNotFound, LabClosed
from layerfold.files.atomic import locked, write_atomically
from layerfold.runs.run import CARD, PAUSED
from layerfold.server.lab_job import GOING, JOB, Job, jobs_in
from layerfold.server.processes import ProcessPool
from layerfold.server.protocol.http import Problem
from layerfold.server.protocol.lab import JobCard, JobList, LabLimits, LabOffer, NewJob
from layerfold.server.protocol.tables import lab_tasks
from layerfold.training.lab import (
    OPTIMISERS,
    TEXT_BYTES,
    bytes_of,
    checked,
    recipe_of,
    titles,
)

RECIPE, LOG, TEXT, LOCK = "recipe.toml", "job.log", "text/own.txt", ".lock"
RUNNING: Final = 2
KEPT: Final = 24
MINUTES: Final = 30.0
BYTES: Final = 300_000_000
WEIGHED: Final = 10.0  # seconds between two looks at how much a run takes on disk
log = logging.getLogger(__name__)


def how_it_ended(code: int | None) -> str:
    """What became of a process that ended without a word."""
    if code is not None and code < 0:
        return (
            f"Its process was killed (signal {-code}), as happens when memory runs out. Resume it,"
            " or train something smaller."
        )
    return (
        f"Its process ended with {code}. Resume it; if that ends too, train it again from the"
        " beginning."
    )


class Lab:
    """Jobs in a folder, each in one of its own; every method may be called from any thread."""

    def __init__(
        self, folder: Path | None, workshop: ProcessPool | None = None, closed: str = ""
    ) -> None:
        """Without a folder, or with a reason to be ``closed``, nothing can be trained."""
        self.folder = folder
        self.closed = closed or (
            "" if folder else "This server has no folder for trainings. Start it with --lab FOLDER."
        )
        self.workshop = workshop or ProcessPool(RUNNING)
        self._lock = threading.RLock()
        self._jobs: dict[str, Job] = {}
        self._told = ""
        self._gone: list[Path] = []
        self._mine: IO[bytes] | None = None
        if folder is not None and not self.closed:
            self._take(folder)

    def _take(self, folder: Path) -> None:
        """The jobs of the folder are this server's, unless another one has them."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._mine = (folder / LOCK).open("ab")
        except OSError as error:
            self.closed = (
                f"The folder {folder} cannot be used ({error.strerror}). Name another with --lab."
            )
            return
        if not locked(self._mine):
            self._mine.close()
            self.closed = (
                f"Another server trains in {folder}. Use that one, stop it, or name another folder"
                " with --lab."
            )
            return
        self._jobs = {job.id: job for job in jobs_in(folder)}

    def offer(self) -> LabOffer:
        """What can be trained."""
        limits = LabLimits(
            running=self.workshop.running,
            kept=KEPT,
            minutes=MINUTES,
            bytes=BYTES,
            text_bytes=TEXT_BYTES,
        )
        why = Problem(code=LabClosed.code, message=self.closed) if self.closed else None
        return LabOffer(tasks=lab_tasks(), optimizers=list(OPTIMISERS), limits=limits, closed=why)

    def jobs(self) -> JobList:
        """All jobs, the newest first."""
        with self._lock:
            return JobList(
                jobs=[
                    job.card() for job in sorted(self._jobs.values(), key=lambda job: -job.created)
                ]
            )

    def create(self, asked: NewJob) -> JobCard:
        """The training has begun, or waits for its turn; raises InputError, CorpusError, Busy,
        LabClosed.
        """
        folder = self._open()
        offer, optimizer, numbers = checked(asked)
        if bytes_of(offer, int(numbers["steps"])) > BYTES:
            raise InputError(
                f"The run would take more than {BYTES // 1_000_000} MB: ask for fewer steps."
            )
        with self._lock:
            if len(self._jobs) >= KEPT:
                raise Busy(
                    f"The lab keeps {KEPT} trainings, and there are {len(self._jobs)}. Delete one."
                )
            name = self._unused(folder, f"{asked.task}-{optimizer}-s{int(numbers['seed'])}")
            title = in_one_line(asked.title) or f"{titles()[asked.task]} · {optimizer}"
            text = (asked.text or "").encode()
            corpus = str((folder / name / TEXT).parent.resolve()) if text else ""
            recipe = recipe_of(offer, optimizer, numbers, (name, title), corpus, asked.text or "")
            if text:
                write_atomically(folder / name / TEXT, text)
            write_atomically(folder / name / RECIPE, recipe.encode())
            job = Job(name, asked.task, title, optimizer, numbers, steps=int(numbers["steps"]))
            self._jobs[name] = job
            self._keep(job)
            self._begin()
            return job.card()

    def pause(self, id: str) -> JobCard:
        """The training has saved what it needs and ended; raises JobNotFound, InputError."""
        return self._end(id, "paused", GOING)

    def stop(self, id: str) -> JobCard:
        """The same, and nobody expects it to go on; it still may."""
        return self._end(id, "stopped", (*GOING, "paused"))

    def resume(self, id: str) -> JobCard:
        """The training goes on where it was, or waits for its turn; raises JobNotFound,
        InputError.
        """
        self._open()
        with self._lock:
            job = self._job(id)
            if job.status not in ("paused", "stopped", "failed"):
                raise InputError(
                    f"{job.title} is {job.status}: only what is paused, stopped or failed goes on."
                )
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
            with suppress(OSError):
                (folder / job.id / CARD).unlink()  # first, so that nobody follows the run any more
            self._gone.append(folder / job.id)
            self._sweep()
            self._begin()
        return self.jobs()

    def look(self) -> tuple[bool, set[str]]:
        """What became of each training is known, and the next has begun: whether jobs look
        otherwise, and which runs live or rest anew.
        """
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
            self._sweep()
            now = self.jobs().model_dump_json()
        changed, self._told = now != self._told, now
        return changed, turned

    def close(self) -> None:
        """Every training has saved and ended; they are found paused."""
        with self._lock:
            self.workshop.close()
            for job in self._jobs.values():
                if job.status in GOING:
                    self._follow(job, "paused")
                    job.status = "paused" if job.status == "waiting" else job.status
                    self._mark(job)
                    self._keep(job)
            if self._mine:
                self._mine.close()

    # ---- one job

    def _open(self) -> Path:
        if self.closed or self.folder is None:
            raise LabClosed(self.closed)
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
                self._follow(job, status)
            else:
                job.status = status
            self._mark(job)
            self._keep(job)
            self._begin()
            return job.card()

    def _begin(self) -> set[str]:
        """Those that wait begin, the oldest first, while there is room: their names."""
        begun = set()
        for job in sorted(self._jobs.values(), key=lambda job: job.created):
            if (
                job.status != "waiting"
                or len(self.workshop.busy()) >= self.workshop.running
                or self.folder is None
            ):
                continue
            folder = self.folder / job.id
            self.workshop.start(
                job.id,
                ("train", str(folder / RECIPE), "--out", str(folder), "--threads", "1"),
                folder / LOG,
            )
            job.status = "running"
            self._mark(job)
            self._keep(job)
            begun.add(job.id)
        return begun

    def _follow(self, job: Job, told: str = "") -> None:
        """What its process last said, and how it ended if it did, ``told`` or by itself; past its
        bounds it is told to end.
        """
        job.hear(self.workshop.said(job.id) or {})
        if self.workshop.state(job.id) != "running":
            self._settle(job, told)
        elif why := self._too_much(job):
            self.workshop.stop(job.id)
            self._settle(job, "stopped")
            job.message = why if job.status == "stopped" else job.message

    def _settle(self, job: Job, told: str) -> None:
        """How a process ended: a training that was told to, even before it had begun, is as it was
        told.
        """
        said, code = self.workshop.said(job.id) or {}, self.workshop.code(job.id)
        job.hear(said)
        if code == 0 and not said.get("stopped"):
            job.status, job.step = "finished", job.steps
        elif told or code == 0:
            job.status = told or "paused"
        else:
            job.status = "failed"
            said_last = self.workshop.complaint(job.id).removeprefix("layerfold: ")
            job.message = said_last or how_it_ended(code)
        self.workshop.forget(job.id)

    def _too_much(self, job: Job) -> str:
        """What bound a training is past, in words; how much it takes on disk is looked at now and
        then.
        """
        if job.seconds > 60 * MINUTES:
            return (
                f"It has been trained for {MINUTES:g} minutes, the most a training of the lab"
                " takes."
            )
        now = time.monotonic()
        if self.folder is None or now - job.weighed < WEIGHED:
            return ""
        job.weighed = now
        size = bytes_in(self.folder / job.id)
        return (
            f"Its run takes {size // 1_000_000} MB, and {BYTES // 1_000_000} MB is the most a"
            " training of the lab takes."
            if size > BYTES
            else ""
        )

    def _keep(self, job: Job) -> None:
        assert self.folder is not None
        write_atomically(
            self.folder / job.id / JOB, json.dumps(job.kept(), indent=1).encode() + b"\n"
        )

    def _mark(self, job: Job) -> None:
        """The run says whether more steps are to be expected."""
        assert self.folder is not None
        marker = self.folder / job.id / PAUSED
        if job.status in ("running", "waiting", "finished"):
            marker.unlink(missing_ok=True)
        else:
            write_atomically(marker, b"")

    def _sweep(self) -> None:
        """What was deleted is gone, also where somebody was still writing in it."""
        for path in self._gone:
            shutil.rmtree(path, ignore_errors=True)
        self._gone = [path for path in self._gone if path.exists()]

    def _unused(self, folder: Path, name: str) -> str:
        number, unused = 2, name
        while (folder / unused).exists():
            unused, number = f"{name}-{number}", number + 1
        return unused


def in_one_line(title: str) -> str:
    """A title in one line, without signs that are not seen."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in title).split())


def bytes_in(folder: Path) -> int:
    """What the files of a folder take, those that go meanwhile left out."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            total += path.lstat().st_size
    return total
