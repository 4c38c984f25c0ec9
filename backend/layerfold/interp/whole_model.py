"""A whole model on held-out text: what a smaller one is compared with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from layerfold.geometry.comparison import neighbor_overlap, procrustes
from layerfold.interp.edge import at_once, last_states
from layerfold.interp.interval import Doubles, mean_interval
from layerfold.interp.stepwise import NOBODY, Watch
from layerfold.records import Floats, Ints
from layerfold.space.neighbors import nearest_self

if TYPE_CHECKING:
    from torch import Tensor

    from layerfold.model.adapter import Adapter

NEIGHBORS: Final = 15
MOST_KEPT: Final = 1 << 29  # bytes of log-probabilities; of more each is found again


@dataclass(frozen=True)
class Whole:
    """The whole model's ``losses`` [window, token - 1] on ``windows``, and its last ``states`` with
    each one's nearest ``neighbors``; ``logs``, its log-probabilities of parts of the windows, none
    where they are too many to be kept; ``counts`` of the bootstrap over windows.
    """

    windows: Ints
    states: Floats
    logs: Mapping[int, Tensor]
    losses: Doubles
    neighbors: Ints
    counts: NDArray[np.int64]

    @staticmethod
    def of(
        adapter: Adapter, windows: Ints, counts: NDArray[np.int64], watch: Watch = NOBODY
    ) -> Whole:
        """What others are compared with."""
        states = last_states(adapter, windows, watch)
        kept = 4 * windows.size * adapter.n_vocab <= MOST_KEPT
        logs, losses = {}, []
        for part in parts_of(adapter, windows):
            watch.stop()
            logs[part.start] = log_probabilities(adapter, states[part])
            losses.append(-picked(logs[part.start], windows[part]))
            if not kept:
                logs.clear()
        flat = states.reshape(-1, states.shape[-1])
        near = nearest_self(flat, min(NEIGHBORS, len(flat) - 1))[0]
        return Whole(windows, states, logs, np.concatenate(losses), near, counts)

    def mean(self, values: Doubles) -> Doubles:
        """The mean a token with bounds over windows [3]."""
        return mean_interval(values.mean(axis=1), self.counts)

    def beside(self, adapter: Adapter, watch: Watch = NOBODY) -> dict[str, Any]:
        """The numbers of a smaller model, into which the adapter's own has been made."""
        states = last_states(adapter, self.windows, watch)
        losses, divergence = self._losses(adapter, states, watch)
        flat = states.reshape(-1, states.shape[-1])
        near = nearest_self(flat, self.neighbors.shape[1])[0]
        return {
            "damage": self.mean(losses - self.losses),
            "divergence": self.mean(divergence),
            "kept": neighbor_overlap(self.neighbors, near).value,
            "residual": procrustes(self.states.reshape(flat.shape), flat).value,
        }

    def _losses(self, adapter: Adapter, states: Floats, watch: Watch) -> tuple[Doubles, Doubles]:
        """The loss of each next token and KL(whole ‖ this), [window, token - 1], from last
        states; the head is no part of any change."""
        losses, divergences = [], []
        for part in parts_of(adapter, self.windows):
            watch.stop()
            logs = log_probabilities(adapter, states[part])
            whole = self.logs.get(part.start)
            if whole is None:
                whole = log_probabilities(adapter, self.states[part])
            losses.append(-picked(logs, self.windows[part]))
            gaps = logs.neg_().add_(whole).mul_(whole.exp())
            divergences.append(gaps.sum(dim=-1).double().numpy())
        return np.concatenate(losses), np.concatenate(divergences)


def parts_of(adapter: Adapter, windows: Ints) -> Iterator[slice]:
    """The windows a few at a time."""
    few = at_once(adapter, windows.shape[1])
    return (slice(n, n + few) for n in range(0, len(windows), few))


def log_probabilities(adapter: Adapter, states: Floats) -> Tensor:
    """Of every next token [window, token - 1, vocab], from last states [window, token, d]."""
    from torch import from_numpy, no_grad  # late: takes seconds

    with no_grad():
        return from_numpy(adapter.unembed(states[:, :-1])).log_softmax(dim=-1)


def picked(logs: Tensor, windows: Ints) -> Doubles:
    """The log-probabilities of the tokens that come next [window, token - 1]."""
    from torch import from_numpy

    ids = from_numpy(windows[:, 1:, None].astype(np.int64))
    return np.asarray(logs.gather(-1, ids)[..., 0].double().numpy())
