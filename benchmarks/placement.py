"""Placement beside UMAP.transform on the same fit: neighbours kept, own points, batch dependence
and time.

Real states of the bundled run: of the reference's windows nine tenths are fitted and one tenth is
placed as unseen. UMAP is fitted on one slice at a time (its defaults, three dimensions), and both
place the same tokens in that fit. Recall is the share of a token's 15 true nearest reference tokens
that are among the 15 nearest in the picture.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
from benchmarks.stand_ins import Fit
from benchmarks.umap_fit import fitted

from layerfold.records import Floats, Ints, normalized
from layerfold.runs.opening import open_run
from layerfold.settings import bundled
from layerfold.space.neighbors import nearest
from layerfold.space.placement import Placer

K, TOKENS, REFERENCE, UNSEEN, ROUNDS = 15, 32, 4000, 400, 7
RUN = "storyteller"
SMOKE = {"fitted": Fit, "REFERENCE": 300, "UNSEEN": 40, "ROUNDS": 1}


def run() -> dict[str, Any]:
    """Figures of an early step and the last, each at the first, the middle and the last site."""
    slices, clouds = [], []
    for step in chosen_steps():
        known, new = states_at(step)
        for site in sorted({0, len(known) // 2, len(known) - 1}):
            found, cloud, curve = compare(known[site], new[site])
            slices.append({"step": step, "site": site, **found})
            clouds.append(cloud)
    # where the points lie does not matter to the time
    some = [clouds[site % len(clouds)] for site in range(len(known))]
    return {"slices": slices, "time": pace(known, new, np.stack(some), curve, slices)}


def chosen_steps() -> tuple[int, ...]:
    """A step while the states collapse, and the last."""

    steps = open_run(bundled() / "models" / RUN).steps
    return min(steps, key=lambda step: abs(step - 64)), steps[-1]


def states_at(step: int) -> tuple[Floats, Floats]:
    """Normalised states of tokens to fit [site, ref, d] and of unseen ones [site, token, d]: of
    different windows.
    """
    from layerfold.atlas.files import open_atlas

    bundle = open_run(bundled() / "models" / RUN)
    windows = open_atlas(bundle.folder).reference.windows
    tenth = len(windows) // 10
    rng = np.random.default_rng(0)

    def some(rows: Ints, count: int) -> Floats:
        values = np.concatenate(
            [
                bundle.adapter(step).batch_states(rows[start : start + 32])
                for start in range(0, len(rows), 32)
            ],
            axis=1,
        )
        flat = values.reshape(len(values), -1, values.shape[-1])
        return normalized(flat[:, np.sort(rng.permutation(flat.shape[1])[:count])])

    return some(windows[tenth:], REFERENCE), some(windows[:tenth], UNSEEN)


def compare(known: Floats, new: Floats) -> tuple[dict[str, Any], Floats, tuple[float, float]]:
    """Both on one slice: ``known`` [ref, d] is fitted, ``new`` [token, d] placed; the figures, the
    fit and its curve.
    """
    fit = fitted(known)
    cloud, curve = np.asarray(fit.embedding_, dtype=np.float32), (float(fit._a), float(fit._b))
    placer = Placer(known[None], cloud[None], k=K, a=curve[0], b=curve[1])
    rows = np.arange(0, len(known), 10)
    true = nearest(new, known, K)[0]
    size = float(np.linalg.norm(cloud - cloud.mean(axis=0), axis=1).mean())
    extent = float(np.ptp(cloud, axis=0).max())
    found: dict[str, Any] = {
        "barycentre": {"recall": recall(cloud[true].mean(axis=1), cloud, true)}
    }
    ways: dict[str, Callable[[Floats], Floats]] = {
        "layerfold": lambda states: placer.place(states[None]).positions[0],
        "UMAP.transform": fit.transform,
    }
    for name, place in ways.items():
        whole = place(new)
        alone = np.concatenate([place(new[[token]]) for token in range(20)])
        off = np.linalg.norm(place(known[rows]) - cloud[rows], axis=1)
        found[name] = {
            "recall": recall(whole, cloud, true),
            "own point off, % of spread": 100 * float(np.median(off)) / size,
            "alone or in a batch, % of extent": (
                100 * float(np.linalg.norm(alone - whole[:20], axis=1).max()) / extent
            ),
            "ms": 1e3 * median(timed(lambda place=place: place(new[:TOKENS]), 3)),  # type: ignore[misc]
        }
    return found, cloud, curve


def recall(placed: Floats, cloud: Floats, true: Ints) -> float:
    """The mean share of the true neighbours that are among as many nearest in the picture."""
    shown = nearest(placed, cloud, true.shape[1])[0]
    return float(
        np.mean(
            [
                len(set(a) & set(b)) / true.shape[1]
                for a, b in zip(shown.tolist(), true.tolist(), strict=True)
            ]
        )
    )


def pace(
    known: Floats,
    new: Floats,
    clouds: Floats,
    curve: tuple[float, float],
    slices: list[dict[str, Any]],
) -> dict[str, Any]:
    """Milliseconds for one sentence at all sites, beside UMAP.transform's at as many; and for
    making a step ready.
    """
    half, own = known.astype(np.float16), np.ones((len(known), 1), dtype=np.float32)

    def ready() -> Placer:
        return Placer(half, clouds, k=K, a=curve[0], b=curve[1], own=own)

    placer = ready()
    sentence = np.ascontiguousarray(new[:, :TOKENS])
    ours = 1e3 * median(timed(lambda: placer.place(sentence), ROUNDS))
    theirs = len(known) * median(entry["UMAP.transform"]["ms"] for entry in slices)
    return {
        "tokens": TOKENS,
        "sites": len(known),
        "reference": known.shape[1],
        "layerfold, ms": ours,
        "UMAP.transform, ms": theirs,
        "times faster": theirs / ours,
        "making a step ready, ms": 1e3 * median(timed(ready, 3)),
    }


def timed(act: Callable[[], object], rounds: int) -> list[float]:
    """Seconds of each round, after one that is not counted."""
    act()
    seconds = []
    for _ in range(rounds):
        begin = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - begin)
    return seconds


def table(found: dict[str, Any]) -> str:
    """The result for a person."""
    names = ("layerfold", "UMAP.transform")
    lines = [
        (
            "| step | site | recall: barycentre | layerfold | UMAP.transform | own point off, % of"
            " spread: layerfold | UMAP.transform | alone or in a batch, % of extent: layerfold |"
            " UMAP.transform |"
        ),
        "| ---: " * 9 + "|",
    ]
    for entry in found["slices"]:
        recalls = [entry[name]["recall"] for name in ("barycentre", *names)]
        rest = [
            entry[name][key]
            for key in ("own point off, % of spread", "alone or in a batch, % of extent")
            for name in names
        ]
        cells = [
            str(entry["step"]),
            str(entry["site"]),
            *(f"{value:.3f}" for value in recalls),
            *(f"{value:.2f}" for value in rest),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    spent = found["time"]
    ours, theirs, ready = (
        spent[key] for key in ("layerfold, ms", "UMAP.transform, ms", "making a step ready, ms")
    )
    what = f"{spent['tokens']} tokens at {spent['sites']} sites among {spent['reference']:,}"
    times = (
        f"{ours:.0f} ms; UMAP.transform {theirs:,.0f} ms ({spent['times faster']:.0f} times longer)"
    )
    return "\n".join([*lines, "", f"{what}: {times}; making a step ready {ready:.0f} ms."])
