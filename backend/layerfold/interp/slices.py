"""What places tokens at one step, and the slices of several sentences made at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from layerfold.atlas.files import Atlas
from layerfold.data.reference_states import lengths, viewed
from layerfold.errors import Cancelled
from layerfold.geometry.trust import segment_trust
from layerfold.interp.linear_projection import LinearProjection
from layerfold.records import Floats, Placed, PlacedSlice, Sentence, Stop, View
from layerfold.space.placement import Placer

if TYPE_CHECKING:
    from layerfold.model.adapter import Adapter

Cancelling: TypeAlias = Callable[[], bool]
SUPERSEDED: Final = "A newer text took this one's place."


def never() -> bool:
    """Nobody has cancelled."""
    return False


def stop_if(cancelled: Cancelling) -> None:
    """Raises Cancelled when it is so."""
    if cancelled():
        raise Cancelled(SUPERSEDED)


@dataclass(frozen=True)
class StepSpace:
    """What places and inspects tokens at one step.

    ``states`` [site, ref, d] are the reference's in the atlas's view; ``slope`` [site-1] is the
    median of shown over true displacement of the reference between neighbouring sites; ``weights``
    gives the model, which is kept, or read, by itself.
    """

    weights: Callable[[], Adapter]
    states: NDArray[Any]
    placer: Placer
    slope: Floats

    @property
    def adapter(self) -> Adapter:
        """The model as it was at this step."""
        return self.weights()

    @property
    def nbytes(self) -> int:
        """What it takes in memory, mapped or not, without the weights."""
        return self.placer.prepared.nbytes


def slices_at(
    space: StepSpace,
    view: View,
    picture: Atlas | LinearProjection,
    step: int,
    sentences: Sequence[Sentence],
    cancelled: Sequence[Cancelling],
) -> list[PlacedSlice | None]:
    """Each sentence's slice, the same to the byte as alone; None where it was cancelled, which is
    looked at between blocks.
    """
    found: list[PlacedSlice | None] = [None] * len(sentences)
    raw = [_states(space.adapter, *each) for each in zip(sentences, cancelled, strict=True)]
    views = {n: viewed(values, view) for n, values in enumerate(raw) if values is not None}

    def stop() -> None:
        stop_if(lambda: all(cancelled[n]() for n in views))

    try:
        placed = _placed(space, picture, step, list(views.values()), stop)
    except Cancelled:
        return found
    slope = picture.slope(step) if isinstance(picture, LinearProjection) else space.slope
    for (n, states), places in zip(views.items(), placed, strict=True):
        trust = segment_trust(lengths(states), lengths(places.positions), slope)
        norm = np.linalg.norm(np.asarray(raw[n]), axis=-1).astype(np.float32)
        found[n] = PlacedSlice(step, sentences[n], places, trust, norm)
    return found


def _states(adapter: Adapter, sentence: Sentence, cancelled: Callable[[], bool]) -> Floats | None:
    """A sentence's raw states [site, token, d]; None as soon as it is cancelled."""
    try:
        return adapter.states(sentence.ids, lambda: stop_if(cancelled)).values
    except Cancelled:
        return None


def _placed(
    space: StepSpace,
    picture: Atlas | LinearProjection,
    step: int,
    states: Sequence[Floats],
    stop: Stop,
) -> list[Placed]:
    """Where several sentences' states [site, token, d] lie; tokens meet no other token's numbers,
    so they can be placed at once.
    """
    if not states:
        return []
    together = np.concatenate(states, axis=1)
    ends = np.cumsum([one.shape[1] for one in states])[:-1]
    if isinstance(picture, LinearProjection):
        near = [np.split(part, ends, axis=1) for part in space.placer.near(together, stop)]
        return [
            Placed(picture.settle(one, step, parts[0], parts[1]), *parts)
            for one, *parts in zip(states, *near, strict=True)
        ]
    at = space.placer.place(together, stop)
    parts = (
        np.split(part, ends, axis=1)
        for part in (at.positions, at.neighbors, at.distances, at.outside)
    )
    return [Placed(*each) for each in zip(*parts, strict=True)]
