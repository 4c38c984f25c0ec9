"""1.1a and 1.3b: in how many dimensions states of natural text lie, and whether on a manifold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import erfc, isfinite, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import f as f_distribution

from layerfold.claims.seed.chance import p_beyond
from layerfold.claims.seed.finding import (
    NAN,
    Finding,
    Triple,
    Untestable,
    by_sites,
    flat,
    line,
    quantiles,
    verdict_of,
)
from layerfold.claims.seed.subject import Subject
from layerfold.data.reference_states import reference_states
from layerfold.geometry.gride import gride
from layerfold.geometry.spectrum import participation, spectrum_of
from layerfold.interp.interval import REACH, Doubles
from layerfold.records import Floats, Ints, normalized
from layerfold.space.neighbors import nearest_self

SCALE: Final = 8
NEAR: Final = 32
DRAWS: Final = 30
Bars = Mapping[str, float]
Weights = NDArray[np.floating] | NDArray[np.integer]


def low_dimension(subject: Subject, bars: Bars) -> Finding:
    """1.1a: intrinsic dimension beside a Gaussian's, and the share of tokens that reject one
    dimension.
    """
    by_step = {step: _profile(subject.states(step)) for step in subject.steps}
    tops = {step: max(found[1:], key=_value) for step, found in by_step.items()}
    here = by_step[subject.last]
    value = tops[subject.last]
    if not isfinite(value[0]):
        raise Untestable("no_number")
    site = 1 + [one[0] for one in here[1:]].index(value[0])
    states = subject.states(subject.last)
    gaussians = {
        step: _dimension(gaussian_like(subject.states(step)[site])) for step in subject.steps
    }
    gaussian = gaussians[subject.last]
    mixed = _profile(normalized(_shuffled_states(subject)))
    rejecting = [rejecting_share(one, bars["level"]) for one in states]
    d = subject.run.d_model
    low = all(one[0] <= bars["share"] * d for one in here[1:] if np.isfinite(one[0]))
    below = value[2] < gaussian[1]
    smooth = float(np.nanmax(rejecting[1:])) <= bars["rejecting"]
    return Finding(
        verdict=verdict_of(low and smooth, low and below and smooth, weaker=low and below),
        value=list(value),
        at_step=subject.last,
        series=line("1.1a", tops),
        controls=[
            line("gaussian", gaussians),
            flat("shuffled_text", max(mixed[1:], key=_value)),
            flat("step0", tops[subject.first]),
        ],
        by_site=by_sites(subject.sites, here),
        p=_p_less(value, gaussian),
        numbers={
            "d": d,
            "gaussian": gaussian[0],
            "shuffled": max(mixed[1:], key=_value)[0],
            "rejecting": float(np.nanmax(rejecting[1:])),
            "least": float(np.nanmin(rejecting[1:])),
            "site": subject.sites[site],
        },
        view={"site": subject.sites[site], "colour": "source"},
    )


def _value(one: Triple) -> float:
    return one[0] if isfinite(one[0]) else float("-inf")


def _p_less(one: Triple, other: Triple) -> float:
    """One-sided p that one number is not below another, by their normal errors."""
    error = float(np.hypot(one[2] - one[0], other[2] - other[0])) / REACH
    return erfc((other[0] - one[0]) / max(error, 1e-12) / sqrt(2)) / 2  # exact far out


def _profile(states: Floats) -> list[Triple]:
    """The dimension at each site of states [site, n, d]."""
    return [_dimension(site) for site in states]


def _dimension(states: Floats) -> Triple:
    """GRIDE between the 8th and the 16th neighbor with its 95 % interval; NaN where most have a
    twin.
    """
    distances = nearest_self(np.ascontiguousarray(states), 2 * SCALE)[1]
    if np.mean(distances[:, 0] == 0) > 0.1 or np.isnan(distances).any():
        return (NAN, NAN, NAN)
    found = gride(distances, SCALE)
    reach = REACH * (found.high - found.value)
    return (found.value, max(found.value - reach, 0.0), found.value + reach)


def gaussian_like(states: Floats, seed: int = 0) -> Floats:
    """As many points of a Gaussian with the states' mean and covariance."""
    wide = states.astype(np.float64)
    away = wide - wide.mean(axis=0)
    rng = np.random.default_rng(seed)
    drawn = rng.normal(size=(len(wide), len(wide))) @ away / np.sqrt(len(wide) - 1)
    return np.asarray(drawn + wide.mean(axis=0), dtype=np.float32)


