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

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from layerfold.data.reference_states import fingerprint as fingerprint_of
from layerfold.errors import InputError, SiteNotFound
from layerfold.interp.interval import Doubles, Interval
from layerfold.interp.notes import Note
from layerfold.interp.occurrences import Occurrence, occurrence
from layerfold.interp.path_cloud import SUMMARY, Cloud, Told, Ways
from layerfold.interp.raw_states import raw_at
from layerfold.interp.rows import Tabled
from layerfold.interp.session import Session
from layerfold.interp.stepwise import NOBODY, Recipe, Watch, chosen_steps, over_steps
from layerfold.interp.word_sets import fingerprint
from layerfold.records import Floats, Ints

WAYS: Final = ("chord", "sphere", "geodesic", "output")
NAMES: Final = ("points", "hellinger", "beyond", "outside", "top", "summary", "robust")
FORMAT: Final = 1
PARTS: Final = 3  # of the work, by what is told: reading, decoding, walking
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

    @property
    def ways(self) -> Ways:
        """How ways are drawn."""
        return Ways(self.points, self.neighbors, self.robust, self.seed)

    def __post_init__(self) -> None:
        """Raises InputError for what cannot be followed."""
        if not 3 <= self.points <= 256:
            raise InputError(f"A way of {self.points} points cannot be shown: give 3 to 256.")
        if self.frame and self.frame.count("{}") != 1:
            raise InputError(f"The frame {self.frame!r} needs one {{}} for the word.")


@dataclass(frozen=True)
class Paths(Tabled):
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

    def compute(step: int, at_work: Watch) -> dict[str, NDArray[Any]]:
        return at_step(opened, step, at, read, others, options, at_work)

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
    named = sorted(dict(zip(ids.tolist(), reference.text, strict=True)).items())
    words = [id for id, text in named if text[1:].isalpha()]
    if len(words) < 4:  # a model that reads characters
        words = [id for id, text in named if text.isalpha()]
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

    adapter, before = opened.model(step), read[0].ids[:-1]
    raw = raw_at(opened, step, site, watch.part(0, PARTS))
    kept = Kept(opened, step, site, before, options)
    rest = Continuation(adapter, read[0].ids)
    deciding = watch.part(1, PARTS)
    cloud = Cloud.of(
        raw, opened.atlas.view, rest, site, options.ways, lambda make: kept.lengths(make, deciding)
    )
    control = kept.control(cloud, others, watch.part(2, PARTS))
    watch.stop()
    ends = np.stack([adapter.states(one.ids).values[site, -1] for one in read])
    said = rest.logits(site, ends)
    found = cloud.ways(ends)
    decoded = [cloud.decoded(way, said) for way in found]
    numbers = np.stack([one["summary"] for one in decoded])
    spread = _spread(control, numbers.shape)
    made = {name: np.stack([one[name] for one in decoded]) for name in NAMES[1:5]}
    made["points"] = np.stack(found)
    made["summary"] = np.concatenate([numbers[..., None], spread], axis=-1)
    return made | {"robust": cloud.robust(ends)}


@dataclass(frozen=True)
class Kept:
    """What ways at a ``site`` of a ``step`` have in common whatever their ends are, once the tokens
    ``before`` them are the same: kept by content, so that the next question is quick."""

    opened: Session
    step: int
    site: int
    before: tuple[int, ...]
    options: Options

    def origin(self, what: str, **more: Any) -> dict[str, Any]:
        """What it is made from."""
        atlas = self.opened.atlas
        told = {"format": FORMAT, "what": what, "site": self.site, "before": list(self.before)}
        told |= {"checkpoint": self.opened.run.origin(self.step), "view": atlas.view}
        return told | {"reference": fingerprint_of(atlas.reference)} | more

    def lengths(self, make: Callable[[Told], Floats], watch: Watch) -> Floats:
        """How long the edges of the reference's graph are by what their ends are decoded to."""

        def told(share: float) -> None:
            watch.stop()
            watch.progress("decoding the reference", share)

        origin = self.origin("output lengths", neighbors=self.options.neighbors)
        return np.asarray(self.opened.cache.get(origin, lambda: make(told)))

    def control(self, cloud: Cloud, others: Sequence[tuple[int, int]], watch: Watch) -> Floats:
        """The numbers of the ways between random words [pair, way, number]."""
        adapter = self.opened.model(self.step)

        def between() -> Floats:
            rows = []
            for n, pair in enumerate(others):
                watch.stop()
                watch.progress("random words", n / len(others))
                windows = np.array([[*self.before, id] for id in pair], dtype=np.int32)
                ends = adapter.site_states(windows, self.site)[:, -1]
                rows.append([cloud.decoded(way)["summary"] for way in cloud.ways(ends)])
            return np.array(rows, dtype=np.float32)

        if not others:
            return np.zeros((0, len(WAYS), len(SUMMARY)), dtype=np.float32)
        ways = asdict(self.options.ways) | {"pairs": [list(pair) for pair in others]}
        return np.asarray(self.opened.cache.get(self.origin("random ways", **ways), between))


def _spread(control: Floats, shape: tuple[int, ...]) -> Doubles:
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
