"""Modern prose: each source read from a file as its package holds it; weights of sources."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np

from layerfold.data.batches import prepare
from layerfold.data.corpus import Text
from layerfold.data.mixed_reference import joined
from layerfold.data.modern import brown, factbook, jargon, sqlite
from layerfold.data.sources import both, storyteller
from layerfold.model.tokenizers.byte_level import Tokenizer
from layerfold.records import Label, Reference

LONG = (
    "The land is flat, its rivers are slow, and most of the people live along the southern coast."
)


def test_brown_is_read_a_sentence_a_line(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "ca01").write_text(
        "The/at jury/nn met/vbd ./.\n\nIt/pps was/bedz so/ql\n"
    )
    assert list(brown(tmp_path)) == ["The jury met.\nIt was so"]


def test_statements_of_the_fact_book_stay_and_figures_go(tmp_path: Path) -> None:
    (tmp_path / "package" / "africa").mkdir(parents=True)
    card = {"Geography": {"Area": {"total": {"text": "9 sq km"}}, "Terrain": {"text": LONG}}}
    (tmp_path / "package" / "africa" / "xx.json").write_text(json.dumps(card))
    assert list(factbook(tmp_path)) == [LONG]


def test_entries_of_the_jargon_file_keep_their_words(tmp_path: Path) -> None:
    folder = tmp_path / "usr/share/doc/jargon-text"
    folder.mkdir(parents=True)
    text = "A chapter.\n\n   :foo: /foo/\n\n   n. See {bar},\n   of course."
    text += "\n\n   :bar: n.\n\n   A bar.\n"
    (folder / "jargon.txt.gz").write_bytes(gzip.compress(text.encode()))
    opening, entries = list(jargon(tmp_path))
    assert opening == "A chapter."
    assert entries == "foo:\n\nn. See bar, of course.\n\nbar:\n\nA bar."


def test_paragraphs_of_the_documentation_stay_and_code_goes(tmp_path: Path) -> None:
    folder = tmp_path / "usr/share/doc/sqlite3"
    folder.mkdir(parents=True)
    page = f"<h1>x</h1><p>{LONG} A <b>b</b> &amp; c.</p><p>short</p><pre><p>{LONG}</p></pre>"
    (folder / "a.html").write_text(page)
    assert list(sqlite(tmp_path)) == [f"{LONG} A b & c."]


def test_a_source_of_weight_three_is_learned_from_three_times_and_held_out_once() -> None:
    documents = tuple(f"{n} {LONG} {n}" for n in range(60))
    tokenizer = Tokenizer.train(documents, 300)
    once, thrice = (
        prepare((Text("a", documents, weight=weight),), tokenizer, held_out=0.2, seed=1, block=16)
        for weight in (1, 3)
    )
    assert len(thrice.train) == 3 * len(once.train)
    assert np.array_equal(thrice.held_out, once.held_out)
    assert "weight" not in Text("a", documents).card()
    assert Text("a", documents, weight=3).card()["weight"] == 3


def test_the_first_sources_stay_so_that_the_same_text_is_held_out() -> None:
    assert both()[: len(storyteller())] == storyteller()


def test_two_references_are_one_with_labels_where_they_are_known() -> None:
    def reference(width: int, labels: tuple[Label, ...]) -> Reference:
        rows = np.arange(2 * width, dtype=np.int32).reshape(2, width)
        at = np.array([0, 1], dtype=np.int32)
        return Reference(rows, at, at, at.astype(np.float32), ("a", "b"), ("x", "y"), labels)

    label = Label("pos", "category", "", "", np.ones((2, 1), np.float32), names=("n", "v"))
    found = joined(reference(3, ()), reference(2, (label,)))
    assert found.windows.tolist() == [[0, 1, 2], [3, 4, 5], [0, 1, -1], [2, 3, -1]]
    assert found.window.tolist() == [0, 1, 2, 3]
    assert len(found) == 4
    assert np.isnan(found.labels[0].values[:2]).all()
    assert found.labels[0].values[2:].tolist() == [[1.0], [1.0]]
    assert found.context(2) == [0, 1]
