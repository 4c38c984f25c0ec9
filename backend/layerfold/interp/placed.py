"""What is found inside a pass or a step, with its place in the picture: frozen records of arrays.

Shapes as in ``records``. Positions lie in the clouds of a step, as a projection shows them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from layerfold.interp.shown import Arrows
from layerfold.records import Floats


@dataclass(frozen=True)
class Word:
    """A token, and what is told of it: a probability, or what is added to its logit."""

    id: int
    text: str
    value: float


@dataclass(frozen=True)
class HeadType:
    """What a head does by a stated test, and its score 0..1."""

    layer: int
    head: int
    type: str
    score: float


@dataclass(frozen=True)
class PlacedDecomposition:
    """``patterns`` [layer, head, token, token]; ``positions`` [site, token, 3]; arrows of
    ``attention`` [layer, part, token] (whole, then each head) and of the ``mlp`` [layer, token];
    ``angles`` [site], the mean angle between the moves to a site and on, radians.
    """

    layers: int
    heads: int
    head_types: tuple[HeadType, ...]
    angles: tuple[float | None, ...]
    patterns: Floats
    positions: Floats
    attention: Arrows
    mlp: Arrows


@dataclass(frozen=True)
class AttributedPart:
    """The tokens that one part promotes and demotes, against the mean over all."""

    part: str
    layer: int | None
    head: int | None
    up: tuple[Word, ...]
    down: tuple[Word, ...]


@dataclass(frozen=True)
class TokenAttribution:
    """All parts of a token, in the order of the pass."""

    token: int
    parts: tuple[AttributedPart, ...]


@dataclass(frozen=True)
class PlacedJacobian:
    """``values`` [site-1, d], the singular values of the map to the next site, largest first;
    ``axes`` [site-1, 3, 2, 3], both ends of the three most stretched directions, with their
    ``trust`` [site-1, 3]; ``angle`` [site] between the move to a site and the move on, radians.
    """

    token: int
    text: str
    values: Floats
    axes: Floats
    trust: Floats
    angle: Floats


@dataclass(frozen=True)
class PlacedAblation:
    """The likeliest next tokens ``before`` and ``after``, the same tokens in both; ``divergence``,
    KL(before ‖ after) in nats; ``positions`` [site, token, 3] and ``norm`` [site, token] after.
    """

    before: tuple[Word, ...]
    after: tuple[Word, ...]
    divergence: float
    positions: Floats
    norm: Floats


@dataclass(frozen=True)
class PlacedGradients:
    """``loss`` in nats; norms of the weights' gradients by ``groups``, ``layers`` [layer, group]
    and those ``outer`` to the layers; ``agreement``, R² of ⟨∂L/∂h, Δh⟩ for small random steps;
    ``tip`` [site, token, 3] of a step downhill with its ``trust``; ``length`` of ∂L/∂h [site,
    token]; ``losses`` [token].
    """

    loss: float
    groups: tuple[str, ...]
    outer: Mapping[str, float]
    agreement: float
    tip: Floats
    trust: Floats
    length: Floats
    losses: Floats
    layers: Floats


@dataclass(frozen=True)
class PlacedToken:
    """A new ``token`` (None: none was drawn), all ``ids`` so far, the likeliest to come
    (``branches``) and the ``rest``; ``positions`` [site, 1, 3], ``outside`` [site, 1], ``norm``
    [site, 1]; ``ends`` [site, branch, 3], where each branch would lie.
    """

    token: Word | None
    ids: tuple[int, ...]
    branches: tuple[Word, ...]
    rest: float
    last: bool
    positions: Floats
    outside: Floats
    norm: Floats
    ends: Floats


@dataclass(frozen=True)
class PlacedStep:
    """An optimizer step on a batch: ``origin`` own (the very batch of that step) or stored,
    ``sequences`` of it, ``earlier`` batches for the moments; the optimizer's settings; ``lengths``
    of every component, and of its part in each of ``groups``; the batch's loss ``before`` and
    ``after``; ``positions`` [site, token, 3], ``norm``, ``length`` and ``trust`` [site, token] of
    each token's move; ``cloud`` [site, ref, 3] where it was asked for.
    """

    origin: str
    sequences: int
    earlier: int
    rate: float
    beta1: float
    beta2: float
    decay: float
    component: str
    factor: float
    lengths: Mapping[str, float]
    groups: Mapping[str, Mapping[str, float]]
    before: float
    after: float
    positions: Floats
    norm: Floats
    length: Floats
    trust: Floats
    cloud: Floats | None = None


@dataclass(frozen=True)
class LossPlane:
    """The weight trajectory of so many ``weights`` in its principal plane, ``share`` of it
    computed; when whole: ``places`` [step, 2] and their distance ``off`` the plane [step],
    ``shares`` [2] of the trajectory's variance, the grid ``a``, ``b`` [size] and ``loss`` [size,
    size] (row b, column a), and ``own`` [step], the loss of each checkpoint.
    """

    share: float
    steps: tuple[int, ...]
    weights: int
    origin: str
    sequences: int
    places: Floats | None = None
    off: Floats | None = None
    shares: Floats | None = None
    a: Floats | None = None
    b: Floats | None = None
    loss: Floats | None = None
    own: Floats | None = None


@dataclass(frozen=True)
class LossLine:
    """The loss on the straight line between two checkpoints: ``losses`` at each ``share`` [place],
    and the ``barrier`` above the line between its ends.
    """

    barrier: float
    share: Floats
    losses: Floats


@dataclass(frozen=True)
class PlacedView:
    """A linear view of the stream: what its three directions hold of the variance (``shares``), how
    each follows the raw state's length (``norm``, Pearson's r), mean trustworthiness at each site
    (``trust``) among ``sample`` reference tokens; ``cloud`` [site, ref, 3], ``positions`` [site,
    token, 3] and, with parts scaled, ``moved``.
    """

    shares: tuple[float | None, ...]
    norm: tuple[float | None, ...]
    trust: tuple[float | None, ...]
    sample: int
    cloud: Floats
    positions: Floats
    moved: Floats | None = None
