"""Regions of a cloud, found in the true states and named by what is over-represented in them.

HDBSCAN (Campello et al. 2013, scikit-learn's) of the reference's states at a step and site, never
of the picture: the leaves of its tree, regions that hold no denser ones. Names are tokens and
labels by log-odds with a prior of the whole reference (Monroe et al. 2008), and what most members
would say next (logit lens). A region's purity is the share of its most frequent token; as many
tokens drawn at random are its control, refused at a false discovery rate. Regions of neighboring
steps are matched by their members (Jaccard), beside the same with members dealt at random.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from layerfold.data.reference_states import fingerprint as fingerprint_of
from layerfold.errors import InputError
from layerfold.interp.interval import Doubles, Interval, false_discovery, mean_interval, resamples
from layerfold.interp.paths import site_index
from layerfold.interp.raw_states import raw_at, seen_at
from layerfold.interp.readout import reads_normalized
from layerfold.interp.rows import Tabled
from layerfold.interp.session import Session
from layerfold.interp.stepwise import NOBODY, Recipe, Watch, chosen_steps, over_steps
from layerfold.records import Floats, Ints

MOST: Final = 256  # regions of a step that are kept, the first by HDBSCAN's order
NO_REGION: Final = "nowhere are so many states denser than those around them"
NAMES: Final = ("members", "lens", "lens_share", "purity")
SHOWN: Final = 3
PARTS: Final = 4  # of the work at a step: both kinds of states, clusters, tokens at random
LEAST_Z: Final = 1.96
LEAST_OVERLAP: Final = 0.2


@dataclass(frozen=True)
class Options:
    """HDBSCAN's ``least`` size of a region and ``samples`` that make a core; ``draws`` of tokens at
    random, ``seed``. States are taken in the atlas's view."""

    least: int = 10
    samples: int = 3
    draws: int = 500
    seed: int = 0

    def __post_init__(self) -> None:
        """Raises InputError for what cannot be followed."""
        if self.least < 2 or self.samples < 1:
            raise InputError("A region has at least two tokens, and a core at least one sample.")


@dataclass(frozen=True)
class Region:
    """``tokens``, ``labels``: what is over-represented with its z; ``lens`` what most would say
    next with the share of members whose likeliest it is; ``purity`` beside that of as many
    tokens at random, ``q`` the false discovery rate at which it exceeds that; ``center`` [3] in
    the layout.
    """

    index: int
    size: int
    tokens: tuple[tuple[str, float], ...]
    labels: tuple[tuple[str, float], ...]
    lens: tuple[tuple[str, float], ...]
    purity: float
    shuffled: float
    q: float
    center: Floats


@dataclass(frozen=True)
class Link:
    """Region ``before`` at one step shares members with ``after`` at the next: ``overlap``
    (Jaccard).
    """

    step: int
    before: int
    next_step: int
    after: int
    overlap: float


@dataclass(frozen=True)
class Regions(Tabled):
    """At ``site`` of each step: ``members`` [step, ref] the region of each token (-1: none), the
    ``regions``, their mean ``purity`` [step] with bounds over regions beside the ``shuffled``'s;
    ``links`` between steps, and the mean ``chance_overlap`` [step - 1] of regions dealt at random.
    """

    site: str
    steps: tuple[int, ...]
    members: Ints
    regions: tuple[tuple[Region, ...], ...]
    purity: Interval
    shuffled: Floats
    links: tuple[Link, ...]
    chance_overlap: Floats

    def fate(self, step: int, index: int) -> str:
        """How a region came to be at a step: ``born``, ``kept``, ``split`` of one or ``merged`` of
        several; empty at the first step."""
        if step == self.steps[0]:
            return ""
        into = [link for link in self.links if (link.next_step, link.after) == (step, index)]
        if not into:
            return "born"
        if len(into) > 1:
            return "merged"
        same = [
            one for one in self.links if (one.step, one.before) == (into[0].step, into[0].before)
        ]
        return "split" if len(same) > 1 else "kept"

    def rows(self) -> Iterator[dict[str, Any]]:
        """A row for each region of each step; one with its reason where a step has none."""
        for t, step in enumerate(self.steps):
            value, low, high = self.purity.at(t)
            if not self.regions[t]:
                yield {"step": step, "site": self.site, "size": 0, "reason": NO_REGION}
            for one in self.regions[t]:
                row: dict[str, Any] = {"step": step, "site": self.site, "region": one.index}
                row |= {
                    "size": one.size,
                    "tokens": _words(one.tokens),
                    "labels": _words(one.labels),
                }
                row |= {"lens": _words(one.lens), "purity": one.purity, "shuffled": one.shuffled}
                row |= {"q": one.q, "fate": self.fate(step, one.index), "mean_purity": value}
                row |= {"mean_purity_low": low, "mean_purity_high": high}
                yield row | {"mean_shuffled": float(self.shuffled[t]), "reason": ""}


