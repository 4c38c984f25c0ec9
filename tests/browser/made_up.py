"""The real server with a run made up for tests, where the bundled one is not there: ``python -m
tests.browser.made_up PORT``.

With ``shapes`` behind the port, the known shapes stand beside it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn

from tests.browser.shapes import CircleRun, SimplexRun
from tests.server.conftest import application
from tests.server.fakes import FakeRun

ROOT = Path(__file__).resolve().parents[2]


def main(port: int, *shapes: str) -> None:
    run = FakeRun("storyteller", layers=3, reference=400, steps=(0, 8, 64, 512), max_tokens=64)
    examples = ("She sat on the bank of the river", "The bank gave her a loan")
    run.card["examples"] = [
        {"text": text, "note_en": "a sense of bank", "note_zh": "bank 的一种意思"}
        for text in examples
    ]
    known = [CircleRun(), SimplexRun(), FakeRun("induction")] if shapes else []
    app = application(run, *known, frontend=ROOT / "frontend" / "dist")
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", ws_per_message_deflate=False)


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
