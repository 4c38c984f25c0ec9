"""The plane of the places: three named axes along which a line of verse is counted, the same at
every step.

They are found in the reference's states at the last step, as one straight line of best fit for
each: how far into the line a character stands, odd against even places, and lines of seven
characters against lines of five.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from layerfold.geometry.fourier import readers
from layerfold.records import Floats, Reference
from layerfold.training.tasks import Basis

SIZES: Final = (5, 7)
LOW: Final = 0.25
"""Of the third axis: how long the line is, is read with much noise, which would hide the plane."""
Doubles = NDArray[np.float64]


def verse_bases(states: Floats, reference: Reference) -> Sequence[Basis]:
    """The basis of places, from the reference's ``states`` [site, ref, d] at the last step; none
    where a place has no character.
    """
    place, size = (numbers_of(reference, name) for name in ("place", "length"))
    held = np.isin(size, SIZES) & (place >= 1) & (place <= size)
    kinds = len(set(zip(place[held].tolist(), size[held].tolist(), strict=True)))
    if kinds < sum(SIZES):
        return ()
    wanted = patterns(place[held], size[held])
    found = [axes(site[held], wanted) for site in states]
    matrix, offset = (np.stack(part).astype(np.float32) for part in zip(*found, strict=True))
    en = ("place in the line", "odd or even place", "¼ lines of seven or five")
    zh = ("句中位置", "奇数位／偶数位", "¼ 七言／五言")
    source = "places of characters in regular verse, at the last checkpoint"
    return (Basis("places", matrix, offset, "Plane of the places", "位置平面", en, zh, source),)


def numbers_of(reference: Reference, name: str) -> NDArray[np.int64]:
    """A label's names as numbers [ref], 0 where a token has none or its name is no number."""
    label = next((label for label in reference.labels if label.name == name), None)
    if label is None:
        return np.zeros(len(reference), dtype=np.int64)
    values = [
        label.names[int(value)] if value == value else "" for value in label.values[:, 0].tolist()
    ]
    return np.array([int(value) if value.isdecimal() else 0 for value in values], dtype=np.int64)


def patterns(place: NDArray[np.int64], size: NDArray[np.int64]) -> Doubles:
    """How far into the line (-1 to 1), odd (-1) or even (1), a line of five (-1) or seven (1): [3,
    n], each with mean 0.
    """
    rows = np.stack(
        (
            2 * (place - 1) / (size - 1) - 1,
            np.where(place % 2, -1.0, 1.0),
            np.where(size == SIZES[1], 1.0, -1.0),
        )
    )
    return np.asarray(rows - rows.mean(axis=1, keepdims=True))


def axes(states: Floats, wanted: Doubles) -> tuple[Doubles, Doubles]:
    """What reads the patterns off states [n, d]: matrix [3, d], offset [3]; what the other patterns
    add is taken out.
    """
    mean = states.mean(axis=0, dtype=np.float64)
    slopes = np.linalg.lstsq(wanted.T, states.astype(np.float64) - mean, rcond=None)[0]
    matrix = readers(slopes) * np.array([[1], [1], [LOW]])
    return matrix, -matrix @ mean
