"""An atlas from states to files and back: whole, repeatable, taken up again after a kill, and
careful about what it reads.
"""

import hashlib
import json
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from layerfold.atlas.build import StateGrid, build_atlas
from layerfold.atlas.extras import Extras
from layerfold.atlas.files import check_reference, open_atlas
from layerfold.atlas.parameters import Recipe
from layerfold.errors import AtlasMissing, DamagedRun, InputError, StepNotFound
from layerfold.files.atomic import write_atomically
from layerfold.records import Floats, Reference, normalized
from layerfold.space import threads
from layerfold.space.frame import frame_of
from tests.space.states import COUNT, SITES, STEPS, reference, states_of

SMALL = Recipe(k=10, epochs=50)
LOSS = {
    "validation_loss": ("bits a byte", np.full((len(STEPS), len(SITES)), 2.5, dtype=np.float32))
}


def build(
    run: Path, states: Callable[[int], Any] = states_of, recipe: Recipe = SMALL, **options: Any
) -> None:
    grid = StateGrid(states, STEPS, SITES, reference())
    build_atlas(grid, run, recipe, extras=Extras(measures=LOSS), **options)


def hashes(run: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((run / "atlas").iterdir())
        if path.is_file()
    }


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "small"
    build(folder)
    return folder


def test_what_was_built_is_read(run: Path) -> None:
    atlas = open_atlas(run)
    assert atlas.steps == STEPS
    assert atlas.sites == SITES
    assert atlas.view == "normalised"
    assert {"k", "min_dist", "spread", "a", "b", "seed", "tie", "glide", "epochs"} <= set(
        atlas.parameters
    )
    clouds = atlas.slice(16)
    assert clouds.positions.shape == (len(SITES), COUNT, 3)
    assert clouds.positions.dtype == clouds.trust.dtype == np.float32
    assert not clouds.positions.flags.writeable
    assert ((clouds.trust >= 0) & (clouds.trust <= 1)).all()
    assert atlas.reference.text == reference().text
    assert atlas.reference.window.tolist() == reference().window.tolist()
    for kept, given in zip(atlas.reference.labels, reference().labels, strict=True):
        assert {**vars(kept), "values": None} == {**vars(given), "values": None}
        np.testing.assert_array_equal(kept.values, given.values)
    assert hashlib.sha256(atlas.bytes_of(16)).hexdigest() == atlas.hash_of(16)
    assert not (run / "atlas" / ".work").exists()


def test_measures_have_a_number_for_each_step_and_site(run: Path) -> None:
    atlas = open_atlas(run)
    measures = {measure.name: measure for measure in atlas.measures}
    wanted = {
        "trust",
        "continuity",
        "recall",
        "participation_ratio",
        "move_spearman",
        "validation_loss",
    }
    assert set(measures) == wanted
    assert all(
        measure.values.shape == (len(STEPS), len(SITES)) and measure.unit
        for measure in atlas.measures
    )
    assert np.isnan(measures["move_spearman"].values[:, -1]).all()
    assert all(np.isfinite(measures[name].values).all() for name in wanted - {"move_spearman"})
    trust = np.stack([atlas.slice(step).trust.mean(axis=1) for step in STEPS])
    np.testing.assert_allclose(measures["trust"].values, trust, atol=1 / 255)
    assert (measures["trust"].values > 0.7).all()


def test_the_axis_guard_knows_norm_position_frequency_site_and_step(run: Path) -> None:
    atlas = open_atlas(run)
    assert atlas.axis_variables == ("norm", "position", "log_frequency", "site", "step")
    assert atlas.axes.shape == (len(STEPS), len(SITES), 3, 5)
    assert (np.abs(atlas.axes) <= 1).all()


def test_distances_of_the_reference_among_itself_are_kept(run: Path) -> None:
    own = open_atlas(run).own(4)
    states = normalized(states_of(4))[0]
    distance = np.linalg.norm(states[:, None] - states[None], axis=-1)
    np.fill_diagonal(distance, np.inf)
    assert own.shape == (len(SITES), 257)
    np.testing.assert_allclose(
        own[0][[0, 128, 256]], np.quantile(distance.min(axis=1), [0, 0.5, 1]), rtol=1e-5
    )


