"""What is measured of one step, site by site: each gauge gives its numbers for one site of what was
read there.

States are in the atlas's view, but for ``norm`` and ``anisotropy``, which normalising would hide,
and the local map, which is the model's own: these are of raw states.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from layerfold.geometry.comparison import (
    cka,
    curvature,
    displacement,
    neighbor_overlap,
    procrustes,
    turning,
)
from layerfold.geometry.dimension import components_for, maximum_likelihood, two_nn, two_nn_scales
from layerfold.geometry.estimates import NOT_A_NUMBER
from layerfold.geometry.fidelity import density_kept, joint_trust, shepard, stability
from layerfold.geometry.localmap import local_map
from layerfold.geometry.spectrum import (
    alpha_req,
    anisotropy,
    effective_rank,
    mean_norm,
    participation,
    rankme,
    spectrum_of,
)
from layerfold.geometry.topology import persistence
from layerfold.records import Estimate, Floats, Ints
from layerfold.space.neighbors import nearest_self

NEIGHBORS: Final = 15
# what acts just before a site
MATRICES: Final[Mapping[str, tuple[str, ...]]] = {
    "mid": ("q", "k", "v", "o"),
    "post": ("in", "out"),
}
NO_SITE_AFTER, NO_SITE_BEFORE = (
    "there is no site after this one",
    "there is no site before this one",
)
NO_STEP_BEFORE, NO_TWO_BEFORE = (
    "there is no checkpoint before this one",
    "there are no two checkpoints before this one",
)


# indices [n, k], None where states are not finite; distances [n, k]
Near = tuple[Ints | None, Floats]


@dataclass(frozen=True)
class Here:
    """One step: ``raw`` and ``states`` (in the atlas's view) [site, n, d], ``positions`` [site, n,
    3], the names of the sites, and what ``look`` adds: each site's nearest others, the singular
    values [token, m] of its map to the next, the weights of each layer; ``spent`` are the
    seconds that this took for each measure.
    """

    sites: tuple[str, ...]
    raw: Floats
    states: Floats
    positions: Floats
    near: tuple[Near, ...] = ()
    stretches: tuple[Floats | str, ...] | str = NO_SITE_AFTER
    weights: Mapping[str, Mapping[str, Floats]] | str = ""
    spent: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Past:
    """The two steps before, or None and why not."""

    before: Here | None
    earlier: Here | None
    why: str = NO_STEP_BEFORE


Found = dict[str, Estimate]
Gauge = Callable[[Here, Past, int], Found]


def none(names: Sequence[str], reason: str) -> Found:
    """None of the names has a value, and why."""
    return dict.fromkeys(names, Estimate.undefined(reason))


def neighbors(states: Floats) -> Near:
    """Each state's 15 nearest others (fewer where there are fewer): indices, None where states are
    not finite, and distances.
    """
    k = min(NEIGHBORS, len(states) - 1)
    if not np.isfinite(states).all():
        return None, np.full((len(states), max(k, 0)), np.nan, dtype=np.float32)
    if k < 1:
        return np.empty((len(states), 0), dtype=np.int32), np.empty(
            (len(states), 0), dtype=np.float32
        )
    return nearest_self(states, k)


# ---- gauges


def _dimension(here: Here, past: Past, site: int) -> Found:
    distances = here.near[site][1]
    return {"twonn": two_nn(distances), "mle": maximum_likelihood(distances)}


def _scales(here: Here, past: Past, site: int) -> Found:
    found = two_nn_scales(here.states[site], (1 / 2, 1 / 4, 1 / 8))
    return dict(zip(("twonn_2", "twonn_4", "twonn_8"), found, strict=True))


def _spectrum(here: Here, past: Past, site: int) -> Found:
    variances = spectrum_of(here.states[site])
    return {
        "components_90": components_for(variances),
        "participation_ratio": participation(variances),
        "rankme": rankme(variances),
        "alpha_req": alpha_req(variances),
    }


def _raw(here: Here, past: Past, site: int) -> Found:
    return {"anisotropy": anisotropy(here.raw[site]), "norm": mean_norm(here.raw[site])}


def _weights(here: Here, past: Past, site: int) -> Found:
    layer, _, part = here.sites[site].partition(".")
    found = {}
    # else attention and MLP stand side by side, and both act before post
    halved = any(name.endswith(".mid") for name in here.sites)
    for before, matrices in MATRICES.items():
        where = before if halved else "post"
        for matrix in matrices:
            if isinstance(here.weights, str):
                found[f"rank_{matrix}"] = Estimate.undefined(here.weights)
            elif part != where or layer not in here.weights:
                found[f"rank_{matrix}"] = Estimate.undefined(
                    f"this matrix acts between other sites, those before L*.{where}"
                )
            else:
                found[f"rank_{matrix}"] = effective_rank(here.weights[layer][matrix])
    return found


ONWARD: Final = ("cka_site", "overlap_site", "procrustes_site", "move_site")


def _onward(here: Here, past: Past, site: int) -> Found:
    if site + 1 == len(here.sites):
        return none(ONWARD, NO_SITE_AFTER)
    return dict(zip(ONWARD, _change(here, here, site, site + 1), strict=True))


def _change(one: Here, other: Here, site: int, onto: int) -> tuple[Estimate, ...]:
    """CKA, neighbour overlap, Procrustes residual and mean move from a site of one step to one of
    another.
    """
    a, b = one.states[site], other.states[onto]
    near_a, near_b = one.near[site][0], other.near[onto][0]
    overlap = Estimate.undefined(NOT_A_NUMBER)
    if near_a is not None and near_b is not None:
        overlap = neighbor_overlap(near_a, near_b)
    return cka(a, b), overlap, procrustes(a, b), displacement(a, b)


def _bends(here: Here, past: Past, site: int) -> Found:
    inner = 0 < site < len(here.sites) - 1
    why = NO_SITE_AFTER if site else NO_SITE_BEFORE
    path = here.states[max(site - 1, 0) : site + 2]
    return {
        "turn_site": turning(*path) if inner else Estimate.undefined(why),
        "curvature": curvature(path)[1] if inner else Estimate.undefined(why),
    }


SINCE: Final = ("cka_step", "overlap_step", "procrustes_step", "move_step")


def _since(here: Here, past: Past, site: int) -> Found:
    if past.before is None:
        return none(SINCE, past.why)
    return dict(zip(SINCE, _change(past.before, here, site, site), strict=True))


def _veer(here: Here, past: Past, site: int) -> Found:
    if past.before is None or past.earlier is None:
        return none(("turn_step",), past.why if past.before is None else NO_TWO_BEFORE)
    return {
        "turn_step": turning(past.earlier.states[site], past.before.states[site], here.states[site])
    }


def _topology(here: Here, past: Past, site: int) -> Found:
    return dict(vars(persistence(here.states[site])))


def _map(here: Here, past: Past, site: int) -> Found:
    values = (
        here.stretches
        if isinstance(here.stretches, str)
        else NO_SITE_AFTER
        if site + 1 == len(here.sites)
        else here.stretches[site]
    )
    if isinstance(values, str):
        return none(("stretch", "condition", "log_volume", "flat_directions"), values)
    return dict(vars(local_map(values)))


def _picture(here: Here, past: Past, site: int) -> Found:
    still = (
        Estimate.undefined(past.why)
        if past.before is None
        else stability(past.before.positions[site], here.positions[site])
    )
    return {"shepard": shepard(here.states[site], here.positions[site]), "stability": still}


def _way(here: Here, past: Past, site: int) -> Found:
    if site + 1 == len(here.sites):
        return none(("joint_trust",), NO_SITE_AFTER)
    both = slice(site, site + 2)
    return {"joint_trust": joint_trust(here.states[both], here.positions[both])}


def _crowding(here: Here, past: Past, site: int) -> Found:
    (_, true), (_, shown) = here.near[site], neighbors(here.positions[site])
    return {"density_kept": density_kept(true, shown)}


GAUGES: Final[Mapping[Gauge, tuple[str, ...]]] = {
    # the slowest first, so that no core waits at the end
    _topology: ("h0_total", "h0_longest", "h1_total", "h1_longest"),
    _scales: ("twonn_2", "twonn_4", "twonn_8"),
    _onward: ONWARD,
    _since: SINCE,
    _bends: ("turn_site", "curvature"),
    _veer: ("turn_step",),
    _picture: ("shepard", "stability"),
    _way: ("joint_trust",),
    _crowding: ("density_kept",),
    _dimension: ("twonn", "mle"),
    _spectrum: ("components_90", "participation_ratio", "rankme", "alpha_req"),
    _raw: ("anisotropy", "norm"),
    _weights: tuple(f"rank_{matrix}" for matrices in MATRICES.values() for matrix in matrices),
    _map: ("stretch", "condition", "log_volume", "flat_directions"),
}
MEASURED: Final = tuple(name for names in GAUGES.values() for name in names)
# where nobody asks for them
NO_NEIGHBOURS: Final[Near] = (None, np.empty((0, 0), dtype=np.float32))
NEED_NEIGHBOURS: Final = ("twonn", "mle", "overlap_site", "overlap_step", "density_kept")
NEED_MAPS, NEED_WEIGHTS = GAUGES[_map], GAUGES[_weights]


def read_all(
    here: Here, past: Past, names: Sequence[str], pool: Executor
) -> tuple[dict[str, list[Estimate]], dict[str, float]]:
    """The named measures of one step, one estimate a site each, and the seconds that each name and
    those computed with it took.
    """
    wanted = [gauge for gauge, given in GAUGES.items() if set(given) & set(names)]
    jobs = [(gauge, site) for gauge in wanted for site in range(len(here.sites))]
    found: dict[str, list[Estimate]] = {name: [] for name in names}
    seconds = {name: here.spent.get(name, 0.0) for name in names}
    for one, spent in pool.map(lambda job: _timed(job[0], here, past, job[1]), jobs):
        for name in set(one) & set(names):
            found[name].append(one[name])
            seconds[name] += spent
    return found, seconds


def _timed(gauge: Gauge, here: Here, past: Past, site: int) -> tuple[Found, float]:
    begin = time.perf_counter()
    return gauge(here, past, site), time.perf_counter() - begin
