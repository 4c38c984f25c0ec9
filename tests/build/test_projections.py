"""Linear pictures of a small real run: built, taken up again, placed in, exported, served from the
states and nothing else.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load

from layerfold.api import notebook
from layerfold.api.trajectories import Trajectories
from layerfold.atlas.aligned_pca import principal, write_basis
from layerfold.atlas.projection_files import path_of, read_projection
from layerfold.build import projections as module
from layerfold.build.check import check_run
from layerfold.build.projections import build_projections, fidelity_of
from layerfold.data.reference_states import reference_states, viewed
from layerfold.errors import Diverged, InputError, ProjectionNotFound, StepNotFound
from layerfold.geometry.trust import trust_of
from layerfold.interp.linear_projection import LinearProjection
from layerfold.interp.session import Session, open_session
from layerfold.records import Floats
from layerfold.runs.opening import open_run
from layerfold.server.protocol.tables import measures_table, projection_cards
from tests.small import CONFIG, PICKED, STEPS, WINDOWS, edit_card, make_run

TEXT = "The bank of the river, “café” and 你好 😀"
SITES, COUNT = 2 * CONFIG.n_layer + 1, WINDOWS * PICKED
WORDS = {
    "titles": ("First three", "前三维"),
    "axes": (["a", "b", "c"], ["甲", "乙", "丙"]),
    "source": "a test",
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_run(tmp_path_factory.mktemp("models") / "small")
    write_basis(folder, "first", np.eye(3, CONFIG.d_model), **WORDS)  # type: ignore[arg-type]
    built, wrong = build_projections(folder)
    assert ([one.name for one in built], wrong) == (["pca", "first"], ())
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "small")


@pytest.fixture(scope="module")
def opened(made: Path) -> Session:
    return open_session(made)


def linear(opened: Session, name: str = "pca") -> LinearProjection:
    picture = opened.picture(name)
    assert isinstance(picture, LinearProjection)
    return picture


def test_the_card_names_the_atlas_first(opened: Session) -> None:
    cards = projection_cards(opened)
    assert [(card.name, card.kind) for card in cards] == [
        ("umap", "umap"),
        ("pca", "pca"),
        ("first", "basis"),
    ]
    assert cards[2].axes_zh == ["甲", "乙", "丙"]
    assert all(card.frame.radius > 0 for card in cards)


def test_clouds_are_the_leading_directions_of_the_states(made: Path, opened: Session) -> None:
    states = viewed(
        reference_states(open_run(made).adapter(8), opened.atlas.reference), "normalised"
    )
    cloud = linear(opened).cloud(8)
    for site, points in zip(states, cloud, strict=True):
        plain = principal(site)
        wanted = np.linalg.norm((site[3:] - site[:-3]) @ plain.axes.T, axis=1)
        np.testing.assert_allclose(
            np.linalg.norm(points[3:] - points[:-3], axis=1), wanted, atol=0.02
        )
    np.testing.assert_allclose(linear(opened, "first").cloud(8), states[..., :3], atol=2e-3)


def test_a_sentence_is_placed_by_the_map_and_keeps_its_true_neighbours(
    made: Path, opened: Session
) -> None:
    sentence = opened.tokenize(TEXT)
    own, found = opened.slice(sentence, 64), opened.slice(sentence, 64, projection="first")
    states = viewed(open_run(made).adapter(64).states(sentence.ids).values, "normalised")
    np.testing.assert_allclose(found.placed.positions, states[..., :3], rtol=1e-6)
    for name in ("neighbors", "distances", "outside"):
        assert np.array_equal(getattr(found.placed, name), getattr(own.placed, name))
    assert np.array_equal(found.norm, own.norm)
    true, shown = (
        np.linalg.norm(np.diff(each, axis=0), axis=-1) for each in (states, found.placed.positions)
    )
    slope = linear(opened, "first").slope(64)
    np.testing.assert_allclose(found.segment_trust, shown / true / slope[:, None], rtol=1e-3)


def test_a_reference_state_given_as_new_lands_on_its_own_point(opened: Session) -> None:
    reference = opened.atlas.reference
    cloud = linear(opened).cloud(64)
    for index in (0, 9, 50):
        context = reference.windows[reference.window[index]][: reference.position[index] + 1]
        states = viewed(
            opened.space(64).adapter.states(context.tolist()).values[:, -1:], "normalised"
        )
        assert (
            np.abs(linear(opened).place(states, 64)[:, 0] - cloud[:, index]).max()
            < 0.01 * cloud.std()
        )


def test_what_is_served_is_half_numbers_and_trust_only_when_asked(opened: Session) -> None:
    plain = load(opened.atlas_bytes(8, "pca"))
    asked = load(opened.atlas_bytes(8, "pca", trust=True))
    assert set(plain) == {"positions"}
    assert set(asked) == {"positions", "trust", "continuity"}
    assert plain["positions"].dtype == np.float16
    assert plain["positions"].shape == (SITES, COUNT, 3)
    states = opened.space(8).states.astype(np.float32)
    for site in range(SITES):
        near = trust_of(states[site], plain["positions"][site].astype(np.float32))
        np.testing.assert_allclose(asked["trust"][site] / 255, near.trust, atol=0.5001 / 255)
        np.testing.assert_allclose(
            asked["continuity"][site] / 255, near.continuity, atol=0.5001 / 255
        )
        inspected = opened.inspect_reference(7, 8, site, projection="pca")
        assert (inspected.trust, inspected.continuity) == pytest.approx(
            (near.trust[7], near.continuity[7])
        )
    assert opened.inspect_reference(7, 8, 0).trust == pytest.approx(0.9, abs=1 / 255), (
        "the atlas's own"
    )


def test_trust_is_found_site_by_site_and_kept(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_session(made, tmp_path)
    assert opened.unscored(8, "umap") == []
    assert opened.unscored(8, "pca") == list(range(SITES))
    opened.score(8, 2, "pca")
    assert opened.unscored(8, "pca") == [0, 1, 3, 4]
    found = opened.atlas_bytes(8, "pca", trust=True)
    assert opened.unscored(8, "pca") == []
    monkeypatch.setattr(
        "layerfold.interp.linear_projection.trust_of", lambda *_: pytest.fail("computed again")
    )
    assert open_session(made, tmp_path).atlas_bytes(8, "pca", trust=True) == found


def test_the_table_holds_what_each_picture_keeps(opened: Session) -> None:
    table = measures_table(opened)
    found = {measure.name: measure for measure in table.measures if "@" in measure.name}
    names = [
        f"{name}@{shown}"
        for shown in ("pca", "first")
        for name in ("trust", "continuity", "recall", "shepard")
    ]
    assert list(found) == names
    assert {measure.group for measure in found.values()} == {"fidelity"}
    points = linear(opened).trust(8)
    row = list(STEPS).index(8)
    np.testing.assert_allclose(found["trust@pca"].values[row], points[0].mean(axis=1), atol=1e-5)
    assert np.mean(found["shepard@pca"].values) > np.mean(found["shepard@first"].values), (
        "the widest directions keep most"
    )


def test_names_that_are_not_there_are_refused(opened: Session) -> None:
    for ask in (
        lambda: opened.slice(opened.tokenize("a"), 8, projection="tsne"),
        lambda: opened.atlas_bytes(8, "tsne"),
        lambda: opened.inspect_reference(0, 8, 0, projection="tsne"),
        lambda: opened.place("a", projection="../pca"),
    ):
        with pytest.raises(ProjectionNotFound, match="umap, pca, first"):
            ask()
    with pytest.raises(StepNotFound):
        opened.atlas_bytes(7, "pca")


def test_a_damaged_projection_is_told_and_the_others_shown(folder: Path) -> None:
    path = path_of(folder, "first")
    path.write_bytes(path.read_bytes()[:-1])
    opened = open_session(folder)
    assert [card.name for card in projection_cards(opened)] == ["umap", "pca"]
    assert [str(problem).split()[0] for problem in opened.problems()] == [
        "projections/first.safetensors"
    ]
    assert [problem.file for problem in check_run(folder)] == ["projections/first.safetensors"]
    built, wrong = build_projections(folder)
    assert [one.name for one in built] == ["pca"]
    assert "projections/first.safetensors" in str(wrong[0])


def test_a_whole_run_has_no_problem_and_another_atlas_makes_one(folder: Path) -> None:
    assert check_run(folder) == []
    card = folder / "atlas" / "atlas.json"
    edit_card(card, accepted=True)
    assert {problem.file for problem in check_run(folder)} == {
        "projections/pca.safetensors",
        "projections/first.safetensors",
    }
    build_projections(folder)
    assert check_run(folder) == []


def test_a_basis_that_does_not_fit_is_named(folder: Path) -> None:
    write_basis(folder, "wide", np.eye(3, CONFIG.d_model + 1), **WORDS)  # type: ignore[arg-type]
    write_basis(folder, "sites", np.ones((SITES + 1, 3, CONFIG.d_model)), **WORDS)  # type: ignore[arg-type]
    built, wrong = build_projections(folder)
    assert [one.name for one in built] == ["pca", "first"]
    assert [str(each).split()[0] for each in wrong] == [
        "projections/sites.safetensors",
        "projections/wide.safetensors",
    ]
    assert "17" in str(wrong[1])


def test_a_broken_build_goes_on_and_ends_in_the_same_bytes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {name: path_of(folder, name).read_bytes() for name in ("pca", "first")}
    scored: list[int] = []
    real = module.scores_of

    def breaks(states, projection, at, pool):
        scored.append(at)
        if len(scored) == 4:
            raise KeyboardInterrupt
        return real(states, projection, at, pool)

    monkeypatch.setattr(module, "scores_of", breaks)
    with pytest.raises(KeyboardInterrupt):
        build_projections(folder)
    build_projections(folder, threads=1)
    assert len(scored) == 4 + 2 * len(STEPS) - 3, "what was done is not done again"
    assert {name: path_of(folder, name).read_bytes() for name in before} == before
    assert not (folder / "projections" / ".work").exists()


def test_progress_goes_from_nothing_to_all(folder: Path) -> None:
    said: list[tuple[str, float]] = []
    build_projections(folder, progress=lambda stage, share: said.append((stage, share)))
    assert {stage for stage, _ in said} == {"directions", "trust"}
    for stage in ("directions", "trust"):
        shares = [share for name, share in said if name == stage]
        assert shares == sorted(shares)
        assert (shares[0], shares[-1]) == (0, 1)


def test_states_that_are_not_finite_are_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_: object) -> Floats:
        return np.full((SITES, COUNT, CONFIG.d_model), np.nan, np.float32)

    with pytest.raises(Diverged, match="step 0"):
        build_projections(folder, read=read)
    monkeypatch.setattr(module, "checked", lambda raw, step: raw)
    with pytest.raises(InputError, match="step 0"):
        build_projections(folder, read=read)


def test_what_is_not_defined_has_a_reason() -> None:
    states = np.random.default_rng(0).normal(size=(30, 8)).astype(np.float16)
    values, said = fidelity_of(states, states[:, :3])
    assert np.isnan(values[:3]).all()
    assert "30 tokens" in said["trust"] or "here are 30" in said["trust"]
    assert "shepard" not in said
    values, said = fidelity_of(np.ones((50, 8), np.float16), np.zeros((50, 3), np.float16))
    assert np.isnan(values[3])
    assert set(said) == {"shepard"}
    assert np.isfinite(values[:3]).all()
    values, said = fidelity_of(np.ones((1, 8), np.float16), np.zeros((1, 3), np.float16))
    assert np.isnan(values).all()
    assert set(said) == {"trust", "continuity", "recall", "shepard"}


def test_python_and_files_name_the_projection(made: Path, tmp_path: Path) -> None:
    run = notebook.open(made, tmp_path / "cache")
    assert run.projections == ("umap", "pca", "first")
    found = run.place([TEXT, "a bank"], steps=[8, 64], projection="pca")
    assert found[0].projection == "pca"
    assert found[0].positions.shape[:2] == (2, SITES)
    figure = found.figure()
    cloud = linear(run.session).cloud(64)[SITES - 1]
    trace = figure.data[SITES - 1]
    np.testing.assert_allclose(np.stack([trace.x, trace.y, trace.z], axis=1), cloud)
    radius = projection_cards(run.session)[1].frame.radius
    low, high = figure.layout.scene.xaxis.range
    assert high - low == pytest.approx(2 * radius)
    arrays = np.load(found.write(tmp_path / "way.npz"))
    np.testing.assert_allclose(
        arrays["mean_trust"], read_projection(path_of(made, "pca")).fidelity["trust"][1:], atol=1e-6
    )
    assert '"projection": "pca"' in found.write(tmp_path / "way.json").read_text("utf-8")
    with pytest.raises(InputError, match="projections"):
        Trajectories([found[0], run.place("a", [8, 64])[0]], run.atlas, "small").write(
            tmp_path / "both.json"
        )
