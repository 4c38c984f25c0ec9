"""What the offered language model (`layerfold get smollm2`) costs once it is here: a sentence of 16
tokens placed at all of its 61 sites, the views of its inside, and memory.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import torch
from benchmarks.serving import run_folder

from layerfold.data.offered_models import SMOLLM2
from layerfold.errors import ModelNotFound
from layerfold.interp.attention import attention
from layerfold.interp.decomposition import decompose
from layerfold.interp.session import Session, open_session
from layerfold.runs.hub_card import HOME, open_hub
from layerfold.settings import cache_folder

SENTENCE = "The bank of the river was steep, and she sat on the bank until dusk came."
TOKENS, ROUNDS, OFFERED = 16, 9, True
SMOKE = {"ROUNDS": 1, "OFFERED": False}  # with a run that comes along
PLACED_BAR, INSIDE_BAR, MEMORY_BAR = 400.0, 1000.0, 2.0


def run() -> dict[str, Any]:
    """Milliseconds of one thread, of the processor and by the clock, and gigabytes at the most."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        opened, opening = _timed(_opened)
        step = opened.steps[-1]
        _, space = _timed(lambda: opened.space(step))
        sentence = opened.tokenize(SENTENCE, TOKENS)
        adapter, ids = opened.space(step).adapter, sentence.ids
        acts: dict[str, Callable[[], Any]] = {
            "placed": lambda: opened.slice(sentence, step),
            "states": lambda: adapter.states(ids),
            "neighbors and guesses": lambda: opened.inspect(sentence, 5, step, 3),
            "attention": lambda: attention(adapter, ids, 1),
            "contributions": lambda: decompose(adapter, ids),
        }
        found = {name: _of_rounds(act) for name, act in acts.items()}
    finally:
        torch.set_num_threads(threads)
    return {
        "model": opened.run.name,
        "sites": len(opened.sites),
        "tokens": len(ids),
        "opening_ms": {"session": opening, "space": space},
        "ms": found,
        "peak_gb": _peak(),
        "bars": {"placed": PLACED_BAR, "inside": INSIDE_BAR, "gb": MEMORY_BAR},
    }


def table(found: dict[str, Any]) -> str:
    """The numbers for a person."""
    head = f"{found['model']}: {found['sites']} sites, {found['tokens']} tokens, one thread"
    rows = [
        f"{name:<24}{one['processor']:>9.0f} ms of the processor {one['clock']:>9.0f} ms"
        for name, one in {**found["opening_ms"], **found["ms"]}.items()
    ]
    bars = found["bars"]
    said = f"bars: {bars['placed']:.0f} ms placed, {bars['inside']:.0f} ms inside, {bars['gb']} GB"
    return "\n".join([head, *rows, f"at most {found['peak_gb']:.2f} GB", said])


def _opened() -> Session:
    home = cache_folder(os.environ)
    if not OFFERED:
        return open_session(run_folder(), home)
    if not SMOLLM2.here(home):
        raise ModelNotFound("SmolLM2 is not here: layerfold get smollm2 --no-serve fetches it")
    return open_session(open_hub(str(SMOLLM2.folder(home)), home / HOME), home)


def _timed(act: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    clock, processor = time.perf_counter(), time.process_time()
    found = act()
    return found, {
        "processor": 1e3 * (time.process_time() - processor),
        "clock": 1e3 * (time.perf_counter() - clock),
    }


def _of_rounds(act: Callable[[], Any]) -> dict[str, float]:
    """The median of rounds, the first of which only fills what is filled once."""
    rounds = [_timed(act)[1] for _ in range(ROUNDS + 1)][1:]
    return {name: median(one[name] for one in rounds) for name in ("processor", "clock")}


def _peak() -> float:
    """The most memory that this process took, in gigabytes; 0 where the system does not say."""
    status = Path("/proc/self/status")
    lines = status.read_text("utf-8").splitlines() if status.is_file() else []
    said = next((line for line in lines if line.startswith("VmHWM:")), "VmHWM: 0 kB")
    return int(said.split()[1]) * 1024 / 1e9
