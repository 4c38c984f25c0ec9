"""The phase change of a two-layer model: induction heads, what context brings, and the loss, all at
once (Olsson et al. 2022).

There the in-context score went from under 0.15 to about 0.4 nats between 2.5 and 5 billion tokens.
So "abrupt" means here: within one doubling of the training steps, on a curve drawn straight between
checkpoints over the logarithm of the step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite, log2
from typing import Any, Final

import numpy as np

from layerfold.claims.claim import Claim, Control, Progress
from layerfold.errors import DamagedRun
from layerfold.interp.session import Session
from layerfold.model.checkpoint import read_checkpoint
from layerfold.runs.run import checkpoint_name
from layerfold.training.repeats import held_windows, losses, prefix_matching, regained

SOURCE: Final = "Olsson et al. 2022 (arXiv 2209.11895)"
CHANGE: Final = 0.25
"""Nats: from 0.15 to 0.4, the paper's change of the in-context score."""
TIMES: Final = 10

Series = Mapping[int, float]


@dataclass(frozen=True)
class Jump:
    """The doubling of the step, from ``start`` to twice that, over which a series changes most: by
    ``change``, a ``share`` of its range.
    """

    start: float
    change: float
    share: float

    @property
    def words(self) -> str:
        """Where it lies."""
        return f"steps {self.start:,.0f} to {2 * self.start:,.0f}"

    @property
    def words_zh(self) -> str:
        """Where it lies."""
        return f"第 {self.start:,.0f} 至 {2 * self.start:,.0f} 步"


def claims(opened: Session, progress: Progress) -> tuple[Claim, ...]:
    """The claims of a run on text mixed with repeated tokens, on such tokens as it never learned
    from; raises DamagedRun.
    """
    logged = {row["step"]: row for row in opened.run.metrics()}
    share = float(opened.card.get("hyperparameters", {}).get("repeats", 0.0))
    heads, once, again, loss, plain, text = {}, {}, {}, {}, {}, {}
    for n, step in enumerate(opened.run.steps):
        progress("reading attention", n / len(opened.run.steps))
        row = logged.get(step, {})
        if "val_loss" not in row:
            raise DamagedRun(
                f"metrics.jsonl has no val_loss at step {step}: restore it, or train this run again"
            )
        heads[step], once[step], again[step], repeated = read(opened, step)
        plain[step] = float(row["val_loss"])
        loss[step] = share * repeated + (1 - share) * plain[step]
        text[step] = float(row.get("in_context_score", float("nan")))
    return (
        head_claim(heads, once),
        repeats_claim(again),
        *context_claim(text, again),
        window_claim(loss, heads, again, plain),
    )


def read(opened: Session, step: int) -> tuple[float, float, float, float]:
    """At one step: the best head's prefix-matching score, its score on tokens said once, what
    repetition brings, the mean loss (nats).
    """
    config = opened.run.config
    model = read_checkpoint(opened.run.folder / checkpoint_name(step), config)
    windows, periods = held_windows(config.block_size, config.vocab_size)
    scores = prefix_matching(model, windows, periods)
    fresh = np.random.default_rng(1).integers(config.vocab_size, size=windows.shape)
    nats = losses(model, windows)
    best = np.unravel_index(scores.argmax(), scores.shape)
    return (
        float(scores[best]),
        float(prefix_matching(model, fresh, periods)[best]),
        regained(nats, periods),
        float(nats.mean()),
    )


