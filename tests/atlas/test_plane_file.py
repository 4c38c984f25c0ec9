"""A run's sheets on disk: whole, or named by what is wrong, and checked with the rest of a run."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from layerfold.atlas.files import Atlas, open_atlas
from layerfold.atlas.plane_file import FIDELITY, Plane, open_plane, path_of, write_plane
from layerfold.atlas.projection_files import fingerprint_of
from layerfold.build.check import accept, check_run
from tests.small import make_run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("models") / "small")


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "small")


def sheets(atlas: Atlas, **card: Any) -> Plane:
    """Sheets of places at random."""
    grid = (len(atlas.steps), len(atlas.sites))
    places = np.random.default_rng(0).normal(size=(*grid, len(atlas.reference), 2))
    said = {
        "name": "plane",
        "kind": "plane",
        "title_en": "Tower",
        "title_zh": "层塔",
        "axes_en": ["", "", ""],
        "axes_zh": ["", "", ""],
        "source": "a test",
        "frame": {"center": [0, 0, 0], "radius": 2},
        "atlas": fingerprint_of(atlas),
        **card,
    }
    scores = {name: np.full(grid, 0.9, np.float32) for name in FIDELITY}
    return Plane(said, places.astype(np.float16), scores)


def plane_problems(folder: Path) -> list[str]:
    """What the check says of the sheets."""
    return [str(one.what) for one in check_run(folder) if one.file.startswith("plane")]


def test_sheets_are_read_as_they_were_written(folder: Path) -> None:
    atlas = open_atlas(folder)
    assert open_plane(folder, atlas) == (None, ())
    given = sheets(atlas)
    write_plane(folder, given)
    found, wrong = open_plane(folder, atlas)
    assert wrong == ()
    assert found is not None
    assert found.positions.tobytes() == given.positions.tobytes()
    assert found.digest != ""
    assert plane_problems(folder) == []


def test_a_manifest_names_the_sheets(folder: Path) -> None:
    write_plane(folder, sheets(open_atlas(folder)))
    accept(folder)
    assert check_run(folder) == []
    path_of(folder).unlink()
    assert any("missing" in one for one in plane_problems(folder))


@pytest.mark.parametrize("where", [-1, 40, 400])
def test_a_changed_byte_is_named(folder: Path, where: int) -> None:
    write_plane(folder, sheets(open_atlas(folder)))
    data = bytearray(path_of(folder).read_bytes())
    data[where] ^= 1
    path_of(folder).write_bytes(bytes(data))
    (said,) = plane_problems(folder)
    assert "layerfold project --sheets" in said


def spoilt(given: Plane, how: str) -> Plane:
    """Sheets that are written whole and cannot be shown."""
    places, scores = given.positions.copy(), given.fidelity
    if how == "nowhere":
        places[0, 0, 0, 0] = np.inf
        return replace(given, positions=places)
    if how == "short":
        return replace(given, positions=places[:, :, 1:])
    if how == "score":
        return replace(given, fidelity={**scores, "trust": scores["trust"] + 1})
    if how == "shape":
        return replace(given, fidelity={**scores, "trust": scores["trust"][1:]})
    return replace(given, card={**given.card, "atlas": "another"})


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("nowhere", "not finite"),
        ("short", "positions of shape"),
        ("score", "outside 0 to 1"),
        ("shape", "another shape"),
        ("atlas", "another atlas"),
    ],
)
def test_sheets_that_cannot_be_shown_are_named(folder: Path, how: str, says: str) -> None:
    write_plane(folder, spoilt(sheets(open_atlas(folder)), how))
    (said,) = plane_problems(folder)
    assert says in said
