"""Paths calibrated where the shape is known to be flat: between two beliefs the straight line is
the path.

On Mess3 the exact observer's belief is a linear image of the last site's states. So half way along
the chord between two contexts' states the model should say what an observer says whose belief lies
half way, and no way through the cloud should be shorter in what it says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from layerfold.claims.claim import Claim, Control, Progress
from layerfold.interp.continuation import Continuation
from layerfold.interp.interval import mean_interval, resamples
from layerfold.interp.path_cloud import AT_ONCE, Cloud, Ways
from layerfold.interp.session import Session
from layerfold.model.adapter import Adapter
from layerfold.records import Floats
from layerfold.training.tasks.belief_simplex import LETTERS, BeliefSimplex
from layerfold.training.tasks.hidden import beliefs, next_symbol

Doubles = NDArray[np.float64]

SEQUENCES: Final = 1024
PAIRS: Final = 64  # of twice as many, those whose beliefs lie farthest apart
WAYS: Final = Ways(points=17, neighbors=15, robust=0)
CHORD, GEODESIC = 0, 2
LEAST, LONGEST = 0.9, 1.1
SOURCE: Final = "Shai et al. 2024, NeurIPS (arXiv 2405.15943); our reading of it for paths"


@dataclass(frozen=True)
class Told:
    """Of each pair [pair]: how far the beliefs that are decoded inside the chord lie from the
    straight line of the exact ones (``missed``) and from their mean (``spread``), squared; the same
    from a line between other pairs' ends (``dealt``) and of the geodesic (``astray``); and the
    Hellinger length of both ways over the distance of their ends."""

    missed: Doubles
    spread: Doubles
    dealt: Doubles
    astray: Doubles
    chord: Doubles
    geodesic: Doubles

    def explained(self, missed: Doubles) -> float:
        """The share of the exact beliefs' spread that is explained."""
        return 1 - float(missed.sum() / self.spread.sum())


def simplex_claim(opened: Session, task: BeliefSimplex, progress: Progress) -> Claim:
    """The claim of a run on Mess3, at every checkpoint, on sequences that it never learned from."""
    said = task.drawn(SEQUENCES, "paths")
    belief = beliefs(task.transitions, said)[:, -1]
    pairs = far_pairs(belief)
    found = {}
    for n, step in enumerate(opened.run.steps):
        progress("walking between beliefs", n / len(opened.run.steps))
        found[step] = told_at(opened.run.adapter(step), task, said, belief, pairs)
    return straight_claim(found)


def far_pairs(belief: Doubles) -> NDArray[np.int64]:
    """Pairs of contexts [pair, 2], none twice: of random ones, those with beliefs far apart."""
    dealt = np.random.default_rng(0).permutation(len(belief))[: 4 * PAIRS].reshape(-1, 2)
    apart = np.linalg.norm(belief[dealt[:, 0]] - belief[dealt[:, 1]], axis=1)
    return np.asarray(dealt[np.argsort(-apart, kind="stable")[:PAIRS]], dtype=np.int64)


def told_at(
    adapter: Adapter,
    task: BeliefSimplex,
    said: NDArray[np.int64],
    belief: Doubles,
    pairs: NDArray[np.int64],
) -> Told:
    """What the ways between the pairs' last states say at a checkpoint."""
    states = adapter.batch_states(said.astype(np.int32))[-1][:, -1]
    site = len(adapter.sites) - 1
    rest = Continuation(adapter, said[0, :1].tolist())  # at the last site no other token counts
    cloud = Cloud.of(states, "normalised", rest, site, WAYS)
    ways = [cloud.ways(states[pair]) for pair in pairs]
    share = np.linspace(0, 1, WAYS.points)[:, None]
    true = np.stack([(1 - share) * belief[a] + share * belief[b] for a, b in pairs])
    heard = {}
    for way in (CHORD, GEODESIC):
        flat = np.concatenate([found[way] for found in ways])
        logits = np.full((len(flat), len(LETTERS)), np.nan, dtype=np.float32)
        known = np.isfinite(flat).all(axis=1)
        logits[known] = rest.logits(site, flat[known], AT_ONCE)[:, : len(LETTERS)]
        heard[way] = believed(task, logits).reshape(true.shape)
    inside = slice(1, -1)
    middle = true[:, inside].mean(axis=(0, 1))
    lengths = np.array([[summary(cloud, found[w]) for w in (CHORD, GEODESIC)] for found in ways])
    other = np.roll(true, 1, axis=0)
    return Told(
        missed=squares(heard[CHORD][:, inside] - true[:, inside]),
        spread=squares(true[:, inside] - middle),
        dealt=squares(heard[CHORD][:, inside] - other[:, inside]),
        astray=squares(heard[GEODESIC][:, inside] - true[:, inside]),
        chord=lengths[:, 0],
        geodesic=lengths[:, 1],
    )


