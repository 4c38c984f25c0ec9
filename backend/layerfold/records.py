"""Frozen nouns that cross modules; arrays in them are read-only.

Shapes use these words: site, token, step, d (d_model), k (neighbours), ref (reference tokens).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from layerfold.errors import InputError, MissingExtra

View = Literal["normalised", "raw"]
Floats = NDArray[np.float32]
Ints = NDArray[np.int32]
Stop = Callable[[], None]
"""Called between two blocks of a computation; raises Cancelled when nobody wants its result any
more.
"""


def go_on() -> None:
    """The `Stop` of a computation that is always wanted."""


def frozen(array: NDArray[np.generic]) -> NDArray[np.generic]:
    """The same array, read-only."""
    array.setflags(write=False)
    return array


@dataclass(frozen=True)
class Site:
    """A place in the residual stream: ``embed``, ``L{n}.mid`` (after attention), ``L{n}.post``
    (after the MLP).
    """

    index: int
    layer: int
    part: Literal["embed", "mid", "post"]

    @property
    def name(self) -> str:
        return "embed" if self.part == "embed" else f"L{self.layer}.{self.part}"


def sites_of(n_layer: int) -> tuple[Site, ...]:
    """The 2·n_layer + 1 sites of a model, in the order a token meets them."""
    sites = [Site(0, -1, "embed")]
    for layer in range(n_layer):
        sites.append(Site(2 * layer + 1, layer, "mid"))
        sites.append(Site(2 * layer + 2, layer, "post"))
    return tuple(sites)


def site_named(index: int, name: str) -> Site:
    """The site of a name, at a place in its model's row of sites; raises ValueError."""
    layer, dot, part = name.partition(".")
    if name == "embed":
        return Site(index, -1, "embed")
    if not dot or part not in ("mid", "post") or layer[:1] != "L" or not layer[1:].isdecimal():
        raise ValueError(f"{name!r} is no site: embed, L0.mid, L0.post …")
    return Site(index, int(layer[1:]), part)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Token:
    """One token as a person reads it.

    ``text`` holds whole characters only: where several byte tokens make one character, each carries
    that character, with ``piece`` (0-based) of ``pieces`` saying which part of it this token is.
    """

    id: int
    text: str
    start: int
    end: int
    piece: int = 0
    pieces: int = 1


@dataclass(frozen=True)
class Sentence:
    """A text and its tokens; ``cut`` counts the tokens left out because the model reads no more."""

    text: str
    tokens: tuple[Token, ...]
    cut: int = 0

    @property
    def ids(self) -> list[int]:
        return [token.id for token in self.tokens]


@dataclass(frozen=True)
class States:
    """Activations at every site: ``values`` [site, token, d] float32, in one view."""

    sites: tuple[Site, ...]
    values: Floats
    view: View = "raw"


def normalized(values: Floats, eps: float = 1e-5) -> Floats:
    """Each state layer-normalised without gain: mean 0, variance 1 over the last axis (shape
    kept).
    """
    centered = values - values.mean(axis=-1, keepdims=True, dtype=np.float32)
    scale = np.sqrt(
        np.mean(centered * centered, axis=-1, keepdims=True, dtype=np.float32) + np.float32(eps)
    )
    return np.asarray(centered / scale, dtype=np.float32)


@dataclass(frozen=True)
class Label:
    """A variable known of every reference token, by which the cloud can be coloured.

    ``values`` [ref, n] float32, NaN where a token has none: n is 1 but for a ``mixture``, whose
    rows are shares that sum to 1. A ``cyclic`` variable repeats after ``period``; ``names`` are
    those of a ``category``'s values or of a mixture's parts.
    """

    name: str
    kind: Literal["category", "magnitude", "cyclic", "mixture"]
    title_en: str
    title_zh: str
    values: Floats
    period: float | None = None
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reference:
    """The fixed set of corpus tokens in context behind every cloud.

    ``windows`` [window, length] are token ids of whole contexts, -1 after the last token of a
    shorter one; token i of the reference is the one at ``windows[window[i], position[i]]``;
    ``text[i]`` is how it reads, ``frequency[i]`` its occurrences per million in the corpus,
    ``source[w]`` the name of the text that window w came from. ``labels`` are variables known of
    each token beside its text.
    """

    windows: Ints
    window: Ints
    position: Ints
    frequency: Floats
    text: tuple[str, ...]
    source: tuple[str, ...]
    labels: tuple[Label, ...] = ()

    def __len__(self) -> int:
        return len(self.window)

    def context(self, index: int) -> list[int]:
        """The ids of the whole window of one of its tokens."""
        row = self.windows[self.window[index]]
        return [int(id) for id in row[row >= 0]]


