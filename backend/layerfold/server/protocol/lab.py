"""What HTTP answers of the lab, where a person trains small models in the page."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from layerfold.server.protocol.http import Message, Problem, Said


class LabNumber(Message):
    """A number that may be chosen, from `low` to `high`; `log`: what counts is how many times
    larger it is.
    """

    name: str
    title_en: str
    title_zh: str
    low: float
    high: float
    default: float
    whole: bool = False
    log: bool = False


class LabTask(Message):
    """Something that can be learned in the page; `text`: from a text of one's own."""

    name: str
    title_en: str
    title_zh: str
    about_en: str
    about_zh: str
    text: bool = False
    numbers: Annotated[
        list[LabNumber],
        Field(description="with the values that suit this task: learning_rate, weight_decay, …"),
    ]
    optimizer: Annotated[str, Field(description="the one that suits this task")]
    suited: Annotated[
        dict[str, dict[str, float]],
        Field(default_factory=dict, description="by optimiser, numbers that suit it"),
    ]


class LabLimits(Message):
    """Bounds of the lab: trainings at once, runs kept, minutes and bytes of one."""

    running: int
    kept: int
    minutes: float
    bytes: int
    text_bytes: int


class LabOffer(Message):
    """What can be trained here; `closed` says why nothing can."""

    tasks: list[LabTask]
    optimizers: list[str]
    limits: LabLimits
    closed: Problem | None = None


class NewJob(Message):
    """A training that is asked for; what is not named is as suits the task."""

    task: Annotated[str, Field(min_length=1, max_length=64)]
    text: Annotated[str | None, Field(description="the text of one's own")] = None
    title: Annotated[str, Field(max_length=80)] = ""
    optimizer: Annotated[str, Field(max_length=16)] = ""
    numbers: Annotated[dict[str, float], Field(default_factory=dict, max_length=32)]


class JobCard(Said):
    """A training of the lab; `run` is the run that it writes, `message` why it failed or waits,
    `test` its accuracy 0..1.
    """

    id: str
    run: str
    title: str
    task: str
    optimizer: str
    numbers: dict[str, float]
    status: Literal["waiting", "running", "paused", "stopped", "finished", "failed"]
    step: int
    steps: int
    loss: float | None = None
    test: float | None = None
    seconds: float = 0.0
    message: str = ""


class JobList(Message):
    """The trainings of the lab, the newest first."""

    jobs: list[JobCard]
