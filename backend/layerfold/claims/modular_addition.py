"""Modular addition claims what grokking is: memorised early, understood much later, and understood
as circles of residues.

Everything is read from the checkpoints: accuracy over all pairs, learned and held out, and the
embedding of the numbers. The planes of the circles are fixed by the last checkpoint and the same at
every step: fitted anew, they would find a ring in any noise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from layerfold.claims.claim import Claim, Control, Progress
from layerfold.errors import DamagedRun
from layerfold.geometry.fourier import (
    circularity,
    directions,
    key_frequencies,
    order_error,
    powers,
    readers,
    top_share,
)
from layerfold.interp.session import Session
from layerfold.model.gpt_adapter import GPTAdapter
from layerfold.records import Estimate
from layerfold.training.tasks import task_of_card
from layerfold.training.tasks.modular_addition import ModularAddition

Doubles = NDArray[np.float64]

TOP, TOLD_APART = 4, 8
FACTOR, DELAY, SHARE, ROUND, ORDER = 3, 10, 0.8, 0.9, 0.05
EPOCHS: Final = {113: (136, 10_017), 53: (93, 1_637)}
SEEDS: Final = 20  # shufflings of the residues
REPOSITORY: Final = "huggingface.co/davidnet/grokking-mechanism"
PAPER: Final = "Nanda et al. 2023, arXiv 2301.05217"


@dataclass(frozen=True)
class Found:
    """The checkpoints' tests and number embeddings [p, d], by step."""

    p: int
    tests: Mapping[int, Mapping[str, float]]
    rows: Mapping[int, Doubles]

    @property
    def last(self) -> int:
        """The last step."""
        return max(self.rows)

    def series(self, number: Callable[[Doubles], Estimate]) -> dict[int, float]:
        """A number of the embedding at every step."""
        return {step: number(rows).value for step, rows in self.rows.items()}


def claims(opened: Session, progress: Progress) -> tuple[Claim, ...]:
    """The five claims, from every checkpoint of the run; raises DamagedRun."""
    return claims_from(read(opened, progress))


def claims_from(found: Found) -> tuple[Claim, ...]:
    """The five claims, from what was read."""
    keys = key_frequencies(found.rows[found.last], TOP)
    return (
        _memorized(found),
        _understood(found),
        _sparse(found, keys),
        _round(found, keys),
        _ordered(found, keys),
    )


def read(opened: Session, progress: Progress) -> Found:
    """Every checkpoint tested on all pairs, and its number embedding."""
    task = task_of(opened)
    tests: dict[int, dict[str, float]] = {}
    rows: dict[int, Doubles] = {}
    for n, step in enumerate(opened.run.steps):
        progress("adding all pairs", n / len(opened.run.steps))
        adapter = opened.run.adapter(step)
        assert isinstance(adapter, GPTAdapter)
        tests[step] = task.tests(adapter.model)
        rows[step] = adapter.model.tokens.weight[: task.p].detach().numpy().astype(np.float64)
    if not rows:
        raise DamagedRun("no checkpoint can be read: restore them, or train this run again")
    return Found(task.p, tests, rows)


def task_of(opened: Session) -> ModularAddition:
    """The sums that a run learned; raises DamagedRun."""
    task = task_of_card(opened.card)
    if not isinstance(task, ModularAddition):
        raise DamagedRun("run.json does not say which sums were learned: restore it")
    return task


def _reached(found: Found, name: str, level: float) -> int | None:
    """The first checkpoint where a test is above a level."""
    return next((step for step in sorted(found.tests) if found.tests[step][name] > level), None)


def _within(step: int | None, published: int | None) -> bool:
    """Whether a step is within the factor of the published one; any step will do where none is
    published.
    """
    return step is not None and (
        published is None or published / FACTOR <= step <= published * FACTOR
    )


def _memorized(found: Found) -> Claim:
    published, _ = EPOCHS.get(found.p, (None, None))
    step = _reached(found, "train_accuracy", 0.99)
    return Claim(
        id="memorised",
        title_en="First it memorises",
        title_zh="先是死记",
        says_en=(
            "Within about a hundred epochs the network answers every sum it was shown, and almost"
            " none of the others."
        ),
        says_zh="大约一百轮之内，网络就能答对所有见过的算式，而没见过的几乎都答错。",
        source=REPOSITORY,
        published=(
            f"above 0.99 at epoch {published:,} (p = {found.p})"
            if published
            else "no figure for this p"
        ),
        published_zh=(
            f"第 {published:,} 轮超过 0.99（p = {found.p}）"
            if published
            else "此 p 没有已发表的数字"
        ),
        unit="share of the learned sums answered rightly",
        unit_zh="学过的算式中答对的比例",
        threshold=f"above 0.99, within a factor of {FACTOR} of the published epoch",
        threshold_zh=f"超过 0.99，轮数与发表值相差不超过 {FACTOR} 倍",
        bound=0.99,
        values={step: test["train_accuracy"] for step, test in found.tests.items()},
        here=f"above 0.99 at epoch {step:,}" if step is not None else "never above 0.99",
        here_zh=f"第 {step:,} 轮超过 0.99" if step is not None else "从未超过 0.99",
        holds=_within(step, published),
        at_step=found.last if step is None else step,
        controls=(
            Control(
                "sums it was not shown",
                "没见过的算式",
                {step: test["test_accuracy"] for step, test in found.tests.items()},
            ),
        ),
        caveat_en=(
            "A different seed moves the epoch; checkpoints stand some epochs apart, and the first"
            " one past the line counts."
        ),
        caveat_zh="换一个种子，轮数会变；检查点之间相隔若干轮，以第一个越过界线的为准。",
    )


