"""From the address to the first picture, in a browser: seconds until the cloud is drawn, how many
answers the page asked for until then, and their kilobytes as they came.

Cold: from the start of the server. Warm: a browser that was never here, on a server that has been
used. Again: the same browser once more. Kilobytes are counted without Plotly, which is named beside
them.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.serving import run_folder, served, warm_up
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from tests.browser.conftest import launch

ROUNDS = 3
SMOKE = {"ROUNDS": 1}
DRAWN = "window.layerfold?.scene?.stats?.().points > 0"
BARS = {"cold": 2.8, "warm": 1.5, "again": 0.9}  # seconds
KILOBYTES = 600
PATIENCE = 300_000  # milliseconds


def run() -> dict[str, Any]:
    """Medians of each way, of a server whose reference states are kept."""
    with tempfile.TemporaryDirectory() as folder:
        # no browser yet: its loop and that of the warming cannot run in one thread
        with served(Path(folder)) as server:
            warm_up(server.port)
        with sync_playwright() as playwright:
            browser = launch(playwright)
            with served(Path(folder)) as server:
                both_visits(browser, server.port)
                visits = [both_visits(browser, server.port) for _ in range(ROUNDS)]
            cold = [one_start(browser, Path(folder)) for _ in range(ROUNDS)]
            browser.close()
    return {
        "run": run_folder().name,
        "bars": BARS,
        "cold": middle(cold),
        "warm": middle([first for first, _ in visits]),
        "again": middle([second for _, second in visits]),
    }


def one_start(browser: Browser, cache: Path) -> dict[str, float]:
    """A server that starts, and a browser that was never there."""
    begun = time.perf_counter()
    with served(cache) as server:
        context = browser.new_context(viewport={"width": 1280, "height": 720})
        found = visit(context, server.port)
        context.close()
    return {**found, "seconds": time.perf_counter() - begun}


def both_visits(browser: Browser, port: int) -> tuple[dict[str, float], dict[str, float]]:
    """The first and the second visit of a browser that was never there."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    found = visit(context, port), visit(context, port)
    context.close()
    return found


def visit(context: BrowserContext, port: int) -> dict[str, float]:
    """Seconds to the cloud; answers and kilobytes until then, and those of Plotly."""
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    names: dict[str, str] = {}
    heard: list[tuple[str, float]] = []
    session.on(
        "Network.responseReceived",
        lambda event: names.__setitem__(event["requestId"], event["response"]["url"]),
    )
    session.on(
        "Network.loadingFinished",
        lambda event: heard.append(
            (names.get(event["requestId"], ""), event["encodedDataLength"] / 1e3)
        ),
    )
    begun = time.perf_counter()
    page.goto(f"http://127.0.0.1:{port}/", wait_until="commit", timeout=PATIENCE)
    # asked from outside: the page's policy forbids it to evaluate text
    while not page.evaluate(DRAWN):
        if time.perf_counter() - begun > PATIENCE / 1000:
            raise TimeoutError("no cloud was drawn: run make page")
        time.sleep(0.02)
    seconds, until = time.perf_counter() - begun, list(heard)
    page.close()
    plotly = sum(size for name, size in until if "plotly" in name)
    return {
        "seconds": seconds,
        "answers": len(until),
        "kilobytes": sum(size for _, size in until) - plotly,
        "plotly": plotly,
    }


def middle(found: list[dict[str, float]]) -> dict[str, float]:
    """The median of each number."""
    return {name: median(one[name] for one in found) for name in found[0]}


def table(found: dict[str, Any]) -> str:
    """The ways under each other, with their bars."""
    lines = [f"{'':<8}{'seconds':>9}{'bar':>6}{'answers':>9}{'kB':>8}{'Plotly, kB':>12}"]
    for name, bar in found["bars"].items():
        row = found[name]
        lines.append(
            f"{name:<8}{row['seconds']:>9.2f}{bar:>6.1f}{row['answers']:>9.0f}"
            f"{row['kilobytes']:>8.0f}{row['plotly']:>12.0f}"
        )
    return "\n".join([*lines, f"at most {KILOBYTES} kB beside Plotly before the first picture"])
