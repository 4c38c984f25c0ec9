"""What recording costs: a plain training loop with `Recorder` at its default cadence, beside the
same loop without, in turns.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional as F

from layerfold.model.gpt import GPT
from layerfold.model.shape import GPTConfig
from layerfold.recording.recorder import Recorder

SHAPE = GPTConfig(vocab_size=1024, n_layer=4, n_head=4, d_model=128, block_size=64)
BATCH, STEPS, TURN, TOKENS = 32, 600, 20, 2000
SMOKE = {"BATCH": 2, "STEPS": 4, "TURN": 2, "TOKENS": 64, "SHAPE": GPTConfig(64, 1, 2, 8, 16)}


def run() -> dict[str, Any]:
    """Seconds of both loops, which take turns of TURN steps; what recording took by its own clock;
    whether the weights are the same.
    """
    torch.manual_seed(0)
    batches = torch.randint(0, SHAPE.vocab_size, (STEPS, BATCH, SHAPE.block_size + 1))
    windows = torch.randint(0, SHAPE.vocab_size, (TOKENS // SHAPE.block_size + 1, SHAPE.block_size))
    learners = {name: _learner() for name in ("plain", "recorded")}
    seconds = dict.fromkeys(learners, 0.0)
    with tempfile.TemporaryDirectory() as folder:
        recorder = Recorder(Path(folder) / "run", windows, tokens=TOKENS, total_steps=STEPS)
        for start in range(0, STEPS, TURN):
            for name, (model, optimizer) in learners.items():
                begin = time.perf_counter()
                for step in range(start, min(start + TURN, STEPS)):
                    loss = _learn(model, optimizer, batches[step])
                    if name == "recorded":
                        recorder.log(model, step, loss=loss)
                seconds[name] += time.perf_counter() - begin
        recorder.close()
        size = sum(
            path.stat().st_size for path in (Path(folder) / "run").rglob("*") if path.is_file()
        )
        steps, spent = recorder.steps, recorder.seconds
    same = all(
        torch.equal(a, b)
        for a, b in zip(
            learners["plain"][0].parameters(), learners["recorded"][0].parameters(), strict=True
        )
    )
    share = spent / seconds["recorded"]
    return {
        "shape": vars(SHAPE),
        "seconds": {name: round(value, 2) for name, value in seconds.items()},
        "ratio": round(seconds["recorded"] / seconds["plain"], 4),
        "share": round(share, 4),
        "recorded": list(steps),
        "a recording, s": round(spent / len(steps), 3),
        "megabytes": round(size / 1e6, 1),
        "same weights": same,
    }


def table(found: dict[str, Any]) -> str:
    """The result for a person."""
    lines = [
        "| loop | seconds |",
        "| --- | ---: |",
        *(f"| {name} | {value:.1f} |" for name, value in found["seconds"].items()),
    ]
    said = (
        f"{100 * found['share']:.2f} % of the time went to {len(found['recorded'])} recordings of"
        f" {found['a recording, s']} s"
    )
    return "\n".join(
        [
            *lines,
            "",
            (
                f"{said}; with / without: {found['ratio']:.3f}; the same weights:"
                f" {found['same weights']}"
            ),
        ]
    )


def _learner() -> tuple[GPT, torch.optim.Optimizer]:
    model = GPT(SHAPE, seed=0)
    return model, torch.optim.AdamW(model.parameters(), lr=1e-3)


def _learn(model: GPT, optimizer: torch.optim.Optimizer, batch: torch.Tensor) -> torch.Tensor:
    logits = model(batch[:, :-1])
    loss = F.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten())
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    return loss.detach()
