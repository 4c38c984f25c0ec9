"""What serves the page on which the scene stands alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from hatch_build import bundle_modules

ROOT = Path(__file__).resolve().parents[2]
PLOTLY = ROOT / "node_modules" / "plotly.js-gl3d-dist-min" / "plotly-gl3d.min.js"
PAGE = ROOT / "tests" / "browser" / "scene"


class Files(SimpleHTTPRequestHandler):
    """The scene's module at /src/, the test page at /scene/, Plotly where the server has it."""

    extensions_map = {  # noqa: RUF012
        **SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
    }

    def __init__(self, modules: Path, *rest: object) -> None:
        self.modules = modules
        super().__init__(*rest)  # type: ignore[arg-type]

    def translate_path(self, path: str) -> str:
        plain = path.split("?")[0]
        if plain == "/vendor/plotly.min.js":
            return str(PLOTLY)
        if plain.startswith("/scene/"):
            return str(PAGE / (plain.removeprefix("/scene/") or "index.html"))
        return str(self.modules / plain.removeprefix("/src/"))

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def scene_served(folder: Path) -> Iterator[str]:
    """The origin of a server whose modules are built into the folder."""
    modules = bundle_modules(folder, "frontend/src/scene/scene.ts")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, modules))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
