"""A person's own folder, asked all eight questions of meaning from Python: each is answered beside
its control, the same twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import layerfold
from layerfold.api.opened_run import OpenedRun
from layerfold.build.run_atlas import AtlasOptions, build_run_atlas
from layerfold.interp import attacks, axes, compression, edge, paths, probes, regions, senses
from layerfold.runs.hub_card import HOME, open_hub
from tests.hub import a_checkpoint

Ask = Callable[[OpenedRun], Any]
TEXT = "The bank of the river was steep. A man sat by the water and read a book about war. " * 8
QUESTIONS: dict[str, tuple[Ask, tuple[str, ...]]] = {
    "senses": (
        lambda run: run.senses("bank", options=senses.Options(draws=20)),
        ("control", "permuted", "p"),
    ),
    "axes": (
        lambda run: run.axes("gender", options=axes.Options(draws=20)),
        ("repaired", "random", "auroc_low"),
    ),
    "path": (
        lambda run: run.path("a", "e", options=paths.Options(points=5, pairs=2, robust=1)),
        ("random_ratio", "random_beyond"),
    ),
    "probe": (
        lambda run: run.probe(options=probes.Options(draws=20)),
        ("control", "selectivity", "baseline"),
    ),
    "regions": (
        lambda run: run.regions(options=regions.Options(least=5, draws=20)),
        ("shuffled", "q"),
    ),
    "ood": (
        lambda run: run.ood(options=edge.Options(texts=5, draws=10)),
        ("auroc_low", "natural_outside"),
    ),
    "attack": (
        lambda run: run.attack("The bank", options=attacks.Options(candidates=8, sizes=2, draws=4)),
        ("random", "plain_loss"),
    ),
    "compress": (
        lambda run: run.compress(
            ["bits=3", "bits=16"], TEXT, options=compression.Options(draws=20)
        ),
        ("noise_damage", "damage_low"),
    ),
}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> OpenedRun:
    """A small GPT-2 as `save_pretrained` leaves it, opened by its path."""
    cache = tmp_path_factory.mktemp("asked")
    folder = str(a_checkpoint(cache / "mine"))
    build_run_atlas(open_hub(folder, cache / HOME), AtlasOptions(count=260))
    return layerfold.open(folder, cache)


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_is_answered_beside_its_control(own: OpenedRun, name: str) -> None:
    ask, beside = QUESTIONS[name]
    rows = list(ask(own).rows())
    assert rows
    assert {row["step"] for row in rows} == {0}
    for control in beside:
        told = [row[control] for row in rows if not row.get("reason")]
        assert np.isfinite(np.array(told, dtype=float)).any(), f"{control} of {name} says nothing"
    assert list(map(repr, ask(own).rows())) == list(map(repr, rows))


def test_what_is_known_of_any_model_holds_of_ones_own(own: OpenedRun) -> None:
    """16 bits lose nothing, the ends of a path are the two words, and one that splits is said."""
    whole = [row for row in QUESTIONS["compress"][0](own).rows() if row["change"] == "bits=16"]
    assert [row["damage"] for row in whole] == [0]
    ends = [row for row in QUESTIONS["path"][0](own).rows() if row["point"] in (0, 4)]
    assert [row["beyond"] for row in ends] == [pytest.approx(0, abs=1e-6)] * len(ends)
    assert {note.key for note in QUESTIONS["senses"][0](own).notes} == {"last_piece"}
