"""How many threads work when an atlas is made, so that its bytes do not depend on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from threadpoolctl import threadpool_limits

# points that a thread moves in 5 ms: two that meet thousands of times for less wait for each other,
# on a busy machine for four times what one needs for all of it
GRAIN: Final = 8192


@contextmanager
def cores(threads: int) -> Iterator[None]:
    """BLAS works with one thread, so that its sums do not depend on how many there are; numba with
    as many as it may.
    """
    import numba  # seconds, and serving must not

    before = numba.get_num_threads()
    numba.set_num_threads(max(1, min(threads, before)))
    try:
        with threadpool_limits(limits=1, user_api="blas"):
            yield
    finally:
        numba.set_num_threads(before)


@contextmanager
def busy(points: int) -> Iterator[None]:
    """No more of numba's threads than have enough to do where so many points move at a time."""
    import numba  # seconds, and serving must not

    before = numba.get_num_threads()
    numba.set_num_threads(max(1, min(before, points // GRAIN)))
    try:
        yield
    finally:
        numba.set_num_threads(before)
