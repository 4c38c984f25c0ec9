"""The sheets of a run, in two dimensions, as one more way to show its states."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from layerfold.atlas.files import Atlas
from layerfold.atlas.plane_file import FIDELITY, Plane, open_plane
from layerfold.atlas.projection_files import Projection, open_projections
from layerfold.errors import DamagedRun
from layerfold.files.array_cache import ArrayCache
from layerfold.interp.linear_projection import UNITS, LinearProjection
from layerfold.records import Floats, Ints, Measure
from layerfold.space.clouds import Clouds, settle
from layerfold.space.descent import UMAPS, Curve
from layerfold.space.placement import Placer

Sources = tuple[Callable[[int], NDArray[Any]], Callable[[int], dict[str, Any]], ArrayCache]


def shown_projections(
    folder: Path, atlas: Atlas, width: int | None, sources: Sources
) -> tuple[dict[str, LinearProjection], tuple[DamagedRun, ...]]:
    """What can be shown beside a run's atlas, by name, the sheets last; and what is wrong with
    others.
    """
    good, bad = open_projections(folder, atlas, width)
    plane, wrong = open_plane(folder, atlas)
    found = {one.name: LinearProjection(one, atlas, *sources) for one in good}
    if plane is not None:
        found[str(plane.card["name"])] = PlaneProjection(plane, atlas, *sources)
    return found, (*bad, *wrong)


class PlaneProjection(LinearProjection):
    """The reference on its sheets; new tokens settle among their true neighbours as in the
    clouds. Every third coordinate is 0.
    """

    def __init__(
        self,
        plane: Plane,
        atlas: Atlas,
        states_at: Callable[[int], NDArray[Any]],
        origin_of: Callable[[int], dict[str, Any]],
        cache: ArrayCache,
    ) -> None:
        # what is asked of a projection beside its map, sheets have too
        super().__init__(cast("Projection", plane), atlas, states_at, origin_of, cache)
        self._plane = plane

    @property
    def _kernel(self) -> dict[str, Any]:
        names = ("k", "a", "b", "repulsion")
        return {
            name: self.atlas.parameters[name] for name in names if name in self.atlas.parameters
        }

    def place(self, states: NDArray[Any], step: int) -> Floats:
        """Where states [site, token, d] in the atlas's view lie: [site, token, 3]."""
        placer = Placer(self._states_at(step), self.cloud(step), **self._kernel)
        return placer.place(np.asarray(states, dtype=np.float32)).positions

    def settle(self, states: NDArray[Any], step: int, neighbors: Ints, distances: Floats) -> Floats:
        """The same of tokens whose neighbours are known."""
        kernel = self._kernel
        curve = Curve(kernel["a"], kernel["b"])
        clouds = Clouds.of(self.cloud(step), curve, kernel.get("repulsion", UMAPS))
        return settle(clouds, neighbors, distances)

    def _make_cloud(self, step: int) -> NDArray[np.float16]:
        flat = self._plane.positions[self._row(step)]
        return np.concatenate([flat, np.zeros_like(flat[..., :1])], axis=-1)

    def measures(self) -> tuple[Measure, ...]:
        """Trust and continuity, means over a sample."""
        fidelity = self._plane.fidelity
        return tuple(
            Measure(f"{name}@{self._plane.card['name']}", UNITS[name], fidelity[name], "fidelity")
            for name in FIDELITY
        )
