"""Whether context parts the senses of a word: between over within distance, over its control's.

The ratio is the distance of the two senses' centroids over the mean distance of an occurrence from
the centroid of its own sense. The control is the same ratio of a neutral word in the same places of
the same sentences: what topic alone does. Bootstrap over sentences (within a sense, the word and
its control together); permuted senses; a word parts at the first site where the quotient's interval
lies above 1 and the permuted senses are refused at a false discovery rate of 5 %.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from layerfold.data.reference_states import viewed
from layerfold.errors import InputError, UnknownSymbol
from layerfold.interp.interval import (
    DRAWS,
    Doubles,
    Interval,
    false_discovery,
    ratio_interval,
    resamples,
)
from layerfold.interp.notes import Note
from layerfold.interp.occurrences import Occurrence, is_causal, occurrence, states_of
from layerfold.interp.rows import Tabled
from layerfold.interp.session import Session
from layerfold.interp.stepwise import NOBODY, Arrays, Recipe, Watch, chosen_steps, over_steps
from layerfold.interp.word_sets import LEAST, SenseSet, Slot, fingerprint
from layerfold.records import Floats, Site, View

if TYPE_CHECKING:
    from layerfold.model.adapter import Adapter

RATE: Final = 0.05
ONE_STATE: Final = "every occurrence has one and the same state"
ONE_CENTER: Final = "both senses of the control have one center, which nothing is a multiple of"
NAMES: Final = ("ratio", "control", "quotient", "permuted", "p")


@dataclass(frozen=True)
class Options:
    """States in which ``view``, how many bootstrap ``draws`` and permutations, and their
    ``seed``.
    """

    view: View = "normalised"
    draws: int = DRAWS
    seed: int = 0


@dataclass(frozen=True)
class Senses(Tabled):
    """Of each set, step and site [set, step, site]: ``ratio`` of the word and ``control`` of its
    neutral word, with their ``quotient``; ``permuted``, the 95th percentile of the ratio with
    senses dealt at random, and ``p``, the share of those at least as large as it is.
    ``parts_at`` [set, step] is the first site where the senses part, -1 where they never do.
    """

    sets: tuple[SenseSet, ...]
    steps: tuple[int, ...]
    sites: tuple[Site, ...]
    ratio: Interval
    control: Interval
    quotient: Interval
    permuted: Floats
    p: Floats
    parts_at: NDArray[np.int32]
    notes: tuple[Note, ...]

    def rows(self) -> Iterator[dict[str, Any]]:
        """A row for each word, step and site."""
        for w, one in enumerate(self.sets):
            for t, step in enumerate(self.steps):
                parts = int(self.parts_at[w, t])
                for s, site in enumerate(self.sites):
                    row: dict[str, Any] = {"word": one.word, "step": step, "site": site.name}
                    for name in ("ratio", "control", "quotient"):
                        numbers = getattr(self, name).at(w, t, s)
                        keys = (name, f"{name}_low", f"{name}_high")
                        row |= dict(zip(keys, numbers, strict=True))
                    row |= {"permuted": float(self.permuted[w, t, s]), "p": float(self.p[w, t, s])}
                    row["parts_at"] = self.sites[parts].name if parts >= 0 else ""
                    why = ONE_CENTER if np.isfinite(row["ratio"]) else ONE_STATE
                    yield row | {"reason": "" if np.isfinite(row["quotient"]) else why}


def measure(
    opened: Session,
    sets: Sequence[SenseSet],
    steps: Sequence[int] | None = None,
    options: Options | None = None,
    watch: Watch = NOBODY,
) -> Senses:
    """How far the senses of each set's word are parted, at every site of the steps (all by
    default).

    Raises InputError without a set, StepNotFound, NoWeights, TextTooLong, Cancelled.
    """
    if not sets:
        raise InputError("No word is named: give one with sentences of two senses.")
    options = options or Options()
    chosen = chosen_steps(opened, steps)
    sets, left_out = readable_sets(opened, sets)
    words = [occurrences_of(opened, one) for one in sets]
    made_from = {"what": "senses", "options": asdict(options), "words": fingerprint(words, sets)}

    def compute(step: int, at_work: Watch) -> Arrays:
        return at_step(opened.model(step), sets, words, options, at_work)

    found = over_steps(opened, chosen, Recipe(made_from, NAMES, compute), watch)
    found = {name: np.moveaxis(values, 0, 1) for name, values in found.items()}
    intervals = {name: Interval.of(found[name]) for name in ("ratio", "control", "quotient")}
    parts = parts_at(intervals["quotient"].low, found["p"])
    notes = (*left_out, *notes_of(opened, sets, words))
    return Senses(
        tuple(sets),
        chosen,
        opened.sites,
        **intervals,
        permuted=found["permuted"],
        p=found["p"],
        parts_at=parts,
        notes=notes,
    )


def readable_sets(
    opened: Session, sets: Sequence[SenseSet]
) -> tuple[tuple[SenseSet, ...], tuple[Note, ...]]:
    """The sets less the sentences that hold a symbol the model does not know, with a note of those.

    Raises UnknownSymbol where no set keeps five sentences of each sense.
    """
    kept: list[SenseSet] = []
    notes: list[Note] = []
    why: UnknownSymbol | None = None
    for one in sets:
        slots, unknown = readable_slots(opened, one)
        why = why or unknown
        if unknown and min(sum(slot.sense == n for slot in slots) for n in (0, 1)) < LEAST:
            notes.append(Note("not_read", {"name": one.word, "why": str(unknown)}))
            continue
        if unknown:
            counts = {"count": len(one.slots) - len(slots), "of": len(one.slots)}
            notes.append(Note("unknown_symbols", {"word": one.word, **counts}))
        kept.append(replace(one, slots=slots))
    if not kept and why:
        raise why
    return tuple(kept), tuple(notes)


def readable_slots(opened: Session, one: SenseSet) -> tuple[tuple[Slot, ...], UnknownSymbol | None]:
    """The sentences that the model can read with the word and its control, and why not all."""
    slots: list[Slot] = []
    why: UnknownSymbol | None = None
    for slot in one.slots:
        try:
            for word in (one.word, one.control):
                opened.tokenize(slot.text(word))
        except UnknownSymbol as error:
            why = why or error
        else:
            slots.append(slot)
    return tuple(slots), why


def occurrences_of(opened: Session, one: SenseSet) -> list[Occurrence]:
    """The word in each sentence of its set, then its control in each."""
    return [
        occurrence(opened, slot.text(word), len(slot.before), len(slot.before) + len(word))
        for word in (one.word, one.control)
        for slot in one.slots
    ]


def at_step(
    adapter: Adapter,
    sets: Sequence[SenseSet],
    words: Sequence[Sequence[Occurrence]],
    options: Options,
    watch: Watch = NOBODY,
) -> Arrays:
    """The arrays of one step: ratio, control, quotient [set, site, 3], permuted, p [set, site]."""
    every, drawing = [each for word in words for each in word], watch.part(1, 2)
    states = viewed(states_of(adapter, every, watch.part(0, 2)), options.view)
    found: dict[str, list[list[Any]]] = {name: [] for name in NAMES}
    ends = np.cumsum([len(word) for word in words])
    for n, (one, end) in enumerate(zip(sets, ends.tolist(), strict=True)):
        watch.stop()
        drawing.progress(one.word, n / len(sets))
        count = len(one.slots)
        draws = Draws.of(np.array([slot.sense for slot in one.slots]), options)
        here = states[:, end - 2 * count : end]
        rows = [separations(site[:count], site[count:], draws) for site in here]
        for name in NAMES:
            found[name].append([row[name] for row in rows])
    return {name: np.array(values, dtype=np.float32) for name, values in found.items()}


@dataclass(frozen=True)
class Draws:
    """Weights of sentences in the centroids of two senses [draw, 2, n]: as they are (one draw),
    drawn again within each sense, and with the senses dealt at random."""

    plain: Doubles
    bootstrap: Doubles
    permuted: Doubles

    @staticmethod
    def of(sense: NDArray[np.int64], options: Options) -> Draws:
        """The draws for sentences of a sense each, 0 or 1; the same for the same seed."""
        rng = np.random.default_rng(options.seed)
        drawn = bootstrap_weights(sense, options.draws, rng)
        dealt = [plain_weights(rng.permutation(sense)) for _ in range(options.draws)]
        return Draws(plain_weights(sense)[None], drawn, np.stack(dealt))


def separations(word: Floats, control: Floats, draws: Draws) -> dict[str, Any]:
    """At one site, of a word's states and its control's [n, d]: ratio, control and quotient with
    bounds [3], and what permuted senses give."""
    grams = gram(word), gram(control)
    ratio, other = (separation(one, draws.plain)[0] for one in grams)
    again, other_again = (separation(one, draws.bootstrap) for one in grams)
    permuted = separation(grams[0], draws.permuted)
    known = np.isfinite(ratio)
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient = ratio_interval(ratio / other, again / other_again)
    return {
        "ratio": ratio_interval(ratio, again),
        "control": ratio_interval(other, other_again),
        "quotient": quotient,
        "permuted": np.quantile(permuted, 0.95) if known else np.nan,
        "p": (1 + (permuted >= ratio).sum()) / (1 + len(permuted)) if known else np.nan,
    }


def gram(states: Floats) -> Doubles:
    """Inner products [n, n] of states [n, d] less their mean."""
    wide = states.astype(np.float64)
    wide -= wide.mean(axis=0)
    return np.asarray(wide @ wide.T) if np.ptp(states, axis=0).any() else np.zeros((len(wide),) * 2)


def plain_weights(sense: NDArray[np.int64]) -> Doubles:
    """Each sentence's weight in the centroid of each sense [2, n]; rows sum to 1."""
    weights = np.stack([sense == 0, sense == 1]).astype(np.float64)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def bootstrap_weights(sense: NDArray[np.int64], draws: int, rng: np.random.Generator) -> Doubles:
    """As ``plain_weights`` where sentences are drawn again within each sense: [draw, 2, n]."""
    weights = np.zeros((draws, 2, len(sense)))
    for kind in (0, 1):
        inside = np.flatnonzero(sense == kind)
        weights[:, kind, inside] = resamples(len(inside), draws, rng) / len(inside)
    return weights