def test_any_number_of_threads_gives_the_same_bytes(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "GRAIN", 1)
    build(tmp_path / "other", threads=2)
    assert hashes(tmp_path / "other") == hashes(run)


def test_only_a_few_steps_are_held_and_each_is_asked_for_twice_at_most(tmp_path: Path) -> None:
    asked: list[int] = []

    def watched(step: int) -> Floats:
        asked.append(step)
        return states_of(step)

    build(tmp_path / "r", watched, replace(SMALL, epochs=1))
    assert asked == [*STEPS, *STEPS]


class Killed(BaseException):
    """Stands for the end of a process, which no handler sees."""


@pytest.mark.parametrize("at", [0, 1, 2, 3, 5])
def test_a_build_broken_off_goes_on_to_the_same_bytes(run: Path, tmp_path: Path, at: int) -> None:
    calls = 0

    def failing(step: int) -> Floats:
        nonlocal calls
        calls += 1
        if calls == at + 1:
            raise Killed
        return states_of(step)

    folder = tmp_path / "broken"
    with pytest.raises(Killed):
        build(folder, failing)
    assert not (folder / "atlas" / "atlas.json").exists()
    build(folder)
    assert hashes(folder) == hashes(run)


@pytest.mark.parametrize("older", [False, True])
def test_a_build_killed_at_any_file_goes_on_to_the_same_bytes(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, older: bool
) -> None:
    """Killed before its first write, then before the second of what is left, the third …, until
    none is left; with an older atlas there too, whose files give way.
    """
    folder, kills, writes = tmp_path / "killed", 0, 0

    def counting(path: Path, data: bytes) -> None:
        nonlocal writes
        if writes == kills:
            raise Killed
        writes += 1
        write_atomically(path, data)

    if older:
        build(folder, recipe=replace(SMALL, seed=9))
    for module in ("build", "files"):
        monkeypatch.setattr(f"layerfold.atlas.{module}.write_atomically", counting)
    while True:
        writes = 0
        try:
            build(folder)
        except Killed:
            kills += 1
        else:
            break
    assert kills > len(STEPS) + 3  # the files that are put in place at the end, and more
    assert hashes(folder) == hashes(run)


def killed_in_the_layout(folder: Path) -> None:
    def progress(stage: str, share: float) -> None:
        if stage == "layout" and share > 0.6:
            os.kill(os.getpid(), signal.SIGKILL)

    build(folder, progress=progress)


