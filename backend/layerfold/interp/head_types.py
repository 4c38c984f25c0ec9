"""What heads do, by stated tests on patterns: look at the token before, at the first one, at the
same word, or at what came after it.

Each score is the mean share of attention that a head gives to such tokens, over the tokens of many
texts that have one; a head has a role when its score passes ``PASSES`` and four times what an even
look at all tokens so far would give.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from layerfold.records import Floats

ROLES: Final = ("previous", "first", "same", "induction")
PASSES: Final = 0.4
ABOVE_EVEN: Final = 4.0


@dataclass(frozen=True)
class Roles:
    """``scores`` [role, layer, head] 0..1 and ``even`` [role], what an even look gives; ``held``
    says which heads have which role.
    """

    scores: Floats
    even: Floats

    @property
    def held(self) -> NDArray[np.bool_]:
        """[role, layer, head]."""
        return np.asarray(
            (self.scores >= PASSES) & (self.scores >= ABOVE_EVEN * self.even[:, None, None])
        )

    def of(self, layer: int, head: int) -> tuple[str, ...]:
        """The names of a head's roles."""
        return tuple(
            name for name, held in zip(ROLES, self.held[:, layer, head], strict=True) if held
        )


def roles_of(patterns: Sequence[Floats], ids: Sequence[Sequence[int]]) -> Roles:
    """The roles of all heads from the patterns [layer, head, token, token] of texts with those
    token ids.

    ``previous``: the token just before. ``first``: the first token (a sink: Xiao et al. 2024).
    ``same``: an earlier token that reads the same. ``induction``: the token after an earlier one
    that reads the same (Olsson et al. 2022). A role nobody could play scores 0.
    """
    layers, heads = patterns[0].shape[:2]
    total, even, count = np.zeros((4, layers, heads)), np.zeros(4), np.zeros(4)
    for pattern, text in zip(patterns, ids, strict=True):
        for role, mask in enumerate(_targets(np.asarray(text))):
            asked = mask.any(axis=1)
            total[role] += (pattern * mask).sum(axis=-1)[..., asked].sum(axis=-1)
            even[role] += (mask.sum(axis=1) / np.arange(1, len(mask) + 1))[asked].sum()
            count[role] += asked.sum()
    count = np.maximum(count, 1)
    return Roles(
        (total / count[:, None, None]).astype(np.float32), (even / count).astype(np.float32)
    )


def _targets(ids: NDArray[np.int64]) -> tuple[NDArray[np.bool_], ...]:
    """Where a head of each role looks, [token, token]; the first tokens, which have little choice,
    are not asked.
    """
    n = len(ids)
    at = np.arange(n)
    back = at[:, None] - at[None]
    same = (ids[:, None] == ids[None]) & (back > 0)
    after = np.zeros_like(same)
    after[:, 1:] = same[:, :-1]
    after &= back > 0
    asked = (at >= 4)[:, None]
    return tuple(mask & asked for mask in (back == 1, (at == 0)[None] & (back > 0), same, after))
