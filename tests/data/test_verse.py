"""A model of verse from its package to its picture: training by characters, the reference with its
labels, the named axes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from layerfold.build.run_atlas import CorpusOptions, chosen_reference, named_bases
from layerfold.claims.poet import claims_by
from layerfold.claims.seeds import compare_seeds, read_seeds, with_seeds
from layerfold.data.batches import Batches, Data
from layerfold.data.verse import held_out
from layerfold.errors import DamagedRun, InputError, RecipeError, UnknownSymbol
from layerfold.model.tokenizers.characters import CharacterTokenizer
from layerfold.records import Label, Reference
from layerfold.runs.run import Run
from layerfold.training.baselines import interpolated
from layerfold.training.recipe import Recipe, shipped_recipes
from layerfold.training.trainer import made_lesson, train
from layerfold.training.verse_bases import verse_bases
from layerfold.training.writer import RunWriter
from tests.verse import make_cache, poems

SMALL = Recipe(
    name="verse",
    corpus="poet",
    steps=2,
    checkpoints=(0, 2),
    title_zh="小诗",
    claims=("poet",),
    reads={"en": "verse", "zh": "诗", "example": "月"},
    tokens="characters",
    aligned=0.5,
    split_seed=0,
    vocab_size=24,
    n_layer=1,
    n_head=1,
    d_model=16,
    block_size=64,
    batch_size=2,
    held_out=0.4,
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_cache(tmp_path_factory.mktemp("cache"), poems(160))


@pytest.fixture(scope="module")
def run(
    cache: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch_module: pytest.MonkeyPatch
) -> Run:
    monkeypatch_module.setattr("layerfold.data.sources.VERSE_BYTES", 100)
    return train(SMALL, tmp_path_factory.mktemp("runs") / "verse", cache=cache)


@pytest.fixture(scope="module")
def monkeypatch_module() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def reference(run: Run, cache: Path) -> Reference:
    return chosen_reference(run, 400, 0, CorpusOptions(corpora=cache))


def test_the_shipped_recipe_is_one_of_verse() -> None:
    assert "poet" in shipped_recipes()
    recipe = Recipe.load("poet")
    assert recipe.tokens == "characters"
    assert len(recipe.checkpoints) >= 30
    assert sum(step <= 2000 for step in recipe.checkpoints) >= 30
    assert recipe.examples[0].text.startswith("床前明月光，疑是地上霜")


@pytest.mark.parametrize(
    ("field", "value"),
    [("tokens", "words"), ("aligned", 1.5), ("aligned", -0.1), ("reads", {"en": "verse"})],
)
def test_recipes_that_cannot_be_followed(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        Recipe(**{**vars(SMALL), field: value})


def test_the_card_says_what_a_reader_wants_to_know(run: Run) -> None:
    assert run.card["title_zh"] == "小诗"
    assert run.card["reads"]["example"] == "月"
    assert run.card["claims"] == ["poet"]
    assert run.card["collection"] == "poet"
    assert {"unigram", "trigram", "five_gram", "bits_per_byte"} <= set(run.card["tests"])
    assert "sounds.json" in run.card["files"]
    assert run.card["hyperparameters"]["tokens"] == "characters"
    assert run.verify() == []
    assert (
        sum(
            source["left_out"].get("characters outside the vocabulary", 0)
            for source in run.card["corpus"]
        )
        > 0
    )


def test_what_is_typed_is_read_or_refused(run: Run) -> None:
    tokenizer = run.tokenizer()
    assert isinstance(tokenizer, CharacterTokenizer)
    assert tokenizer.encode("東風石,", 9).ids == tokenizer.encode("东风石，", 9).ids
    with pytest.raises(UnknownSymbol, match="龙"):
        tokenizer.encode("龙", 9)


def test_poems_are_held_out_whole_whatever_the_seed(run: Run, cache: Path, tmp_path: Path) -> None:
    other = RunWriter(tmp_path / "other", replace(SMALL, seed=1))
    lesson = made_lesson(other.recipe, other, lambda now: None, cache)
    own = made_lesson(SMALL, RunWriter(run.folder, SMALL), lambda now: None, cache)
    assert (lesson.data.held_out == own.data.held_out).all()  # type: ignore[attr-defined]
    assert (lesson.at(0)[0] != own.at(0)[0]).any()


def test_the_reference_is_of_poems_never_learned_from(
    run: Run, reference: Reference, cache: Path
) -> None:
    tokenizer = run.tokenizer()
    lesson = made_lesson(SMALL, RunWriter(run.folder, SMALL), lambda now: None, cache)
    end = tokenizer.end  # type: ignore[attr-defined]
    learned = tokenizer.decode([n for n in lesson.data.train.tolist() if n != end])
    texts = [tokenizer.decode(row[row >= 0].tolist()) for row in reference.windows]
    assert len(texts) > 20
    assert not any(text in learned for text in texts)
    assert len(set(texts)) == len(texts)
    assert reference.text[0] == tokenizer.text_of(
        int(reference.windows[reference.window[0], reference.position[0]])
    )


def test_labels_say_where_each_character_stands(run: Run, reference: Reference) -> None:
    found: dict[str, Label] = {label.name: label for label in reference.labels}
    assert set(found) == {
        "place",
        "parity",
        "tone",
        "length",
        "rhyme",
        "line",
        "form",
        "dynasty",
        "era",
    }
    tokenizer = run.tokenizer()

    def name(label: str, n: int) -> str | None:
        value = found[label].values[n, 0]
        return found[label].names[int(value)] if value == value else None

    for n in range(len(reference)):
        row = reference.windows[reference.window[n]]
        text = tokenizer.decode(row[row >= 0].tolist())
        at = int(reference.position[n])
        size = text.index("，")
        line, place = divmod(at, size + 1)
        assert found["line"].values[n, 0] == line + 1
        assert name("length", n) == str(size)
        assert name("form", n) == {5: "五言", 7: "七言"}[size]
        if place == size:
            assert (name("place", n), name("rhyme", n), name("parity", n)) == ("标点", None, None)
        else:
            assert name("place", n) == str(place + 1)
            assert name("parity", n) == ("奇", "偶")[place % 2]
            assert name("rhyme", n) == (
                "句中" if place < size - 1 else "韵脚" if line % 2 else "句末"
            )
    assert {name("tone", n) for n in range(len(reference))} >= {"平", "仄"}
    assert {name("era", n) for n in range(len(reference))} <= {"盛唐", None}


def test_the_same_reference_again(run: Run, reference: Reference, cache: Path) -> None:
    again = chosen_reference(run, 400, 0, CorpusOptions(corpora=cache))
    assert (again.windows == reference.windows).all()
    assert (again.position == reference.position).all()
    assert len(held_out(run, ())) == 0


def test_claims_are_computed_on_a_run(run: Run, reference: Reference) -> None:
    heard: list[float] = []
    found = claims_by(run, reference, lambda stage, share: heard.append(share))
    assert [claim.id for claim in found] == [
        "line-ends",
        "line-first",
        "two-strands",
        "few-directions",
        "tones",
        "rhyme",
    ]
    assert all(set(claim.values) == {0, 2} for claim in found)
    assert not any(claim.holds for claim in found[:3]), "two steps teach none of it"
    assert heard == sorted(heard)
    (run.folder / "sounds.json").rename(run.folder / "away")
    with pytest.raises(DamagedRun, match=r"sounds\.json"):
        claims_by(run, reference, lambda stage, share: None)
    (run.folder / "away").rename(run.folder / "sounds.json")


def test_other_seeds_are_read_on_the_same_reference(
    run: Run, reference: Reference, tmp_path: Path
) -> None:
    opened = SimpleNamespace(run=run, atlas=SimpleNamespace(reference=reference))
    compare_seeds(opened, [run.folder, run.folder], lambda stage, share: None)  # type: ignore[arg-type]
    kept = read_seeds(run.folder)
    assert [row["seed"] for row in kept] == [0, 0]
    assert kept[0]["claims"][0]["controls"].keys() >= {
        "a poem's first line: recall",
        "untrained: recall",
    }
    told = with_seeds(claims_by(run, reference, lambda stage, share: None), kept)
    assert told[3].here.endswith("of 3 seeds")
    (run.folder / "seeds.json").unlink()
    of_one = SimpleNamespace(run=Run(tmp_path, {"name": "storyteller"}), atlas=opened.atlas)
    with pytest.raises(InputError, match="without --seed"):
        compare_seeds(of_one, [run.folder], lambda stage, share: None)  # type: ignore[arg-type]


# ---- named axes


def made(states: np.ndarray, place: np.ndarray, size: np.ndarray) -> Reference:
    names = tuple(map(str, range(1, 8)))
    labels = (
        Label("place", "category", "", "", (place - 1)[:, None].astype(np.float32), names=names),
        Label("length", "category", "", "", (size - 1)[:, None].astype(np.float32), names=names),
    )
    zeros = np.zeros(len(states), dtype=np.int32)
    return Reference(
        np.zeros((1, 1), np.int32),
        zeros,
        zeros,
        zeros.astype(np.float32),
        ("x",) * len(states),
        ("a",),
        labels,
    )


def test_axes_read_place_parity_and_length() -> None:
    rng = np.random.default_rng(0)
    size = rng.choice((5, 7), size=600)
    place = rng.integers(1, size + 1)
    parts = np.stack(
        (2 * (place - 1) / (size - 1) - 1, np.where(place % 2, -1, 1), np.where(size == 7, 1, -1)),
        axis=1,
    )
    mixing = rng.normal(size=(3, 10))
    states = (parts @ mixing + rng.normal(size=10))[None].astype(np.float32)
    (basis,) = verse_bases(states, made(states[0], place, size))
    found = states[0] @ basis.matrix[0].T + basis.offset[0]
    assert np.allclose(found, (parts - parts.mean(axis=0)) * [1, 1, 0.25], atol=1e-4)
    assert (basis.name, len(basis.axes_zh), basis.matrix.shape) == ("places", 3, (1, 3, 10))
    assert verse_bases(states, made(states[0], np.minimum(place, 6), size)) == (), (
        "a place without a character"
    )


def test_a_run_of_verse_carries_them(run: Run, reference: Reference) -> None:
    (basis,) = named_bases(run, reference, "normalised")
    assert basis.matrix.shape == (3, 3, 16)
    assert np.isfinite(basis.matrix).all()


# ---- baselines and windows


def test_longer_runs_predict_what_shorter_ones_cannot() -> None:
    rng = np.random.default_rng(0)
    train_ids = np.tile([0, 1, 2, 3, 1, 2, 4, 1, 2, 5], 300).astype(np.int64)
    for order in (2, 3, 5):
        before = [rng.integers(6, size=1).repeat(6) for _ in range(order - 1)]
        assert interpolated(train_ids, before, np.arange(6), 6).sum() == pytest.approx(1)
    before = [train_ids[n : n + 50] for n in range(4)]
    long = interpolated(train_ids, before, train_ids[4:54], 6)
    short = interpolated(train_ids, before[2:], train_ids[4:54], 6)
    assert np.log(long).mean() > np.log(short).mean()
    with pytest.raises(ValueError, match="no number"):
        interpolated(train_ids, before, train_ids[4:54], 10_000)


def test_aligned_windows_begin_where_a_poem_does() -> None:
    ids = np.concatenate([np.r_[np.full(n % 7 + 3, 5), 0] for n in range(400)]).astype(np.uint16)
    data = Data(ids, ids[:100], np.ones(6, dtype=np.int64))
    all_aligned, half, none = (
        Batches(data, 0, 64, 16, aligned=share, end=0) for share in (1.0, 0.5, 0.0)
    )

    def share(batches: Batches) -> float:
        inputs, _ = batches.at(0)
        rows = np.lib.stride_tricks.sliding_window_view(ids, 17)
        begins = {tuple(rows[n]) for n in [0, *np.flatnonzero(ids[:-17] == 0) + 1] if n < len(rows)}
        inputs, targets = batches.at(0)
        return float(
            np.mean(
                [
                    (*row, after[-1]) in begins
                    for row, after in zip(inputs.tolist(), targets.tolist(), strict=True)
                ]
            )
        )

    assert share(all_aligned) == 1
    assert share(none) < share(half) < 1
    assert (all_aligned.at(3)[0] == all_aligned.at(3)[0]).all()
