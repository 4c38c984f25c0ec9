"""1.2b and 2.4b: whether words of a topic are neighbors, and at what depth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from layerfold.claims.seed.finding import (
    Finding,
    Untestable,
    by_sites,
    flat,
    line,
    mean_draws,
    mean_of,
    p_above,
    p_of,
    quantiles,
    verdict_of,
)
from layerfold.claims.seed.subject import Subject
from layerfold.interp.interval import Doubles
from layerfold.interp.occurrences import Occurrence, states_of
from layerfold.records import Floats, normalized

NEIGHBORS: Final = 5
BANDS: Final = 4
DRAWS: Final = 500
Classes = NDArray[np.int64]


@dataclass(frozen=True)
class Words:
    """Words of topics as they are read, with their ``topics`` and ``spelling`` (first letter), and
    how often each token comes in the reference [word].
    """

    names: tuple[str, ...]
    read: tuple[Occurrence, ...]
    topics: Classes
    spelling: Classes
    often: Doubles

    def dealt(self, rng: np.random.Generator) -> Classes:
        """The topics shuffled among words of like frequency."""
        order = np.argsort(self.often, kind="stable")
        found = self.topics.copy()
        for band in np.array_split(order, BANDS):
            found[band] = self.topics[rng.permutation(band)]
        return found


def words_of(subject: Subject) -> Words:
    """The topics' words that are one token; raises Untestable where fewer than half are."""
    lists = subject.words["topics"][subject.language]
    listed = [(word, n) for n, words in enumerate(lists.values()) for word in words.split()]
    known = set(subject.known([word for word, _ in listed], subject.frame))
    kept = [(word, n) for word, n in listed if word in known]
    read = tuple(subject.occurrence(subject.frame, word) for word, _ in kept)
    whole = subject.opened.atlas.reference
    ids = np.bincount(whole.windows[whole.windows >= 0], minlength=subject.run.n_vocab)
    first = np.unique([word[0].lower() for word, _ in kept], return_inverse=True)[1]
    return Words(
        tuple(word for word, _ in kept),
        read,
        np.array([n for _, n in kept]),
        first,
        np.array([ids[one.ids[one.at]] for one in read], dtype=np.float64),
    )


def neighbors_of(states: Floats) -> NDArray[np.int64]:
    """The nearest others of each state by cosine [n, k]."""
    wide = states.astype(np.float64) - states.mean(axis=0)
    wide /= np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), 1e-12)
    near = wide @ wide.T
    np.fill_diagonal(near, -np.inf)
    return np.argsort(-near, axis=1, kind="stable")[:, :NEIGHBORS]


def purity(near: NDArray[np.int64], classes: Classes) -> Doubles:
    """The share of each word's neighbors that are of its class [n]."""
    return np.asarray((classes[near] == classes[:, None]).mean(axis=1))


def near_at(subject: Subject, words: Words, step: int) -> list[NDArray[np.int64]]:
    """The neighbors at each site of a step."""
    return [neighbors_of(one) for one in normalized(states_of(subject.adapter(step), words.read))]


def words_cluster(subject: Subject, bars: Mapping[str, float]) -> Finding:
    """1.2b: purity by topic, at the site that does best on the other half of the words."""
    words = words_of(subject)
    by_step = {step: near_at(subject, words, step) for step in subject.every}
    here = np.stack([purity(near, words.topics) for near in by_step[subject.last]])
    half = np.random.default_rng(0).permutation(len(words.topics)) % 2
    site, merged = crossed(here, half)
    value = mean_of(merged)
    near = by_step[subject.last][site]
    rng = np.random.default_rng(1)
    null = np.array([_dealt(near, words.dealt(rng)) for _ in range(DRAWS)])
    series = {step: mean_of(purity(found[site], words.topics)) for step, found in by_step.items()}
    p = p_above(value[0], null)
    return Finding(
        verdict=verdict_of(value[0] >= bars["times"] * null.mean(), p <= 0.05),
        value=list(value),
        at_step=subject.last,
        series=line("1.2b", series),
        controls=[
            flat("in_bands", quantiles(null)),
            flat("spelling", mean_of(purity(near, words.spelling))),
            flat("step0", series[subject.first]),
        ],
        by_site=by_sites(subject.sites, [mean_of(one) for one in here]),
        p=p,
        numbers={
            "words": len(words.names),
            "control": float(null.mean()),
            "times": float(value[0] / null.mean()),
            "site": subject.sites[site],
            "first": series[subject.first][0],
        },
        view={"site": subject.sites[site], "s": scene(words)},
    )


def _dealt(near: NDArray[np.int64], classes: Classes) -> float:
    return float(purity(near, classes).mean())


def crossed(here: Doubles, half: NDArray[np.int64]) -> tuple[int, Doubles]:
    """Each half of the words at the site where the other half does best [n], and the site where
    all do.
    """
    merged = np.empty(here.shape[1])
    for side in (0, 1):
        best = int(here[:, half != side].mean(axis=1).argmax())
        merged[half == side] = here[best, half == side]
    return int(here.mean(axis=1).argmax()), merged


def scene(words: Words) -> str:
    """Three words of each topic as sentences of the scene, a topic in a hue."""
    lines = []
    for topic in np.unique(words.topics)[:8]:
        chosen = [w for w, t in zip(words.names, words.topics, strict=True) if t == topic][:3]
        lines += [f"{int(topic) % 8}v{word}" for word in chosen]
    return "\n".join(lines)


def middle_clusters(subject: Subject, bars: Mapping[str, float]) -> Finding:
    """2.4b: purity at the best middle site less the better of both ends."""
    if subject.run.n_layer < 3:
        raise Untestable("few_layers", count=subject.run.n_layer)
    words = words_of(subject)
    by_step = {step: gain_of(subject, words, step) for step in subject.every}
    gain, here, site = by_step[subject.last]
    value, draws = mean_draws(gain)
    near = near_at(subject, words, subject.last)[site]
    rng = np.random.default_rng(1)
    null = np.array([_dealt(near, words.dealt(rng)) for _ in range(DRAWS)])
    purer = float(here[site].mean()) > float(np.quantile(null, 0.975))
    beats = value[1] > bars["gain"] and purer
    return Finding(
        verdict=verdict_of(value[0] > bars["gain"], beats),
        value=list(value),
        at_step=subject.last,
        series=line("2.4b", {step: mean_of(one[0]) for step, one in by_step.items()}),
        controls=[
            flat("in_bands", quantiles(null)),
            flat("step0", mean_of(by_step[subject.first][0])),
        ],
        by_site=by_sites(subject.sites, [mean_of(one) for one in here]),
        p=p_of(draws, bars["gain"]),
        numbers={
            "middle": float(here[site].mean()),
            "site": subject.sites[site],
            "embed": float(here[0].mean()),
            "end": float(here[-1].mean()),
            "control": float(null.mean()),
        },
        view={"site": subject.sites[site], "s": scene(words)},
    )


def gain_of(subject: Subject, words: Words, step: int) -> tuple[Doubles, Doubles, int]:
    """Each word's purity in the middle less at the better end, purity by site, and the site."""
    here = np.stack([purity(near, words.topics) for near in near_at(subject, words, step)])
    n = len(here)
    inside = here[n // 4 + 1 : n - n // 4 - 1]
    half = np.random.default_rng(0).permutation(here.shape[1]) % 2
    site, merged = crossed(inside, half)
    ends = here[[0, -1]]
    better = ends[int(ends.mean(axis=1).argmax())]
    return merged - better, here, n // 4 + 1 + site
