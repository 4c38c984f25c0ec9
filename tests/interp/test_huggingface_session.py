"""A Hugging Face model as a run: measured with a number or a reason in every cell, encoders read
whole, an empty lens without a head.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from layerfold.build.metrics import measure_run
from layerfold.build.run_atlas import AtlasOptions, CorpusOptions, build_run_atlas
from layerfold.interp.session import open_session
from layerfold.runs.hub_card import open_hub
from layerfold.runs.opening import open_run
from layerfold.server.protocol.tables import measures_table
from tests.model.hub_models import KINDS, backend_of, network_of, saved


@pytest.mark.parametrize("kind", ["pythia", "bert"])
def test_every_cell_has_a_number_or_a_reason(kind: str, tmp_path: Path, story_folder: Path) -> None:
    for step in (1, 2):
        saved(kind, tmp_path / "runs" / f"checkpoint-{step}", step)
    folder = open_hub(str(tmp_path / "runs"), tmp_path / "home")
    run = open_run(folder)
    assert (run.kind, run.steps) == ("hf", (1, 2))
    text = CorpusOptions(str(story_folder))
    build_run_atlas(folder, AtlasOptions(count=200, text=text, threads=1))
    measure_run(folder, threads=1)
    table = measures_table(open_session(folder))
    reasons: Counter[str] = Counter()
    for measure in table.measures:
        for row, why in zip(
            measure.values,
            measure.reasons or [[""] * len(table.sites)] * len(table.steps),
            strict=True,
        ):
            assert len(row) == len(table.sites)
            for value, reason in zip(row, why, strict=True):
                assert (value is None) == bool(reason), measure.name
                reasons[reason] += 1
    ranks = {
        measure.name: measure.values
        for measure in table.measures
        if measure.name.startswith("rank_")
    }
    post = table.sites.index("L1.post")
    assert ranks["rank_out"][0][post] is not None
    assert ranks["rank_q"][0][table.sites.index("L1.mid") if kind == "bert" else post] is not None
    stretch = next(measure.values for measure in table.measures if measure.name == "stretch")
    assert all(value is not None for row in stretch for value in row[:-1]), (
        "the Jacobian leads on from every site but the last"
    )


def test_a_reference_token_of_an_encoder_is_read_in_its_whole_window(
    tmp_path: Path, story_folder: Path
) -> None:
    saved("bert", tmp_path / "model")
    folder = open_hub(str(tmp_path / "model"), tmp_path / "home")
    text = CorpusOptions(str(story_folder))
    build_run_atlas(folder, AtlasOptions(count=200, text=text, threads=1))
    opened = open_session(folder)
    step = opened.steps[0]
    reference = opened.atlas.reference
    adapter: Any = opened.space(step).adapter
    index = 3
    window = reference.windows[reference.window[index]]
    assert reference.position[index] < len(window) - 1
    right = adapter.states(window.tolist()).values[-1, reference.position[index]]
    site = len(opened.sites) - 1
    assert opened.inspect_reference(index, step, site).norm == pytest.approx(
        float(np.linalg.norm(right)), rel=1e-6
    )
    assert opened.space(step).nbytes > adapter.nbytes > 100_000
    found = opened.inspect_reference(index, step, site)
    assert len(found.lens) == len(opened.sites)  # it has a head for masked words
    placed = opened.place("The river bank.")
    assert [token.text for token in placed.sentence.tokens][::5] == [
        "[CLS]",
        "[SEP]",
    ] or placed.sentence.tokens[-1].text == "[SEP]"


def test_a_model_without_a_head_has_an_empty_lens(tmp_path: Path, story_folder: Path) -> None:
    network_of(KINDS["bert"]).bert.save_pretrained(tmp_path / "model")
    backend_of("words").save(str(tmp_path / "model" / "tokenizer.json"))
    folder = open_hub(str(tmp_path / "model"), tmp_path / "home")
    text = CorpusOptions(str(story_folder))
    build_run_atlas(folder, AtlasOptions(count=200, text=text, threads=1))
    opened = open_session(folder)
    sentence = opened.tokenize("The river bank.")
    assert opened.inspect(sentence, 1, opened.steps[0], 2).lens == ()
    assert opened.inspect_reference(0, opened.steps[0], 2).lens == ()
