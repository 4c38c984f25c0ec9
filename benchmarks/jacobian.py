"""Singular values of the local map beside torch.autograd.functional.jacobian: the same map of one
token, the same values.

Both halves of a layer of the bundled run's last step, and of a wide layer with random weights: the
top eight, and all of them. What a person would call is ``torch.autograd.functional.jacobian`` and
then ``torch.linalg.svdvals``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import torch

from layerfold.interp.jacobian import Map, map_values, site_maps
from layerfold.model.gpt import GPT
from layerfold.model.shape import GPTConfig
from layerfold.runs.opening import open_run
from layerfold.settings import bundled

RUN, TOKENS, TOKEN, TOP, BAR = "storyteller", 64, 48, 8, 10
RANDOM: tuple[int, ...] = (192, 768)
ROUNDS = 15
SMOKE = {"ROUNDS": 1, "RANDOM": (64,), "TOKENS": 8, "TOKEN": 6}


def run() -> dict[str, Any]:
    """Milliseconds of CPU on one thread of each way, for attention and the MLP of a middle layer,
    one entry a model and half.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        entries = of_model(RUN, bundled_model(), ROUNDS)
        for width in RANDOM:
            entries += of_model(f"random, {width} wide", random_model(width), ROUNDS)
    finally:
        torch.set_num_threads(threads)
    return {"top": TOP, "bar": BAR, "maps": entries}


def bundled_model() -> GPT:
    """The bundled run's model at its last step."""
    from layerfold.model.forward import gpt_of

    opened = open_run(bundled() / "models" / RUN)
    return gpt_of(opened.adapter(opened.steps[-1]))


def random_model(width: int) -> GPT:
    """Two layers of a given width as they start."""
    return GPT(
        GPTConfig(vocab_size=256, n_layer=2, n_head=width // 64, d_model=width, block_size=TOKENS)
    ).eval()


def of_model(name: str, model: GPT, rounds: int) -> list[dict[str, Any]]:
    """The figures of both halves of a middle layer."""
    ids = [n % model.config.vocab_size for n in range(min(TOKENS, model.config.block_size))]
    maps = site_maps(model, ids, min(TOKEN, len(ids) - 1))
    middle = len(maps) // 4 * 2
    halves = zip(("attention", "MLP"), maps[middle : middle + 2], strict=True)
    return [
        {"model": name, "width": len(at), "half": half, **figures(forward, at, rounds)}
        for half, (forward, at) in halves
    ]


def figures(forward: Map, at: torch.Tensor, rounds: int) -> dict[str, float]:
    """Each way's median time, how many times the first is faster, and the largest relative
    difference of the top values.
    """

    def theirs() -> torch.Tensor:
        derived = torch.autograd.functional.jacobian
        jacobian: torch.Tensor = derived(forward, at)  # type: ignore[no-untyped-call]
        return torch.linalg.svdvals(jacobian)

    known, found = theirs(), torch.from_numpy(map_values(forward, at, TOP))
    top, whole, other = interleaved(
        [lambda: map_values(forward, at, TOP), lambda: map_values(forward, at), theirs], rounds
    )
    return {
        "top, ms": 1e3 * top,
        "all, ms": 1e3 * whole,
        "torch.autograd.functional.jacobian, ms": 1e3 * other,
        "times faster, top": other / top,
        "times faster, all": other / whole,
        "largest difference": float(((found - known[:TOP]).abs() / known[:TOP]).max()),
    }


def interleaved(acts: list[Callable[[], object]], rounds: int) -> list[float]:
    """The median seconds of CPU of each, one after the other in each round; none of them waits for
    another thread.
    """
    seconds: list[list[float]] = [[] for _ in acts]
    for turn in range(rounds + 1):
        for act, spent in zip(acts, seconds, strict=True):
            begin = time.process_time()
            act()
            if turn:
                spent.append(time.process_time() - begin)
    return [median(spent) for spent in seconds]


def maps_of(maps: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """The entries of one model."""
    return [entry for entry in maps if entry["model"] == name]


def both_halves(name: str, entries: list[dict[str, Any]]) -> list[str]:
    """The cells of a whole layer: the sums of its halves' times, and what they make."""
    top, whole, other = (
        sum(entry[key] for entry in entries)
        for key in ("top, ms", "all, ms", "torch.autograd.functional.jacobian, ms")
    )
    return [
        name,
        str(entries[0]["width"]),
        "layer",
        *(f"{each:.1f}" for each in (top, whole, other, other / top, other / whole)),
    ]


def table(found: dict[str, Any]) -> str:
    """The result for a person."""
    lines = [
        (
            f"| model | width | half | top {found['top']}, ms | all, ms |"
            " torch.autograd.functional.jacobian, ms | times faster, top | all |"
        ),
        "| --- | ---: | --- " + "| ---: " * 5 + "|",
    ]
    for entry in found["maps"]:
        times = [
            entry[key] for key in ("top, ms", "all, ms", "torch.autograd.functional.jacobian, ms")
        ]
        faster = [entry[key] for key in ("times faster, top", "times faster, all")]
        cells = [
            entry["model"],
            str(entry["width"]),
            entry["half"],
            *(f"{ms:.1f}" for ms in times),
            *(f"{by:.1f}" for by in faster),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    for name in dict.fromkeys(entry["model"] for entry in found["maps"]):
        lines.append(f"| {' | '.join(both_halves(name, maps_of(found['maps'], name)))} |")
    return "\n".join(
        [
            *lines,
            "",
            (
                f"CPU time, one thread. Bar: the top {found['top']} of a layer at least"
                f" {found['bar']} times faster."
            ),
        ]
    )
