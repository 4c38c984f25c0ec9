"""What of a picture is in view at first: a ball about its middle."""

from __future__ import annotations

from typing import Any

import numpy as np

from layerfold.records import Floats


def frame_of(positions: Floats, share: float = 0.98) -> dict[str, Any]:
    """The ball about the median place that holds ``share`` of all points [..., 3]: far islands do
    not squeeze the rest.
    """
    points = positions.reshape(-1, 3)
    center = np.median(points, axis=0)
    radius = np.quantile(np.sqrt(np.square(points - center).sum(axis=1)), share)
    return {
        "center": [round(float(value), 4) for value in center],
        "radius": round(float(max(radius, 1e-3)), 4),
    }
