"""Errors as answers over HTTP, all in one shape."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from layerfold.errors import LayerfoldError
from layerfold.server.protocol.http import ErrorAnswer, Problem


def answer_errors(app: FastAPI) -> None:
    """Whatever is raised is answered with its code and its message, as one kind of JSON."""

    @app.exception_handler(LayerfoldError)
    async def ours(request: Request, error: LayerfoldError) -> JSONResponse:
        return _error(error.status, error.code, str(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        return _error(
            422, "bad_input", f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}."
        )

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "error")
        return _error(error.status_code, code, f"{error.detail}.", error.headers)

    @app.exception_handler(Exception)
    async def unknown(request: Request, error: Exception) -> JSONResponse:
        return _error(500, "error", "The server failed; its log says why.")


def _error(status: int, code: str, message: str, headers: object = None) -> JSONResponse:
    kept = dict(headers) if isinstance(headers, dict) else None
    answer = ErrorAnswer(error=Problem(code=code, message=message))
    return JSONResponse(answer.model_dump(), status, headers=kept)
