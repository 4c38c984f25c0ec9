"""Ways from one word's state to another's at a site, every point fed back and decoded.

Four ways: the chord; the great circle of normalized states; the geodesic on the reference's graph
of nearest neighbors; the same with edges as long as the Hellinger distance of what their ends are
decoded to (manifold steering, 2605.05115). Of each: the Hellinger length over the distance of its
ends (1: straight in what the model says), the largest step, how far off the cloud, and how much of
the probability lies outside both ends (what a point gives a token beyond the larger of what the two
ends give it). The same between random words of the vocabulary is the control; other k and 10 % of
the reference left out bound the geodesic, whose graph can short-circuit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from layerfold.data.reference_states import fingerprint as fingerprint_of
from layerfold.data.reference_states import states_at, viewed
from layerfold.errors import InputError, SiteNotFound
from layerfold.interp.interval import Doubles, Interval
from layerfold.interp.neighbor_graph import NeighborGraph, resampled
from layerfold.interp.notes import Note
from layerfold.interp.occurrences import Occurrence, occurrence
from layerfold.interp.session import Session
from layerfold.interp.stepwise import NOBODY, Recipe, Watch, chosen_steps, over_steps
from layerfold.interp.word_sets import fingerprint
from layerfold.records import Floats, Ints, View, normalized
from layerfold.space.neighbors import Index
from layerfold.space.outside import own_distances, percentile

if TYPE_CHECKING:
    from layerfold.interp.continuation import Continuation

WAYS: Final = ("chord", "sphere", "geodesic", "output")
SUMMARY: Final = ("ratio", "largest", "beyond", "outside")
NAMES: Final = ("points", "hellinger", "beyond", "outside", "top", "summary", "robust")
KS: Final = (10, 15, 30)
TOP: Final = 3
AT_ONCE: Final = 64
MOST_PROBABILITIES: Final = 1 << 27  # of nodes × vocabulary that are kept at once: 512 MB
FRAME: Final = {True: "The next word is {}", False: "下一个词是{}"}


@dataclass(frozen=True)
class Options:
    """Words are read in ``frame`` (``{}`` alone: as whole texts); ``points`` of a way;
    ``neighbors`` of the graph; ``pairs`` of random words as control; ``robust`` graphs with 10 %
    left out.
    """

    frame: str = ""
    points: int = 32
    neighbors: int = 15
    pairs: int = 8
    robust: int = 4
    seed: int = 0

    def __post_init__(self) -> None:
        """Raises InputError for what cannot be followed."""
        if not 3 <= self.points <= 256:
            raise InputError(f"A way of {self.points} points cannot be shown: give 3 to 256.")
        if self.frame and self.frame.count("{}") != 1:
            raise InputError(f"The frame {self.frame!r} needs one {{}} for the word.")


@dataclass(frozen=True)
class Paths:
    """From ``start`` to ``end`` at ``site`` of each step. ``points`` [step, way, point, d] raw
    states; ``hellinger`` [step, way, point - 1] the steps between what they are decoded to;
    ``beyond`` [step, way, point] the probability outside both ends, ``outside`` the off-cloud
    percentile, ``top`` [..., 3] the likeliest tokens. ``summary`` [step, way, number] with the
    95 % range of the control's, numbers as in SUMMARY (length over distance of the ends; largest
    step; mean beyond; mean outside); ``robust`` [step, number, 3] least, middle and largest for
    the geodesic under other k and left-out points. NaN where the graph has no way.
    """

    start: str
    end: str
    site: str
    steps: tuple[int, ...]
    points: Floats
    hellinger: Floats
    beyond: Floats
    outside: Floats
    top: Ints
    summary: Interval
    control: Floats
    robust: Floats
    names: dict[int, str]
    notes: tuple[Note, ...]

    def rows(self) -> Iterator[dict[str, Any]]:
        """A row for each step, way and point, with the numbers of its way beside the control's."""
        for t, step in enumerate(self.steps):
            for w, way in enumerate(WAYS):
                numbers: dict[str, Any] = {}
                for n, name in enumerate(SUMMARY):
                    value, low, high = self.summary.at(t, w, n)
                    numbers |= {
                        f"way_{name}": value,
                        f"random_{name}": float(self.control[t, w, n]),
                    }
                    numbers |= {f"random_{name}_low": low, f"random_{name}_high": high}
                for p in range(self.points.shape[2]):
                    words = [self.names.get(int(id), "") for id in self.top[t, w, p]]
                    row: dict[str, Any] = {"start": self.start, "end": self.end, "step": step}
                    row |= {"site": self.site, "way": way, "point": p, "top": " ".join(words)}
                    row["beyond"] = float(self.beyond[t, w, p])
                    row["outside"] = float(self.outside[t, w, p])
                    row["hellinger"] = float(self.hellinger[t, w, p - 1]) if p else 0.0
                    yield row | numbers


