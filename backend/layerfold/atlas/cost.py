"""What an atlas will cost before it is built: minutes of two cores, memory and disk."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from layerfold.errors import TooLarge
from layerfold.geometry.trust import EXACT_UP_TO as EXACT_TRUST
from layerfold.geometry.trust import SAMPLE
from layerfold.space.approximate import EXACT_UP_TO as EXACT_NEIGHBORS
from layerfold.space.springs import REACH

ASKED_ABOVE: Final = EXACT_NEIGHBORS  # tokens
# nanoseconds of CPU on one core, as benchmarks/results have them
_LAYOUT: Final = 310_000  # a slice and token
_PAIR: Final = 65  # two points' ranks
_NEAR: Final = 13  # two points' distance and its order
_DESCENT: Final = 90_000  # a point of the approximate neighbours
_CORES: Final = 1.6  # that much of two cores is used


@dataclass(frozen=True)
class Cost:
    """``seconds`` of two cores without the model's own passes, the most ``memory`` at once and the
    ``disk`` it takes while it is built, in bytes.
    """

    seconds: float
    memory: int
    disk: int

    @property
    def words(self) -> str:
        """The same for a person."""
        minutes = max(1, round(self.seconds / 60))
        return (
            f"about {minutes} min on two cores beside the model's own passes,"
            f" {self.memory / 1e9:.1f} GB of memory and {self.disk / 1e9:.1f} GB of disk"
        )


def cost_of(tokens: int, sites: int, steps: int, width: int) -> Cost:
    """The cost of an atlas of so many reference tokens with states of ``width`` numbers."""
    slices = sites * steps
    ranks = _PAIR * tokens * (tokens if tokens <= EXACT_TRUST else SAMPLE)
    near = tokens * (_NEAR * tokens if tokens <= EXACT_NEIGHBORS else _DESCENT)
    seconds = slices * (tokens * _LAYOUT + ranks + near) / 1e9 / _CORES
    states = 4 * sites * tokens * width
    held = min(steps, max(REACH) + 1) * states  # steps whose states are in memory
    edges = 12 * 22 * slices * tokens  # an index, a weight and a rate of some 22 edges a point
    springs = 8 * 4 * slices * tokens
    places = 2 * 12 * slices * tokens
    return Cost(
        seconds,
        300_000_000 + max(held + 2 * states, edges + springs + 2 * places),
        (8 * 22 + 30) * slices * tokens,
    )


def check_cost(cost: Cost, folder: Path) -> None:
    """This machine has the memory, and the folder's disk the room; raises TooLarge."""
    there = _memory()
    if there is not None and cost.memory > there:
        raise TooLarge(
            f"The atlas would take {cost.words}; this machine has {there / 1e9:.1f} GB of memory."
            " Ask for fewer --tokens."
        )
    free = shutil.disk_usage(folder).free
    if cost.disk > free:
        raise TooLarge(
            f"The atlas would take {cost.words}; the disk of {folder} has {free / 1e9:.1f} GB left."
            " Make room, or ask for fewer --tokens."
        )


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None