def _understood(found: Found) -> Claim:
    _, published = EPOCHS.get(found.p, (None, None))
    before, step = _reached(found, "train_accuracy", 0.99), _reached(found, "test_accuracy", 0.90)
    delay = step / before if step and before else None
    here = f"above 0.90 at epoch {step:,}" if step is not None else "never above 0.90"
    here_zh = f"第 {step:,} 轮超过 0.90" if step is not None else "从未超过 0.90"
    return Claim(
        id="understood",
        title_en="Much later it understands",
        title_zh="很久以后才学会",
        says_en=(
            "Long after every shown sum is known by heart, with nothing new to see, the network"
            " begins to answer the others too."
        ),
        says_zh="在背下所有见过的算式很久之后，没有任何新数据，网络却开始答对没见过的算式。",
        source=f"{REPOSITORY}; {PAPER}",
        published=(
            f"above 0.90 at epoch {published:,} (p = {found.p})"
            if published
            else "no figure for this p"
        ),
        published_zh=(
            f"第 {published:,} 轮超过 0.90（p = {found.p}）"
            if published
            else "此 p 没有已发表的数字"
        ),
        unit="share of the sums it was not shown answered rightly",
        unit_zh="没见过的算式中答对的比例",
        threshold=(
            f"above 0.90, within a factor of {FACTOR} of the published epoch and at least {DELAY}"
            " times later than memorising"
        ),
        threshold_zh=f"超过 0.90，轮数与发表值相差不超过 {FACTOR} 倍，且至少是背下时的 {DELAY} 倍",
        bound=0.90,
        values={step: test["test_accuracy"] for step, test in found.tests.items()},
        here=here + (f", {delay:.0f} times later than memorising" if delay else ""),
        here_zh=here_zh + (f"，是背下时的 {delay:.0f} 倍" if delay else ""),
        holds=_within(step, published) and delay is not None and delay >= DELAY,
        at_step=found.last if step is None else step,
        controls=(Control("guessing", "瞎猜", 1 / found.p),),
        caveat_en=(
            "The epoch moves with the seed and the size of the first weights; that it comes long"
            " after memorising does not."
        ),
        caveat_zh="轮数随种子和初始权重大小而变；但它总是远远晚于背下，这一点不变。",
    )


def _sparse(found: Found, keys: list[int]) -> Claim:
    share = found.series(lambda rows: top_share(rows, TOP))
    last = found.rows[found.last]
    names = ", ".join(map(str, keys))
    return Claim(
        id="sparse",
        title_en="A handful of frequencies",
        title_zh="寥寥几个频率",
        says_en=(
            "The numbers' embedding comes to turn with a few frequencies only, here above all"
            f" {names}: each a circle of residues."
        ),
        says_zh=f"数的嵌入最后只随少数几个频率转动，这里主要是 {names}：每个频率是一个剩余类的圆。",
        source=f"{PAPER}; 575-lab, interpretability.ipynb",
        published="0.912 in the four strongest (p = 113)",
        published_zh="最强的四个占 0.912（p = 113）",
        unit="share of the embedding's squared norm in its four strongest frequencies",
        unit_zh="嵌入的平方范数中，最强四个频率所占的比例",
        threshold=(
            f"at least {SHARE:.2f}: what four of five equal ones hold, five being the paper's"
            " number"
        ),
        threshold_zh=f"至少 {SHARE:.2f}：论文中是五个频率，五个均等时四个所占的比例",
        bound=SHARE,
        values=share,
        here=f"{share[found.last]:.3f}",
        holds=bool(share[found.last] >= SHARE),
        at_step=found.last,
        controls=(
            Control(
                "the same rows, residues shuffled",
                "同样的向量，打乱剩余类",
                _shuffled(last, lambda rows: top_share(rows, TOP)),
            ),
            Control("all frequencies alike", "各频率均等", TOP / (len(powers(last)) - 1)),
        ),
        caveat_en=(
            "How many frequencies a network keeps depends on the seed (Nanda et al. have five): the"
            " fifth is left out here."
        ),
        caveat_zh="网络保留几个频率与种子有关（Nanda 等人的是五个）：这里不计第五个。",
    )


