"""Who may talk to the server: our own pages, by our own names.

A page of another site can make a browser send requests here, and by DNS rebinding even read the
answers. So every request must name a known Host, an unsafe method or a WebSocket must come from the
same origin, and answers carry a policy under which the page loads nothing from elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from layerfold.errors import ForeignOrigin
from layerfold.server.error_answers import answer_of
from layerfold.server.hosts import OPTION, SCHEMES, Allowed, Host
from layerfold.server.protocol.http import ErrorAnswer, Problem, Reach
from layerfold.server.proxy import Proxies, as_asked, hint, lacks_slash

NO_PROXIES: Final = Proxies()
UPGRADE: Final = (
    "The socket would be opened to this page. If it does not open, a proxy on the way does not pass"
    " WebSockets on: have it speak HTTP/1.1 and pass the headers Upgrade and Connection."
)
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


def check_host(headers: Headers, hosts: Sequence[Allowed]) -> None:
    """The request names one Host, and it is ours. Raises ForeignOrigin."""
    names = headers.getlist("host")
    named = Host.of_header(names[0]) if len(names) == 1 else None
    if any(one.is_host(named) for one in hosts):
        return
    said = ", ".join(names)[:100]
    if named is None:
        raise ForeignOrigin(f"The Host {said!r} is not this server's name. Name one host.")
    raise ForeignOrigin(
        f"The Host {said!r} is not this server's name. If it is yours, start with"
        f" {OPTION} {named.name}, or set LAYERFOLD_ALLOWED_HOSTS."
    )


def check_origin(headers: Headers, hosts: Sequence[Allowed] = ()) -> None:
    """The request comes from a page of this server, or from no page at all. Raises ForeignOrigin.

    Browsers send Origin with every WebSocket and every unsafe request, so a request without one is
    a program's. A page is ours if its origin is the Host, or one that was allowed by name: a proxy
    may have put its own name for this server into Host.
    """
    origins = headers.getlist("origin")
    if not origins and headers.get("sec-fetch-site", "none") in ("none", "same-origin"):
        return
    host = headers.get("host", "").lower()
    if len(origins) == 1 and origins[0].lower() in (f"http://{host}", f"https://{host}"):
        return
    scheme, named = _origin(origins[0]) if len(origins) == 1 else ("", None)
    if named is not None and any(one.is_origin(scheme, named) for one in hosts if not one.own):
        return
    raise ForeignOrigin(
        f"The origin {', '.join(origins)[:100]!r} is not this server's page, which goes by"
        f" {host[:100]!r} here. {_remedy(named)}"
    )


def _origin(words: str) -> tuple[str, Host | None]:
    """The scheme and the host of an origin; no host where there is no sense in it."""
    scheme, _, rest = words.lower().partition("://")
    return scheme, Host.of_header(rest) if scheme in SCHEMES else None


def _remedy(named: Host | None) -> str:
    if named is None:
        return "Open the page by its own address, not from a file or in a frame that has no origin."
    name = named.name if named.port is None else f"{named.name}:{named.port}"
    return f"If it is yours, start with {OPTION} {name}, or have the proxy pass Host on as it came."


def reach(headers: Headers, hosts: Sequence[Allowed], origin: str) -> Reach:
    """Whether the socket would be opened to a page of this origin, and what to set where it would
    not.
    """
    asked = [
        (name, value) for name, value in headers.raw if name not in (b"origin", b"sec-fetch-site")
    ]
    try:
        check_origin(Headers(raw=[*asked, (b"origin", origin.encode("latin-1", "replace"))]), hosts)
    except ForeignOrigin as error:
        return Reach(accepted=False, message=str(error))
    return Reach(accepted=True, message=UPGRADE)


async def accept(socket: WebSocket, hosts: Sequence[Allowed] = ()) -> bool:
    """The one way to accept a WebSocket: True when it is of our own origin and open, else it is
    refused (HTTP 403).
    """
    try:
        check_origin(socket.headers, hosts)
    except ForeignOrigin as error:
        await socket.send_denial_response(_refusal(error))
        return False
    await socket.accept()
    return True


class Guard:
    """ASGI middleware: a foreign Host or an unsafe request of another origin never reaches the app;
    answers get HEADERS.

    Behind a proxy the app gets the request as the browser made it.
    """

    def __init__(
        self, app: ASGIApp, hosts: Sequence[Allowed], proxies: Proxies = NO_PROXIES
    ) -> None:
        self.app = app
        self.hosts = tuple(hosts)
        self.proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        try:
            # also behind a proxy: a page of a foreign name can say what it likes else
            check_host(Headers(scope=scope), self.hosts)
            asked = as_asked(scope, self.proxies, self.hosts)
            if scope["type"] == "http" and scope["method"] not in SAFE_METHODS:
                check_origin(Headers(scope=asked), self.hosts)
        except ForeignOrigin as error:
            await self._refuse(
                ForeignOrigin(f"{error}{hint(scope, self.proxies)}"), scope, receive, send
            )
            return
        if scope["type"] == "http" and (better := lacks_slash(scope, self.proxies)):
            await RedirectResponse(better)(scope, receive, _with_headers(send))
            return
        await self.app(asked, receive, _with_headers(send) if scope["type"] == "http" else send)

    async def _refuse(
        self, error: ForeignOrigin, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if scope["type"] == "websocket":
            await WebSocket(scope, receive, send).send_denial_response(_refusal(error))
        else:
            problem = Problem(code=error.code, message=str(error))
            answer = answer_of(Headers(scope=scope), error.status, problem)
            await answer(scope, receive, _with_headers(send))


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
        await send(message)

    return send_with_headers


def _refusal(error: ForeignOrigin) -> JSONResponse:
    answer = ErrorAnswer(error=Problem(code=error.code, message=str(error)))
    return JSONResponse(answer.model_dump(), error.status)