def test_a_build_killed_in_the_layout_goes_on_to_the_same_bytes(run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "killed"
    process = multiprocessing.get_context("spawn").Process(
        target=killed_in_the_layout, args=(folder,)
    )
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert (folder / "atlas" / ".work" / "layout.safetensors").is_file()
    seen: list[float] = []
    build(folder, progress=lambda stage, share: seen.append(share) if stage == "layout" else None)
    assert min(seen) > 0.4
    assert hashes(folder) == hashes(run)


def test_other_parameters_do_not_take_up_another_builds_work(run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"

    def stop(stage: str, share: float) -> None:
        if stage == "trust":
            raise Killed

    with pytest.raises(Killed):
        build(folder, recipe=replace(SMALL, seed=9), progress=stop)
    build(folder)
    assert hashes(folder) == hashes(run)


def test_no_atlas_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(AtlasMissing, match="layerfold atlas"):
        open_atlas(tmp_path)


@pytest.mark.parametrize(
    "card",
    [b"", b"{", b"[]", b"{}", b'{"format": 99}', b'{"format": 1, "steps": [1]}', b"\xff\xfe"],
)
def test_a_damaged_card_is_named(tmp_path: Path, card: bytes) -> None:
    (tmp_path / "atlas").mkdir()
    (tmp_path / "atlas" / "atlas.json").write_bytes(card)
    with pytest.raises(DamagedRun, match=r"atlas/atlas\.json .*again"):
        open_atlas(tmp_path)


@pytest.mark.parametrize(
    "name", ["step-00000004.safetensors", "reference.safetensors", "measures.safetensors"]
)
@pytest.mark.parametrize("harm", ["cut", "flip", "gone"])
def test_a_damaged_file_is_named_and_the_rest_still_opens(
    run: Path, tmp_path: Path, name: str, harm: str
) -> None:
    folder = tmp_path / "harmed"
    (folder / "atlas").mkdir(parents=True)
    for path in (run / "atlas").iterdir():
        (folder / "atlas" / path.name).write_bytes(path.read_bytes())
    path = folder / "atlas" / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    (
        path.unlink()
        if harm == "gone"
        else path.write_bytes(data if harm == "flip" else data[: len(data) // 2])
    )
    atlas = open_atlas(folder)
    with pytest.raises(DamagedRun, match=rf"atlas/{name} .*build the atlas again"):
        _ = (atlas.slice(4), atlas.reference, atlas.measures)
    assert atlas.slice(0).positions.shape == (len(SITES), COUNT, 3)


def test_a_step_without_clouds_names_those_that_have_some(run: Path) -> None:
    for ask in (open_atlas(run).slice, open_atlas(run).bytes_of, open_atlas(run).own):
        with pytest.raises(StepNotFound, match="0, 4, 16"):
            ask(5)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("k", 1),
        ("k", 1000),
        ("min_dist", -0.1),
        ("min_dist", 2.0),
        ("spread", 0.0),
        ("epochs", 0),
        ("tie", float("nan")),
        ("seed", -1),
    ],
)
def test_a_parameter_out_of_bounds_is_an_error_with_the_bounds(
    tmp_path: Path, name: str, value: float
) -> None:
    with pytest.raises(InputError, match=f"{name} is {value}: choose from"):
        build(tmp_path, recipe=replace(SMALL, **{name: value}))


def test_states_that_are_not_finite_or_of_another_shape_are_refused(tmp_path: Path) -> None:
    for wrong in (np.full((len(SITES), COUNT, 4), np.nan), np.zeros((len(SITES), COUNT - 1, 4))):
        with pytest.raises(InputError, match="step 0"):
            build(tmp_path, lambda step, wrong=wrong: wrong)  # type: ignore[misc]


def test_a_few_far_points_do_not_widen_the_frame() -> None:
    points = np.random.default_rng(0).normal(size=(1000, 3))
    near = frame_of(points)["radius"]
    points[:10] += 1000
    assert frame_of(points)["radius"] < 1.2 * near


def test_reading_imports_neither_umap_nor_numba(run: Path) -> None:
    code = (
        "import sys\nfrom layerfold.atlas.files import open_atlas\natlas ="
        f" open_atlas({str(run)!r})\natlas.slice(4), atlas.reference, atlas.measures,"
        " atlas.axes\nimport json; print(json.dumps([name for name in ('umap', 'numba', 'torch',"
        " 'sklearn') if name in sys.modules]))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert json.loads(answer.stdout) == []


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda windows, position: position.__setitem__(0, 3), "behind the last token"),
        (lambda windows, position: windows.__setitem__((0, 1), -1), "behind their end"),
    ],
)
def test_a_reference_that_points_at_no_token_is_refused(
    tmp_path: Path, spoil: Callable[[Any, Any], None], why: str
) -> None:
    """A short window ends with -1: no state belongs to what stands there, or behind a gap."""
    windows, position = np.array([[4, 5, 6, -1], [1, 2, 3, 4]]), np.array([0, 2, 3])
    spoil(windows, position)
    found = Reference(
        windows, np.array([0, 0, 1]), position, np.ones(3), ("a", "b", "c"), ("x", "y")
    )
    with pytest.raises(ValueError, match=why):
        check_reference(found)
