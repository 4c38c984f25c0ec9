"""The storyteller claims the phases of pre-training, and the hump of intrinsic dimension over
layers.

As in the papers, the states are those of the last token of sequences of equal length: the
reference's windows of text, cut into pieces of 21 tokens that do not overlap (750 of them),
layer-normalised, at every checkpoint. Shuffled text is the same windows with each one's tokens in a
random order, cut the same way: as many pieces, the same tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from layerfold.claims.claim import Claim, Control, Progress
from layerfold.data.reference_states import viewed
from layerfold.errors import DamagedRun
from layerfold.geometry.gride import gride
from layerfold.geometry.spectrum import participation, rankme, spectrum_of
from layerfold.interp.session import Session
from layerfold.records import Estimate, Floats, Ints
from layerfold.space.neighbors import nearest_self

PIECE, AT_ONCE, SEED = 21, 75, 0
SCALE: Final = 8  # between the neighbours 8 and 16: past what noise and twins do to the nearest
FOLD: Final = 2.0  # "collapse" and "substantially" in the paper's words, read as at least twofold
TWINS: Final = 0.1  # share of states with an identical one past which a site has no dimension
SURE: Final = 2.0  # standard errors of a difference
PHASES: Final = "Li et al. 2025 (NeurIPS), arXiv 2509.23024"
HUMP: Final = (
    "Cheng et al. 2025 (ICLR), arXiv 2405.15471; Ansuini et al. 2019 (NeurIPS), arXiv 1905.12784"
)
CHENG: Final = "Cheng et al. 2025 (ICLR), arXiv 2405.15471"


@dataclass(frozen=True)
class Profile:
    """One text at one step: intrinsic dimension by site, RankMe and participation ratio at the last
    site.
    """

    dimension: tuple[Estimate, ...]
    rank: float
    participation: float

    @property
    def peak(self) -> int:
        """The interior site of the highest dimension, -1 where none is defined."""
        inside = {
            site: self.dimension[site].value
            for site in range(1, len(self.dimension) - 1)
            if not self.dimension[site].reason
        }
        return max(inside, key=lambda site: inside[site], default=-1)

    @property
    def height(self) -> Estimate:
        """The dimension at the peak."""
        return (
            self.dimension[self.peak]
            if self.peak >= 0
            else Estimate.undefined("no site inside has a dimension")
        )

    @property
    def end(self) -> Estimate:
        """The higher one of the first and the last site that have a dimension."""
        ends = [each for each in self.dimension if not each.reason and each is not self.height]
        return max(
            ends[:1] + ends[-1:],
            key=lambda each: each.value,
            default=Estimate.undefined("no site has a dimension"),
        )

    @property
    def prominence(self) -> float:
        """How many times as high the peak is as the higher end."""
        return self.height.value / self.end.value

    @property
    def stands_out(self) -> bool:
        """Whether the peak is above both ends by more than two standard errors of the
        difference.
        """
        return above(self.height, self.end)


def above(one: Estimate, other: Estimate) -> bool:
    """Whether one estimate exceeds another by more than two standard errors of their difference."""
    error = float(np.hypot(one.high - one.value, other.high - other.value))
    return bool(one.value - other.value > SURE * error)


def claims(opened: Session, progress: Progress) -> tuple[Claim, ...]:
    """The four claims, from every checkpoint of the run; raises DamagedRun, AtlasMissing."""
    real = pieces(opened.atlas.reference.windows)
    mixed = pieces(shuffled(opened.atlas.reference.windows))
    steps = opened.run.steps
    if len(steps) < 2:
        raise DamagedRun(
            "fewer than two checkpoints can be read: restore them, or train this run again"
        )
    found: dict[int, Profile] = {}
    for n, step in enumerate(steps):
        progress("reading text", n / (len(steps) + 1))
        found[step] = look(opened, step, real)
    progress("reading shuffled text", len(steps) / (len(steps) + 1))
    names = tuple(site.name for site in opened.sites)
    return claims_from(found, look(opened, steps[-1], mixed), names)


def claims_from(
    found: Mapping[int, Profile], mixed: Profile, sites: tuple[str, ...]
) -> tuple[Claim, ...]:
    """The four claims, from what was seen of real text at each step and of shuffled text at the
    last.
    """
    return (
        _phases(found, "rankme"),
        _phases(found, "participation"),
        _hump(found, sites),
        _shuffled_lower(found, mixed),
    )


def pieces(windows: Ints) -> Ints:
    """Windows [window, length] cut into sequences of 21 tokens [piece, 21], or into one each where
    they are shorter.
    """
    size = min(PIECE, windows.shape[1])
    return np.ascontiguousarray(windows[:, : windows.shape[1] // size * size].reshape(-1, size))


def shuffled(windows: Ints) -> Ints:
    """Each window's own tokens in a random order, the same on repeat."""
    return np.random.default_rng(SEED).permuted(windows, axis=1)


