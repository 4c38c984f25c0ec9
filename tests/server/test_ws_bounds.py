"""The stream on a real socket: its bounds, who does not read, and strangers."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.server.conftest import Start
from tests.server.fakes import FakeRun
from tests.server.page import wait_until

UPGRADE = (
    b"GET /api/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Version: 13\r\n\r\n"
)


def test_pages_are_bounded(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layerfold.server.app.CONNECTIONS", 1)
    live = start(FakeRun())
    with live.page() as page:
        with pytest.raises(ConnectionClosed) as caught, live.page():
            pass
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1013
        assert page.alive()


def ask_and_read_nothing(lazy: socket.socket, port: int) -> None:
    """Asks for a long text at every step and takes no more than the answer to the upgrade."""
    lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    lazy.connect(("127.0.0.1", port))
    lazy.sendall(UPGRADE)
    assert b"101" in lazy.recv(100)
    text = b'{"type":"place","id":1,"run":"fake","sentence":"a","text":"' + b"word " * 128 + b'"}'
    # one text frame, masked with zeros
    lazy.sendall(b"\x81\xfe" + len(text).to_bytes(2, "big") + b"\0\0\0\0" + text)


def test_who_does_not_read_is_bounded_and_closed(start: Start) -> None:
    run = FakeRun(layers=12, steps=tuple(range(4000)), max_tokens=128)
    live = start(run, patience=0.5)
    with socket.socket() as lazy:
        ask_and_read_nothing(lazy, live.port)
        connections = live.app.state.connections
        wait_until(lambda: len(connections) == 1)
        wait_until(lambda: not connections)
        computed = len(run.computed)
        time.sleep(0.2)
        assert 0 < computed == len(run.computed) < 2000, (
            "slices that a reader does not take are not computed either"
        )
    with live.page() as page:
        assert page.alive()


def test_the_transport_of_who_does_not_read_is_given_up(start: Start) -> None:
    live = start(FakeRun(layers=12, steps=tuple(range(4000)), max_tokens=128), patience=0.5)
    with live.page() as page:
        assert page.alive()
    with socket.socket() as lazy:
        ask_and_read_nothing(lazy, live.port)
        peer = lazy.getsockname()[1]
        wait_until(lambda: is_held(live.port, peer))
        wait_until(lambda: not is_held(live.port, peer), 10)  # the system would try for 12 seconds


def test_a_frame_that_is_no_text_is_one_line_in_the_log(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    live = start(FakeRun())
    with socket.create_connection(("127.0.0.1", live.port)) as raw:
        raw.sendall(UPGRADE)
        assert b"101" in raw.recv(100)
        raw.sendall(b"\x81\x82\0\0\0\0\xff\xfe")
        raw.settimeout(60)
        heard = b""
        while part := raw.recv(4096):
            heard += part
    assert (1007).to_bytes(2, "big") in heard
    assert len([record for record in caplog.records if "UTF-8" in record.getMessage()]) == 1
    assert not [record for record in caplog.records if record.exc_info]


def is_held(port: int, peer: int) -> bool:
    """Whether a process holds the socket at a port that speaks with the peer's; one that is closed
    and has yet to be sent has no inode.
    """
    rows = [line.split() for line in Path("/proc/self/net/tcp").read_text().splitlines()[1:]]
    ports = (f":{port:04X}", f":{peer:04X}")
    return any(
        row[1].endswith(ports[0]) and row[2].endswith(ports[1]) and row[9] != "0" for row in rows
    )


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "http://127.0.0.1",
        "http://127.0.0.1:1",
        "http://127.0.0.1.evil.example:{port}",
        "https://localhost:{port}",
        "",
    ],
)
def test_a_foreign_origin_is_refused(start: Start, origin: str) -> None:
    live = start(FakeRun())
    with (
        pytest.raises(InvalidStatus) as caught,
        live.page(additional_headers={"Origin": origin.format(port=live.port)}),
    ):
        pass
    assert caught.value.response.status_code == 403
    assert b"foreign_origin" in bytes(caught.value.response.body or b"")


def test_our_own_origin_is_welcome(start: Start) -> None:
    live = start(FakeRun())
    with live.page(additional_headers={"Origin": f"http://127.0.0.1:{live.port}"}) as page:
        assert page.alive()
