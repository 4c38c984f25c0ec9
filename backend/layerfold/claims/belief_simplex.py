"""What a model of Mess3 holds: the exact observer's belief, and as its leading geometry (Shai et
al. 2024, arXiv 2405.15943).

All dimensions of an untrained network already give most of the belief, for letters and places shape
its states. So the first claim asks the three leading directions alone, which training has to turn;
the second is the published one, and says what it does not prove.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from layerfold.claims.claim import Claim, Control, Progress
from layerfold.claims.simplex_paths import simplex_claim
from layerfold.errors import DamagedRun
from layerfold.interp.session import Session
from layerfold.records import Floats, normalized
from layerfold.training.tasks import task_of_card
from layerfold.training.tasks.belief_simplex import BeliefSimplex
from layerfold.training.tasks.hidden import beliefs

Doubles = NDArray[np.float64]

SEQUENCES: Final = 1024
"""Half of them are fitted on, the other half tested."""
LEADING: Final = 3
LETTERS_BACK: Final = 3
SOURCE: Final = "Shai et al. 2024, NeurIPS (arXiv 2405.15943)"
FALL: Final = 3.0
ALL: Final = 0.9


def claims(opened: Session, progress: Progress) -> tuple[Claim, ...]:
    """The claims of a run on Mess3, on sequences that it never learned from; raises DamagedRun."""
    task = task_of_card(opened.card)
    if not isinstance(task, BeliefSimplex):
        raise DamagedRun(
            f"the card of run {opened.run.name} names no task belief-simplex, which its claims are"
            " about: restore run.json"
        )
    said = task.drawn(SEQUENCES, "claims")
    belief = beliefs(task.transitions, said)
    leading, whole, shuffled = {}, {}, {}
    for n, step in enumerate(opened.run.steps):
        progress("reading beliefs", n / len(opened.run.steps) / 2)
        states = normalized(opened.run.adapter(step).batch_states(said.astype(np.int32))[-1])
        leading[step] = explained(led(states), belief)
        shuffled[step] = explained(led(states), shuffle(belief))
        whole[step] = explained(states, belief)
    letters = explained(endings(said, LETTERS_BACK), belief)
    lead = advantage(led(states), endings(said, LETTERS_BACK), belief)
    straight = simplex_claim(opened, task, lambda stage, share: progress(stage, 0.5 + share / 2))
    return leading_claim(leading, shuffled, letters, lead), whole_claim(whole), straight


def leading_claim(
    leading: Mapping[int, float],
    shuffled: Mapping[int, float],
    letters: float,
    lead: tuple[float, float],
) -> Claim:
    """Training turns the belief plane into the leading directions: what they leave unexplained
    falls at least threefold, and at the end they tell more than the last ``letters`` do, by a
    ``lead`` whose interval lies above 0.
    """
    first, last = min(leading), max(leading)
    fall = (1 - leading[first]) / (1 - leading[last])
    way = f"{leading[first]:.3f} → {leading[last]:.3f}"
    over = f"[{lead[0]:.3f}, {lead[1]:.3f}]"
    return Claim(
        id="belief-leading",
        title_en="The belief simplex becomes the leading geometry",
        title_zh="信念单纯形成为主导几何",
        says_en=(
            "The three main directions of the last site's states tell the belief of an exact"
            " observer about the hidden state, in contexts never learned from. Fit and test are"
            " apart."
        ),
        says_zh=(
            "最后一处状态只凭三个主方向，就能说出理想观察者对隐藏状态的信念；上下文都没学过，"
            "拟合与检验用的是不同序列。"
        ),
        source=SOURCE,
        published="the residual stream holds the fractal simplex as a linear image",
        published_zh="残差流经一个线性映射，呈现出分形单纯形",
        unit="R² from three principal components",
        unit_zh="由三个主成分得到的 R²",
        threshold=(
            f"our thresholds: unexplained share falls at least {FALL:.0f}-fold from step {first};"
            f" above the last {LETTERS_BACK} letters (95 % interval above 0); shuffled beliefs"
            " within 0.05 of 0"
        ),
        threshold_zh=(
            f"本项目自定：未解释的部分至少降到第 {first} 步的 1/{FALL:.0f}；高于最后"
            f" {LETTERS_BACK} 个字母（95% 区间大于 0）；打乱信念后与 0 相差不超过 0.05"
        ),
        values=leading,
        here=f"{way}; the unexplained share falls {fall:.0f}-fold; over the letters by {over}",
        here_zh=f"{way}；未解释部分降到 1/{fall:.0f}；高出字母 {over}",
        holds=fall >= FALL and lead[0] > 0 and abs(shuffled[last]) <= 0.05,
        at_step=last,
        controls=(
            Control(f"step {first}", f"第 {first} 步", leading[first]),
            Control("shuffled beliefs", "打乱的信念", shuffled),
            Control(
                "the last three letters, best linear map", "最后三个字母的最佳线性映射", letters
            ),
        ),
        caveat_en=(
            "The last three letters alone tell much of the belief; what counts is how much more the"
            " states tell."
        ),
        caveat_zh="单凭最后三个字母就能说出信念的一大部分；要看的是状态比它多说出多少。",
        bound=max(1 - (1 - leading[first]) / FALL, letters),
    )


def whole_claim(whole: Mapping[int, float]) -> Claim:
    """The published form: a linear map from all dimensions of the last site to the belief."""
    first, last = min(whole), max(whole)
    return Claim(
        id="belief-linear",
        title_en="A linear map reads the belief",
        title_zh="线性映射可读出信念",
        says_en=(
            "A linear map from all dimensions of the last site's states to the belief, fitted on"
            " some sequences and tested on others."
        ),
        says_zh="用最后一处状态的全部维度线性预测信念：在一部分序列上拟合，在另一部分上检验。",
        source=SOURCE,
        published="the simplex shows in a linear map of the final residual stream",
        published_zh="最后的残差流经线性映射，呈现出单纯形",
        unit="R² from all dimensions",
        unit_zh="由全部维度得到的 R²",
        threshold=f"at least {ALL}",
        threshold_zh=f"至少 {ALL}",
        values=whole,
        here=f"{whole[last]:.3f}",
        holds=whole[last] >= ALL,
        at_step=last,
        controls=(Control(f"step {first}", f"第 {first} 步", whole[first]),),
        caveat_en=(
            "Alone this proves nothing: an untrained network comes about as far, as step 0 shows."
        ),
        caveat_zh="单凭这一点什么也证明不了：未经训练的网络也差不多能做到，见第 0 步。",
        bound=ALL,
    )


# ---- arrays


def explained(features: Floats | Doubles, belief: Doubles) -> float:
    """R² of the best linear map from features [sequence, token, d] to beliefs [sequence, token, s]:
    fitted on the first half of the sequences, tested on the second, all coordinates together;
    NaN where the beliefs do not vary.
    """
    total = float(spread(belief).sum())
    return 1 - float(unexplained(features, belief).sum()) / total if total else float("nan")


def unexplained(features: Floats | Doubles, belief: Doubles) -> Doubles:
    """The squared error of that map on each tested sequence [sequence]."""
    half = len(features) // 2
    width = features.shape[-1]
    fit, test = (
        part.reshape(-1, width).astype(np.float64) for part in (features[:half], features[half:])
    )
    known, true = (part.reshape(-1, belief.shape[-1]) for part in (belief[:half], belief[half:]))
    weights = np.linalg.lstsq(np.column_stack((fit, np.ones(len(fit)))), known, rcond=1e-9)[0]
    left = (true - (test @ weights[:width] + weights[width])) ** 2
    return np.asarray(left.reshape(len(belief) - half, -1).sum(axis=1))


def spread(belief: Doubles) -> Doubles:
    """The squared distance of each tested sequence's beliefs from their mean [sequence]."""
    tested = belief[len(belief) // 2 :]
    away = (tested - tested.mean(axis=(0, 1))) ** 2
    return np.asarray(away.reshape(len(tested), -1).sum(axis=1))


def advantage(
    features: Floats | Doubles, control: Doubles, belief: Doubles, draws: int = 1000
) -> tuple[float, float]:
    """By how much R² from ``features`` exceeds R² from ``control``: the 95 % interval, bootstrapped
    over the tested sequences, both maps as fitted.
    """
    gain = unexplained(control, belief) - unexplained(features, belief)
    total = spread(belief)
    picks = np.random.default_rng(0).integers(0, len(gain), (draws, len(gain)))
    shares = gain[picks].sum(axis=1) / total[picks].sum(axis=1)
    low, high = np.percentile(shares, (2.5, 97.5))
    return float(low), float(high)


def led(states: Floats, count: int = LEADING) -> Doubles:
    """States [sequence, token, d] along the main directions [sequence, token, count] of the first
    half of the sequences.
    """
    half = states[: len(states) // 2].reshape(-1, states.shape[-1]).astype(np.float64)
    center = half.mean(axis=0)
    directions = np.linalg.svd(half - center, full_matrices=False)[2][:count]
    return np.asarray((states - center) @ directions.T, dtype=np.float64)


def shuffle(belief: Doubles, seed: int = 0) -> Doubles:
    """The same beliefs, dealt out anew among all tokens."""
    flat = belief.reshape(-1, belief.shape[-1])
    return np.random.default_rng(seed).permutation(flat).reshape(belief.shape)


def endings(said: NDArray[np.int64], back: int) -> Doubles:
    """Which ending of ``back`` symbols each token has (a string's beginning counts as a symbol),
    one-hot: [sequence, token, ending].
    """
    symbols = int(said.max()) + 2
    code = np.zeros(said.shape, dtype=np.int64)
    for lag in range(back):
        seen = np.zeros_like(said)
        seen[:, lag:] = said[:, : said.shape[1] - lag] + 1
        code = code * symbols + seen
    kinds, which = np.unique(code, return_inverse=True)
    return np.eye(len(kinds))[which.reshape(said.shape)]
