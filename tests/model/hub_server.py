"""A hub of one model, on loopback, that answers as the real one does: python -m
tests.model.hub_server FOLDER prints its port.
"""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "a" * 40
OWNERS = {"gated": (403, "GatedRepo"), "absent": (404, "RepoNotFound"), "broken": (500, "")}


class Answer(BaseHTTPRequestHandler):
    """HEAD and GET of /OWNER/NAME/resolve/REVISION/FILE."""

    folder = Path()

    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        data = self.answer()
        if data:
            self.wfile.write(data)

    def answer(self) -> bytes:
        parts = self.path.split("/")
        file = self.folder / parts[-1]
        found = OWNERS.get(parts[1])
        if not found and len(parts) > 4 and parts[4] not in ("main", COMMIT):
            found = (404, "RevisionNotFound")
        if not found and not file.is_file():
            found = (404, "EntryNotFound")
        data = b"" if found else file.read_bytes()
        self.send_response(found[0] if found else 200)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", str(len(data)))
        self.send_header(
            *(
                ("X-Error-Code", found[1])
                if found
                else ("ETag", f'"{file.name.encode().hex()[:40]}"')
            )
        )
        self.end_headers()
        return data

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is written."""


if __name__ == "__main__":
    Answer.folder = Path(sys.argv[1])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    print(server.server_address[1], flush=True)
    server.serve_forever()
