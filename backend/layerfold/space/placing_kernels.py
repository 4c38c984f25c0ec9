"""Placement as machine code: what `neighbors.best` and `clouds.settle` say, to the byte, one token
after another and without Python's interpreter. Imports numba, which serving does not wait for.

Every sum is added in numpy's own order, and no multiplication is joined with an addition. All of it
is in this file: code that is kept is made anew when its own file changes, not when another does.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from layerfold.space.descent import (
    FINITE,
    HALVINGS,
    LEAST_DOUBT,
    LEAST_REACH,
    LONGEST,
    NEAR,
    PULLS,
    ROUNDS,
    SHARPNESS,
    TINY,
)
from layerfold.space.kernels import serial
from layerfold.space.powers import (
    BITS,
    FRACTION,
    LEAST,
    LOGARITHM,
    MOST,
    OF_E,
    POWER,
    ROOT,
    UNIT,
    WHOLE,
)

LEAF: Final = 128  # so many numbers numpy adds in eight sums; more, by halves
DEEP: Final = 64  # halves of halves
FEW: Final = 16
ONE: Final = np.float32(1)
L0, L1, L2 = LOGARITHM
P0, P1, P2, P3, P4 = POWER
TO_SINGLE: Final = np.float32(2.0**112)  # between the exponents of float16 and float32


@serial
def logarithm(value: Any) -> Any:
    """`powers.log2`."""
    bits = np.int32(np.float32(value).view(np.int32) - ROOT)
    whole = np.float32(np.int32(bits >> BITS))
    part = np.int32(np.int32(bits & FRACTION) + ROOT).view(np.float32)
    part = (part - ONE) / (part + ONE)
    square = part * part
    return ((square * L2 + L1) * square + L0) * part + whole


@serial
def fraction(value: Any) -> Any:
    """`powers._parts`."""
    value = min(max(value, LEAST), MOST)
    rounded = value + WHOLE
    scale = np.int32(np.float32(rounded).view(np.int32) << BITS)
    value -= rounded - WHOLE
    return ((((value * P4 + P3) * value + P2) * value + P1) * value + P0) * value, scale


@serial
def power_of_2(value: Any) -> Any:
    """`powers.exp2`."""
    more, scale = fraction(value)
    return np.int32(np.float32(more + ONE).view(np.int32) + scale).view(np.float32)


@serial
def power_of_2_less_1(value: Any) -> Any:
    """`powers.exp2_less_1`."""
    more, scale = fraction(value)
    power = np.int32(scale + UNIT).view(np.float32)
    return more * power + (power - ONE)


@serial
def eight(values: Any) -> Any:
    """The sum of ``LEAF`` numbers at most, as numpy adds them: in eight sums where there are as
    many.
    """
    if len(values) < 8:
        total = np.float32(0)
        for few in range(len(values)):
            total += values[few]
        return total
    a, b, c, d = values[0], values[1], values[2], values[3]
    e, f, g, h = values[4], values[5], values[6], values[7]
    whole = len(values) // 8
    for row in range(np.uint64(1), np.uint64(whole)):
        n = row * np.uint64(8)
        a += values[n]
        b += values[n + np.uint64(1)]
        c += values[n + np.uint64(2)]
        d += values[n + np.uint64(3)]
        e += values[n + np.uint64(4)]
        f += values[n + np.uint64(5)]
        g += values[n + np.uint64(6)]
        h += values[n + np.uint64(7)]
    total = ((a + b) + (c + d)) + ((e + f) + (g + h))
    for rest in range(8 * whole, len(values)):
        total += values[rest]
    return total


@serial
def summed(values: Any, stack: Any) -> Any:
    """The sum of any number of numbers, as numpy adds them: halves of halves, no more than ``LEAF``
    each. ``stack`` (sizes, sums) is room for them: a function that calls itself cannot be kept.
    """
    if len(values) <= LEAF:
        return eight(values)
    sizes, sums = stack
    sizes[0] = len(values)
    top, held, at = 1, 0, 0
    while top > 0:
        top -= 1
        size = sizes[top]
        if size == 0:  # the two sums before it belong together
            held -= 1
            sums[held - 1] += sums[held]
        elif size <= LEAF:
            sums[held] = eight(values[at : at + size])
            at += size
            held += 1
        else:
            half = size // 2
            half -= half % 8
            sizes[top], sizes[top + 1], sizes[top + 2] = 0, size - half, half
            top += 3
    return sums[0]


@serial
def distance(query: Any, point: Any, squares: Any, stack: Any) -> Any:
    """Between a query and a point, of float32 or the bits of float16."""
    if point.itemsize == 2:
        for n in range(len(query)):
            bits = np.uint32(point[n])
            size = np.uint32(np.uint32(bits & np.uint32(0x7FFF)) << np.uint32(13)).view(np.float32)
            number = np.float32(size * TO_SINGLE)
            away = query[n] - (-number if bits & np.uint32(0x8000) else number)
            squares[n] = away * away
    else:
        for n in range(len(query)):
            away = query[n] - point[n]
            squares[n] = away * away
    return np.sqrt(summed(squares, stack))


@serial
def limit_of(row: Any, least: Any, low: Any, size: Any) -> Any:
    """The k-th least of ``least``, which becomes the least of each ``size`` numbers of a row;
    ``low`` [k] is room.
    """
    blocks, last = len(least), len(low) - 1
    least[:] = row[:blocks]
    for part in range(1, size):
        these = row[part * blocks : (part + 1) * blocks]
        for n in range(blocks):
            least[n] = min(least[n], these[n])
    low[:] = np.inf
    for n in range(blocks):
        value = least[n]
        if value < low[last]:
            at = last
            while at > 0 and value < low[at - 1]:
                low[at] = low[at - 1]
                at -= 1
            low[at] = value
    return low[last]


@serial
def enter(column: Any, away: Any, near: Any, far: Any) -> None:
    """A point takes its place among the nearest so far, if it has one: by distance, then by
    index.
    """
    at = len(far) - 1
    if away > far[at] or (away == far[at] and column > near[at]):
        return
    while at > 0 and (away < far[at - 1] or (away == far[at - 1] and column < near[at - 1])):
        far[at], near[at] = far[at - 1], near[at - 1]
        at -= 1
    far[at], near[at] = away, column


@serial
def choose(queries: Any, points: Any, product: Any, limits: Any, found: Any) -> None:
    """The nearest points of each query into ``found`` (near, far) [q, k]; ``limits`` are the
    points' squares [n] and each query's margin [q].
    """
    (squares, margin), (near, far) = limits, found
    count, k = product.shape[1], near.shape[1]
    size = FEW if count // FEW >= 4 * k else 1
    blocks = count // size
    least, low = np.empty(blocks, dtype=np.float32), np.empty(k, dtype=np.float32)
    room = np.empty(queries.shape[1], dtype=np.float32)
    stack = np.empty(3 * DEEP, dtype=np.int64), np.empty(DEEP, dtype=np.float32)
    for q in range(len(queries)):
        row = product[q]
        for n in range(count):
            row[n] += squares[n]
        limit = limit_of(row, least, low, size) + margin[q]
        near[q], far[q] = count, np.inf
        for block in range(blocks + count - size * blocks):
            inside = block < blocks
            if inside and least[block] > limit:
                continue
            first = block if inside else size * blocks + block - blocks
            for n in range(first, size * blocks if inside else first + 1, blocks):
                if row[n] <= limit:
                    away = distance(queries[q], points[n], room, stack)
                    enter(n, away, near[q], far[q])


@serial
def pull_of(distances: Any, like: Any, pull: Any, room: Any) -> Any:
    """`memberships` and `pulls` of one token: how hard each neighbour pulls into ``pull`` [k], and
    the sum of the memberships. ``like`` is `likeness`.
    """
    (target, first), (some, stack) = like, room
    k = len(distances)
    low = LEAST_REACH * (summed(distances, stack) / np.float32(k)) + TINY
    high = max(distances[k - 1] / first, low)
    for _ in range(HALVINGS):
        middle = np.sqrt(low) * np.sqrt(high)
        rate = -OF_E / middle
        for n in range(1, k):
            some[n] = power_of_2(distances[n] * rate)
        if summed(some[1:k], stack) > target:
            high = middle
        else:
            low = middle
    for n in range(k):
        exponent = distances[n] / high
        some[n] = power_of_2(exponent * -OF_E)
        doubt = -power_of_2_less_1(exponent * (-SHARPNESS * OF_E))
        pull[n] = some[n] / max(doubt, LEAST_DOUBT)
    return summed(some[:k], stack)


@serial
def pushed(place: Any, cells: Any, curve: Any, room: Any, stack: Any) -> Any:
    """`Curve.repulsion` of one token by one cloud; in three rounds, each of which a processor can
    run far ahead in.
    """
    (x, y, z), (centers, counts, soft), (a, b, double) = place, cells, curve
    (along, across, up), (cx, cy, cz) = room, (centers[0], centers[1], centers[2])
    count = len(counts)
    for n in range(count):
        dx, dy, dz = x - cx[n], y - cy[n], z - cz[n]
        square = dx * dx + dy * dy + dz * dz + soft[n]
        along[n] = square + FINITE
        across[n] = logarithm(square) * b
    for n in range(count):
        along[n] *= power_of_2(across[n]) * a + ONE
    for n in range(count):
        force = counts[n] * double / along[n]
        along[n] = (x - cx[n]) * force
        across[n] = (y - cy[n]) * force
        up[n] = (z - cz[n]) * force
    return summed(along[:count], stack), summed(across[:count], stack), summed(up[:count], stack)


@serial
def stepped(place: Any, near: Any, push: Any, curve: Any, room: Any) -> Any:
    """`descent._step` of one token; ``near`` [4, k] are the anchors and how hard they pull."""
    (x, y, z), (px, py, pz), (a, b, double) = place, push, curve
    (along, across, up, force), stack = room
    nx, ny, nz, pull = near
    for n in range(len(pull)):
        dx, dy, dz = nx[n] - x, ny[n] - y, nz[n] - z
        square = dx * dx + dy * dy + dz * dz + NEAR
        power = power_of_2(logarithm(square) * b) * a
        strength = pull[n] * (double * power / (square * (ONE + power)))
        along[n], across[n], up[n], force[n] = dx * strength, dy * strength, dz * strength, strength
    k = len(pull)
    whole = summed(force[:k], stack)
    mx = (summed(along[:k], stack) + px) / whole
    my = (summed(across[:k], stack) + py) / whole
    mz = (summed(up[:k], stack) + pz) / whole
    part = LONGEST / max(np.sqrt(mx * mx + my * my + mz * mz), LONGEST)
    return x + mx * part, y + my * part, z + mz * part


@serial
def descend(clouds: Any, found: Any, curve: Any, like: Any, places: Any) -> None:
    """`memberships`, `pulls` and `descend` of all tokens at all sites, into ``places`` [S, T, 3].

    ``clouds``: places [S, 3, n], centers [S, 3, C], counts and soft [S, C]; ``found``: neighbours
    and their distances [S, T, k]; ``curve``: (a, b, 2b), and the push's share.
    """
    (clouds_at, centers, counts, soft), (nearest, distances) = clouds, found
    (shape, share), k = curve, nearest.shape[2]
    wide = max(k, centers.shape[2])
    along, across, up = (
        np.empty(wide, dtype=np.float32),
        np.empty(wide, dtype=np.float32),
        np.empty(wide, dtype=np.float32),
    )
    nx, ny, nz, pull, force = (
        np.empty(k, dtype=np.float32),
        np.empty(k, dtype=np.float32),
        np.empty(k, dtype=np.float32),
        np.empty(k, dtype=np.float32),
        np.empty(k, dtype=np.float32),
    )
    stack = np.empty(3 * DEEP, dtype=np.int64), np.empty(DEEP, dtype=np.float32)
    near, room = (nx, ny, nz, pull), ((along, across, up, force), stack)
    for site in range(nearest.shape[0]):
        cloud, cells = clouds_at[site], (centers[site], counts[site], soft[site])
        for token in range(nearest.shape[1]):
            strength = share * pull_of(distances[site, token], like, pull, (force, stack))
            for n in range(k):
                at = nearest[site, token, n]
                nx[n], ny[n], nz[n] = cloud[0, at], cloud[1, at], cloud[2, at]
                along[n], across[n], up[n] = nx[n] * pull[n], ny[n] * pull[n], nz[n] * pull[n]
            whole = summed(pull, stack)
            x = summed(along[:k], stack) / whole
            y = summed(across[:k], stack) / whole
            z = summed(up[:k], stack) / whole
            for _ in range(ROUNDS):
                px, py, pz = pushed((x, y, z), cells, shape, (along, across, up), stack)
                push = (px * strength, py * strength, pz * strength)
                for _ in range(PULLS):
                    x, y, z = stepped((x, y, z), near, push, shape, room)
            places[site, token, 0], places[site, token, 1], places[site, token, 2] = x, y, z
