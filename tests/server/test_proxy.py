"""Behind a proxy: names as a person writes them, what is believed of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from starlette.datastructures import Headers
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from layerfold.errors import ForeignOrigin, InputError
from layerfold.server.app import create_app
from layerfold.server.catalog import Catalog
from layerfold.server.hosts import allowed_host, is_trusted, known_hosts, trusted_proxies
from layerfold.server.jobs import Jobs
from layerfold.server.proxy import root_path_of
from layerfold.server.security import check_host, check_origin
from layerfold.settings import Settings
from tests.server.conftest import running
from tests.server.fakes import FakeRun

NAME = "notebook.example.org"

# ---- names


@pytest.mark.parametrize(
    ("words", "hosts", "not_hosts", "origins", "not_origins"),
    [
        (
            NAME,
            [NAME, f"{NAME}:8443", NAME.upper()],
            [f"a.{NAME}", "example.org"],
            [f"https://{NAME}", f"http://{NAME}:8443"],
            [f"https://a.{NAME}"],
        ),
        (
            "*.example.org",
            [NAME, "a.b.example.org"],
            ["example.org", "example.org.evil.example", "evilexample.org"],
            [f"https://{NAME}"],
            ["https://example.org"],
        ),
        (
            f"https://{NAME}",
            [NAME, f"{NAME}:443"],
            [f"{NAME}:8443"],
            [f"https://{NAME}"],
            [f"http://{NAME}", f"https://{NAME}:8443"],
        ),
        (
            f"{NAME}:8443",
            [NAME, f"{NAME}:8443"],
            [f"{NAME}:1"],
            [f"https://{NAME}:8443"],
            [f"https://{NAME}"],
        ),
        (
            f"https://{NAME}:8443/",
            [f"{NAME}:8443"],
            [f"{NAME}:80"],
            [f"https://{NAME}:8443"],
            [f"http://{NAME}:8443"],
        ),
        (
            "bücher.example.org",
            ["xn--bcher-kva.example.org"],
            ["bucher.example.org"],
            ["http://xn--bcher-kva.example.org"],
            [],
        ),
        (
            "[2001:db8::1]:9000",
            ["[2001:db8::1]:9000"],
            ["[2001:db8::2]"],
            ["http://[2001:db8::1]:9000"],
            ["http://[2001:db8::1]:9"],
        ),
        ("2001:db8::1", ["[2001:db8::1]:9000"], ["[2001:db8::2]"], [], []),
        ("10.0.0.7", ["10.0.0.7:80"], ["10.0.0.8"], ["http://10.0.0.7"], []),
        (
            f"{NAME}.",
            [NAME, f"{NAME}.", f"{NAME}.:8443"],
            [f"{NAME}.."],
            [f"https://{NAME}.", f"https://{NAME}"],
            [f"https://{NAME}.evil.example"],
        ),
        (
            "[2001:0db8:0::1]",
            ["[2001:db8::1]", "[2001:0db8:0:0:0:0:0:1]:80"],
            ["[2001:db8::2]"],
            ["https://[2001:0db8:0:0:0:0:0:1]"],
            [],
        ),
    ],
)
def test_a_name_is_understood(
    words: str, hosts: list[str], not_hosts: list[str], origins: list[str], not_origins: list[str]
) -> None:
    known = known_hosts("127.0.0.1", [words])
    for host in hosts:
        check_host(Headers({"host": host}), known)
    for host in not_hosts:
        with pytest.raises(ForeignOrigin, match="--allow-host"):
            check_host(Headers({"host": host}), known)
    for origin in origins:
        check_origin(Headers({"host": "127.0.0.1:8765", "origin": origin}), known)
    for origin in (
        *not_origins,
        "null",
        f"https://{NAME}/",
        f"https://evil.example?{NAME}",
        f"ftp://{NAME}",
        "http://127.0.0.1:1",
    ):
        with pytest.raises(ForeignOrigin):
            check_origin(Headers({"host": "127.0.0.1:8765", "origin": origin}), known)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("*", "stands alone before the first dot"),
        ("*.org", "let in names of strangers"),
        ("*.0.0.7", "let in names of strangers"),
        ("note*.example.org", "stands alone"),
        ("a.*.example.org", "stands alone"),
        ("ftp://example.org", "neither http:// nor https://"),
        ("https://example.org/user/me", "a path is no part of a host.*--root-path"),
        ("me@example.org", "no host name"),
        ("example.org:port", "no host name"),
        ("example.org:", "no host name"),
        ("-example.org", "no host name"),
        ("exa mple.org", "no host name"),
        ("a..b", "no host name"),
        ("", "no host name"),
        ("*.[::1]", "no names below it"),
    ],
)
def test_a_name_that_means_nothing_is_refused_at_the_start(words: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        allowed_host(words)
    with pytest.raises(InputError, match=why):
        create_app(
            Catalog({}, FakeRun),
            Settings(runs=(), frontend=Path("/nowhere"), allowed_hosts=(words,)),
        )  # type: ignore[arg-type]


def test_proxies_are_addresses_and_networks() -> None:
    trusted = trusted_proxies(["127.0.0.1", "10.0.0.7/8", "::1"])
    assert [
        is_trusted(peer, trusted)
        for peer in (
            "127.0.0.1",
            "10.9.9.9",
            "::1",
            "::ffff:10.1.1.1",
            "11.0.0.1",
            "testclient",
            "",
        )
    ] == [
        *[True] * 4,
        *[False] * 3,
    ]
    with pytest.raises(InputError, match="--trust-proxy 'proxy'"):
        trusted_proxies(["proxy"])
    assert root_path_of(" /user/me/proxy/8765/ ") == "/user/me/proxy/8765"
    for words in ("lab", "/a//b", "/a b", "//evil.example", "/a?b"):
        with pytest.raises(InputError, match="--root-path"):
            root_path_of(words)


# ---- what is believed


def a_catalogue() -> Catalog:
    return Catalog({"fake": Path("fake")}, lambda folder: FakeRun())  # type: ignore


def client(*hosts: str, peer: str = "127.0.0.1", **options: Any) -> TestClient:
    catalog = a_catalogue()
    app = create_app(
        catalog, Settings(runs=(), frontend=Path("/nowhere"), allowed_hosts=hosts, **options)
    )
    return TestClient(app, base_url="http://127.0.0.1:8765", client=(peer, 1))


@contextmanager
def serving(*hosts: str, **options: Any) -> Iterator[int]:
    """A server's port."""
    jobs = Jobs()
    settings = Settings(runs=(), frontend=Path("/nowhere"), allowed_hosts=hosts, **options)
    with running(create_app(a_catalogue(), settings, jobs=jobs), jobs) as live:
        yield live.port


