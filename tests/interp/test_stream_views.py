"""Other views of the residual stream: laws of the three views, on a small run of our own."""

from __future__ import annotations

import numpy as np
import pytest

from layerfold.data.reference_states import states_at, viewed
from layerfold.errors import Cancelled, EmptyText, InputError, StepNotFound
from layerfold.interp import stream_views
from layerfold.interp.session import Session
from layerfold.interp.stream_views import fitted, seen, view_at, view_of
from tests.asking import ask as asked
from tests.interp.test_model_internals import TEXT, run

__all__ = ["run"]


def ask(run: Session, **fields):
    return asked(run, "stream_view", **{"step": 8, "text": TEXT, **fields})


@pytest.mark.parametrize("how", ["raw", "normalised", "added"])
def test_places_are_the_states_projected_and_moved_as_a_whole(run: Session, how) -> None:
    told, tensors = ask(run, view=how)
    raw = states_at(run.run, 8, run.atlas.reference)
    states = seen(raw, how)
    flat = states.reshape(-1, states.shape[-1]) - states.reshape(-1, states.shape[-1]).mean(axis=0)
    values = np.linalg.svd(flat.astype(np.float64), compute_uv=False) ** 2
    assert told.shares == pytest.approx(values[:3] / values.sum(), abs=1e-3)
    own = run.space(8).adapter.states(run.tokenize(TEXT).ids).values
    true = seen(own, how)
    view = view_of(states, raw)
    kept = np.linalg.norm(np.diff(view.place(true), axis=0), axis=-1)
    shown = np.linalg.norm(np.diff(tensors["positions"], axis=0), axis=-1)
    assert np.corrcoef(kept.ravel(), shown.ravel())[0, 1] > 0.9999, (
        "turned and scaled, nothing else"
    )
    assert tensors["cloud"].shape == (len(run.sites), len(run.atlas.reference), 3)
    middle, radius = np.array(run.atlas.frame["center"]), run.atlas.frame["radius"]
    assert np.mean(np.linalg.norm(tensors["cloud"] - middle, axis=-1) <= radius * 1.001) >= 0.97


def test_what_was_added_begins_at_nothing_and_is_the_rest_of_the_stream(run: Session) -> None:
    told, tensors = ask(run, view="added")
    assert np.ptp(tensors["cloud"][0], axis=0).max() < 1e-3, "no token has anything yet"
    assert np.allclose(tensors["positions"][0], tensors["cloud"][0, :1], atol=1e-3)
    assert told.trust[0] is None
    raw = run.space(8).adapter.states(run.tokenize(TEXT).ids).values
    assert np.allclose(seen(raw, "added") + raw[:1], raw, atol=1e-5)
    assert np.array_equal(seen(raw, "normalised"), viewed(raw, "normalised"))


def test_a_factor_of_one_moves_nothing_and_a_layer_taken_out_does(run: Session) -> None:
    _, plain = ask(run, view="raw")
    assert "moved" not in plain
    _, same = ask(run, view="raw", factors=[{"part": "mlp", "layer": 0, "factor": 1.0}])
    assert np.allclose(same["moved"], plain["positions"], atol=1e-4)
    _, other = ask(run, view="raw", factors=[{"part": "mlp", "layer": 0, "factor": 0.0}])
    assert np.allclose(other["moved"][:2], plain["positions"][:2], atol=1e-4)
    assert np.abs(other["moved"][2] - plain["positions"][2]).max() > 1e-3


def test_the_reference_is_read_once_for_all_sentences(
    run: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, first = ask(run, view="added", step=0)
    monkeypatch.setattr(stream_views, "states_at", lambda *_: pytest.fail("read again"))
    _, again = ask(run, view="added", step=0)
    assert again["positions"].tobytes() == first["positions"].tobytes()
    _, other = ask(run, view="added", step=0, text="another one")
    assert other["cloud"].tobytes() == first["cloud"].tobytes()


def test_reading_for_a_view_stops_on_the_way(run: Session) -> None:
    with pytest.raises(Cancelled):
        view_at(run, 64, "raw", lambda: True)


def test_a_picture_turned_away_is_turned_back() -> None:
    rng = np.random.default_rng(0)
    shown = rng.normal(size=(2, 50, 3)).astype(np.float32)
    shown -= shown.reshape(-1, 3).mean(axis=0)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    back, scale, center = fitted(
        np.asarray(shown @ turn, np.float32), shown, {"center": [1, 2, 3], "radius": 2.0}
    )
    assert np.allclose(turn @ back, np.eye(3), atol=1e-5)
    assert scale > 0
    assert list(center) == [1, 2, 3]


def test_the_length_of_a_state_is_found_on_an_axis() -> None:
    rng = np.random.default_rng(0)
    states = rng.normal(size=(3, 60, 8)).astype(np.float32)
    direction = np.eye(8, dtype=np.float32)[0]
    states += 1000 * np.arange(1, 181, dtype=np.float32).reshape(3, 60, 1) * direction
    view = view_of(states, states)
    assert abs(view.norm[0]) > 0.99
    assert view.shares[0] > 0.99


def test_bad_questions_have_clear_answers(run: Session) -> None:
    with pytest.raises(StepNotFound):
        ask(run, view="raw", step=3)
    with pytest.raises(EmptyText):
        ask(run, view="raw", text=" ")
    with pytest.raises(Cancelled):
        ask(run, view="raw", cancelled=lambda: True)
    with pytest.raises(InputError):
        ask(run, view="raw", factors=[{"part": "head", "layer": 0, "factor": 0.0}])
