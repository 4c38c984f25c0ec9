"""A model of Hugging Face: states fed back, weights changed and undone, by its modules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from layerfold.cli.resolve import model_folder
from layerfold.interp import changes
from layerfold.interp.changes import applied, change_of
from layerfold.interp.continuation import Continuation
from layerfold.interp.readout import readout
from layerfold.interp.state_gradients import loss_gradients
from layerfold.interp.swaps import embedded, log_probabilities
from layerfold.runs.opening import open_run
from tests.model.hub_models import saved

IDS = list(range(5, 14))


@pytest.fixture(scope="module", params=["llama", "gpt2"])
def adapter(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("anothers")
    return open_run(
        model_folder(str(saved(request.param, folder / "model")), cache=folder)
    ).adapter(0)


def test_a_point_fed_back_unchanged_is_the_plain_pass(adapter: Any) -> None:
    rest = Continuation(adapter, IDS)
    nudge = np.random.default_rng(0).normal(size=adapter.d_model).astype(np.float32)
    for site, where in enumerate(adapter.sites):
        again = rest.logits(site, rest.states[site][None])[0]
        assert again.tobytes() == rest.plain().tobytes(), where.name
        moved = rest.states[site] + nudge * np.array([[0.0], [1.0], [2.0]], dtype=np.float32)
        found = rest.logits(site, moved)
        assert np.abs(found[1] - rest.plain()).max() > 1e-3, where.name
        np.testing.assert_allclose(rest.logits(site, moved, 3), found, atol=1e-4)
    assert adapter.states(IDS).values[:, -1].tobytes() == rest.states.tobytes(), (
        "nothing stays put in"
    )


def test_a_gradient_is_that_of_the_loss(adapter: Any) -> None:
    rest = Continuation(adapter, IDS)
    step = np.random.default_rng(0).normal(size=adapter.d_model).astype(np.float32) * 0.002
    for site in range(len(adapter.sites)):
        gradient = loss_gradients(adapter, IDS, 7, site)[1, -1]
        sides = [rest.logits(site, (rest.states[site] + sign * step)[None]) for sign in (1, -1)]
        up, down = (-log_probabilities(one)[0, 7] for one in sides)
        assert (up - down) / 2 == pytest.approx(float(gradient @ step), rel=0.02, abs=5e-6)


def test_tokens_differ_at_embed_as_they_do_at_any_place(adapter: Any) -> None:
    every = embedded(adapter)
    here = adapter.batch_states(np.array([[5, 6, 7], [5, 6, 9]], dtype=np.int32))[0, :, -1]
    assert every.shape == (adapter.n_vocab, adapter.d_model)
    np.testing.assert_allclose(here[1] - here[0], every[9] - every[7], atol=1e-6)


@pytest.mark.parametrize("words", ["bits=3", "rank=4", "layer=1", "head=1.2", "directions=4"])
def test_weights_are_changed_and_undone(adapter: Any, words: str) -> None:
    plain = adapter.states(IDS).values
    change = change_of(words)
    cut = changes.cuts_of(adapter, plain[:, None], 4) if change.kind == "directions" else ()
    with applied(adapter, change, cut):
        found = adapter.states(IDS).values
    assert np.abs(found - plain).max() > 1e-4
    np.testing.assert_array_equal(found[0], plain[0])
    assert adapter.states(IDS).values.tobytes() == plain.tobytes()


def test_a_layer_left_out_adds_nothing(adapter: Any) -> None:
    with applied(adapter, change_of("layer=1")):
        states = adapter.states(IDS).values
    np.testing.assert_array_equal(states[4], states[2])


def test_the_readout_predicts_a_difference_of_logits(adapter: Any) -> None:
    """Between two states of one size and mean the logits differ by what is read of the
    difference.
    """
    rng = np.random.default_rng(0)
    states = rng.normal(size=(2, adapter.d_model))
    states -= states.mean(axis=1, keepdims=True)
    states /= np.linalg.norm(states, axis=1, keepdims=True)
    exact = np.diff(adapter.unembed((1e3 * states).astype(np.float32)), axis=0)[0]
    found = readout(adapter) @ np.diff(states, axis=0)[0]
    assert np.corrcoef(exact, found)[0, 1] > 0.9999