def _words(named: Sequence[tuple[str, float]]) -> str:
    return " ".join(name for name, _ in named)


def measure(
    opened: Session,
    site: str | None = None,
    steps: Sequence[int] | None = None,
    options: Options | None = None,
    watch: Watch = NOBODY,
) -> Regions:
    """The named regions at a site (the last without one) of the steps (all by default).

    Raises SiteNotFound, AtlasMissing, StepNotFound, Cancelled, InputError.
    """
    options = options or Options()
    chosen = chosen_steps(opened, steps)
    at = len(opened.sites) - 1 if site is None else site_index(opened, site)
    if len(opened.atlas.reference) <= 2 * options.least:
        raise InputError(
            f"The reference has {len(opened.atlas.reference)} tokens: too few for regions of"
            f" {options.least}."
        )
    made_from = {"what": "regions: leaves, said by states seen", "site": at}
    made_from |= {"options": asdict(options)}
    made_from |= {"reference": fingerprint_of(opened.atlas.reference), "view": opened.atlas.view}

    def compute(step: int, at_work: Watch) -> dict[str, NDArray[Any]]:
        return at_step(opened, step, at, options, at_work)

    found = over_steps(opened, chosen, Recipe(made_from, NAMES, compute), watch)
    members = found["members"].astype(np.int32)
    counts = [int(row.max(initial=-1)) + 1 for row in members]
    purity = [_mean(found["purity"][t, :n, 0], options) for t, n in enumerate(counts)]
    shuffled = [
        row[:n, 1].mean() if n else np.nan for row, n in zip(found["purity"], counts, strict=True)
    ]
    named = [
        named_regions(opened, step, at, members[t], {name: found[name][t] for name in NAMES[1:]})
        for t, step in enumerate(chosen)
    ]
    links = [
        link
        for t in range(len(chosen) - 1)
        for link in links_of(members[t], members[t + 1], chosen[t], chosen[t + 1])
    ]
    chance = [chance_overlap(members[t], members[t + 1], options) for t in range(len(chosen) - 1)]
    return Regions(
        opened.sites[at].name,
        chosen,
        members,
        tuple(named),
        Interval.of(np.array(purity, dtype=np.float32)),
        np.array(shuffled, dtype=np.float32),
        tuple(links),
        np.array(chance, dtype=np.float32),
    )


def _mean(values: Floats, options: Options) -> Doubles:
    """The mean over regions with bounds [3]; NaN of none."""
    if not len(values):
        return np.full(3, np.nan)
    rng = np.random.default_rng((options.seed, 6))
    return mean_interval(values.astype(float), resamples(len(values), options.draws, rng))


