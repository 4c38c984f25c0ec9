"""The route that writes a run's page down as one file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fastapi import APIRouter, Response
from starlette.concurrency import run_in_threadpool

from layerfold.errors import TextTooLong
from layerfold.interp.session import Session
from layerfold.server.catalog import Catalog
from layerfold.server.jobs import Jobs, Rank
from layerfold.server.protocol.http import Limits, Written
from layerfold.server.protocol.messages import well_formed
from layerfold.server.routes import BUSY, FOREIGN, OF_A_RUN, RunName
from layerfold.server.standalone import Wish, write_page


def create_standalone_routes(
    catalog: Catalog, jobs: Jobs, limits: Callable[[Session], Limits], page: Path
) -> APIRouter:
    """``POST /api/runs/{run}/page``; ``page`` is the folder of the built page."""
    api = APIRouter(responses=FOREIGN)

    @api.post(
        "/api/runs/{run}/page",
        response_class=Response,
        responses={
            **OF_A_RUN,
            **BUSY,
            200: {"content": {"text/html": {}}, "description": "The page as one file"},
        },
    )
    async def post_page(run: RunName, asked: Written) -> Response:
        """The page of a run, with these texts placed, as one file that needs no server."""
        opened = await run_in_threadpool(catalog.open, run)
        bounds = limits(opened)
        texts = tuple(well_formed(text) for text in asked.texts)
        if max(map(len, texts)) > bounds.characters:
            raise TextTooLong(f"At most {bounds.characters} characters are read. Shorten the text.")
        wish = Wish(texts, asked.fragment, asked.projection)
        made = await jobs.run(
            ("page", run), Rank.REST, lambda: write_page(opened, run, wish, page, bounds)
        )
        name = f"{''.join(c for c in run if c.isalnum() or c in '-_') or 'layerfold'}.html"
        return Response(
            made,
            media_type="text/html",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    return api
