"""Poet claims that the shape of verse can be predicted: six claims, their thresholds set down
before the training that decides.

What is read: the poems of the run's reference (never learned from) whose lines all have five or all
have seven characters, at most 64 tokens of each. A *place* is the number of a character in its
line, from 1 on; marks have none. States are layer-normalised. Three texts stand beside each other:

* plain: the poem from its first character on, as a person types it;
* prefix: 0 to 23 random characters (every number as often as any other, so that no absolute
position tells a place in
  lines of five or seven characters and their mark), the sign that parts texts, then the poem;
* shuffled: the characters of each poem in a random order among its characters' places; marks stay
where they are.

Intervals are of 95 %, by bootstrap over poems. The run's own figures decide; those of two more
seeds, trained by the same recipe on the same text, are kept in ``seeds.json`` and told beside them.
What is registered, claim by claim:

1. ``line-ends``: after the last character of a line the model gives the closing marks (，。？！；)
together more than ½, after
   any other character not. Recall of ENDS_FOUND or more with FALSE_ENDS or fewer at the last step.
   A poem's first line does not
   count, since how long its lines are is the poet's choice until it ends; its figures stand beside,
   and those of all lines.
2. ``line-first``: at some checkpoint from step 1 to EARLY the nearest other mean state of a place,
at the last site, is that of the
   place before or after it, for ORDERED of the places or more, in lines of five and of seven each.
   Plain text decides.
3. ``two-strands``: at the last step, with a prefix, in lines of seven, the mean distance between
mean states of places of one parity
   over that of places of the other is under STRANDS at some site past the embedding; at that same
   site it is over
   APART at step 0 and for shuffled characters.
4. ``few-directions``: COMPONENTS principal components hold FEW or more of the variance between the
twelve mean states of the
   places (five and seven characters), at the last site and step. Controls: step 0, and places dealt
   out at random, which must not reach the bar (asked since the run).
5. ``tones``: (a) a linear probe tells a character's tone (平 or 仄; those of both are left out)
from its state better than its
   control task (a random sign for every character; Hewitt & Liang 2019) by SELECTIVE or more; (b)
   from the state at
   the mark that ends a line a probe tells the tones of places 2, 4 and 6 of the *next* line better
   than where next lines
   are exchanged between poems of the same length of line and the same number of the line: the
   interval of the difference is above 0.
   Poems in three parts: one to fit, one to choose the site, one to test.
6. ``rhyme``: where the last character of the 4th, 6th, 8th line is to come, more of the predicted
probability is on characters that
   rhyme (Pingshui) with the poem's earlier rhymes than (a) on the MATCHED characters nearest in
   frequency to each predicted
   one, and (b) on characters that rhyme with another poem's earlier rhymes: both intervals are
   above 0. A character that is
   itself an earlier rhyme does not count.
"""

from __future__ import annotations

from layerfold.claims.claim import Claim, Control, Progress
from layerfold.claims.poet_sounds import rhyme, tones
from layerfold.claims.poet_terms import (
    APART,
    EARLY,
    ENDS_FOUND,
    FALSE_ENDS,
    FEW,
    GURNEE,
    LENGTH,
    ORDERED,
    OURS,
    STRANDS,
    Series,
    words,
)
from layerfold.claims.seeds import read_seeds, with_seeds
from layerfold.claims.verse_figures import Ends
from layerfold.claims.verse_texts import COMPONENTS, Depth, Texts, figures_at
from layerfold.errors import DamagedRun
from layerfold.interp.session import Session
from layerfold.records import Reference
from layerfold.runs.run import Run


def claims(opened: Session, progress: Progress) -> tuple[Claim, ...]:
    """The six claims of a run of verse, with what other seeds say of each; raises DamagedRun."""
    found = claims_by(opened.run, opened.atlas.reference, progress)
    return with_seeds(found, read_seeds(opened.run.folder))


def claims_by(
    run: Run, reference: Reference, progress: Progress, every: bool = True
) -> tuple[Claim, ...]:
    """The six claims of one run on a reference's poems; without ``every`` only the steps that
    decide are read.
    """
    if len(run.steps) < 2:
        raise DamagedRun(
            "fewer than two checkpoints can be read: restore them, or train this run again"
        )
    texts = Texts.of(run, reference)
    first, last = run.steps[0], run.steps[-1]
    found = {last: figures_at(run, last, texts, Depth())}
    sites = found[last].tone.site, found[last].next_tone.site
    rest = [step for step in run.steps[:-1] if every or step <= EARLY]
    for n, step in enumerate(rest):
        progress("reading verse", (n + 1) / (len(rest) + 1))
        found[step] = figures_at(run, step, texts, Depth(step == first, step == first, *sites))
    return claims_from(dict(sorted(found.items())), tuple(site.name for site in run.sites))


