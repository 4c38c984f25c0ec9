"""Two runs, or two steps of one, laid over each other: the best turn of one's states onto the
other's, what is left, and where it lands.

states of A and B on A's reference -> turn of B onto A at each site -> residuals; B's states, turned
-> places in A's clouds
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from layerfold.atlas.projection_files import UMAP
from layerfold.data.reference_states import fingerprint, lengths, viewed
from layerfold.errors import NotComparable
from layerfold.files.bounded_cache import BoundedCache
from layerfold.geometry.comparison import Turn, cka, procrustes, residual, turn_onto
from layerfold.geometry.estimates import refusal
from layerfold.geometry.trust import segment_trust
from layerfold.interp.linear_projection import LinearProjection
from layerfold.interp.raw_states import raw_everywhere
from layerfold.interp.session import Session
from layerfold.records import Estimate, Floats, Placed, PlacedSlice, Reference, Sentence, Site, View

if TYPE_CHECKING:
    from layerfold.model.adapter import Adapter

DRAWN: Final = 1000  # of the reference, spread evenly over it
KEPT_STATES: Final = 160 << 20  # bytes of states, so that a moved slider reads one run only
KEPT: Final = 8  # alignments


@dataclass(frozen=True)
class Aligned:
    """One site of A and the site of B that lies nearest to it in relative depth (``other``).

    ``residual`` is what of A's length is left after ``turn``, ``without`` what is left without it,
    ``shape`` with B's size free too (the root of what ``procrustes`` finds), ``cka`` linear centred
    kernel alignment.
    """

    site: Site
    other: Site
    residual: Estimate
    without: Estimate
    shape: Estimate
    cka: Estimate
    turn: Turn


@dataclass(frozen=True)
class Alignment:
    """Run ``a`` at ``step`` with run ``b`` at ``other_step`` laid over it: ``sites`` as A has them;
    ``drawn`` [drawn] of the reference, and B's raw states of them turned onto A's, ``states``
    [site, drawn, d].
    """

    a: Session
    step: int
    b: Session
    other_step: int
    sites: tuple[Aligned, ...]
    drawn: NDArray[np.int32]
    states: Floats
    adapter: Adapter

    @property
    def residuals(self) -> dict[str, float]:
        """What is left at each site after the best turn, as a share of A's length: 0 where one is
        the other turned.
        """
        return {one.site.name: one.residual.value for one in self.sites}

    def places(self, projection: str = UMAP) -> Placed:
        """Where B's drawn reference tokens lie in A's clouds; raises ProjectionNotFound."""
        return placed_in(self.a, self.step, viewed(self.states, self.a.atlas.view), projection)

    def read(
        self,
        text: str,
        max_tokens: int | None = None,
        projection: str = UMAP,
        special: bool = False,
    ) -> PlacedSlice:
        """A text as B reads it, turned and placed in A's clouds; raises EmptyText, TextTooLong,
        NoWeights.
        """
        return self.read_tokens(
            self.a.tokenize(text, min(self.b.max_tokens, max_tokens or self.b.max_tokens), special),
            projection,
        )

    def read_tokens(self, sentence: Sentence, projection: str = UMAP) -> PlacedSlice:
        """The tokens of a sentence as B reads them, turned and placed in A's clouds; raises
        NoWeights, ProjectionNotFound.
        """
        raw = self.adapter.states(sentence.ids).values
        turned = np.stack([self._turned(one, raw[one.other.index]) for one in self.sites])
        states = viewed(turned, self.a.atlas.view)
        placed = placed_in(self.a, self.step, states, projection)
        picture, space = self.a.picture(projection), self.a.space(self.step)
        slope = picture.slope(self.step) if isinstance(picture, LinearProjection) else space.slope
        moved = segment_trust(lengths(states), lengths(placed.positions), slope)
        return PlacedSlice(
            self.step, sentence, placed, moved, np.linalg.norm(turned, axis=-1).astype(np.float32)
        )

    def _turned(self, one: Aligned, raw: Floats) -> Floats:
        return turned_by(one.turn, raw, self.a.atlas.view)

    def __repr__(self) -> str:
        rows = [
            f"  {one.site.name:<9} {one.residual.value:.3g} (without alignment"
            f" {one.without.value:.3g})"
            for one in self.sites
        ]
        names = f"{self.a.run.name} at {self.step} and {self.b.run.name} at {self.other_step}"
        return "\n".join(
            [f"<{names}: what is left of the first after the best turn of the second", *rows, ">"]
        )


class Aligner:
    """Makes alignments and keeps the last few, with the states they are made from; any thread may
    ask.
    """

    def __init__(self) -> None:
        self._states: BoundedCache[tuple[Session, int, Session], Floats] = BoundedCache(
            KEPT_STATES,
            lambda key: raw_everywhere(key[0], key[1], key[2].atlas.reference),
            lambda kept: kept.nbytes,
        )
        self._kept: BoundedCache[tuple[Session, int, Session, int], Alignment] = BoundedCache(
            KEPT, lambda key: self._align(*key), lambda _: 1
        )

    def align(self, a: Session, step: int, b: Session, other_step: int) -> Alignment:
        """B at ``other_step`` laid over A at ``step``.

        Raises NotComparable, StepNotFound, AtlasMissing, DamagedRun.
        """
        check_comparable(a, b, other_step)
        a.atlas.hash_of(step)  # raises StepNotFound
        return self._kept.get((a, step, b, other_step))

    def _align(self, a: Session, step: int, b: Session, other_step: int) -> Alignment:
        view, reference = a.atlas.view, a.atlas.reference
        raw_a, raw_b = self._states.get((a, step, a)), self._states.get((b, other_step, a))
        drawn = drawn_of(len(reference))
        matched = matched_sites(a.sites, b.sites)
        sites = tuple(
            align_site(one, b.sites[at], raw_a[one.index], raw_b[at], view)
            for one, at in zip(a.sites, matched, strict=True)
        )
        states = np.stack(
            [turned_by(one.turn, raw_b[one.other.index, drawn], view) for one in sites]
        )
        return Alignment(a, step, b, other_step, sites, drawn, states, b.run.adapter(other_step))


def align_site(site: Site, other: Site, raw_a: Floats, raw_b: Floats, view: View) -> Aligned:
    """One site of each, raw states [ref, d] and [ref, e] of the same tokens; raises NotComparable
    where a state is not finite.
    """
    x, y = sized(raw_a, view), sized(raw_b, view)
    reason = refusal(x, y, least=2)
    if reason:
        raise NotComparable(
            f"At {site.name} the two cannot be laid over each other: {reason}. Choose another step."
        )
    turn = turn_onto(x, y)
    return Aligned(
        site, other, residual(x, y, turn), residual(x, y), _root(procrustes(y, x)), cka(x, y), turn
    )


def sized(raw: Floats, view: View) -> Floats:
    """Raw states [..., d] as they are compared: each brought to the length √d where the picture is
    of normalised states, else as they are.

    LayerNorm's subtraction of the mean over the directions is left to the picture: a turn does not
    keep it, and lengths are kept by any.
    """
    return raw / _sizes(raw) if view == "normalised" else raw


def _sizes(raw: Floats) -> Floats:
    sizes = np.sqrt(np.mean(np.square(raw), axis=-1, keepdims=True))
    return np.asarray(np.where(sizes > 0, sizes, 1), dtype=np.float32)


def turned_by(turn: Turn, raw: Floats, view: View) -> Floats:
    """B's raw states [n, e] turned onto A's, raw again: each as long as it was before it was
    sized.
    """
    turned = turn.of(sized(raw, view))
    return np.asarray(turned * _sizes(raw) if view == "normalised" else turned, dtype=np.float32)


def placed_in(run: Session, step: int, states: Floats, projection: str) -> Placed:
    """States [site, token, d] in the atlas's view, in the clouds of a run's step as a projection
    shows them.
    """
    picture, space = run.picture(projection), run.space(step)
    if isinstance(picture, LinearProjection):
        return Placed(picture.place(states, step), *space.placer.near(states))
    return space.placer.place(states)


def matched_sites(sites: Sequence[Site], others: Sequence[Site]) -> list[int]:
    """For each site the index of that of ``others`` that lies nearest in relative depth, the first
    of equals.
    """
    theirs = np.round(depths(others), 9)
    return [int(np.abs(theirs - depth).round(9).argmin()) for depth in np.round(depths(sites), 9)]


def depths(sites: Sequence[Site]) -> NDArray[np.float64]:
    """How deep each site lies: 0 at the embedding, 1 after the last layer."""
    layers = max(1, 1 + max(site.layer for site in sites))
    part = {"embed": 1.0, "mid": 0.5, "post": 1.0}
    return np.array([(site.layer + part[site.part]) / layers for site in sites])


def drawn_of(count: int) -> NDArray[np.int32]:
    """At most ``DRAWN`` of ``count`` tokens, spread evenly over them."""
    return np.unique(np.linspace(0, count - 1, min(count, DRAWN)).round()).astype(np.int32)


# ---- what can be compared


def check_comparable(a: Session, b: Session, other_step: int) -> None:
    """The two can be laid over each other: B has states of A's reference, or can read it. Raises
    NotComparable, AtlasMissing.
    """
    reference = a.atlas.reference
    if a.run.folder == b.run.folder:
        return
    if not b.typed:
        _check_recorded(a, b, other_step)
        return
    if reference.windows.shape[1] > b.max_tokens:
        raise NotComparable(
            f"{b.run.name} reads {b.max_tokens} tokens at once, and the texts behind {a.run.name}"
            f" have {reference.windows.shape[1]}. Open {b.run.name} and compare {a.run.name}"
            " with it."
        )
    if a.typed and not same_words(a, b, reference):
        raise NotComparable(
            f"{a.run.name} and {b.run.name} cut texts into other tokens, so no token of one has its"
            " counterpart in the other. Runs with the same tokenizer can be laid over each other;"
            " any two can be seen side by side."
        )


def _check_recorded(a: Session, b: Session, step: int) -> None:
    if b.run.stored_states(step, a.atlas.reference) is None:
        raise NotComparable(
            f"{b.run.name} holds states of other texts than those behind {a.run.name}, and no"
            " weights to read these. Record both with the same texts, or see them side by side."
        )


def same_words(a: Session, b: Session, reference: Reference) -> bool:
    """Whether both read the reference's ids as the same tokens."""
    if b.run.kind == "recorded" and fingerprint(reference) == fingerprint(b.atlas.reference):
        return True
    one, other = a.tokenizer, b.tokenizer
    ids = np.unique(reference.windows).tolist()
    return len(one) == len(other) and all(one.text_of(id) == other.text_of(id) for id in ids)


def _root(found: Estimate) -> Estimate:
    if found.reason:
        return found
    value, low, high = (
        float(np.sqrt(max(each, 0.0))) for each in (found.value, found.low, found.high)
    )
    return Estimate(value, low, high)
