"""Two runs laid over each other: a rotated copy is the same, another run is not, and what cannot be
compared says so.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save

import layerfold
from layerfold.errors import NotComparable, StepNotFound
from layerfold.geometry.comparison import residual, turn_onto
from layerfold.interp import raw_states
from layerfold.interp.compare_runs import Aligner, check_comparable, drawn_of, matched_sites
from layerfold.interp.session import open_session
from layerfold.model.checkpoint import read_checkpoint
from layerfold.model.gpt import GPT
from layerfold.model.shape import GPTConfig
from layerfold.records import site_named, sites_of
from layerfold.runs.opening import open_run
from layerfold.runs.run import checkpoint_name
from layerfold.server.protocol.tables import comparison_table
from tests import small
from tests.readme import block

BARE = replace(small.CONFIG, norm=False, bias=False, tied=False, activation="relu")


def rotation(d: int, *, keeps_ones: bool) -> torch.Tensor:
    """A random orthogonal map; with the all-ones direction kept it commutes with a LayerNorm
    without gain.
    """
    generator = torch.Generator().manual_seed(5)
    if not keeps_ones:
        return torch.linalg.qr(torch.randn(d, d, generator=generator, dtype=torch.float64))[0]
    ones = torch.full((d, 1), d**-0.5, dtype=torch.float64)
    basis = torch.linalg.qr(
        torch.cat((ones, torch.randn(d, d - 1, generator=generator, dtype=torch.float64)), 1)
    )[0]
    inner = torch.block_diag(torch.ones(1, 1), rotation(d - 1, keeps_ones=False)).to(torch.float64)
    return basis @ inner @ basis.T


@torch.no_grad()
def fold_gains(model: GPT) -> None:
    """What each norm scales and shifts is in the matrix that reads it; the norms themselves do
    nothing more.
    """
    for block_ in model.blocks if model.config.norm else ():
        for norm, reader in (
            (block_.norm_mid, block_.attention.qkv),
            (block_.norm_post, block_.mlp.up),
        ):
            if norm.bias is not None:
                reader.bias += reader.weight @ norm.bias
                norm.bias.zero_()
            reader.weight *= norm.weight
            norm.weight.fill_(1)


@torch.no_grad()
def turn_model(model: GPT, q: torch.Tensor) -> None:
    """The model's residual stream x has become x q, and nothing else has changed."""
    fold_gains(model)

    def right(weight: torch.Tensor) -> None:
        weight.copy_((weight.double() @ q).float())

    right(model.tokens.weight)
    right(model.positions.weight)
    for block_ in model.blocks:
        right(block_.attention.qkv.weight)
        right(block_.mlp.up.weight)
        for half in (block_.attention, block_.mlp):
            half.out.weight.copy_((q.T @ half.out.weight.double()).float())
            if half.out.bias is not None:
                half.out.bias.copy_((half.out.bias.double() @ q).float())


def rewritten(source: Path, folder: Path, change) -> Path:
    """A copy of a run with every model changed, in float32: half numbers would round each copy in
    its own way.
    """
    shutil.copytree(source, folder)
    run = open_run(folder)
    card = {**run.card, "name": folder.name, "files": {}}
    for step in run.steps:
        model = read_checkpoint(folder / checkpoint_name(step), run.config)
        change(model)
        weights = {
            name: weight.detach().contiguous() for name, weight in model.state_dict().items()
        }
        (folder / checkpoint_name(step)).write_bytes(save(weights))
    (folder / "run.json").write_text(json.dumps(card))
    return folder


