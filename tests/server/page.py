"""What the page does on its socket, for tests."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

from websockets.sync.client import ClientConnection, connect

from layerfold.server.protocol.encode import decode_tensors

Said = dict[str, Any]


class Page:
    """A connection, open inside ``with``; ``hello`` is the first thing the server said."""

    socket: ClientConnection
    hello: Said

    def __init__(self, port: int, **options: Any) -> None:
        self._connecting = connect(
            f"ws://127.0.0.1:{port}/api/stream",
            compression=None,
            max_size=None,
            open_timeout=60,
            **options,
        )

    def __enter__(self) -> Page:
        self.socket = self._connecting.__enter__()
        self.hello = self.hear()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connecting.__exit__(kind, error, trace)

    def say(self, **message: Any) -> None:
        """Sends a JSON message."""
        self.socket.send(json.dumps(message))

    def place(
        self, id: int, text: str, *, sentence: str = "a", run: str = "fake", **more: Any
    ) -> None:
        """Sends a ``place``."""
        self.say(type="place", id=id, run=run, sentence=sentence, text=text, **more)

    def hear(self, timeout: float = 60) -> Said:
        """The next message; a slice as its header with numbers and ``tensors``."""
        data = self.socket.recv(timeout)
        if isinstance(data, str):
            found: Said = json.loads(data)
            return found
        header, tensors = decode_tensors(data)
        return {**header, "id": int(header["id"]), "step": int(header["step"]), "tensors": tensors}

    def until(self, kind: str, id: int | None = None) -> list[Said]:
        """Everything up to the first message of a kind (of a request)."""
        return list(self._until(kind, id))

    def _until(self, kind: str, id: int | None) -> Iterator[Said]:
        while True:
            said = self.hear()
            yield said
            if said["type"] == kind and (id is None or said["id"] == id):
                return

    def alive(self) -> bool:
        """The server still answers (which it does in order)."""
        self.say(type="inspect", id=987654321, run="nowhere", step=0, site=0, reference=0)
        return bool(self.until("error", 987654321))

    def heard(self) -> list[Said]:
        """What came until the server had read all that was said to it, without a worker."""
        self.say(type="understood?")
        return self.until("error")


def wait_until(so: Callable[[], bool], seconds: float = 120) -> None:
    """Returns when it is so; fails when it is not in time."""
    end = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.01)
