"""A typed sentence of 32 tokens: how long until its tokens stand in every site's cloud, at one step
and at all steps.

Beside it what a person would put together instead: torch forward, then `UMAP.transform` for each
site, with UMAP fitted to the same reference states (fitting not counted). UMAP is measured at three
sites, and taken as many times as there are sites. Ours is measured as numpy works it out, and by
the machine code that a server takes up when it has been up for some seconds.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
import warnings
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from benchmarks.serving import SENTENCE, Page, open_page, run_folder, served, warm_up
from benchmarks.stand_ins import Fit
from benchmarks.umap_fit import fitted
from threadpoolctl import threadpool_limits

from layerfold.data.reference_states import viewed
from layerfold.interp.session import Session, open_session
from layerfold.server.warm_up import FIRST_PICTURE, PAUSE
from layerfold.space import machine_code

TOKENS, ROUNDS = 32, 15
UP = FIRST_PICTURE + PAUSE + 5  # seconds until a server has taken up machine code
SMOKE = {"fitted": Fit, "TOKENS": 8, "ROUNDS": 2, "UP": 0}


def run() -> dict[str, Any]:
    """Milliseconds of each way, and the ratio."""
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder)
        opened = open_session(run_folder(), cache)
        step = opened.steps[-1]
        ours = [place_ms(opened, step, n) for n in range(ROUNDS)]
        machine_code.prepare()
        assert opened.quicken(), "places are worked out without machine code on this machine"
        quick = [place_ms(opened, step, ROUNDS + n) for n in range(ROUNDS)]
        naive = naive_ms(opened, step)
        with served(cache) as server:
            steps = warm_up(server.port)
            time.sleep(UP)
            streamed = asyncio.run(stream_ms(server.port, ROUNDS))
    return {
        "run": run_folder().name,
        "tokens": TOKENS,
        "sites": len(opened.sites),
        "steps": steps,
        "reference": len(opened.atlas.reference),
        "ours_one_step_ms": median(quick[1:]),
        "numpy_one_step_ms": median(ours[1:]),
        "naive_one_step_ms": naive["total"],
        "naive": naive,
        "times_faster": naive["total"] / median(quick[1:]),
        "streamed_first_slice_ms": median(first for first, _ in streamed),
        "streamed_all_steps_ms": median(last for _, last in streamed),
    }


def place_ms(opened: Session, step: int, round: int) -> float:
    """One slice of a sentence no round has seen: tokens, states, places, neighbours, trust."""
    sentence = opened.tokenize(f"{round} {SENTENCE}", TOKENS)
    assert len(sentence.tokens) == TOKENS
    with threadpool_limits(1, "blas"):
        start = time.perf_counter()
        opened.slice(sentence, step)
        return (time.perf_counter() - start) * 1000


def naive_ms(opened: Session, step: int) -> dict[str, Any]:
    """Torch forward and `UMAP.transform` per site, warm, the median of three rounds at three
    sites.
    """
    space = opened.space(step)
    ids = opened.tokenize(SENTENCE, TOKENS).ids
    forward = median(timed(lambda: space.adapter.states(ids)) for _ in range(ROUNDS))
    states = viewed(space.adapter.states(ids).values, opened.atlas.view)
    sites = sorted({0, len(opened.sites) // 2, len(opened.sites) - 1})
    transforms = []
    for site in sites:
        fit = fitted(np.asarray(space.states[site], dtype=np.float32))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fit.transform(states[site])  # compiled, and its index prepared
            transforms.append(
                median(
                    timed(lambda site=site, fit=fit: fit.transform(states[site])) for _ in range(3)
                )
            )
    total = forward + sum(transforms) / len(transforms) * len(opened.sites)
    return {
        "forward": forward,
        "transform_per_site": transforms,
        "measured_sites": sites,
        "total": total,
    }


async def stream_ms(port: int, rounds: int) -> list[tuple[float, float]]:
    """Over the socket: from sending a text to its first slice, and to its last, of new texts one
    after another.
    """
    page = await open_page(port)
    found = [await one_round(page, f"{n} {SENTENCE}") for n in range(rounds)]
    await page.socket.close()
    return found


async def one_round(page: Page, text: str) -> tuple[float, float]:
    start = time.perf_counter()
    heard = await page.answers(await page.place(text))
    slices = [at for at, said in heard if said["type"] == "slice"]
    return (slices[0] - start) * 1000, (slices[-1] - start) * 1000


def timed(work: Any) -> float:
    """Milliseconds."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def table(found: dict[str, Any]) -> str:
    """The figures beside their bars."""
    rows = [
        ("one step, all sites: torch + UMAP.transform", found["naive_one_step_ms"], ""),
        ("one step, all sites: Layerfold, numpy", found["numpy_one_step_ms"], ""),
        ("one step, all sites: Layerfold, machine code", found["ours_one_step_ms"], ""),
        ("first slice over the socket", found["streamed_first_slice_ms"], ""),
        (
            f"all {found['steps']} steps over the socket",
            found["streamed_all_steps_ms"],
            "at most 350",
        ),
    ]
    lines = [
        f"{found['tokens']} tokens, {found['sites']} sites, {found['reference']} reference tokens"
        " (milliseconds, median)"
    ]
    lines += [f"{name:<48}{value:>10.1f}   {bar}" for name, value, bar in rows]
    return "\n".join([*lines, f"{'times faster':<48}{found['times_faster']:>10.0f}   at least 120"])
