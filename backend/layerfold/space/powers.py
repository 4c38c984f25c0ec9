"""Logarithms and powers of two in single precision, by basic arithmetic in one order.

A library's own `exp` or `power` ends in other last bits on another processor, and in machine code.
These have the same bytes everywhere; log2 is right to 4e-7, exp2 to 3e-7 and exp2_less_1 to 6e-7.
Coefficients: least maximal relative error, by weighted least squares (Lawson).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from layerfold.records import Floats

ROOT: Final = np.int32(0x3F3504F3)  # sqrt(1/2): a mantissa lies between it and its double
FRACTION: Final = np.int32(0x7FFFFF)
BITS: Final = np.int32(23)
UNIT: Final = np.int32(0x3F800000)  # 1
# of log2((1 + s) / (1 - s)) / s in s squared, for mantissas of that range
LOGARITHM: Final = tuple(np.float32(each) for each in (2.8853904, 0.96158833, 0.5957807))
# of (2^f - 1) / f for -1/2 <= f <= 1/2
POWER: Final = tuple(
    np.float32(each) for each in (0.69314714, 0.24022351, 0.055505002, 0.0096662454, 0.0013333539)
)
WHOLE: Final = np.float32(3 << 22)  # added, it leaves the nearest whole number in the last bits
LEAST, MOST = np.float32(-120), np.float32(96)  # of an exponent: what is beyond stays there
OF_E: Final = np.float32(1.442695)  # log2 of e


def log2(values: Floats) -> Floats:
    """The logarithms to base 2 of numbers above 0; of 0 and what is below 1e-38, some -127."""
    bits = values.view(np.int32) - ROOT
    whole = (bits >> BITS).astype(np.float32)
    bits &= FRACTION
    bits += ROOT
    part = bits.view(np.float32)
    above = part + 1
    part -= 1
    part /= above
    square = part * part
    found = square * LOGARITHM[2]
    found += LOGARITHM[1]
    found *= square
    found += LOGARITHM[0]
    found *= part
    found += whole
    return found


def exp2(values: Floats) -> Floats:
    """Two to the power of each number, between 2^-120 and 2^96; ``values`` are used up."""
    more, scale = _parts(values)
    more += 1
    bits = more.view(np.int32)
    bits += scale
    return more


def exp2_less_1(values: Floats) -> Floats:
    """``exp2(values) - 1``, as precise near 0; ``values`` are used up."""
    more, scale = _parts(values)
    scale += UNIT
    power = scale.view(np.float32)
    more *= power
    power -= 1
    more += power
    return more


def _parts(values: Floats) -> tuple[Floats, NDArray[np.int32]]:
    """Two to the power of each number's fraction, less 1, and its whole part as an exponent's
    bits.
    """
    np.maximum(values, LEAST, out=values)
    np.minimum(values, MOST, out=values)
    rounded = values + WHOLE
    scale = rounded.view(np.int32) << BITS
    rounded -= WHOLE
    values -= rounded
    more = values * POWER[4]
    for coefficient in POWER[3::-1]:
        more += coefficient
        more *= values
    return more, scale
