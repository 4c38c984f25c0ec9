"""What a run says from Python: frozen records of arrays, each with ``to_frame``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from layerfold.records import Floats, Framed, Ints


@dataclass(frozen=True)
class TextStates(Framed):
    """The raw states of a text: ``values`` [site, token, d]."""

    AXES: ClassVar = {"values": ("site", "token", "d")}

    tokens: tuple[str, ...]
    sites: tuple[str, ...]
    values: Floats


@dataclass(frozen=True)
class TextLens(Framed):
    """The logit lens at one token of a text: the likeliest ``words`` [site][rank] with their
    ``probabilities`` [site, rank], and at each site the ``entropy`` of its distribution and
    ``kl``, KL(site ‖ last site), in nats.
    """

    AXES: ClassVar = {
        "probabilities": ("site", "rank"),
        "entropy": ("site",),
        "kl": ("site",),
    }

    sites: tuple[str, ...]
    words: tuple[tuple[str, ...], ...]
    probabilities: Floats
    entropy: Floats
    kl: Floats


@dataclass(frozen=True)
class TextNeighbors(Framed):
    """The true neighbors of each token of a text at one site, in the original space: ``indices`` of
    reference tokens and ``distances`` [token, k]; ``outside`` [token], the off-cloud percentile.
    """

    AXES: ClassVar = {
        "indices": ("token", "k"),
        "distances": ("token", "k"),
        "outside": ("token",),
    }

    tokens: tuple[str, ...]
    indices: Ints
    distances: Floats
    outside: Floats


@dataclass(frozen=True)
class RunMetric(Framed):
    """One metric: ``values`` [step, site], NaN where it is not defined, with its error bar ``low``
    and ``high`` where it has one.
    """

    AXES: ClassVar = {
        "values": ("step", "site"),
        "low": ("step", "site"),
        "high": ("step", "site"),
    }

    name: str
    unit: str
    steps: tuple[int, ...]
    sites: tuple[str, ...]
    values: Floats
    low: Floats | None = None
    high: Floats | None = None
