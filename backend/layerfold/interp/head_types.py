"""Head types by stated tests on patterns: heads that attend to the previous token, the first one,
the same one, or by induction.

Each score is the mean share of attention that a head gives to such tokens, over the tokens of many
texts that have one. A head is of a type when its score passes ``PASSES`` and four times what even
attention to all tokens so far would give.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from layerfold.records import Floats

HEAD_TYPES: Final = ("previous", "first", "same", "induction")
PASSES: Final = 0.4
ABOVE_EVEN: Final = 4.0


@dataclass(frozen=True)
class HeadTypes:
    """``scores`` [type, layer, head] 0..1 and ``even`` [type], what even attention gives."""

    scores: Floats
    even: Floats

    @property
    def passing(self) -> NDArray[np.bool_]:
        """Which heads are of which type, [type, layer, head]."""
        return np.asarray(
            (self.scores >= PASSES) & (self.scores >= ABOVE_EVEN * self.even[:, None, None])
        )

    def of(self, layer: int, head: int) -> tuple[str, ...]:
        """The types of a head."""
        return tuple(
            name
            for name, passes in zip(HEAD_TYPES, self.passing[:, layer, head], strict=True)
            if passes
        )


def head_types(
    patterns: Sequence[Floats], ids: Sequence[Sequence[int]], causal: bool = True
) -> HeadTypes:
    """The types of all heads from the patterns [layer, head, token, token] of texts with those
    token ids.

    ``previous``: the token just before. ``first``: the first token (a sink: Xiao et al. 2024).
    ``same``: an earlier token with the same id. ``induction``: the token after an earlier one with
    the same id (Olsson et al. 2022). A type that no head could show scores 0. Without ``causal``
    even attention goes to all tokens of the text.
    """
    layers, heads = patterns[0].shape[:2]
    total, even, count = np.zeros((4, layers, heads)), np.zeros(4), np.zeros(4)
    for pattern, text in zip(patterns, ids, strict=True):
        for kind, mask in enumerate(_targets(np.asarray(text))):
            asked = mask.any(axis=1)
            total[kind] += (pattern * mask).sum(axis=-1)[..., asked].sum(axis=-1)
            seen = np.arange(1, len(mask) + 1) if causal else len(mask)
            even[kind] += (mask.sum(axis=1) / seen)[asked].sum()
            count[kind] += asked.sum()
    count = np.maximum(count, 1)
    return HeadTypes(
        (total / count[:, None, None]).astype(np.float32), (even / count).astype(np.float32)
    )


def _targets(ids: NDArray[np.int64]) -> tuple[NDArray[np.bool_], ...]:
    """Where a head of each type attends, [token, token]; the first tokens, which have little
    choice, are not asked."""
    n = len(ids)
    at = np.arange(n)
    back = at[:, None] - at[None]
    same = (ids[:, None] == ids[None]) & (back > 0)
    after = np.zeros_like(same)
    after[:, 1:] = same[:, :-1]
    after &= back > 0
    asked = (at >= 4)[:, None]
    return tuple(mask & asked for mask in (back == 1, (at == 0)[None] & (back > 0), same, after))
