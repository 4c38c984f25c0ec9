"""What other libraries say of known shapes: ``python -m tests.geometry.references`` writes
``references.json`` beside this file.

Needs scikit-dimension and ripser, which bring matplotlib and are therefore not among the tools of
the project: install them in an environment of their own beside numpy, scipy and scikit-learn. The
tests compare Layerfold with the kept numbers.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

KEPT = Path(__file__).with_suffix(".json")
NEIGHBOURS = (5, 15)
SEED = 7


def shapes() -> dict[str, NDArray[np.float32]]:
    """Shapes whose dimension is known, by name, 1,500 points each."""
    rng = np.random.default_rng(SEED)
    turn = 1.5 * np.pi * (1 + 2 * rng.random(1500))
    ball = rng.normal(size=(1500, 6))
    found = {
        "swiss roll": np.stack(
            [turn * np.cos(turn), 21 * rng.random(1500), turn * np.sin(turn)], axis=1
        ),
        "5-sphere": ball / np.linalg.norm(ball, axis=1, keepdims=True),
        "10-D Gaussian": rng.normal(size=(1500, 10)),
        "curve in 64-D": np.sin(np.outer(rng.random(1500), np.arange(1, 65)) / 4),
    }
    return {name: points.astype(np.float32) for name, points in found.items()}


def clouds() -> dict[str, NDArray[np.float32]]:
    """Small clouds with loops or without, by name, 120 points each."""
    rng = np.random.default_rng(SEED)
    angle, around = 2 * np.pi * rng.random((2, 120))
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    wide = 2 + np.cos(around)
    found = {
        "circle": circle + 0.05 * rng.normal(size=(120, 2)),
        "two circles": circle + 5 * (np.arange(120) % 2)[:, None],
        "torus": np.stack([wide * circle[:, 0], wide * circle[:, 1], np.sin(around)], axis=1),
        "Gaussian": rng.normal(size=(120, 8)),
    }
    return {name: points.astype(np.float32) for name, points in found.items()}


def main() -> None:
    """The numbers of scikit-dimension and ripser are kept."""
    kept: dict[str, Any] = {
        "versions": {name: version(name) for name in ("scikit-dimension", "ripser", "numpy")}
    }
    kept["dimension"] = {name: dimensions(points) for name, points in shapes().items()}
    kept["bars"] = {name: bars(points) for name, points in clouds().items()}
    KEPT.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")


def dimensions(points: NDArray[np.float32]) -> dict[str, float]:
    """TwoNN, and maximum likelihood with the inverses averaged."""
    from skdim.id import MLE, TwoNN

    values = points.astype(np.float64)
    found = {
        f"mle {k}": float(MLE().fit(values, n_neighbors=k, comb="mle").dimension_)
        for k in NEIGHBOURS
    }
    return {"two_nn": float(TwoNN().fit(values).dimension_), **found}


def bars(points: NDArray[np.float32]) -> dict[str, list[float]]:
    """Total length and the three longest finite bars of H0 and H1, coefficients mod 2."""
    from ripser import ripser

    found = ripser(points.astype(np.float64), maxdim=1, coeff=2)["dgms"]
    lengths = [np.sort((each[:, 1] - each[:, 0])[np.isfinite(each[:, 1])])[::-1] for each in found]
    return {
        f"h{degree}": [float(each.sum()), *map(float, each[:3])]
        for degree, each in enumerate(lengths)
    }


if __name__ == "__main__":
    main()
