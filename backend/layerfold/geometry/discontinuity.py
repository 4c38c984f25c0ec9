"""Where the map from states to places is not continuous: the perturbation and the singularity score
of LOO-map (Liu, Ma and Zhong 2024, arXiv:2410.16608), for placement in a frozen cloud.

The paper writes an embedding as a map by leaving a point out: f_i(x) = argmin_y L_i(y; x), the
place of least loss for the state x while all other points stay where they are. Placement is such a
map by construction, so f_i here is the placement itself, with token i taken out of its neighbours
and out of what pushes; for a typed token nothing is left out.

perturbation_i = max over e of |f_i(x_i + e) - f_i(x_i)| / S, with e = ±λ s u_1, ±λ s u_2, ±λ s u_3:
the three principal directions u of the reference's states, s their spread (the root mean square
distance from their mean), λ a stated share, and S the picture's spread. It is large where a small
move of the state sends the place far: between clusters that are drawn apart (the paper's
overconfidence-inducing discontinuity).

singularity_i = 1 / (S² λ_min), λ_min the smallest eigenvalue of the Hessian of L_i in y, at the
minimum that the descent to f_i(x_i) comes to when it goes on until it rests. By the implicit
function theorem f_i moves by -H⁻¹ (∂²L/∂y∂x) e for a small e, so it is large where the loss is
almost flat, and infinite where no strict minimum is found: places hang on chance (the paper's
fracture-inducing discontinuity).

It differs from the paper in three ways. The loss is UMAP's, not t-SNE's. Both scores are in the
picture's spreads, so that pictures of any size compare. The perturbed place is that of the descent
from the barycentre, which the page draws, where the paper takes the best of three descents; and it
is compared with f_i(x_i) and not with the layout's own place y_i, whose distance from it is told
as ``apart``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from layerfold.errors import InputError
from layerfold.records import Floats, Ints, Stop, go_on
from layerfold.space.frozen_map import Doubles, FrozenMap

DIRECTIONS: Final = 3
LENGTH: Final = 0.1  # of the states' spread
SAMPLE: Final = 256  # reference tokens that the control is measured on
SEED: Final = 0
_AT_ONCE: Final = 512  # places that are sought at once


@dataclass(frozen=True)
class Scores:
    """Of each token [T]: ``perturbation`` and ``apart`` (how far its place without itself lies from
    the layout's own; NaN of a typed token) in the picture's spreads, ``singularity`` in 1 over the
    loss's units.
    """

    perturbation: Floats
    singularity: Floats
    apart: Floats


def spread_of(points: NDArray[np.floating]) -> float:
    """The root mean square distance of points [n, d] from their mean."""
    values = points.astype(np.float64) - points.mean(axis=0, dtype=np.float64)
    return float(np.sqrt(np.square(values).sum(axis=1).mean()))


def moves_of(states: NDArray[np.floating], length: float = LENGTH) -> Floats:
    """The moves e of ``length`` spreads of the states [n, d], both ways along each of their three
    principal directions: [6, d], fewer where fewer directions vary.

    Raises InputError for a length that is not positive, and where all states are one.
    """
    if not 0 < length < np.inf:
        raise InputError(f"a state is moved by {length} spreads: choose a length above 0")
    values = states.astype(np.float64) - states.mean(axis=0, dtype=np.float64)
    if not np.square(values).sum() > 0:
        raise InputError(
            "All reference states are one here, so that there is no direction to move a state in:"
            " choose another site or step."
        )
    variances, axes = np.linalg.eigh(values.T @ values)
    varying = variances[::-1][:DIRECTIONS] > 1e-9 * variances[-1]
    axes = axes[:, ::-1][:, :DIRECTIONS][:, varying].T * (length * spread_of(states))
    return np.concatenate([axes, -axes]).astype(np.float32)


def scores_of(
    frozen: FrozenMap,
    states: Floats,
    moves: Floats,
    left_out: Ints | None = None,
    stop: Stop = go_on,
) -> Scores:
    """The scores of ``states`` [T, d] that ``moves`` [m, d] are made from; ``left_out`` [T] are the
    reference tokens that they are themselves. ``stop`` is called between blocks.
    """
    unit = spread_of(frozen.places.T)
    if not unit > 0:
        raise InputError(
            "All reference tokens are drawn at one place here: there is no map to speak of."
        )
    found = np.empty((3, len(states)), dtype=np.float32)
    for part in _parts(len(states), 1 + len(moves)):
        stop()
        who = None if left_out is None else left_out[part]
        found[:, part] = _scored(frozen, states[part], moves, who, unit)
    return Scores(*found)


def _scored(
    frozen: FrozenMap, states: Floats, moves: Floats, who: Ints | None, unit: float
) -> Floats:
    count = len(states)
    moved = np.concatenate([states[None], states + moves[:, None]]).reshape(-1, states.shape[1])
    everyone = None if who is None else np.tile(who, 1 + len(moves))
    places = frozen.at(moved.astype(np.float32), everyone).places.reshape(-1, count, 3)
    settled = frozen.at(states, who)
    far = _lengths(places[1:] - places[0]).max(axis=0) / unit
    apart = np.full(count, np.nan) if who is None else _lengths(places[0] - frozen.places.T[who])
    flat = singularity_of(settled.derivatives(settled.rest())[1], unit)
    return np.stack([far, flat, apart / unit]).astype(np.float32)


def singularity_of(hessian: Doubles, unit: float) -> Doubles:
    """1 / (unit² λ_min) of Hessians [T, 3, 3]; infinite where the smallest eigenvalue is not
    positive.
    """
    least = np.linalg.eigvalsh(hessian)[:, 0]
    with np.errstate(divide="ignore"):
        return np.where(least > 0, 1 / (unit**2 * np.maximum(least, 0)), np.inf)


def reference_scores(
    frozen: FrozenMap, states: Floats, length: float = LENGTH, stop: Stop = go_on
) -> Scores:
    """The scores of every reference token, each left out in its turn: ``states`` [n, d]."""
    everyone = np.arange(len(states), dtype=np.int32)
    return scores_of(frozen, states, moves_of(states, length), everyone, stop)


def control_scores(
    frozen: FrozenMap, states: Floats, length: float = LENGTH, stop: Stop = go_on
) -> Scores:
    """The same of a picture that says nothing: the same states and places, the places dealt to the
    tokens at random, for ``SAMPLE`` tokens spread evenly.
    """
    count = len(states)
    dealt = np.random.default_rng(SEED).permutation(count)
    shuffled = replace(frozen, places=frozen.places[:, dealt], groups=frozen.groups[dealt])
    few = min(SAMPLE, count)
    who = ((np.arange(few) * count) // few).astype(np.int32)
    return scores_of(shuffled, states[who], moves_of(states, length), who, stop)


def _parts(count: int, each: int) -> Iterator[slice]:
    at_once = max(1, _AT_ONCE // each)
    for start in range(0, count, at_once):
        yield slice(start, min(start + at_once, count))


def _lengths(vectors: NDArray[np.floating]) -> Doubles:
    return np.asarray(np.sqrt(np.square(vectors.astype(np.float64)).sum(axis=-1)))
