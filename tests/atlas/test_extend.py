"""An atlas that grows: earlier steps stay the same to the byte, later ones are laid out as well,
and a reader never sees half.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from layerfold.atlas import extend as extension
from layerfold.atlas.build import StateGrid, build_atlas
from layerfold.atlas.extend import Newcomer, StepExtras, extend_atlas
from layerfold.atlas.extras import Extras
from layerfold.atlas.files import open_atlas
from layerfold.atlas.parameters import Recipe
from layerfold.cards.digest import signed
from layerfold.errors import DamagedRun, InputError
from layerfold.geometry.fidelity import density_kept
from layerfold.geometry.trust import spearman
from layerfold.records import Floats, normalized
from layerfold.space import threads
from layerfold.space.neighbors import nearest_self
from layerfold.space.springs import moves
from tests.space.states import COUNT, SITES, STEPS, WIDTH, reference

LATER = (64, 128)
ALL = (*STEPS, *LATER)


def states_of(step: int) -> Floats:
    """Raw states [site, ref, d]: six clusters, a third of whose points moves on at every step and
    site.
    """
    rng = np.random.default_rng(5)
    centers, drift = rng.normal(size=(6, WIDTH)) * 3, rng.normal(size=(2, COUNT, WIDTH))
    here = centers[np.arange(COUNT) % 6] + rng.normal(size=(COUNT, WIDTH))
    moving = (np.arange(COUNT) % 3 == 0)[:, None]
    return np.stack(
        [
            here + moving * (ALL.index(step) * drift[0] + site * drift[1])
            for site in range(len(SITES))
        ]
    ).astype(np.float32)


def build(
    folder: Path,
    steps: tuple[int, ...] = STEPS,
    extras: Extras[Floats] | None = None,
    *,
    density: bool = False,
) -> Path:
    grid = StateGrid(states_of, steps, SITES, reference())
    build_atlas(grid, folder, Recipe(k=10, epochs=60, density=density), extras=extras)
    return folder


def hashes(folder: Path) -> dict[str, str]:
    """The sha256 of every file of the atlas."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((folder / "atlas").iterdir())
        if path.is_file()
    }


