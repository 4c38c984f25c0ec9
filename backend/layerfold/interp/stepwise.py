"""A computation at several training steps: progress, cancellation, and results kept by content."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from layerfold.errors import Cancelled, StepNotFound
from layerfold.files.array_cache import ArrayCache
from layerfold.interp.session import Session, never
from layerfold.records import Floats

Arrays = dict[str, Floats]
FORMAT: Final = 1


def unheard(*_: object) -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class Watch:
    """Who waits: ``progress`` is told what is being done and the share that is done, ``ready`` the
    arrays of each step as soon as they are there, and ``cancelled`` is asked whether to stop."""

    progress: Callable[[str, float], None] = unheard
    ready: Callable[[int, Mapping[str, Floats]], None] = unheard
    cancelled: Callable[[], bool] = never

    def part(self, n: int, of: int) -> Watch:
        """The same of whoever does the ``n``-th of so many parts: its share is of that part."""

        def progress(what: str, share: float) -> None:
            self.progress(what, (n + share) / of)

        return replace(self, progress=progress)

    def stop(self) -> None:
        """Raises Cancelled when it is so."""
        if self.cancelled():
            raise Cancelled("What was being measured is not wanted any more.")


NOBODY: Final = Watch()


@dataclass(frozen=True)
class Recipe:
    """What a step's arrays are made from beside its checkpoint (anything JSON can hold), their
    ``names``, and how: ``compute`` of a step for whoever waits for it."""

    made_from: Mapping[str, Any]
    names: tuple[str, ...]
    compute: Callable[[int, Watch], Mapping[str, NDArray[Any]]]


def over_steps(opened: Session, steps: Sequence[int], recipe: Recipe, watch: Watch) -> Arrays:
    """The arrays of each step, stacked: NAME [step, ...] float32. Raises Cancelled."""
    rows: list[Arrays] = []
    for n, step in enumerate(steps):
        watch.stop()
        part = watch.part(n, len(steps))
        part.progress(f"step {step}", 0.0)
        origin = {"format": FORMAT, "checkpoint": opened.run.origin(step), **recipe.made_from}
        found = kept(opened.cache, origin, recipe, step, part)
        watch.ready(step, found)
        rows.append(found)
    watch.progress("done", 1.0)
    return {name: np.stack([row[name] for row in rows]) for name in recipe.names}


def kept(
    cache: ArrayCache, origin: dict[str, Any], recipe: Recipe, step: int, watch: Watch = NOBODY
) -> Arrays:
    """A recipe's arrays at a step, from the cache where they are."""
    made: dict[str, NDArray[Any]] = {}

    def part(name: str) -> Floats:
        if not made:
            made.update(recipe.compute(step, watch))
        return np.ascontiguousarray(made[name], dtype=np.float32)

    return {
        name: cache.get({**origin, "array": name}, partial(part, name)) for name in recipe.names
    }


def chosen_steps(opened: Session, steps: Sequence[int] | None) -> tuple[int, ...]:
    """The steps asked for, all checkpoints by default; raises StepNotFound."""
    there = opened.run.steps
    for step in steps or ():
        if step not in there:
            known = ", ".join(map(str, there))
            raise StepNotFound(f"There is no checkpoint at step {step}. There are at: {known}.")
    return tuple(there if steps is None else steps)
