"""How much of the drawn paths lies beside somebody: the share of their length within a tenth of the
clouds' radius of a point that is drawn.

The storyteller's examples at its last step, at four sites; curves and opacities as the page draws
them. "whole" is every path with the cloud of the site on screen alone; "ghosts" adds each token's
nearest true neighbours about every site; "comet" is what is about the site on screen, with its
dust.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from layerfold.interp.session import open_session

ROOT = Path(__file__).resolve().parents[1]
SITES = (2, 4, 8, 12)
NEAR = 0.1  # of the radius
REACH = 2.3  # sites at which a comet is gone
OFFSETS = (-0.25, 0.0, 0.25, 0.5)
PIECES = 16
SMOKE = {"SITES": (2,)}
WAYS = {"whole": 0, "whole with ghosts": 3, "comet": 0, "comet with dust": 1}


def run() -> dict[str, Any]:
    """The share by way of drawing, over all examples and the four sites."""
    opened = open_session(ROOT / "models" / "storyteller")
    step = opened.steps[-1]
    cloud = opened.atlas.cloud(step)
    bound = NEAR * opened.atlas.frame["radius"]
    texts = [one["text"] for one in opened.card["examples"]]
    slices = [opened.slice(opened.tokenize(text), step).placed for text in texts]
    return {
        "shares": {
            way: float(np.mean([share(slices, cloud, site, way, bound) for site in SITES]))
            for way in WAYS
        },
        "bar": 0.9,
    }


def table(found: dict[str, Any]) -> str:
    """A row a way."""
    return "\n".join(f"{way:<20}{value:>7.3f}" for way, value in found["shares"].items())


def share(slices: Any, cloud: Any, site: int, way: str, bound: float) -> float:
    """The share of the drawn length near a drawn point, with the page's opacities as weights."""
    shown, total, near = cKDTree(cloud[site]), 0.0, 0.0
    for placed in slices:
        for token in range(placed.positions.shape[1]):
            at, points = curve(placed.positions[:, token])
            lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
            middle, where = (points[1:] + points[:-1]) / 2, (at[1:] + at[:-1]) / 2
            comet = way.startswith("comet")
            weight = np.clip(1 - np.abs(where - site) / REACH, 0, 1) ** 2 if comet else 1.0
            away = shown.query(middle)[0]
            if WAYS[way]:
                beside = ghosts(cloud, placed.neighbors[:, token, : WAYS[way]])
                away = np.minimum(away, cKDTree(beside).query(middle)[0])
            total += float((lengths * weight).sum())
            near += float((lengths * weight * (away <= bound)).sum())
    return near / total


def ghosts(cloud: Any, near: Any) -> Any:
    """Where the neighbours lie about every site."""
    rows = []
    for site in range(len(cloud)):
        for offset in OFFSETS:
            at = site + offset
            if 0 <= at <= len(cloud) - 1:
                low = min(int(at), len(cloud) - 2)
                mix = at - low
                rows.append(cloud[low][near[site]] * (1 - mix) + cloud[low + 1][near[site]] * mix)
    return np.concatenate(rows)


def curve(path: Any) -> tuple[Any, Any]:
    """A path [site, 3] as the page's smooth curve: places along it, and the points."""
    last = len(path) - 1
    padded = np.vstack([2 * path[0] - path[1], path, 2 * path[last] - path[last - 1]])
    places, points = [], []
    for k in range(last):
        before, a, b, after = padded[k : k + 4]
        m, n = tangent(before, a, b), tangent(a, b, after)
        for u in np.arange(PIECES) / PIECES:
            places.append(k + u)
            points.append(
                (2 * u**3 - 3 * u**2 + 1) * a
                + (u**3 - 2 * u**2 + u) * m
                + (3 * u**2 - 2 * u**3) * b
                + (u**3 - u**2) * n
            )
    return np.array([*places, last]), np.array([*points, path[last]])


def tangent(before: Any, at: Any, after: Any) -> Any:
    """Half of what lies between the neighbours, no longer than the shorter way to one."""
    chord = 0.5 * (after - before)
    least = min(((at - before) ** 2).sum(), ((after - at) ** 2).sum())
    return chord * min(1.0, float(np.sqrt(least / max((chord**2).sum(), 1e-18))))
