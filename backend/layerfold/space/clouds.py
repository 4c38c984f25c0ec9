"""Clouds that stay as they are, and where new points settle in them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from layerfold.records import Floats, Ints
from layerfold.space.descent import UMAPS, Cells, Curve, descend, memberships, pulls


@dataclass(frozen=True)
class Clouds:
    """``places`` [site, 3, ref]; ``centers`` [site, 3, C], ``counts`` and ``soft`` [site, C] of
    their groups of near points; the layout's curve and repulsion.
    """

    places: Floats
    centers: Floats
    counts: Floats
    soft: Floats
    curve: Curve
    repulsion: float = UMAPS

    @staticmethod
    def of(positions: Floats, curve: Curve, repulsion: float = UMAPS) -> Clouds:
        """The clouds ``positions`` [site, ref, 3]."""
        places = np.asarray(positions, dtype=np.float32)
        cells = [Cells.of(site) for site in places]
        centers, counts, soft = (
            np.stack([getattr(each, name) for each in cells])
            for name in ("centers", "counts", "soft")
        )
        placed = np.ascontiguousarray(places.transpose(0, 2, 1))
        return Clouds(placed, centers, counts, soft, curve, repulsion)

    @cached_property
    def cells(self) -> tuple[Cells, ...]:
        """The groups of near points of each site's cloud."""
        return tuple(
            Cells(*each) for each in zip(self.centers, self.counts, self.soft, strict=True)
        )


def settle(clouds: Clouds, neighbors: Ints, distances: Floats) -> Floats:
    """Where tokens lie, [site, token, 3], whose true ``neighbors`` [site, token, k] lie at those
    ``distances``.
    """
    membership, exponents = memberships(distances)
    anchors = np.stack(
        [cloud.take(near, axis=1) for cloud, near in zip(clouds.places, neighbors, strict=True)],
        axis=1,
    )
    place = descend(
        anchors,
        pulls(membership, exponents),
        membership,
        clouds.cells,
        clouds.places.shape[-1],
        clouds.curve,
        clouds.repulsion,
    )
    return np.ascontiguousarray(place.transpose(1, 2, 0))