def made(folder: Path, config: GPTConfig, monkeypatch: pytest.MonkeyPatch) -> Path:
    with monkeypatch.context() as patched:
        patched.setattr(small, "CONFIG", config)
        return small.make_run(folder)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A normed and a bare model, and a rotated copy of each."""
    folder = tmp_path_factory.mktemp("compared")
    found = {}
    for name, config, keeps in (("normed", small.CONFIG, True), ("bare", BARE, False)):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(small, "CONFIG", config)
            found[name] = small.make_run(folder / name)
        q = rotation(config.d_model, keeps_ones=keeps)
        found[f"{name}-turned"] = rewritten(
            found[name], folder / f"{name}-turned", lambda model, q=q: turn_model(model, q)
        )
    return found


@pytest.mark.parametrize("name", ["normed", "bare"])
def test_a_rotated_copy_leaves_nothing_and_lands_on_its_own_points(
    runs: dict[str, Path], name: str
) -> None:
    a, b = open_session(runs[name]), open_session(runs[f"{name}-turned"])
    found = Aligner().align(a, 64, b, 64)
    assert max(found.residuals.values()) < 1e-5
    assert all(one.without.value > 0.3 for one in found.sites)
    assert all(one.cka.value > 1 - 1e-6 and one.shape.value < 1e-4 for one in found.sites)
    positions = a.atlas.slice(64).positions.astype(np.float32)
    spread = np.sqrt(positions.var(axis=1).sum(axis=-1))
    away = np.linalg.norm(found.places().positions - positions[:, found.drawn], axis=-1)
    assert (np.median(away, axis=1) < 0.01 * spread).all()
    own = a.slice(a.tokenize("the bank of the river"), 64).placed.positions
    read = found.read("the bank of the river")
    assert np.abs(read.placed.positions - own).max() < 0.02 * spread.max()


def test_two_steps_of_a_run_differ_and_a_step_is_itself(runs: dict[str, Path]) -> None:
    run = open_session(runs["normed"])
    same = Aligner().align(run, 8, run, 8)
    assert max(same.residuals.values()) < 1e-5
    assert max(one.without.value for one in same.sites) == 0
    found = Aligner().align(run, 0, run, 64)
    for one in found.sites:
        assert 0.1 < one.residual.value < 1
        assert one.residual.low < one.residual.value < one.residual.high
        assert one.residual.value < one.without.value
        assert one.shape.value <= one.residual.value + 1e-9


def test_a_reference_is_read_once_by_each_run(
    runs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = (open_session(runs[name], tmp_path) for name in ("normed", "normed-turned"))
    first = Aligner().align(a, 8, b, 8)
    monkeypatch.setattr(raw_states, "reference_states", lambda *_: pytest.fail("read again"))
    a, b = (open_session(runs[name], tmp_path) for name in ("normed", "normed-turned"))
    again = Aligner().align(a, 8, b, 8)
    assert again.states.tobytes() == first.states.tobytes()


def test_the_residual_is_what_it_says() -> None:
    random = np.random.default_rng(0)
    a = random.normal(size=(200, 5)).astype(np.float32)
    q = np.linalg.qr(random.normal(size=(5, 5)))[0]
    assert residual(a, (a @ q).astype(np.float32) + 3, turn_onto(a, a @ q + 3)).value < 1e-6
    # what is added at right angles to all of A, of a tenth of its length, is what is left
    noise = random.normal(size=(200, 5))
    centered = a - a.mean(axis=0)
    noise -= noise.mean(axis=0)
    noise *= 0.1 * np.linalg.norm(centered) / np.linalg.norm(noise)
    assert abs(residual(a, (a + noise).astype(np.float32)).value - 0.1) < 1e-6
    unlike = random.normal(size=(200, 5)).astype(np.float32)
    assert residual(a, unlike, turn_onto(a, unlike)).value > 0.8


def test_other_widths_are_filled_with_zeros() -> None:
    random = np.random.default_rng(1)
    narrow = random.normal(size=(300, 4)).astype(np.float32)
    # the same, in nine directions
    inside = (narrow @ np.linalg.qr(random.normal(size=(9, 4)))[0].T).astype(np.float32)
    assert residual(inside, narrow, turn_onto(inside, narrow)).value < 1e-6
    # by a difference of squares
    assert residual(narrow, inside, turn_onto(narrow, inside)).value < 1e-3
    wide = random.normal(size=(300, 9)).astype(np.float32)
    turn = turn_onto(narrow, wide)
    whole = np.linalg.norm(np.pad(narrow - narrow.mean(0), ((0, 0), (0, 5))))
    lost = (
        np.linalg.norm(wide - wide.mean(0)) ** 2
        - np.linalg.norm((wide - wide.mean(0)) @ turn.matrix) ** 2
    )
    kept = np.linalg.norm(narrow - narrow.mean(0) - (wide - wide.mean(0)) @ turn.matrix) ** 2
    assert abs(residual(narrow, wide, turn).value - np.sqrt(lost + kept) / whole) < 1e-6


def test_sites_are_matched_by_depth_and_tokens_drawn_evenly() -> None:
    two = sites_of(2)
    assert matched_sites(two, sites_of(2)) == [0, 1, 2, 3, 4]
    assert matched_sites(
        two, [site_named(*each) for each in enumerate(("embed", "L0.post", "L1.post", "L2.post"))]
    ) == [0, 1, 1, 2, 3]
    assert drawn_of(5).tolist() == [0, 1, 2, 3, 4]
    many = drawn_of(4000)
    assert len(many) == 1000
    assert many[0] == 0
    assert many[-1] == 3999


def test_runs_of_other_depth_and_width_are_compared(
    runs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(small, "CONFIG", replace(small.CONFIG, n_layer=1, d_model=24))
    other = small.make_run(tmp_path / "other")
    found = Aligner().align(open_session(runs["normed"]), 64, open_session(other), 64)
    assert [one.other.name for one in found.sites] == [
        "embed",
        "embed",
        "L0.mid",
        "L0.mid",
        "L0.post",
    ]
    table = comparison_table(found, "a", "b")
    assert table.widths == [16, 24]
    assert all(row.residual is not None for row in table.sites)


def test_what_cannot_be_compared_says_why(
    runs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a = open_session(runs["normed"])
    with pytest.raises(StepNotFound, match="checkpoint at step 3"):
        Aligner().align(a, 64, open_session(runs["bare"]), 3)
    with pytest.raises(StepNotFound):
        Aligner().align(a, 3, a, 64)
    monkeypatch.setattr(
        small,
        "TEXTS",
        (
            "Other words entirely; nothing of these was read before, and again: other words.",
            *small.TEXTS[1:],
        ),
    )
    with pytest.raises(NotComparable, match="other tokens"):
        check_comparable(a, open_session(small.make_run(tmp_path / "words")), 64)
    monkeypatch.setattr(small, "CONFIG", replace(small.CONFIG, block_size=16))
    monkeypatch.setattr(small, "LENGTH", 16)
    with pytest.raises(NotComparable, match="reads 16 tokens at once"):
        check_comparable(a, open_session(small.make_run(tmp_path / "short")), 64)
    blind = open_session(runs["normed-turned"])
    monkeypatch.setattr(type(blind.run), "typed", False)
    with pytest.raises(NotComparable, match="no weights"):
        check_comparable(a, blind, 64)


def test_the_lines_of_the_readme(
    runs: dict[str, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(runs["normed"].parent)
    lines = (
        block("compare").replace("runs/seed-0", "normed").replace("runs/seed-1", "normed-turned")
    )
    exec(lines, {"layerfold": layerfold})
    assert "embed" in capsys.readouterr().out
