"""Probes: what is linearly there is read, what is only memory is not selective, noise is chance."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from layerfold.errors import Cancelled, InputError
from layerfold.interp import labels as labelling
from layerfold.interp import probes
from layerfold.interp.labels import (
    Labelled,
    checked,
    labelled,
    sentences_of,
    shuffled_types,
    tagged,
)
from layerfold.interp.probes import Options, Split, at_site, baselines
from layerfold.interp.session import Session
from layerfold.interp.stepwise import Watch
from layerfold.records import Label, Reference

QUICK = Options(draws=50)
DOCUMENTS, EACH, TYPES, CLASSES = 40, 20, 50, 3


def made(values: np.ndarray | None = None, types: int = TYPES, classes: int = CLASSES) -> Labelled:
    """800 tokens of so many types in 40 documents, with labels that are a function of nothing."""
    rng = np.random.default_rng(0)
    windows = rng.integers(types, size=(DOCUMENTS, EACH)).astype(np.int32)
    window, position = (grid.ravel().astype(np.int32) for grid in np.indices(windows.shape))
    n = len(window)
    reference = Reference(
        windows, window, position, np.ones(n, np.float32), ("t",) * n, ("s",) * DOCUMENTS
    )
    drawn = rng.integers(classes, size=n) if values is None else values
    tokens = np.arange(n, dtype=np.int32)
    names = tuple("abcdefghij"[:classes]) if classes <= 10 else tuple(map(str, range(classes)))
    return Labelled("own", reference, tokens, drawn.astype(np.int32), window, names)


def states_of(labels: Labelled, of: str, noise: float = 0.3) -> np.ndarray:
    """States [n, 60] that hold a token's type, its class, or nothing; with noise."""
    rng = np.random.default_rng(1)
    n = len(labels.values)
    code = np.zeros((n, 60))
    if of != "nothing":
        code[np.arange(n), labels.types if of == "type" else labels.values] = 1.0
    return (code + noise * rng.normal(size=code.shape)).astype(np.float32)


def test_a_class_that_is_there_is_read_and_is_selective() -> None:
    labels = made()
    found = at_site(states_of(labels, "class", 0.1), Split.of(labels, QUICK))
    assert found["accuracy"][0] > 0.95
    assert found["selectivity"][1] > 0.3
    assert found["compression"][1] > 1.5
    assert found["control_compression"][2] < 1.1


def test_random_states_give_chance() -> None:
    labels = made(types=5000)
    states = states_of(labels, "nothing")
    found = [at_site(states, Split.of(labels, replace(QUICK, seed=seed))) for seed in range(6)]
    assert np.mean([one["accuracy"][0] for one in found]) == pytest.approx(1 / CLASSES, abs=0.05)
    assert np.mean([one["selectivity"][0] for one in found]) == pytest.approx(0, abs=0.05)
    assert all(one["compression"][0] < 1 for one in found)


def test_labels_shuffled_by_type_have_about_chance_selectivity() -> None:
    """Hewitt & Liang: a label that is a random function of the type is read as well as any other
    such label, so that high accuracy is no selectivity.
    """
    plain = made()
    labels = replace(plain, values=shuffled_types(plain, seed=5))
    found = at_site(states_of(labels, "type", 0.03), Split.of(labels, QUICK))
    assert found["accuracy"][0] > 0.95, "it is learned by heart"
    assert abs(found["selectivity"][0]) < 0.05
    assert baselines(Split.of(labels, QUICK))[0].value > 0.95


def test_noise_lets_it_fall_to_chance() -> None:
    labels = made()
    noise = at_site(states_of(labels, "class", 0.1), Split.of(labels, QUICK))["noise"][:, 0]
    assert noise[0] > noise[1] > noise[2] > 1 / CLASSES - 0.1


def test_no_document_is_on_both_sides() -> None:
    split = Split.of(made(), QUICK)
    sides = [set(split.documents[side]) for side in (split.test, ~split.test)]
    assert not sides[0] & sides[1]
    assert len(sides[0]) == pytest.approx(0.2 * DOCUMENTS, abs=1)
    blocks = [set(split.documents[split.block == n]) for n in range(5)]
    assert sum(map(len, blocks)) == len(set.union(*blocks)) == DOCUMENTS


def test_the_control_gives_a_type_one_class_as_often_as_it_occurs() -> None:
    skewed = made(np.repeat([0, 0, 0, 1], 200), types=2000, classes=2)
    control = shuffled_types(skewed, 0)
    assert all(len(set(control[skewed.types == one])) == 1 for one in np.unique(skewed.types))
    assert np.mean(control == 0) == pytest.approx(0.75, abs=0.1)
    assert (control != shuffled_types(skewed, 1)).any()


def test_the_baseline_is_the_most_frequent_label_of_the_type() -> None:
    labels = made()
    labels = replace(labels, values=(labels.types % CLASSES).astype(np.int32))
    by_type, majority = baselines(Split.of(labels, QUICK))
    assert by_type.value == 1.0
    assert majority.value < 0.5


def test_gaps_and_rare_classes_are_left_out_and_counted() -> None:
    plain = made()
    values = plain.values.copy()
    values[:30], values[30:34] = -1, 3
    found = checked(replace(plain, values=values, classes=(*plain.classes, "rare")))
    assert found.classes == plain.classes
    assert len(found.values) == len(values) - 34
    notes = {note.key: note.values for note in found.notes}
    assert notes["gaps"]["count"] == 30
    assert notes["rare_classes"]["count"] == 1