def claims_from(found: Series, sites: tuple[str, ...]) -> tuple[Claim, ...]:
    """The six claims, from what was found at each step."""
    return (
        line_ends(found),
        line_first(found),
        two_strands(found, sites),
        few_directions(found),
        tones(found, sites),
        rhyme(found),
    )


def line_ends(found: Series) -> Claim:
    """Where a line ends is known."""
    first, last = min(found), max(found)
    now = found[last].ends

    def both(name: str, en: str, zh: str) -> tuple[Control, ...]:
        ends: Ends = now[name]
        return (
            Control(f"{en}: recall", f"{zh}：召回率", ends.recall.value),
            Control(f"{en}: false", f"{zh}：误报", ends.false.value),
        )

    recall, false = now["plain"].recall, now["plain"].false
    return Claim(
        id="line-ends",
        title_en="Line ends are known",
        title_zh="知道一句在哪里结束",
        says_en=(
            "After the last character of a line the model expects a mark (more than ½), after"
            " others it does not."
        ),
        says_zh="读完一句的最后一个字，模型预计有标点（概率过半）；读到其他字则不然。",
        source=OURS,
        published="recall 1.000, false alarms 0.4 % (a pilot, one seed)",
        published_zh="召回率 1.000，误报 0.4%（预试，一个种子）",
        unit="recall of line ends, 0..1",
        unit_zh="句末召回率，0..1",
        threshold=(
            f"recall at least {ENDS_FOUND:.2f}, false alarms at most {FALSE_ENDS:.2f}, at the end"
        ),
        threshold_zh=f"最后一步召回率不低于 {ENDS_FOUND:.2f}，误报不高于 {FALSE_ENDS:.2f}",
        bound=ENDS_FOUND,
        values={step: at.ends["plain"].recall.value for step, at in found.items()},
        here=f"recall {words(recall)}, false alarms {words(false)}",
        here_zh=f"召回率 {words(recall)}，误报 {words(false)}",
        holds=recall.value >= ENDS_FOUND and false.value <= FALSE_ENDS,
        at_step=last,
        controls=(
            Control(
                "false alarms",
                "误报",
                {step: at.ends["plain"].false.value for step, at in found.items()},
            ),
            Control(
                "untrained: recall", "未经训练：召回率", found[first].ends["plain"].recall.value
            ),
            *both("prefix", "after a random prefix", "随机前缀之后"),
            *both("shuffled", "characters shuffled", "字序打乱"),
            *both("first", "a poem's first line", "首句"),
            *both("all", "all lines", "所有句"),
        ),
        caveat_en=(
            "The first line of a poem does not count: its length is not known before it ends. With"
            " shuffled characters marks keep their places, so a model that counts still knows them."
        ),
        caveat_zh="首句不计：它结束之前，句长无从知道。打乱字序时标点不动，会数数的模型照样知道句末。",
    )


def line_first(found: Series) -> Claim:
    """First the places lie on a line, in order."""
    first, last = min(found), max(found)
    early = [step for step in found if 0 < step <= EARLY]
    best = max(early, key=lambda step: found[step].order["plain"].value, default=last)
    share = found[best].order["plain"].value
    return Claim(
        id="line-first",
        title_en="First an ordered line",
        title_zh="先排成一条线",
        says_en=(
            "Early on, the mean states of the places lie in order: the nearest to each is the place"
            " before or after it."
        ),
        says_zh="训练初期，各位置的平均状态依次排开：离每个位置最近的，是它前一个或后一个位置。",
        source=OURS,
        published="1.00 and 0.88 of places at step 150 (a pilot, one seed)",
        published_zh="第 150 步为 1.00 与 0.88（预试，一个种子）",
        unit="share of places whose nearest is a neighbor; the lesser of both lengths",
        unit_zh="最近者为相邻位置的比例（五言、七言中较小者）",
        threshold=f"at least {ORDERED:.2f} at some checkpoint from step 1 to {EARLY}",
        threshold_zh=f"第 1 至 {EARLY} 步之间某个检查点不低于 {ORDERED:.2f}",
        bound=ORDERED,
        values={step: at.order["plain"].value for step, at in found.items()},
        here=f"{share:.2f} at step {best:,}; {found[last].order['plain'].value:.2f} at the end",
        here_zh=f"第 {best:,} 步为 {share:.2f}；最后为 {found[last].order['plain'].value:.2f}",
        holds=bool(early) and share >= ORDERED,
        at_step=best,
        controls=(
            Control("untrained (step 0)", "未经训练（第 0 步）", found[first].order["plain"].value),
            Control(
                "after a random prefix",
                "随机前缀之后",
                {step: at.order["prefix"].value for step, at in found.items()},
            ),
            Control(
                "characters shuffled, last step",
                "字序打乱，最后一步",
                found[last].order["shuffled"].value,
            ),
            Control("places at random", "随机", 0.29),
        ),
        caveat_en=(
            "The best of several early checkpoints is taken, which noise alone can raise; the curve"
            " shows them all."
        ),
        caveat_zh="取的是若干早期检查点中最好的一个，噪声也会使它偏高；曲线给出全部检查点。",
    )


