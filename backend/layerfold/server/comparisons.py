"""The HTTP answers about two runs, or two steps of one, laid over each other."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any, Final

import numpy as np
from fastapi import APIRouter, Path, Query, Response
from safetensors.numpy import save

from layerfold.atlas.projection_files import UMAP
from layerfold.errors import TextTooLong
from layerfold.interp.compare_runs import Aligner, Alignment
from layerfold.interp.session import Session
from layerfold.server.catalog import Catalog
from layerfold.server.jobs import Jobs, Rank
from layerfold.server.protocol.encode import encode_slice
from layerfold.server.protocol.http import ComparisonTable, ErrorAnswer, Limits, Reading
from layerfold.server.protocol.messages import well_formed
from layerfold.server.protocol.tables import comparison_table

RunName = Annotated[str, Path(description="a name from the catalogue")]
Other = Annotated[
    str, Query(min_length=1, max_length=200, description="the run that is laid over it")
]
Step = Annotated[int, Path(ge=0, le=2**53 - 1, description="a training step that has clouds")]
OtherStep = Annotated[
    int, Query(ge=0, le=2**53 - 1, description="a training step of the other run")
]
Shown = Annotated[
    str, Query(min_length=1, max_length=64, description="one of the card's projections")
]

BINARY: Final = "application/octet-stream"
TENSORS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {BINARY: {"schema": {"type": "string", "format": "binary"}}},
        "description": "safetensors",
    }
}
REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    404: {"model": ErrorAnswer, "description": "No such run or step"},
    409: {
        "model": ErrorAnswer,
        "description": "A file of a run is missing or damaged, or it has no weights",
    },
    422: {
        "model": ErrorAnswer,
        "description": "The two cannot be laid over each other, or a parameter cannot be used",
    },
    503: {
        "model": ErrorAnswer,
        "description": "More computations are waiting than the server keeps in line",
    },
}

Align = Callable[[str, int, str, int], Awaitable[Alignment]]


def add_comparing(
    api: APIRouter, catalog: Catalog, jobs: Jobs, limits: Callable[[Session], Limits]
) -> None:
    """The routes that lay one run over another."""
    align = _aligned(catalog, jobs)
    _add_table(api, align)
    _add_clouds(api, jobs, align)
    _add_reading(api, jobs, limits, align)


def _aligned(catalog: Catalog, jobs: Jobs) -> Align:
    """Lays the states of a run at a step over those of another, one at a time for each pair."""
    aligner = Aligner()

    async def align(run: str, step: int, other: str, at: int) -> Alignment:
        owner = ("align", run, other)
        return await jobs.run(
            owner,
            Rank.REST,
            lambda: aligner.align(catalog.open(run), step, catalog.open(other), at),
        )

    return align


def _add_table(api: APIRouter, align: Align) -> None:
    """What is left at each site."""

    @api.get("/api/runs/{run}/compare/{step}", responses=REFUSALS)
    async def compare(run: RunName, step: Step, other: Other, at: OtherStep) -> ComparisonTable:
        """What is left of a run's states at each site once the other's are turned onto them; and
        without turning.
        """
        found = await align(run, step, other, at)
        return comparison_table(found, run, other)


def _add_clouds(api: APIRouter, jobs: Jobs, align: Align) -> None:
    """Where the other run's tokens lie."""

    @api.get(
        "/api/runs/{run}/compare/{step}/clouds",
        response_class=Response,
        responses={**REFUSALS, **TENSORS},
    )
    async def compared_clouds(
        run: RunName, step: Step, other: Other, at: OtherStep, projection: Shown = UMAP
    ) -> Response:
        """Where the other run's drawn tokens lie in this run's clouds: positions F16 [site, drawn,
        3], outside F32 [site, drawn].
        """
        found = await align(run, step, other, at)
        placed = await jobs.run(("align", run, other), Rank.REST, partial(found.places, projection))
        positions = np.clip(placed.positions, -60000, 60000).astype(np.float16)
        data = save(
            {
                "positions": np.ascontiguousarray(positions),
                "outside": np.ascontiguousarray(placed.outside, dtype=np.float32),
            }
        )
        return Response(
            data,
            media_type=BINARY,
            headers={"ETag": f'"{hashlib.sha256(data).hexdigest()}"', "Cache-Control": "no-cache"},
        )


def _add_reading(
    api: APIRouter, jobs: Jobs, limits: Callable[[Session], Limits], align: Align
) -> None:
    """A text as the other run reads it."""

    @api.post(
        "/api/runs/{run}/compare/{step}/reading",
        response_class=Response,
        responses={**REFUSALS, **TENSORS},
    )
    async def compared_reading(run: RunName, step: Step, asked: Reading) -> Response:
        """A text as the other run reads it, turned and placed in this run's clouds; a slice as of
        the stream.
        """
        found = await align(run, step, asked.other, asked.at)
        bounds, text = limits(found.a), well_formed(asked.text)
        if len(text) > bounds.characters:
            raise TextTooLong(
                f"The text has {len(text)} characters; at most {bounds.characters} are read."
                " Shorten it."
            )
        slice_ = await jobs.run(
            ("align", run, asked.other),
            Rank.FIRST,
            lambda: found.read(text, bounds.tokens, asked.projection, asked.special),
        )
        return Response(encode_slice(0, run, "", slice_), media_type=BINARY)