def steps_only(folder: Path) -> dict[str, str]:
    return {
        name: digest
        for name, digest in hashes(folder).items()
        if name.startswith(("step", "reference"))
    }


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An atlas of the first three steps; nobody changes it."""
    losses = np.repeat(np.array([[3.0], [2.0], [1.0]], np.float32), len(SITES), axis=1)
    return build(
        tmp_path_factory.mktemp("short"),
        extras=Extras(measures={"val_loss": ("nats", losses)}, origin={"a": "1"}),
    )


@pytest.fixture
def run(short: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    (tmp_path / "run" / "atlas").mkdir(parents=True)
    for path in (short / "atlas").iterdir():
        (tmp_path / "run" / "atlas" / path.name).write_bytes(path.read_bytes())
    return tmp_path / "run"


def extend(folder: Path, steps: tuple[int, ...] = LATER, **options: Any) -> Any:
    return extend_atlas(options.pop("states_of", states_of), steps, folder, **options)


def test_the_files_of_earlier_steps_are_the_same_to_the_byte(run: Path) -> None:
    before = steps_only(run)
    atlas = extend(run)
    assert atlas.steps == ALL
    assert before.items() < steps_only(run).items()
    assert open_atlas(run).cloud(64).shape == (len(SITES), COUNT, 3)
    assert len(steps_only(run)) == len(before) + 2


def test_one_by_one_or_at_once_and_with_any_threads_the_bytes_are_the_same(
    run: Path, short: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    (other / "atlas").mkdir(parents=True)
    for path in (short / "atlas").iterdir():
        (other / "atlas" / path.name).write_bytes(path.read_bytes())
    extend(run, threads=1)
    monkeypatch.setattr(threads, "GRAIN", 1)
    extend(other, (64,), threads=2)
    extend(other, (64, 128))
    assert hashes(run) == hashes(other)


def test_the_new_clouds_are_as_true_as_those_of_a_whole_layout_and_move_no_more(
    run: Path, tmp_path: Path
) -> None:
    grown, whole = extend(run), open_atlas(build(tmp_path / "whole", ALL))
    trust = [
        np.mean([atlas.slice(step).trust.mean() for step in LATER]) for atlas in (grown, whole)
    ]
    assert trust[0] > trust[1] - 0.01
    true = np.concatenate(
        [
            moves(*pair)
            for pair in zip(normalized(states_of(64)), normalized(states_of(16)), strict=True)
        ]
    )
    shown = [
        np.concatenate([moves(*pair) for pair in zip(one.cloud(64), one.cloud(16), strict=True)])
        for one in (grown, whole)
    ]
    assert shown[0].mean() < 1.15 * shown[1].mean()
    assert spearman(true, shown[0]) > spearman(true, shown[1]) - 0.1


def test_every_number_has_a_row_for_the_new_step(run: Path) -> None:
    before = open_atlas(run)
    assert before.measures
    losses = {0: 3.0, 4: 2.0, 16: 1.0, 64: 0.5}
    told = StepExtras(measures={"val_loss": ("nats", losses)}, origin={"b": "2"})
    atlas = extend(run, extras=told)
    found = {measure.name: measure.values for measure in atlas.measures}
    assert found["val_loss"][:, 0].tolist()[:4] == [3.0, 2.0, 1.0, 0.5]
    assert np.isnan(found["val_loss"][4]).all()
    for measure in before.measures:
        np.testing.assert_array_equal(found[measure.name][:3], measure.values)
        assert found[measure.name].shape == (len(ALL), len(SITES))
    np.testing.assert_allclose(found["trust"][3], atlas.slice(64).trust.mean(axis=1), atol=1 / 255)
    np.testing.assert_array_equal(atlas.axes[:3, ..., :-1], before.axes[..., :-1])
    assert (np.abs(atlas.axes) <= 1).all()
    assert atlas.own(128).shape == before.own(0).shape
    assert atlas.card["origin"] == {"a": "1", "b": "2"}
    assert atlas.moves is not None
    assert atlas.moves.shape[0] == len(ALL)


def test_a_reader_by_the_card_of_before_still_finds_all_of_it(run: Path) -> None:
    before = open_atlas(run)
    extend(run, (64,))
    assert before.measures[0].values.shape[0] == len(STEPS)
    assert before.slice(16).positions.shape == (len(SITES), COUNT, 3)
    kept = sorted(path.name for path in (run / "atlas").glob("measures*"))
    assert kept == ["measures-00000064.safetensors", "measures.safetensors"]
    for path in (run / "atlas").glob("measures*"):
        os.utime(path, (1, 1))
    extend(run, (128,))
    kept = sorted(path.name for path in (run / "atlas").glob("measures*"))
    assert kept == ["measures-00000064.safetensors", "measures-00000128.safetensors"]


def test_killed_before_the_card_the_atlas_is_as_it_was_and_the_next_try_ends_the_same(
    run: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    class Killed(BaseException):
        """Stands for the end of a process."""

    def kill(*_: Any) -> None:
        raise Killed

    card = (run / "atlas" / "atlas.json").read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr(extension, "write_card", kill)
        with pytest.raises(Killed):
            extend(run, (64,))
    assert (run / "atlas" / "atlas.json").read_bytes() == card
    assert open_atlas(run).measures
    extend(run, (64,))
    assert open_atlas(run).steps == (*STEPS, 64)
    assert open_atlas(run).measures


def test_a_step_that_comes_late_takes_its_place_between_the_others(tmp_path: Path) -> None:
    folder = build(tmp_path / "gap", (0, 16, 64))
    before = steps_only(folder)
    atlas = extend(folder, (4,))
    assert atlas.steps == (0, 4, 16, 64)
    assert before.items() < steps_only(folder).items()
    near, far = (moves(atlas.cloud(4)[0], atlas.cloud(step)[0]).mean() for step in (0, 64))
    assert near < far
    assert Newcomer.of(4, (0, 16, 64)).beside == ((0, -1), (16, 1), (64, 2))
    assert Newcomer.of(0, (4,)).beside == ((4, 1),)


def test_places_as_crowded_as_states_when_asked_also_of_a_step_that_comes_later(
    run: Path, tmp_path: Path
) -> None:
    def kept(folder: Path, step: int) -> float:
        near = [
            nearest_self(points, 9)[1]
            for points in (normalized(states_of(step))[1], open_atlas(folder).cloud(step)[1])
        ]
        return density_kept(near[0], near[1].astype(np.float32)).value

    dense = build(tmp_path / "dense", density=True)
    assert open_atlas(dense).parameters["density"] is True
    assert kept(dense, STEPS[1]) > 0.85 > kept(run, STEPS[1])
    before = steps_only(dense)
    extend_atlas(states_of, LATER[:1], dense)
    assert kept(dense, LATER[0]) > 0.85
    assert before.items() <= steps_only(dense).items()


def test_an_atlas_of_one_step_grows(tmp_path: Path) -> None:
    atlas = extend(build(tmp_path / "one", (0,)), (4, 16))
    assert atlas.steps == (0, 4, 16)
    assert np.isfinite(atlas.cloud(16)).all()


def test_an_atlas_that_does_not_tell_its_moves_has_them_worked_out(run: Path, short: Path) -> None:
    card = json.loads((run / "atlas" / "atlas.json").read_bytes())
    del card["moves"]
    (run / "atlas" / "atlas.json").write_bytes(signed(card, ascii=True))
    assert open_atlas(run).moves is None
    grown, told = extend(run, (64,)).moves, open_atlas(short).moves
    assert grown is not None
    assert told is not None
    np.testing.assert_allclose(grown[:3], told, rtol=1e-5)


def test_the_frame_stays_while_it_holds_the_new_points_and_widens_about_its_middle_when_not(
    run: Path,
) -> None:
    frame = open_atlas(run).frame
    assert extend(run, (64,)).frame == frame
    near = np.zeros((1, 100, 3), np.float32) + np.asarray(frame["center"], np.float32)
    far = near + 100 * np.arange(100, dtype=np.float32)[None, :, None]
    assert extension._frame(frame, near) == frame
    assert extension._frame(frame, far)["center"] == frame["center"]
    assert extension._frame(frame, far)["radius"] > 100


def test_states_that_cannot_be_used_leave_the_atlas_as_it_was(run: Path) -> None:
    before = hashes(run)
    with pytest.raises(InputError, match="step 64"):
        extend(run, (64,), states_of=lambda step: states_of(step) * (np.nan if step == 64 else 1))
    assert hashes(run) == before


def test_steps_that_are_there_are_left_alone_and_no_atlas_is_an_error(
    run: Path, tmp_path: Path
) -> None:
    before = hashes(run)
    extend(run, STEPS)
    assert hashes(run) == before
    with pytest.raises(DamagedRun, match="layerfold atlas"):
        extend(tmp_path / "nothing")


def test_an_atlas_that_is_built_anew_leaves_nothing_of_one_that_had_grown(run: Path) -> None:
    extend(run, (64,))
    build(run, (*STEPS, 64))
    assert open_atlas(run).numbers == "measures.safetensors"
    assert open_atlas(run).measures
    assert list((run / "atlas").glob("measures-*")) == []