def head_claim(heads: Series, once: Series) -> Claim:
    """Some head comes, abruptly, to look at what followed the same token the last time."""
    jump, last = jump_of(heads), max(heads)
    return Claim(
        id="induction-head",
        title_en="An induction head appears at once",
        title_zh="归纳头突然出现",
        says_en=(
            "The best head's attention on what followed the same token the last time, in random"
            " tokens said again and again."
        ),
        says_zh="在重复出现的随机词元上，最好的注意力头有多少注意力投向“同一词元上次出现之后”的那个词元。",
        source=SOURCE,
        published="prefix-matching scores jump between 2.5 and 5 billion tokens",
        published_zh="前缀匹配分数在 25 亿到 50 亿词元之间突增",
        unit="prefix-matching score, 0..1",
        unit_zh="前缀匹配分数，0..1",
        threshold=(
            f"half of the rise or more within one doubling of the step; at the end {TIMES} times"
            " the untrained score, and its own on tokens said once, or more (the paper gives no"
            " number)"
        ),
        threshold_zh=(
            "至少一半的上升发生在步数翻倍之内；最后不低于未训练分数以及只出现一次的词元上分数的"
            f" {TIMES} 倍（论文未给数值）"
        ),
        values=heads,
        here=(
            f"{heads[min(heads)]:.2f} → {heads[last]:.2f}; {jump.share:.0%} of the rise in"
            f" {jump.words}"
        ),
        here_zh=(
            f"{heads[min(heads)]:.2f} → {heads[last]:.2f}；{jump.share:.0%}"
            f" 的上升发生在{jump.words_zh}"
        ),
        holds=jump.change > 0
        and jump.share >= 0.5
        and heads[last] >= TIMES * max(heads[min(heads)], once[last]),
        at_step=last,
        controls=(
            Control("untrained (step 0)", "未经训练（第 0 步）", heads[min(heads)]),
            Control("the same head, tokens said once", "同一个头，只出现一次的词元", once),
        ),
    )


def context_claim(text: Series, again: Series) -> tuple[Claim, ...]:
    """The published form, on held-out text as the training logged it; none where it did not."""
    if not any(map(isfinite, text.values())):
        return ()
    jump, last = jump_of(text), max(text)
    return (
        Claim(
            id="induction-context",
            title_en="Context begins to help",
            title_zh="上下文开始起作用",
            says_en=(
                "On held-out text, the loss late in the window less the loss early in it: below 0"
                " where context helps."
            ),
            says_zh="在留出文本上，窗口后段的损失减去前段的损失：小于 0 表示上下文有帮助。",
            source=SOURCE,
            published=(
                "in-context score from under 0.15 to about 0.4 nats between 2.5 and 5 billion"
                " tokens"
            ),
            published_zh="上下文分数在 25 亿到 50 亿词元之间从不到 0.15 升到约 0.4 奈特",
            values=text,
            controls=(
                Control("untrained (step 0)", "未经训练（第 0 步）", text[min(text)]),
                Control("on random tokens said again", "在重复的随机词元上", again),
            ),
            caveat_en=(
                "Little comes again in windows as short as these, and the text is old prose: a"
                " model this small need not show what the paper's did."
            ),
            caveat_zh="窗口这么短，很少有内容重复出现，而文本又是旧时散文：这么小的模型未必会显出论文中的现象。",
            at_step=last,
            **_fall(jump, text[last]),
        ),
    )


def repeats_claim(again: Series) -> Claim:
    """With the head, what was said before comes to help where it is said again."""
    jump, last = jump_of(again), max(again)
    return Claim(
        id="induction-repeats",
        title_en="Repetition begins to help",
        title_zh="重复开始起作用",
        says_en=(
            "The loss where random tokens are said again less the loss where they are said first:"
            " below 0 where context helps."
        ),
        says_zh="随机词元再次出现处的损失减去首次出现处的损失：小于 0 表示上下文有帮助。",
        source="this project's own",
        published="no figure: the paper's score is of text",
        published_zh="没有数字：论文的分数取自文本",
        values=again,
        controls=(Control("untrained (step 0)", "未经训练（第 0 步）", again[min(again)]),),
        caveat_en=(
            "Half of the training windows are made of repeated random tokens, so the model is"
            " taught to. What is said of text is the claim beside this one."
        ),
        caveat_zh="训练窗口有一半由重复的随机词元组成，模型是被这样教会的。文本上的情形见旁边那条论断。",
        at_step=last,
        **_fall(jump, again[last]),
    )


