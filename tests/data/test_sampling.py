"""The reference out of documents: stratified, whole contexts, labels that are the person's own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from layerfold.atlas.parameters import Recipe
from layerfold.build.run_atlas import AtlasOptions, CorpusOptions, build_run_atlas
from layerfold.data.documents import Documents
from layerfold.data.passages import bundled_passages
from layerfold.data.reference_states import reference_states
from layerfold.data.sampling import NOTHING, sample_reference
from layerfold.errors import CorpusError
from layerfold.files.bundled import bundled
from layerfold.interp.session import open_session
from layerfold.model.tokenizers.byte_level import Tokenizer
from layerfold.runs.opening import open_run
from layerfold.server.protocol.tables import reference_table
from tests.small import make_run

FEW = AtlasOptions(count=150, recipe=Recipe(k=5), threads=1)
WORDS = [
    "the",
    "bank",
    "of",
    "a",
    "river",
    "was",
    "steep",
    "and",
    "men",
    "sat",
    "by",
    "its",
    "water",
    "to",
    "read",
    "about",
    "war",
    "or",
    "money",
    "when",
    "days",
    "were",
    "long",
]


def prose(seed: int, words: int) -> str:
    """Sentences of the words in an order of chance."""
    rng = np.random.default_rng(seed)
    return " ".join(
        word + ("." if n % 9 == 8 else "")
        for n, word in enumerate(rng.choice(" ".join(WORDS).split(), size=words))
    )


def documents_of(
    *texts: str, sources: Sequence[str] = (), **columns: tuple[str | float | None, ...]
) -> Documents:
    return Documents(texts, tuple(sources) or ("own",) * len(texts), columns)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.train([prose(0, 2000)], 300)


def test_as_many_tokens_as_were_asked_each_in_its_own_document(tokenizer: Tokenizer) -> None:
    texts = tuple(prose(seed, 400) for seed in range(6))
    found = sample_reference(documents_of(*texts), tokenizer, 64, 500, seed=3)
    assert len(found) == len(found.text) == len(found.frequency) == 500
    assert len({(w, p) for w, p in zip(found.window, found.position, strict=True)}) == 500
    assert len({tuple(row) for row in found.windows.tolist()}) == len(found.windows)
    for index in range(0, 500, 50):
        assert any(tokenizer.decode(found.context(index)).strip() in text for text in texts)


def test_strata_have_as_many_windows_each_where_there_is_text(tokenizer: Tokenizer) -> None:
    texts = tuple(prose(seed, 3000 if seed == 0 else 300) for seed in range(9))
    found = sample_reference(
        documents_of(*texts, topic=("long",) + ("short",) * 8), tokenizer, 64, 480
    )
    topics = found.labels[0].values[:, 0]
    shares = Counter(topics.tolist())
    assert abs(shares[0.0] - shares[1.0]) <= 16


def test_a_stratum_that_runs_out_leaves_its_share_to_the_others(tokenizer: Tokenizer) -> None:
    found = sample_reference(
        documents_of(prose(1, 12), prose(2, 4000), sources=("scrap", "book")), tokenizer, 64, 400
    )
    counts = Counter(found.source)
    assert counts["scrap"] == 1
    assert counts["book"] > 20


def test_short_documents_are_whole_and_filled_up(tokenizer: Tokenizer) -> None:
    texts = tuple(prose(seed, 5 + seed % 7) for seed in range(80))
    found = sample_reference(documents_of(*texts), tokenizer, 64, 300)
    for index in range(300):
        assert tokenizer.decode(found.context(index)) in texts
    assert (found.windows == NOTHING).any()
    assert (found.windows[found.window, found.position] >= 0).all()


def test_what_stands_after_a_short_window_changes_nothing(tmp_path: Path) -> None:
    run = open_run(make_run(tmp_path / "small", atlas=False))
    adapter = run.adapter(8)
    long = sample_reference(documents_of(prose(1, 9), prose(2, 300)), run.tokenizer(), 48, 100)
    states = reference_states(adapter, long)
    for index in range(0, 100, 7):
        alone = adapter.states(long.context(index)).values[:, long.position[index]]
        assert np.allclose(states[:, index], alone, atol=1e-5)


def test_the_same_seed_chooses_the_same(tokenizer: Tokenizer) -> None:
    own = documents_of(*(prose(seed, 200) for seed in range(5)))
    one, same, other = (sample_reference(own, tokenizer, 64, 200, seed) for seed in (1, 1, 2))
    assert one.windows.tobytes() == same.windows.tobytes()
    assert one.position.tobytes() == same.position.tobytes()
    assert one.windows.tobytes() != other.windows.tobytes()


def test_too_little_text_is_said_with_what_there_is(tokenizer: Tokenizer) -> None:
    with pytest.raises(
        CorpusError,
        match=r"gives \d+ tokens in context, 100 were asked for: add text, or give --tokens \d+",
    ):
        sample_reference(documents_of("The bank of a river."), tokenizer, 64, 100)


def test_frequencies_are_those_of_the_documents(tokenizer: Tokenizer) -> None:
    text = prose(4, 800)
    found = sample_reference(documents_of(text), tokenizer, 64, 120)
    ids = tokenizer.ids([text])[0]
    wanted = int(found.windows[found.window[5], found.position[5]])
    assert found.frequency[5] == pytest.approx(ids.count(wanted) / len(ids) * 1e6, rel=1e-5)


def test_a_column_of_numbers_is_a_magnitude_and_one_of_words_a_category(
    tokenizer: Tokenizer,
) -> None:
    texts = tuple(prose(seed, 60) for seed in range(4))
    year, topic = (1851.5, None, 1900.0, 1851.5), ("sea", "war", None, "sea")
    found = sample_reference(documents_of(*texts, year=year, topic=topic), tokenizer, 64, 120)
    magnitude, category = found.labels
    assert (magnitude.kind, category.kind, category.names) == (
        "magnitude",
        "category",
        category.names,
    )
    assert sorted(category.names) == ["sea", "war"]
    at = [
        next(
            n for n, text in enumerate(texts) if tokenizer.decode(found.context(i)).strip() in text
        )
        for i in range(120)
    ]
    assert [None if np.isnan(value) else value for value in magnitude.values[:, 0].tolist()] == [
        year[n] for n in at
    ]
    told = [None if np.isnan(code) else category.names[int(code)] for code in category.values[:, 0]]
    assert told == [topic[n] for n in at]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (("1", "2", None, "2"), "category"),
        ((0.0, 1.0, 1.0, 0.0), "category"),
        (("0.5", "2", "3", "4"), "magnitude"),
        (("1e3", "-2.5", None, "7"), "magnitude"),
        (("1", "two", "3", "4"), "category"),
        ((None, None, None, None), "category"),
    ],
)
def test_few_whole_numbers_are_classes_and_others_a_scale(
    tokenizer: Tokenizer, values: tuple[str | float | None, ...], kind: str
) -> None:
    texts = tuple(prose(seed, 60) for seed in range(4))
    assert (
        sample_reference(documents_of(*texts, column=values), tokenizer, 64, 120).labels[0].kind
        == kind
    )


def test_rare_categories_are_one(tokenizer: Tokenizer) -> None:
    texts = tuple(prose(seed, 40) for seed in range(30))
    found = sample_reference(
        documents_of(*texts, who=tuple(f"author {n}" for n in range(30))), tokenizer, 64, 300
    )
    names = found.labels[0].names
    assert len(names) == 12
    assert names[-1] == "other"
    assert np.nanmax(found.labels[0].values) == 11


class Framing(Tokenizer):
    """A tokenizer whose model begins and ends a text with the end sign."""

    def framed(self, ids: Sequence[int]) -> list[int]:
        return [self.end, *ids, self.end]


def test_a_model_reads_its_windows_framed_and_the_frame_is_not_picked() -> None:
    plain = Tokenizer.train([prose(0, 2000)], 300)
    framing = Framing(plain._backend)
    found = sample_reference(documents_of(prose(1, 300), prose(2, 9)), framing, 32, 150)
    for index in range(150):
        row = found.context(index)
        assert (row[0], row[-1]) == (framing.end, framing.end)
        assert len(row) <= 32
        assert 0 < found.position[index] < len(row) - 1


def test_passages_come_with_the_program() -> None:
    found = bundled_passages(bundled() / "models")
    assert len(found.texts) > 200
    assert len(set(found.sources)) >= 5
    assert all("<|end|>" not in text for text in found.texts[:50])


def test_a_run_gets_an_atlas_over_a_table_with_its_columns_as_colours(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "small", atlas=False)
    rows = "".join(
        f"{prose(seed, 60)},{'north' if seed % 2 else 'south'},{1800.5 + seed}\n"
        for seed in range(30)
    )
    (tmp_path / "rows.csv").write_text("body,side,year\n" + rows)
    text = CorpusOptions(str(tmp_path / "rows.csv"), "body", ("side", "year"))
    build_run_atlas(folder, replace(FEW, text=text))
    table = reference_table(open_session(folder, None))
    assert [(label.name, label.kind, sorted(label.names)) for label in table.labels] == [
        ("side", "category", ["north", "south"]),
        ("year", "magnitude", []),
    ]
    assert set(table.source) == {"rows"}
    assert all(words and "" not in words[:1] for words in table.windows)
    (tmp_path / "other.txt").write_text(prose(99, 3000))
    build_run_atlas(folder, replace(FEW, text=CorpusOptions(str(tmp_path / "other.txt"))))
    assert set(reference_table(open_session(folder, None)).source) == {"other"}


def test_a_text_in_the_run_is_its_corpus(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "small", atlas=False)
    with pytest.raises(CorpusError, match="say with --corpus"):
        build_run_atlas(folder, FEW)
    (folder / "text").mkdir()
    (folder / "text" / "own.txt").write_text(prose(5, 4000))
    build_run_atlas(folder, FEW)
    assert set(reference_table(open_session(folder, None)).source) == {"own"}