@dataclass(frozen=True)
class Slice:
    """The clouds of one step: ``positions`` [site, ref, 3]; ``trust`` and ``continuity`` [site,
    ref] in 0..1.
    """

    step: int
    positions: Floats
    trust: Floats
    continuity: Floats


@dataclass(frozen=True)
class Placed:
    """New tokens placed in the clouds of one step.

    ``positions`` [site, token, 3]; ``neighbors`` [site, token, k] reference indices, nearest first;
    ``distances`` [site, token, k] in the original space; ``outside`` [site, token]: the percentile
    (0..100) of the nearest-neighbour distance among the reference's own.
    """

    positions: Floats
    neighbors: Ints
    distances: Floats
    outside: Floats


@dataclass(frozen=True)
class PlacedSlice:
    """One sentence at one step; ``segment_trust`` [site-1, token] is shown / true displacement over
    the slice's median; ``norm`` [site, token] is the Euclidean norm of the raw states.
    """

    step: int
    sentence: Sentence
    placed: Placed
    segment_trust: Floats
    norm: Floats


@dataclass(frozen=True)
class Trajectory:
    """A sentence over steps, as a projection shows it: ``positions`` [step, site, token, 3],
    ``outside`` [step, site, token].
    """

    sentence: Sentence
    steps: tuple[int, ...]
    sites: tuple[Site, ...]
    positions: Floats
    outside: Floats
    projection: str = "umap"


@dataclass(frozen=True)
class Lens:
    """What the model would say if it stopped at each site: ``ids``/``probabilities`` [site, k],
    ``kl`` and ``entropy`` [site] in nats.
    """

    ids: Ints
    probabilities: Floats
    kl: Floats
    entropy: Floats


@dataclass(frozen=True)
class Estimate:
    """One number with its error bar, or the reason why there is none: ``value`` is NaN exactly
    where ``reason`` is not empty.

    ``low`` and ``high`` bound the value by about one standard error on each side; NaN where an
    error bar makes no sense.
    """

    value: float
    low: float = float("nan")
    high: float = float("nan")
    reason: str = ""

    @staticmethod
    def undefined(reason: str) -> Estimate:
        """No number, and why: a few words that can stand after "not defined here: "."""
        return Estimate(float("nan"), reason=reason)


@dataclass(frozen=True)
class Measure:
    """A number for each step and site: ``values`` [step, site] (NaN where it is not defined).

    ``low`` and ``high`` [step, site] bound it where it has an error bar; ``reasons[step][site]``
    says why it is not defined, empty where it is; ``group`` is the family it belongs to: dimension,
    spectrum, sites, steps, topology, map, fidelity, training.
    """

    name: str
    unit: str
    values: Floats
    group: str = ""
    low: Floats | None = None
    high: Floats | None = None
    reasons: tuple[tuple[str, ...], ...] | None = None


def finite(values: NDArray[np.generic]) -> Any:
    """The array as nested lists, null where it is not finite (JSON knows no NaN), six significant
    digits.
    """
    if values.ndim:
        return [finite(row) for row in values]
    number = float(values)
    return float(f"{number:.6g}") if math.isfinite(number) else None


class Framed:
    """A frozen record of arrays that can be read as a table: ``AXES`` names the axes of each."""

    AXES: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    def to_frame(self, name: str | None = None) -> Any:
        """One array (the first without a ``name``) as a pandas DataFrame, a row for each number,
        indexed by its axes; sites and tokens by their names where the record has them.

        Raises MissingExtra without pandas, InputError for an array that is not there.
        """
        name = name or next(iter(self.AXES))
        if name not in self.AXES:
            raise InputError(f"There is no array {name!r}. There are: {', '.join(self.AXES)}.")
        try:
            import pandas
        except ImportError:
            raise MissingExtra("Tables need pandas: pip install pandas.") from None
        values = np.asarray(getattr(self, name))
        index = pandas.MultiIndex.from_product(
            [self._labels(axis, n) for axis, n in zip(self.AXES[name], values.shape, strict=True)],
            names=self.AXES[name],
        )
        return pandas.DataFrame({name: values.ravel()}, index=index)

    def _labels(self, axis: str, count: int) -> list[Any]:
        """What stands for each place of an axis: its name, or its number."""
        named = getattr(
            self, {"site": "sites", "token": "tokens", "step": "steps"}.get(axis, ""), ()
        )
        return [*named] if len(named) == count and len({*named}) == count else [*range(count)]
