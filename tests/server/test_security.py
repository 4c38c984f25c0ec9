"""Strangers: foreign names, foreign pages, on every route there is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.datastructures import Headers
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.testclient import WebSocketDenialResponse

from layerfold.errors import ForeignOrigin
from layerfold.server.hosts import known_hosts
from layerfold.server.security import check_host, check_origin
from tests.server.conftest import application
from tests.server.fakes import FakeRun

HOSTS = known_hosts("192.168.1.5", ("Layerfold.Example",))
GOOD_HOSTS = [
    "localhost",
    "localhost:8765",
    "127.0.0.1:1",
    "[::1]:8765",
    "LOCALHOST",
    "192.168.1.5",
    "layerfold.example:443",
]
BAD_HOSTS = [
    "evil.example",
    "localhost.evil.example",
    "evil-localhost",
    "127.0.0.1.evil.example",
    "127.0.0.2",
    "127.1",
    "0.0.0.0",
    "[::2]",
    "[::1",
    "localhost:port",
    "localhost:99999",
    "localhost@evil.example",
    "evil.example@localhost",
    "localhost/",
    "localhost#",
    "localhost, evil.example",
    "",
    " ",
]
BAD_ORIGINS = [
    "null",
    "",
    "http://evil.example",
    "http://evil.example:8765",
    "http://localhost",
    "http://localhost:1",
    "http://localhost:8765.evil.example",
    "http://evil-localhost:8765",
    "http://localhost:87650",
    "http://localhost:8765/",
    "file://",
    "localhost:8765",
    "chrome-extension://localhost:8765",
]


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return application(FakeRun())


def routes_of(app: FastAPI) -> Iterator[BaseRoute]:
    """All routes, those of routers inside too."""
    waiting = list(app.routes)
    while waiting:
        route = waiting.pop()
        inside = getattr(route, "routes", None) or getattr(
            getattr(route, "original_router", None), "routes", None
        )
        waiting += inside or []
        if not inside:
            yield route


def path_of(route: BaseRoute) -> str:
    assert isinstance(route, Route | WebSocketRoute), (
        f"{route} is of a kind this test does not know"
    )
    return route.path.replace("{run}", "fake").replace("{step}", "1").replace("{path:path}", "")


@pytest.mark.parametrize("host", GOOD_HOSTS)
def test_our_names(host: str) -> None:
    check_host(Headers({"host": host}), HOSTS)


@pytest.mark.parametrize("host", BAD_HOSTS)
def test_foreign_names(host: str) -> None:
    with pytest.raises(ForeignOrigin):
        check_host(Headers({"host": host}), HOSTS)


def test_two_names_or_none() -> None:
    for raw in ([(b"host", b"localhost"), (b"host", b"localhost")], []):
        with pytest.raises(ForeignOrigin):
            check_host(Headers(raw=raw), HOSTS)


def test_an_open_address_is_no_name() -> None:
    assert known_hosts("0.0.0.0") == known_hosts("::")
    assert [one.name for one in known_hosts("0.0.0.0")] == ["localhost", "127.0.0.1", "[::1]"]


@pytest.mark.parametrize("origin", BAD_ORIGINS)
def test_foreign_pages(origin: str) -> None:
    with pytest.raises(ForeignOrigin):
        check_origin(Headers({"host": "localhost:8765", "origin": origin}))


@pytest.mark.parametrize(
    "headers", [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}]
)
def test_a_browser_that_says_cross_site_without_origin(headers: dict[str, str]) -> None:
    with pytest.raises(ForeignOrigin):
        check_origin(Headers({"host": "localhost:8765", **headers}))


@pytest.mark.parametrize(
    "origin", ["http://localhost:8765", "https://localhost:8765", "HTTP://LOCALHOST:8765", None]
)
def test_our_own_pages_and_programs(origin: str | None) -> None:
    check_origin(Headers({"host": "localhost:8765"} | ({"origin": origin} if origin else {})))


def test_every_route_refuses_every_foreign_host(app: FastAPI) -> None:
    paths = [path_of(route) for route in routes_of(app) if isinstance(route, Route)]
    assert len(paths) >= 8
    client = TestClient(app, base_url="http://127.0.0.1")
    for path in [*paths, "/nothing"]:
        for host in ("evil.example", "localhost.evil.example", "127.0.0.1@evil.example"):
            answer = client.get(path, headers={"Host": host})
            assert (answer.status_code, answer.json()["error"]["code"]) == (
                403,
                "foreign_origin",
            ), path


def test_every_websocket_refuses_every_foreign_host_and_origin(app: FastAPI) -> None:
    paths = [path_of(route) for route in routes_of(app) if isinstance(route, WebSocketRoute)]
    assert paths == ["/api/stream"], (
        "a new socket must be accepted by security.accept, and be named here"
    )
    client = TestClient(app, base_url="http://localhost:8765")
    for path in paths:
        strangers = [{"Host": host} for host in BAD_HOSTS] + [
            {"Host": "localhost:8765", "Origin": origin} for origin in BAD_ORIGINS
        ]
        for headers in strangers:
            with (
                pytest.raises(WebSocketDenialResponse) as caught,
                client.websocket_connect(path, headers=headers),
            ):
                pass
            assert caught.value.status_code == 403, headers


def test_unsafe_methods_of_other_pages_are_refused(app: FastAPI) -> None:
    client = TestClient(app, base_url="http://127.0.0.1")
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert (
            client.request(
                method, "/api/health", headers={"Origin": "http://evil.example"}
            ).status_code
            == 403
        )
        assert (
            client.request(
                method, "/api/health", headers={"Origin": "http://127.0.0.1"}
            ).status_code
            == 405
        )


def test_a_person_is_refused_in_words_and_a_program_in_json() -> None:
    """Where a browser shows the answer as a page, it says what to do, in the reader's language."""
    client = TestClient(application(FakeRun()), headers={"Host": "foreign.test"})
    marked = client.get("/", headers={"Host": "<b>x</b>", "Accept": "text/html"})
    assert "&lt;b&gt;" in marked.text
    assert "<b>" not in marked.text
    program = client.get("/api/runs", headers={"Accept": "*/*"})
    assert program.json()["error"]["code"] == "foreign_origin"
    for language, words in (("zh-CN,zh;q=0.9", "若它是您的"), ("en-GB", "If it is yours, start")):
        headers = {"Accept": "text/html,*/*;q=0.8", "Accept-Language": language}
        page = client.get("/", headers=headers)
        assert (page.status_code, page.headers["content-type"].split(";")[0]) == (403, "text/html")
        assert words in page.text
        assert "--allow-host foreign.test" in page.text
