"""Who may talk to the server: our own pages, by our own names.

A page of another site can make a browser send requests here, and by DNS rebinding even read the
answers. So every request must name a known Host, an unsafe method or a WebSocket must come from the
same origin, and answers carry a policy under which the page loads nothing from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from layerfold.errors import ForeignOrigin

LOCAL_NAMES: Final = ("localhost", "127.0.0.1", "[::1]")
ANY_ADDRESS: Final = ("", "0.0.0.0", "::")
SAFE_METHODS: Final = ("GET", "HEAD", "OPTIONS")

# Plotly writes style elements and draws through data: and blob: images; scripts are files of ours,
# without exception.
POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
    )
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def known_hosts(host: str, further: Iterable[str] = ()) -> tuple[str, ...]:
    """The names the server answers to: the local ones, the address it listens on, and those allowed
    by name.
    """
    given = () if host in ANY_ADDRESS else (f"[{host}]" if ":" in host else host,)
    return tuple(dict.fromkeys(name.lower() for name in (*LOCAL_NAMES, *given, *further)))


def check_host(headers: Headers, hosts: Sequence[str]) -> None:
    """The request names one Host, and it is ours. Raises ForeignOrigin."""
    names = headers.getlist("host")
    if len(names) != 1 or _host_name(names[0]) not in hosts:
        raise ForeignOrigin(
            f"The Host {', '.join(names)[:100]!r} is not this server's name. Allow it with"
            " LAYERFOLD_ALLOWED_HOSTS if it is."
        )


def check_origin(headers: Headers) -> None:
    """The request comes from a page of this server, or from no page at all. Raises ForeignOrigin.

    Browsers send Origin with every WebSocket and every unsafe request, so a request without one is
    a program's.
    """
    origins = headers.getlist("origin")
    if not origins and headers.get("sec-fetch-site", "none") in ("none", "same-origin"):
        return
    host = headers.get("host", "").lower()
    if len(origins) != 1 or origins[0].lower() not in (f"http://{host}", f"https://{host}"):
        raise ForeignOrigin(
            f"The origin {', '.join(origins)[:100]!r} is not this server's page. Open the page from"
            f" {host[:100]!r} itself."
        )


async def accept(socket: WebSocket) -> bool:
    """The one way to accept a WebSocket: True when it is of our own origin and open, else it is
    refused (HTTP 403).
    """
    try:
        check_origin(socket.headers)
    except ForeignOrigin as error:
        await socket.send_denial_response(_refusal(error))
        return False
    await socket.accept()
    return True


class Guard:
    """ASGI middleware: a foreign Host or an unsafe request of another origin never reaches the app;
    answers get HEADERS.
    """

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        self.app = app
        self.hosts = tuple(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        try:
            headers = Headers(scope=scope)
            check_host(headers, self.hosts)
            if scope["type"] == "http" and scope["method"] not in SAFE_METHODS:
                check_origin(headers)
        except ForeignOrigin as error:
            await self._refuse(error, scope, receive, send)
            return
        await self.app(scope, receive, _with_headers(send) if scope["type"] == "http" else send)

    async def _refuse(
        self, error: ForeignOrigin, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if scope["type"] == "websocket":
            await WebSocket(scope, receive, send).send_denial_response(_refusal(error))
        else:
            await _refusal(error)(scope, receive, _with_headers(send))


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
        await send(message)

    return send_with_headers


def _refusal(error: ForeignOrigin) -> JSONResponse:
    return JSONResponse({"error": {"code": error.code, "message": str(error)}}, error.status)


def _host_name(header: str) -> str | None:
    """The name in a Host header, in lower case, without the port; None when there is no sense in
    it.
    """
    if any(mark in header for mark in "/\\@?# \t,"):
        return None
    try:
        parts = urlsplit(f"//{header}")
        _ = parts.port
    except ValueError:
        return None
    name = parts.hostname
    return f"[{name}]" if name and ":" in name else name
