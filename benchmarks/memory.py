"""Memory of a server with the bundled run, all steps touched, and of 50 idle pages."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.serving import SENTENCE, Server, open_page, run_folder, served, warm_up

BAR_MB = 1200
PAGES = 50
SMOKE = {"PAGES": 2}


def run() -> dict[str, Any]:
    """Megabytes: resident, and the process's own; the first time all states are computed, the
    second they come from the disk.
    """
    with tempfile.TemporaryDirectory() as folder:
        with served(Path(folder)) as server:
            steps = warm_up(server.port)
            first = server.megabytes()
        with served(Path(folder)) as server:
            started = server.megabytes()
            for _ in range(3):
                warm_up(server.port)
            touched = server.megabytes()
            idle = asyncio.run(with_pages(server))
    return {
        "run": run_folder().name,
        "steps": steps,
        "bar_mb": BAR_MB,
        "listening_mb": started,
        "all_steps_mb": touched,
        "all_steps_first_time_mb": first,
        "idle_pages": PAGES,
        "with_idle_pages_mb": idle,
    }


async def with_pages(server: Server) -> tuple[float, float]:
    """Memory with pages that are open and quiet after having placed a sentence."""
    pages = [await open_page(server.port) for _ in range(PAGES)]
    for page in pages:
        await page.answers(await page.place(SENTENCE, steps=[0]))
    found = server.megabytes()
    for page in pages:
        await page.socket.close()
    return found


def table(found: dict[str, Any]) -> str:
    """Resident and own megabytes beside the bar."""
    rows = [
        ("listening", found["listening_mb"]),
        (f"all {found['steps']} steps touched", found["all_steps_mb"]),
        ("the same, states computed for the first time", found["all_steps_first_time_mb"]),
        (f"and {found['idle_pages']} quiet pages", found["with_idle_pages_mb"]),
    ]
    lines = [f"{'megabytes':<48}{'resident':>10}{'own':>10}   at most {found['bar_mb']}"]
    return "\n".join(lines + [f"{name:<48}{rss:>10.0f}{uss:>10.0f}" for name, (rss, uss) in rows])
