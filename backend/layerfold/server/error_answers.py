"""Errors as answers over HTTP, all in one shape: JSON; and where a browser would show the answer as
a page of its own, its words in the language that it prefers.
"""

from __future__ import annotations

from html import escape
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response

from layerfold.errors import LayerfoldError
from layerfold.locales.messages import ENGLISH, render
from layerfold.server.protocol.http import ErrorAnswer, Problem

PAGE: Final = """<!doctype html>
<html lang="{language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Layerfold</title>
<body style="max-width: 36em; margin: 3em auto; padding: 0 1em; font: 16px/1.5 sans-serif">
<p>{words}</p>
"""


def answer_errors(app: FastAPI) -> None:
    """Whatever is raised is answered with its code and its message."""

    def answer(request: Request, status: int, code: str, message: str) -> Response:
        return answer_of(request.headers, status, Problem(code=code, message=message))

    @app.exception_handler(LayerfoldError)
    async def ours(request: Request, error: LayerfoldError) -> Response:
        return answer(request, error.status, error.code, str(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return answer(request, 422, "bad_input", f"{where}: {first['msg']}.")

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "error")
        answered = answer(request, error.status_code, code, f"{error.detail}.")
        answered.headers.update(error.headers or {})
        return answered

    @app.exception_handler(Exception)
    async def unknown(request: Request, error: Exception) -> Response:
        return answer(request, 500, "error", "The server failed; its log says why.")


def answer_of(headers: Headers, status: int, problem: Problem) -> Response:
    """What is wrong, for whoever sent these headers."""
    if "text/html" not in headers.get("accept", ""):
        return JSONResponse(ErrorAnswer(error=problem).model_dump(), status)
    first = headers.get("accept-language", "").lower()
    language = "zh" if first.startswith("zh") else ENGLISH
    words = escape(render(problem.message, language))
    return HTMLResponse(PAGE.format(language=language, words=words), status)