def look(opened: Session, step: int, sequences: Ints) -> Profile:
    """The profile of the sequences' last tokens at a step."""
    adapter = opened.run.adapter(step)
    parts = [
        adapter.batch_states(sequences[n : n + AT_ONCE])[:, :, -1]
        for n in range(0, len(sequences), AT_ONCE)
    ]
    states = viewed(np.concatenate(parts, axis=1), "normalised")
    spectrum = spectrum_of(states[-1])
    return Profile(
        tuple(dimension(site) for site in states),
        rankme(spectrum).value,
        participation(spectrum).value,
    )


def dimension(states: Floats) -> Estimate:
    """The intrinsic dimension of states [n, d] at the scale of their neighbours 8 to 16.

    None where many coincide, as those of the same token do at the embedding: points that repeat
    have no density to compare.
    """
    if not np.isfinite(states).all() or len(states) <= 2 * SCALE:
        return Estimate.undefined("states that are not finite, or too few")
    distances = nearest_self(states, 2 * SCALE)[1]
    if np.mean(distances[:, 0] == 0) > TWINS:
        return Estimate.undefined("many states are the same")
    return gride(distances, SCALE)


def _phases(found: Mapping[int, Profile], name: str) -> Claim:
    ranked = name == "rankme"
    read: Callable[[Profile], float] = (
        (lambda at: at.rank) if ranked else (lambda at: at.participation)
    )
    values = {step: read(profile) for step, profile in found.items()}
    first, last = min(values), max(values)
    low = min(values, key=lambda step: values[step])
    title_en, title_zh = (
        ("RankMe", "RankMe（有效秩）") if ranked else ("participation ratio", "参与比")
    )
    here = f"{values[first]:.1f} → {values[low]:.1f} (step {low:,}) → {values[last]:.1f}"
    return Claim(
        id=f"phases-{name}",
        title_en=f"Collapse, then expansion: {title_en}",
        title_zh=f"先塌缩，后扩张：{title_zh}",
        says_en=(
            "In the first steps the states of the last layer collapse onto a few directions; then"
            " they spread again, far and slowly."
        ),
        says_zh="最初几步，最后一层的状态塌缩到寥寥几个方向；随后又缓慢而大幅地展开。",
        source=PHASES,
        published="falls, then rises (OLMo, Pythia); no figure for this size",
        published_zh="先降后升（OLMo、Pythia）；没有这种规模的数字",
        unit="directions" if not ranked else "directions, 1..d",
        unit_zh="方向数",
        threshold=(
            "falls at least twofold below step 0, then rises at least twofold (the paper's words,"
            " read as a factor of two)"
        ),
        threshold_zh="比第 0 步至少降到一半以下，再从最低点至少升高一倍（把论文的措辞读作两倍）",
        values=values,
        here=here,
        here_zh=f"{values[first]:.1f} → {values[low]:.1f}（第 {low:,} 步）→ {values[last]:.1f}",
        holds=first < low < last
        and values[first] >= FOLD * values[low]
        and values[last] >= FOLD * values[low],
        at_step=low,
        caveat_en=(
            "The paper's third phase, compression, comes after far more text than this model has"
            " read, and is not claimed."
        )
        + (
            ""
            if ranked
            else (
                " The paper measures RankMe and α-ReQ; this ratio is the sterner count of the same"
                " spectrum."
            )
        ),
        caveat_zh="论文的第三阶段（压缩）要读过多得多的文本才会出现，这里不作声称。"
        + ("" if ranked else "论文用的是 RankMe 和 α-ReQ；参与比是对同一谱更严格的计数。"),
    )


