"""A run projected on one to three axes of word pairs: a picture whose coordinates have names.

Along each axis a place is what the mean difference of the pairs reads off the state, less the
cloud's mean, at that step and site. Where fewer than three axes are named, the main directions of
what is left fill the picture, turned alike from site to site and as at the last step. One scale for
all steps, so that what grows is seen to grow.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from layerfold.atlas.files import Atlas
from layerfold.atlas.projection_files import UMAP, Projection, mapped
from layerfold.errors import InputError, ProjectionNotFound
from layerfold.files.array_cache import ArrayCache
from layerfold.files.bounded_cache import BoundedCache
from layerfold.interp import axes
from layerfold.interp.linear_projection import LinearProjection
from layerfold.interp.session import Session, states_cache
from layerfold.interp.shelves import Spaces
from layerfold.interp.word_sets import PairList, bundled_pairs, fingerprint
from layerfold.records import Floats
from layerfold.runs.opening import open_run
from layerfold.runs.run import Run

PREFIX: Final = "axes"
JOINT: Final = "~"
MOST: Final = 3
OWN: Final = "own."
KEPT: Final = 32  # lists of a person's own, and projections
MAPS_BYTES: Final = 32 << 20
WITHIN: Final = 0.98  # of the tokens lie in the frame at the last step
Maps = tuple[Floats, Floats]


def key_of(pairs: PairList) -> str:
    """The name of a list within a projection's: a bundled one's own, else a hash."""
    if any(one == pairs for one in bundled_pairs()):
        return pairs.name
    return OWN + hashlib.sha256(fingerprint(pairs.pairs).encode()).hexdigest()[:8]


class AxesSession(Session):
    """A session whose states can be shown on axes of word pairs, too: ``axes~gender~number``;
    lists of a person's own once they were kept."""

    def __init__(self, run: Run, cache: ArrayCache, spaces: Spaces | None = None) -> None:
        """As a Session's."""
        super().__init__(run, cache, spaces)
        self._own: dict[str, PairList] = {}
        self._on_axes: dict[str, AxisProjection] = {}

    def keep_pairs(self, pairs: PairList) -> str:
        """The key of a list, by which a projection can name it."""
        key = key_of(pairs)
        if key.startswith(OWN):
            self._own = {**dict(list(self._own.items())[-KEPT + 1 :]), key: pairs}
        return key

    def picture(self, name: str = UMAP) -> Atlas | LinearProjection:
        """As a Session's, and the axes that a name lists."""
        if not name.startswith(PREFIX + JOINT):
            return super().picture(name)
        if name not in self._on_axes:
            lists = [self._pairs(key, name) for key in name.split(JOINT)[1:]]
            made = AxisProjection(self, name, lists, self._states, self._origin)
            self._on_axes = {**dict(list(self._on_axes.items())[-KEPT + 1 :]), name: made}
        return self._on_axes[name]

    def _pairs(self, key: str, name: str) -> PairList:
        known = {one.name: one for one in bundled_pairs()} | self._own
        if key not in known:
            raise ProjectionNotFound(
                f"There are no pairs {key[:40]!r} for the projection {name[:100]!r}: measure them"
                f" first, or name bundled ones: {', '.join(one.name for one in bundled_pairs())}."
            )
        return known[key]


def open_session(
    folder: Path | str, cache: Path | ArrayCache | None = None, spaces: Spaces | None = None
) -> AxesSession:
    """The run in a folder, nothing heavy read yet; its states can be shown on axes of words.

    Raises RunNotFound, DamagedRun.
    """
    kept = cache if isinstance(cache, ArrayCache) else states_cache(cache)
    return AxesSession(open_run(folder), kept, spaces)