def _round(found: Found, keys: list[int]) -> Claim:
    values = found.series(_worst(found, keys, circularity, min))
    last = found.rows[found.last]
    return Claim(
        id="circle",
        title_en="The residues lie on circles",
        title_zh="剩余类落在圆上",
        says_en=(
            "Seen in the plane of each of its four strongest frequencies, every number stands on"
            " one circle, at its own angle."
        ),
        says_zh="在最强四个频率各自的平面里，每个数都落在同一个圆上，各有各的角度。",
        source=PAPER,
        published="a circle; no figure",
        published_zh="是圆；未给数字",
        unit="variance in the plane that the perfect circle explains, worst of four planes, 0..1",
        unit_zh="平面内方差由完美圆解释的比例，取四个平面中最差者，0..1",
        threshold=f"at least {ROUND:.2f} (a perfect circle is 1; no paper gives a number)",
        threshold_zh=f"至少 {ROUND:.2f}（完美的圆为 1；论文未给数字）",
        bound=ROUND,
        values=values,
        here=f"{values[found.last]:.3f}",
        holds=bool(values[found.last] >= ROUND),
        at_step=found.last,
        controls=(
            Control(
                "residues shuffled, planes fitted anew",
                "打乱剩余类，重新拟合平面",
                _shuffled(last, _refitted(keys, circularity, min)),
            ),
        ),
        caveat_en=(
            "Planes fitted to any vectors show some ring, as the shuffled ones do: so they are"
            " fitted once, at the last step."
        ),
        caveat_zh="对任何向量拟合平面都会显出一点环形，打乱后也是：所以平面只在最后一步拟合一次。",
    )


def _ordered(found: Found, keys: list[int]) -> Claim:
    values = found.series(_worst(found, keys, order_error, max))
    last = found.rows[found.last]
    return Claim(
        id="order",
        title_en="They stand in order",
        title_zh="而且排列有序",
        says_en=(
            "Going round each circle one meets the residues in order, in steps of its frequency:"
            " that makes turning adding."
        ),
        says_zh="沿每个圆走一圈，剩余类按该频率的步长依次出现：转动因此就是加法。",
        source=PAPER,
        published="in order; no figure",
        published_zh="有序；未给数字",
        unit=(
            "share of triples of residues out of cyclic order, worst of four planes: 0 in order,"
            " 0.5 in none"
        ),
        unit_zh="循环次序不对的三元组所占比例，取四个平面中最差者：0 为有序，0.5 为无序",
        threshold=f"at most {ORDER:.2f}, a tenth of chance (theory 0; no paper gives a number)",
        threshold_zh=f"至多 {ORDER:.2f}，即随机值的十分之一（理论值 0；论文未给数字）",
        bound=ORDER,
        values=values,
        here=f"{values[found.last]:.3f}",
        holds=bool(values[found.last] <= ORDER),
        at_step=found.last,
        controls=(
            Control(
                "residues shuffled, planes fitted anew",
                "打乱剩余类，重新拟合平面",
                _shuffled(last, _refitted(keys, order_error, max)),
            ),
        ),
    )


Reduce = Callable[[Iterable[float]], float]
Score = Callable[[Doubles, int], Estimate]


def _worst(
    found: Found, keys: list[int], score: Score, worst: Reduce
) -> Callable[[Doubles], Estimate]:
    """The worst score over the key frequencies, each in its plane of the last checkpoint."""
    planes = _planes(found.rows[found.last], keys)
    return lambda rows: Estimate(worst(score(rows @ planes[k].T, k).value for k in keys))


def _refitted(keys: list[int], score: Score, worst: Reduce) -> Callable[[Doubles], Estimate]:
    """The worst score over the key frequencies, each in a plane fitted to the same rows."""
    return lambda rows: Estimate(
        worst(score(rows @ plane.T, k).value for k, plane in _planes(rows, keys).items())
    )


def _planes(rows: Doubles, keys: list[int]) -> dict[int, Doubles]:
    """What reads each frequency's cosine and sine off a row [2, d], what the other strong ones add
    taken out.
    """
    others = [k for k in key_frequencies(rows, TOLD_APART) if k not in keys]
    found = readers(np.concatenate([directions(rows, k) for k in (*keys, *others)]))
    return {k: found[2 * n : 2 * n + 2] for n, k in enumerate(keys)}


def _shuffled(rows: Doubles, number: Callable[[Doubles], Estimate]) -> float:
    """The mean of a number over shufflings of which row belongs to which residue."""
    order = np.random.default_rng(0)
    return float(np.mean([number(rows[order.permutation(len(rows))]).value for _ in range(SEEDS)]))
