"""UMAP's forces as a table, so that a power function need not be computed for every point."""

from __future__ import annotations

from typing import Final

import numpy as np

from layerfold.records import Floats

# squared distances from 2^-40 to 2^40, 32 to an octave: 20 kB, which stay in the cache
LEAST: Final = -40
OCTAVES: Final = 80
BITS: Final = 5
PLACES: Final = 1 << BITS


def force_table(a: float, b: float, each: float) -> Floats:
    """UMAP's pull and push over the distance, [2, entry], at squared distances that have
    ``PLACES`` to an octave from ``LEAST`` up.

    Read between two entries they are right to 1e-3, and a power function need not be computed 30
    times a point and epoch.
    """
    octaves = np.arange(OCTAVES * PLACES + 1)
    square = np.ldexp(1 + octaves % PLACES / PLACES, octaves // PLACES + LEAST)
    with np.errstate(over="ignore"):
        power = square**b
        pull = -2 * b * a / (square * (a + 1 / power))
        push = each * 2 * b / ((0.001 + square) * (a * power + 1))
    return np.stack([pull, push]).astype(np.float32)
