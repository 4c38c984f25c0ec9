"""Measures for a person, a spreadsheet and a program."""

from __future__ import annotations

import csv
import json

import pytest

from layerfold.atlas.files import Atlas, open_atlas
from layerfold.build.metrics import measure_run
from layerfold.metrics.files import Measured
from layerfold.metrics.report import COLUMNS, Report, report_of
from tests import small


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Atlas, Measured]:
    folder = small.make_run(tmp_path_factory.mktemp("runs") / "small")
    return open_atlas(folder), measure_run(folder, ("norm", "move_site", "rank_in"))


def named(made: tuple[Atlas, Measured]) -> Report:
    return report_of("small", made[0], made[1], ("move_site", "trust"), (0, 64))


def test_a_named_measure_is_a_block_of_steps_and_sites(made):
    blocks = named(made).as_text().split("\n\n")
    assert blocks[0].startswith("move_site (move to the next site, in spreads)\n")
    assert blocks[0].splitlines()[1].split() == ["step", *made[0].sites]
    assert [line.split()[0] for line in blocks[0].splitlines()[2:4]] == ["0", "64"]
    assert blocks[0].splitlines()[2].endswith("–")
    assert blocks[0].splitlines()[-1] == "  – not defined: there is no site after this one"
    assert blocks[1].startswith("trust (")


def test_all_measures_are_a_line_each(made):
    lines = report_of("small", made[0], made[1], None, small.STEPS).as_text().splitlines()
    assert lines[0].startswith("small at step 64")
    assert [line.split()[0] for line in lines[1:]] == [
        "norm", "rank_in", "move_site", "trust", "loss", "val_loss", "bits_per_byte",
    ]  # fmt: skip


def test_a_spreadsheet_has_a_line_a_number(made):
    rows = list(csv.DictReader(named(made).as_csv().splitlines()))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == 2 * 2 * 5
    last = rows[4]
    assert (last["measure"], last["step"], last["site_name"], last["value"]) == (
        "move_site",
        "0",
        "L1.post",
        "",
    )
    assert last["reason"] == "there is no site after this one"
    assert float(rows[0]["low"]) < float(rows[0]["value"]) < float(rows[0]["high"])


def test_a_program_reads_null_where_nothing_is_defined(made):
    said = json.loads(json.dumps(named(made).as_json(), allow_nan=False))
    assert said["steps"] == [0, 64]
    assert said["measures"][0]["values"][0][4] is None
    assert said["measures"][0]["reasons"][0][4] == "there is no site after this one"


def test_nothing_of_a_kind_is_said_so(made):
    assert (
        report_of("small", made[0], made[1], ("twonn",), (0,)).as_text()
        == "small: nothing of this kind is measured"
    )
