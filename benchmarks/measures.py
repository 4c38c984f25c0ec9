"""Each measure of a slice of 4,000 × 192 beside the library a person would call: milliseconds and
both numbers.

The states are a Gaussian cloud with a falling spectrum and a copy of it with noise. Ours and the
library's take turns on one BLAS thread, the first turn of each is not counted, and medians are
compared. Both start from float32 states and compute in float64; where neighbours are needed, both
look for them. Libraries that are not installed are left out: scikit-dimension and ripser bring
matplotlib and are not among the project's tools.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from layerfold.geometry import comparison, dimension, fidelity, spectrum, topology, trust
from layerfold.records import Floats
from layerfold.space.neighbors import nearest_self

TOKENS, WIDTH, K, LANDMARKS, ROUNDS = 4000, 192, 15, 256, 5
SMOKE = {"TOKENS": 200, "WIDTH": 24, "LANDMARKS": 32, "ROUNDS": 1}
Number = Callable[[], float]
Doubles = NDArray[np.float64]


def run() -> dict[str, Any]:
    """Milliseconds of each measure, ours and the library's, and what both say."""
    import scipy.linalg  # noqa: F401 - it brings a BLAS of its own, which must be there to be limited

    states, other = clouds(TOKENS, WIDTH)
    with threadpool_limits(limits=1):
        rows = [
            row(name, ours, library, theirs)
            for name, ours, library, theirs in (*near(states), *whole(states, other))
        ]
    return {
        "tokens": TOKENS,
        "width": WIDTH,
        "k": K,
        "landmarks": LANDMARKS,
        "rounds": ROUNDS,
        "measures": rows,
    }


def clouds(tokens: int, width: int) -> tuple[Floats, Floats]:
    """A cloud [token, width] whose variances fall as 1 / rank, and the same with noise."""
    rng = np.random.default_rng(0)
    one = rng.normal(size=(tokens, width)) / np.sqrt(np.arange(1, width + 1))
    return one.astype(np.float32), (one + 0.05 * rng.normal(size=one.shape)).astype(np.float32)


def row(name: str, ours: Number, library: str, theirs: Number) -> dict[str, Any]:
    """Both in turns; without the library only ours."""
    ways = {"layerfold": ours, **({"library": theirs} if find_spec(library.split(".")[0]) else {})}
    spent: dict[str, list[float]] = {way: [] for way in ways}
    said: dict[str, float] = {}
    for _ in range(ROUNDS + 1):
        for way, act in ways.items():
            begin = time.perf_counter()
            said[way] = float(act())
            spent[way].append(1e3 * (time.perf_counter() - begin))
    return {
        "measure": name,
        "against": library,
        "ms": {way: median(each[1:]) for way, each in spent.items()},
        "value": said,
    }


def doubled(states: Floats) -> Doubles:
    """The states in float64, as a person would hand them to a library that is to be exact."""
    return states.astype(np.float64)


def near(states: Floats) -> Iterator[tuple[str, Number, str, Number]]:
    """Measures by nearest neighbours."""
    shown = states[:, :3]

    def two_nn() -> float:
        from skdim.id import TwoNN

        return float(TwoNN().fit(doubled(states)).dimension_)

    def mle() -> float:
        from skdim.id import MLE

        return float(MLE().fit(doubled(states), n_neighbors=K).dimension_)

    def trustworthiness() -> float:
        from sklearn.manifold import trustworthiness

        return float(trustworthiness(doubled(states), doubled(shown), n_neighbors=K))

    yield (
        "twonn",
        lambda: dimension.two_nn(nearest_self(states, 2)[1]).value,
        "skdim.id.TwoNN",
        two_nn,
    )
    yield (
        "mle",
        lambda: dimension.maximum_likelihood(nearest_self(states, K)[1]).value,
        "skdim.id.MLE",
        mle,
    )
    yield (
        "trust",
        lambda: float(trust.trust_of(states, shown, K).trust.mean()),
        "sklearn.manifold.trustworthiness",
        trustworthiness,
    )


def whole(states: Floats, other: Floats) -> Iterator[tuple[str, Number, str, Number]]:
    """Measures of all tokens together."""
    yield from widths(states)
    yield (
        "cka_site",
        lambda: comparison.cka(states, other).value,
        "numpy.linalg.norm",
        lambda: plain_cka(doubled(states), doubled(other)),
    )

    def disparity() -> float:
        from scipy.spatial import procrustes

        return float(procrustes(doubled(states), doubled(other))[2])

    yield (
        "procrustes_site",
        lambda: comparison.procrustes(states, other).value,
        "scipy.spatial.procrustes",
        disparity,
    )
    yield from shapes(states)


