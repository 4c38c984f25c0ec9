"""The only composer: a run, its atlas, its models at every step, and the way from a text to places.

text -> tokens -> states (model) -> view -> places (placer of the step)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
from threadpoolctl import threadpool_limits

from layerfold.atlas.files import Atlas
from layerfold.atlas.projection_files import UMAP
from layerfold.data.reference_states import viewed
from layerfold.errors import (
    Cancelled,
    DamagedRun,
    InputError,
    ProjectionNotFound,
    SiteNotFound,
    TokenNotFound,
)
from layerfold.files.array_cache import ArrayCache
from layerfold.interp.atlas_run import AtlasRun
from layerfold.interp.inspection import (
    Inspection,
    LensAt,
    length,
    loss_at,
    read_lens,
    read_near,
    read_neighbors,
)
from layerfold.interp.linear_projection import LinearProjection
from layerfold.interp.logit_lens import logit_lens
from layerfold.interp.plane_projection import shown_projections
from layerfold.interp.shelves import Spaces, Where, shared_spaces
from layerfold.interp.slices import SUPERSEDED, Cancelling, StepSpace, never, slices_at, stop_if
from layerfold.metrics.files import Jump, joined, standing, trouble
from layerfold.model.tokenizers.byte_level import readable
from layerfold.records import Floats, Measure, PlacedSlice, Sentence, Trajectory
from layerfold.runs.opening import open_run
from layerfold.space.neighbors import Index

NEIGHBORS: Final = 15
GUESSES: Final = 5

__all__ = [
    "Session",
    "StepSpace",
    "Where",
    "never",
    "open_session",
    "shared_spaces",
    "states_cache",
    "stop_if",
]


class Session(AtlasRun):
    """A run with its atlas, to ask: where a text lies, what is near a token and what the model
    makes of it, as which projection shows it; every method may be called from any thread.
    """

    # ---- placing

    def tokenize(self, text: str, max_tokens: int | None = None, special: bool = False) -> Sentence:
        """The tokens of a text, as many as the model reads; with ``special``, names of special
        tokens mean them.

        Raises EmptyText, TextTooLong, InputError for what is no string.
        """
        if not isinstance(text, str):
            raise InputError(
                f"A text is a string, not a {type(text).__name__}: give one at a time."
            )
        return self.tokenizer.read(
            text, min(self.max_tokens, max_tokens or self.max_tokens), special
        )

    def slice(
        self,
        sentence: Sentence,
        step: int,
        cancelled: Callable[[], bool] = never,
        projection: str = UMAP,
    ) -> PlacedSlice:
        """The sentence's tokens in the clouds of one step, as a projection shows them.

        Raises StepNotFound, ProjectionNotFound, DamagedRun, and Cancelled as soon as
        ``cancelled()`` is seen to be true.
        """
        found = self.slice_each([sentence], step, [cancelled], projection)[0]
        if found is None:
            raise Cancelled(SUPERSEDED)
        return found

    def slice_each(
        self,
        sentences: Sequence[Sentence],
        step: int,
        cancelled: Sequence[Cancelling],
        projection: str = UMAP,
    ) -> list[PlacedSlice | None]:
        """``slice`` of several sentences, each the same to the byte as alone, in less time; None
        where it was cancelled.
        """
        if all(one() for one in cancelled):
            return [None] * len(sentences)
        picture = self.picture(projection)
        return slices_at(self.space(step), self.atlas.view, picture, step, sentences, cancelled)

    def slices(
        self,
        sentence: Sentence,
        steps: Iterable[int],
        cancelled: Callable[[], bool] = never,
        projection: str = UMAP,
    ) -> Iterator[PlacedSlice]:
        """The slices of the steps, in the order given, each when it is ready."""
        for step in steps:
            yield self.slice(sentence, step, cancelled, projection)

    def place(
        self,
        text: str,
        steps: Sequence[int] | None = None,
        projection: str = UMAP,
        special: bool = False,
    ) -> Trajectory:
        """The way of a text's tokens through the sites and the steps (all by default), as a
        projection shows it.
        """
        sentence = self.tokenize(text, special=special)
        chosen = tuple(self.steps if steps is None else steps)
        # the products are small: more threads would wait for each other
        with threadpool_limits(1, "blas"):
            slices = list(self.slices(sentence, chosen, projection=projection))
        positions = np.stack([slice_.placed.positions for slice_ in slices])
        outside = np.stack([slice_.placed.outside for slice_ in slices])
        return Trajectory(sentence, chosen, self.sites, positions, outside, projection)

    # ---- inspecting

    def inspect(
        self,
        sentence: Sentence,
        token: int,
        step: int,
        site: int,
        k: int = NEIGHBORS,
        top: int = GUESSES,
    ) -> Inspection:
        """The true neighbours and the lens of one token of a sentence; raises TokenNotFound,
        SiteNotFound, StepNotFound.
        """
        self._check_site(site)
        if not 0 <= token < len(sentence.tokens):
            raise TokenNotFound(
                f"The sentence has {len(sentence.tokens)} tokens, so there is no token {token}."
                " Count from 0."
            )
        space = self.space(step)
        raw = (states := space.adapter.states(sentence.ids).values)[:, token]
        placed = space.placer.place(viewed(raw, self.atlas.view)[:, None])
        near = read_neighbors(placed.neighbors[site, 0, :k], placed.distances[site, 0, :k])
        loss = loss_at(space.adapter, states, sentence.ids, token)
        text, outside = sentence.tokens[token].text, float(placed.outside[site, 0])
        lens, at = self._lens(space, raw, top), read_near(placed.neighbors)
        return Inspection(text, length(raw[site]), outside, None, None, near, lens, at, loss)

    def inspect_reference(
        self,
        index: int,
        step: int,
        site: int,
        k: int = NEIGHBORS,
        top: int = GUESSES,
        projection: str = UMAP,
    ) -> Inspection:
        """The true neighbours (itself left out), trust in a projection and lens of one reference
        token; raises as ``inspect``.
        """
        self._check_site(site)
        picture = self.picture(projection)
        reference = self.atlas.reference
        if not 0 <= index < len(reference):
            raise TokenNotFound(
                f"The reference has {len(reference)} tokens, so there is no token {index}. Count"
                " from 0."
            )
        space = self.space(step)
        trust, continuity = picture.trust_at(step, site, index)
        raw = self._raw(space, step, index)
        indices, distances = Index.of(space.states[site]).nearest(
            space.states[site][index : index + 1], k + 1
        )
        others = indices[0] != index
        return Inspection(
            reference.text[index],
            length(raw[site]),
            None,
            trust,
            continuity,
            read_neighbors(indices[0][others][:k], distances[0][others][:k]),
            self._lens(space, raw, top),
            read_near(space.placer.near(space.states[:, index : index + 1])[0], index),
        )

    def _raw(self, space: StepSpace, step: int, index: int) -> Floats:
        """The raw states of one reference token [site, d]: as they were recorded, or computed in
        its context.
        """
        reference = self.atlas.reference
        found = self.run.stored_states(step, reference)
        if found is not None:
            return np.asarray(found[:, index], dtype=np.float32)
        window, at = reference.windows[reference.window[index]], int(reference.position[index])
        # an encoder's states depend on what comes after, too
        read = window[: at + 1] if space.adapter.causal else window[window >= 0]
        return space.adapter.states(read.tolist()).values[:, at]

    def _lens(self, space: StepSpace, raw: Floats, top: int) -> tuple[LensAt, ...]:
        """The lens at every site; none of a model without an unembedding."""
        return (
            read_lens(logit_lens(space.adapter, raw, top), self.tokenizer)
            if space.adapter.unembeds
            else ()
        )

    def _check_site(self, site: int) -> None:
        if not 0 <= site < len(self.sites):
            raise SiteNotFound(
                f"There is no site {site}: the model has {len(self.sites)}, from 0"
                f" ({self.sites[0].name}) on."
            )

    # ---- projections

    @cached_property
    def _linear(self) -> tuple[dict[str, LinearProjection], tuple[DamagedRun, ...]]:
        sources = (self._states, self._origin, self.cache)
        return shown_projections(self.run.folder, self.atlas, self.run.d_model, sources)

    def picture(self, name: str = UMAP) -> Atlas | LinearProjection:
        """What shows the states under a projection's name, the atlas itself as ``umap``; raises
        ProjectionNotFound, AtlasMissing.
        """
        if name != UMAP and name not in self._linear[0]:
            known = ", ".join((UMAP, *self._linear[0]))
            raise ProjectionNotFound(
                f"There is no projection {name[:100]!r} of this run. There are: {known}."
            )
        return self.atlas if name == UMAP else self._linear[0][name]

    @property
    def projections(self) -> tuple[str, ...]:
        """The names of the ways to show the states, the atlas's own layout first."""
        return (UMAP, *self._linear[0])

    def unscored(self, step: int, projection: str) -> list[int]:
        """The sites at which each point's trust in a projection has to be found before it can be
        told, each of which takes a while.
        """
        picture = self.picture(projection)
        return picture.unscored(step) if isinstance(picture, LinearProjection) else []

    def score(self, step: int, site: int, projection: str) -> None:
        """Each point's trust in a projection is known at a step and site."""
        picture = self.picture(projection)
        if isinstance(picture, LinearProjection):
            picture.score(step, site)

    # ---- tables

    def problems(self) -> list[DamagedRun]:
        """What is wrong with the run and can be told without reading all of it; raises
        AtlasMissing, DamagedRun without an atlas.
        """
        measures = trouble(self.run.folder)
        return [*self.run.missing(), *self._linear[1], *([measures] if measures else [])]

    def atlas_bytes(self, step: int, projection: str = UMAP, trust: bool = False) -> bytes:
        """The clouds of one step in a projection, umap's as they are on disk; with each point's
        trust if it is asked for.

        Raises StepNotFound, ProjectionNotFound, AtlasMissing, DamagedRun.
        """
        picture = self.picture(projection)
        return (
            picture.packed(step, trust)
            if isinstance(picture, LinearProjection)
            else picture.bytes_of(step)
        )

    def words(self, ids: Sequence[int]) -> list[str]:
        """The tokens of a context as they read; where several make one character, the first has it
        and the others are empty.
        """
        return [
            readable(token.text) if token.piece == 0 else ""
            for token in self.tokenizer.tokens([id for id in ids if id >= 0])
        ]

    def measures(self) -> tuple[Measure, ...]:
        """What is measured of the run, its atlas and its projections."""
        shown = [measure for picture in self._linear[0].values() for measure in picture.measures()]
        return joined((*self.atlas.measures, *shown), standing(self.run.folder))

    def jumps(self) -> tuple[Jump, ...]:
        """The steps at which a measure jumps."""
        found = standing(self.run.folder)
        return found.events if found else ()


def open_session(
    folder: Path | str, cache: Path | ArrayCache | None = None, spaces: Spaces | None = None
) -> Session:
    """The run in a folder, nothing heavy read yet; reference states are kept in ``cache`` (None: in
    memory), what places in ``spaces``.

    Raises RunNotFound, DamagedRun.
    """
    return Session(
        open_run(folder), cache if isinstance(cache, ArrayCache) else states_cache(cache), spaces
    )


def states_cache(folder: Path | None) -> ArrayCache:
    """Where the reference's states of runs are kept, in a folder of what can be computed again."""
    return ArrayCache(None if folder is None else folder / "states")
