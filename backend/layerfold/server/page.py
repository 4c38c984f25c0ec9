"""The page at ``/`` and ``/static``."""

from __future__ import annotations

import logging
from pathlib import Path

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.staticfiles import StaticFiles
from starlette.types import Scope

from layerfold.server.page_files import PageFile, PageFiles, packing
from layerfold.server.routes import FOR_GOOD, REVALIDATE, KnownTag, tagged

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
    files, built = Files(directory=folder, html=True), PageFiles(folder)

    @app.api_route("/{path:path}", methods=["GET", "HEAD"], include_in_schema=False)
    @app.api_route("/static/{path:path}", methods=["GET", "HEAD"], include_in_schema=False)
    async def page(path: str, request: Request, v: str = "", known: KnownTag = None) -> Response:
        file = built.find(path)
        if file is None:
            return await files.get_response(path or ".", request.scope)
        return page_answer(file, request.headers.get("accept-encoding", ""), v, known)


def page_answer(file: PageFile, accepted: str, version: str, known: str | None) -> Response:
    """A file of the page, packed as the browser takes it; kept for good where it was asked for with
    its version.
    """
    coding = packing(file, accepted)
    data = file.packed[coding] if coding else file.data
    answer = tagged(data, file.media, f'"{file.digest[:32]}{coding or ""}"', known)
    answer.headers["Vary"] = "Accept-Encoding"
    if coding and answer.status_code == 200:
        answer.headers["Content-Encoding"] = coding
    if version == file.version:
        answer.headers["Cache-Control"] = FOR_GOOD
    return answer