def at_step(
    opened: Session, step: int, site: int, options: Options, watch: Watch = NOBODY
) -> dict[str, NDArray[Any]]:
    """The arrays of one step: members [ref]; of each region the lens's ids and shares [region, 3],
    and purity, that of tokens at random, and how often those are as pure [region, 3]."""
    adapter = opened.model(step)
    states = seen_at(opened, step, site, watch.part(0, PARTS))
    read = said_by(opened, step, site, states, watch.part(1, PARTS)) if adapter.unembeds else None
    watch.part(2, PARTS).progress("clustering", 0.0)  # which tells no share, and takes half
    members = clustered(states, options)
    watch.stop()
    naming = watch.part(3, PARTS)
    lens, share = np.full((MOST, SHOWN), -1.0), np.zeros((MOST, SHOWN))
    if read is not None:
        for region in range(members.max() + 1):
            best = adapter.unembed(read[members == region]).argmax(axis=1)
            ids, counts = np.unique(best, return_counts=True)
            order = np.argsort(-counts, kind="stable")[:SHOWN]
            lens[region, : len(order)] = ids[order]
            share[region, : len(order)] = counts[order] / len(best)
    _, kinds = np.unique(token_names(opened), return_inverse=True)
    sizes, alike = np.unique(np.bincount(members[members >= 0]), return_inverse=True)
    chance = np.empty((len(sizes), options.draws))
    for n, size in enumerate(sizes):
        watch.stop()
        naming.progress("drawing tokens at random", n / len(sizes))
        chance[n] = drawn_purities(kinds, int(size), options)
    found = np.full((MOST, 3), np.nan)
    for region, n in enumerate(alike):
        found[region] = purity_of(kinds, members == region, chance[n])
    return {"members": members, "lens": lens, "lens_share": share, "purity": found}


def said_by(opened: Session, step: int, site: int, states: Floats, watch: Watch) -> Floats:
    """States [ref, d] whose logits are those of the raw ones: these ``states`` of the atlas's view,
    of which they are at hand, where the final norm sees no more than they keep.
    """
    raw = opened.atlas.view == "raw" or not reads_normalized(opened.model(step))
    return raw_at(opened, step, site, watch) if raw else states


def token_names(opened: Session) -> list[str]:
    """How each token of the reference reads, without spaces around it and in small letters."""
    return [text.strip().lower() or text for text in opened.atlas.reference.text]


def clustered(states: Floats, options: Options) -> Ints:
    """The region of each state [n], counted from 0 by size; -1 where it is in none."""
    from sklearn.cluster import HDBSCAN  # late: takes seconds, and serving does not need it

    wide = states.astype(np.float64)
    model = HDBSCAN(
        min_cluster_size=options.least,
        min_samples=options.samples,
        algorithm="brute",
        copy=True,
        # the leaves: by its excess of mass one region can hold nearly all tokens, and names none
        cluster_selection_method="leaf",
    )
    if not np.ptp(wide, axis=0).any():
        return np.full(len(wide), -1, dtype=np.int32)
    raw = model.fit_predict(wide)
    sizes = np.bincount(raw[raw >= 0], minlength=1)
    order = np.argsort(-sizes, kind="stable")
    renamed = np.empty(len(sizes) + 1, dtype=np.int32)
    renamed[order], renamed[-1] = np.arange(len(sizes)), -1
    found = renamed[raw]
    return np.where(found < MOST, found, -1).astype(np.int32)


def drawn_purities(kinds: NDArray[Any], size: int, options: Options) -> Doubles:
    """The share of the most frequent kind among ``size`` tokens at random, of each draw; the same
    for every region of that size.
    """
    rng = np.random.default_rng((options.seed, size))
    drawn = (rng.choice(len(kinds), size, replace=False) for _ in range(options.draws))
    return np.array([np.bincount(kinds[chosen]).max() / size for chosen in drawn])


def purity_of(kinds: NDArray[Any], inside: NDArray[np.bool_], drawn: Doubles) -> Doubles:
    """The share of the most frequent kind inside, the mean of those ``drawn`` for as many at
    random, and p [3]."""
    own = np.bincount(kinds[inside]).max() / inside.sum()
    return np.array([own, np.mean(drawn), (1 + np.sum(drawn >= own)) / (1 + len(drawn))])


