"""Measuring a run: all numbers or reasons, the same as when called one by one, resumed after a
kill, and sound on degenerate runs.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from layerfold.atlas.files import open_atlas
from layerfold.build import metrics as measuring
from layerfold.build.layer_maps import tokens_of
from layerfold.build.metrics import NOT_YET, jumps, measure_run
from layerfold.data.reference_states import reference_states
from layerfold.errors import AtlasMissing, InputError, StepNotFound
from layerfold.geometry.comparison import cka
from layerfold.geometry.dimension import two_nn
from layerfold.geometry.spectrum import effective_rank
from layerfold.interp.jacobian import singular_values
from layerfold.metrics import per_site as gauges
from layerfold.metrics.files import (
    NAMES,
    OF_THE_ATLAS,
    Measured,
    atlas_hash,
    read_measured,
    standing,
)
from layerfold.metrics.per_site import MEASURED
from layerfold.model.checkpoint import save_checkpoint
from layerfold.model.forward import gpt_of
from layerfold.model.matrices import layer_matrices
from layerfold.model.shape import GPTConfig
from layerfold.records import Measure, normalized
from layerfold.runs.opening import open_run
from layerfold.runs.run import checkpoint_name
from layerfold.space.neighbors import nearest_self
from tests import small

QUICK = ("norm", "participation_ratio")


@pytest.fixture(scope="module")
def measured(tmp_path_factory) -> tuple[Path, Measured]:
    """A small run and all its measures; tests that change something make their own."""
    folder = small.make_run(tmp_path_factory.mktemp("runs") / "small")
    return folder, measure_run(folder, threads=2)


def named(found: Measured, name: str) -> Measure:
    return next(measure for measure in found.measures if measure.name == name)


def every_cell_has_a_number_or_a_reason(found: Measured) -> bool:
    shape = (len(found.steps), len(found.sites))
    for measure in found.measures:
        said = np.full(shape, "") if measure.reasons is None else np.array(measure.reasons)
        assert measure.values.shape == said.shape == shape, measure.name
        assert ((said == "") == np.isfinite(measure.values)).all(), (
            measure.name,
            measure.values,
            measure.reasons,
        )
    return True


def why(found: Measured, name: str) -> tuple[tuple[str, ...], ...]:
    """Why a measure is not defined: [step][site]."""
    said = named(found, name).reasons
    assert said is not None
    return said


def reasons(found: Measured, name: str) -> set[str]:
    return {said for row in named(found, name).reasons or () for said in row}


def test_all_that_is_named_is_measured_with_a_number_or_a_reason_everywhere(measured):
    _, found = measured
    assert {measure.name for measure in found.measures} == {
        *MEASURED,
        "loss",
        "val_loss",
        "bits_per_byte",
    }
    assert set(NAMES) == {*MEASURED, *OF_THE_ATLAS}
    assert every_cell_has_a_number_or_a_reason(found)
    assert {measure.group for measure in found.measures} == {
        group for group, _ in NAMES.values()
    } | {"training"}
    for measure in found.measures:
        if measure.low is not None and measure.high is not None:
            known = np.isfinite(measure.low)
            assert (measure.low[known] <= measure.values[known]).all()
            assert (measure.values[known] <= measure.high[known]).all()


def test_what_is_kept_is_what_was_found(measured):
    folder, found = measured
    kept = read_measured(folder)
    assert kept is not None
    assert (kept.steps, kept.sites, kept.atlas) == (found.steps, found.sites, atlas_hash(folder))
    for one, other in zip(kept.measures, found.measures, strict=True):
        assert (one.name, one.unit, one.group, one.reasons) == (
            other.name,
            other.unit,
            other.group,
            other.reasons,
        )
        assert np.array_equal(one.values, other.values, equal_nan=True)
    assert not (folder / "measures" / ".work").exists()


def test_numbers_are_those_of_the_functions_called_one_by_one(measured):
    folder, found = measured
    run, reference = open_run(folder), open_atlas(folder).reference
    raw = {step: reference_states(run.adapter(step), reference) for step in small.STEPS}
    states = {step: normalized(values) for step, values in raw.items()}
    assert named(found, "twonn").values[2, 3] == pytest.approx(
        two_nn(nearest_self(states[64][3], 15)[1]).value, rel=1e-5
    )
    assert named(found, "cka_step").values[1, 2] == pytest.approx(
        cka(states[0][2], states[8][2]).value, rel=1e-5
    )
    assert named(found, "cka_site").values[1, 2] == pytest.approx(
        cka(states[8][2], states[8][3]).value, rel=1e-5
    )
    assert named(found, "norm").values[0, 0] == pytest.approx(
        np.linalg.norm(raw[0][0], axis=1).mean(), rel=1e-5
    )
    model = gpt_of(run.adapter(8))
    assert named(found, "rank_v").values[1, 3] == pytest.approx(
        effective_rank(layer_matrices(model)["L1"]["v"]).value, rel=1e-5
    )
    largest = [
        singular_values(model, ids[: token + 1], token, 1, 1)[0]
        for ids, token in tokens_of(reference)
    ]
    assert named(found, "stretch").values[1, 1] == pytest.approx(np.mean(largest), rel=1e-4)


def test_where_a_measure_stands_says_where_it_is_not_defined(measured):
    _, found = measured
    assert np.isfinite(named(found, "rank_q").values[0]).tolist() == [
        False,
        True,
        False,
        True,
        False,
    ]
    assert np.isfinite(named(found, "rank_in").values[0]).tolist() == [
        False,
        False,
        True,
        False,
        True,
    ]
    assert np.isfinite(named(found, "move_site").values[0]).tolist() == [
        True,
        True,
        True,
        True,
        False,
    ]
    assert np.isfinite(named(found, "curvature").values[0]).tolist() == [
        False,
        True,
        True,
        True,
        False,
    ]
    assert np.isfinite(named(found, "stability").values[:, 0]).tolist() == [False, True, True]
    assert np.isfinite(named(found, "turn_step").values[:, 0]).tolist() == [False, False, True]
    assert why(found, "cka_step")[0][0] == "there is no checkpoint before this one"
    assert why(found, "turn_step")[1][0] == "there are no two checkpoints before this one"


def test_some_measures_at_some_steps_leave_the_others_as_they_were(tmp_path):
    folder = small.make_run(tmp_path / "small")
    first = measure_run(folder, QUICK, (8,))
    assert reasons(first, "norm") == {"", NOT_YET}
    assert np.isfinite(named(first, "norm").values[:, 0]).tolist() == [False, True, False]
    second = measure_run(folder, ("norm", "cka_step"), (64,))
    assert np.isfinite(named(second, "norm").values[:, 0]).tolist() == [False, True, True]
    assert named(second, "norm").values[1].tolist() == named(first, "norm").values[1].tolist()
    assert np.isfinite(named(second, "cka_step").values[:, 0]).tolist() == [False, False, True]
    assert np.isfinite(named(second, "participation_ratio").values[:, 0]).tolist() == [
        False,
        True,
        False,
    ]
    third = measure_run(folder, ("trust",))
    assert [measure.name for measure in third.measures] == [
        measure.name for measure in second.measures
    ]


def test_a_measuring_that_was_stopped_goes_on(tmp_path, monkeypatch):
    folder = small.make_run(tmp_path / "small")
    whole = gauges.read_all
    calls: list[tuple[str, ...]] = []

    def stopping(here, past, names, pool):
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append(names)
        return whole(here, past, names, pool)

    monkeypatch.setattr(measuring, "read_all", stopping)
    with pytest.raises(KeyboardInterrupt):
        measure_run(folder, QUICK)
    assert read_measured(folder) is None
    del calls[:]
    found = measure_run(folder, QUICK)
    assert len(calls) == 1
    assert every_cell_has_a_number_or_a_reason(found)
    monkeypatch.undo()
    assert (
        measure_run(small.make_run(tmp_path / "again" / "small"), QUICK).measures[0].values.tolist()
        == found.measures[0].values.tolist()
    )


def test_measures_of_another_atlas_do_not_stand(tmp_path):
    folder = small.make_run(tmp_path / "small")
    measure_run(folder, QUICK)
    assert standing(folder) is not None
    card = folder / "atlas" / "atlas.json"
    card.write_text(card.read_text().replace('"radius": 5.0', '"radius": 6.0'))
    small.sign_again(card)
    assert standing(folder) is None
    assert reasons(measure_run(folder, ("norm",), (0,)), "norm") == {"", NOT_YET}


def test_what_is_not_there_is_named(tmp_path):
    folder = small.make_run(tmp_path / "small")
    with pytest.raises(InputError, match="no measure 'twon': choose among twonn"):
        measure_run(folder, ("twon",))
    with pytest.raises(StepNotFound, match="step 7"):
        measure_run(folder, QUICK, (7,))
    with pytest.raises(AtlasMissing):
        measure_run(small.make_run(tmp_path / "bare", atlas=False))


# ---- degenerate runs


def test_one_step_and_one_layer(tmp_path, monkeypatch):
    monkeypatch.setattr(small, "STEPS", (0,))
    monkeypatch.setattr(
        small, "CONFIG", GPTConfig(vocab_size=300, n_layer=1, n_head=2, d_model=16, block_size=48)
    )
    found = measure_run(small.make_run(tmp_path / "small"))
    assert every_cell_has_a_number_or_a_reason(found)
    assert reasons(found, "move_step") == {"there is no checkpoint before this one"}
    assert np.isfinite(named(found, "curvature").values).tolist() == [[False, True, False]]
    assert found.events == ()


@pytest.mark.parametrize(("windows", "picked"), [(1, 1), (1, 3), (3, 4)])
def test_fewer_tokens_than_neighbours(tmp_path, monkeypatch, windows, picked):
    monkeypatch.setattr(small, "WINDOWS", windows)
    monkeypatch.setattr(small, "PICKED", picked)
    monkeypatch.setattr(small, "own_distances", lambda index: np.zeros(257, dtype=np.float32))
    monkeypatch.setattr(np.linalg, "svd", with_three_rows(np.linalg.svd))
    folder = small.make_run(tmp_path / "small")
    monkeypatch.undo()
    found = measure_run(folder)
    assert every_cell_has_a_number_or_a_reason(found)
    if windows * picked < 10:
        assert all(said for said in reasons(found, "twonn"))
    assert np.isfinite(named(found, "norm").values).all()


def with_three_rows(svd):
    """numpy's svd whose last factor is filled up to three rows, for a reference of one or two
    tokens.
    """

    def padded(values, full_matrices=True, compute_uv=True):
        found = svd(values, full_matrices=full_matrices, compute_uv=compute_uv)
        if not compute_uv:
            return found
        rows = found[2]
        return found[0], found[1], np.pad(rows, ((0, 0), (0, max(0, 3 - rows.shape[1])), (0, 0)))

    return padded


def test_states_that_are_all_one(tmp_path):
    folder = small.make_run(tmp_path / "small")
    change(folder, 8, 0.0)
    found = measure_run(folder)
    assert every_cell_has_a_number_or_a_reason(found)
    for name in (
        "twonn",
        "mle",
        "rankme",
        "participation_ratio",
        "components_90",
        "cka_site",
        "procrustes_step",
        "shepard",
    ):
        assert all("one" in said or "twin" in said for said in why(found, name)[1][:4]), name
    assert why(found, "rank_q")[1][1] == "all weights are zero"
    assert named(found, "norm").values[1].tolist() == [0.0] * 5


def test_numbers_that_are_not_finite_in_a_checkpoint(tmp_path):
    folder = small.make_run(tmp_path / "small")
    change(folder, 8, float("nan"))
    found = measure_run(folder)
    assert every_cell_has_a_number_or_a_reason(found)
    for name in (
        "twonn",
        "twonn_2",
        "norm",
        "cka_site",
        "overlap_site",
        "overlap_step",
        "shepard",
        "h1_longest",
        "curvature",
    ):
        assert why(found, name)[1][1] == "a state is not a finite number", name
    assert why(found, "overlap_step")[2][0] == "a state is not a finite number"
    assert why(found, "stretch")[1][0] == "no Jacobian is finite"
    assert np.isfinite(named(found, "twonn").values[[0, 2]]).all()


def test_a_checkpoint_that_is_cut_short(tmp_path):
    folder = small.make_run(tmp_path / "small")
    path = folder / checkpoint_name(8)
    path.write_bytes(path.read_bytes()[:500])
    found = measure_run(folder)
    assert every_cell_has_a_number_or_a_reason(found)
    assert why(found, "norm")[1][0] == "the checkpoint or the clouds of this step cannot be read"
    assert (
        why(found, "cka_step")[2][0]
        == "the checkpoint or the clouds of the step before cannot be read"
    )


def test_tokens_that_are_all_twins(tmp_path, monkeypatch):
    chosen = small.a_reference

    def same(tokenizer):
        reference = chosen(tokenizer)
        reference.windows[:] = reference.windows[0]
        return reference

    monkeypatch.setattr(small, "a_reference", same)
    found = measure_run(small.make_run(tmp_path / "small"))
    assert every_cell_has_a_number_or_a_reason(found)
    assert all("twin" in said or "one and the same" in said for said in reasons(found, "twonn"))


def change(folder: Path, step: int, value: float) -> None:
    """All weights of a checkpoint have one value."""
    model = small.a_model(step)
    with torch.no_grad():
        for weight in model.parameters():
            weight.fill_(value)
    save_checkpoint(folder / checkpoint_name(step), model)
    small.add_file(folder, checkpoint_name(step))


def test_a_jump_is_found_where_it_is_highest():
    steps = tuple(range(20))
    smooth = np.linspace(0, 0.1, 20)
    sudden = smooth + np.repeat((0.0, 1.0), 10)
    values = np.stack(
        [smooth, sudden, 0.5 * sudden + 0.5 * np.sin(np.arange(20) * 2.1) * 0.05], axis=1
    ).astype(np.float32)
    found = jumps(steps, [Measure("twonn", "directions", values, "dimension")])
    assert [(jump.step, jump.measure, jump.site) for jump in found] == [(10, "twonn", 1)]
    assert found[0].after - found[0].before == pytest.approx(1, abs=0.02)


def test_a_jump_of_the_training_log_stands_at_the_last_site():
    series = np.repeat(
        np.repeat((0.1, 0.9), 8)[:, None] + np.linspace(0, 0.01, 16)[:, None], 4, axis=1
    ).astype(np.float32)
    found = jumps(range(16), [Measure("test_accuracy", "share", series, "training")])
    assert [(jump.step, jump.site) for jump in found] == [(8, 3)]


def test_a_jump_within_its_error_is_none():
    sudden = (np.repeat((0.0, 1.0), 10) + np.linspace(0, 0.1, 20)).astype(np.float32)[:, None]
    for error, count in ((0.1, 1), (0.5, 0)):
        measure = Measure(
            "flat_directions", "directions", sudden, "map", sudden - error, sudden + error
        )
        assert len(jumps(range(20), [measure])) == count
    assert jumps(range(20), [Measure("lr", "as logged in training", sudden, "training")]) == ()
