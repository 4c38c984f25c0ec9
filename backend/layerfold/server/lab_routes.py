"""The HTTP routes of the lab: what can be trained, the trainings, and what is done with one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path

from layerfold.server.lab import Lab
from layerfold.server.protocol.http import ErrorAnswer
from layerfold.server.protocol.lab import JobCard, JobList, LabOffer, NewJob

Errors = dict[int | str, dict[str, Any]]
JobId = Annotated[str, Path(min_length=1, max_length=200, description="the id of a training")]
FOREIGN: Final[Errors] = {
    403: {
        "model": ErrorAnswer,
        "description": "A foreign Host, a page of another origin, or a lab that is closed",
    }
}
INVALID: Final[Errors] = {
    422: {
        "model": ErrorAnswer,
        "description": "What cannot be trained, or cannot be done with it now",
    }
}
NOT_FOUND: Final[Errors] = {404: {"model": ErrorAnswer, "description": "No such training"}}
BUSY: Final[Errors] = {503: {"model": ErrorAnswer, "description": "The lab is full"}}
BODY_BYTES: Final = 5 << 19  # a text of one's own, written in JSON
LARGE: Final[Errors] = {413: {"model": ErrorAnswer, "description": "More than the server reads"}}


def create_lab_routes(lab: Lab, told: Callable[[str], None] = lambda run: None) -> APIRouter:
    """Every route of the lab; ``told`` hears of the run of a training that was begun, ended or
    deleted.
    """
    api = APIRouter(responses=FOREIGN)

    @api.get("/api/lab")
    def get_lab() -> LabOffer:
        """What can be trained in the page, and within what bounds."""
        return lab.offer()

    @api.get("/api/jobs")
    def list_jobs() -> JobList:
        """The trainings, the newest first."""
        return lab.jobs()

    @api.post(
        "/api/jobs",
        status_code=201,
        responses={**INVALID, **BUSY, **LARGE},
        max_body_size=BODY_BYTES,
    )
    def start_job(asked: NewJob) -> JobCard:
        """A training begins, or waits for its turn."""
        card = lab.create(asked)
        told(card.run)
        return card

    def acting(verb: str, act: Callable[[str], JobCard], words: str) -> None:
        @api.post(
            f"/api/jobs/{{id}}/{verb}",
            name=f"{verb}_job",
            description=words,
            responses={**NOT_FOUND, **INVALID, **BUSY},
        )
        def do(id: JobId) -> JobCard:
            card = act(id)
            told(card.run)
            return card

    acting("pause", lab.pause, "A training saves what it needs and ends, to be resumed.")
    acting("resume", lab.resume, "A training goes on where it was.")
    acting("stop", lab.stop, "A training ends.")

    @api.delete("/api/jobs/{id}", responses={**NOT_FOUND, **INVALID, **BUSY})
    def delete_job(id: JobId) -> JobList:
        """A training and its run are gone."""
        left = lab.remove(id)
        told(id)
        return left

    return api
