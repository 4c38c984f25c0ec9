"""How far a finished layout can be trusted: each point's trust, the measures of a step, and what its axes repeat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from layerfold.geometry.axes import axis_correlations
from layerfold.geometry.spectrum import participation_ratio
from layerfold.geometry.trust import Trust, spearman
from layerfold.records import Floats, Reference
from layerfold.space.springs import moves

UNITS = {
    "trust": "mean trustworthiness at k = 15, 0..1",
    "continuity": "mean continuity at k = 15, 0..1",
    "recall": "share of the 15 true neighbours shown",
    "participation_ratio": "directions",
    "move_spearman": "Spearman's r of true and shown move to the next site",
}


def measured(found: Sequence[Trust], states: Floats, shown: Floats) -> dict[str, list[float]]:
    """The measures of one step, [site] each."""
    onward = [spearman(moves(*states[at : at + 2]), moves(*shown[at : at + 2])) for at in range(len(states) - 1)]
    return {
        "trust": [float(one.trust.mean()) for one in found],
        "continuity": [float(one.continuity.mean()) for one in found],
        "recall": [one.recall for one in found],
        "participation_ratio": [participation_ratio(site) for site in states],
        "move_spearman": [*onward, float("nan")],
    }


def guard(reference: Reference, positions: Floats, norm: Floats, extra: Mapping[str, NDArray[Any]]) -> tuple[tuple[str, ...], Floats]:
    """Names of the variables, and r [step, site, 3, variable]: within each slice, but ``site`` over its step and ``step`` over its site."""
    given = {"position": reference.position, "log_frequency": np.log(np.maximum(reference.frequency, 1e-3)), **extra}
    names = ("norm", *given, "site", "step")
    steps, sites, count = norm.shape
    axes = np.full((steps, sites, 3, len(names)), np.nan, dtype=np.float32)
    for step in range(steps):
        for site in range(sites):
            axes[step, site, :, :-2] = axis_correlations(positions[step, site], {"norm": norm[step, site], **given})
        axes[step, :, :, -2] = axis_correlations(positions[step].reshape(-1, 3), {"site": np.repeat(np.arange(sites), count)})[:, 0]
    for site in range(sites):
        axes[:, site, :, -1] = axis_correlations(positions[:, site].reshape(-1, 3), {"step": np.repeat(np.arange(steps), count)})[:, 0]
    return names, axes
