"""Senses: distances whose ratio is known, controls that must not part, and bad input by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from layerfold.errors import Cancelled, InputError, StepNotFound, TextTooLong, UnknownSymbol
from layerfold.interp import senses
from layerfold.interp.senses import (
    Draws,
    Options,
    gram,
    parts_at,
    plain_weights,
    separation,
    separations,
)
from layerfold.interp.session import Session
from layerfold.interp.stepwise import Watch
from layerfold.interp.word_sets import SenseSet, sense_set
from layerfold.records import Sentence

QUICK = Options(draws=200)
SENSE = np.repeat([0, 1], 12)


def own_set(late: bool = False) -> SenseSet:
    """Six short sentences a sense, the cue before the word or after it."""
    money = [f"{n} *loan* of a {{}}." for n in range(6)]
    river = [f"{n} a {{}} of *mud*." if late else f"{n} *mud* of a {{}}." for n in range(6)]
    return sense_set("bank", {"money": money, "river": river}, "man")


def clouds(apart: float, seed: int = 0) -> np.ndarray:
    """Two normal clouds of 12 in 16 dimensions, their centers ``apart``."""
    states = np.random.default_rng(seed).normal(size=(24, 16))
    states[12:, 0] += apart
    return states.astype(np.float32)


def test_the_ratio_of_two_pairs_on_a_line() -> None:
    states = np.array([[-1.0], [1.0], [9.0], [11.0]], dtype=np.float32)
    found = separation(gram(states), plain_weights(np.array([0, 0, 1, 1]))[None])
    np.testing.assert_allclose(found, [10.0], rtol=1e-12)


def test_a_word_that_parts_beside_a_control_that_does_not() -> None:
    found = separations(clouds(12.0), clouds(0.0, seed=1), Draws.of(SENSE, QUICK))
    value, low, high = found["quotient"]
    assert 1 < low < value < high
    assert found["p"] < 0.01
    assert found["ratio"][0] > found["permuted"]


def test_topic_that_leaks_into_every_word_is_no_sense() -> None:
    found = separations(clouds(12.0), clouds(12.0, seed=1), Draws.of(SENSE, QUICK))
    assert found["quotient"][1] < 1 < found["quotient"][2]
    assert found["p"] < 0.01, "the ratio alone would have called it parted"


def test_senses_dealt_at_random_are_not_refused() -> None:
    p = [
        separations(clouds(0.0, seed), clouds(0.0, seed + 50), Draws.of(SENSE, QUICK))["p"]
        for seed in range(20)
    ]
    assert 0.3 < np.mean(p) < 0.7
    assert np.mean(np.array(p) < 0.05) <= 0.2


def test_the_bounds_hold_the_true_quotient_of_alike_words() -> None:
    held = 0
    for seed in range(40):
        quotient = separations(clouds(2.0, seed), clouds(2.0, seed + 50), Draws.of(SENSE, QUICK))[
            "quotient"
        ]
        held += bool(quotient[1] <= 1 <= quotient[2])
    assert held >= 34, "95 % bounds hold the value in nearly all draws"


def test_states_that_are_all_one_have_no_ratio() -> None:
    one = np.ones((24, 4), dtype=np.float32)
    found = separations(one, one, Draws.of(SENSE, QUICK))
    assert np.isnan(found["ratio"]).all()
    assert np.isnan(found["quotient"]).all()
    assert np.isnan(found["p"])


def test_it_parts_at_the_first_site_that_holds() -> None:
    low = np.array([[[0.9, 1.1, 1.2]], [[0.9, 1.1, 1.2]]], dtype=np.float32)
    p = np.array([[[0.001, 0.5, 0.001]], [[0.5, 0.5, 0.5]]], dtype=np.float32)
    assert parts_at(low, p).tolist() == [[2], [-1]]


def test_every_site_of_every_step(opened: Session) -> None:
    found = senses.measure(opened, [own_set()], options=QUICK)
    assert found.ratio.value.shape == (1, len(opened.steps), len(opened.sites))
    assert np.isfinite(found.quotient.value[..., 1:]).all()
    rows = list(found.rows())
    reasons = {row["site"]: row["reason"] for row in rows}
    assert "one and the same state" in reasons["embed"], "one token at one place"
    assert not reasons["L0.mid"]
    assert len(rows) == len(opened.steps) * len(opened.sites)
    assert {"ratio", "control", "quotient_low", "permuted", "p"} <= rows[0].keys()


def test_the_same_bytes_twice_and_in_any_company(opened: Session) -> None:
    first = senses.measure(opened, [own_set()], [8], QUICK)
    again = senses.measure(opened, [own_set()], [8, 64], QUICK)
    assert first.quotient.low[:, 0].tobytes() == again.quotient.low[:, 0].tobytes()
    assert first.p[:, 0].tobytes() == again.p[:, 0].tobytes()


def test_a_step_is_told_when_it_is_ready_and_kept(opened: Session) -> None:
    told: list[int] = []
    watch = Watch(ready=lambda step, arrays: told.append(step))
    options = Options(draws=50, seed=3)
    senses.measure(opened, [own_set()], [0, 8], options, watch)
    assert told == [0, 8]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(senses, "at_step", lambda *_: pytest.fail("computed again"))
        senses.measure(opened, [own_set()], [0, 8], options)


def test_it_stops_when_told(opened: Session) -> None:
    told: list[int] = []
    watch = Watch(ready=lambda step, arrays: told.append(step), cancelled=lambda: bool(told))
    with pytest.raises(Cancelled):
        senses.measure(opened, [own_set()], options=Options(draws=20, seed=9), watch=watch)
    assert len(told) == 1


def test_a_pass_tells_how_far_it_is_and_stops_within(opened: Session) -> None:
    said: list[tuple[str, float]] = []
    watch = Watch(
        progress=lambda what, share: said.append((what, share)),
        cancelled=lambda: len(said) > 2,
    )
    with pytest.raises(Cancelled):
        senses.measure(opened, [own_set()], [8], Options(draws=20, seed=11), watch)
    assert [what for what, _ in said] == ["step 8", "reading text", "reading text"]
    told: list[float] = []
    hearing = Watch(progress=lambda _, share: told.append(share))
    senses.measure(opened, [own_set()], [8], Options(draws=20, seed=11), hearing)
    assert told == sorted(told)
    assert 0.5 in told, "half is reading, half is drawing again"
    assert any(0 < share < 0.5 for share in told)


def test_what_has_to_be_known_is_noted(opened: Session) -> None:
    notes = {
        note.key: note for note in senses.measure(opened, [own_set(late=True)], [0], QUICK).notes
    }
    assert notes["cue_after"].values["count"] == 6
    assert "cannot matter" in notes["cue_after"].text
    plain = sense_set(
        "zebra", {"a": [f"{n} z {{}}" for n in range(5)], "b": [f"{n} y {{}}" for n in range(5)]}
    )
    notes = {note.key: note for note in senses.measure(opened, [plain], [0], QUICK).notes}
    assert notes["last_piece"].values["pieces"] > 1
    assert notes["no_cue"].values["count"] == 10


def test_what_cannot_be_measured_is_refused(opened: Session) -> None:
    with pytest.raises(InputError, match="No word"):
        senses.measure(opened, [])
    with pytest.raises(StepNotFound, match="step 7"):
        senses.measure(opened, [own_set()], [7])
    long = [f"{n} " + "river " * 40 + "{}" for n in range(5)]
    with pytest.raises(TextTooLong, match="shorten"):
        senses.measure(opened, [sense_set("bank", {"a": long, "b": [text + "!" for text in long]})])


def unreadable(monkeypatch: pytest.MonkeyPatch, symbol: str) -> None:
    """The model does not know a symbol."""
    plain = Session.tokenize

    def tokenize(self: Session, text: str, *rest: Any) -> Sentence:
        if symbol in text:
            raise UnknownSymbol(f"this model does not know {symbol!r}")
        return plain(self, text, *rest)

    monkeypatch.setattr(Session, "tokenize", tokenize)


def test_sentences_that_the_model_cannot_read_are_left_out_and_counted(
    opened: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    unreadable(monkeypatch, "3")
    found = senses.measure(opened, [own_set()], opened.run.steps[-1:], QUICK)
    assert [note.as_json()["values"] for note in found.notes if note.key == "unknown_symbols"] == [
        {"word": "bank", "count": 2, "of": 12}
    ]
    assert [slot.text("") for slot in found.sets[0].slots if "3" in slot.text("")] == []
    assert np.isfinite(found.quotient.value[0, 0, -1])


def test_a_word_that_it_cannot_read_is_noted_and_alone_refused(
    opened: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    unreadable(monkeypatch, "mud")
    with pytest.raises(UnknownSymbol, match="mud"):
        senses.measure(opened, [own_set()], opened.run.steps[-1:], QUICK)
    other = sense_set(
        "man", {s: [f"{n} {s} a {{}}." for n in range(5)] for s in ("one", "two")}, "bank"
    )
    found = senses.measure(opened, [own_set(), other], opened.run.steps[-1:], QUICK)
    assert [one.word for one in found.sets] == ["man"]
    assert next(note.key for note in found.notes) == "not_read"
