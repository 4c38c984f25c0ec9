"""The bar of each claim, written down before its number was computed.

A bar comes from the paper or from chance where one gives it; the rest are ours, chosen beforehand,
and the sentences of the claims say which. No claim counts as beating its control whose false
discovery rate over the run's table exceeds ``RATE``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

RATE: Final = 0.05  # Benjamini & Hochberg 1995

BARS: Final[Mapping[str, Mapping[str, float]]] = {
    "1.1a": {"share": 0.25, "rejecting": 0.05, "level": 0.01},
    "1.1b": {"share": 0.5},
    "1.1c": {"largest": 0.25},
    "1.2a": {"share": 0.9},
    "1.2b": {"times": 2.0},
    "1.2c": {"cosine": 0.3},
    "1.2d": {"correlation": 0.5},
    "1.3a": {"quotient": 1.0},
    "1.3b": {"share": 0.25},
    "1.3c": {"nats": 0.01, "percentile": 0.0},
    "1.4a": {"gain": 0.05},
    "1.4b": {"cosine": 0.9},
    "1.5a": {"correlation": 0.2},
    "1.5b": {"ratio": 1.0},
    "1.5c": {"bits": 4, "damage": 0.05, "sparsity": 0.5, "thinned": 0.1},
    "2.1a": {"attention": 0.05},
    "2.1b": {"overlap": 1.0},
    "2.1c": {"unexplained": 0.1},
    "2.1d": {"times": 1.2},
    "2.1e": {"kept": 0.5},
    "2.1f": {"ratio": 1.0},
    "2.2a": {"cosine": 0.1},
    "2.2b": {"change": 0.0},
    "2.2c": {"cosine": 0.0},
    "2.2d": {"share": 0.5},
    "2.3a": {"nats": 0.0},
    "2.3b": {"correlation": 0.0},
    "2.3c": {"gap": 0.05},
    "2.4a": {"ratio": 1.0, "share": 0.95},
    "2.4b": {"gain": 0.0},
    "2.4c": {"ratio": 0.25},
    "2.5a": {"mixed": 0.0},
    "2.5b": {"ratio": 0.5},
    "2.5c": {"rising": 1.0, "fall": 0.01},
}
