"""What stands in, in a smoke run, for what takes a minute to compile or to start: UMAP's fits, and
worker processes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from layerfold.geometry.spectrum import principal_scores
from layerfold.records import Floats
from layerfold.space.placement import Placer

A, B = 1.577, 0.895


class Fit:
    """A cloud with the parts of a UMAP fit that are read here: principal directions, and our own
    placement in them.
    """

    def __init__(self, states: Floats, k: int = 5) -> None:
        self.embedding_ = principal_scores(states, 3)
        self._a, self._b = A, B
        self._placer = Placer(states[None], self.embedding_[None], k=k, a=A, b=B)

    def transform(self, states: Floats) -> Floats:
        """Where new states [token, d] lie."""
        return self._placer.place(states[None]).positions[0]


@contextmanager
def threads(address: str | None, workers: int) -> Iterator[Any]:
    """A client of ``workers`` workers that are threads of this process."""
    import distributed

    begin: Any = distributed.LocalCluster
    quiet = {"dashboard_address": None, "worker_dashboard_address": None}
    with (
        begin(n_workers=workers, threads_per_worker=1, processes=False, **quiet) as local,
        distributed.Client(local, set_as_default=False) as client,  # type: ignore[no-untyped-call]
    ):
        yield client
