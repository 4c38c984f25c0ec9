"""Paths calibrated where the shape is known: on a circle of residues the geodesic goes round, and
the chord cuts through the middle, where the model says nothing.

A modular sum is held on several circles at once, one a frequency; all p residues together are some
points on a torus of as many dimensions, where no two need be neighbors. So each circle is walked by
itself: the mean states of the sums at the last site, in the plane of one frequency. The planes are
those of the last checkpoint, the same at every step.

Of the bundled run it does not hold in this form (docs, paths): one circle alone is no state that
the model decodes, so these are not among the claims that the run keeps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from math import gcd
from typing import Final

import numpy as np
from numpy.typing import NDArray

from layerfold.claims.claim import Claim, Control, Progress
from layerfold.geometry.fourier import directions, key_frequencies, means_of, readers
from layerfold.interp.continuation import Continuation
from layerfold.interp.interval import mean_interval, resamples
from layerfold.interp.path_cloud import AT_ONCE, Cloud, Ways
from layerfold.interp.session import Session
from layerfold.model.adapter import Adapter
from layerfold.records import Floats
from layerfold.training.tasks.modular_addition import ModularAddition

Doubles = NDArray[np.float64]

TOP: Final = 4  # circles, as of the other claims
STARTS: Final = 20  # on each circle, evenly
WAYS: Final = Ways(points=17, neighbors=6, robust=0)
OTHER_KS: Final = (4, 10, 15)
ORDER: Final = 0.05  # a tenth of chance
MIDDLE, ROUND = 0.25, 0.75  # of what the ends tell of the circle
CHORD, GEODESIC = 0, 2  # among the ways of a cloud
STRAIGHT, ROUND_WAY = 0, 1  # among those that are walked here
SOURCE: Final = "Nanda et al. 2023, arXiv 2301.05217; manifold steering, arXiv 2605.05115"


@dataclass(frozen=True)
class Circle:
    """The mean states of ``p`` sums [p, d] at the last site, with one frequency ``k`` kept;
    ``read`` [2, d] tells cosine and sine of a state less ``center``."""

    p: int
    k: int
    states: Floats
    center: Doubles
    read: Doubles

    def opposite(self, residue: int) -> int:
        """The residue half a turn on."""
        return (residue + (self.p - 1) // 2 * pow(self.k, -1, self.p)) % self.p

    def turns(self, states: Floats) -> Doubles:
        """Where states [n, d] stand on the circle, in turns, without a jump."""
        cos, sin = self.read @ (states - self.center).T
        return np.asarray(np.unwrap(np.arctan2(sin, cos)) / (2 * np.pi))


@dataclass(frozen=True)
class Walked:
    """Of each start on a circle: ``disorder`` [way, start], the share of three answers out of
    cyclic order along a way, and ``told`` [way, start, point], what the answer tells of the circle
    (the mean resultant length of its probabilities)."""

    disorder: Doubles
    told: Doubles

    def sunk(self) -> Doubles:
        """What the chord's middle tells, over what its ends do [start]."""
        chord = self.told[STRAIGHT]
        return np.asarray(chord[:, chord.shape[1] // 2] / chord[:, [0, -1]].mean(axis=1))

    def kept(self) -> Doubles:
        """The least that the geodesic tells, over what its ends do [start]."""
        way = self.told[ROUND_WAY]
        return np.asarray(way.min(axis=1) / way[:, [0, -1]].mean(axis=1))


def circle_claims(opened: Session, task: ModularAddition, progress: Progress) -> tuple[Claim, ...]:
    """Both claims of a run that learned sums, from every checkpoint; none where no frequency is
    prime to p."""
    sums = {step: mean_states(opened.run.adapter(step), task) for step in opened.run.steps}
    last = max(sums)
    keys = [k for k in key_frequencies(sums[last], TOP) if gcd(k, task.p) == 1]
    if not keys:
        return ()
    planes = planes_of(sums[last], keys)
    walked: dict[int, list[Walked]] = {}
    for n, (step, means) in enumerate(sums.items()):
        progress("walking round", n / len(sums))
        adapter = opened.run.adapter(step)
        circles = [circle(means, k, planes[k]) for k in keys]
        walked[step] = [walk(adapter, one, WAYS) for one in circles]
    adapter = opened.run.adapter(last)
    circles = [circle(sums[last], k, planes[k]) for k in keys]
    others = robust(adapter, circles)
    return round_claim(walked, others, shuffled(adapter, sums[last], keys)), across_claim(walked)


def mean_states(adapter: Adapter, task: ModularAddition) -> Doubles:
    """The mean state at "=" of each sum at the last site [p, d], over all pairs."""
    pairs = np.arange(task.p * task.p, dtype=np.int64)
    written = task.written(pairs).astype(np.int32)
    parts = [adapter.batch_states(rows)[-1, :, -1] for rows in np.array_split(written, task.p)]
    return means_of(np.concatenate(parts), task.answers(pairs), task.p)


def planes_of(rows: Doubles, keys: list[int]) -> dict[int, tuple[Doubles, Doubles]]:
    """The plane of each frequency: along what it turns, and what reads it off with the others
    taken out, each [2, d]."""
    along = [directions(rows, k) for k in keys]
    read = readers(np.concatenate(along))
    return {k: (along[n], read[2 * n : 2 * n + 2]) for n, k in enumerate(keys)}


def circle(rows: Doubles, k: int, plane: tuple[Doubles, Doubles]) -> Circle:
    """The states [p, d] with nothing kept but their mean and one plane."""
    along, read = plane
    center = rows.mean(axis=0)
    flat = center + (rows - center) @ read.T @ along
    return Circle(len(rows), k, flat.astype(np.float32), center, read)


def walk(adapter: Adapter, one: Circle, ways: Ways) -> Walked:
    """The chord and the geodesic from each start to the residue opposite, every point fed back at
    the last site."""
    cloud = cloud_of(adapter, one, one.states, ways)
    found = np.stack([between(cloud, one, start) for start in starts(one.p)], axis=1)
    return answered(adapter, one, found)


def cloud_of(adapter: Adapter, one: Circle, states: Floats, ways: Ways) -> Cloud:
    """The cloud of some states of a circle at the last site."""
    return Cloud.of(states, "raw", last_site(adapter, one), len(adapter.sites) - 1, ways)


def last_site(adapter: Adapter, one: Circle) -> Continuation:
    """What is gone on with at the last site, where no other token counts: "0 + 0 ="."""
    return Continuation(adapter, [0, one.p, 0, one.p + 1])


def starts(p: int) -> list[int]:
    """The residues that are walked from, evenly among all."""
    return [n * p // STARTS for n in range(STARTS)]


def between(cloud: Cloud, one: Circle, start: int) -> Floats:
    """The chord and the geodesic from a residue to the one opposite [way, point, d]."""
    found = cloud.ways(one.states[[start, one.opposite(start)]])
    return np.stack([found[CHORD], found[GEODESIC]])


def answered(adapter: Adapter, one: Circle, ways: Floats) -> Walked:
    """What the points of chords and geodesics [way, start, point, d] are decoded to; where the
    graph has no way, nothing is in order and nothing told."""
    shape = ways.shape[:3]
    flat = ways.reshape(-1, ways.shape[-1])
    known = np.isfinite(flat).all(axis=1)
    logits = last_site(adapter, one).logits(len(adapter.sites) - 1, flat[known], AT_ONCE)
    answers, told = np.zeros(len(flat)), np.zeros(len(flat))
    answers[known], told[known] = heard(one, logits)
    disorder = np.full(shape[:2], 0.5)
    for n, way in enumerate(ways[ROUND_WAY]):
        if np.isfinite(way).all():
            turns = one.turns(way)
            sense = float(np.sign(turns[-1] - turns[0]))
            met = answers.reshape(shape)[:, n]
            disorder[:, n] = [out_of_order(each, sense) for each in met]
    return Walked(disorder, told.reshape(shape))


def heard(one: Circle, logits: Floats) -> tuple[Doubles, Doubles]:
    """Of logits [n, vocab]: where the likeliest residue stands on the circle, in turns, and the
    mean resultant length of all residues' probabilities."""
    wide = logits[:, : one.p].astype(np.float64)
    shares = np.exp(wide - wide.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    turns = one.k * np.arange(one.p) % one.p / one.p
    resultant = np.abs(shares @ np.exp(2j * np.pi * turns))
    return turns[wide.argmax(axis=1)], resultant


def out_of_order(turns: Doubles, way_round: float) -> float:
    """The share of three answers that stand in another cyclic order than they were met in: 0 in
    order, 0.5 by chance; where two are one, half."""
    i, j, k = np.array(list(combinations(range(len(turns)), 3))).T
    a, b, c = (2 * np.pi * turns[n] for n in (i, j, k))
    turn = np.sin(b - a) + np.sin(c - b) + np.sin(a - c)
    signs = np.where(np.abs(turn) < 1e-12, 0.0, np.sign(turn))
    return float((1 - way_round * signs.mean()) / 2)


def robust(adapter: Adapter, circles: list[Circle]) -> Doubles:
    """The geodesic's disorder with other numbers of neighbors, and with a tenth of the residues
    left out of the cloud [variant], the worst circle of each."""
    graphs = [replace(WAYS, neighbors=k) for k in OTHER_KS]
    found = [worst_of([walk(adapter, one, ways) for one in circles], ROUND_WAY) for ways in graphs]
    rng = np.random.default_rng(5)
    return np.array([*found, worst_of([thinned(adapter, c, rng) for c in circles], ROUND_WAY)])


def thinned(adapter: Adapter, one: Circle, rng: np.random.Generator) -> Walked:
    """As ``walk`` where another tenth of the cloud is left out for each start."""
    found = []
    for start in starts(one.p):
        kept = np.sort(rng.choice(one.p, one.p - one.p // 10, replace=False))
        cloud = cloud_of(adapter, one, one.states[kept], WAYS)
        found.append(between(cloud, one, start))
    return answered(adapter, one, np.stack(found, axis=1))


def shuffled(adapter: Adapter, rows: Doubles, keys: list[int]) -> float:
    """The mean disorder where states are dealt among the residues and planes fitted
    anew."""
    dealt = np.random.default_rng(0).permutation(rows)
    planes = planes_of(dealt, keys)
    found = [walk(adapter, circle(dealt, k, planes[k]), WAYS) for k in keys]
    return float(np.mean([one.disorder[ROUND_WAY].mean() for one in found]))


def worst_of(circles: list[Walked], way: int) -> float:
    """The disorder of a way, the worst circle's mean over its starts."""
    return float(max(one.disorder[way].mean() for one in circles))


def worst(found: Mapping[int, list[Walked]], way: int) -> dict[int, float]:
    """As ``worst_of``, by step."""
    return {step: worst_of(circles, way) for step, circles in found.items()}


def bounds(values: Doubles) -> str:
    """The 95 % interval of a mean over starts."""
    draws = resamples(len(values), 1000, np.random.default_rng(0))
    _, low, high = mean_interval(values, draws)
    return f"[{low:.3f}, {high:.3f}]"


def round_claim(found: Mapping[int, list[Walked]], others: Doubles, dealt: float) -> Claim:
    """Along the geodesic the answers come in the order of the circle."""
    values, last = worst(found, ROUND_WAY), max(found)
    worse = max(found[last], key=lambda one: one.disorder[ROUND_WAY].mean())
    here = f"{values[last]:.3f} {bounds(worse.disorder[ROUND_WAY])}"
    span = f"{others.min():.3f}–{others.max():.3f}"
    return Claim(
        id="geodesic-order",
        title_en="The geodesic visits the residues in order",
        title_zh="测地线依次经过各剩余类",
        says_en=(
            "From a residue to the one opposite, on the circle of one frequency, the shortest way"
            " through the cloud goes round, and what the model answers on it comes in the order of"
            " the circle."
        ),
        says_zh=(
            "在单个频率的圆上，从一个剩余类到正对面的剩余类，沿近邻图的最短路径绕圆而行，"
            "模型在途中给出的答案按圆上的次序出现。"
        ),
        source=SOURCE,
        published="in order; no figure",
        published_zh="有序；未给数字",
        unit=(
            "share of triples of answers out of cyclic order along the geodesic, worst of four"
            " circles: 0 in order, 0.5 in none"
        ),
        unit_zh="测地线上循环次序不对的答案三元组所占比例，取四个圆中最差者：0 为有序，0.5 为无序",
        threshold=f"our threshold: at most {ORDER:.2f}, a tenth of chance",
        threshold_zh=f"本项目自定：至多 {ORDER:.2f}，即随机值的十分之一",
        values=values,
        here=f"{here}; {span} with other neighbors or a tenth left out",
        here_zh=f"{here}；改变近邻数或去掉十分之一的点后为 {span}",
        holds=values[last] <= ORDER and float(others.max()) <= ORDER,
        at_step=last,
        controls=(
            Control("the chord between the same", "同样两端间的弦", worst(found, STRAIGHT)),
            Control("residues shuffled, planes fitted anew", "打乱剩余类，重新拟合平面", dealt),
        ),
        caveat_en=(
            "Each circle is walked by itself, the others held at their mean: on all circles at once"
            " consecutive residues are no neighbors, and a graph of them has no order to keep."
        ),
        caveat_zh=(
            "每个圆单独行走，其余各圆固定在均值：若把所有圆合在一起，相继的剩余类并非近邻，"
            "近邻图上也就没有次序可言。"
        ),
        bound=ORDER,
    )


def across_claim(found: Mapping[int, list[Walked]]) -> Claim:
    """In the middle of the chord the answer tells nothing of the circle; on the geodesic it always
    does."""
    sunk = {
        step: float(max(one.sunk().mean() for one in circles)) for step, circles in found.items()
    }
    kept = {
        step: float(min(one.kept().mean() for one in circles)) for step, circles in found.items()
    }
    last = max(found)
    worse = max(found[last], key=lambda one: one.sunk().mean())
    here = f"{sunk[last]:.3f} {bounds(worse.sunk())}"
    return Claim(
        id="chord-middle",
        title_en="The chord crosses the middle and answers nonsense there",
        title_zh="弦穿过圆心，在那里的回答没有意义",
        says_en=(
            "Half way along the straight line between opposite residues the model's answer is"
            " spread round the whole circle; on the geodesic it stays as decided as at the ends."
        ),
        says_zh=(
            "在相对的两个剩余类之间，直线走到一半时，模型的答案散布在整个圆上；"
            "沿测地线则始终像两端一样明确。"
        ),
        source=SOURCE,
        published="off the circle the answer is lost; no figure",
        published_zh="离开圆后答案丢失；未给数字",
        unit=(
            "mean resultant length of the answer's probabilities on the circle, half way over the"
            " ends, worst of four circles"
        ),
        unit_zh="答案概率在圆上的平均合向量长度，中点与两端之比，取四个圆中最差者",
        threshold=(
            f"our threshold: at most {MIDDLE:.2f} half way on the chord, at least {ROUND:.2f}"
            " everywhere on the geodesic"
        ),
        threshold_zh=f"本项目自定：弦的中点至多 {MIDDLE:.2f}，测地线上处处至少 {ROUND:.2f}",
        values=sunk,
        here=f"{here}; the geodesic's least is {kept[last]:.3f}",
        here_zh=f"{here}；测地线上最小为 {kept[last]:.3f}",
        holds=sunk[last] <= MIDDLE and kept[last] >= ROUND,
        at_step=last,
        controls=(Control("the geodesic's least", "测地线上的最小值", kept),),
        caveat_en=(
            "With all circles at once the middle of a chord answers one of its two ends: logits add"
            " up, and each end keeps its half."
        ),
        caveat_zh="若所有圆一起取直线，中点给出的是两端之一：对数几率相加，两端各占一半。",
        bound=MIDDLE,
    )
