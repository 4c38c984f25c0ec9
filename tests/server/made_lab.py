"""A lab whose trainer is made up, and what its tests ask of it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from layerfold.server.lab import Lab
from layerfold.server.processes import ProcessPool
from layerfold.server.protocol.lab import JobCard, NewJob

TRAINER = """
import json, signal, sys, time
from pathlib import Path
from layerfold.server.child_process import tie
from layerfold.cli.terminal import tell
told = []
signal.signal(signal.SIGTERM, lambda *_: told.append(1))
tie()
folder = Path(sys.argv[4])
recipe = (folder / "recipe.toml").read_text()
if "seed = 13" in recipe:
    print("layerfold: the corpus is too short", file=sys.stderr)
    sys.exit(1)
saved = folder / "saved"
step = int(saved.read_text()) if saved.exists() else 0
(folder / "run.json").write_text("{}")
tell({"stage": "reading text", "step": 0, "steps": 0, "seconds": 0.0})
steps = 3 if "seed = 7" in recipe else 10_000
while step < steps and not told:
    step += 1
    with (folder / "metrics.jsonl").open("a") as log:
        row = {"step": step, "loss": 1 / step, "seconds": step / 100, "test_accuracy": 0.5}
        log.write(json.dumps(row) + chr(10))
    said = {"stage": "training", "step": step, "steps": steps, "loss": 1 / step}
    tell(said | {"test_accuracy": None, "seconds": step / 100})
    time.sleep(0.01)
saved.write_text(str(step))
whole = {"run": "x", "steps": [0, steps], "test_accuracy": 0.75}
tell({"run": "x", "stopped": True} if told else whole)
"""


def workshop(running: int = 2) -> ProcessPool:
    """One whose trainer is made up."""
    return ProcessPool(running, (sys.executable, "-c", TRAINER))


def asked(seed: int = 0, **more: Any) -> NewJob:
    return NewJob(task="modular-addition", numbers={"seed": seed}, **more)


def job(lab: Lab, id: str) -> JobCard:
    return next(one for one in lab.jobs().jobs if one.id == id)


def until(lab: Lab, true: Callable[[], object], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, lab.jobs()
        lab.look()
        time.sleep(0.02)
