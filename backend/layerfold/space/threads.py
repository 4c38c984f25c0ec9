"""How many threads work when an atlas is made, so that its bytes do not depend on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


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
