"""Made-up states whose neighbourhoods are known: clusters that drift over steps and sites, small
enough to be laid out in a second.
"""

import numpy as np

from layerfold.records import Floats, Label, Reference

STEPS, SITES, COUNT, WIDTH = (0, 4, 16), ("embed", "L0.mid", "L0.post"), 90, 12


def states_of(step: int) -> Floats:
    """Raw states [site, ref, d] of one step: six clusters, a share of whose points moves on at
    every step and site.
    """
    rng = np.random.default_rng(5)
    centers, drift = rng.normal(size=(6, WIDTH)) * 3, rng.normal(size=(2, COUNT, WIDTH))
    here = centers[np.arange(COUNT) % 6] + rng.normal(size=(COUNT, WIDTH))
    moving = (np.arange(COUNT) % 3 == 0)[:, None]
    at = STEPS.index(step)
    return np.stack(
        [here + moving * (at * drift[0] + site * drift[1]) for site in range(len(SITES))]
    ).astype(np.float32)


def reference() -> Reference:
    """COUNT tokens in windows of ten."""
    rng = np.random.default_rng(1)
    windows = rng.integers(0, 50, (COUNT // 5, 10), dtype=np.int32)
    window = np.repeat(np.arange(len(windows), dtype=np.int32), 5)
    position = np.tile(np.arange(0, 10, 2, dtype=np.int32), len(windows))
    frequency = rng.uniform(1, 1000, COUNT).astype(np.float32)
    return Reference(
        windows,
        window,
        position,
        frequency,
        tuple(f" w{i}" for i in range(COUNT)),
        ("text",) * len(windows),
        labels(),
    )


def labels() -> tuple[Label, ...]:
    """A variable that goes round, of which one token has none, and shares of two parts."""
    turn = np.arange(COUNT, dtype=np.float32)[:, None] % 7
    turn[3] = np.nan
    share = np.linspace(0, 1, COUNT, dtype=np.float32)
    return (
        Label("turn", "cyclic", "Turn", "转", turn, period=7.0),
        Label(
            "belief",
            "mixture",
            "Belief",
            "信念",
            np.stack([share, 1 - share], axis=1),
            names=("A", "B"),
        ),
    )
