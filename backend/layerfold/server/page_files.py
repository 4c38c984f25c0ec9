"""The page's own files, at ``/`` and ``/static``."""

from __future__ import annotations

import logging
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from layerfold.server.routes import REVALIDATE

log = logging.getLogger(__name__)


class Files(StaticFiles):
    """Files of the page; a browser asks each time whether its copy is current, so an upgrade is
    seen.
    """

    async def get_response(self, path: str, scope: Scope) -> Response:
        try:
            response = await super().get_response(path, scope)
        except ValueError:  # a NUL in the path
            raise HTTPException(404) from None
        response.headers["Cache-Control"] = REVALIDATE
        return response


def serve_page(app: FastAPI, folder: Path) -> None:
    """The page at ``/`` and ``/static``; a route and not a mount, so that a wrong method of
    ``/api`` is told the right ones.
    """
    if not folder.is_dir():
        log.warning("The page is not built (there is no %s): run make page.", folder)
        return
    files = Files(directory=folder, html=True)

    @app.api_route("/{path:path}", methods=["GET", "HEAD"], include_in_schema=False)
    @app.api_route("/static/{path:path}", methods=["GET", "HEAD"], include_in_schema=False)
    async def page(path: str, request: Request) -> Response:
        return await files.get_response(path or ".", request.scope)
