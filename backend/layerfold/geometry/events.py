"""Steps at which something happens: jumps in a series over checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from layerfold.geometry.estimates import Doubles

TIMES, EACH, WHOLE, LONGEST, LEAST = 6.0, 0.08, 0.2, 5, 8


@dataclass(frozen=True)
class Event:
    """A jump: the checkpoint's ``step`` at which its largest change ends, the values before and
    after the whole jump, and the largest change over the median one (``score``, at most 1000).
    """

    step: int
    before: float
    after: float
    score: float


def find_events(
    steps: Sequence[int],
    series: Sequence[float] | Doubles,
    times: float = TIMES,
    each: float = EACH,
    whole: float = WHOLE,
) -> tuple[Event, ...]:
    """The jumps of ``series`` [step], in order; none in a constant or a smooth one, or in one of
    fewer than 8 finite values.

    The rule: a change between neighbouring checkpoints is fast when it is over ``times`` the median
    absolute change and over ``each`` of the series' range. Fast changes in a row, of one sign, are
    one jump when together they are over ``whole`` of the range, last at most 5 checkpoints, and
    neither begin nor end the series: what was before and after must be seen.
    """
    values = np.asarray(series, dtype=np.float64)
    finite = np.isfinite(values)
    values, at = values[finite], np.asarray(steps, dtype=np.int64)[finite]
    if len(values) < LEAST or np.ptp(values) == 0:
        return ()
    extent = float(np.ptp(values))
    changes = np.diff(values)
    usual = max(float(np.median(np.abs(changes))), extent / 1000)
    fast = np.where(np.abs(changes) > max(times * usual, each * extent), np.sign(changes), 0)
    runs = [
        list(rows) for sign, rows in groupby(range(len(fast)), key=lambda row: fast[row]) if sign
    ]
    found = [
        _event(at, values, changes, rows, usual)
        for rows in runs
        if _is_jump(values, rows, whole * extent)
    ]
    return tuple(found)


def _is_jump(values: Doubles, rows: list[int], least: float) -> bool:
    """Whether the changes ``rows`` are sudden, large together, and seen from before to after."""
    inside = rows[0] > 0 and rows[-1] < len(values) - 2
    return inside and len(rows) <= LONGEST and abs(values[rows[-1] + 1] - values[rows[0]]) > least


def _event(
    at: NDArray[np.int64], values: Doubles, changes: Doubles, rows: list[int], usual: float
) -> Event:
    """The jump made of the changes ``rows``."""
    peak = max(rows, key=lambda row: abs(changes[row]))
    return Event(
        int(at[peak + 1]),
        float(values[rows[0]]),
        float(values[rows[-1] + 1]),
        float(abs(changes[peak]) / usual),
    )