def rejecting_share(states: Floats, level: float) -> float:
    """The share of states whose two shells of neighbors do not come from one dimension.

    Where points lie evenly on a manifold of dimension m, the spacings j log(r_{j+1} / r_j) are
    independent with mean 1/m (Rényi), so that the sum of the first over that of the next follows F.
    States with a twin are left out.
    """
    distances = nearest_self(np.ascontiguousarray(states), NEAR)[1].astype(np.float64)
    distances = distances[distances[:, 0] > 0]
    if len(distances) < 20:
        return NAN
    logs = np.diff(np.log(distances), axis=1) * np.arange(1, NEAR)
    half = NEAR // 2
    ratio = logs[:, :half].mean(axis=1) / np.maximum(logs[:, half:].mean(axis=1), 1e-12)
    law = f_distribution(2 * half, 2 * (NEAR - 1 - half))
    p = 2 * np.minimum(law.cdf(ratio), law.sf(ratio))
    return float(np.mean(p < level))


def _shuffled_states(subject: Subject) -> Floats:
    """States at the last checkpoint of the reference's windows with each one's tokens mixed."""
    rng, rows = np.random.default_rng(0), subject.reference.windows.copy()
    for row in rows:
        row[row >= 0] = rng.permutation(row[row >= 0])
    mixed = replace(subject.reference, windows=rows)
    return reference_states(subject.adapter(subject.last), mixed)


def effective_dimension(subject: Subject, bars: Bars) -> Finding:
    """1.3b: participation ratio over d beside that of coordinates shuffled over tokens."""
    shares = {step: _shares(subject, step) for step in subject.every}
    tops = {step: max(found[1:], key=_value) for step, found in shares.items()}
    value = tops[subject.last]
    site = 1 + [one[0] for one in shares[subject.last][1:]].index(value[0])
    states = subject.states(subject.last)[site]
    rng = np.random.default_rng(0)
    null = np.array([_share(rng.permuted(states, axis=0)) for _ in range(DRAWS)])
    nulls = {step: _shuffled_share(subject, step, site) for step in subject.every}
    mixed = normalized(_shuffled_states(subject))
    beats = value[2] < float(null.min())
    return Finding(
        verdict=verdict_of(value[0] <= bars["share"], beats),
        value=list(value),
        at_step=subject.last,
        series=line("1.3b", tops),
        controls=[
            line("coordinates", nulls | {subject.last: quantiles(null)}),
            flat("shuffled_text", max(_share(one) for one in mixed[1:])),
            flat("step0", tops[subject.first]),
        ],
        by_site=by_sites(subject.sites, shares[subject.last]),
        p=p_beyond(-value[0], -null),
        numbers={
            "d": subject.run.d_model,
            "directions": value[0] * subject.run.d_model,
            "control": float(null.mean()),
            "site": subject.sites[site],
        },
        view={"site": subject.sites[site], "colour": "source"},
    )


def _shuffled_share(subject: Subject, step: int, site: int) -> Triple:
    """The same of one site with each coordinate shuffled over tokens, once."""
    shuffled = np.random.default_rng(0).permuted(subject.states(step)[site], axis=0)
    return (_share(shuffled), NAN, NAN)


def _share(states: Floats) -> float:
    """Participation ratio over d."""
    return float(participation(spectrum_of(states)).value / states.shape[1])


def _shares(subject: Subject, step: int) -> list[Triple]:
    """The same at each site with a bootstrap over windows."""
    states, window = subject.states(step), subject.reference.window
    return [_share_triple(site, window) for site in states]


def _share_triple(states: Floats, window: Ints) -> Triple:
    """Value and interval: moments of each window are summed as often as it is drawn."""
    count, d = int(window.max()) + 1, states.shape[1]
    wide = states.astype(np.float64) - states.mean(axis=0)
    moments = _moments(wide, window, count)
    rng = np.random.default_rng(0)
    draws = [
        _ratio(*moments, np.bincount(rng.integers(count, size=count), minlength=count)) / d
        for _ in range(DRAWS)
    ]
    value = _ratio(*moments, np.ones(count)) / d
    spread = REACH * float(np.std(draws))
    return (value, value - spread, value + spread)


def _moments(wide: Doubles, window: Ints, count: int) -> tuple[Doubles, Doubles, Doubles]:
    """Of each window the number of its states, their sum [d] and their second moments [d, d]."""
    of = [wide[window == n] for n in range(count)]
    sizes = np.array([len(one) for one in of], dtype=np.float64)
    sums = np.stack([one.sum(axis=0) for one in of])
    return sizes, sums, np.stack([one.T @ one for one in of])


def _ratio(sizes: Doubles, sums: Doubles, squares: Doubles, weight: Weights) -> float:
    """Participation ratio (Σλ)²/Σλ² of windows, each so many times."""
    total = weight @ sizes
    mean = weight @ sums / total
    covariance = np.tensordot(weight, squares, axes=1) / total - np.outer(mean, mean)
    square = float(np.square(covariance).sum())
    return float(np.trace(covariance) ** 2 / square) if square > 0 else NAN
