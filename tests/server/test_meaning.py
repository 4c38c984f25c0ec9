"""Questions about meaning: a step an answer, the numbers of the instruments, refusals by name."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter

from layerfold.errors import Cancelled, InputError, LayerfoldError
from layerfold.interp import axes, edge, regions, senses
from layerfold.interp.session import Session, open_session
from layerfold.interp.word_sets import PairList, sense_set
from layerfold.locales.messages import render
from layerfold.server.answers import REGISTRY, Reader
from layerfold.server.meaning_sets import language_of
from layerfold.server.protocol.messages import parse_client
from layerfold.server.protocol.questions import AnyQuestion
from tests.asking import ask, ask_all
from tests.small import make_run

SENSES = {
    "money": [f"{n} loan of the {{}}" for n in "abcdef"],
    "river": [f"{n} mud of the {{}}" for n in "abcdef"],
}
FEW = {sense: sentences[:4] for sense, sentences in SENSES.items()}
AFTER = {sense: [f"the {{}} {n} *{sense}*" for n in "abcdef"] for sense in SENSES}
OWN = {"word": "bank", "control": "man", "senses": SENSES}
PAIRS = [["r", "s"], ["e", "o"], ["t", "n"], ["h", "k"], ["m", "l"], ["w", "d"]]
TAGGED = "".join(f"# {n}\nthe\tart\nbank\tnoun\nthe\tart\nriver\tnoun\n\n" for n in range(8))
QUESTIONS: dict[str, dict[str, Any]] = {
    "senses": {"words": [], "own": OWN},
    "axes": {"lists": [], "pairs": PAIRS, "frame": "a {}", "analogy": ["r", "s", "e", "o"]},
    "path": {"start": "t", "end": "s", "site": "L0.post", "frame": "a {}", "points": 6},
    "probe": {"tagged": TAGGED},
    "regions": {"least": 4},
    "ood": {"texts": {}},
    "attack": {"text": "the bank", "site": "L0.post"},
    "compress": {"changes": ["bits=3", "bits=16"], "sentence": "the bank"},
}


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    folder = tmp_path_factory.mktemp("meaning")
    return open_session(make_run(folder / "small"), folder / "cache")


@pytest.mark.parametrize("kind", QUESTIONS)
def test_every_step_is_answered_in_the_order_asked(session: Session, kind: str) -> None:
    found = ask_all(session, kind, steps=[64, 0], **QUESTIONS[kind])
    assert [(told.step, told.done, told.of) for told, _ in found] == [(64, 1, 2), (0, 2, 2)]
    again = ask_all(session, kind, steps=[64], **QUESTIONS[kind])[0]
    assert again[0].model_copy(update={"of": 2}) == found[0][0]
    for name, values in found[0][1].items():
        assert again[1][name].tobytes() == values.tobytes(), name


@pytest.mark.parametrize("kind", ["senses", "axes"])
def test_reading_words_again_and_placing_them_is_progress_too(session: Session, kind: str) -> None:
    """A large model takes as long for them as for the numbers."""
    shares: list[float] = []
    reader = replace(Reader.of(session), told=shares.append)
    asked: Any = TypeAdapter(AnyQuestion).validate_python(
        {"type": kind, "id": 1, "run": session.run.name, "steps": [64], **QUESTIONS[kind]}
    )
    list(REGISTRY[type(asked)].call(reader, asked, lambda: False))
    assert shares == sorted(shares)
    assert len([share for share in shares if share >= 0.5]) >= 2
    assert max(shares) < 1, "what is over is answered"


def test_senses_are_those_of_the_instrument_with_places(session: Session) -> None:
    told, tensors = ask(session, "senses", steps=[64], **QUESTIONS["senses"])
    one = sense_set("bank", SENSES, "man")
    true = senses.measure(session, [one], [64], senses.Options(draws=300))
    np.testing.assert_array_equal(tensors["quotient"][..., 0], true.quotient.value[:, 0])
    np.testing.assert_array_equal(tensors["control"][..., 2], true.control.high[:, 0])
    assert tensors["positions"].shape == tensors["control_positions"].shape == (5, 12, 3)
    assert told.senses == [0] * 6 + [1] * 6
    assert {note.key for note in told.notes} >= {"no_cue"}


def test_an_axis_goes_through_the_cloud(session: Session) -> None:
    told, tensors = ask(session, "axes", steps=[64], **QUESTIONS["axes"])
    words = tuple((one[0], one[1]) for one in PAIRS)
    true = axes.measure(session, PairList("own", "en", words), [64], axes.Options("a {}"))
    np.testing.assert_array_equal(tensors["loo"][0, ..., 0], true.loo.value[0])
    np.testing.assert_array_equal(tensors["repaired"][0, ..., 2], true.repaired.high[0])
    assert told.places == [*(site.name for site in session.sites), "unembed"]
    assert [one.site for one in told.analogy] == told.places
    states = session.space(64).states[2].astype(float)
    states -= states.mean(axis=0)
    along = states @ true.direction[0, 2]
    along /= np.linalg.norm(states, axis=1) * np.linalg.norm(true.direction[0, 2])
    np.testing.assert_allclose(tensors["projected"][2], along, atol=1e-3)


def test_regions_come_with_the_links_from_the_checkpoint_before(session: Session) -> None:
    told, tensors = ask(session, "regions", steps=[64], least=4)
    true = regions.measure(session, None, [8, 64], regions.Options(least=4))
    np.testing.assert_array_equal(tensors["members"], true.members[1])
    assert told.before == 8
    assert [one.fate for one in told.regions] == [
        true.fate(64, n) for n in range(len(true.regions[1]))
    ]
    assert ask(session, "regions", steps=[0], least=4)[0].links == []


def test_the_alarm_is_what_the_table_supports(session: Session) -> None:
    told, tensors = ask(session, "ood", steps=[8])
    true = edge.measure(session, {}, [8])
    assert told.kinds == list(true.kinds)
    np.testing.assert_array_equal(tensors["auroc"][..., 0], true.auroc.value[0])
    for kind, row in zip(told.kinds, told.alarms, strict=True):
        assert row == [true.standing(kind, 8, site) for site in range(5)]


def test_points_of_a_path_begin_and_end_where_the_words_lie(session: Session) -> None:
    told, tensors = ask(session, "path", steps=[64], **QUESTIONS["path"])
    ids = session.tokenize("a t").ids
    placed = session.slice(session.tokenize("a t"), 64).placed.positions[2, len(ids) - 1]
    for way in range(len(told.ways)):
        np.testing.assert_allclose(tensors["positions"][way, 0], placed, atol=1e-5)
    assert tensors["summary"].shape == (4, 4, 4)


def test_a_model_of_sixteen_bits_goes_on_the_same(session: Session) -> None:
    told, tensors = ask(session, "compress", steps=[64], **QUESTIONS["compress"])
    assert told.smaller[1] == told.whole
    assert (tensors["damage"][1] == 0).all()
    assert tensors["noise_damage"].shape == (2, 3)


def test_what_there_is_to_choose_from(session: Session) -> None:
    told, _ = ask(session, "meaning_sets")
    assert {one.word for one in told.senses} >= {"bank", "spring", "match"}
    assert all(min(one.counts) >= 5 and one.control != one.word for one in told.senses)
    assert {one.language for one in told.axes} == {"en", "zh"}
    assert told.labels[0].name == "source"
    assert told.predicts
    assert (told.layers, told.heads) == (2, 2)
    assert told.language == "en"


@pytest.mark.parametrize(
    ("text", "language"),
    [("the bank was", "en"), ("春眠不觉晓 a", "zh"), ("12 + 7 =", ""), ("весна и", ""), ("", "")],
)
def test_a_run_is_in_one_of_the_bundled_languages_or_in_neither(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("kind", "more", "match"),
    [
        ("senses", {"words": ["zebra"]}, "no 'zebra'"),
        ("senses", {"words": []}, "No word is named"),
        ("senses", {"words": [], "own": OWN | {"senses": {"one": ["a {}"]}}}, "two senses"),
        ("senses", {"words": [], "own": OWN | {"senses": FEW}}, "at least 5"),
        (
            "senses",
            {"words": [], "own": OWN | {"senses": SENSES | {"river": ["mud"] * 6}}},
            "0 times",
        ),
        ("senses", {"words": [], "own": {"word": "the", "column": "source"}}, "class"),
        ("axes", {"lists": [], "pairs": PAIRS[:3]}, "at least 5"),
        ("axes", {"lists": [], "pairs": [*PAIRS, ["a", "a"]]}, "no direction"),
        ("path", {"start": "s", "end": "s"}, "same tokens"),
        ("path", {"start": "t", "end": "s", "site": "L9.post"}, "L9.post"),
        ("probe", {"label": "tone"}, "no label 'tone'"),
        ("probe", {"tagged": "the art"}, "a tab and its tag"),
        ("probe", {"label": "source"}, "needs two"),
        ("probe", {"tagged": TAGGED.replace("noun", "art")}, "needs two"),
        ("probe", {"tagged": TAGGED.replace("# ", "")}, "a tab and its tag"),
        ("regions", {"least": 400}, "too few"),
        ("attack", {"text": "t"}, "one token"),
        ("compress", {"changes": ["size=3"]}, "is no change"),
        ("compress", {"changes": ["bits=1"]}, "leaves nothing"),
        ("compress", {"changes": ["layer=9"]}, "no layer 9"),
        ("compress", {"changes": ["head=0.9"]}, "no head 9"),
    ],
)
def test_what_cannot_be_measured_is_refused_by_name(
    session: Session, kind: str, more: dict[str, Any], match: str
) -> None:
    with pytest.raises(LayerfoldError, match=match) as refused:
        ask_all(session, kind, steps=[64], **more)
    assert re.search("[\u4e00-\u9fff]", render(str(refused.value), "zh")), "and in Chinese"


@pytest.mark.parametrize(
    ("kind", "more", "notes"),
    [
        ("senses", {"words": [], "own": OWN | {"word": "gibberish"}}, {"last_piece"}),
        ("senses", {"words": [], "own": OWN | {"senses": AFTER}}, {"cue_after"}),
        ("axes", {"lists": [], "pairs": [*PAIRS, ["xzs", "qjs"]], "frame": "a {}"}, {"same_token"}),
        ("probe", {"tagged": TAGGED.replace("noun", "rare", 1)}, {"rare_classes"}),
    ],
)
def test_what_is_measured_all_the_same_is_said(
    session: Session, kind: str, more: dict[str, Any], notes: set[str]
) -> None:
    told, _ = ask(session, kind, steps=[64], **more)
    assert notes <= {note.key for note in told.notes}


def test_a_measurement_that_nobody_waits_for_stops(session: Session) -> None:
    with pytest.raises(Cancelled):
        ask_all(session, "regions", lambda: True, steps=[64], least=5)


def test_text_inside_a_message_is_well_formed() -> None:
    words = '{"type": "senses", "id": 1, "run": "a", "steps": [0], "words": ["\\ud800"]}'
    assert parse_client(words).words == ["\ufffd"]  # type: ignore[union-attr]
    with pytest.raises(LayerfoldError):
        parse_client('{"type": ' + "[" * 900 + "]" * 900 + "}")


def test_a_table_holds_the_rows(session: Session, tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    found = regions.measure(session, None, [64], regions.Options(least=4))
    assert len(found.to_frame()) == len(found.regions[0])
    with pytest.raises(InputError):
        regions.Options(least=1)


def test_shares_of_an_answer_only_grow(session: Session) -> None:
    told: list[float] = []
    question: Any = TypeAdapter(AnyQuestion).validate_python(
        {"type": "compress", "id": 1, "run": session.run.name, "steps": [8, 0]}
        | {"changes": ["bits=5", "sparsity=0.25"]}
    )
    entry = REGISTRY[type(question)]
    answers = list(entry.call(Reader.of(session, None, told.append), question, lambda: False))
    assert len(answers) == 2
    assert told == sorted(told)
    assert told[0] == 0.0
    assert told[-1] == 1.0
    assert len(set(told)) >= 2 * 2 * 4, "each change, and each noise as large"
