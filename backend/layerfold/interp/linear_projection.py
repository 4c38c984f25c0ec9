"""How a linear map shows a run: places of the reference and of new tokens, worked out from the
states when they are asked for.

Only a few steps' positions are kept, in half numbers. Trust of single points takes seconds a step:
it is found site by site, so that nobody waits long behind it, and kept with the states.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from layerfold.atlas.files import Atlas
from layerfold.atlas.projection_files import FIDELITY, Projection
from layerfold.data.reference_states import slope_of
from layerfold.files.array_cache import ArrayCache
from layerfold.files.bounded_cache import BoundedCache
from layerfold.geometry.trust import trust_at, trust_of
from layerfold.records import Floats, Ints, Measure, Reference, View

KEPT_BYTES: Final = 12 << 20  # of positions: about forty steps of 13 sites x 4,000 tokens
SCORED_BYTES: Final = 4 << 20
FARTHEST: Final = float(np.finfo(np.float16).max)
UNITS: Final = {
    "trust": "mean trustworthiness at k = 15, 0..1",
    "continuity": "mean continuity at k = 15, 0..1",
    "recall": "share of the 15 true neighbours shown",
    "shepard": "Spearman's r of true and shown distances",
}


class LinearProjection:
    """A run's reference as one projection shows it; every method may be called from any thread."""

    def __init__(
        self,
        projection: Projection,
        atlas: Atlas,
        states_at: Callable[[int], NDArray[Any]],
        origin_of: Callable[[int], dict[str, Any]],
        cache: ArrayCache,
    ) -> None:
        """``states_at(step)``: the reference's states [site, ref, d] in the atlas's view;
        ``origin_of(step)``: what they are made from.
        """
        self.projection = projection
        self.atlas = atlas
        self.cache = cache
        self._states_at = states_at
        self._origin_of = origin_of
        self._clouds = BoundedCache(KEPT_BYTES, self._make_cloud, lambda cloud: cloud.nbytes)
        self._scores = BoundedCache(SCORED_BYTES, self._score, lambda scores: scores.nbytes)

    @property
    def view(self) -> View:
        """Which view of the states is shown."""
        return self.atlas.view

    @property
    def parameters(self) -> Mapping[str, Any]:
        """How it was made."""
        return {name: self.projection.card[name] for name in ("kind", "source")}

    @property
    def frame(self) -> Mapping[str, Any]:
        """{"center": [x, y, z], "radius": r}: the ball that holds all but the farthest few
        points.
        """
        frame: Mapping[str, Any] = self.projection.card["frame"]
        return frame

    @property
    def reference(self) -> Reference:
        """The tokens behind the clouds."""
        return self.atlas.reference

    # ---- places

    def place(self, states: NDArray[Any], step: int) -> Floats:
        """Where states [site, token, d] in the atlas's view lie: [site, token, 3]; a place depends
        on its state alone.
        """
        return self.projection.place(states, self._row(step))

    def settle(self, states: NDArray[Any], step: int, neighbors: Ints, distances: Floats) -> Floats:
        """Where states lie whose true neighbours are known: a linear map does not ask for them."""
        return self.place(states, step)

    def cloud(self, step: int) -> Floats:
        """Where the reference lies, [site, ref, 3], as half numbers tell it; raises StepNotFound,
        DamagedRun.
        """
        return self._clouds.get(step).astype(np.float32)

    def slope(self, step: int) -> Floats:
        """The median over the reference of shown over true displacement, between neighbouring
        sites: [site-1].
        """
        return self.cache.get(
            self._made_from(step, "slope"),
            lambda: slope_of(self._states_at(step), self.cloud(step)),
        )

    def packed(self, step: int, trust: bool) -> bytes:
        """The clouds of a step as the page reads them; with trust and continuity of each point if
        they are asked for.
        """
        arrays: dict[str, NDArray[Any]] = {"positions": self._clouds.get(step)}
        if trust:
            arrays |= {
                name: np.rint(255 * part).astype(np.uint8)
                for name, part in zip(FIDELITY, self.trust(step), strict=False)
            }
        return save(arrays)

    def _make_cloud(self, step: int) -> NDArray[np.float16]:
        self._row(step)
        places = self.place(self._states_at(step), step)
        return np.clip(places, -FARTHEST, FARTHEST).astype(np.float16)

    def _row(self, step: int) -> int:
        self.atlas.hash_of(step)  # raises StepNotFound
        return self.atlas.steps.index(step)

    # ---- how far they can be believed

    def mean_trust(self, steps: Sequence[int]) -> Floats:
        """Mean trustworthiness of each cloud: [step, site]."""
        rows = [self._row(step) for step in steps]
        return np.asarray(self.projection.fidelity["trust"][rows], dtype=np.float32)

    def trust(self, step: int) -> Floats:
        """Trust and continuity of each reference token: [2, site, ref]."""
        found = self._made_from(step, "trust")
        return self.cache.get(
            found,
            lambda: np.stack([self._scores.get((step, site)) for site in self._sites], axis=1),
        )

    def unscored(self, step: int) -> list[int]:
        """The sites whose points' trust is not known at hand."""
        known = self.cache.holds(self._made_from(step, "trust"))
        return [] if known else [site for site in self._sites if (step, site) not in self._scores]

    def score(self, step: int, site: int) -> None:
        """Trust of the points of one slice is at hand."""
        self._scores.get((step, site))

    def trust_at(self, step: int, site: int, index: int) -> tuple[float, float]:
        """Trust and continuity of one reference token."""
        return trust_at(self._states(step, site), self.cloud(step)[site], index)

    def _score(self, place: tuple[int, int]) -> Floats:
        step, site = place
        found = trust_of(self._states(step, site), self.cloud(step)[site])
        return np.stack([found.trust, found.continuity]).astype(np.float32)

    def _states(self, step: int, site: int) -> Floats:
        return np.asarray(self._states_at(step)[site], dtype=np.float32)

    @property
    def _sites(self) -> range:
        return range(len(self.atlas.sites))

    def _made_from(self, step: int, what: str) -> dict[str, Any]:
        row = self._row(step)
        return {
            **self._origin_of(step),
            "projection": self.projection.digest,
            "row": row,
            "what": what,
        }

    # ---- words

    def measures(self) -> tuple[Measure, ...]:
        """Its fidelity at every step and site, with the reasons where one is not defined."""
        return tuple(self._measure(name, self.projection.fidelity[name]) for name in FIDELITY)

    def _measure(self, name: str, values: Floats) -> Measure:
        said = {
            (t, s): why
            for what, t, s, why in self.projection.card.get("reasons", [])
            if what == name
        }
        rows = tuple(
            tuple(said.get((t, s), "") for s in range(values.shape[1]))
            for t in range(values.shape[0])
        )
        return Measure(
            f"{name}@{self.projection.name}",
            UNITS[name],
            values,
            "fidelity",
            reasons=rows if said else None,
        )
