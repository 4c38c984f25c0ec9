"""A build's costly stages on a Dask cluster: states and graphs before the layout, scores after it,
a task for each step and site.

Every task makes a piece that is named by what it is made from (pieces.py) and leaves it in a
storage that all machines reach; what goes over the wire are names. So a worker that dies costs what
it was at, a client that dies costs nothing, and a build that is begun again asks only for pieces
that are not there. The layout stays with the client: it moves all slices at once, many times a
minute.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

import numpy as np

from layerfold.atlas.executor import Share
from layerfold.atlas.neighborhood import joined
from layerfold.atlas.scores import joined_scores
from layerfold.build.pieces import (
    Arrays,
    found,
    name_of,
    needed,
    put_picture,
    put_reference,
    states_names,
)
from layerfold.build.run_atlas import Hire
from layerfold.build.worker import (
    DECIDING,
    graph_task,
    look_around,
    moves_task,
    scores_task,
    states_task,
    stop_at_others,
    versions_here,
    work,
)
from layerfold.errors import InputError, LayerfoldError, MissingExtra, Unreachable
from layerfold.records import Floats, Reference, View
from layerfold.runs.run import Run
from layerfold.runs.storage import Storage, open_storage
from layerfold.space.springs import REACH

STORE: Final = "atlas/.store"  # inside the run
PATIENCE: Final = 60.0  # seconds until the first worker is there
ANSWER: Final = 15.0  # seconds until a scheduler answers
# needs nothing of ours on the worker
LOOK: Final = "{name: __import__('importlib.metadata').metadata.version(name) for name in %r}"


# ---- the cluster


@contextmanager
def connected(
    address: str | None, workers: int | None, threads: int | None = None
) -> Iterator[Any]:
    """A client of the scheduler at an address, or of ``workers`` processes of this machine's own,
    which end with it.

    Raises MissingExtra, and Unreachable where no scheduler answers.
    """
    try:
        import distributed
    except ImportError:
        raise MissingExtra(
            "Work on several processes needs a package that is not installed: pip install"
            " layerfold[cluster]"
        ) from None
    if address is not None:
        with _client(distributed, address) as client:
            yield client
        return
    quiet = {
        "dashboard_address": "127.0.0.1:0",
        "worker_dashboard_address": None,
        "silence_logs": logging.ERROR,
    }
    begin: Any = distributed.LocalCluster
    local = begin(
        n_workers=workers, threads_per_worker=1, processes=True, host="127.0.0.1", **quiet
    )
    with local, _client(distributed, local.scheduler_address) as client:
        yield client


@contextmanager
def _client(distributed: Any, address: str) -> Iterator[Any]:
    try:
        _knock(distributed.comm.normalize_address(address), distributed)
        client = distributed.Client(address, timeout=ANSWER, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise Unreachable(
            f"No Dask scheduler answers at {address} ({error}): start one with `dask scheduler`, or"
            " let Layerfold start workers itself with --workers 2"
        ) from None
    with client:
        yield client


def _knock(address: str, distributed: Any) -> None:
    """Raises OSError where nobody listens, ValueError for what is no address: a client that fails
    leaves threads behind.
    """
    if address.partition("://")[0] not in ("tcp", "tls", "ws", "wss"):
        raise ValueError("write it as tcp://HOST:8786")
    socket.create_connection(
        distributed.comm.get_address_host_port(address), timeout=ANSWER
    ).close()


def check_workers(client: Any, store: Storage, run: str) -> None:
    """Every worker has this Layerfold and reaches the store and the run.

    Raises Unreachable where there are no workers or one of them reaches nothing, InputError for one
    without Layerfold or with other versions.
    """
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError:
        raise Unreachable(
            f"The scheduler has no workers: start some with `dask worker {client.scheduler.address}"
            " --nthreads 1`"
        ) from None
    for worker, versions in client.run(eval, LOOK % (DECIDING,), on_error="return").items():
        if not isinstance(versions, dict):
            raise InputError(
                f"worker {worker} lacks a package ({versions}): pip install layerfold[cluster]"
                " there, the same version as here"
            )
        stop_at_others(f"worker {worker}", versions, versions_here())
    probe = f"probes/{uuid4().hex}"
    store.write(probe, b"here")
    try:
        for worker, wrong in client.run(
            look_around, store.address, run, probe, on_error="return"
        ).items():
            if wrong:
                raise Unreachable(
                    f"worker {worker} {wrong}. Put run and store where every machine reaches them:"
                    " a shared folder, s3://…"
                )
    finally:
        store.remove(probe)


# ---- the crew


@dataclass
class Workers:
    """A crew (space/crew.py) of Dask workers; ``steps`` are all of the build."""

    client: Any
    store: Storage
    run: str
    opened: Run
    reference: Reference
    steps: tuple[int, ...]
    view: View
    k: int
    states: dict[int, list[str]] = field(init=False)
    tokens: str = field(init=False)
    origins: dict[int, str] = field(init=False)

    def __post_init__(self) -> None:
        sites = [site.name for site in self.opened.sites]
        self.tokens = put_reference(self.store, self.reference)
        self.origins = {step: self.opened.origin(step) for step in self.steps}
        made = {"reference": self.tokens, "versions": versions_here()}
        self.states = {
            step: states_names(sites, origin=origin, **made)
            for step, origin in self.origins.items()
        }

    def neighborhoods(self, steps: Sequence[int], share: Share) -> Iterator[tuple[int, Arrays]]:
        """Each step as soon as all its slices are there."""
        plans = {step: [*self._graphs(step), *self._moves(step)] for step in steps}
        sites = len(self.opened.sites)
        for step in self._made(plans, share):
            pieces = [needed(self.store, piece.name) for piece in plans[step]]
            yield step, joined(pieces[:sites], pieces[sites:])

    def scores(
        self, steps: Sequence[int], shown: Sequence[Floats], share: Share
    ) -> Iterator[tuple[int, Arrays]]:
        """Each step as soon as all its slices are judged."""
        plans = {
            step: self._scores(step, put_picture(self.store, clouds))
            for step, clouds in zip(steps, shown, strict=True)
        }
        for step in self._made(plans, share):
            pieces = [needed(self.store, piece.name) for piece in plans[step]]
            norm = [piece.pop("norm") for piece in pieces]
            yield step, joined_scores(pieces, np.stack(norm))

    def _graphs(self, step: int) -> list[Piece]:
        made = {"view": self.view, "k": self.k}
        return [
            Piece(
                name := name_of("graphs", states=states, **made),
                graph_task,
                (name, states, self.view, self.k),
                (step,),
            )
            for states in self.states[step]
        ]

    def _moves(self, step: int) -> list[Piece]:
        at = self.steps.index(step)
        before = [self.steps[at - reach] for reach in REACH if at >= reach]
        plans = []
        for site, states in enumerate(self.states[step]):
            sites = self.states[step][max(0, site - max(REACH)) : site][::-1]
            steps = [self.states[each][site] for each in before]
            name = name_of("moves", states=states, sites=sites, steps=steps, view=self.view)
            plans.append(
                Piece(name, moves_task, (name, states, sites, steps, self.view), (step, *before))
            )
        return plans

    def _scores(self, step: int, picture: str) -> list[Piece]:
        plans = []
        for site, states in enumerate(self.states[step]):
            onward = self.states[step][site + 1] if site + 1 < len(self.states[step]) else None
            name = name_of(
                "scores", states=states, onward=onward, picture=picture, site=site, view=self.view
            )
            plans.append(
                Piece(name, scores_task, (name, states, onward, picture, site, self.view), (step,))
            )
        return plans

    def _made(self, plans: dict[int, list[Piece]], share: Share) -> Iterator[int]:
        """The steps, each when its pieces are in the store; what is there already is not made
        again.
        """
        there = self.store.marks()
        whole = {
            piece.name
            for plan in plans.values()
            for piece in plan
            if piece.name in there and found(self.store, piece.name) is not None
        }
        left = {step: {piece.name for piece in plan} - whole for step, plan in plans.items()}
        total = sum(len(plan) for plan in plans.values())
        share(len(whole) / max(total, 1))
        yield from (step for step, names in left.items() if not names)
        waiting = {step: names for step, names in left.items() if names}
        of_step = {name: step for step, names in waiting.items() for name in names}
        for done, name in enumerate(self._worked(plans, of_step, there), 1):
            share((len(whole) + done) / total)
            step = of_step[name]
            waiting[step].discard(name)
            if not waiting[step]:
                yield step

    def _worked(
        self, plans: dict[int, list[Piece]], wanted: dict[str, int], there: Container[str]
    ) -> Iterator[str]:
        """The names of wanted pieces as they are made."""
        import distributed

        finished: Any = distributed.as_completed
        pieces = [piece for plan in plans.values() for piece in plan if piece.name in wanted]
        needed_at = sorted({step for piece in pieces for step in piece.after})
        asked = {
            step: self._ask_for_states(step)
            for step in needed_at
            if not all(name in there for name in self.states[step])
        }
        futures = {}
        for piece in pieces:
            after = [asked[step] for step in piece.after if step in asked]
            futures[self._ask(piece.task, piece.name, *piece.arguments, after=after)] = piece.name
        with _failures_said():
            for future in finished(list(futures), loop=self.client.loop):
                future.result()
                yield futures.pop(future)

    def _ask_for_states(self, step: int) -> Any:
        names = self.states[step]
        return self._ask(
            states_task, names[0], names, self.run, step, self.origins[step], self.tokens, after=[]
        )

    def _ask(
        self, task: Callable[..., None], name: str, *arguments: Any, after: Sequence[Any]
    ) -> Any:
        """The future of a task; the same for everybody who asks for the same piece."""
        kind, key = name.removesuffix(".safetensors").split("/")[:2]
        before = {f"after_{number}": future for number, future in enumerate(after)}
        return self.client.submit(
            work,
            versions_here(),
            task,
            self.store.address,
            *arguments,
            key=f"{kind}-{key}",
            **before,
        )


@dataclass(frozen=True)
class Piece:
    """What makes a piece: the task, its arguments, and the steps whose states it reads."""

    name: str
    task: Callable[..., None]
    arguments: tuple[Any, ...]
    after: tuple[int, ...]


@contextmanager
def _failures_said() -> Iterator[None]:
    """Our own errors come through as they are; what befalls the cluster is said in words."""
    try:
        yield
    except LayerfoldError:
        raise
    except Exception as error:
        kind, said = type(error).__name__, " ".join(str(error).split())[:300]
        what = {
            "KilledWorker": (
                "a task ended every worker that tried it, as one without enough memory would; give"
                " workers more of it"
            ),
            "FutureCancelledError": "the scheduler went away",
            "CancelledError": "the scheduler went away",
        }.get(kind, "a task failed on its worker")
        raise Unreachable(
            f"The cluster: {what} ({kind}: {said}). What is made is kept: the same command goes on"
            " from there"
        ) from error


@contextmanager
def hired(
    run: str, address: str | None, workers: int | None, store: str | None = None
) -> Iterator[Hire]:
    """A call that gives a build its crew: of a scheduler's workers, or of so many processes of this
    machine.

    ``run`` is the path or address of the run, as the workers see it; ``store`` where pieces lie,
    without it a folder in the run that is emptied when the build is done. Raises what ``connected``
    and ``check_workers`` raise.
    """
    kept = open_storage(store or f"{run}/{STORE}")
    with connected(address, workers) as client:
        check_workers(client, kept, run)
        yield lambda opened, reference, steps, view, k: Workers(
            client, kept, run, opened, reference, tuple(steps), view, k
        )
    if store is None:
        kept.clear()
