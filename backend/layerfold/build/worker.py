"""What runs on a worker of a cluster: one task at a time in a process, by addresses and names
alone.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any, Final

import torch

from layerfold.build.pieces import make_graph, make_moves, make_scores, make_states
from layerfold.errors import InputError, LayerfoldError
from layerfold.runs.opening import open_run
from layerfold.runs.remote import CARD, mirror_of
from layerfold.runs.storage import is_address, open_storage
from layerfold.settings import cache_folder
from layerfold.space.threads import cores

# packages whose versions may decide a bit of the result
DECIDING: Final = ("layerfold", "numpy", "torch", "umap-learn", "scipy")
# numba's threads and the number of BLAS threads belong to the process
_ONE_AT_A_TIME: Final = threading.Lock()


def work(
    versions: dict[str, str], task: Callable[..., None], *arguments: Any, **after: Any
) -> None:
    """A task's piece is made; ``after`` are the tasks that had to be done before. Raises InputError
    where the versions are others.
    """
    stop_at_others("a worker", versions_here(), versions)
    with _ONE_AT_A_TIME, cores(1):
        task(*arguments)


def states_task(
    store: str, names: Sequence[str], run: str, step: int, origin: str, reference: str
) -> None:
    """``make_states`` of the run at a path or an address."""
    # numba's pool, once begun, gives torch one thread a core, and workers would spin against each
    # other
    torch.set_num_threads(1)
    make_states(open_storage(store), names, open_run(folder_of(run)), step, origin, reference)


def graph_task(store: str, *arguments: Any) -> None:
    """``make_graph``."""
    make_graph(open_storage(store), *arguments)


def moves_task(store: str, *arguments: Any) -> None:
    """``make_moves``."""
    make_moves(open_storage(store), *arguments)


def scores_task(store: str, *arguments: Any) -> None:
    """``make_scores``."""
    make_scores(open_storage(store), *arguments)


def folder_of(run: str) -> Path:
    """The folder of the run at a path, or of the copy in this machine's cache of one at an
    address.
    """
    return mirror_of(run, cache_folder(os.environ)) if is_address(run) else Path(run)


def look_around(store: str, run: str, probe: str) -> str:
    """What is wrong with the store's and the run's place as seen from here: empty where all is
    well.
    """
    try:
        if open_storage(store).read(probe) is None:
            return f"does not see what is written to {store}"
        return "" if open_storage(run).read(CARD) is not None else f"sees no run at {run}"
    except LayerfoldError as error:
        return f"reaches too little: {error}"


@cache
def versions_here() -> dict[str, str]:
    """The versions in this process of the packages that decide the result."""
    found: dict[str, str] = {}
    for name in DECIDING:
        try:
            found[name] = version_of(name)
        except PackageNotFoundError:
            found[name] = "none"
    return found


def stop_at_others(who: str, theirs: dict[str, str], ours: dict[str, str]) -> None:
    """Raises InputError unless the versions are the same."""
    for name, version in ours.items():
        if theirs.get(name, "none") != version:
            raise InputError(
                f"{who} has {name} {theirs.get(name, 'none')}, the build was begun with {version},"
                " and bytes could differ: install the same version on all machines"
            )