def widths(states: Floats) -> Iterator[tuple[str, Number, str, Number]]:
    """How many directions the states take."""

    def components() -> Doubles:
        from sklearn.decomposition import PCA

        return np.asarray(PCA().fit(doubled(states)).explained_variance_, dtype=np.float64)

    def rankme() -> float:
        from scipy.stats import entropy

        return float(np.exp(entropy(np.sqrt(components()))))

    def cosines() -> float:
        from sklearn.metrics.pairwise import cosine_similarity

        return float((cosine_similarity(doubled(states)).sum() - TOKENS) / (TOKENS * (TOKENS - 1)))

    def rank() -> float:
        from scipy.linalg import svdvals
        from scipy.stats import entropy

        return float(np.exp(entropy(svdvals(doubled(states[: 4 * WIDTH])))))

    spread, pca = spectrum.spectrum_of, "sklearn.decomposition.PCA"
    yield (
        "participation_ratio",
        lambda: spectrum.participation(spread(states)).value,
        pca,
        lambda: ratio(components()),
    )
    yield ("rankme", lambda: spectrum.rankme(spread(states)).value, pca, rankme)
    yield (
        "anisotropy",
        lambda: spectrum.anisotropy(states).value,
        "sklearn.metrics.pairwise.cosine_similarity",
        cosines,
    )
    yield (
        "rank_in",
        lambda: spectrum.effective_rank(states[: 4 * WIDTH]).value,
        "scipy.linalg.svdvals",
        rank,
    )


def shapes(states: Floats) -> Iterator[tuple[str, Number, str, Number]]:
    """What loops there are, and how true a picture is to distances."""

    def loops() -> float:
        from ripser import ripser

        lengths = np.diff(ripser(doubled(states), maxdim=1, n_perm=LANDMARKS)["dgms"][1], axis=1)
        return float(lengths.max(initial=0))

    def ranks() -> float:
        from scipy.spatial.distance import pdist
        from scipy.stats import spearmanr

        return float(spearmanr(pdist(doubled(states)), pdist(doubled(states[:, :3]))).statistic)

    yield (
        "h1_longest",
        lambda: topology.persistence(states, LANDMARKS).h1_longest.value,
        "ripser.ripser",
        loops,
    )
    yield (
        "shepard",
        lambda: fidelity.shepard(states, states[:, :3]).value,
        "scipy.stats.spearmanr",
        ranks,
    )


def ratio(variances: Doubles) -> float:
    """The participation ratio of a spectrum."""
    return float(variances.sum() ** 2 / np.square(variances).sum())


def plain_cka(a: Doubles, b: Doubles) -> float:
    """Linear CKA from cross products of the features, as Kornblith et al. give it."""
    x, y = a - a.mean(axis=0), b - b.mean(axis=0)
    return float(np.linalg.norm(y.T @ x) ** 2 / (np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)))


def table(found: dict[str, Any]) -> str:
    """The result for a person; values in other units are not compared."""
    lines = [
        (
            "| measure | layerfold, ms | library, ms | times | layerfold says | library says |"
            " library |"
        ),
        f"| --- {'| ---: ' * 5}| --- |",
    ]
    for entry in found["measures"]:
        ms, said = entry["ms"], entry["value"]
        theirs = (
            f"{ms['library']:.1f} | {ms['library'] / ms['layerfold']:.1f}"
            if "library" in ms
            else "not installed | "
        )
        value = f"{said['library']:.4g}" if "library" in said else ""
        lines.append(
            f"| {entry['measure']} | {ms['layerfold']:.1f} | {theirs} | {said['layerfold']:.4g} |"
            f" {value} | {entry['against']} |"
        )
    what = (
        f"{found['tokens']:,} tokens × {found['width']}, k = {found['k']}, {found['landmarks']}"
        " landmarks"
    )
    note = (
        "shepard: 20,000 pairs with an error bar beside all pairs; h1_longest: ours over the median"
        " distance, ripser's not."
    )
    return "\n".join([*lines, "", f"{what}, median of {found['rounds']} turns. {note}"])