def summary(cloud: Cloud, way: Floats) -> float:
    """The Hellinger length of a way over the distance of its ends."""
    return float(cloud.decoded(way)["summary"][0])


def squares(away: Doubles) -> Doubles:
    """The squared length of each pair's vectors [pair, point, state], summed; a way that is not
    there is infinitely far off."""
    return np.asarray(np.nan_to_num(np.square(away).sum(axis=(1, 2)), nan=np.inf))


def believed(task: BeliefSimplex, logits: Floats) -> Doubles:
    """The beliefs [n, state] of an observer who would say the same of the next letter."""
    wide = logits.astype(np.float64)
    shares = np.exp(wide - wide.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    says = next_symbol(task.transitions, np.eye(len(LETTERS)))  # [state, letter]
    return np.asarray(shares @ np.linalg.inv(says))


def straight_claim(found: Mapping[int, Told]) -> Claim:
    """What is said along the chord are the beliefs between, and no way says it in shorter
    steps."""
    last = max(found)
    values = {step: told.explained(told.missed) for step, told in found.items()}
    end = found[last]
    draws = resamples(len(end.chord), 1000, np.random.default_rng(0))
    length, low, high = mean_interval(end.chord, draws)
    longer = mean_interval(end.geodesic - end.chord, draws)
    long = f"{length:.3f} [{low:.3f}, {high:.3f}]"
    over = f"{longer[0]:.3f} [{longer[1]:.3f}, {longer[2]:.3f}]"
    return Claim(
        id="chord-is-path",
        title_en="Between beliefs the straight line is the path",
        title_zh="两个信念之间，直线就是路径",
        says_en=(
            "Along the straight line between two contexts' states the model says what an observer"
            " says whose belief goes straight, and no way through the cloud is shorter in that."
        ),
        says_zh=(
            "沿两个上下文状态之间的直线，模型所说的正是信念沿直线变化的观察者会说的；"
            "近邻图上的最短路径按所说的内容来量也并不更短。"
        ),
        source=SOURCE,
        published="beliefs are a linear image of the states; no figure for paths",
        published_zh="信念是状态的线性像；未给出路径的数字",
        unit="R² of the beliefs decoded inside the chord against the exact ones between its ends",
        unit_zh="弦内部解码出的信念对两端精确信念之间直线的 R²",
        threshold=(
            f"our thresholds: R² at least {LEAST}; Hellinger length of the chord at most {LONGEST}"
            " of its ends' distance, and shorter than the geodesic's (95 % interval)"
        ),
        threshold_zh=(
            f"本项目自定：R² 至少 {LEAST}；弦的 Hellinger 长度至多为两端距离的 {LONGEST} 倍，"
            "且短于测地线（95% 区间）"
        ),
        values=values,
        here=f"{values[last]:.3f}; length {long}; the geodesic longer by {over}",
        here_zh=f"{values[last]:.3f}；长度 {long}；测地线长出 {over}",
        holds=bool(values[last] >= LEAST and length <= LONGEST and longer[1] > 0),
        at_step=last,
        controls=(
            Control("step 0", "第 0 步", values[min(found)]),
            Control(
                "a line between other ends",
                "另一对端点之间的直线",
                {step: told.explained(told.dealt) for step, told in found.items()},
            ),
            Control(
                "the geodesic, against the same line",
                "测地线，对同一条直线",
                {step: told.explained(told.astray) for step, told in found.items()},
            ),
        ),
        caveat_en=(
            "The instrument on a flat shape: it says nothing of words, whose beliefs are unknown."
        ),
        caveat_zh="这是在平直的形状上校准工具：它不说明词语的情形，那里没有已知的信念可比。",
        bound=LEAST,
    )
