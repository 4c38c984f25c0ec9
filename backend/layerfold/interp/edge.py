"""How well scores of a state tell text that a model knows from text that it does not, by site.

Scores: distance to the nearest states of the reference (Sun et al. 2204.06507), of which the
off-cloud percentile is made; Mahalanobis distance; that less the distance from a background of the
same words without context (relative, after Ren et al. 2106.09022; it has seen what shuffled text
looks like, the others have not); cosine distance from the mean; norm; and the plain loss of the
token. A token's own score and the mean over its text are told apart: AUROC against natural text
that is not in the cloud, with bounds over texts. Natural text held out is the control: 0.5. Where a
token and its place decide a state, dealt text has the same states: exactly 0.5.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from layerfold.data.reference_states import fingerprint as fingerprint_of
from layerfold.data.reference_states import tokens_at_once, viewed
from layerfold.errors import InputError
from layerfold.interp.interval import (
    Doubles,
    Interval,
    mean_interval,
    packed,
    resamples,
)
from layerfold.interp.notes import Note
from layerfold.interp.readout import shrunk_covariance
from layerfold.interp.rows import Tabled
from layerfold.interp.sample_size import MOST, fewer, windows_read
from layerfold.interp.session import Session
from layerfold.interp.stepwise import NOBODY, Recipe, Watch, chosen_steps, over_steps
from layerfold.interp.text_kinds import NATURAL, Kinds, kinds_of, window_size
from layerfold.interp.word_sets import fingerprint
from layerfold.records import Floats, Ints, Site
from layerfold.space.neighbors import Index
from layerfold.space.outside import own_distances, percentile

if TYPE_CHECKING:
    from layerfold.model.adapter import Adapter

SCORES: Final = ("nearest", "mahalanobis", "relative", "cosine", "norm", "loss")
LEVELS: Final = ("token", "text")
AT_ONCE: Final = 16
LEAST_VARIANCE: Final = 1e-12  # of the largest: what single precision tells from none
CONTROL: Final = "held-out"
STANDING: Final = {1: "supported", 0: "no evidence", -1: "inverted"}


@dataclass(frozen=True)
class Options:
    """At most so many ``texts`` of a kind, without a number as many as suit the size of the model;
    the distance to the ``neighbors``-th nearest; bootstrap ``draws`` over texts; ``seed``. States
    are taken in the atlas's view."""

    texts: int | None = None
    neighbors: int = 1
    draws: int = 200
    seed: int = 0

    def __post_init__(self) -> None:
        """Raises InputError for what cannot be followed."""
        if (self.texts or MOST) < 5 or self.neighbors < 1:
            raise InputError("Give at least five texts of a kind, and one neighbour.")


@dataclass(frozen=True)
class Edge(Tabled):
    """``auroc`` [step, kind, level, score, site] of each kind against natural text; ``outside``
    [step, kind, site] the mean off-cloud percentile, of natural text too (the last kind);
    ``texts`` how many natural ones there are."""

    kinds: tuple[str, ...]
    steps: tuple[int, ...]
    sites: tuple[Site, ...]
    auroc: Interval
    outside: Interval
    notes: tuple[Note, ...]
    texts: int

    def standing(self, kind: str, step: int, site: int) -> str:
        """What may be said of a token's off-cloud percentile as an alarm for a kind of text:
        ``supported``, ``no evidence`` or ``inverted`` (then it is not to be shown as one). It has
        to lie beyond 0.5 and beyond what held-out text, the control, gives.
        """
        low, high = self._bounds(kind, step, site)
        least, most = (0.5, 0.5)
        if CONTROL in self.kinds:
            control = self._bounds(CONTROL, step, site)
            least, most = min(least, control[0]), max(most, control[1])
        return STANDING[int(low > most) - int(high < least)]

    def _bounds(self, kind: str, step: int, site: int) -> tuple[float, float]:
        at = (self.steps.index(step), self.kinds.index(kind), 0, 0, site)
        return float(self.auroc.low[at]), float(self.auroc.high[at])

    def rows(self) -> Iterator[dict[str, Any]]:
        """A row for each step, kind, level, score and site."""
        for t, step in enumerate(self.steps):
            for k, kind in enumerate(self.kinds):
                for le, level in enumerate(LEVELS):
                    for n, score in enumerate(SCORES):
                        for s, site in enumerate(self.sites):
                            row: dict[str, Any] = {"text": kind, "step": step, "site": site.name}
                            row |= {"level": level, "score": score}
                            bounds = self.auroc.at(t, k, le, n, s)
                            row |= dict(
                                zip(("auroc", "auroc_low", "auroc_high"), bounds, strict=True)
                            )
                            row["outside"] = float(self.outside.value[t, k, s])
                            row["natural_outside"] = float(self.outside.value[t, -1, s])
                            row["alarm"] = self.standing(kind, step, s)
                            yield row | {"texts": self.texts}


