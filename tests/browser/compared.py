"""Small runs to be compared: one, its rotated copy, one of other steps and layers, one of other
words, one without clouds.

Serves them: ``python -m tests.browser.compared PORT FOLDER``.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
import uvicorn

from layerfold.interp.session import open_session
from layerfold.server.app import configured, create_app
from layerfold.server.catalog import Catalog, find_runs
from layerfold.settings import Settings
from tests import small
from tests.interp.test_compare_runs import rewritten, rotation, turn_model

ROOT = Path(__file__).resolve().parents[2]


def make_runs(folder: Path) -> list[Path]:
    """The runs, in the order of the catalogue."""
    first = small.make_run(folder / "first")
    q = rotation(small.CONFIG.d_model, keeps_ones=True)
    turned = rewritten(first, folder / "turned", lambda model: turn_model(model, q))
    unlaid = small.make_run(folder / "unlaid", atlas=False)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(small, "CONFIG", replace(small.CONFIG, n_layer=1))
        patched.setattr(small, "STEPS", (0, 4, 64, 100))
        other = small.make_run(folder / "other")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            small,
            "TEXTS",
            ("Nothing that was read before, and so other tokens: nothing.", small.TEXTS[1]),
        )
        words = small.make_run(folder / "words")
    return [first, turned, other, words, unlaid]


def main(port: int, folder: Path) -> None:
    runs = tuple(make_runs(folder))
    settings = Settings(runs=runs, frontend=ROOT / "frontend" / "dist")
    app = create_app(
        Catalog(find_runs(runs), lambda path: open_session(path, folder / "cache")), settings
    )
    config = configured(app)
    config.host, config.port = "127.0.0.1", port
    uvicorn.Server(config).run()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
