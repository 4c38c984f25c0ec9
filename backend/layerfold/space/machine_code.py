"""The machine code of placement as it is called, kept and read back: `neighbors.best` and
`clouds.settle`, the same bytes. Imports numba, which serving does not wait for.
"""

from __future__ import annotations

from typing import Any, cast

import numba
import numpy as np
from numpy.typing import NDArray

from layerfold.records import Floats, Ints
from layerfold.space import neighbors
from layerfold.space.clouds import Clouds
from layerfold.space.descent import likeness
from layerfold.space.neighbors import Points
from layerfold.space.placing_kernels import choose, descend


def best(
    queries: Floats, points: Points, product: Floats, limits: tuple[Floats, Floats], k: int
) -> tuple[Ints, Floats]:
    """As `neighbors.best`, which is asked where numbers are of another kind or are none."""
    if points.dtype not in (np.float16, np.float32):
        return neighbors.best(queries, points, product, limits, k)
    shape = (len(queries), k)
    near, far = np.empty(shape, dtype=np.int32), np.empty(shape, dtype=np.float32)
    states: NDArray[Any] = np.ascontiguousarray(points)
    bits = states.view(np.uint16) if states.dtype == np.float16 else states
    choose(queries, bits, product, limits, (near, far))
    if near.max(initial=0) >= len(points):
        none = np.zeros_like(limits[0])  # the squares are in the product by now
        return neighbors.best(queries, points, product, (none, limits[1]), k)
    return near, far


def settle(clouds: Clouds, near: Ints, distances: Floats) -> Floats:
    """As `clouds.settle`."""
    places = np.empty((*near.shape[:2], 3), dtype=np.float32)
    curve = clouds.curve
    descend(
        (clouds.places, clouds.centers, clouds.counts, clouds.soft),
        (near, distances),
        (
            (np.float32(curve.a), np.float32(curve.b), np.float32(2 * curve.b)),
            np.float32(clouds.repulsion / clouds.places.shape[-1]),
        ),
        likeness(near.shape[-1]),
        places,
    )
    return places


def _array(kind: Any, dimensions: int, ours: bool = False) -> Any:
    return numba.types.Array(kind, dimensions, "C", readonly=not ours)


def _signatures() -> list[tuple[Any, tuple[Any, ...]]]:
    """The functions that are called, and with what: numbers of float32, states also of float16."""
    one, whole = numba.float32, numba.int32
    both: Any = numba.types.Tuple
    found = both((_array(whole, 2, True), _array(one, 2, True)))
    limits = both((_array(one, 1), _array(one, 1)))
    groups = (_array(one, 3), _array(one, 3), _array(one, 2), _array(one, 2))
    clouds = (
        both(groups),
        both((_array(whole, 3), _array(one, 3))),
        both((both((one, one, one)), one)),
        both((one, one)),
        _array(one, 3, True),
    )
    return [
        *(
            (choose, (_array(one, 2), _array(kind, 2), _array(one, 2, True), limits, found))
            for kind in (one, numba.uint16)
        ),
        (descend, clouds),
    ]


def kept() -> bool:
    """Whether all of it lies on disk, made for this machine."""
    return all(
        function._cache.load_overload(signature, function.targetctx) is not None
        for function, signature in _signatures()
    )


def prepare() -> None:
    """All of it is there: read from disk, or compiled (ten seconds) and kept; raises OSError where
    no folder can be written.
    """
    if cast(Any, choose).stats.cache_path is None:
        raise OSError("machine code can be kept in no folder here")
    for function, signature in _signatures():
        function.disable_compile(False)
        function.compile(signature)
        function.disable_compile()  # a call of another kind would wait for it, with who typed