def measure(
    opened: Session,
    others: Mapping[str, Sequence[str]] | None = None,
    steps: Sequence[int] | None = None,
    options: Options | None = None,
    watch: Watch = NOBODY,
) -> Edge:
    """How well each score tells other text from natural text, at every site of the steps (all by
    default); ``others`` are texts by name. Raises InputError, AtlasMissing, StepNotFound,
    NoWeights, Cancelled.
    """
    options = options or Options()
    chosen = chosen_steps(opened, steps)
    size = window_size(opened.atlas.reference)
    texts = windows_read(opened, size) if options.texts is None else options.texts
    said = fewer(texts) if options.texts is None else ()
    options = replace(options, texts=texts)
    kinds = kinds_of(opened, others or {}, texts, options.seed)
    windows = {name: rows.tolist() for name, rows in kinds.windows.items()}
    reference = fingerprint_of(opened.atlas.reference)
    origin = {"what": "edge", "options": asdict(options), "texts": fingerprint(windows, reference)}
    origin["view"] = opened.atlas.view

    def compute(step: int, at_work: Watch) -> dict[str, NDArray[Any]]:
        return at_step(opened, step, kinds, options, at_work)

    found = over_steps(opened, chosen, Recipe(origin, ("auroc", "outside"), compute), watch)
    names = tuple(name for name in kinds.windows if name != NATURAL)
    bounds = {name: Interval.of(found[name]) for name in ("auroc", "outside")}
    natural = len(kinds.windows[NATURAL])
    return Edge(names, chosen, opened.sites, **bounds, notes=kinds.notes + said, texts=natural)


def at_step(
    opened: Session, step: int, kinds: Kinds, options: Options, watch: Watch = NOBODY
) -> dict[str, NDArray[Any]]:
    """The arrays of one step: auroc [kind, level, score, site, 3], outside [kind, site, 3]."""
    adapter = opened.model(step)
    names = [name for name in kinds.windows if name != NATURAL] + [NATURAL]
    windows = [kinds.windows[name] for name in names]
    reading, scoring = watch.part(0, 2), watch.part(1, 2)
    raw = states_of(adapter, np.concatenate(windows), reading.part(0, 2))
    losses = loss_of(adapter, np.concatenate(windows), raw[-1])
    background = states_of(adapter, kinds.background, reading.part(1, 2))
    reference = opened.atlas.reference
    cloud = opened.space(step).states[:, kinds.cloud[reference.window]]
    counts = Counts.of([len(rows) for rows in windows], windows[0].shape[1], options)
    area = np.full((len(names) - 1, len(LEVELS), len(SCORES), len(raw), 3), np.nan)
    outside = np.empty((len(names), len(raw), 3))
    for s, site in enumerate(raw):
        watch.stop()
        scoring.progress(opened.sites[s].name, s / len(raw))
        states, apart = viewed(site, opened.atlas.view), viewed(background[s], opened.atlas.view)
        around = np.asarray(cloud[s], dtype=np.float32)
        found = scores_of(states, around, apart.reshape(-1, apart.shape[-1]), options)
        found["norm"] = np.sqrt(squares(site.reshape(-1, site.shape[-1]))).reshape(site.shape[:2])
        found["loss"] = losses
        area[:, :, :, s] = counts.areas(found)
        outside[:, s] = counts.means(found["outside"])
    return {"auroc": area, "outside": outside}


