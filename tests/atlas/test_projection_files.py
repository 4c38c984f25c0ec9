"""Projections on disk: whole or named, scored for the atlas that they are shown over."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load, save

from layerfold.atlas.files import Atlas, write_card, write_measures, write_reference, write_slice
from layerfold.atlas.files import open_atlas as opened
from layerfold.atlas.projection_files import (
    FIDELITY,
    Projection,
    digest_of,
    fingerprint_of,
    open_projections,
    path_of,
    read_projection,
    write_projection,
)
from layerfold.errors import DamagedRun
from tests.space.states import COUNT, SITES, STEPS, reference

GRID = (len(STEPS), len(SITES))


@pytest.fixture
def atlas(tmp_path: Path) -> Atlas:
    """An atlas with nothing in it."""
    folder = tmp_path / "atlas"
    for step in STEPS:
        write_slice(
            folder,
            step,
            np.zeros((len(SITES), COUNT, 3), np.float16),
            *np.ones((2, len(SITES), COUNT)),
        )
    write_reference(folder, reference())
    write_measures(folder, {}, np.zeros((*GRID, 3, 0), np.float32), np.ones((*GRID, 5), np.float32))
    frame = {"center": [0, 0, 0], "radius": 1}
    named: dict[str, Any] = {
        "steps": STEPS,
        "sites": SITES,
        "view": "raw",
        "parameters": {"k": 15, "a": 1.0, "b": 1.0},
        "frame": frame,
    }
    write_card(folder, {**named, "measures": [], "axis_variables": []})
    return opened(tmp_path)


def a_projection(atlas: Atlas, name: str = "pca", **card: Any) -> Projection:
    random = np.random.default_rng(0)
    words = {
        "title_en": "Flat",
        "title_zh": "平",
        "axes_en": ["a", "b", "c"],
        "axes_zh": ["甲", "乙", "丙"],
        "source": "a test",
    }
    said = {
        "name": name,
        "kind": "pca",
        **words,
        "frame": {"center": [0, 0, 0], "radius": 2},
        "atlas": fingerprint_of(atlas),
        **card,
    }
    matrix = random.normal(size=(*GRID, 3, 16)).astype(np.float16)
    fidelity = {one: np.full(GRID, 0.5, np.float32) for one in FIDELITY}
    return Projection(said, matrix, np.zeros((*GRID, 3), np.float32), fidelity)


def test_what_is_written_is_read(atlas: Atlas, tmp_path: Path) -> None:
    given = a_projection(atlas)
    write_projection(tmp_path, given)
    found = read_projection(path_of(tmp_path, "pca"))
    assert dict(found.card) == given.card
    assert found.matrix.dtype == np.float16
    assert found.matrix.tobytes() == given.matrix.tobytes()
    assert not found.matrix.flags.writeable
    assert set(found.fidelity) == set(FIDELITY)
    good, bad = open_projections(tmp_path, atlas)
    assert ([one.name for one in good], bad) == (["pca"], ())
    assert good[0].digest == found.digest != ""


def test_pca_comes_first_and_a_run_may_have_none(atlas: Atlas, tmp_path: Path) -> None:
    assert open_projections(tmp_path, atlas) == ((), ())
    for name in ("zebra", "pca", "alpha"):
        write_projection(tmp_path, a_projection(atlas, name))
    assert [one.name for one in open_projections(tmp_path, atlas)[0]] == ["pca", "alpha", "zebra"]


@pytest.mark.parametrize("where", [-1, -700, 40, 400])
def test_a_damaged_file_is_named_and_the_others_open(
    atlas: Atlas, tmp_path: Path, where: int
) -> None:
    for name in ("pca", "probe"):
        write_projection(tmp_path, a_projection(atlas, name))
    path = path_of(tmp_path, "probe")
    data = bytearray(path.read_bytes())
    data[where] ^= 1
    path.write_bytes(bytes(data))
    good, bad = open_projections(tmp_path, atlas)
    assert [one.name for one in good] == ["pca"]
    assert "projections/probe.safetensors" in str(bad[0])
    assert "layerfold project" in str(bad[0])


def test_a_file_cut_short_or_of_another_kind_is_named(atlas: Atlas, tmp_path: Path) -> None:
    write_projection(tmp_path, a_projection(atlas))
    path = path_of(tmp_path, "pca")
    whole = path.read_bytes()
    for data in (
        b"",
        whole[:7],
        whole[:-9],
        b"x" * 100,
        save({"a": np.ones(3)}),
        save({"a": np.ones(3)}, {"card": "{}"}),
    ):
        path.write_bytes(data)
        with pytest.raises(DamagedRun, match=r"projections/pca\.safetensors"):
            read_projection(path)


@pytest.mark.parametrize("card", [[], {"name": "pca"}, {"name": "other"}, {"name": 3}, 3])
def test_a_card_that_says_too_little_is_named_though_its_hash_is_right(
    atlas: Atlas, tmp_path: Path, card: Any
) -> None:
    write_projection(tmp_path, a_projection(atlas))
    path = path_of(tmp_path, "pca")
    arrays = load(path.read_bytes())
    said = {**card, "sha256": digest_of(card, arrays)} if isinstance(card, dict) else card
    path.write_bytes(save(arrays, {"card": json.dumps(said)}))
    with pytest.raises(DamagedRun, match=r"projections/pca\.safetensors"):
        read_projection(path)


def test_one_that_belongs_elsewhere_or_is_not_scored_is_not_shown(
    atlas: Atlas, tmp_path: Path
) -> None:
    right = a_projection(atlas)
    short = replace(right, matrix=right.matrix[:2], offset=right.offset[:2])
    high = replace(right, fidelity={**right.fidelity, "trust": np.full(GRID, 1.5, np.float32)})
    wrong = {
        "another atlas": replace(right, card={**right.card, "atlas": "0" * 64}),
        "not scored": replace(right, fidelity={}),
        "steps and sites": short,
        "trust": high,
    }
    for what, projection in wrong.items():
        write_projection(tmp_path, projection)
        good, bad = open_projections(tmp_path, atlas)
        assert good == ()
        assert what in str(bad[0])


def test_fidelity_that_is_not_defined_stays_so(atlas: Atlas, tmp_path: Path) -> None:
    given = a_projection(atlas)
    fidelity = {**given.fidelity, "shepard": np.full(GRID, np.nan, np.float32)}
    write_projection(tmp_path, replace(given, fidelity=fidelity))
    (found,), bad = open_projections(tmp_path, atlas)
    assert bad == ()
    assert np.isnan(found.fidelity["shepard"]).all()
    assert json.loads(json.dumps(dict(found.card))) == found.card
