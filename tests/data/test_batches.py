"""Splitting, batches, baselines and the reference: pure functions of text and seed."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerfold.data.batches import Batches, Data, cut, prepare
from layerfold.data.corpus import Text
from layerfold.data.reference import choose_reference
from layerfold.data.sources import texts_at
from layerfold.errors import CorpusError
from layerfold.records import Reference
from layerfold.runs.run import Run
from layerfold.training.baselines import baselines, kneser_ney
from layerfold.training.recipe import Recipe


def data_of(train: list[int], held_out: list[int], vocabulary: int = 10) -> Data:
    return Data(
        np.array(train, np.uint16), np.array(held_out, np.uint16), np.ones(vocabulary, np.int64)
    )


@given(st.text("ab .\n", max_size=60_000))
def test_pieces_hold_the_whole_document(document: str) -> None:
    pieces = cut(document)
    assert all(0 < len(piece) <= 12_000 for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(document.split())


def test_no_piece_is_in_both_parts(tiny_run: Run, tiny_recipe: Recipe) -> None:
    texts = tuple(
        Text(name, tuple(f"{name} {n} tells it. " * 30 for n in range(40)))
        for name in ("north", "south")
    )
    data = prepare(texts, tiny_run.tokenizer(), held_out=0.2, seed=1, block=16)
    end = tiny_run.tokenizer().end

    def documents(ids: np.ndarray) -> set[tuple[int, ...]]:
        return {
            tuple(part[1:].tolist())
            for part in np.split(ids, np.flatnonzero(ids == end))
            if len(part) > 1
        }

    assert not documents(data.train[1:]) & documents(data.held_out[1:])
    share = len(data.held_out) / (len(data.held_out) + len(data.train))
    assert share == pytest.approx(0.2, abs=0.03)


def test_batches_depend_on_seed_and_step_only() -> None:
    data = data_of(list(range(1000)), [0] * 20, 1000)
    in_order = [Batches(data, 1, 4, 8).at(step)[0] for step in range(70)]
    jumping = Batches(data, 1, 4, 8)
    for step in (69, 3, 31, 30, 0):
        assert np.array_equal(jumping.at(step)[0], in_order[step])
    assert not np.array_equal(Batches(data, 2, 4, 8).at(0)[0], in_order[0])


def test_one_pass_sees_each_window_once_and_targets_are_next() -> None:
    data = data_of(list(range(1000)), [0] * 20, 1000)
    batches = Batches(data, 1, 4, 8)
    starts = [row[0] for step in range(30) for row in batches.at(step)[0].tolist()]
    assert len(set(starts)) == 120
    inputs, targets = batches.at(0)
    assert np.array_equal(inputs + 1, targets)


def test_held_out_windows_cover_each_token_once() -> None:
    inputs, targets = data_of([0] * 40, list(range(21)), 30).windows(8)
    assert inputs.ravel().tolist() == list(range(16))
    assert targets.ravel().tolist() == list(range(1, 17))


def test_too_little_text_to_split_is_refused(tiny_run: Run) -> None:
    with pytest.raises(CorpusError, match="window"):
        prepare(
            (Text("x", ("A short one.", "Another.")),),
            tiny_run.tokenizer(),
            held_out=0.1,
            seed=0,
            block=64,
        )


def test_kneser_ney_is_a_distribution() -> None:
    train = np.random.default_rng(0).integers(0, 5, 300).astype(np.int64)
    for first, second in product(range(6), range(6)):
        third = np.arange(6)
        shares = kneser_ney(train, np.full(6, first), np.full(6, second), third, 6)
        assert shares.sum() == pytest.approx(1)
        assert (shares > 0).all()


def test_the_trigram_knows_what_the_unigram_cannot() -> None:
    cycle = [0, 1, 2, 3] * 200
    found = baselines(data_of(cycle, cycle[:81]), 8)
    assert found["unigram"] == pytest.approx(2, abs=0.05)
    assert found["trigram"] < 0.1


def test_the_reference_is_what_was_asked(tiny_run: Run, tiny_recipe: Recipe) -> None:
    texts = texts_at(tiny_recipe.corpus)
    reference = choose_reference(tiny_run, texts, 300, seed=5)
    assert len(reference) == len(reference.text) == len(reference.frequency) == 300
    assert reference.windows.shape == (19, 64)
    assert sorted(reference.source) == ["north"] * 10 + ["south"] * 9
    for window in range(18):
        positions = reference.position[reference.window == window]
        assert len(set(positions.tolist())) == 16
    assert len({tuple(row) for row in reference.windows.tolist()}) == 19
    assert set(reference.position.tolist()) > set(range(40))


def test_reference_texts_are_readable_and_frequencies_true(
    tiny_run: Run, tiny_recipe: Recipe
) -> None:
    reference = choose_reference(tiny_run, texts_at(tiny_recipe.corpus), 300, seed=5)
    assert all(text.isprintable() and "\ufffd" not in text for text in reference.text)
    assert any(text.startswith(" ") for text in reference.text)
    ids = [
        n
        for text in texts_at(tiny_recipe.corpus)
        for row in tiny_run.tokenizer().ids(text.documents)
        for n in row
    ]
    wanted = int(reference.windows[reference.window[7], reference.position[7]])
    assert reference.frequency[7] == pytest.approx(ids.count(wanted) / len(ids) * 1e6, rel=1e-5)


def test_the_same_seed_chooses_the_same_reference(tiny_run: Run, tiny_recipe: Recipe) -> None:
    def chosen(seed: int) -> Reference:
        return choose_reference(tiny_run, texts_at(tiny_recipe.corpus), 64, seed)

    assert chosen(1).windows.tobytes() == chosen(1).windows.tobytes()
    assert chosen(1).position.tobytes() == chosen(1).position.tobytes()
    assert chosen(1).windows.tobytes() != chosen(2).windows.tobytes()


def test_a_text_too_short_for_the_reference_is_refused(tiny_run: Run) -> None:
    with pytest.raises(CorpusError, match="too short"):
        choose_reference(tiny_run, (Text("x", ("Only this.",)),), 64)