def states_of(adapter: Adapter, windows: Ints, watch: Watch = NOBODY) -> Floats:
    """The raw states of windows, [site, window, token, d]."""
    shape = (len(adapter.sites), *windows.shape, adapter.d_model)
    found = np.empty(shape, dtype=np.float32)  # gigabytes of a language model: held once
    few = at_once(adapter, windows.shape[1])
    for n in range(0, len(windows), few):
        watch.stop()
        watch.progress("reading text", n / len(windows))
        found[:, n : n + few] = adapter.batch_states(windows[n : n + few])
    return found


def last_states(adapter: Adapter, windows: Ints, watch: Watch = NOBODY) -> Floats:
    """The raw states of windows at the last site, [window, token, d]."""
    last, few = len(adapter.sites) - 1, at_once(adapter, windows.shape[1])
    parts = []
    for n in range(0, len(windows), few):
        watch.stop()
        watch.progress("reading text", n / len(windows))
        parts.append(adapter.site_states(windows[n : n + few], last))
    return np.concatenate(parts)


def at_once(adapter: Adapter, size: int) -> int:
    """How many windows of ``size`` tokens are read together: so few of a large model that it can
    be stopped."""
    return max(1, min(AT_ONCE, tokens_at_once(adapter) // size))


def loss_of(adapter: Adapter, windows: Ints, last: Floats) -> Doubles:
    """How surprising each token is after those before it, in nats [window, token], from raw states
    of the last site [window, token, d]; NaN of the first, and of a model that does not predict.
    """

    found = np.full(windows.shape, np.nan)
    if not (adapter.causal and adapter.unembeds):
        return found
    few = at_once(adapter, windows.shape[1])
    for n in range(0, len(windows), few):
        rows = windows[n : n + few]
        logits = adapter.unembed(last[n : n + few, :-1])
        logits -= logits.max(axis=-1, keepdims=True)
        picked = np.take_along_axis(logits, rows[:, 1:, None].astype(np.int64), axis=-1)[..., 0]
        total = np.exp(logits, out=logits).sum(axis=-1, dtype=np.float64)
        found[n : n + few, 1:] = np.log(total) - picked
    return found


def scores_of(
    states: Floats, cloud: Floats, background: Floats, options: Options
) -> dict[str, Doubles]:
    """The scores [window, token] of states [window, token, d] at one site, and their off-cloud
    percentile ``outside``. Equal states have equal scores, wherever they stand in a batch."""
    rows = np.ascontiguousarray(states.reshape(-1, states.shape[-1]))
    whole = rows.view(np.dtype((np.void, rows.itemsize * rows.shape[1]))).ravel()
    _, first, which = np.unique(whole, return_index=True, return_inverse=True)
    kinds = rows[first]
    index = Index.of(cloud)
    away = index.nearest(kinds, options.neighbors)[1][:, -1]
    center = cloud.astype(np.float64).mean(axis=0)
    wide = kinds.astype(np.float64)
    lengths = np.sqrt(squares(wide)) * np.linalg.norm(center)
    near = mahalanobis(kinds, cloud)
    found = {
        "nearest": away.astype(np.float64),
        "outside": percentile(away, own_distances(index)).astype(np.float64),
        "mahalanobis": near,
        "relative": near - mahalanobis(kinds, background),
        "cosine": 1 - np.divide(wide @ center, lengths, out=np.zeros(len(wide)), where=lengths > 0),
    }
    return {name: values[which].reshape(states.shape[:2]) for name, values in found.items()}


def mahalanobis(states: Floats, cloud: Floats) -> Doubles:
    """Squared distances [n] of states from a cloud's mean in the metric of its shrunk
    covariance.
    """
    wide = cloud.astype(np.float64)
    variances, directions = np.linalg.eigh(shrunk_covariance(wide))
    told = variances > LEAST_VARIANCE * variances[-1]
    whitening = directions[:, told] / np.sqrt(variances[told])
    away = states - wide.mean(axis=0).astype(np.float32)
    return squares(away @ whitening.astype(np.float32))


def squares(rows: Floats | Doubles) -> Doubles:
    """The squared length of each row [n, d]."""
    return np.asarray(np.einsum("nd,nd->n", rows, rows, dtype=np.float64))


@dataclass(frozen=True)
class Counts:
    """Texts of several kinds one after another, natural text last: where each kind begins and ends,
    and how often its texts are drawn again [draw, text]."""

    ends: tuple[int, ...]
    size: int
    draws: tuple[NDArray[np.int64], ...]

    @staticmethod
    def of(texts: Sequence[int], size: int, options: Options) -> Counts:
        """The draws for so many texts of each kind, of ``size`` tokens."""
        rng = np.random.default_rng((options.seed, 3))
        draws = tuple(resamples(count, options.draws, rng) for count in texts)
        return Counts((0, *np.cumsum(texts).tolist()), size, draws)

    def means(self, values: Doubles) -> Doubles:
        """The mean of each kind's values [text, token] with bounds over texts [kind, 3]."""
        parts = [values[a:b].mean(axis=1) for a, b in zip(self.ends, self.ends[1:], strict=False)]
        return np.stack([mean_interval(p, d) for p, d in zip(parts, self.draws, strict=True)])

    def areas(self, scores: Mapping[str, Doubles]) -> Doubles:
        """AUROC of each kind against the last with bounds [kind, level, score, 3]."""
        last = len(self.draws) - 1
        return np.stack(
            [
                np.stack([self._levels(scores[name], k, last) for name in SCORES], axis=1)
                for k in range(last)
            ]
        )

    def _levels(self, values: Doubles, kind: int, natural: int) -> Doubles:
        """Of one score and kind, token by token and text by text [level, 3]."""
        parts = [values[self.ends[n] : self.ends[n + 1]] for n in (natural, kind)]
        if all(np.isnan(part).all() for part in parts):
            return np.full((len(LEVELS), 3), np.nan)
        known = ~np.isnan(parts[0]).all(axis=0)  # a first token has no loss
        tokens = [part[:, known] for part in parts]
        texts = [part.mean(axis=1, keepdims=True) for part in tokens]
        draws = np.concatenate([self.draws[n] for n in (natural, kind)], axis=1)
        return np.stack([_area(each, draws) for each in (tokens, texts)])


def _area(parts: Sequence[Doubles], draws: NDArray[np.int64]) -> Doubles:
    """AUROC of ``parts`` [text, token], negative then positive, with bounds over texts [3]."""
    wins = text_wins(*parts)
    negative, positive = len(parts[0]), len(parts[1])
    size = parts[0].shape[1]
    once = np.ones((1, negative + positive), dtype=np.int64)
    areas = []
    for counts in (once, draws):
        below, above = counts[:, :negative].astype(float), counts[:, negative:].astype(float)
        pairs = (size * below).sum(axis=1) * (size * above).sum(axis=1)
        areas.append(((below @ wins) * above).sum(axis=1) / pairs)
    return packed(areas[0][0], areas[1])


def text_wins(negative: Doubles, positive: Doubles) -> Doubles:
    """Of scores [text, token]: how many pairs of a negative text's token and a positive text's have
    the positive one above, ties half [negative text, positive text]."""
    levels, which = np.unique(
        np.concatenate([negative.ravel(), positive.ravel()]), return_inverse=True
    )
    which = which.ravel()
    counts = np.zeros((len(levels) + 1, len(negative)))
    texts = np.repeat(np.arange(len(negative)), negative.shape[1])
    np.add.at(counts, (which[: negative.size] + 1, texts), 1)
    below = counts.cumsum(axis=0)
    won = (below[:-1] + below[1:])[which[negative.size :]] / 2
    return np.asarray(won.reshape(*positive.shape, len(negative)).sum(axis=1).T)