def two_strands(found: Series, sites: tuple[str, ...]) -> Claim:
    """Then odd and even places part."""
    first, last = min(found), max(found)
    rows = found[last].strands["prefix", LENGTH]
    site = min(range(1, len(rows)), key=lambda n: rows[n].value)
    ratio, untrained = rows[site], found[first].strands["prefix", LENGTH][site]
    mixed = found[last].strands["shuffled prefix", LENGTH][site]
    return Claim(
        id="two-strands",
        title_en="Then two strands",
        title_zh="再分成两股",
        says_en=(
            "Odd and even places of seven-character lines part: those of one parity lie closer to"
            " each other than to the others."
        ),
        says_zh="七言句的奇数位与偶数位分开：同奇偶的位置彼此更近。",
        source=OURS,
        published="0.58 to 0.77 past the embedding, 0.93 at it (a pilot, one seed)",
        published_zh="嵌入层之后 0.58 至 0.77，嵌入层 0.93（预试，一个种子）",
        unit="distance within a parity over distance between, after a random prefix",
        unit_zh="同奇偶距离与异奇偶距离之比（随机前缀之后）",
        threshold=(
            f"under {STRANDS:.1f} at a site past the embedding; there over {APART:.1f} at step 0"
            " and for shuffled characters"
        ),
        threshold_zh=(
            f"嵌入层之后某层位小于 {STRANDS:.1f}；同一层位在第 0 步及字序打乱时大于 {APART:.1f}"
        ),
        bound=STRANDS,
        values={step: at.strands["prefix", LENGTH][site].value for step, at in found.items()},
        here=(
            f"{words(ratio)} at {sites[site]}; step {first}: {words(untrained)}; shuffled:"
            f" {words(mixed)}"
        ),
        here_zh=(
            f"{sites[site]} 处 {words(ratio)}；第 {first} 步 {words(untrained)}；打乱"
            f" {words(mixed)}"
        ),
        holds=ratio.value < STRANDS and untrained.value > APART and mixed.value > APART,
        at_step=last,
        controls=(
            Control("untrained (step 0)", "未经训练（第 0 步）", untrained.value),
            Control("characters shuffled", "字序打乱", mixed.value),
            Control("at the embedding", "嵌入层", rows[0].value),
            Control(
                "without a prefix", "没有前缀", found[last].strands["plain", LENGTH][site].value
            ),
            Control("lines of five", "五言句", found[last].strands["prefix", 5][site].value),
        ),
        caveat_en=(
            "The site is the one where the ratio is least. Points in order on a straight line would"
            " give 1.33, points without order 1."
        ),
        caveat_zh="层位取比值最小者。依次排在直线上的点为 1.33，无序的点为 1。",
    )


def few_directions(found: Series) -> Claim:
    """A few directions hold what parts the places."""
    first, last = min(found), max(found)
    held = found[last].held
    return Claim(
        id="few-directions",
        title_en="Few directions",
        title_zh="方向寥寥",
        says_en=(
            f"{COMPONENTS} principal components hold nearly all variance between the mean states of"
            " the twelve places (five and seven)."
        ),
        says_zh=f"{COMPONENTS} 个主成分便包含十二个位置（五言与七言）平均状态之间的几乎全部方差。",
        source=GURNEE,
        published=f"{COMPONENTS} components hold 95 % (a large model's line counts)",
        published_zh=f"{COMPONENTS} 个主成分占 95%（大模型的行内计数）",
        unit="share of the variance between places",
        unit_zh="位置之间方差的比例",
        threshold=f"at least {FEW:.2f}, and less for places dealt out at random",
        threshold_zh=f"不低于 {FEW:.2f}，且随机分配的位置低于此值",
        bound=FEW,
        values={step: at.held["plain"].value for step, at in found.items()},
        here=words(held["plain"]),
        holds=held["plain"].value >= FEW > held["dealt"].value,
        at_step=last,
        controls=(
            Control("untrained (step 0)", "未经训练（第 0 步）", found[first].held["plain"].value),
            Control("places dealt out at random", "位置随机分配", held["dealt"].value),
            Control("after a random prefix", "随机前缀之后", held["prefix"].value),
        ),
        caveat_en=(
            "Twelve points have eleven directions at most, so a high share is not rare: look at the"
            " controls."
        ),
        caveat_zh="十二个点至多有十一个方向，比例高并不稀奇：请看对照。",
    )