def measure(
    opened: Session,
    ends: tuple[str, str],
    site: str | None = None,
    steps: Sequence[int] | None = None,
    options: Options | None = None,
    watch: Watch = NOBODY,
) -> Paths:
    """The four ways from one word to another at a site (the middle layer's end without one) of the
    steps (all by default).

    Raises InputError where the two are one, or the model would still look back at different tokens;
    SiteNotFound, AtlasMissing, StepNotFound, NoWeights, Cancelled.
    """
    options = options or Options()
    chosen = chosen_steps(opened, steps)
    at = site_index(opened, site)
    read = [end_of(opened, word, options) for word in ends]
    check_ends(opened, ends, read, at)
    others = random_words(opened, read[0], options) if same_context(*read) else []
    made_from = {"what": "paths", "options": asdict(options), "site": at}
    made_from["reference"] = fingerprint_of(opened.atlas.reference)
    made_from["ends"] = fingerprint(read, others, opened.atlas.view)

    def compute(step: int) -> dict[str, NDArray[Any]]:
        return at_step(opened, step, at, read, others, options, watch)

    found = over_steps(opened, chosen, Recipe(made_from, NAMES, compute), watch)
    top = found["top"].astype(np.int32)
    names = {int(id): opened.tokenizer.text_of(int(id)) for id in np.unique(top) if id >= 0}
    notes = () if others else (Note("no_control", {"start": ends[0], "end": ends[1]}),)
    return Paths(
        *ends,
        opened.sites[at].name,
        chosen,
        points=found["points"],
        hellinger=found["hellinger"],
        beyond=found["beyond"],
        outside=found["outside"],
        top=top,
        summary=Interval(
            found["summary"][..., 0], found["summary"][..., 2], found["summary"][..., 3]
        ),
        control=found["summary"][..., 1],
        robust=found["robust"],
        names=names,
        notes=notes,
    )


