"""What looking inside costs: a pass in parts and one with gradients beside a plain pass, a walk
with kept keys beside one recomputed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import torch
from benchmarks.serving import SENTENCE, run_folder
from torch import Tensor

from layerfold.interp.decomposition import decompose
from layerfold.interp.generation import Generation
from layerfold.interp.gradients import gradients
from layerfold.interp.session import open_session
from layerfold.model.forward import gpt_of
from layerfold.model.gpt import GPT
from layerfold.model.shape import GPTConfig

TOKENS, ROUNDS, WALK = 32, 41, 64
WIDE, LONG = GPTConfig(vocab_size=4096, n_layer=12, n_head=12, d_model=768, block_size=1024), 448
SMOKE = {"ROUNDS": 1, "WALK": 4, "WIDE": GPTConfig(256, 2, 2, 32, 64), "LONG": 16}
PARTS_BAR, GRADIENT_BAR, WALK_BAR = 3.0, 4.0, 10.0


def run() -> dict[str, Any]:
    """Medians in milliseconds of one thread, the ways taking turns, and their ratios to the plain
    way.
    """
    opened = open_session(run_folder())
    ids = opened.tokenize(f"{SENTENCE} {SENTENCE}", TOKENS).ids
    model = gpt_of(opened.run.adapter(opened.steps[-1]))
    long = GPT(WIDE, seed=0).eval()
    prompts = {
        "storyteller": (model, ids[:8], min(WALK, model.config.block_size - 8)),
        "gpt2 shape": (long, list(range(LONG)), WALK),
    }
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        passes = timed(
            {
                "plain": lambda: plain(model, ids),
                "parts": lambda: decompose(model, ids),
                "gradients": lambda: gradients(model, ids),
            },
            ROUNDS,
        )
        walks = {
            name: timed(ways(*prompt), 3) | {"tokens": prompt[2], "after": len(prompt[1])}
            for name, prompt in prompts.items()
        }
    finally:
        torch.set_num_threads(threads)
    return {
        "tokens": len(ids),
        "passes_ms": passes,
        "parts": passes["parts"] / passes["plain"],
        "gradients": passes["gradients"] / passes["plain"],
        "walks": {
            name: found | {"times_faster": found["recomputed"] / found["kept"]}
            for name, found in walks.items()
        },
        "bars": {"parts": PARTS_BAR, "gradients": GRADIENT_BAR, "walk": WALK_BAR},
    }


@torch.inference_mode()
def plain(model: GPT, ids: list[int]) -> Tensor:
    """Logits and states of one pass."""
    logits: Tensor = model(torch.tensor([list(ids)]))
    return logits


def ways(model: GPT, prompt: list[int], count: int) -> dict[str, Callable[[], Any]]:
    """The same greedy tokens, once by keys and values that are kept and once by whole passes."""

    def kept() -> list[int]:
        text = Generation(model, list(prompt))
        for _ in range(count):
            text.append(text.next_tokens(1).likeliest[0][0])
        return text.ids

    def recomputed() -> list[int]:
        ids = list(prompt)
        for _ in range(count):
            ids.append(int(plain(model, ids)[0, -1].argmax()))
        return ids

    return {"kept": kept, "recomputed": recomputed}


def timed(named: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """The median of each in milliseconds, one after another in each round; the first round warms
    up.
    """
    found: dict[str, list[float]] = {name: [] for name in named}
    for _ in range(rounds + 1):
        for name, work in named.items():
            begun = time.perf_counter()
            work()
            found[name].append(1000 * (time.perf_counter() - begun))
    return {name: median(times[1:]) for name, times in found.items()}


def table(found: dict[str, Any]) -> str:
    """Each ratio beside its bar."""
    bars = found["bars"]
    lines = [
        f"{found['tokens']} tokens, one thread: plain pass {found['passes_ms']['plain']:.2f} ms"
    ]
    lines += [
        f"{name}: {found[name]:.2f} times a plain pass (bar {bars[name]})"
        for name in ("parts", "gradients")
    ]
    lines += [
        f"{name}, {walk['tokens']} tokens after {walk['after']}: keys kept {walk['kept']:.0f} ms,"
        f" recomputed {walk['recomputed']:.0f} ms: {walk['times_faster']:.1f} times as fast (bar"
        f" {bars['walk']})"
        for name, walk in found["walks"].items()
    ]
    return "\n".join(lines)
