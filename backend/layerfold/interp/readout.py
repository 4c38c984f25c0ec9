"""What a model's logits read of a normalized state, and the causal inner product made from it.

Park et al. 2023 (2311.03658): unembedding vectors g are compared by gᵀ Σ⁻¹ g', with Σ their
covariance; states, which live in the dual space, by hᵀ Σ h'. Σ is shrunk (Ledoit & Wolf 2004).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from layerfold.interp.interval import Doubles
from layerfold.records import normalized

if TYPE_CHECKING:
    from layerfold.model.adapter import Adapter

LARGE: Final = 1e3  # beside which what a norm adds under its root is nothing
TRIED: Final = 8  # states that stand for all
ALIKE: Final = 0.02  # of the largest logit: half precision rounds by a tenth of that


def readout(adapter: Adapter) -> Doubles:
    """The unembedding vectors through the final norm's gain [vocab, d], up to one factor.

    A norm is odd but for its bias, so the half difference of the logits of a large state along an
    axis and of its opposite is what the logits read of that axis, whatever kind of norm it is.
    Raises NoWeights for a model without an unembedding.
    """
    axes = (LARGE * np.eye(adapter.d_model)).astype(np.float32)
    return np.asarray((adapter.unembed(axes) - adapter.unembed(-axes)).T / 2, dtype=np.float64)


def reads_normalized(adapter: Adapter) -> bool:
    """Whether a state and the same state normalized (mean 0, variance 1) have the same logits: so
    it is where the final norm is a LayerNorm, and not where it keeps the mean (RMSNorm) or is none.
    Raises NoWeights for a model without an unembedding.
    """
    rng = np.random.default_rng(0)
    states = (LARGE * (1 + rng.normal(size=(TRIED, adapter.d_model)))).astype(np.float32)
    plain, seen = adapter.unembed(states), adapter.unembed(normalized(states))
    return bool(np.abs(plain - seen).max() <= ALIKE * np.abs(plain).max())


def shrunk_covariance(vectors: Doubles) -> Doubles:
    """The covariance [d, d] of vectors [n, d], shrunk toward a multiple of the identity."""
    n, d = vectors.shape
    centered = vectors - vectors.mean(axis=0)
    plain = centered.T @ centered / n
    target = np.trace(plain) / d * np.eye(d)
    spread = np.square(plain - target).sum()
    noise = (np.square(np.square(centered).sum(axis=1)).sum() / n - np.square(plain).sum()) / n
    share = min(1.0, max(0.0, noise / spread)) if spread > 0 else 1.0
    return np.asarray((1 - share) * plain + share * target)
