"""Whether word pairs share one direction: leave-one-out projection against two nulls.

A pair's score is the cosine of its difference with the sum of all other pairs' differences. Pairs
drawn at random from the same words answer whether there is any direction at all; the same words
re-paired within their classes (every pair still goes from the first class to the second) have the
difference of the classes in common, so only what exceeds them is a parallelogram (2010.03446).
Inner products: plain, and causal (readout.py). The last place, ``unembed``, holds the words'
unembedding vectors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from layerfold.data.reference_states import viewed
from layerfold.errors import InputError, UnknownSymbol
from layerfold.interp.interval import (
    Doubles,
    Interval,
    mean_interval,
    packed,
    resamples,
    weighted_auroc,
)
from layerfold.interp.notes import Note
from layerfold.interp.occurrences import Occurrence, framed_words, states_of
from layerfold.interp.readout import readout, shrunk_covariance
from layerfold.interp.rows import Tabled
from layerfold.interp.session import Session
from layerfold.interp.stepwise import NOBODY, Recipe, Watch, chosen_steps, over_steps
from layerfold.interp.word_sets import LEAST, PairList, fingerprint
from layerfold.records import Floats, View

if TYPE_CHECKING:
    from layerfold.model.adapter import Adapter

PRODUCTS: Final = ("plain", "causal")
BOUNDED: Final = ("loo", "repaired", "random", "auroc", "hit", "hit_left_out", "query")
NAMES: Final = (*BOUNDED, "p_repaired", "p_random", "direction")
FRAMES: Final = {"en": "The next word is {}", "zh": "下一个词是{}"}
UNEMBED: Final = "unembed"
POOLED: Final = 50  # re-pairings whose scores the ROC curve is drawn with
Pairing = NDArray[np.int64]


@dataclass(frozen=True)
class Options:
    """Words are read in ``frame`` (by language where empty), states taken in ``view``; ``draws`` of
    each null and of the bootstrap, ``seed`` of both."""

    frame: str = ""
    view: View = "normalised"
    draws: int = 200
    seed: int = 0

    def framed(self, language: str) -> str:
        """The sentence a word is read in, {} in its place; raises InputError."""
        frame = self.frame or FRAMES.get(language, FRAMES["en"])
        if frame.count("{}") != 1:
            raise InputError(f"The frame {frame!r} needs one {{}} for the word.")
        return frame


@dataclass(frozen=True)
class Words:
    """The pairs of a list that are used, each word as the model reads it: first words, then second
    ones."""

    pairs: tuple[tuple[str, str], ...]
    read: tuple[Occurrence, ...]


@dataclass(frozen=True)
class Axis(Tabled):
    """One list, at each step, inner product and place [step, product, place].

    ``loo`` mean leave-one-out cosine; ``repaired``, ``random`` its mean and 95 % range under the
    two nulls, ``p_repaired``, ``p_random`` the share of each that is at least as large; ``auroc``
    of pairs against re-paired ones; b − a + a' falls nearest to its b' (``hit``), to it once the
    query words are left out (``hit_left_out``), or on a query word (``query``), as shares.
    ``direction`` [step, place, d] is the mean difference of the pairs.
    """

    name: str
    pairs: tuple[tuple[str, str], ...]
    steps: tuple[int, ...]
    places: tuple[str, ...]
    loo: Interval
    repaired: Interval
    random: Interval
    auroc: Interval
    hit: Interval
    hit_left_out: Interval
    query: Interval
    p_repaired: Floats
    p_random: Floats
    direction: Floats
    notes: tuple[Note, ...]

    def rows(self) -> Iterator[dict[str, Any]]:
        """A row for each step, inner product and place."""
        for t, step in enumerate(self.steps):
            for m, product in enumerate(PRODUCTS):
                for s, place in enumerate(self.places):
                    row: dict[str, Any] = {"axis": self.name, "step": step, "site": place}
                    row |= {"product": product, "pairs": len(self.pairs)}
                    for name in BOUNDED:
                        keys = (name, f"{name}_low", f"{name}_high")
                        row |= dict(zip(keys, getattr(self, name).at(t, m, s), strict=True))
                    for name in ("p_repaired", "p_random"):
                        row[name] = float(getattr(self, name)[t, m, s])
                    yield row


def measure(
    opened: Session,
    pairs: PairList,
    steps: Sequence[int] | None = None,
    options: Options | None = None,
    watch: Watch = NOBODY,
) -> Axis:
    """How far the pairs of a list share a direction, at every site of the steps (all by default).

    Raises InputError where fewer than five pairs can be used, StepNotFound, NoWeights, Cancelled.
    """
    options = options or Options()
    chosen = chosen_steps(opened, steps)
    words, notes = words_of(opened, pairs, options)
    made_from = {"what": "axes", "options": asdict(options), "words": fingerprint(words)}

    def compute(step: int, at_work: Watch) -> dict[str, NDArray[Any]]:
        return at_step(opened.model(step), words, options, at_work)

    found = over_steps(opened, chosen, Recipe(made_from, NAMES, compute), watch)
    return Axis(
        pairs.name,
        words.pairs,
        chosen,
        (*(site.name for site in opened.sites), UNEMBED),
        **{name: Interval.of(found[name]) for name in BOUNDED},
        p_repaired=found["p_repaired"],
        p_random=found["p_random"],
        direction=found["direction"],
        notes=notes,
    )


def measure_lists(
    opened: Session,
    lists: Sequence[PairList],
    steps: Sequence[int] | None = None,
    options: Options | None = None,
    watch: Watch = NOBODY,
) -> tuple[list[Axis], tuple[Note, ...]]:
    """``measure`` of each list, with a note of those that cannot be used; raises what ``measure``
    raises where none can."""
    found: list[Axis] = []
    notes: list[Note] = []
    why: InputError | None = None
    for one in lists:
        try:
            found.append(measure(opened, one, steps, options, watch))
        except InputError as error:
            why = why or error
            notes.append(Note("not_used", {"name": one.name, "why": str(error)}))
    if why and not found:
        raise why
    return found, (*notes, *(note for one in found for note in one.notes))


def words_of(opened: Session, pairs: PairList, options: Options) -> tuple[Words, tuple[Note, ...]]:
    """The pairs that can be used: of words that are one token each, where there are five such, else
    all by their last pieces; never pairs whose last tokens are the same. Raises InputError."""
    every = [word for pair in pairs.pairs for word in pair]
    read, why = framed_words(opened, options.framed(pairs.language), every)
    readable = readable_pairs(pairs, read, why)
    apart = [p for p in readable if len({read[w].ids[read[w].at] for w in p}) == 2]
    whole = [p for p in apart if all(read[word].pieces == 1 for word in p)]
    used = whole if len(whole) >= LEAST else apart
    if len(used) < LEAST:
        raise InputError(
            f"Of {len(pairs.pairs)} pairs of {pairs.name!r}, {len(used)} have different last tokens"
            f" in this model: at least {LEAST} are needed."
        )
    notes = []
    if len(readable) < len(pairs.pairs):
        unknown = len(pairs.pairs) - len(readable)
        notes.append(Note("unknown_pairs", {"count": unknown, "of": len(pairs.pairs)}))
    if len(apart) < len(readable):
        same = len(readable) - len(apart)
        notes.append(Note("same_token", {"count": same, "of": len(readable)}))
    if used is whole and len(whole) < len(apart):
        notes.append(Note("split_left_out", {"count": len(apart) - len(whole), "used": len(whole)}))
    if used is apart and len(whole) < len(apart):
        notes.append(Note("split_used", {"count": len(apart) - len(whole), "of": len(apart)}))
    ordered = tuple(read[pair[side]] for side in (0, 1) for pair in used)
    return Words(tuple(used), ordered), tuple(notes)


def readable_pairs(
    pairs: PairList, read: Mapping[str, Occurrence], why: UnknownSymbol | None
) -> list[tuple[str, str]]:
    """The pairs whose words were both read; raises UnknownSymbol where fewer than five were."""
    readable = [pair for pair in pairs.pairs if all(word in read for word in pair)]
    if why and len(readable) < LEAST:
        raise why
    return readable


def at_step(
    adapter: Adapter, words: Words, options: Options, watch: Watch = NOBODY
) -> dict[str, NDArray[Any]]:
    """The arrays of one step: bounds [product, place, 3], p [product, place], direction."""
    read = states_of(adapter, words.read, watch.part(0, 2))
    states = viewed(read, options.view).astype(np.float64)
    watch.part(1, 2).progress("comparing words", 0.0)
    vectors = readout(adapter)
    covariance = shrunk_covariance(vectors)
    own = vectors[[word.ids[word.at] for word in words.read]]
    places = [*states, own]
    metrics = [covariance] * len(states) + [np.linalg.inv(covariance)]
    half = len(words.pairs)
    nulls = Nulls.of(half, options)
    rows = [
        [
            scores(place @ place.T if plain else place @ metric @ place.T, nulls)
            for place, metric in zip(places, metrics, strict=True)
        ]
        for plain in (True, False)
    ]
    found: dict[str, NDArray[Any]] = {
        name: np.array([[cell[name] for cell in row] for row in rows]) for name in NAMES[:-1]
    }
    return found | {"direction": np.stack([(p[half:] - p[:half]).mean(axis=0) for p in places])}


@dataclass(frozen=True)
class Nulls:
    """Which word goes to which: ``true`` [1, pair, 2], ``repaired`` and ``random`` [draw, pair, 2]
    (indices of first, then second words); ``counts`` [draw, pair] of the bootstrap."""

    true: Pairing
    repaired: Pairing
    random: Pairing
    counts: NDArray[np.int64]

    @staticmethod
    def of(count: int, options: Options) -> Nulls:
        """The draws for so many pairs; the same for the same seed."""
        rng = np.random.default_rng(options.seed)
        first = np.arange(count)
        again = np.stack([deranged(count, rng) for _ in range(options.draws)]) + count
        dealt = np.stack([rng.permutation(2 * count) for _ in range(options.draws)])
        return Nulls(
            np.stack([first, first + count], axis=-1)[None],
            np.stack([np.broadcast_to(first, again.shape), again], axis=-1),
            dealt.reshape(options.draws, count, 2),
            resamples(count, options.draws, rng),
        )


def deranged(count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """A permutation that leaves nothing where it was; of one thing, the thing."""
    while True:
        order = rng.permutation(count)
        if count < 2 or not (order == np.arange(count)).any():
            return order


def scores(gram: Doubles, nulls: Nulls) -> dict[str, Any]:
    """All numbers of a list at one place, from inner products [2 pair, 2 pair] of its words."""
    true = leave_one_out(gram, nulls.true)[0]
    found: dict[str, Any] = {"loo": mean_interval(true, nulls.counts)}
    for name, pairing in (("repaired", nulls.repaired), ("random", nulls.random)):
        means = leave_one_out(gram, pairing).mean(axis=1)
        low, high = np.quantile(means, (0.025, 0.975))
        found[name] = np.array([means.mean(), low, high])
        found[f"p_{name}"] = (1 + (means >= true.mean() - 1e-12).sum()) / (1 + len(means))
    found["auroc"] = _auroc(true, leave_one_out(gram, nulls.repaired[:POOLED]), nulls.counts)
    return found | landings(gram, nulls.counts)


def leave_one_out(gram: Doubles, pairing: Pairing) -> Doubles:
    """The cosine of each pair's difference with the sum of the others' [draw, pair]; 0 where either
    has no length."""
    first, second = pairing[..., 0], pairing[..., 1]

    def part(one: Pairing, other: Pairing) -> Doubles:
        return np.asarray(gram[one[:, :, None], other[:, None, :]])

    cross = part(second, first)
    inner = part(second, second) - cross - cross.transpose(0, 2, 1) + part(first, first)
    own = np.diagonal(inner, axis1=1, axis2=2)
    rows = inner.sum(axis=2)
    squares = (rows.sum(axis=1, keepdims=True) - 2 * rows + own) * own
    lengths = np.sqrt(np.maximum(squares, 0))
    return np.asarray(np.divide(rows - own, lengths, out=np.zeros_like(rows), where=lengths > 0))


def _auroc(true: Doubles, null: Doubles, counts: NDArray[np.int64]) -> Doubles:
    """AUROC of pairs against re-paired ones, with bounds from a bootstrap over pairs [3]."""
    every = np.concatenate([true, null.ravel()])
    positive = np.concatenate([np.ones(len(true), int), np.zeros(null.size, int)])
    weights = np.tile(counts, 1 + len(null)).astype(np.float64)
    value = weighted_auroc(every, positive, np.ones((1, len(every))))[0]
    return packed(value, weighted_auroc(every, positive, weights))


def landings(gram: Doubles, counts: NDArray[np.int64]) -> dict[str, Doubles]:
    """Where b − a + a' falls, for all two pairs of a list, among its words less their mean: nearest
    by cosine to its b', with the query words and without, or to one of those; shares with bounds.
    """
    n = len(gram) // 2
    centered = gram - gram.mean(axis=0) - gram.mean(axis=1, keepdims=True) + gram.mean()
    lengths = np.sqrt(np.maximum(np.diag(centered), 1e-30))
    near = centered / lengths  # [word, candidate]
    i, j = np.nonzero(~np.eye(n, dtype=bool))
    queries = np.stack([i + n, i, j], axis=1)
    cosines = near[queries[:, 0]] - near[queries[:, 1]] + near[queries[:, 2]]
    best = cosines.argmax(axis=1)
    np.put_along_axis(cosines, queries, -np.inf, axis=1)
    kinds = {
        "hit": best == j + n,
        "hit_left_out": cosines.argmax(axis=1) == j + n,
        "query": (best[:, None] == queries).any(axis=1),
    }
    by_pair = {name: kind.reshape(n, n - 1).mean(axis=1) for name, kind in kinds.items()}
    return {name: mean_interval(shares, counts) for name, shares in by_pair.items()}


@dataclass(frozen=True)
class Analogy(Tabled):
    """Where b − a + c falls at each place: the ``nearest`` words with their ``cosines``
    [place, top], nobody left out, and the ``rank`` [place] of the word that was expected (1: it is
    nearest; 0 without one)."""

    words: tuple[str, ...]
    step: int
    places: tuple[str, ...]
    nearest: tuple[tuple[str, ...], ...]
    cosines: Floats
    rank: NDArray[np.int32]

    def rows(self) -> Iterator[dict[str, Any]]:
        """A row for each place."""
        for s, place in enumerate(self.places):
            yield {
                "analogy": "{1} - {0} + {2}".format(*self.words),
                "step": self.step,
                "site": place,
                "nearest": " ".join(self.nearest[s]),
                "cosine": float(self.cosines[s, 0]),
                "rank": int(self.rank[s]),
            }


def analogy(
    opened: Session,
    words: Sequence[str],
    step: int,
    candidates: Sequence[str],
    options: Options | None = None,
    top: int = 5,
) -> Analogy:
    """Where b − a + c falls for ``words`` a, b, c and perhaps the expected d, among themselves and
    ``candidates``, whose mean is the origin. Raises InputError for other than three or four words.
    """
    if len(words) not in (3, 4) or len(set(words)) != len(words):
        raise InputError(
            "An analogy is three different words, a b c, or four with the expected one."
        )
    options = options or Options()
    frame = options.framed("en" if words[0].isascii() else "zh")
    known, why = framed_words(opened, frame, [*words, *candidates])
    if why and any(word not in known for word in words):
        raise why
    every, read = list(known), list(known.values())
    adapter = opened.model(chosen_steps(opened, [step])[0])
    states = viewed(states_of(adapter, read), options.view).astype(np.float64)
    places = np.concatenate([states, readout(adapter)[[w.ids[w.at] for w in read]][None]])
    places -= places.mean(axis=1, keepdims=True)
    lengths = np.maximum(np.linalg.norm(places, axis=-1), 1e-30)
    target = places[:, 1] - places[:, 0] + places[:, 2]
    cosines = np.einsum("sd,snd->sn", target, places) / lengths
    cosines /= np.maximum(np.linalg.norm(target, axis=-1), 1e-30)[:, None]
    order = np.argsort(-cosines, axis=1, kind="stable")
    rank = (order == 3).argmax(axis=1) + 1 if len(words) == 4 else np.zeros(len(order))
    return Analogy(
        tuple(words),
        step,
        (*(site.name for site in opened.sites), UNEMBED),
        tuple(tuple(every[n] for n in row[:top]) for row in order),
        np.take_along_axis(cosines, order[:, :top], axis=1).astype(np.float32),
        rank.astype(np.int32),
    )
