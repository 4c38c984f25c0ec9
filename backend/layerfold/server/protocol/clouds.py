"""Clouds on their way to the page: coordinates as whole numbers, each as its difference from what
its neighbors in the grid foretell, in planes of low and high bytes, of which gzip leaves a third
less than of the file.
"""

from __future__ import annotations

import gzip
import threading
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

KEPT_BYTES: Final = 12 << 20  # some forty steps of 13 sites x 4,000 tokens
LEVEL: Final = 6

Arrays = dict[str, NDArray[Any]]


def planes(whole: NDArray[np.int32]) -> Arrays:
    """Whole numbers [step, site, ref, 3] of 16 bits as ``low`` and ``high`` bytes [step, site, 3,
    ref] of their differences, small ones first: 0, -1, 1, -2 …
    """
    rest = foretold(whole).transpose(0, 1, 3, 2).astype(np.int16)
    folded = ((rest << 1) ^ (rest >> 15)).view(np.uint16)
    parts = {"low": folded & 255, "high": folded >> 8}
    return {name: np.ascontiguousarray(part, dtype=np.uint8) for name, part in parts.items()}


def foretold(whole: NDArray[np.int32]) -> NDArray[np.int32]:
    """Whole numbers [step, site, ...] less what their neighbours before them foretell: same step,
    site before, plus same site, step before, less both before.
    """
    rest = whole.copy()
    rest[1:, 1:] -= whole[:-1, 1:] + whole[1:, :-1] - whole[:-1, :-1]
    rest[1:, 0] -= whole[:-1, 0]
    rest[0, 1:] -= whole[0, :-1]
    return rest


def ordered(halves: NDArray[np.float16]) -> NDArray[np.int32]:
    """Half numbers as whole numbers of 16 bits in the same order; the same again gives them back,
    to the bit.
    """
    bits = np.ascontiguousarray(halves).view(np.int16)
    return (bits ^ ((bits >> 15) & 0x7FFF)).astype(np.int32)


def packed_clouds(data: bytes) -> bytes:
    """A step's clouds (safetensors) as the page reads them, gzipped: their positions' planes and,
    where it has it, each point's trust; not a bit of either is lost.
    """
    arrays = load(data)
    kept = planes(ordered(arrays["positions"])[None])
    if "trust" in arrays:
        kept["trust"] = arrays["trust"]
    return gzip.compress(save(kept), LEVEL, mtime=0)


class PackedClouds:
    """Packed clouds by the digest of what they were packed from, at most ``room`` bytes of them,
    the oldest gone first; any thread may ask.
    """

    def __init__(self, room: int = KEPT_BYTES) -> None:
        self.room = room
        self._kept: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def of(self, digest: str, data: bytes) -> bytes:
        """The clouds whose sha256 is ``digest``, packed."""
        found = self._kept.get(digest) or packed_clouds(data)
        with self._lock:
            self._kept[digest] = found
            while len(self._kept) > 1 and sum(map(len, self._kept.values())) > self.room:
                del self._kept[next(iter(self._kept))]
        return found
