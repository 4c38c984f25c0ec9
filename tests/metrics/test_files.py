"""Measures on disk: what is written is read, what is damaged is named, and the atlas's own stand
beside them.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from layerfold.errors import DamagedRun, EditedCard
from layerfold.metrics.files import (
    NAMES,
    Jump,
    Measured,
    atlas_hash,
    group_of,
    joined,
    read_measured,
    standing,
    training_measures,
    trouble,
    unit_of,
    write_measured,
)
from layerfold.records import Measure
from layerfold.server.protocol.tables import event_tables, measure_table
from tests.small import sign_again

NAN = float("nan")
GROUPS = {"dimension", "spectrum", "sites", "steps", "topology", "map", "fidelity"}


def two_measures() -> tuple[Measure, ...]:
    values = np.array([[1.5, NAN], [2.5, 3.5]], dtype=np.float32)
    said = (("", "it is too small"), ("", ""))
    return (
        Measure("twonn", "directions", values, "dimension", values - 1, values + 1, said),
        Measure("loss", "nats a token in training", np.ones((2, 2), dtype=np.float32), "training"),
    )


def some() -> Measured:
    jumps = (Jump(8, "loss", 1, 2.0, 1.0, 12.5),)
    return Measured(
        "", (0, 8), ("embed", "L0.mid"), {"k": 15}, two_measures(), jumps, {"twonn": 1.25}
    )


def with_atlas(folder: Path) -> Measured:
    (folder / "atlas").mkdir(parents=True)
    (folder / "atlas" / "atlas.json").write_text("{}")
    found = Measured(**{**vars(some()), "atlas": atlas_hash(folder)})
    write_measured(folder, found)
    return found


def test_what_is_written_is_read(tmp_path):
    write_measured(tmp_path, some())
    kept = read_measured(tmp_path)
    assert kept is not None
    assert (kept.steps, kept.sites, kept.parameters, kept.events) == (
        (0, 8),
        ("embed", "L0.mid"),
        {"k": 15},
        some().events,
    )
    assert kept.seconds == {"twonn": 1.25}
    for one, other in zip(kept.measures, two_measures(), strict=True):
        assert (one.name, one.unit, one.group, one.reasons) == (
            other.name,
            other.unit,
            other.group,
            other.reasons,
        )
        assert np.array_equal(one.values, other.values, equal_nan=True)
        assert (one.low is None) == (other.low is None)
    with pytest.raises(ValueError, match="read-only"):
        kept.measures[0].values[0, 0] = 0


def test_the_card_says_what_is_there(tmp_path):
    write_measured(tmp_path, some())
    card = json.loads((tmp_path / "measures" / "measures.json").read_text())
    assert card["format"] == 1
    assert card["reasons"] == ["", "it is too small"]
    assert [(entry["name"], entry["group"], entry["error_bar"]) for entry in card["entries"]] == [
        ("twonn", "dimension", True),
        ("loss", "training", False),
    ]


def test_more_reasons_than_a_byte_counts_become_one(tmp_path):
    values = np.full((1, 300), NAN, dtype=np.float32)
    said = (tuple(f"reason {n:03}" for n in range(300)),)
    sites = tuple(f"s{n}" for n in range(300))
    write_measured(
        tmp_path,
        Measured(
            "",
            (0,),
            sites,
            {},
            (Measure("twonn", "directions", values, "dimension", reasons=said),),
        ),
    )
    kept = read_measured(tmp_path)
    assert kept is not None
    assert kept.measures[0].reasons is not None
    assert kept.measures[0].reasons[0][0] == "reason 000"
    assert kept.measures[0].reasons[0][299] == "it cannot be computed here"


def test_nothing_kept_is_nothing_wrong(tmp_path):
    assert read_measured(tmp_path) is None
    assert standing(tmp_path) is None
    assert trouble(tmp_path) is None


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:40])


@pytest.mark.parametrize(
    ("name", "act", "match"),
    [
        ("measures.safetensors", cut, "is not what measures.json says"),
        ("measures.safetensors", Path.unlink, "is missing"),
        ("measures.json", cut, "cannot be read"),
        ("measures.json", lambda path: path.write_text("[]"), "cannot be read"),
        ("measures.json", lambda path: path.write_text('{"format": 2}'), "has format 2"),
        (
            "measures.json",
            lambda path: path.write_text(path.read_text().replace('"twonn"', '"twonnn"')),
            "holds no 'twonnn'",
        ),
        (
            "measures.json",
            lambda path: path.write_text(path.read_text().replace('"L0.mid"', '"a", "b"')),
            "2 steps and 3 sites",
        ),
    ],
)
def test_what_is_damaged_is_named_and_does_not_stand(tmp_path, name, act, match):
    with_atlas(tmp_path)
    card = tmp_path / "measures" / "measures.json"
    written = card.read_bytes()
    act(tmp_path / "measures" / name)
    if match.startswith(("holds no", "2 steps")):
        assert card.read_bytes() != written
        with pytest.raises(EditedCard):
            read_measured(tmp_path)
        sign_again(card)
    with pytest.raises(DamagedRun, match=match):
        read_measured(tmp_path)
    assert standing(tmp_path) is None
    assert "layerfold measure" in str(trouble(tmp_path))


def test_measures_of_another_atlas_are_trouble(tmp_path):
    with_atlas(tmp_path)
    assert trouble(tmp_path) is None
    assert standing(tmp_path) is not None
    (tmp_path / "atlas" / "atlas.json").write_text('{"another": 1}')
    assert standing(tmp_path) is None
    assert "of another atlas" in str(trouble(tmp_path))


def test_the_atlass_measures_get_groups_and_reasons_and_give_way(tmp_path):
    ones = np.ones((2, 2), dtype=np.float32)
    gone = np.array([[1, NAN], [1, NAN]], dtype=np.float32)
    of_atlas = (
        Measure("move_spearman", "r", gone),
        Measure("twonn", "old", ones),
        Measure("trust@pca", "0..1", ones),
        Measure("val_loss", "nats", gone),
    )
    found = {measure.name: measure for measure in joined(of_atlas, some())}
    assert list(found) == ["twonn", "move_spearman", "trust@pca", "val_loss", "loss"]
    assert found["twonn"].unit == "directions"
    assert found["trust@pca"].group == "fidelity"
    assert found["val_loss"].group == "training"
    assert found["move_spearman"].reasons == (("", "there is no site after this one"),) * 2
    assert [measure.name for measure in joined(of_atlas[:1], None)] == ["move_spearman"]


def test_the_training_log_gives_every_series_of_numbers_that_has_a_value_at_a_checkpoint():
    rows = [
        {"step": 0, "loss": 3.0, "tokens": 0, "note": "begin", "fine": True},
        {"step": 4, "loss": 2.0, "only_between": 1.0},
        {"step": 8, "loss": 1.5, "grad_norm": None, "test_accuracy": 0.5},
        {"step": 8, "val_loss": 1.75},
    ]
    found = {measure.name: measure for measure in training_measures(rows, (0, 8), 3)}
    assert set(found) == {"loss", "test_accuracy", "val_loss"}
    assert found["loss"].values.tolist() == [[3.0] * 3, [1.5] * 3]
    assert found["test_accuracy"].reasons == (
        ("nothing finite was logged at this step",) * 3,
        ("",) * 3,
    )
    assert found["test_accuracy"].unit == "share right on what was held out, 0..1"


def test_every_name_has_a_group_and_a_unit_in_words():
    assert {group for group, _ in NAMES.values()} == GROUPS
    assert all(unit and unit == unit.strip() for _, unit in NAMES.values())
    assert (group_of("twonn"), group_of("recall@circle"), group_of("test_loss")) == (
        "dimension",
        "fidelity",
        "training",
    )
    assert unit_of("in_context_score") == "as logged in training"


def test_tables_are_what_the_page_reads():
    table = measure_table(two_measures()[0])
    assert table.values == [[1.5, None], [2.5, 3.5]]
    assert table.low == [[0.5, None], [1.5, 2.5]]
    assert table.reasons == [["", "it is too small"], ["", ""]]
    assert [event.model_dump() for event in event_tables(some().events)] == [
        {"step": 8, "measure": "loss", "site": 1, "before": 2.0, "after": 1.0, "score": 12.5}
    ]


def test_equal_measures_are_equal_bytes_however_long_they_took(tmp_path):
    values = np.ones((1, 1), dtype=np.float32)
    for name, took in (("one", 1.0), ("other", 2.0)):
        measure = Measure("twonn", "directions", values, "dimension")
        write_measured(
            tmp_path / name, Measured("", (0,), ("embed",), {}, (measure,), (), {"twonn": took})
        )
    files = [
        {path.name: path.read_bytes() for path in (tmp_path / name / "measures").iterdir()}
        for name in ("one", "other")
    ]
    assert {name for name in files[0] if files[0][name] != files[1][name]} == {"times.json"}
