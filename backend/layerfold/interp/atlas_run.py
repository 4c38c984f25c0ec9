"""A run with its atlas, and what places tokens at each of its steps, made at first need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from layerfold.atlas.files import REFERENCE, Atlas, open_atlas
from layerfold.data.reference_states import (
    check_memory,
    checked,
    fingerprint,
    kept_states,
    stored,
)
from layerfold.errors import AtlasMissing, StepNotFound
from layerfold.files.array_cache import ArrayCache, Stamp, file_stamp
from layerfold.interp.shelves import (
    SLOPE,
    Spaces,
    Where,
    index_of,
    index_origin,
    shared_spaces,
)
from layerfold.interp.slices import StepSpace
from layerfold.records import Floats, Site
from layerfold.runs.run import Run, checkpoint_name
from layerfold.space.placement import Placer
from layerfold.space.prepared import Prepared

if TYPE_CHECKING:
    from layerfold.model.adapter import Adapter
    from layerfold.model.tokenizers.byte_level import Tokenizer


class AtlasRun:
    """A run with its atlas: its card, sites and steps, and what places tokens at each of them;
    every method may be called from any thread.
    """

    def __init__(self, run: Run, cache: ArrayCache, spaces: Spaces | None = None) -> None:
        """``spaces`` keeps what places tokens; runs that are open at once share one, so that
        together they take no more than its room.
        """
        self.run = run
        self.cache = cache
        self._spaces = shared_spaces() if spaces is None else spaces
        self._checkpoints: dict[int, tuple[Stamp | None, str]] = {}

    @property
    def card(self) -> dict[str, Any]:
        """The run's card as it stands on disk."""
        return self.run.card

    @property
    def kind(self) -> str:
        """Where the model comes from: gpt, hf or recorded."""
        return self.run.kind

    @property
    def live(self) -> bool:
        """Whether more steps are to be expected."""
        return self.run.live

    @property
    def typed(self) -> bool:
        """Whether the model can read a sentence."""
        return self.run.typed

    @property
    def sites(self) -> tuple[Site, ...]:
        """The places in the residual stream, in order."""
        return self.run.sites

    @cached_property
    def atlas(self) -> Atlas:
        """The clouds; raises AtlasMissing, DamagedRun."""
        return replace(open_atlas(self.run.folder), vocabulary=self.run.n_vocab)

    @property
    def steps(self) -> tuple[int, ...]:
        """The steps that have clouds, in order."""
        return tuple(self.atlas.steps)

    @property
    def max_tokens(self) -> int:
        """The most tokens the model reads at once."""
        return self.run.max_tokens

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The run's tokenizer; raises DamagedRun."""
        return self.run.tokenizer()

    # ---- steps

    def space(self, step: int) -> StepSpace:
        """What places tokens at a step, made at first need by one thread; raises StepNotFound,
        DamagedRun.
        """
        if step not in self.steps:
            raise StepNotFound(
                f"There are no clouds at step {step}. There are at:"
                f" {', '.join(map(str, self.steps))}."
            )
        return self._spaces.get(self._where(step))

    def model(self, step: int) -> Adapter:
        """The model at a step, kept with those that place tokens; raises StepNotFound, NoWeights,
        DamagedRun.
        """
        try:
            known = step in self.steps
        except AtlasMissing:
            known = False
        return self._spaces.weights.get(self._where(step)) if known else self.run.adapter(step)

    def has_states(self, step: int) -> bool:
        """Whether the reference's states at a step need not be computed first."""
        return step in self.steps and self.cache.holds(self._origin(step))

    def _where(self, step: int) -> Where:
        return Where(self, step, self._content(step))

    def _content(self, step: int) -> tuple[str, ...]:
        """What a step's space is made from, as far as the cards tell: the clouds, the tokens behind
        them, the weights.
        """
        files, name = self.run.card.get("files", {}), checkpoint_name(step)
        weights = files.get(name) or self.atlas.card.get("origin", {}).get(name, "")
        return (
            str(self.run.folder),
            self.atlas.hash_of(step),
            str(self.atlas.card["files"].get(REFERENCE)),
            self.atlas.view,
            str(weights),
        )

    def make_space(self, where: Where) -> StepSpace:
        """What places tokens at a step, made anew; raises TooLarge, DamagedRun."""
        atlas, step = self.atlas, where.step
        check_memory(
            10 * len(self.sites) * len(atlas.reference) * self.run.d_model,
            f"The reference's states at step {step}",
        )
        weights = partial(self._spaces.weights.get, where)
        states = self._states(step, weights)
        arrays = self.cache.get_all(
            self.index_origin(step), lambda: index_of(atlas, step, states), in_memory=False
        )
        kernel = {
            name: atlas.parameters[name]
            for name in ("k", "a", "b", "repulsion")
            if name in atlas.parameters
        }
        placer = Placer.ready(
            Prepared.from_arrays(states, arrays), self._spaces.arithmetic, **kernel
        )
        return StepSpace(weights, states, placer, np.asarray(arrays[SLOPE], dtype=np.float32))

    def _states(self, step: int, weights: Callable[[], Adapter] | None = None) -> NDArray[Any]:
        """The reference's states [site, ref, d] at a step in the atlas's view, found or
        computed.
        """
        atlas = self.atlas
        made = weights or partial(self._spaces.weights.get, self._where(step))
        return self.cache.get(
            self._origin(step),
            lambda: kept_states(self.run, step, atlas.reference, atlas.view, made),
        )

    def keep_states(self, step: int, raw: Floats) -> NDArray[Any]:
        """The reference's ``raw`` states at a step, as they were read elsewhere, are kept as they
        would be had they been computed here; raises Diverged.
        """
        return self.cache.get(
            self._origin(step), lambda: stored(checked(raw, step), self.atlas.view)
        )

    def _origin(self, step: int) -> dict[str, Any]:
        """What the reference's states at a step are made from; raises DamagedRun when the
        checkpoint is not what the card says.
        """
        return {
            "format": 1,
            "checkpoint": self._checkpoint(step),
            "reference": fingerprint(self.atlas.reference),
            "view": self.atlas.view,
        }

    def _checkpoint(self, step: int) -> str:
        """The hash of a step's checkpoint, found again only when the file has changed."""
        stamp = file_stamp(self.run.folder / checkpoint_name(step))
        known = self._checkpoints.get(step)
        if known is None or stamp is None or known[0] != stamp:
            known = self._checkpoints[step] = (stamp, self.run.origin(step))
        return known[1]

    def index_origin(self, step: int) -> dict[str, Any]:
        """What places tokens at a step, and all that is found by it, is made from."""
        return index_origin(self._origin(step), self.atlas, step)

    def quicken(self) -> bool:
        """Places are worked out by machine code from now on, and True, if it is on disk."""
        return self._spaces.arithmetic.quicken()

    def warm(self, step: int) -> None:
        """The step's reference states are computed, and its placer is ready if there is room for
        it.
        """
        if self._spaces.has_room() or not self.cache.holds(self.index_origin(step)):
            self.space(step)
