"""Two Dask workers against one: states and graphs of a part of the run, from checkpoints to the
store.
"""

from __future__ import annotations

import tempfile
import time
from typing import Any

import numpy as np
from benchmarks.serving import run_folder
from benchmarks.stand_ins import threads

from layerfold.atlas.files import open_atlas
from layerfold.build.dask import Workers, check_workers, connected
from layerfold.records import Reference
from layerfold.runs.opening import open_run
from layerfold.runs.run import Run
from layerfold.runs.storage import open_storage

STEPS, TOKENS, ROUNDS, K = 8, 2000, 3, 15
BAR = 1.6
SMOKE = {"connected": threads, "STEPS": 2, "TOKENS": 100, "ROUNDS": 1, "K": 5}


def run() -> dict[str, Any]:
    """Seconds of each number of workers, the best of some rounds in turn, a thread each, compiled
    and warm; and their ratio.
    """
    opened = open_run(run_folder())
    reference = part_of(open_atlas(opened.folder).reference, TOKENS)
    chosen = tuple(
        opened.steps[at]
        for at in np.unique(np.linspace(0, len(opened.steps) - 1, STEPS).round().astype(int))
    )
    found: dict[int, list[float]] = {1: [], 2: []}
    with connected(None, 1) as one, connected(None, 2) as two:
        for _ in range(ROUNDS + 1):  # the first compiles
            for count, client in ((1, one), (2, two)):
                found[count].append(seconds(client, opened, reference, chosen))
    best = {count: min(taken[1:]) for count, taken in found.items()}
    return {
        "run": opened.name,
        "steps": len(chosen),
        "sites": len(opened.sites),
        "tokens": len(reference),
        "seconds": {str(count): taken[1:] for count, taken in found.items()},
        "one_worker_s": best[1],
        "two_workers_s": best[2],
        "speed_up": best[1] / best[2],
        "bar": BAR,
    }


def part_of(reference: Reference, tokens: int) -> Reference:
    """The first tokens of a reference, in as many of its windows as they take."""
    window = reference.window[:tokens]
    windows = int(window.max()) + 1
    return Reference(
        reference.windows[:windows],
        window,
        reference.position[:tokens],
        reference.frequency[:tokens],
        reference.text[:tokens],
        reference.source[:windows],
    )


def seconds(client: Any, opened: Run, reference: Reference, steps: tuple[int, ...]) -> float:
    """From nothing to every step's neighbourhood, joined by the client."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_storage(folder)
        check_workers(client, store, str(opened.folder.resolve()))
        crew = Workers(
            client, store, str(opened.folder.resolve()), opened, reference, steps, "normalised", K
        )
        began = time.perf_counter()
        for _ in crew.neighborhoods(steps, lambda share: None):
            pass
        return time.perf_counter() - began


def table(found: dict[str, Any]) -> str:
    """Both times, and whether the ratio is above the bar."""
    what = (
        f"{found['run']}: {found['steps']} steps × {found['sites']} sites × {found['tokens']:,}"
        " tokens, states and graphs"
    )
    times = f"one worker {found['one_worker_s']:.2f} s, two {found['two_workers_s']:.2f} s"
    met = "met" if found["speed_up"] >= found["bar"] else "MISSED"
    return (
        f"{what}\n{times}: {found['speed_up']:.2f} times as fast   {met}: at least {found['bar']}"
    )


if __name__ == "__main__":  # workers are spawned, and import this module anew
    print(table(run()))