def site_index(opened: Session, name: str | None) -> int:
    """The place of a site by its name, the middle layer's end by default; raises SiteNotFound."""
    names = [site.name for site in opened.sites]
    if name is None:
        ends = [n for n, site in enumerate(opened.sites) if site.part == "post"]
        return ends[(len(ends) - 1) // 2]
    if name not in names:
        raise SiteNotFound(f"There is no site {name[:40]!r}. There are: {', '.join(names)}.")
    return names.index(name)


def end_of(opened: Session, word: str, options: Options) -> Occurrence:
    """A word at the end of its frame, as the model reads it."""
    frame = options.frame or FRAME[word.isascii()]
    start = frame.index("{}")
    found = occurrence(opened, frame.format(word), start, start + len(word))
    return Occurrence(found.ids[: found.at + 1], found.at, found.pieces)


def same_context(one: Occurrence, other: Occurrence) -> bool:
    """Whether the last tokens stand after the same ones."""
    return one.ids[:-1] == other.ids[:-1]


def check_ends(
    opened: Session, ends: tuple[str, str], read: Sequence[Occurrence], site: int
) -> None:
    """Raises InputError where there is no way to speak of, or none that both ends decode on."""
    if read[0].ids == read[1].ids:
        raise InputError(f"{ends[0]!r} and {ends[1]!r} are the same tokens: there is no way to go.")
    mids = [n for n, one in enumerate(opened.sites) if one.part == "mid"]
    looks_back = site < (mids[-1] if mids else len(opened.sites) - 1)
    if looks_back and not same_context(*read):
        pieces = ", ".join(f"{w!r} {one.pieces}" for w, one in zip(ends, read, strict=True))
        raise InputError(
            "The two ends stand after different tokens, at which the model still looks from this"
            f" site on (tokens of each: {pieces}): choose words of one token, or the last layer."
        )


def random_words(opened: Session, one: Occurrence, options: Options) -> list[tuple[int, int]]:
    """Pairs of whole words of the reference, each one token, to stand where the ends stand."""
    reference = opened.atlas.reference
    ids = reference.windows[reference.window, reference.position]
    words = sorted({int(i) for i, t in zip(ids, reference.text, strict=True) if t[1:].isalpha()})
    rng = np.random.default_rng(options.seed)
    if len(words) < 4 or options.pairs < 1:
        return []
    return [tuple(rng.choice(words, 2, replace=False).tolist()) for _ in range(options.pairs)]


def at_step(
    opened: Session,
    step: int,
    site: int,
    read: Sequence[Occurrence],
    others: Sequence[tuple[int, int]],
    options: Options,
    watch: Watch = NOBODY,
) -> dict[str, NDArray[Any]]:
    """The arrays of one step."""
    from layerfold.interp.continuation import Continuation  # late: torch takes seconds

    adapter = opened.run.adapter(step)
    raw = states_at(opened.run, step, opened.atlas.reference, adapter)[site]
    rest = Continuation(adapter, read[0].ids)
    cloud = Cloud.of(raw, opened.atlas.view, rest, site, options)
    ends = np.stack([adapter.states(one.ids).values[site, -1] for one in read])
    watch.stop()
    found = cloud.ways(ends)
    decoded = [cloud.decoded(way, 1) for way in found]
    numbers = np.stack([one["summary"] for one in decoded])
    control = []
    for pair in others:
        watch.stop()
        words = [[*read[0].ids[:-1], id] for id in pair]
        two = np.stack([adapter.states(ids).values[site, -1] for ids in words])
        control.append([cloud.decoded(way, AT_ONCE)["summary"] for way in cloud.ways(two)])
    spread = _spread(np.array(control), numbers.shape)
    made = {name: np.stack([one[name] for one in decoded]) for name in NAMES[1:5]}
    made["points"] = np.stack(found)
    made["summary"] = np.concatenate([numbers[..., None], spread], axis=-1)
    return made | {"robust": cloud.robust(ends)}


def _spread(control: Doubles, shape: tuple[int, ...]) -> Doubles:
    """Mean and 95 % range over random pairs [way, number, 3]; NaN without them."""
    if not len(control):
        return np.full((*shape, 3), np.nan)
    known = np.isfinite(control).any(axis=0)
    found = np.full((*shape, 3), np.nan)
    for at in zip(*np.nonzero(known), strict=True):
        column = control[(slice(None), *at)]
        column = column[np.isfinite(column)]
        found[at] = [column.mean(), *np.quantile(column, (0.025, 0.975))]
    return found


@dataclass(frozen=True)
class Cloud:
    """The reference at one site: ``raw`` states [n, d] and those in a view; their ``graph`` and its
    edges' ``weights`` by what their ends are decoded to (``roots`` of probabilities [n, vocab]);
    how near the states lie to each other (``own``).
    """

    raw: Floats
    states: Floats
    view: View
    rest: Continuation
    site: int
    graph: NeighborGraph
    weights: Doubles
    own: Floats
    roots: Floats
    options: Options

    @staticmethod
    def of(raw: Floats, view: View, rest: Continuation, site: int, options: Options) -> Cloud:
        """The cloud, thinned where the vocabulary is large."""
        most = max(200, MOST_PROBABILITIES // len(rest.plain()))
        kept = np.arange(len(raw)) if len(raw) <= most else (np.arange(most) * len(raw)) // most
        few = raw[kept]
        states = viewed(few, view)
        roots = roots_of(rest.logits(site, few, AT_ONCE))
        graph = NeighborGraph.of(states, options.neighbors)
        own = own_distances(Index.of(states))
        weights = hellinger(roots, graph.edges)
        return Cloud(few, states, view, rest, site, graph, weights, own, roots, options)

    def ways(self, ends: Floats) -> list[Floats]:
        """The four ways between two raw states [2, d], each [point, d]; NaN where there is none."""
        share = np.linspace(0, 1, self.options.points)
        wide = ends.astype(np.float64)
        chord = (1 - share[:, None]) * wide[0] + share[:, None] * wide[1]
        graph = self._with(self.graph, ends, self.options.neighbors)
        roots = np.concatenate([self.roots, roots_of(self.rest.logits(self.site, ends))])
        ties = hellinger(roots, graph.edges[len(self.weights) :])
        weights = np.concatenate([self.weights, ties])
        found = [chord, great_circle(ends, share)]
        for way in found:
            way[0], way[-1] = ends
        found += [self._along(graph, ends, None), self._along(graph, ends, weights)]
        return [np.asarray(way, dtype=np.float32) for way in found]

    def _with(self, graph: NeighborGraph, ends: Floats, k: int) -> NeighborGraph:
        return graph.joined(self.states, viewed(ends, self.view), k)

    def _along(self, graph: NeighborGraph, ends: Floats, weights: Doubles | None) -> Doubles:
        """The shortest way between the ends through a graph that holds them last, evenly
        resampled.
        """
        nodes = graph.shortest(graph.count - 2, graph.count - 1, weights)
        if not len(nodes):
            return np.full((self.options.points, self.raw.shape[1]), np.nan)
        way = np.concatenate([ends[:1], self.raw[nodes[1:-1]], ends[1:]])
        moves = np.diff(viewed(way, self.view).astype(np.float64), axis=0)
        lengths = np.linalg.norm(moves, axis=1)
        return resampled(way.astype(np.float64), lengths, self.options.points)

    def decoded(self, way: Floats, at_once: int) -> dict[str, NDArray[Any]]:
        """What the points of a way [point, d] say, and where they lie."""
        n = len(way)
        if not np.isfinite(way).all():
            nothing = {
                "hellinger": np.full(n - 1, np.nan),
                "summary": np.full(len(SUMMARY), np.nan),
            }
            nothing |= {"beyond": np.full(n, np.nan), "outside": np.full(n, np.nan)}
            return nothing | {"top": np.full((n, TOP), -1)}
        roots = roots_of(self.rest.logits(self.site, way, at_once))
        steps = hellinger(roots, np.stack([np.arange(n - 1), np.arange(1, n)], axis=1))
        shares = np.square(roots.astype(float))
        beyond = np.maximum(shares - np.maximum(shares[0], shares[-1]), 0).sum(axis=1)
        away = Index.of(self.states).nearest(viewed(way, self.view), 1)[1][:, 0]
        outside = percentile(away, self.own)
        apart = hellinger(roots, np.array([[0, n - 1]]))[0]
        ratio = steps.sum() / apart if apart > 0 else np.nan
        top = np.argsort(-shares, axis=1, kind="stable")[:, :TOP]
        return {
            "hellinger": steps,
            "beyond": beyond,
            "outside": outside,
            "top": top,
            "summary": np.array([ratio, steps.max(), beyond.mean(), outside.mean()]),
        }

    def robust(self, ends: Floats) -> Doubles:
        """Least, middle and largest of each number of the geodesic, for other k and with 10 % of
        the cloud left out [number, 3].
        """
        options = self.options
        rng = np.random.default_rng((options.seed, 5))
        graphs = [self._with(NeighborGraph.of(self.states, k), ends, k) for k in KS]
        whole = self._with(self.graph, ends, options.neighbors)
        for _ in range(options.robust):
            gone = rng.choice(len(self.raw), len(self.raw) // 10, replace=False).astype(np.int32)
            graphs.append(whole.without(gone))
        ways = [_single(self._along(graph, ends, None)) for graph in graphs]
        numbers = np.array([self.decoded(way, AT_ONCE)["summary"] for way in ways])
        known = numbers[np.isfinite(numbers).all(axis=1)]
        if not len(known):
            return np.full((len(SUMMARY), 3), np.nan)
        found: Doubles = np.quantile(known, (0.0, 0.5, 1.0), axis=0).T
        return found


def _single(values: Doubles) -> Floats:
    return np.asarray(values, dtype=np.float32)


def great_circle(ends: Floats, share: Doubles) -> Doubles:
    """Points [n, d] whose normalized states lie on the great circle between those of two raw states
    [2, d]; mean and size go evenly from one to the other."""
    wide = ends.astype(np.float64)
    means = wide.mean(axis=1)
    units = normalized(ends).astype(np.float64)
    units /= np.maximum(np.linalg.norm(units, axis=1, keepdims=True), 1e-30)
    sizes = np.linalg.norm(wide - means[:, None], axis=1)
    angle = float(np.arccos(np.clip(units[0] @ units[1], -1, 1)))
    if angle < 1e-9:
        parts = np.stack([1 - share, share])
    else:
        parts = np.sin(np.stack([(1 - share) * angle, share * angle])) / np.sin(angle)
    directions = parts[0][:, None] * units[0] + parts[1][:, None] * units[1]
    size, mean = ((1 - share) * pair[0] + share * pair[1] for pair in (sizes, means))
    return np.asarray(directions * size[:, None] + mean[:, None])


def roots_of(logits: Floats) -> Floats:
    """The roots of the probabilities [n, vocab] of logits."""
    exps = np.exp(logits - logits.max(axis=1, keepdims=True))
    found: Floats = np.sqrt(exps / exps.sum(axis=1, keepdims=True))
    return found


def hellinger(roots: Floats, pairs: NDArray[Any]) -> Doubles:
    """The Hellinger distance [pair] of pairs [pair, 2] of distributions by their roots [n,
    vocab].
    """
    found = np.empty(len(pairs))
    rows = max(1, (1 << 22) // roots.shape[1])
    for n in range(0, len(pairs), rows):
        one, other = (roots[pairs[n : n + rows, side]] for side in (0, 1))
        found[n : n + rows] = np.sqrt(np.square(one - other).sum(axis=1, dtype=np.float64) / 2)
    return found
