"""From text to places on a small real run: the same with and without a cache, faults named step by
step, nothing heavy at import.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import layerfold
from layerfold.atlas.build import StateGrid
from layerfold.atlas.parameters import Recipe
from layerfold.build.metrics import measure_run
from layerfold.build.run_atlas import AtlasOptions, build_run_atlas
from layerfold.data.reference_states import lengths, reference_states, slope_of, stored, viewed
from layerfold.errors import (
    AtlasMissing,
    Cancelled,
    DamagedRun,
    Diverged,
    EmptyText,
    RunNotFound,
    SiteNotFound,
    StepNotFound,
    TokenNotFound,
)
from layerfold.files.array_cache import ArrayCache
from layerfold.interp import atlas_run as module
from layerfold.interp.session import Session, open_session
from layerfold.model.checkpoint import save_checkpoint
from layerfold.runs.opening import open_run
from layerfold.runs.run import checkpoint_name
from layerfold.server.protocol.tables import measures_table, metrics_table, reference_table
from tests.small import (
    CONFIG,
    PICKED,
    STEPS,
    WINDOWS,
    a_model,
    make_run,
    sign_again,
    write_run_card,
)

TEXT = "The bank of the river, “café” and 你好 😀"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("models") / "small")


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "small")


@pytest.fixture(scope="module")
def opened(made: Path) -> Session:
    return open_session(made)


def test_a_sentence_at_a_step(opened: Session) -> None:
    sentence = opened.tokenize(TEXT)
    found = opened.slice(sentence, 64)
    tokens = len(sentence.tokens)
    assert found.placed.positions.shape == (5, tokens, 3)
    assert found.placed.neighbors.shape == (5, tokens, 15)
    assert found.placed.outside.shape == found.norm.shape == (5, tokens)
    assert found.segment_trust.shape == (4, tokens)
    assert np.isfinite(found.placed.positions).all()
    assert (found.norm > 0).all()


def test_the_same_text_gives_the_same_bytes_with_a_cache_and_without(
    made: Path, opened: Session, tmp_path: Path
) -> None:
    sentence = opened.tokenize(TEXT)
    expected = opened.slice(sentence, 8)
    blocked = tmp_path / "blocked"
    blocked.write_text("no folder")
    for cache in (tmp_path / "cache", tmp_path / "cache", blocked):
        found = open_session(made, cache).slice(sentence, 8)
        assert np.array_equal(found.placed.positions, expected.placed.positions)
        assert np.array_equal(found.segment_trust, expected.segment_trust, equal_nan=True)


def test_reference_states_are_computed_once_and_kept(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentence = open_session(made, tmp_path).tokenize("a word")
    for step in STEPS:
        open_session(made, tmp_path).slice(sentence, step)
    monkeypatch.setattr(module, "kept_states", lambda *_: pytest.fail("computed again"))
    again = open_session(made, tmp_path)
    for step in STEPS:
        again.warm(step)
        again.slice(sentence, step)


def test_a_run_that_is_opened_again_finds_what_has_not_changed(
    made: Path, opened: Session, tmp_path: Path
) -> None:
    size = opened.space(STEPS[0]).nbytes
    spaces = module.shared_spaces(2 * size)
    one, two = (open_session(made, tmp_path, spaces) for _ in range(2))
    first = [one.space(step) for step in STEPS[:2]]
    assert [two.space(step) for step in STEPS[:2]] == first
    grown = shutil.copytree(made, tmp_path / "other")
    assert open_session(grown, tmp_path, spaces).space(STEPS[0]) is not first[0]


def test_runs_that_are_open_at_once_share_the_room(
    made: Path, opened: Session, tmp_path: Path
) -> None:
    size = opened.space(STEPS[0]).nbytes
    spaces = module.shared_spaces(2 * size)
    one, two = (
        open_session(folder, tmp_path, spaces)
        for folder in (made, shutil.copytree(made, tmp_path / "other"))
    )
    for step in STEPS[:2]:
        one.space(step)
    kept = two.space(STEPS[0])
    assert two.space(STEPS[0]) is kept
    assert (
        sum(
            module.Where(run, step, run._content(step)) in spaces
            for run in (one, two)
            for step in STEPS
        )
        == 2
    )


def test_a_reference_token_in_its_context_is_its_own_nearest_neighbour(opened: Session) -> None:
    reference = opened.atlas.reference
    space = opened.space(64)
    for index in (0, 9, 50):
        context = reference.windows[reference.window[index]][: reference.position[index] + 1]
        states = viewed(space.adapter.states(context.tolist()).values[:, -1:], "normalised")
        placed = space.placer.place(states)
        assert (placed.distances[:, 0, 0] < 0.02).all()


def test_all_steps_of_a_sentence(opened: Session) -> None:
    trajectory = opened.place("the bank")
    assert trajectory.steps == STEPS
    assert trajectory.positions.shape == (3, 5, len(trajectory.sentence.tokens), 3)
    assert opened.place("the bank", [8]).positions.tobytes() == trajectory.positions[1:2].tobytes()


def test_a_sentence_longer_than_the_model_reads_is_cut(opened: Session) -> None:
    sentence = opened.tokenize("word " * 100)
    assert len(sentence.tokens) == CONFIG.block_size
    assert sentence.cut > 0
    assert len(opened.tokenize("word " * 100, 10).tokens) == 10
    with pytest.raises(EmptyText):
        opened.tokenize(" ")


def test_cancelling_is_seen_at_every_stage(opened: Session) -> None:
    sentence = opened.tokenize("the bank")
    for stage in range(3):
        calls: list[int] = []

        def cancelled(stage: int = stage, calls: list[int] = calls) -> bool:
            calls.append(1)
            return len(calls) > stage

        with pytest.raises(Cancelled):
            opened.slice(sentence, 64, cancelled)
    assert len(list(opened.slices(sentence, STEPS, lambda: False))) == 3


def test_a_damaged_checkpoint_is_named_and_the_others_work(folder: Path) -> None:
    cut, wrong = folder / checkpoint_name(8), folder / checkpoint_name(64)
    cut.write_bytes(cut.read_bytes()[:-10])
    data = bytearray(wrong.read_bytes())
    data[-1] ^= 1
    wrong.write_bytes(bytes(data))
    opened = open_session(folder)
    sentence = opened.tokenize("the bank")
    assert opened.steps == STEPS, "the clouds are still there to be seen"
    for path in (cut, wrong):
        with pytest.raises(DamagedRun, match=path.name):
            opened.slice(sentence, int(path.stem.split("-")[1]))
    assert opened.slice(sentence, 0).placed.positions.shape[0] == 5
    assert [str(problem).split()[0] for problem in opened.problems()] == [checkpoint_name(8)]


def test_a_run_without_an_atlas(folder: Path) -> None:
    shutil.rmtree(folder / "atlas")
    opened = open_session(folder)
    with pytest.raises(AtlasMissing, match="layerfold atlas"):
        _ = opened.steps
    assert metrics_table(opened).rows


def test_a_damaged_cloud_is_named(folder: Path) -> None:
    path = folder / "atlas" / "step-00000008.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    opened = open_session(folder)
    with pytest.raises(DamagedRun, match=path.name):
        opened.atlas_bytes(8)
    with pytest.raises(DamagedRun, match=path.name):
        opened.slice(opened.tokenize("a"), 8)
    assert opened.atlas_bytes(0)


def test_what_is_not_there(opened: Session, tmp_path: Path) -> None:
    sentence = opened.tokenize("the bank")
    with pytest.raises(RunNotFound):
        open_session(tmp_path / "nowhere")
    with pytest.raises(StepNotFound, match="0, 8, 64"):
        opened.slice(sentence, 7)
    with pytest.raises(StepNotFound):
        opened.atlas_bytes(7)
    with pytest.raises(SiteNotFound):
        opened.inspect(sentence, 0, 8, 5)
    with pytest.raises(TokenNotFound):
        opened.inspect(sentence, 99, 8, 0)
    with pytest.raises(TokenNotFound):
        opened.inspect_reference(WINDOWS * PICKED, 8, 0)


def test_inspecting_a_typed_token(opened: Session) -> None:
    sentence = opened.tokenize(TEXT)
    placed = opened.slice(sentence, 64)
    found = opened.inspect(sentence, 3, 64, 2, k=5, top=4)
    assert found.text == sentence.tokens[3].text
    assert found.norm == pytest.approx(placed.norm[2, 3])
    assert [index for index, _ in found.neighbors] == placed.placed.neighbors[2, 3, :5].tolist()
    assert found.outside == placed.placed.outside[2, 3]
    assert found.trust is None
    assert [len(site.top) for site in found.lens] == [4] * 5
    assert found.lens[-1].kl == 0
    assert all("\ufffd" not in text for site in found.lens for text, _ in site.top)


def test_inspecting_a_reference_token(opened: Session) -> None:
    found = opened.inspect_reference(9, 64, 3, k=6)
    states = opened.space(64).states[3].astype(np.float64)
    away = np.linalg.norm(states - states[9], axis=1)
    away[9] = np.inf
    nearest = np.argsort(away)[:6]
    assert [distance for _, distance in found.neighbors] == pytest.approx(
        away[nearest].tolist(), rel=1e-4
    )
    assert 9 not in [index for index, _ in found.neighbors]
    assert found.trust == pytest.approx(0.9, abs=0.01)
    assert found.outside is None
    assert found.text == opened.atlas.reference.text[9]


def test_tables(opened: Session) -> None:
    table = reference_table(opened)
    assert len(table.text) == len(table.window) == WINDOWS * PICKED
    assert "\ufffd" not in "".join(
        table.text + [text for window in table.windows for text in window]
    )
    assert measures_table(opened).axes.values[0][0][0] == [None, None]
    assert [row["step"] for row in metrics_table(opened).rows] == list(STEPS)


def test_measures_stand_beside_the_atlass_only_when_they_are_of_it(folder: Path) -> None:
    assert [measure.name for measure in measures_table(open_session(folder)).measures] == ["trust"]
    measure_run(folder, ("norm", "move_site"))
    table = measures_table(open_session(folder))
    assert [(measure.name, measure.group) for measure in table.measures] == [
        ("norm", "spectrum"),
        ("move_site", "sites"),
        ("trust", "fidelity"),
        *((name, "training") for name in ("loss", "val_loss", "bits_per_byte")),
    ]
    assert table.measures[1].values[0][4] is None
    assert table.measures[1].reasons is not None
    assert table.measures[1].reasons[0][4] == "there is no site after this one"
    assert open_session(folder).problems() == []
    card = folder / "atlas" / "atlas.json"
    card.write_text(card.read_text().replace('"radius": 5.0', '"radius": 6.0'))
    sign_again(card)
    assert [measure.name for measure in measures_table(open_session(folder)).measures] == ["trust"]
    assert ["of another atlas" in str(problem) for problem in open_session(folder).problems()] == [
        True
    ]


def test_states_are_kept_in_half_precision_only_where_they_fit(made: Path, opened: Session) -> None:
    adapter, reference = open_run(made).adapter(64), opened.atlas.reference
    raw = reference_states(adapter, reference)
    whole = adapter.batch_states(reference.windows)
    assert np.allclose(raw, whole[:, reference.window, reference.position], atol=1e-5)
    assert stored(raw, "normalised").dtype == np.float16
    assert stored(raw, "raw").dtype == np.float32


def test_the_slope_is_the_median_of_shown_over_true_moves() -> None:
    random = np.random.default_rng(0)
    states = random.normal(size=(3, 50, 8)).astype(np.float32)
    slope = slope_of(states, 2 * states[..., :3])
    shown, true = lengths(2 * states[..., :3]), lengths(states)
    assert slope == pytest.approx(np.median(shown / true, axis=1), rel=1e-5)
    assert (slope_of(np.ones((2, 4, 8), np.float32), np.ones((2, 4, 3), np.float32)) == 0).all()


def test_building_hands_over_states_reference_and_losses(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Any] = {}

    def build_atlas(grid: StateGrid, folder: Path, recipe: Recipe, **more: Any) -> None:
        seen.update(more, grid=grid, k=recipe.k, states=grid.states_of(8))

    monkeypatch.setattr("layerfold.build.run_atlas.build_atlas", build_atlas)
    options = AtlasOptions(count=WINDOWS * PICKED, recipe=Recipe(k=7), threads=2)
    built = build_run_atlas(folder, options)
    assert seen["states"].shape == (5, WINDOWS * PICKED, CONFIG.d_model)
    assert (seen["k"], seen["threads"], tuple(seen["grid"].steps)) == (7, 2, STEPS)
    assert seen["extras"].measures["val_loss"][1][:, 0].tolist() == [6.0, 5.0, 4.0]
    assert set(seen["extras"].origin) == {checkpoint_name(step) for step in STEPS}
    assert np.array_equal(built.reference.windows, seen["grid"].reference.windows)


def test_from_python(made: Path, tmp_path: Path) -> None:
    run = layerfold.open(made, tmp_path)
    placed = run.place(["the bank of the river", "a bank"])
    assert (run.name, len(run.sites), run.steps, len(placed)) == ("small", 5, STEPS, 2)
    assert placed[0].positions.shape[:2] == (3, 5)
    assert len(run.place("one sentence", [64])) == 1
    assert placed.figure().data
    assert json.loads(placed.write(tmp_path / "paths.json").read_text())["steps"] == list(STEPS)
    assert "small" in repr(run)
    assert "2 sentence" in repr(placed)
    with pytest.raises(AttributeError):
        _ = layerfold.close


def test_serving_imports_neither_umap_nor_numba_and_opening_no_torch(made: Path) -> None:
    code = (
        "import sys, layerfold; assert 'numpy' not in sys.modules; import layerfold.server.app;"
        f" from layerfold.interp.session import open_session; run = open_session({str(made)!r});"
        " run.tokenize('a'); run.atlas_bytes(8); run.words([]); run.measures();"
        " assert 'torch' not in sys.modules; run.slice(run.tokenize('a'), 8);"
        " run.inspect_reference(3, 8, 1); assert not {'umap', 'numba', 'sklearn', 'scipy',"
        " 'plotly'} & set(sys.modules), sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_step_whose_states_are_no_numbers_is_refused_by_name(tmp_path: Path) -> None:
    run = make_run(tmp_path / "small")
    model = a_model(8)
    with torch.no_grad():
        next(model.parameters()).fill_(float("nan"))
    save_checkpoint(run / checkpoint_name(8), model)
    write_run_card(run)
    session = open_session(run, ArrayCache(None))
    for ask in (
        lambda: session.inspect_reference(3, 8, 1),
        lambda: session.place("the bank", [8]),
    ):
        with pytest.raises(Diverged, match=r"step 8 .* Restore the checkpoint"):
            ask()
    assert session.place("the bank", [0]).steps == (0,)
