"""Settings: flag, else environment, else default; ports that are free."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

import pytest

from layerfold import settings as module
from layerfold.errors import InputError, PortInUse
from layerfold.settings import Flags, Settings, bundled, cache_folder, listen


def test_defaults() -> None:
    settings = Settings.read({"HOME": "/home/a", "XDG_CACHE_HOME": "/var/cache/a"})
    assert (settings.host, settings.port, settings.log_level) == ("127.0.0.1", None, "warning")
    assert settings.runs == (bundled() / "models" / "storyteller", bundled() / "models")
    assert settings.frontend == bundled() / "frontend" / "dist"


def test_the_environment_wins_over_defaults_and_flags_over_both() -> None:
    environment = {
        "LAYERFOLD_RUNS": os.pathsep.join(["/a", "/b"]),
        "LAYERFOLD_HOST": "0.0.0.0",
        "LAYERFOLD_PORT": "9000",
        "LAYERFOLD_ALLOWED_HOSTS": "one.example, two.example",
        "LAYERFOLD_CACHE": "/cache",
        "LAYERFOLD_LOG_LEVEL": "INFO",
    }
    settings = Settings.read(environment)
    assert settings.runs == (Path("/a"), Path("/b"))
    assert (settings.host, settings.port, settings.log_level) == ("0.0.0.0", 9000, "info")
    assert settings.allowed_hosts == ("one.example", "two.example")
    assert settings.cache == Path("/cache")
    folders = {"cache": Path("/d"), "lab": Path("/e")}
    flags = Flags(
        runs=(Path("/c"),),
        host="localhost",
        port=0,
        allowed_hosts=(),
        log_level="error",
        **folders,
    )
    assert Settings.read(environment, flags) == Settings(
        (Path("/c"),),
        settings.frontend,
        "localhost",
        0,
        allowed_hosts=(),
        log_level="error",
        **folders,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "http"), ("PORT", "-1"), ("PORT", "65536"), ("PORT", "²"), ("LOG_LEVEL", "loud")],
)
def test_values_that_cannot_be_used(name: str, value: str) -> None:
    with pytest.raises(InputError, match=value):
        Settings.read({f"LAYERFOLD_{name}": value})


def test_the_cache_folder_can_be_chosen() -> None:
    assert cache_folder({"LAYERFOLD_CACHE": "/x"}) == Path("/x")
    assert cache_folder({}).name in ("layerfold", "cache")


def test_a_port_asked_for_and_taken_is_an_error() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match=str(port)):
            listen("127.0.0.1", port)


def test_the_default_port_taken_means_the_next_free_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(module, "DEFAULT_PORT", port)
        with listen("127.0.0.1", None) as found:
            assert port < found.getsockname()[1] < port + module.PORTS_TRIED
        monkeypatch.setattr(module, "PORTS_TRIED", 1)
        with pytest.raises(PortInUse, match=str(port)):
            listen("127.0.0.1", None)


@pytest.mark.parametrize("host", ["203.0.113.7", "no.such.host.invalid"])
def test_a_host_that_is_not_ours(host: str) -> None:
    with pytest.raises(InputError, match=host):
        listen(host, 0)


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
def test_ipv6() -> None:
    try:
        listen("::1", 0).close()
    except InputError:
        pytest.skip("no IPv6 address here")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_an_accepted_connection_sends_small_answers_at_once(host: str) -> None:
    told: list[int] = []

    async def accept_one() -> None:
        accepted = asyncio.Event()

        async def on_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            told.append(
                writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            )
            writer.close()
            accepted.set()

        with listen(host, 0) as listening:
            server = await asyncio.start_server(on_connection, sock=listening)
            _, writer = await asyncio.open_connection(*listening.getsockname()[:2])
            await accepted.wait()
            writer.close()
            server.close()
            await server.wait_closed()

    try:
        asyncio.run(accept_one())
    except InputError:
        pytest.skip("this machine has no IPv6")
    assert told == [1], "Nagle's algorithm holds each small answer back for 40 ms"
