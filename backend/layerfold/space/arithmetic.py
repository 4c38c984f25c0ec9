"""Who works out places: numpy, and machine code as soon as it is there. The bytes are the same."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable
from typing import Final, Protocol

import numpy as np

from layerfold.records import Floats, Ints
from layerfold.space.clouds import Clouds, settle
from layerfold.space.descent import UMAPS, Curve
from layerfold.space.neighbors import Best, Points, best

KERNELS: Final = "layerfold.space.machine_code"
log = logging.getLogger(__name__)

Settle = Callable[[Clouds, Ints, Floats], Floats]


class Code(Protocol):
    """What the module of machine code holds."""

    best: Best
    settle: Settle

    def kept(self) -> bool: ...

    def prepare(self) -> None: ...


class Arithmetic:
    """``best`` and ``settle``, as numpy works them out until ``quicken`` has found machine code for
    them. Safe to share between threads.
    """

    def __init__(self) -> None:
        self.best: Best = best
        self.settle: Settle = settle

    def quicken(self) -> bool:
        """Machine code works from now on, and True, if it is on disk and says the same bytes; half
        a second and 60 MB, for numba has to be imported.
        """
        try:
            code: Code = importlib.import_module(KERNELS)
            if not code.kept():
                return False
            code.prepare()
        except Exception as error:  # numba's own, and the machine's: numpy does without it
            log.info("places are worked out without machine code: %s", error)
            return False
        if not agree(code):
            log.warning("Machine code gives other places than numpy here, so it is not used.")
            return False
        self.best, self.settle = code.best, code.settle
        return True


def agree(code: Code) -> bool:
    """Whether machine code says numpy's bytes of a made-up cloud, on this machine with this
    numpy.
    """
    rng = np.random.default_rng(0)
    states, queries = (rng.normal(size=(n, 150)).astype(np.float32) for n in (700, 5))
    squares = np.square(states).sum(axis=1)
    places = rng.normal(size=(1, 700, 3)).astype(np.float32)
    clouds = Clouds.of(places, Curve(1.577, 0.895), UMAPS)

    def said(one: Best, other: Settle, points: Points) -> list[bytes]:
        product = queries @ states.T * np.float32(-2)
        near, far = one(queries, points, product, (squares, np.full(5, 0.1, np.float32)), 15)
        return [part.tobytes() for part in (near, far, other(clouds, near[None], far[None]))]

    return all(
        said(best, settle, points) == said(code.best, code.settle, points)
        for points in (states, states.astype(np.float16))
    )
