"""The models that the page offers to fetch: each by a process of its own (`layerfold get`), whose
run is served once it is there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from layerfold.build.offered_model import packed_atlas
from layerfold.claims.seed.files import SEED, read_seed_file
from layerfold.data.offered_models import OFFERED, OfferedModel
from layerfold.errors import LabClosed, ModelNotFound
from layerfold.server.processes import ProcessPool
from layerfold.server.protocol.http import Problem, SeedTable
from layerfold.server.protocol.offers import ModelOffer, ModelOffers

AT_ONCE: Final = 1
STAGES: Final = {"fetching": 0.0, "making the model": 0.6}  # of the whole, where each begins
REST: Final = 0.8  # where the atlas begins


class Offers:
    """What can be fetched, what is being fetched, what is here; any thread may call."""

    def __init__(
        self,
        cache: Path,
        arrived: Callable[[Path], str],
        pool: ProcessPool | None = None,
        closed: str = "",
    ) -> None:
        """``arrived`` serves the run in a folder and gives its name; with a reason to be
        ``closed``, nothing is fetched.
        """
        self.closed = closed
        self._cache, self._arrived = cache, arrived
        self._pool = pool or ProcessPool(AT_ONCE)
        self._runs: dict[str, str] = {}
        self._failed: dict[str, str] = {}
        self._lock = threading.Lock()

    def list(self) -> ModelOffers:
        """Every model that is offered, as it stands."""
        with self._lock:
            models = [self._offer(model) for model in OFFERED.values()]
        why = Problem(code=LabClosed.code, message=self.closed) if self.closed else None
        return ModelOffers(models=models, closed=why)

    def seed(self, name: str) -> SeedTable:
        """What became of the seed's claims in a model, none where nothing comes along; raises
        LabClosed, ModelNotFound, DamagedRun.
        """
        kept = read_seed_file(packed_atlas(self._model(name)) / SEED)
        return SeedTable(cards=[] if kept is None else kept.cards)

    def fetch(self, name: str) -> ModelOffers:
        """A model begins to be fetched, made and opened; raises LabClosed, ModelNotFound, Busy."""
        model = self._model(name)
        with self._lock:
            if self._pool.state(name) != "running" and name not in self._runs:
                self._pool.forget(name)
                self._failed.pop(name, None)
                self._pool.start(name, self._words(model), self._cache / "logs" / f"get-{name}.log")
        return self.list()

    def stop(self, name: str) -> ModelOffers:
        """A model is fetched no further; what came whole stays. Raises LabClosed, ModelNotFound."""
        self._model(name)
        with self._lock:
            self._pool.stop(name)
            self._pool.forget(name)
        return self.list()

    def close(self) -> None:
        """Nothing is being fetched any more."""
        self._pool.close()

    def _words(self, model: OfferedModel) -> tuple[str, ...]:
        return ("get", model.name, "--yes", "--no-serve", "--no-read", "--cache", str(self._cache))

    def _model(self, name: str) -> OfferedModel:
        if self.closed:
            raise LabClosed(self.closed)
        if name not in OFFERED:
            raise ModelNotFound(
                f"{name[:100]!r} is no model that is offered here: choose {', '.join(OFFERED)}"
            )
        return OFFERED[name]

    def _offer(self, model: OfferedModel) -> ModelOffer:
        name = model.name
        state, said = self._pool.state(name), self._pool.said(name) or {}
        if state == "ended":
            self._settle(name, said)
            said = {}
        return ModelOffer(
            name=name,
            title=model.title,
            megabytes=round(model.wheel.bytes / 1e6),
            disk_megabytes=round(model.disk / 1e6),
            licence=model.licence,
            source=f"{model.wheel.project} {model.wheel.version}",
            better=model.better,
            notes=list(model.notes),
            status="fetching"
            if state == "running"
            else "here"
            if model.here(self._cache)
            else "absent",
            stage=str(said.get("stage", "")),
            share=_of_the_whole(str(said.get("stage", "")), float(said.get("share", 0.0))),
            run=self._runs.get(name),
            message=self._failed.get(name, ""),
        )

    def _settle(self, name: str, said: dict[str, object]) -> None:
        """What became of a process that has ended."""
        if self._pool.code(name) == 0 and isinstance(said.get("folder"), str):
            self._runs[name] = self._arrived(Path(str(said["folder"])))
        elif self._pool.code(name):
            self._failed[name] = self._pool.complaint(name).removeprefix("layerfold: ")
        self._pool.forget(name)


def _of_the_whole(stage: str, share: float) -> float:
    """How far it is, of fetching, making and the atlas."""
    if not stage:
        return 0.0
    start = STAGES.get(stage, REST)
    end = min((other for other in (*STAGES.values(), REST, 1.0) if other > start), default=1.0)
    return start + (end - start) * max(0.0, min(1.0, share))