def _fall(jump: Jump, end: float) -> dict[str, Any]:
    """What both scores are held to, and what they do."""
    return {
        "unit": "nats a token",
        "unit_zh": "奈特／词元",
        "threshold": (
            f"falls by {CHANGE} nats or more within one doubling of the step, which is half of the"
            " fall or more"
        ),
        "threshold_zh": f"在步数翻倍之内至少下降 {CHANGE} 奈特，且占总下降的一半以上",
        "here": (
            f"{jump.change:+.2f} nats in {jump.words}, {jump.share:.0%} of the change; {end:.2f} at"
            " the end"
        ),
        "here_zh": (
            f"{jump.words_zh}变化 {jump.change:+.2f} 奈特，占 {jump.share:.0%}；最后为 {end:.2f}"
        ),
        "holds": jump.change <= -CHANGE and jump.share >= 0.5,
    }


def window_claim(loss: Series, heads: Series, again: Series, plain: Series) -> Claim:
    """Both happen where the loss has its knee."""
    knee, head, context = jump_of(loss), jump_of(heads), jump_of(again)
    apart = max(abs(log2(head.start / knee.start)), abs(log2(context.start / knee.start)))
    return Claim(
        id="induction-window",
        title_en="Both fall into the knee of the loss",
        title_zh="二者都落在损失的拐点处",
        says_en=(
            "The loss, the prefix-matching score and the in-context score change most within"
            " doublings of the step that overlap."
        ),
        says_zh="损失、前缀匹配分数和上下文分数各自变化最大的那次步数翻倍，相互重叠。",
        source=SOURCE,
        published=(
            "induction heads, in-context learning and a bump in the loss in one window of training"
        ),
        published_zh="归纳头、上下文学习与损失的凸起出现在同一训练窗口",
        unit="nats a token, text and repeated tokens as in training",
        unit_zh="奈特／词元（文本与重复词元按训练比例）",
        threshold="the three doublings overlap; half of both scores' change or more lies in theirs",
        threshold_zh="三段翻倍区间相互重叠，且两个分数各有一半以上的变化在其中",
        values=loss,
        here=(
            f"loss {knee.change:+.2f} nats in {knee.words}; head in {head.words}, context in"
            f" {context.words}"
        ),
        here_zh=(
            f"损失在{knee.words_zh}变化 {knee.change:+.2f}"
            f" 奈特；注意力头：{head.words_zh}；上下文：{context.words_zh}"
        ),
        holds=knee.change < 0 and apart < 1 and min(head.share, context.share) >= 0.5,
        at_step=max(loss),
        controls=(
            Control("held-out text alone, logged in training", "仅留出文本（训练日志）", plain),
        ),
        caveat_en=(
            "The loss on text is the one logged in training; that on repeated tokens is computed"
            " anew."
        ),
        caveat_zh="文本上的损失取自训练日志；重复词元上的损失为重新计算。",
    )


def jump_of(series: Series) -> Jump:
    """The doubling of the step over which a series changes most; steps 0 and what is not finite are
    left out.

    Raises DamagedRun where fewer than two steps are left, or all within one doubling.
    """
    steps = [step for step in sorted(series) if step > 0 and isfinite(series[step])]
    at, values = (
        np.log2(steps) if steps else np.zeros(0),
        np.array([series[step] for step in steps]),
    )
    if len(steps) < 2 or at[-1] - at[0] < 1:
        raise DamagedRun(
            f"the run has checkpoints at {', '.join(map(str, steps)) or 'no step above 0'}: a jump"
            " needs a doubling of the step"
        )
    starts = np.unique(np.concatenate((at[at + 1 <= at[-1]], at[at - 1 >= at[0]] - 1)))
    changes = np.interp(starts + 1, at, values) - np.interp(starts, at, values)
    best = int(np.abs(changes).argmax())
    reach = float(values.max() - values.min())
    return Jump(
        float(2 ** starts[best]),
        float(changes[best]),
        abs(float(changes[best])) / reach if reach else 0.0,
    )
