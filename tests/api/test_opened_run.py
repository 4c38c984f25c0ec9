"""Layerfold from Python: every question that the page can ask is a call, and says the same."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
import pytest

import layerfold
from layerfold.api.opened_run import OpenedRun
from layerfold.errors import InputError, StepNotFound, TokenNotFound
from layerfold.interp.ablation import Scaling
from layerfold.records import normalized
from layerfold.server.protocol.questions import AnyQuestion
from layerfold.space.neighbors import nearest
from tests.asking import ask, ask_all
from tests.small import make_run

TEXT = "The bank of the river was steep."
CALLS = {
    "decomposition": "decompose",
    "attribution": "attribute",
    "jacobian": "jacobian",
    "ablation": "ablate",
    "stream_view": "stream_view",
    "gradients": "gradients",
    "generation": "generate",
    "optimizer_step": "optimizer_step",
    "loss_landscape": "loss_landscape",
    "loss_line": "loss_line",
    "discontinuity": "discontinuity",
    "meaning_sets": "meaning_sets",
    "senses": "senses",
    "axes": "axes",
    "path": "path",
    "probe": "probe",
    "regions": "regions",
    "ood": "ood",
    "attack": "attack",
    "compress": "compress",
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> OpenedRun:
    folder = tmp_path_factory.mktemp("python")
    return layerfold.open(make_run(folder / "small"), folder / "cache")


def test_every_question_of_the_page_has_a_call() -> None:
    asked = {kind.model_fields["type"].annotation for kind in get_args(AnyQuestion)}
    assert {get_args(kind)[0] for kind in asked} == set(CALLS)
    assert all(callable(getattr(OpenedRun, name)) for name in CALLS.values())


def test_states_are_the_models_own_and_read_as_a_table(run: OpenedRun) -> None:
    found = run.states(TEXT, step=8)
    sentence = run.session.tokenize(TEXT)
    true = run.session.run.adapter(8).states(sentence.ids).values
    assert found.values.tobytes() == true.tobytes()
    pytest.importorskip("pandas")
    table = found.to_frame()
    assert table.index.names == ["site", "token", "d"]
    assert len(table) == true.size
    assert table.xs(("L1.post",), level=("site",))["values"].to_numpy() == pytest.approx(
        true[-1].ravel()
    )
    with pytest.raises(InputError, match="There are: values"):
        found.to_frame("nothing")


def test_the_lens_at_the_last_site_is_the_models_answer(run: OpenedRun) -> None:
    lens = run.logit_lens(TEXT, step=8)
    adapter = run.session.run.adapter(8)
    logits = adapter.unembed(run.states(TEXT, 8).values[-1, -1])
    assert lens.words[-1][0] == run.session.tokenizer.text_of(int(logits.argmax()))
    assert lens.kl[-1] == 0
    with pytest.raises(TokenNotFound, match="no 99"):
        run.logit_lens(TEXT, token=99)
    with pytest.raises(InputError, match="not a list: give one at a time"):
        run.states([TEXT])  # type: ignore[arg-type]


def test_neighbors_are_those_of_the_original_space(run: OpenedRun) -> None:
    found = run.neighbors(TEXT, site=2, step=8)
    states = normalized(run.states(TEXT, 8).values)[2]
    indices, distances = nearest(states, run.session.space(8).states[2], found.indices.shape[1])
    assert np.array_equal(found.indices, indices)
    assert np.allclose(found.distances, distances)


def test_metrics_are_by_name_with_their_steps_and_sites(run: OpenedRun) -> None:
    trust = run.metrics()["trust"]
    assert trust.values.shape == (len(run.steps), len(run.sites))


def test_a_call_says_what_the_page_is_told(run: OpenedRun) -> None:
    about = {"step": 8, "text": TEXT}
    _, tensors = ask(run.session, "decomposition", **about)
    found = run.decompose(TEXT, 8)
    assert found.patterns is not None
    assert np.allclose(found.patterns, tensors["patterns"])
    assert np.allclose(run.attention(TEXT, 1, 8).patterns, found.patterns[1])
    _, tensors = ask(run.session, "gradients", **about)
    assert np.allclose(run.gradients(TEXT, step=8).losses, tensors["losses"], equal_nan=True)
    _, tensors = ask(run.session, "jacobian", token=3, **about)
    assert np.allclose(run.jacobian(TEXT, 3, 8).values, tensors["values"], equal_nan=True)
    words = [answer.token.id for answer, _ in ask_all(run.session, "generation", count=3, **about)]
    assert [one.token.id for one in run.generate(TEXT, 3, step=8) if one.token] == words
    told, _ = ask(run.session, "optimizer_step", **about)
    assert run.optimizer_step(TEXT, step=8).after == told.after
    told, _ = ask(run.session, "stream_view", view="raw", **about)
    assert list(run.stream_view(TEXT, step=8).shares) == told.shares
    told, _ = ask(run.session, "loss_line", start=0, end=64)
    assert run.loss_line(0, 64).barrier == told.barrier
    assert run.loss_landscape(3).share == 1


def test_an_ablated_mlp_changes_what_is_said_and_a_factor_of_one_does_not(run: OpenedRun) -> None:
    plain = run.ablate(TEXT, Scaling(), 8).logits
    assert run.ablate(TEXT, Scaling(mlp={0: 1.0}), 8).logits.tobytes() == plain.tobytes()
    assert not np.allclose(run.ablate(TEXT, Scaling(mlp={0: 0.0}), 8).logits, plain)


def test_attributions_and_the_bias_sum_to_the_logits(run: OpenedRun) -> None:
    found = run.attribute(TEXT, 2, 8)
    whole = [at for at, part in enumerate(found.parts) if part.kind != "head"]
    logits = run.session.run.adapter(8).unembed(run.states(TEXT, 8).values[-1, 2])
    assert np.allclose(found.logits[whole].sum(axis=0) + found.bias, logits, atol=1e-3)


def test_a_step_that_is_not_there_is_named(run: OpenedRun) -> None:
    with pytest.raises(StepNotFound, match="There are at: 0, 8, 64"):
        run.states(TEXT, step=5)


def test_a_bundled_run_opens_by_its_name(tmp_path: Path) -> None:
    assert layerfold.open("modular-addition", tmp_path).name == "modular-addition"