def named_regions(
    opened: Session, step: int, site: int, members: Ints, found: dict[str, Floats]
) -> tuple[Region, ...]:
    """The regions of a step with their names, from its arrays."""
    count = int(members.max(initial=-1)) + 1
    q = false_discovery(found["purity"][:count, 2].astype(float))
    names = np.array(token_names(opened))
    labels = label_columns(opened)
    positions = opened.atlas.slice(step).positions[site]
    regions = []
    for region in range(count):
        inside = members == region
        marked = [
            (f"{title}={value}", z)
            for title, column in labels
            for value, z in over_represented(column, inside)
        ]
        said = [
            (opened.tokenizer.text_of(int(id)), float(share))
            for id, share in zip(found["lens"][region], found["lens_share"][region], strict=True)
            if id >= 0
        ]
        regions.append(
            Region(
                region,
                int(inside.sum()),
                tuple(over_represented(names, inside)),
                tuple(sorted(marked, key=lambda one: -one[1])[:SHOWN]),
                tuple(said),
                float(found["purity"][region, 0]),
                float(found["purity"][region, 1]),
                float(q[region]),
                np.asarray(positions[inside], dtype=np.float32).mean(axis=0),
            )
        )
    return tuple(regions)


def label_columns(opened: Session) -> list[tuple[str, NDArray[Any]]]:
    """What is known of each token in classes: the text it comes from, and the run's own labels; a
    gap is an empty word.
    """
    reference = opened.atlas.reference
    found = [("source", np.array(reference.source)[reference.window])]
    for label in reference.labels:
        if label.kind == "category":
            column = label.values[:, 0]
            words = [label.names[int(v)] if np.isfinite(v) else "" for v in column]
            found.append((label.name, np.array(words)))
    return found


def over_represented(names: NDArray[Any], inside: NDArray[np.bool_]) -> list[tuple[str, float]]:
    """At most three names that come more often inside than elsewhere, with the z of their log-odds;
    the prior is as if each had come once more as often as it does everywhere, ten times in all."""
    kinds, which = np.unique(names, return_inverse=True)
    every = np.bincount(which).astype(float)
    own = np.bincount(which[inside], minlength=len(kinds)).astype(float)
    prior = 10 * every / every.sum()
    sides = []
    for counts in (own, every - own):
        total = counts.sum() + prior.sum()
        sides.append((counts + prior, total - counts - prior))
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = np.log(sides[0][0] / sides[0][1]) - np.log(sides[1][0] / sides[1][1])
        z = odds / np.sqrt(1 / sides[0][0] + 1 / sides[1][0])
    order = np.argsort(-np.nan_to_num(z), kind="stable")[:SHOWN]
    return [(str(kinds[n]), float(z[n])) for n in order if z[n] > LEAST_Z and own[n] and kinds[n]]


def overlaps(before: Ints, after: Ints) -> Doubles:
    """The Jaccard index of every region of one step with every region of another [before,
    after].
    """
    shape = (int(before.max(initial=-1)) + 1, int(after.max(initial=-1)) + 1)
    both = (before >= 0) & (after >= 0)
    table = np.zeros(shape)
    np.add.at(table, (before[both], after[both]), 1)
    sizes = [
        np.bincount(one[one >= 0], minlength=n)
        for one, n in zip((before, after), shape, strict=True)
    ]
    union = sizes[0][:, None] + sizes[1][None] - table
    return np.divide(table, union, out=np.zeros(shape), where=union > 0)


def links_of(before: Ints, after: Ints, step: int, next_step: int) -> Iterator[Link]:
    """The regions of two steps that share a fifth of their members or more."""
    table = overlaps(before, after)
    for one, other in zip(*np.nonzero(table >= LEAST_OVERLAP), strict=True):
        yield Link(step, int(one), next_step, int(other), float(table[one, other]))


def chance_overlap(before: Ints, after: Ints, options: Options) -> float:
    """The mean over regions of the best overlap when members are dealt at random; NaN of none."""
    rng = np.random.default_rng((options.seed, 7))
    table = overlaps(before, rng.permutation(after))
    return float(table.max(axis=1).mean()) if table.size else float("nan")