class AxisProjection(LinearProjection):
    """The reference on one to three named axes, found step by step."""

    def __init__(
        self,
        opened: Session,
        name: str,
        lists: Sequence[PairList],
        states_at: Callable[[int], NDArray[Any]],
        origin_of: Callable[[int], dict[str, Any]],
    ) -> None:
        """Raises InputError for no axis, or more than three."""
        if not 1 <= len(lists) <= MOST or len(set(map(key_of, lists))) < len(lists):
            raise InputError(
                f"A picture has one to three different axes, and {name[:100]!r} names"
                f" {len(lists)}: choose others."
            )
        titles = [one.name for one in lists]
        card = {
            "name": name,
            "kind": "basis",
            "title_en": " × ".join(titles),
            "title_zh": " × ".join(titles),
            "axes_en": [*titles, *[""] * (MOST - len(titles))],
            "axes_zh": [*titles, *[""] * (MOST - len(titles))],
            "source": "mean differences of word pairs",
            "frame": {"center": [0.0, 0.0, 0.0], "radius": 1.0},
        }
        nothing = np.zeros((1, 1, MOST, 1), dtype=np.float32)
        digest = hashlib.sha256(fingerprint([one.pairs for one in lists]).encode()).hexdigest()
        made = Projection(card, nothing, nothing[..., 0], {}, digest)
        super().__init__(made, opened.atlas, states_at, origin_of, opened.cache)
        self._opened, self._lists = opened, tuple(lists)
        self._maps = BoundedCache(MAPS_BYTES, self._map, lambda maps: maps[0].nbytes)

    def place(self, states: NDArray[Any], step: int) -> Floats:
        """Where states [site, token, d] in the atlas's view lie: [site, token, 3]."""
        self._row(step)
        matrix, offset = self._maps.get(step)
        return np.stack([mapped(*site) for site in zip(states, matrix, offset, strict=True)])

    def mean_trust(self, steps: Sequence[int]) -> Floats:
        """Mean trustworthiness of each cloud: [step, site]."""
        return np.stack([self.trust(step)[0].mean(axis=1) for step in steps])

    def _map(self, step: int) -> Maps:
        """Matrix [site, 3, d] and offset [site, 3] of a step."""
        rows, scale = self._last
        states, means = self._centered(step)
        if step != self.atlas.steps[-1]:
            rows = self._rows(step, states, rows)
        matrix = (rows / scale).astype(np.float32)
        return matrix, -np.einsum("skd,sd->sk", matrix, means)

    @cached_property
    def _last(self) -> tuple[Floats, float]:
        """The rows of the last step [site, 3, d], and within how far nearly all tokens lie."""
        step = self.atlas.steps[-1]
        states, _ = self._centered(step)
        rows = self._rows(step, states, None)
        places = np.einsum("skd,snd->snk", rows, states)
        return rows, float(np.quantile(np.linalg.norm(places, axis=-1), WITHIN)) or 1.0

    def _centered(self, step: int) -> Maps:
        """The reference's states less their mean [site, ref, d], and the mean [site, d]."""
        states = np.asarray(self._states_at(step), dtype=np.float32)
        means = states.mean(axis=1)
        return states - means[:, None], means

    def _rows(self, step: int, states: Floats, like: Floats | None) -> Floats:
        """The axes at each site, filled up to three [site, 3, d], turned as those they are to be
        ``like``, else as the site before."""
        units = self._units(step)
        rows: list[Floats] = []
        with threadpool_limits(1, "blas"):  # one order of sums, whatever the machine
            for site, one in enumerate(states):
                model = like[site] if like is not None else rows[-1] if rows else None
                rows.append(filled(units[site], one, model))
        return np.stack(rows)

    def _units(self, step: int) -> Floats:
        """Each axis's direction at each site [site, axis, d], of length 1."""
        options = axes.Options(view=self.atlas.view)
        found = []
        for one in self._lists:
            direction = axes.measure(self._opened, one, [step], options).direction[0]
            found.append(direction[: len(self.atlas.sites)])
        units = np.stack(found, axis=1).astype(np.float32)
        lengths = np.linalg.norm(units, axis=-1, keepdims=True)
        return np.asarray(np.divide(units, lengths, out=np.zeros_like(units), where=lengths > 0))


def filled(units: Floats, states: Floats, like: Floats | None) -> Floats:
    """Axes [axis, d], and as many main directions of states [n, d] without them as make three
    [3, d]; none where nothing is left, of either sign that is nearer to ``like``."""
    basis = np.linalg.qr(units.T.astype(np.float64))[0]
    left = states - (states @ basis) @ basis.T
    values, vectors = np.linalg.eigh(left.T.astype(np.float64) @ left)
    rest = vectors[:, ::-1][:, : MOST - len(units)].T
    rest[values[::-1][: len(rest)] <= 1e-9 * max(float(values[-1]), 1e-30)] = 0
    for n, row in enumerate(rest):
        turn = row @ like[len(units) + n] if like is not None else row[np.abs(row).argmax()]
        rest[n] = -row if turn < 0 else row
    empty = np.zeros((MOST - len(units) - len(rest), units.shape[1]))
    return np.concatenate([units, rest, empty]).astype(np.float32)