def _hump(found: Mapping[int, Profile], sites: tuple[str, ...]) -> Claim:
    first, last = min(found), max(found)
    then, now = found[first], found[last]
    name = sites[now.peak]
    return Claim(
        id="hump",
        title_en="Dimension rises, then falls over the layers",
        title_zh="维数沿各层先升后降",
        says_en=(
            "In the trained model the states' intrinsic dimension has a peak inside the network; in"
            " the untrained one it has none."
        ),
        says_zh="训练后，状态的内在维数在网络内部有一个峰；未训练时没有。",
        source=HUMP,
        published="an inner peak, none when untrained; no figure for this size",
        published_zh="内部有峰，未训练时没有；没有这种规模的数字",
        unit="times the dimension at the higher end",
        unit_zh="峰值与两端较高者之比",
        threshold=(
            f"above both ends by more than {SURE:.0f} standard errors at the last step, and not at"
            f" step {first:,}"
        ),
        threshold_zh=f"最后一步高出两端超过 {SURE:.0f} 个标准误，而第 {first:,} 步没有",
        bound=1.0,
        values={step: profile.prominence for step, profile in found.items()},
        here=(
            f"{now.height.value:.1f} at {name}, {now.end.value:.1f} at the higher end:"
            f" {now.prominence:.2f} times; at step {first:,} {then.prominence:.2f}"
        ),
        here_zh=(
            f"{name} 处 {now.height.value:.1f}，较高一端"
            f" {now.end.value:.1f}：{now.prominence:.2f} 倍；"
            f"第 {first:,} 步 {then.prominence:.2f}"
        ),
        holds=now.stands_out and not then.stands_out,
        at_step=last,
        controls=(Control("untrained", "未经训练", then.prominence),),
        caveat_en=(
            "Measured with Cheng's GRIDE between the neighbours 8 and 16 of last tokens, from the"
            " first attention on: at the embedding the same token has the same state. TwoNN,"
            " Ansuini's estimator, shows no peak beyond its error. Where in the network the peak"
            " lies is not claimed."
        ),
        caveat_zh=(
            "用 Cheng 等人的 GRIDE，取末尾词元的第 8 到 16 个近邻，"
            "从第一次注意力之后算起（嵌入处相同词元的状态完全相同）。"
            "Ansuini 用的 TwoNN 没有超出误差的峰。这里不声称峰在哪一层。"
        ),
    )


def _shuffled_lower(found: Mapping[int, Profile], mixed: Profile) -> Claim:
    last = max(found)
    real = found[last].height
    return Claim(
        id="hump-shuffled",
        title_en="The peak is lower for shuffled text",
        title_zh="打乱文本后峰更低",
        says_en=(
            "With each window's tokens in random order the peak should be lower: less to abstract"
            " from."
        ),
        says_zh="把每段文本的词元随机打乱后，峰应当更低：可以抽象的东西变少了。",
        source=CHENG,
        published="significantly lower; no figure for this size",
        published_zh="显著更低；没有这种规模的数字",
        unit="intrinsic dimension at its inner peak",
        unit_zh="内部峰处的内在维数",
        threshold=f"lower than real text's by more than {SURE:.0f} standard errors",
        threshold_zh=f"比真实文本低，且超过 {SURE:.0f} 个标准误",
        values={step: profile.height.value for step, profile in found.items()},
        here=f"{mixed.height.value:.1f} shuffled, {real.value:.1f} real",
        here_zh=f"打乱后 {mixed.height.value:.1f}，真实文本 {real.value:.1f}",
        holds=above(real, mixed.height),
        at_step=last,
        controls=(
            Control("shuffled text, last step", "打乱的文本，最后一步", {last: mixed.height.value}),
        ),
        caveat_en=(
            "Published for far larger models. Token by token, Viswanathan et al. 2025 (arXiv"
            " 2501.10573) find the opposite: the less predictable the text, the higher the"
            " dimension."
        ),
        caveat_zh=(
            "原结果来自大得多的模型。Viswanathan 等人（2025，arXiv"
            " 2501.10573）逐词元测得的恰恰相反：文本越难预测，维数越高。"
        ),
    )
