"""Who works out what a build needs of every slice: its neighbourhood before the layout, its scores
after it.

A build asks a crew, step by step, and does not know where the work is done. The crew in this
process is here; one of other processes and machines calls the same functions (``graph_of``,
``moves_to``, ``score_of``) on the same states, so that not a byte differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from layerfold.atlas.neighborhood import neighborhood
from layerfold.atlas.scores import joined_scores, score_of
from layerfold.errors import Diverged, InputError
from layerfold.records import Floats, View, normalized
from layerfold.space.springs import REACH

Arrays = dict[str, NDArray[Any]]
Share = Callable[[float], None]


class Executor(Protocol):
    """Gives what a build asks for, in any order of steps, and says how far it is as a share of what
    was asked.
    """

    def neighborhoods(self, steps: Sequence[int], share: Share) -> Iterator[tuple[int, Arrays]]:
        """(step, what ``neighborhood`` gives of it) for each of the steps."""
        ...

    def scores(
        self, steps: Sequence[int], shown: Sequence[Floats], share: Share
    ) -> Iterator[tuple[int, Arrays]]:
        """(step, what ``joined_scores`` gives of it) for each of the steps; ``shown`` [site, ref,
        3] is the picture of each.
        """
        ...


@dataclass
class States:
    """The states of the last ``keep`` steps asked for, in a view, with the norms of the raw ones;
    raises InputError for unusable ones.
    """

    states_of: Callable[[int], Floats]
    sites: int
    count: int
    view: View
    keep: int
    known: dict[int, tuple[Floats, Floats]] = field(default_factory=dict)

    def __getitem__(self, step: int) -> tuple[Floats, Floats]:
        if step not in self.known:
            while len(self.known) >= self.keep:
                self.known.pop(next(iter(self.known)))
            raw = usable(
                np.asarray(self.states_of(step), dtype=np.float32), step, (self.sites, self.count)
            )
            self.known[step] = (seen(raw, self.view), norms(raw))
        return self.known[step]


def usable(raw: Floats, step: int, wanted: tuple[int, int]) -> Floats:
    """Raw states [site, ref, d] as they are; raises Diverged unless they are finite, InputError
    unless they are ``wanted`` (sites, ref).
    """
    if raw.shape[:2] != wanted:
        raise InputError(f"The states of step {step} have shape {raw.shape}: {wanted} are needed")
    if not np.isfinite(raw).all():
        raise Diverged(f"The states of step {step} are not all finite: leave this step out", step)
    return raw


def seen(raw: Floats, view: View) -> Floats:
    """Raw states [..., d] in a view; a state's bytes do not depend on those beside it."""
    return normalized(raw) if view == "normalised" else raw


def norms(raw: Floats) -> Floats:
    """The lengths of raw states: [..., d] -> [...]."""
    return np.asarray(np.sqrt(np.square(raw).sum(axis=-1)), dtype=np.float32)


@dataclass(frozen=True)
class LocalExecutor:
    """A crew of this process's threads; ``steps`` are all of the build, ``states_of(step)`` raw
    states [site, ref, d].
    """

    states_of: Callable[[int], Floats]
    steps: tuple[int, ...]
    sites: int
    count: int
    view: View
    k: int
    threads: int

    def neighborhoods(self, steps: Sequence[int], share: Share) -> Iterator[tuple[int, Arrays]]:
        """In the order of training; at most three steps' states are in memory."""
        states = self._states(keep=max(REACH) + 1)
        with ThreadPoolExecutor(self.threads) as pool:
            for done, step in enumerate(steps):
                share(done / len(steps))
                at = self.steps.index(step)
                before = [states[self.steps[at - reach]][0] for reach in REACH if at >= reach]
                yield step, neighborhood(states[step][0], before, self.k, pool)

    def scores(
        self, steps: Sequence[int], shown: Sequence[Floats], share: Share
    ) -> Iterator[tuple[int, Arrays]]:
        """In the order of training; one step's states are in memory."""
        states = self._states(keep=1)
        with ThreadPoolExecutor(self.threads) as pool:
            for done, (step, clouds) in enumerate(zip(steps, shown, strict=True)):
                share(done / len(steps))
                here, norm = states[step]
                nexts = [*((here[at + 1], clouds[at + 1]) for at in range(self.sites - 1)), None]
                yield step, joined_scores(list(pool.map(score_of, here, clouds, nexts)), norm)

    def _states(self, keep: int) -> States:
        return States(self.states_of, self.sites, self.count, self.view, keep)