def separation(gram: Doubles, weights: Doubles) -> Doubles:
    """Distance of two centroids over the mean distance from one's own, for each row of ``weights``
    [draw, 2, n]; NaN where all states are one."""
    product = weights @ gram  # [draw, 2, n]
    own = np.einsum("bkn,bkn->bk", product, weights)
    across = (product[:, 0] * weights[:, 1]).sum(axis=-1)
    between = np.sqrt(np.maximum(own.sum(axis=1) - 2 * across, 0))
    away = np.sqrt(np.maximum(np.diag(gram) - 2 * product + own[..., None], 0))
    within = (weights * away).sum(axis=-1).mean(axis=1)
    return np.asarray(
        np.divide(between, within, out=np.full(len(weights), np.nan), where=within > 0)
    )


def parts_at(low: Floats, p: Floats) -> NDArray[np.int32]:
    """The first site where the quotient's lower bound exceeds 1 and permuted senses are refused:
    [set, step] from ``low`` and ``p`` [set, step, site]."""
    held = (np.nan_to_num(low) > 1) & (
        np.nan_to_num(false_discovery(p.astype(float)), nan=1) <= RATE
    )
    return np.where(held.any(axis=-1), held.argmax(axis=-1), -1).astype(np.int32)


def notes_of(
    opened: Session, sets: Sequence[SenseSet], words: Sequence[Sequence[Occurrence]]
) -> Iterator[Note]:
    """What to know of the sets: words in several pieces, cues that come after them or are not
    marked."""
    for one, found in zip(sets, words, strict=True):
        for word, part in (
            (one.word, found[: len(one.slots)]),
            (one.control, found[len(one.slots) :]),
        ):
            pieces = max(each.pieces for each in part)
            if pieces > 1:
                yield Note("last_piece", {"word": word, "pieces": pieces})
        late = sum(slot.cue is not None and slot.cue > len(slot.before) for slot in one.slots)
        unmarked = sum(slot.cue is None for slot in one.slots)
        for key, count in (("cue_after", late if is_causal(opened) else 0), ("no_cue", unmarked)):
            if count:
                yield Note(key, {"word": one.word, "count": count, "of": len(one.slots)})
