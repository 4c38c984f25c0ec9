"""uvicorn's WebSocket, for strangers: who reads nothing can be dropped at once, and what is no
UTF-8 is one line in the log.
"""

from __future__ import annotations

import logging
from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

ABORT: Final = "layerfold.abort"
NOT_UTF8: Final = 1007
log = logging.getLogger(__name__)


class Sockets(WebSocketsSansIOProtocol):
    """The application finds in its scope how to drop the connection with all that waits to be sent
    (`abort`).
    """

    async def run_asgi(self) -> None:
        extensions: dict[str, Any] = self.scope.setdefault("extensions", {})
        extensions[ABORT] = self.transport.abort
        await super().run_asgi()

    def send_receive_event_to_app(self) -> None:
        if (
            self.curr_msg_data_type == "text"
            and not self.close_sent
            and not is_utf8(b"".join(self.frames))
        ):
            self.frames = []
            log.warning(
                "a page sent a text frame that is not UTF-8; its connection is closed (1007)"
            )
            self.conn.send_close(NOT_UTF8)
            self.handle_parser_exception()
            return
        super().send_receive_event_to_app()


def is_utf8(data: bytes) -> bool:
    """Whether the bytes are text."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def abort(scope: Any) -> None:
    """The connection is gone, whatever waits to be sent on it; nothing happens where the server is
    another's.
    """
    drop = (scope.get("extensions") or {}).get(ABORT)
    if drop is not None:
        drop()
