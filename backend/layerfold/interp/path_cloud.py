"""The ways between two states through a cloud, and what each of their points is decoded to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from layerfold.data.reference_states import viewed
from layerfold.interp.interval import Doubles
from layerfold.interp.neighbor_graph import NeighborGraph, resampled
from layerfold.records import Floats, Ints, View, normalized
from layerfold.space.neighbors import Index, nearest_self
from layerfold.space.outside import own_distances, percentile

if TYPE_CHECKING:
    from layerfold.interp.continuation import Continuation

SUMMARY: Final = ("ratio", "largest", "beyond", "outside")
KS: Final = (10, 15, 30)
TOP: Final = 3
AT_ONCE: Final = 64
CELLS: Final = 1 << 18  # numbers of pairs compared at once: 1 MB, which a core's cache holds
MOST_PROBABILITIES: Final = 1 << 27  # of nodes × vocabulary that are kept at once: 512 MB


Told = Callable[[float], None]
Keeping = Callable[[Callable[[Told], Floats]], Floats]


def made(compute: Callable[[Told], Floats]) -> Floats:
    """What nobody keeps, and nobody waits for."""
    return compute(lambda _: None)


@dataclass(frozen=True)
class Ways:
    """How ways are drawn: so many ``points`` each, through a graph of so many ``neighbors``;
    ``robust`` graphs with 10 % left out, drawn by ``seed``."""

    points: int = 32
    neighbors: int = 15
    robust: int = 4
    seed: int = 0


@dataclass(frozen=True)
class Cloud:
    """The reference at one site: ``raw`` states [n, d] and those in a view, made ready to be asked
    (``index``); their ``graph`` and its edges' ``weights`` by what their ends are decoded to; how
    near the states lie to each other (``own``)."""

    raw: Floats
    states: Floats
    view: View
    rest: Continuation
    site: int
    graph: NeighborGraph
    weights: Floats
    index: Index
    own: Floats
    options: Ways

    @staticmethod
    def of(
        raw: Floats,
        view: View,
        rest: Continuation,
        site: int,
        options: Ways,
        kept: Keeping = made,
    ) -> Cloud:
        """The cloud, thinned where the vocabulary is large; ``kept`` finds the weights of the edges
        where they are known, for which everything is decoded."""
        few = thinned(raw, len(rest.plain()))
        states = viewed(few, view)
        graph = NeighborGraph.of(states, options.neighbors)
        weights = kept(lambda told: output_lengths(rest, site, few, graph, told))
        index = Index.of(states)
        return Cloud(
            few, states, view, rest, site, graph, weights, index, own_distances(index), options
        )

    def ways(self, ends: Floats) -> list[Floats]:
        """The four ways between two raw states [2, d], each [point, d]; NaN where there is none."""
        share = np.linspace(0, 1, self.options.points)
        wide = ends.astype(np.float64)
        chord = (1 - share[:, None]) * wide[0] + share[:, None] * wide[1]
        graph = self._with(self.graph, ends, self.options.neighbors)
        weights = np.concatenate([self.weights, self._ties(graph, ends)])
        found = [chord, great_circle(ends, share)]
        for way in found:
            way[0], way[-1] = ends
        found += [self._along(graph, ends, None), self._along(graph, ends, weights)]
        return [np.asarray(way, dtype=np.float32) for way in found]

    def _ties(self, graph: NeighborGraph, ends: Floats) -> Floats:
        """How long the edges that lead to the ends are by what they are decoded to."""
        ties = graph.edges[len(self.weights) :]
        nodes, which = np.unique(ties[:, 0], return_inverse=True)
        both = np.concatenate([self.raw[nodes], ends])
        roots = roots_of(self.rest.logits(self.site, both, AT_ONCE))
        return hellinger(roots, np.stack([which, ties[:, 1] - len(self.raw) + len(nodes)], axis=1))

    def _with(self, graph: NeighborGraph, ends: Floats, k: int) -> NeighborGraph:
        return graph.joined(self.index, viewed(ends, self.view), k)

    def _along(self, graph: NeighborGraph, ends: Floats, weights: Doubles | None) -> Doubles:
        """The shortest way between the ends through a graph that holds them last, evenly
        resampled."""
        nodes = graph.shortest(graph.count - 2, graph.count - 1, weights)
        if not len(nodes):
            return np.full((self.options.points, self.raw.shape[1]), np.nan)
        way = np.concatenate([ends[:1], self.raw[nodes[1:-1]], ends[1:]])
        moves = np.diff(viewed(way, self.view).astype(np.float64), axis=0)
        lengths = np.linalg.norm(moves, axis=1)
        return resampled(way.astype(np.float64), lengths, self.options.points)

    def decoded(self, way: Floats, said: Floats | None = None) -> dict[str, NDArray[Any]]:
        """What the points of a way [point, d] say, right to rounding, and where they lie; ``said``
        are the logits [2, vocab] of its ends where they are known better."""
        n = len(way)
        if not np.isfinite(way).all():
            nothing = {
                "hellinger": np.full(n - 1, np.nan),
                "summary": np.full(len(SUMMARY), np.nan),
            }
            nothing |= {"beyond": np.full(n, np.nan), "outside": np.full(n, np.nan)}
            return nothing | {"top": np.full((n, TOP), -1)}
        logits = self.rest.logits(self.site, way, AT_ONCE)
        if said is not None:
            logits[[0, -1]] = said
        roots = roots_of(logits)
        steps = hellinger(roots, np.stack([np.arange(n - 1), np.arange(1, n)], axis=1))
        shares = np.square(roots.astype(float))
        beyond = np.maximum(shares - np.maximum(shares[0], shares[-1]), 0).sum(axis=1)
        away = self.index.nearest(viewed(way, self.view), 1)[1][:, 0]
        outside = percentile(away, self.own)
        apart = hellinger(roots, np.array([[0, n - 1]]))[0]
        ratio = steps.sum() / apart if apart > 0 else np.nan
        top = likeliest(roots, TOP)
        return {
            "hellinger": steps,
            "beyond": beyond,
            "outside": outside,
            "top": top,
            "summary": np.array([ratio, steps.max(), beyond.mean(), outside.mean()]),
        }

    def robust(self, ends: Floats) -> Doubles:
        """Least, middle and largest of each number of the geodesic, for other k and with 10 % of
        the cloud left out [number, 3]."""
        options = self.options
        rng = np.random.default_rng((options.seed, 5))
        nearest = nearest_self(self.states, min(max(KS), len(self.states) - 1))
        graphs = [self._with(NeighborGraph.tied(nearest, k), ends, k) for k in KS]
        whole = self._with(self.graph, ends, options.neighbors)
        for _ in range(options.robust):
            gone = rng.choice(len(self.raw), len(self.raw) // 10, replace=False).astype(np.int32)
            graphs.append(whole.without(gone))
        ways = [_single(self._along(graph, ends, None)) for graph in graphs]
        numbers = np.array([self.decoded(way)["summary"] for way in ways])
        known = numbers[np.isfinite(numbers).all(axis=1)]
        if not len(known):
            return np.full((len(SUMMARY), 3), np.nan)
        found: Doubles = np.quantile(known, (0.0, 0.5, 1.0), axis=0).T
        return found


def thinned(raw: Floats, vocabulary: int) -> Floats:
    """States [n, d], fewer and evenly chosen where their probabilities would take too much room."""
    most = max(200, MOST_PROBABILITIES // vocabulary)
    return raw if len(raw) <= most else raw[(np.arange(most) * len(raw)) // most]


def output_lengths(
    rest: Continuation, site: int, states: Floats, graph: NeighborGraph, told: Told
) -> Floats:
    """How far what both ends of each edge are decoded to lies apart [edge], from states [n, d];
    ``told`` hears the share that is decoded, and may raise."""
    roots: Floats | None = None
    for n in range(0, len(states), AT_ONCE):
        told(n / len(states))
        part = roots_of(rest.logits(site, states[n : n + AT_ONCE], AT_ONCE))
        if roots is None:
            roots = np.empty((len(states), part.shape[1]), dtype=np.float32)
        roots[n : n + AT_ONCE] = part
    assert roots is not None
    return hellinger(roots, graph.edges)


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
    parts = np.stack([1 - share, share])
    if angle >= 1e-9:
        parts = np.sin(parts * angle) / np.sin(angle)
    directions = parts[0][:, None] * units[0] + parts[1][:, None] * units[1]
    size, mean = ((1 - share) * pair[0] + share * pair[1] for pair in (sizes, means))
    return np.asarray(directions * size[:, None] + mean[:, None])


def roots_of(logits: Floats) -> Floats:
    """The roots of the probabilities [n, vocab] of logits."""
    exps = np.exp(logits - logits.max(axis=1, keepdims=True))
    found: Floats = np.sqrt(exps / exps.sum(axis=1, keepdims=True))
    return found


def likeliest(values: Floats, count: int) -> Ints:
    """The places of the largest values of each row [n, vocab], largest first, the first of equals
    [n, count]."""
    left = values.copy()
    found = np.empty((len(values), count), dtype=np.int32)
    for n in range(count):
        found[:, n] = left.argmax(axis=1)
        left[np.arange(len(left)), found[:, n]] = -np.inf
    return found


def hellinger(roots: Floats, pairs: NDArray[Any]) -> Floats:
    """The Hellinger distance [pair] of pairs [pair, 2] of distributions by their roots [n,
    vocab]."""
    found = np.empty(len(pairs), dtype=np.float32)
    rows = max(1, CELLS // roots.shape[1])
    for n in range(0, len(pairs), rows):
        away = roots[pairs[n : n + rows, 0]]
        away -= roots[pairs[n : n + rows, 1]]
        found[n : n + rows] = np.sqrt(np.square(away, out=away).sum(axis=1) / 2)
    return found
