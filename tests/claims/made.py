"""Claims made up for tests, and a shape that makes them."""

from __future__ import annotations

from math import nan
from typing import Any

from layerfold.claims.claim import Claim, Control


def a_claim(id: str = "made-up", holds: bool = True, **more: Any) -> Claim:
    """A claim with values at the small run's steps, one of them not defined."""
    given: dict[str, Any] = {
        "id": id,
        "title_en": "The circle closes",
        "title_zh": "圆环闭合",
        "says_en": "Four directions hold most of the power.",
        "says_zh": "四个方向占去大部分能量。",
        "source": "Someone 2023, arXiv:2301.00000",
        "published": "91.2 %",
        "unit": "share, 0..1",
        "threshold": "at least 0.80",
        "values": {64: 1 / 3, 0: nan, 8: 0.25},
        "here": "0.333",
        "holds": holds,
        "at_step": 64,
        "controls": (
            Control("untrained", "未经训练", 0.1),
            Control("shuffled", "打乱", {0: 0.1, 8: nan, 64: 0.2}),
        ),
        "bound": 0.8,
    }
    return Claim(**{**given, **more})