@pytest.mark.parametrize(
    ("labels", "match"),
    [
        (made(np.zeros(DOCUMENTS * EACH)), "1 class"),
        (made(np.full(DOCUMENTS * EACH, -1)), "0 class"),
        (made(classes=500), "classes: a probe tells at most"),
        (replace(made(), documents=np.zeros(DOCUMENTS * EACH, np.int32)), "1 document"),
    ],
    ids=["one class", "no class", "many classes", "one document"],
)
def test_labels_of_which_nothing_can_be_learned_are_refused(labels: Labelled, match: str) -> None:
    with pytest.raises(InputError, match=match):
        checked(labels)


def with_label(opened: Session, kind: str = "category") -> Session:
    """The small run, its reference carrying a label with gaps."""
    reference = opened.atlas.reference
    values = (np.arange(len(reference)) % 3).astype(np.float32)[:, None]
    values[::10] = np.nan
    label = Label("tone", kind, "Tone", "声调", values, names=("a", "b", "c"))  # type: ignore[arg-type]
    opened.atlas.__dict__["reference"] = replace(reference, labels=(label,))
    return opened


def test_a_label_of_the_reference(opened: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(opened.atlas.__dict__, "reference", opened.atlas.reference)
    labels = labelled(with_label(opened), "tone")
    told: list[int] = []
    watch = Watch(ready=lambda step, arrays: told.append(step))
    found = probes.measure(opened, labels, [64], QUICK, watch)
    assert found.steps == (0, 64), "the first step stands beside every other"
    assert told == [0, 64]
    assert found.predicted.shape == (2, len(opened.sites), len(labels.values))
    rows = list(found.rows())
    assert rows[-1]["first_step"] == pytest.approx(float(found.accuracy.value[0, -1]))
    again = probes.measure(opened, labels, [64, 8], QUICK)
    assert again.accuracy.low[1].tobytes() == found.accuracy.low[1].tobytes()


def test_labels_that_cannot_be_probed_are_refused(
    opened: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="no label 'tone'"):
        labelled(opened, "tone")
    with pytest.raises(InputError, match="1 class"):
        labelled(opened)
    monkeypatch.setitem(opened.atlas.__dict__, "reference", opened.atlas.reference)
    with pytest.raises(InputError, match="is a magnitude"):
        labelled(with_label(opened, "magnitude"), "tone")


def test_it_stops_between_sites(opened: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(opened.atlas.__dict__, "reference", opened.atlas.reference)
    labels = labelled(with_label(opened), "tone")
    asked: list[int] = []
    watch = Watch(cancelled=lambda: asked.append(1) or len(asked) > 3)  # type: ignore[func-returns-value]
    with pytest.raises(Cancelled):
        probes.measure(opened, labels, [64], replace(QUICK, seed=7), watch)
    assert 4 <= len(asked) <= 5, "each that is at work asks once more at most"


def test_words_with_tags(opened: Session, tmp_path: Path) -> None:
    lines = [f"# {n}\nthe\tart\nbank\tnoun\nof\tprep\nthe\tart\nriver\tnoun\n" for n in range(8)]
    path = tmp_path / "own.tsv"
    path.write_text("\n".join(lines), "utf-8")
    found = tagged(opened, path)
    assert len(set(found.documents)) == 8
    assert found.classes == ("art", "noun")
    assert {note.key: note.values for note in found.notes}["rare_classes"]["count"] == 1
    ends = [found.reference.text[n] for n in found.tokens]
    assert {ends[n][-1] for n in range(len(ends)) if found.values[n] == 0} == {"e"}, (
        "the end of “the”"
    )
    accuracy = probes.measure(opened, found, [64], replace(QUICK, strength=100.0)).accuracy.value
    assert accuracy[-1, 1:].min() > 0.9


@pytest.mark.parametrize(
    ("text", "match"),
    [("the art\n", "Line 1"), ("# nothing\n", "no tagged word"), ("a\t\n", "Line 1")],
)
def test_what_is_no_tagged_text_is_named(
    opened: Session, tmp_path: Path, text: str, match: str
) -> None:
    path = tmp_path / "own.tsv"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError, match=match):
        tagged(opened, path)


def test_sentences_are_documents_where_none_are_marked(tmp_path: Path) -> None:
    path = tmp_path / "own.tsv"
    path.write_text("a\tx\nb\ty\n\nc\tx\n", "utf-8")
    assert [document for document, _ in sentences_of(path)] == [0, 1]


def test_words_are_taken_from_the_documents_in_turn() -> None:
    sentences = [(d, [(f"{d}{n}", "x")] * 3) for d in range(4) for n in range(5)]
    found = [sentence[0][0] for _, sentence in labelling.spread(sentences, 18)]
    assert found == ["00", "10", "20", "30", "01", "11"]


@pytest.mark.parametrize("options", [{"held_out": 0.0}, {"held_out": 1.0}, {"strength": 0.0}])
def test_options_that_cannot_be_followed(options: dict[str, float]) -> None:
    with pytest.raises(InputError):
        Options(**options)


def test_the_least_number_of_tokens_is_what_the_note_says() -> None:
    assert labelling.FEW == 10
