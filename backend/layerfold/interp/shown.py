"""How a projection shows states at one step: their places, and arrows from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layerfold.data.reference_states import viewed
from layerfold.interp.linear_projection import LinearProjection
from layerfold.interp.occurrences import Occurrence, states_of
from layerfold.interp.session import Session
from layerfold.interp.stepwise import Watch
from layerfold.records import Floats


@dataclass(frozen=True)
class Arrows:
    """Arrows [from, part, token]: ``tip`` [from, part, token, 3] in the cloud that each starts in;
    raw ``length``; ``cosine`` with the first part; ``trust``, shown over true length, 1 being
    typical.
    """

    tip: Floats
    length: Floats
    cosine: Floats
    trust: Floats

    def of_part(self, part: int) -> Arrows:
        """Those of one part: [from, token]."""
        return Arrows(*(values[:, part] for values in vars(self).values()))


@dataclass(frozen=True)
class Shown:
    """A run at a step as a projection shows it; raises ProjectionNotFound, StepNotFound when it is
    asked.
    """

    session: Session
    step: int
    projection: str = "umap"

    def places(self, raw: Floats) -> Floats:
        """Where raw states [site, token, d] lie in the clouds of all sites: [site, token, 3]."""
        states = viewed(raw, self.session.atlas.view)
        picture = self.session.picture(self.projection)
        if isinstance(picture, LinearProjection):
            return picture.place(states, self.step)
        return self.session.space(self.step).placer.place(states).positions

    def places_of(self, words: Sequence[Occurrence], watch: Watch) -> Floats:
        """Where words lie in the clouds of all sites: [site, word, 3]; raises Cancelled."""
        raw = states_of(self.session.space(self.step).adapter, words, watch.part(0, 2))
        watch.stop()
        watch.progress("placing", 0.5)
        return self.places(raw)

    def places_at(self, site: int, raw: Floats) -> Floats:
        """Where raw states [token, d] lie in the cloud of one site: [token, 3]."""
        grid = np.zeros((len(self.session.sites), *raw.shape), dtype=np.float32)
        grid[:] = raw
        found: Floats = self.places(grid)[site]
        return found

    @property
    def slope(self) -> Floats:
        """What is typical of the move that leads on from each site but the last: shown over true
        length, [site-1].
        """
        picture = self.session.picture(self.projection)
        if isinstance(picture, LinearProjection):
            return picture.slope(self.step)
        return self.session.space(self.step).slope

    def arrows(self, chosen: NDArray[np.int64], starts: Floats, parts: Floats) -> Arrows:
        """Arrows of ``parts`` [from, part, token, d] from raw ``starts`` [from, token, d], which
        stand at the sites ``chosen`` [from].
        """
        sites = len(self.session.sites)
        count, tokens, d = parts.shape[1:]
        tips = starts[:, None] + parts
        grid = np.zeros((sites, (count + 1) * tokens, d), dtype=np.float32)
        grid[chosen] = np.concatenate([starts[:, None], tips], axis=1).reshape(len(chosen), -1, d)
        grid[np.setdiff1d(np.arange(sites), chosen)] = grid[chosen[0]]
        placed = self.places(grid)[chosen].reshape(len(chosen), count + 1, tokens, 3)
        shown = np.linalg.norm(placed[:, 1:] - placed[:, :1], axis=-1)
        view = self.session.atlas.view
        true = np.linalg.norm(viewed(tips, view) - viewed(starts, view)[:, None], axis=-1)
        slope = self.slope[np.minimum(chosen, sites - 2)][:, None, None]
        trust = np.divide(shown, true * slope, out=np.ones_like(true), where=true * slope > 0)
        return Arrows(
            placed[:, 1:], norms(parts), cosines(parts, parts[:, :1]), trust.astype(np.float32)
        )

    def pieces(self, site: int, raw: Floats, places: Floats) -> Floats:
        """What part of each piece of ways through raw states [..., point, d] at a site the picture
        keeps, which shows them at ``places`` [..., point, 3]: [..., point - 1], 1 is typical.
        """
        typical = self.slope[min(site, len(self.slope) - 1)]
        true = norms(np.diff(viewed(raw, self.session.atlas.view), axis=-2)) * typical
        shown = norms(np.diff(places, axis=-2))
        kept: Floats = np.divide(shown, true, out=np.ones_like(true), where=true > 0)
        return kept

    def moves(self, before: Floats, after: Floats) -> tuple[Floats, Floats]:
        """Where raw states [site, token, d] come to lie [site, token, 3], and what part of each
        move the picture keeps (1 is typical) [site, token].
        """
        view = self.session.atlas.view
        start, end = self.places(before), self.places(after)
        typical = self.slope[np.minimum(np.arange(len(before)), len(self.slope) - 1)][:, None]
        true = norms(viewed(after, view) - viewed(before, view)) * typical
        return end, np.divide(norms(end - start), true, out=np.ones_like(true), where=true > 0)


def norms(values: Floats) -> Floats:
    """Euclidean lengths over the last axis."""
    return np.asarray(np.linalg.norm(values, axis=-1), dtype=np.float32)


def cosines(values: Floats, others: Floats) -> Floats:
    """Cosines over the last axis; 0 where a vector has no length."""
    lengths = norms(values) * norms(others)
    return np.asarray(
        np.divide(
            (values * others).sum(axis=-1), lengths, out=np.zeros_like(lengths), where=lengths > 0
        )
    )
