"""How much text is read: all of it by a small model, less by a large one, which says so."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from layerfold.interp import compression, edge, sample_size
from layerfold.interp.changes import change_of
from layerfold.interp.sample_size import LEAST, MOST, fewer, windows_read
from layerfold.interp.session import Session
from layerfold.records import sites_of

TEXT = ["The bank of the river was steep. A man sat by the water and read a book about war. " * 40]


def shaped(layers: int, width: int, vocabulary: int) -> Any:
    run = SimpleNamespace(d_model=width, n_vocab=vocabulary)
    return SimpleNamespace(run=run, sites=sites_of(layers))


def test_windows_fall_with_the_size_of_the_model() -> None:
    assert windows_read(shaped(6, 160, 4096), 64) == MOST, "the storyteller"
    assert windows_read(shaped(30, 576, 49152), 64) == 13, "SmolLM2-135M"
    assert windows_read(shaped(30, 576, 49152), 32) == 26
    assert windows_read(shaped(32, 4096, 128_000), 64) == LEAST
    assert fewer(MOST) == ()


def test_a_large_model_says_that_it_reads_less(
    opened: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = compression.Options(draws=20)
    plain = compression.measure(opened, [change_of("bits=8")], [64], TEXT, few)
    assert not plain.notes
    monkeypatch.setattr(sample_size, "MOST_WORK", 1.0)
    found = compression.measure(opened, [change_of("bits=8")], [64], TEXT, few)
    assert [note.values for note in found.notes] == [{"count": LEAST, "most": MOST}]
    assert f"{LEAST} windows" in found.notes[0].text
    assert found.tokens < plain.tokens
    assert next(iter(found.rows()))["tokens"] == found.tokens
    asked = compression.Options(windows=12, draws=20)
    more = compression.measure(opened, [change_of("bits=8")], [64], TEXT, asked)
    assert not more.notes, "it was asked for"
    assert more.tokens > found.tokens


def test_the_edge_of_a_large_model_is_of_fewer_texts(
    opened: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample_size, "MOST_WORK", 1.0)
    found = edge.measure(opened, {}, [64], edge.Options(draws=20))
    assert "fewer_windows" in {note.key for note in found.notes}
    assert found.texts <= LEAST
    assert {row["texts"] for row in found.rows()} == {found.texts}
