"""What Poet's claims are decided at, as ``poet.py`` registers it, and how their numbers read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from layerfold.claims.verse_texts import Figures
from layerfold.records import Estimate

ENDS_FOUND: Final = 0.99
FALSE_ENDS: Final = 0.01
EARLY: Final = 400
ORDERED: Final = 0.9
STRANDS: Final = 0.8
APART: Final = 0.9
FEW: Final = 0.95
SELECTIVE: Final = 0.10
OURS: Final = "registered before training (claims/poet.py)"
GURNEE: Final = "Gurnee et al. 2026 (arXiv 2601.04480)"
LENGTH: Final = 7
"""Characters of the lines whose strands decide."""
SMALL: Final = "One small model of verse: nothing here is shown of larger ones."
SMALL_ZH: Final = "这只是一个读诗的小模型：并未证明更大的模型也是如此。"

Series = Mapping[int, Figures]


def words(estimate: Estimate) -> str:
    """A number with its interval, as it is read."""
    if estimate.low != estimate.low:
        return f"{estimate.value:.3f}"
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"
