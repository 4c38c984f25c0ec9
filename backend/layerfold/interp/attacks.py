"""Small changes that turn a prediction, beside random ones, and whether they leave the cloud.

Tokens: the one-token change that most lowers the probability of the predicted next token, exact
where all can be tried and ranked by gradient where not (Ebrahimi et al. 2018), beside random
changes. States: the last token's state at a site is moved along the loss's gradient, along the part
of it in the tangent space (the leading directions of its nearest reference states) and the part
normal to it, and along random directions, all by the same length; loss and off-cloud percentile
side by side. Adversarial examples on the manifold exist (Stutz et al. 2019): that one lies off the
cloud is a finding, no definition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from layerfold.data.reference_states import fingerprint as fingerprint_of
from layerfold.data.reference_states import viewed
from layerfold.errors import InputError
from layerfold.interp.continuation import Continuation
from layerfold.interp.interval import Doubles
from layerfold.interp.paths import site_index
from layerfold.interp.raw_states import raw_of, seen_at
from layerfold.interp.rows import Tabled
from layerfold.interp.session import Session
from layerfold.interp.state_gradients import loss_gradients
from layerfold.interp.stepwise import NOBODY, Recipe, Watch, chosen_steps, over_steps
from layerfold.interp.swaps import Search, log_probabilities, swapped
from layerfold.records import Floats, Ints, View
from layerfold.space.neighbors import Index
from layerfold.space.outside import own_distances, percentile

if TYPE_CHECKING:
    from layerfold.model.adapter import Adapter

FORM: Final = 2  # of the arrays
LONGEST: Final = 512  # tokens: gradients through a pass hold all of it in memory
DIRECTIONS: Final = ("gradient", "tangent", "normal", "random")
NAMES: Final = ("swaps", "random_swaps", "tried", "plain", "loss", "outside", "flips", "points")


@dataclass(frozen=True)
class Options:
    """One-token changes are looked for with ``budget`` and ``candidates`` as in Search; lengths of
    moves are ``sizes`` even shares, up to ``most``, of the state's own; ``draws`` of random
    directions; the tangent space is of so many ``dimensions`` of so many ``neighbors``."""

    budget: int | None = None
    candidates: int = 64
    sizes: int = 16
    most: float = 1.0
    draws: int = 16
    dimensions: int = 8
    neighbors: int = 30
    seed: int = 0

    @property
    def search(self) -> Search:
        """How changes of a token are looked for."""
        return Search(self.budget, self.candidates, seed=self.seed)

    def __post_init__(self) -> None:
        """Raises InputError for what cannot be followed."""
        if min(self.sizes, self.draws, self.candidates, self.dimensions) < 1 or self.most <= 0:
            raise InputError(
                "Sizes, draws, candidates and dimensions are at least one, most above 0."
            )
        if self.dimensions >= self.neighbors:
            raise InputError(
                f"A tangent space of {self.dimensions} dimensions needs more than"
                f" {self.neighbors} neighbours."
            )


@dataclass(frozen=True)
class Swap:
    """Token ``old`` at ``position`` becomes ``new``: the log-probability of the prediction falls by
    ``effect`` nats; whether another token is predicted then; the last state's off-cloud
    percentile."""

    position: int
    old: str
    new: str
    effect: float
    flips: bool
    outside: float


@dataclass(frozen=True)
class Attacks(Tabled):
    """At each step: the ``predicted`` token, its ``plain`` loss and off-cloud percentile [step, 2];
    the best ``swaps`` of ``tried`` ones (``exact``: of all), beside the effect of ``drawn`` random
    ones [step, 3] (mean, 95 % range). ``loss``, ``outside`` [step, direction, size, 3] of moves of
    ``sizes``, with the 95 % range of the random directions; ``flips`` [step, direction, 3] the
    smallest size that changes the prediction, NaN where none does; ``points`` [step, direction,
    size, d], a random one among them."""

    text: str
    site: str
    steps: tuple[int, ...]
    sizes: tuple[float, ...]
    predicted: tuple[str, ...]
    plain: Floats
    swaps: tuple[tuple[Swap, ...], ...]
    tried: Ints
    exact: tuple[bool, ...]
    drawn: Ints
    random_swaps: Floats
    loss: Floats
    outside: Floats
    flips: Floats
    points: Floats

    def rows(self) -> Iterator[dict[str, Any]]:
        """A row for each swap shown, and for each direction and size."""
        for t, step in enumerate(self.steps):
            common = {
                "text": self.text,
                "step": step,
                "site": self.site,
                "predicted": self.predicted[t],
            }
            common |= {
                "plain_loss": float(self.plain[t, 0]),
                "plain_outside": float(self.plain[t, 1]),
            }
            random, low, high = (float(value) for value in self.random_swaps[t])
            for one in self.swaps[t]:
                row = common | {
                    "attack": "token",
                    "change": f"{one.position}: {one.old} → {one.new}",
                }
                row |= {"effect": one.effect, "flips": one.flips, "outside": one.outside}
                row |= {"random": random, "random_low": low, "random_high": high}
                row |= {"exact": self.exact[t], "tried": int(self.tried[t])}
                yield row | {"drawn": int(self.drawn[t])}
            for d, direction in enumerate(DIRECTIONS):
                for n, size in enumerate(self.sizes):
                    row = common | {"attack": "state", "change": f"{direction} {size:.3g}"}
                    row["effect"] = float(self.loss[t, d, n, 0] - self.plain[t, 0])
                    row |= {"flips": bool(self.flips[t, d, 0] <= size + 1e-6)}
                    row["outside"] = float(self.outside[t, d, n, 0])
                    for end, column in (("", 0), ("_low", 1), ("_high", 2)):
                        row[f"random{end}"] = float(self.loss[t, -1, n, column] - self.plain[t, 0])
                    row["random_outside"] = float(self.outside[t, -1, n, 0])
                    yield row


def measure(
    opened: Session,
    text: str,
    site: str | None = None,
    steps: Sequence[int] | None = None,
    options: Options | None = None,
    watch: Watch = NOBODY,
) -> Attacks:
    """What it takes to change the prediction after a text; states are moved at a site (the middle
    layer's end without one). Raises InputError for a text of one token or of too many,
    SiteNotFound, AtlasMissing, StepNotFound, NoWeights, Cancelled."""
    options = options or Options()
    chosen = chosen_steps(opened, steps)
    at = site_index(opened, site)
    ids = opened.tokenize(text).ids
    if len(ids) < 2:
        raise InputError(
            "A text of one token has no token before the last to change: type another."
        )
    if len(ids) > LONGEST:
        raise InputError(
            f"A text of {len(ids)} tokens is too long to be attacked: type at most {LONGEST}."
        )
    made_from = {
        "what": "attacks",
        "form": FORM,
        "options": asdict(options),
        "site": at,
        "ids": ids,
    }
    made_from |= {"reference": fingerprint_of(opened.atlas.reference), "view": opened.atlas.view}

    def compute(step: int, at_work: Watch) -> dict[str, NDArray[Any]]:
        return at_step(opened, step, at, ids, options, at_work)

    found = over_steps(opened, chosen, Recipe(made_from, NAMES, compute), watch)
    name = opened.tokenizer.text_of
    return Attacks(
        text,
        opened.sites[at].name,
        chosen,
        tuple(sizes_of(options).tolist()),
        tuple(name(int(row[2])) for row in found["plain"]),
        found["plain"][:, :2],
        tuple(_swaps(opened, ids, rows) for rows in found["swaps"]),
        found["tried"][:, 0].astype(np.int32),
        tuple(bool(row[1]) for row in found["tried"]),
        found["tried"][:, 2].astype(np.int32),
        found["random_swaps"],
        found["loss"],
        found["outside"],
        found["flips"],
        found["points"],
    )


def _swaps(opened: Session, ids: Sequence[int], rows: Floats) -> tuple[Swap, ...]:
    name = opened.tokenizer.text_of
    return tuple(
        Swap(int(p), name(ids[int(p)]), name(int(id)), float(effect), bool(flips), float(outside))
        for p, id, effect, flips, outside in rows
        if p >= 0
    )


def sizes_of(options: Options) -> Doubles:
    """The lengths of moves as shares of the state's own."""
    return np.linspace(0, options.most, options.sizes + 1)[1:]


def at_step(
    opened: Session,
    step: int,
    site: int,
    ids: Sequence[int],
    options: Options,
    watch: Watch = NOBODY,
) -> dict[str, NDArray[Any]]:
    """The arrays of one step."""
    adapter = opened.model(step)
    rest = Continuation(adapter, ids)
    logs = log_probabilities(rest.plain()[None])[0]
    target = int(logs.argmax())
    cloud = Cloud.of(
        seen_at(opened, step, site, watch),
        opened.atlas.view,
        lambda tokens: raw_of(opened, step, site, tokens),
    )
    watch.stop()
    gradient = loss_gradients(adapter, ids, target, site)
    found = swapped(adapter, ids, target, gradient[0], options.search, watch)
    best = found["swaps"]
    known = best[:, 0] >= 0
    best[known, 4] = cloud.outside(_last_states(adapter, ids, best[known], site))
    watch.stop()
    plain = np.array([-logs[target], cloud.outside(rest.states[site][None])[0], target])
    moved = moves(rest, site, target, gradient[1, -1], cloud, options)
    return found | {"swaps": best, "plain": plain} | moved


def _last_states(adapter: Adapter, ids: Sequence[int], swaps: Doubles, site: int) -> Floats:
    """The last token's state at a site after each swap [swap, d]."""
    windows = np.tile(np.array(ids, dtype=np.int32), (len(swaps), 1))
    windows[np.arange(len(swaps)), swaps[:, 0].astype(int)] = swaps[:, 1].astype(np.int32)
    return (
        adapter.batch_states(windows)[site, :, -1]
        if len(swaps)
        else np.zeros((0, adapter.d_model), np.float32)
    )


@dataclass(frozen=True)
class Cloud:
    """The reference at a site: an index of its states in a view, how near they lie to each other,
    and ``raw``, which gives the raw states [token, d] of some of them."""

    view: View
    index: Index
    own: Floats
    raw: Callable[[Ints], Floats]

    @staticmethod
    def of(states: Floats, view: View, raw: Callable[[Ints], Floats]) -> Cloud:
        """The cloud of states [n, d] in a view."""
        index = Index.of(states)
        return Cloud(view, index, own_distances(index), raw)

    def outside(self, states: Floats) -> Doubles:
        """The off-cloud percentile of raw states [n, d]."""
        if not len(states):
            return np.zeros(0)
        away = self.index.nearest(viewed(states, self.view), 1)[1][:, 0]
        return percentile(away, self.own).astype(np.float64)

    def tangent(self, state: Floats, options: Options) -> Doubles:
        """An orthonormal basis [dimensions, d] of the leading directions of a raw state's nearest
        ones."""
        k = min(options.neighbors, len(self.index.points))
        near = self.index.nearest(viewed(state[None], self.view), k)[0][0]
        around = self.raw(near).astype(np.float64)
        around -= around.mean(axis=0)
        return np.linalg.svd(around, full_matrices=False)[2][: options.dimensions]


def moves(
    rest: Continuation, site: int, target: int, gradient: Floats, cloud: Cloud, options: Options
) -> dict[str, NDArray[Any]]:
    """Loss and off-cloud percentile of the last state moved along each direction by each size, the
    same length for all; random directions with their 95 % range."""
    state = rest.states[site]
    length = float(np.linalg.norm(state))
    wide = gradient.astype(np.float64)
    basis = cloud.tangent(state, options)
    tangent = wide @ basis.T @ basis
    rng = np.random.default_rng((options.seed, 9))
    units = [wide, tangent, wide - tangent, *rng.normal(size=(options.draws, len(state)))]
    units = [unit / max(float(np.linalg.norm(unit)), 1e-30) for unit in units]
    sizes = sizes_of(options)
    points = np.stack([state + length * sizes[:, None] * unit for unit in units]).astype(np.float32)
    flat = points.reshape(-1, len(state))
    logs = log_probabilities(rest.logits(site, flat, 64))
    shape = points.shape[:2]
    loss = -logs[:, target].reshape(shape)
    gone = (logs.argmax(axis=1) != target).reshape(shape)
    outside = cloud.outside(flat).reshape(shape)
    first = np.where(gone.any(axis=1), sizes[gone.argmax(axis=1)], np.nan)
    return {
        "loss": _with_range(loss),
        "outside": _with_range(outside),
        "flips": _with_range(first[:, None])[:, 0],
        "points": points[: len(DIRECTIONS)],
    }


def _with_range(values: Doubles) -> Doubles:
    """Values [direction, size] with the random ones (from the fourth on) as mean and 95 % range:
    [4, size, 3]; NaN bounds of single directions, and NaN of random ones of which most have
    none."""
    single, random = values[: len(DIRECTIONS) - 1], values[len(DIRECTIONS) - 1 :]
    found = np.full((len(DIRECTIONS), values.shape[1], 3), np.nan)
    found[:-1, :, 0] = single
    for n in range(values.shape[1]):
        column = random[np.isfinite(random[:, n]), n]
        if 2 * len(column) > len(random):
            found[-1, n] = [column.mean(), *np.quantile(column, (0.025, 0.975))]
    return found
