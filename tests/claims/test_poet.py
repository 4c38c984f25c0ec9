"""Poet's claims: every number on verse whose answer is known, and verdicts from made-up figures."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from layerfold.claims.claim import shapes_of
from layerfold.claims.poet import claims_from
from layerfold.claims.seeds import keep_seeds, read_seeds, with_seeds
from layerfold.claims.verse_figures import (
    Ends,
    Probe,
    dealt,
    draws_of,
    ends_of,
    exchanged,
    held_by,
    in_order,
    means_of_places,
    next_lines,
    next_tone_probe,
    strands,
    tone_probe,
)
from layerfold.claims.verse_reading import PLACES, Reading, Verse, prefixed, regular_verse, shuffled
from layerfold.claims.verse_rhyme import Rhyme, around, calls_of, rhyme_of
from layerfold.claims.verse_texts import Figures
from layerfold.errors import DamagedRun
from layerfold.model.tokenizers.characters import MARKS, CharacterTokenizer
from layerfold.records import Estimate
from layerfold.runs.run import Run
from tests.verse import LEVEL, OBLIQUE, RHYMING, poems

TOKENIZER = CharacterTokenizer.of([*MARKS, *dict.fromkeys(LEVEL + OBLIQUE + RHYMING)], {})
SITES = ("embed", "L0.mid", "L0.post")


def verse_of(count: int = 60) -> Verse:
    rows = [TOKENIZER.ids(["".join(poem)])[0] for poem in poems(count)]
    windows = np.full((count, 40), -1, dtype=np.int32)
    for window, row in zip(windows, rows, strict=True):
        window[: len(row)] = row
    return regular_verse(windows, TOKENIZER)


VERSE = verse_of()
DRAWS = draws_of(VERSE.poems)
TONES = np.array(
    [1 if c in LEVEL + RHYMING else -1 if c in OBLIQUE else 0 for c in TOKENIZER.characters]
)[VERSE.ids]


def reading(states: np.ndarray, ends: np.ndarray | None = None) -> Reading:
    nothing = np.zeros(len(VERSE.ids), dtype=np.float32)
    return Reading(
        states.astype(np.float32),
        nothing if ends is None else ends.astype(np.float32),
        np.zeros((0, len(TOKENIZER)), np.float32),
    )


# ---- the texts


def test_regular_poems_are_found_with_their_places() -> None:
    assert (VERSE.poems, sorted(set(VERSE.length.tolist()))) == (60, [5, 7])
    assert sorted(set(VERSE.kind.tolist())) == list(range(-1, PLACES))
    assert (VERSE.last.sum(), (VERSE.line == 4).any()) == (60 * 4, True)
    assert (VERSE.poem[VERSE.close] == VERSE.poem).all()
    odd = TOKENIZER.ids(["月水，月水雨草，", "月水雨草石，月水雨草石。月水"])
    padded = np.array([row + [-1] * (14 - len(row)) for row in odd], dtype=np.int32)
    with pytest.raises(DamagedRun, match="five and of seven"):
        regular_verse(padded, TOKENIZER)
    seven = np.array([TOKENIZER.ids(["月水雨草石月水，月水雨草石月水。"])[0]], dtype=np.int32)
    both = regular_verse(
        np.concatenate((np.pad(padded, ((0, 0), (0, 2)), constant_values=-1), seven)), TOKENIZER
    )
    assert (both.poems, len(both.ids)) == (2, 12 + 16), (
        "what follows the last closed line is left out"
    )


def test_a_prefix_hides_where_a_place_stands() -> None:
    found = prefixed(VERSE, TOKENIZER, 24)
    assert all(lead[-1] == TOKENIZER.end for lead in found.lead)
    assert sorted({len(lead) - 1 for lead in found.lead}) == list(range(24))
    assert not {TOKENIZER.text_of(n) for lead in found.lead for n in lead[:-1]} & set(MARKS)
    assert prefixed(VERSE, TOKENIZER, 24) == found, "the same on repeat"


def test_shuffling_keeps_marks_and_characters() -> None:
    mixed = shuffled(VERSE)
    marks = VERSE.place == 0
    assert (mixed.ids[marks] == VERSE.ids[marks]).all()
    assert (mixed.ids != VERSE.ids).any()
    for _, row in VERSE.rows():
        assert sorted(mixed.ids[row]) == sorted(VERSE.ids[row])


# ---- the numbers


def test_line_ends() -> None:
    sure = reading(np.zeros((1, len(VERSE.ids), 2)), VERSE.last * 0.9)
    found = ends_of(VERSE, sure, DRAWS)
    assert (found.recall.value, found.recall.low, found.false.value) == (1.0, 1.0, 0.0)
    late = ends_of(VERSE, reading(sure.states, (VERSE.last & (VERSE.line > 1)) * 0.9), DRAWS, "all")
    assert late.recall.value == pytest.approx(0.75), "of four lines the first is not known"
    assert (
        ends_of(
            VERSE, reading(sure.states, (VERSE.last & (VERSE.line > 1)) * 0.9), DRAWS, "first"
        ).recall.value
        == 0
    )
    always = ends_of(VERSE, reading(sure.states, np.ones(len(VERSE.ids))), DRAWS)
    assert (always.recall.value, always.false.value) == (1.0, 1.0)


def placed(points: np.ndarray) -> np.ndarray:
    """States [token, d] at the points of their kinds of place [12, d]."""
    return np.where((VERSE.kind >= 0)[:, None], points[VERSE.kind], 99.0)


def test_an_ordered_line_and_two_strands_are_told_apart() -> None:
    place = np.array([*range(5), *range(7)], dtype=float)
    parity = np.array([n % 2 for n in (*range(5), *range(7))], dtype=float)
    line, pair = (
        np.stack(columns, axis=1) for columns in ((place, place * 0), (place, 20 * parity))
    )
    means = means_of_places(VERSE, placed(line), DRAWS)
    assert means.shape == (1001, PLACES, 2)
    assert (means == line).all(), "marks do not count"
    assert (in_order(means) == 1).all()
    assert strands(means, 7)[0] == pytest.approx(28 / 9 / (28 / 12))
    apart = means_of_places(VERSE, placed(pair), DRAWS)
    assert (in_order(apart)[0], strands(apart, 7)[0] < 0.2, strands(apart, 5)[0] < 0.2) == (
        0.0,
        True,
        True,
    )
    assert held_by(means, 1)[0] == pytest.approx(1)
    spread = means_of_places(VERSE, placed(np.eye(PLACES)), DRAWS[:1])
    assert held_by(spread, 6)[0] == pytest.approx(6 / 11), (
        "twelve points as far from each other as can be"
    )
    assert np.abs(means_of_places(VERSE, placed(line), DRAWS[:1], dealt(VERSE)) - line).max() > 0.5


def test_a_tone_that_is_there_is_found_and_noise_is_not() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(len(VERSE.ids), 4))
    told = np.concatenate((noise, TONES[:, None] + 0.1 * rng.normal(size=(len(TONES), 1))), axis=1)
    found = tone_probe(
        VERSE, reading(np.stack((np.pad(noise, ((0, 0), (0, 1))), told))), TONES, DRAWS
    )
    assert (found.site, found.accuracy.value > 0.95) == (1, True)
    blind = tone_probe(VERSE, reading(noise[None]), TONES, DRAWS)
    assert abs(blind.accuracy.value - 0.5) < 0.15
    assert blind.gain.low < 0.1


def test_the_next_lines_tones() -> None:
    marks, following = next_lines(VERSE)
    assert len(marks) == 60 * 3
    assert (VERSE.place[following] == 1).all()
    other = exchanged(VERSE, marks, following)
    assert (VERSE.poem[other] != VERSE.poem[following]).all()
    assert (VERSE.line[other] == VERSE.line[following]).all()
    assert (VERSE.size[other] == VERSE.size[following]).all()
    rng = np.random.default_rng(0)
    # each poem has its own tone all through
    signs = rng.choice((-1, 1), size=VERSE.poems)[VERSE.poem]
    states = np.concatenate(
        (
            signs[:, None] * np.where(VERSE.place == 0, 1, 0)[:, None],
            rng.normal(size=(len(signs), 3)),
        ),
        axis=1,
    )
    found = next_tone_probe(VERSE, reading(states[None]), signs, DRAWS)
    assert found.accuracy.value > 0.95
    assert found.gain.low > 0.2
    blind = next_tone_probe(VERSE, reading(rng.normal(size=(1, len(signs), 3))), signs, DRAWS)
    assert blind.gain.low < 0


def test_rhymes_are_weighed_against_frequency_and_strangers() -> None:
    calls = calls_of(VERSE)
    assert len(calls) == 60
    assert all(len(call.earlier) == 1 for call in calls)
    half = len(TOKENIZER) // 2
    groups = np.zeros((len(TOKENIZER), 2), dtype=bool)
    groups[8:, 0] = np.arange(8, len(TOKENIZER)) % 2 == 0  # every other character rhymes
    groups[8:, 1] = ~groups[8:, 0]
    fits = np.stack(
        [groups[:, groups[list(call.earlier)].any(axis=0)].any(axis=1) for call in calls]
    ).astype(np.float32)
    found = rhyme_of(VERSE, calls, fits, groups, half, DRAWS)
    assert found.own.value > 0.8
    assert found.over_matched.low > 0.2
    assert found.own.value < 1, "the earlier rhyme itself does not count"
    even = rhyme_of(VERSE, calls, np.ones_like(fits), groups, half, DRAWS)
    assert abs(even.over_matched.value) < 0.1
    assert even.over_other.low < 0 < even.over_other.high or even.over_other.value == pytest.approx(
        0, abs=0.02
    )


def test_around_is_the_mean_of_neighbors() -> None:
    assert around(np.array([1.0, 0, 0, 4, 0]), 2).tolist() == [0, 0.5, 2, 0, 4]


# ---- verdicts


def sure(value: float) -> Estimate:
    return Estimate(value, value - 0.01, value + 0.01)


def figures(
    recall: float,
    order: float,
    ratio: float,
    held: float,
    tone: float,
    rhyme: float,
    controls: tuple[float, float] = (1.0, 0.9),
) -> Figures:
    """Made-up figures; the controls are the ratio on shuffled characters and the share of places
    held when they are dealt out at random.
    """
    mixed, at_random = controls
    texts = ("plain", "prefix", "shuffled", "shuffled prefix")
    rows = {
        (name, size): (sure(0.95), sure(ratio), sure(0.97)) for name in texts for size in (5, 7)
    }
    rows |= {("shuffled prefix", size): (sure(0.95), sure(mixed), sure(1.0)) for size in (5, 7)}
    ends = {name: Ends(sure(recall), sure(0.004)) for name in (*texts, "first", "all")}
    probe = Probe(sure(0.5 + tone), sure(0.5), sure(tone), 1)
    return Figures(
        ends,
        {name: Estimate(order) for name in texts},
        rows,
        {name: sure(held) for name in texts} | {"dealt": sure(at_random)},
        probe,
        probe,
        Rhyme(sure(rhyme), sure(0.05), sure(0.06), sure(rhyme - 0.05), sure(rhyme - 0.06)),
    )


START, EARLY = figures(0, 0.2, 1.0, 0.7, 0.0, 0.03), figures(0.9, 1.0, 1.2, 0.9, 0.1, 0.04)
END = figures(0.995, 0.3, 0.6, 0.97, 0.2, 0.2)


def held(**changed: Figures) -> list[bool]:
    steps = {"start": START, "early": EARLY, "end": END} | changed
    return [
        claim.holds
        for claim in claims_from(
            {0: steps["start"], 160: steps["early"], 2000: steps["end"]}, SITES
        )
    ]


def test_what_holds_and_what_does_not() -> None:
    assert held() == [True] * 6
    assert held(end=figures(0.98, 0.3, 0.85, 0.94, 0.09, 0.06)) == [
        False,
        True,
        False,
        False,
        False,
        False,
    ]
    assert held(early=figures(0.9, 0.85, 1.2, 0.9, 0.1, 0.04))[1] is False
    assert (
        held(end=replace(END, order={**END.order, "plain": Estimate(1.0)}), early=START)[1] is False
    ), "late is not early"
    assert held(start=figures(0, 0.2, 0.7, 0.7, 0.0, 0.03))[2] is False, (
        "strands at step 0 prove nothing"
    )
    assert held(end=figures(0.995, 0.3, 0.6, 0.97, 0.2, 0.2, controls=(0.7, 0.9)))[2] is False, (
        "nor do those of shuffled characters"
    )
    assert held(end=figures(0.995, 0.3, 0.6, 0.97, 0.2, 0.2, controls=(1.0, 0.96)))[3] is False, (
        "places dealt out at random reach the bar"
    )
    many = replace(END, ends={**END.ends, "plain": Ends(sure(1.0), sure(0.02))})
    assert held(end=many)[0] is False, "false alarms"


def test_words_say_steps_and_sites() -> None:
    ends, line, two, *_ = claims_from({0: START, 160: EARLY, 2000: END}, SITES)
    assert ends.here == "recall 0.995 [0.985, 1.005], false alarms 0.004 [-0.006, 0.014]"
    assert (line.at_step, line.here) == (160, "1.00 at step 160; 0.30 at the end")
    assert "at L0.mid" in two.here
    assert all(
        claim.title_zh and claim.says_zh and claim.threshold_zh for claim in (ends, line, two)
    )


def test_other_seeds_are_told_beside(tmp_path: Path) -> None:
    found = claims_from({0: START, 160: EARLY, 2000: END}, SITES)
    worse = claims_from({0: START, 160: START, 2000: START}, SITES)
    card = {
        "name": "poet-1",
        "seed": 1,
        "steps": [2000],
        "files": {},
        "tests": {"bits_per_byte": {"2000": 2.5}},
    }
    other = Run(tmp_path, card)
    other.__dict__["steps"] = (2000,)
    assert read_seeds(tmp_path) == []
    keep_seeds(tmp_path, [other], [worse])
    told = with_seeds(found, read_seeds(tmp_path))
    assert [claim.holds for claim in told] == [True] * 6, "the run's own figures decide"
    assert told[0].here == f"{found[0].here} | seed 1: {worse[0].here} | holds in 1 of 2 seeds"
    assert "2 个种子中 1 个成立" in told[0].here_zh
    kept = json.loads((tmp_path / "seeds.json").read_text("utf-8"))
    assert (kept["seeds"][0]["bits_per_byte"], kept["seeds"][0]["claims"][1]["id"]) == (
        2.5,
        "line-first",
    )
    (tmp_path / "seeds.json").write_text("[]")
    with pytest.raises(DamagedRun, match=r"seeds\.json"):
        read_seeds(tmp_path)


def test_the_run_claims_them() -> None:
    assert shapes_of(Run(Path(), {"name": "poet-1", "claims": ["poet"]})) == ("poet",)
    assert shapes_of(Run(Path(), {"name": "poet"})) == ("poet",)
