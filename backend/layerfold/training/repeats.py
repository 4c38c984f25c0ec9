"""Text mixed with random tokens said again and again, which nothing but an induction head can
foresee; and what shows that one is there.

On text alone a model this small meets too few repetitions to grow such heads within minutes. Olsson
et al. (2022, arXiv 2209.11895) test on repeated random tokens, as here; that some are learned from
as well is said on the card.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from layerfold.model.forward import array, run
from layerfold.model.gpt import GPT
from layerfold.records import Floats

Ids = NDArray[np.int64]

TESTED: Final = 64
"""Windows of repeated tokens that a checkpoint is tested on."""
LEAST: Final = 8
"""The shortest passage that is said again."""


def repeated(rng: np.random.Generator, length: int, vocabulary: int) -> tuple[Ids, int]:
    """A window of random tokens said again and again [length], and after how many it begins anew:
    from 8 to half the window.
    """
    period = int(rng.integers(min(LEAST, length // 2), length // 2 + 1))
    return np.resize(rng.integers(vocabulary, size=period), length).astype(np.int64), period


def mixed(
    inputs: Ids, targets: Ids, rng: np.random.Generator, share: float, vocabulary: int
) -> tuple[Ids, Ids]:
    """Windows [window, token] and what follows, about a ``share`` of them replaced by repeated
    random tokens.
    """
    windows = np.concatenate((inputs, targets[:, -1:]), axis=1)
    for row in np.flatnonzero(rng.random(len(windows)) < share):
        windows[row] = repeated(rng, windows.shape[1], vocabulary)[0]
    return windows[:, :-1], windows[:, 1:]


def held_windows(
    length: int, vocabulary: int, count: int = TESTED, seed: int = 0
) -> tuple[Ids, list[int]]:
    """Repeated random tokens [window, length] that no training step has seen, and their periods."""
    rng = np.random.default_rng((seed, 2209, 11895))
    rows, periods = zip(*(repeated(rng, length, vocabulary) for _ in range(count)), strict=True)
    return np.stack(rows), list(periods)


def prefix_matching(model: GPT, windows: Ids, periods: list[int]) -> NDArray[np.float64]:
    """Each head's share of attention on what followed the same token the last time: [layer, head],
    0..1.
    """
    patterns = array(run(model, windows, taps=("L*.attn.pattern",), last=0).layers("attn.pattern"))
    return attention_back(patterns, [period - 1 for period in periods])


def attention_back(patterns: Floats, lags: Sequence[int]) -> NDArray[np.float64]:
    """The share of attention that goes ``lag`` tokens back, one lag a window of ``patterns``
    [layer, b, h, t, t]: mean [layer, h].

    Asked are the tokens more than a lag in. A lag of p - 1 in windows that say p tokens again and
    again gives the prefix-matching score: attention to what came after the same token the last time
    (Olsson et al. 2022, arXiv 2209.11895).
    """
    length = patterns.shape[-1]
    total, count = np.zeros((patterns.shape[0], patterns.shape[2])), 0
    for window, lag in enumerate(lags):
        asked = np.arange(lag + 1, length)
        total += patterns[:, window][..., asked, asked - lag].sum(axis=-1, dtype=np.float64)
        count += len(asked)
    return total / count


@torch.inference_mode()
def losses(model: GPT, windows: Ids, targets: Ids | None = None) -> NDArray[np.float64]:
    """Nats at each place [window, token], of what follows: ``targets``, else the next token of the
    window itself.
    """
    ids = torch.from_numpy(
        np.ascontiguousarray(windows if targets is not None else windows[:, :-1])
    )
    wanted = torch.from_numpy(
        np.ascontiguousarray(targets if targets is not None else windows[:, 1:])
    )
    pairs = zip(torch.split(ids, 64), torch.split(wanted, 64), strict=True)
    parts = [F.cross_entropy(model(a).transpose(1, 2), b, reduction="none") for a, b in pairs]
    return np.asarray(torch.cat(parts).double().numpy())


def in_context(loss: NDArray[np.float64]) -> float:
    """Olsson's in-context score of losses [window, token]: nats late in the context less nats
    early, below 0 where context helps.

    Late is the last quarter of the window; early an eighth of it, from the second eighth on (they:
    token 500 less token 50 of 512).
    """
    length = loss.shape[1]
    return float(loss[:, 3 * length // 4 :].mean() - loss[:, length // 8 : length // 4].mean())


def regained(loss: NDArray[np.float64], periods: list[int]) -> float:
    """Nats where random tokens are said again less nats where they are said first, below 0 where
    repetition is foreseen.
    """
    place = np.arange(1, loss.shape[1] + 1)  # of the token that is foreseen
    # the first token said again cannot be known to be that
    again = place[None] > np.array(periods)[:, None]
    return float(loss[again].mean() - loss[place[None] < np.array(periods)[:, None]].mean())
