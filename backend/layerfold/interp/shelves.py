"""What is kept of the steps of runs: what places tokens, and the weights of their models, each on a
shelf of its own; and the index that is made once and mapped from then on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from layerfold.atlas.files import Atlas
from layerfold.data.reference_states import slope_of
from layerfold.files.bounded_cache import BoundedCache
from layerfold.interp.slices import StepSpace
from layerfold.records import go_on
from layerfold.space.arithmetic import Arithmetic
from layerfold.space.placement import check_clouds
from layerfold.space.prepared import FORM, Prepared

if TYPE_CHECKING:
    from layerfold.interp.atlas_run import AtlasRun
    from layerfold.model.adapter import Adapter

# of what places tokens, which is mapped and soon mapped again: three steps of 13 sites x 4,000
# tokens x 160, and numba has room beside them
KEPT_BYTES: Final = 160 << 20
WEIGHT_BYTES: Final = 1536 << 20  # three steps of GPT-2's size
SLOPE: Final = "slope"


@dataclass(frozen=True)
class Where:
    """A step of a run, known by what its space is made from: a run that was opened again, because
    it has grown, finds it there.
    """

    run: AtlasRun = field(compare=False, repr=False)
    step: int
    content: tuple[str, ...]


class Spaces(BoundedCache[Where, StepSpace]):
    """What places tokens at the steps of any runs, and the ``weights`` of their models, each with
    room of its own: weights are read anew more slowly than an index is mapped again. All place by
    one ``arithmetic``.
    """

    def __init__(self, room: int, weights: int, begin: Callable[[], None]) -> None:
        super().__init__(room, lambda key: key.run.make_space(key), lambda space: space.nbytes)
        self.arithmetic = Arithmetic()

        def read(key: Where) -> Adapter:
            begin()
            return key.run.run.adapter(key.step)

        self.weights: BoundedCache[Where, Adapter] = BoundedCache(weights, read, weight_bytes)


def shared_spaces(
    room: int = KEPT_BYTES, weights: int = WEIGHT_BYTES, begin: Callable[[], None] = go_on
) -> Spaces:
    """Room for what places tokens at the steps of any runs; ``begin`` is called before a model is
    read, by the thread that reads it.
    """
    return Spaces(room, weights, begin)


def weight_bytes(adapter: Adapter) -> int:
    """What a model's weights take in memory."""
    own = getattr(adapter, "nbytes", None)
    parameters = getattr(getattr(adapter, "model", None), "parameters", None)
    if own is not None or parameters is None:
        return int(own or 0)
    return sum(weight.nbytes for weight in parameters())


def index_origin(origin: dict[str, Any], atlas: Atlas, step: int) -> dict[str, Any]:
    """What a step's index is made from: the states of ``origin``, the clouds, their own
    distances.
    """
    own = np.ascontiguousarray(atlas.own(step)).tobytes()
    return {
        **origin,
        "what": "index",
        "form": FORM,
        "positions": atlas.hash_of(step),
        "own": hashlib.sha256(own).hexdigest(),
    }


def index_of(atlas: Atlas, step: int, states: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """The prepared index of a step over the reference's ``states`` [site, ref, d], and the slope
    beside it.
    """
    positions = np.asarray(atlas.slice(step).positions, dtype=np.float32)
    check_clouds(states, positions, int(atlas.parameters["k"]))
    prepared = Prepared.of(states, positions, atlas.own(step))
    return {**prepared.arrays(), SLOPE: slope_of(states, positions)}
