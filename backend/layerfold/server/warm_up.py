"""What a server makes ready before it is asked: the steps of its first run, and then the machine
code by which places are worked out.

numba has to be imported for that, half a second of Python: so it comes when the first page has had
its time, and as the last in line. Where it has not been compiled here yet, a modest process of its
own does that first.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
from functools import partial
from importlib.util import find_spec as importable
from subprocess import DEVNULL, PIPE
from typing import Final

from threadpoolctl import threadpool_limits

from layerfold.errors import Busy, LayerfoldError
from layerfold.interp.session import Session
from layerfold.server.catalog import Catalog
from layerfold.server.child_process import TIED
from layerfold.server.jobs import Jobs, Rank

# seconds: before numba is imported, and before the machine code that lacks is compiled
PAUSE, LATER = 5.0, 30.0
# seconds that reading models waits for the first picture, which a browser asks for at once
FIRST_PICTURE: Final = 6.0
COMPILING: Final = (
    "from layerfold.server.child_process import tie; tie();"
    " from layerfold.space.machine_code import prepare; prepare()"
)
log = logging.getLogger(__name__)


async def warm_up(catalog: Catalog, jobs: Jobs) -> None:
    """Every step of the first run that opens is ready, from the last, and then machine code;
    whatever a person asks goes first.
    """
    await asyncio.sleep(FIRST_PICTURE)
    await jobs.run("warm", Rank.NOW, use_one_thread)
    for name in catalog.names:
        try:
            run = await jobs.run("warm", Rank.WARM, partial(catalog.open, name))
            for step in reversed(run.steps):
                await _warm_step(run, name, step, jobs)
            await jobs.run("warm", Rank.WARM, keep_for_good)
            await quicken(run, jobs)
            return
        except Busy:
            return
        except LayerfoldError as error:
            log.warning("%s is not warmed up: %s", name, error)


async def quicken(run: Session, jobs: Jobs) -> None:
    """Places are worked out by machine code, where there is numba and a folder to keep it in."""
    await asyncio.sleep(PAUSE)
    quick = await jobs.run("warm", Rank.WARM, run.quicken)
    if not quick and importable("numba"):
        await asyncio.sleep(LATER)
        if not await compiled():
            return
        quick = await jobs.run("warm", Rank.WARM, run.quicken)
    if quick:
        await jobs.run("warm", Rank.WARM, keep_for_good)


async def compiled() -> bool:
    """Whether a process of its own, which ends with this one, has compiled the machine code and
    kept it.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        COMPILING,
        stdin=PIPE,
        stdout=DEVNULL,
        stderr=DEVNULL,
        env={**os.environ, TIED: "1"},
        start_new_session=True,
    )
    try:
        return await process.wait() == 0
    finally:
        if process.returncode is None:
            process.terminate()


def use_one_thread() -> None:
    """Each computation runs in one thread: there are as many workers as it takes to fill the cores,
    and more threads would wait for each other (placing 32 tokens took seven times as long with
    two BLAS threads on two busy cores).
    """
    import torch  # takes seconds, so not before the server listens

    torch.set_num_threads(1)
    threadpool_limits(1, "blas")


def keep_for_good() -> None:
    """What is there is no garbage. A full collection comes when a quarter as much as what the last
    one left has gathered: of all that torch and the runs hold, that would be tens of megabytes.
    """
    gc.collect()
    gc.freeze()


async def _warm_step(run: Session, name: str, step: int, jobs: Jobs) -> None:
    try:
        await jobs.run("warm", Rank.WARM, lambda: run.warm(step), name)
    except LayerfoldError as error:
        log.warning("step %d: %s", step, error)