def test_a_proxy_that_rewrites_the_host_and_keeps_the_origin() -> None:
    origin = Origin(f"https://{NAME}")
    with serving(NAME) as port:
        address = f"ws://127.0.0.1:{port}/api/stream"
        with connect(address, origin=origin, proxy=None, open_timeout=60) as page:
            assert '"hello"' in str(page.recv(60))
    with serving() as port:
        address = f"ws://127.0.0.1:{port}/api/stream"
        with pytest.raises(InvalidStatus) as caught, connect(address, origin=origin, proxy=None):
            pass
        assert caught.value.response.status_code == 403
        assert f"start with --allow-host {NAME}" in (caught.value.response.body or b"").decode()


def test_a_page_without_a_socket_can_ask_why() -> None:
    with client() as http:
        found = http.get("/api/reach", params={"origin": f"https://{NAME}:8443"}).json()
        assert not found["accepted"]
        assert f"start with --allow-host {NAME}:8443" in found["message"]
        assert (
            "not from a file" in http.get("/api/reach", params={"origin": "null"}).json()["message"]
        )
    with client(NAME) as http:
        found = http.get("/api/reach", params={"origin": f"https://{NAME}"}).json()
        assert found["accepted"]
        assert "Upgrade" in found["message"]


FORWARDED = {"X-Forwarded-Host": NAME, "X-Forwarded-Proto": "https", "Origin": f"https://{NAME}"}


def test_a_trusted_proxy_is_believed_and_no_other() -> None:
    with client(f"https://{NAME}") as http:
        assert http.post("/api/health", headers=FORWARDED).status_code == 405
        answer = http.post(
            "/api/health",
            headers={
                **FORWARDED,
                "X-Forwarded-Host": "evil.example",
                "Origin": "https://evil.example",
            },
        )
        assert answer.status_code == 403
        assert "--allow-host evil.example" in answer.json()["error"]["message"]
    with client(peer="10.0.0.7") as http:
        answer = http.post("/api/health", headers=FORWARDED)
        assert answer.status_code == 403
        assert "believe it with --trust-proxy 10.0.0.7" in answer.json()["error"]["message"]
    with client(NAME, peer="10.0.0.7", trusted_proxies=("10.0.0.0/8",)) as http:
        assert http.post("/api/health", headers=FORWARDED).status_code == 405


def test_a_page_of_a_foreign_name_cannot_speak_for_a_proxy() -> None:
    """A name that its owner has turned to this machine: its page may send any header, but not
    another Host."""
    with client(NAME) as http:
        answer = http.get("/api/health", headers={**FORWARDED, "Host": "evil.example:8765"})
        assert answer.status_code == 403


def test_a_path_before_the_page_is_taken_away() -> None:
    with client(root_path="/user/me") as http:
        assert http.get("/user/me/api/health").status_code == 200
        assert http.get("/api/health").status_code == 200
        answer = http.get("/user/me", follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (307, "/user/me/")
        assert http.get("/user/me2/api/health").status_code == 404
    with client() as http:
        assert (
            http.get("/lab/api/health", headers={"X-Forwarded-Prefix": "/lab/"}).status_code == 200
        )
        assert (
            http.get("/lab/api/health", headers={"X-Forwarded-Prefix": "lab?"}).status_code == 404
        )
        assert http.get("/api/health", headers={"X-Forwarded-Prefix": "/lab"}).status_code == 200
    with client(peer="10.0.0.7") as http:
        assert (
            http.get("/lab/api/health", headers={"X-Forwarded-Prefix": "/lab"}).status_code == 404
        )
