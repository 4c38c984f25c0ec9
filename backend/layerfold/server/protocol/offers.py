"""What HTTP answers of the models that a page can fetch."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from layerfold.server.protocol.http import Message, Problem, Said


class ModelOffer(Said):
    """A model that can be fetched; `share` says how far it is while it is `fetching`, `run` what it
    is served as once it is open, `message` why the last try failed.
    """

    name: str
    title: str
    megabytes: int
    disk_megabytes: int
    licence: str
    source: str
    better: Annotated[str, Field(description="what to open instead where a hub is reachable")]
    notes: list[str]
    status: Literal["absent", "fetching", "here"]
    stage: str = ""
    share: Annotated[float, Field(ge=0, le=1)] = 0.0
    run: str | None = None
    message: str = ""


class ModelOffers(Message):
    """The models that a page can fetch; `closed` says why none can be."""

    models: list[ModelOffer]
    closed: Problem | None = None
