"""The two inner loops of the layout as machine code. Imports numba, which serving must not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np

from layerfold.space.force_table import BITS, LEAST

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """The function as machine code, parallel over its ``prange``; kept on disk where a folder can
    be written.
    """
    return _compiled(function, parallel=True)


def serial(function: F) -> F:
    """The function as machine code of one thread; kept as ``compiled`` is."""
    return _compiled(function, parallel=False)


def _compiled(function: F, parallel: bool) -> F:
    said: dict[str, Any] = {"parallel": parallel, "nogil": True, "error_model": "numpy"}
    try:
        return cast(F, numba.njit(cache=True, **said)(function))
    # neither the package's folder nor the person's cache folder can be written
    except RuntimeError:
        return cast(F, numba.njit(**said)(function))


@compiled
def descend(positions: Any, graphs: Any, forces: Any, now: Any, draws: Any) -> None:
    """One epoch of UMAP's sampled descent in every slice: edges in order, negatives from (seed,
    epoch, point) alone.

    ``graphs``: (starts, indices, rates) of all slices; ``now``: (epoch, learning rate); ``draws``:
    (seed, negatives to each sample).
    """
    starts, indices, rates = graphs
    epoch, alpha = now
    seed, negatives = draws
    count, last = positions.shape[1], forces.shape[1] - 2
    limit, shift = np.float32(4), 23 - BITS
    base, mask, unit = (127 + LEAST) << BITS, (1 << shift) - 1, np.float32(1 / (1 << shift))
    for s in numba.prange(positions.shape[0]):
        p = positions[s]
        for i in range(count):
            x, y, z = p[i, 0], p[i, 1], p[i, 2]
            # the same in every slice: SplitMix64's mix of the three numbers, then Knuth's linear
            # congruence
            state = (np.uint64(seed) * np.uint64(count) + np.uint64(i)) * np.uint64(
                0x9E3779B97F4A7C15
            ) + np.uint64(epoch)
            state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            for e in range(starts[s, i], starts[s, i + 1]):
                rate = np.float64(rates[e])
                if np.floor((epoch + 1) * rate) <= np.floor(epoch * rate):
                    continue  # an edge of weight w is due in a share w of the epochs
                for n in range(negatives + 1):
                    if n == 0:
                        j = np.int64(indices[e])
                    else:
                        state = state * np.uint64(6364136223846793005) + np.uint64(
                            1442695040888963407
                        )
                        j = np.int64(((state >> np.uint64(32)) * np.uint64(count)) >> np.uint64(32))
                    dx, dy, dz = x - p[j, 0], y - p[j, 1], z - p[j, 2]
                    square = np.float32(dx * dx + dy * dy + dz * dz)
                    # exponent and first bits of the mantissa name the entry, the rest the place
                    # after it
                    bits = square.view(np.int32)
                    entry = (bits >> shift) - base
                    if entry < 0:
                        continue  # the two are one point (or i was drawn for itself)
                    entry = min(entry, last)
                    kind, part = min(n, 1), np.float32(bits & mask) * unit
                    force = forces[kind, entry] + part * (
                        forces[kind, entry + 1] - forces[kind, entry]
                    )
                    dx = alpha * min(max(force * dx, -limit), limit)
                    dy = alpha * min(max(force * dy, -limit), limit)
                    dz = alpha * min(max(force * dz, -limit), limit)
                    x, y, z = x + dx, y + dy, z + dz
                    if n == 0:
                        p[j, 0] -= dx
                        p[j, 1] -= dy
                        p[j, 2] -= dz
            p[i, 0], p[i, 1], p[i, 2] = x, y, z


@compiled
def hold(here: Any, there: Any, ties: Any, springs: Any, strength: Any) -> None:
    """``there`` is ``here`` after every spring pulled or pushed its ends toward its length at rest.

    The step is damped by 1 + 2·(sum of firmness), so no point goes more than half way at once:
    stable however firm the springs are. ``ties``: (first, other, number), the grid in rows;
    ``springs``: (lengths, firmness) [pair, ref].
    """
    first, other, number = ties
    lengths, firmness = springs
    one, two, least = np.float32(1), np.float32(2), np.float32(1e-3)
    for s in numba.prange(here.shape[0]):
        for i in range(here.shape[1]):
            x, y, z = here[s, i, 0], here[s, i, 1], here[s, i, 2]
            total = mx = my = mz = np.float32(0)
            for q in range(first[s], first[s + 1]):
                t, pair = other[q], number[q]
                dx, dy, dz = here[t, i, 0] - x, here[t, i, 1] - y, here[t, i, 2] - z
                apart = max(np.sqrt(dx * dx + dy * dy + dz * dz), least)
                firm = strength * firmness[pair, i]
                move = firm * (one - lengths[pair, i] / apart)
                total += firm
                mx, my, mz = mx + move * dx, my + move * dy, mz + move * dz
            part = one / (one + two * total)
            there[s, i, 0], there[s, i, 1], there[s, i, 2] = (
                x + part * mx,
                y + part * my,
                z + part * mz,
            )
