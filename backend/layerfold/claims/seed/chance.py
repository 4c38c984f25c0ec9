"""How likely a number is under a null of which only a few draws could be afforded."""

from __future__ import annotations

import numpy as np
from scipy.stats import t

from layerfold.interp.interval import Doubles


def p_beyond(value: float, null: Doubles) -> float:
    """One-sided p that one more draw of the null is at least as large, by Student's t of its draws'
    mean and spread.
    """
    count, spread = len(null), float(null.std(ddof=1))
    if spread == 0:
        return 0.0 if value > float(null.mean()) else 1.0
    away = (value - float(null.mean())) / (spread * np.sqrt(1 + 1 / count))
    return float(t.sf(away, count - 1))
