"""Questions about the inside of a pass, answered on a small run and on the bundled ones."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from layerfold.data.reference_states import viewed
from layerfold.errors import Cancelled, EmptyText, InputError, ProjectionNotFound, StepNotFound
from layerfold.interp.jacobian import singular_values, site_maps, stretched
from layerfold.interp.logit_lens import log_softmax
from layerfold.interp.session import Session, open_session
from layerfold.model.adapter import Weightless
from tests.asking import ask as asked
from tests.asking import ask_all
from tests.small import make_run

TEXT = "The bank of the river was steep."
ALL = ("decomposition", "attribution", "jacobian", "ablation", "gradients", "generation")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return open_session(make_run(tmp_path_factory.mktemp("inside") / "small"), None)


def ask(run: Session, what: str, cancelled=lambda: False, **more):
    given: dict[str, dict[str, object]] = {
        "attribution": {"token": 2},
        "jacobian": {"token": 3},
        "ablation": {"factors": []},
    }
    fields = {"step": 8, "text": TEXT, **given.get(what, {}), **more}
    found = ask_all(run, what, cancelled, **fields)
    return found if what == "generation" else found[0]


def test_parts_are_placed_from_where_the_token_stands(run: Session) -> None:
    told, tensors = ask(run, "decomposition")
    sentence = run.tokenize(TEXT)
    n = len(sentence.tokens)
    assert (told.layers, told.heads) == (2, 2)
    assert tensors["patterns"].shape == (2, 2, n, n)
    assert tensors["attention.tip"].shape == (2, 3, n, 3)
    assert np.allclose(tensors["positions"], run.slice(sentence, 8).placed.positions, atol=1e-4)
    assert np.allclose(tensors["attention.cosine"][:, 0], 1, atol=1e-5)
    raw = run.space(8).adapter.states(sentence.ids).values
    assert np.allclose(
        tensors["attention.length"][:, 0],
        np.linalg.norm(raw[1::2] - raw[0:-1:2], axis=-1),
        rtol=1e-3,
    )
    assert np.allclose(
        tensors["mlp.length"], np.linalg.norm(raw[2::2] - raw[1::2], axis=-1), rtol=1e-3
    )


def test_the_tip_of_a_part_is_the_place_of_the_state_with_it(run: Session) -> None:
    _, tensors = ask(run, "decomposition")
    raw = run.space(8).adapter.states(run.tokenize(TEXT).ids).values
    moved = raw.copy()
    moved[2] = raw[3]  # what attention of layer 1 makes of L0.post
    there = run.space(8).placer.place(viewed(moved, run.atlas.view)).positions[2]
    assert np.allclose(tensors["attention.tip"][1, 0], there, atol=1e-4)


def test_promoted_words_sum_to_no_preference_and_each_part_is_told(run: Session) -> None:
    told, _ = ask(run, "attribution")
    assert [(part.part, part.layer, part.head) for part in told.parts][:5] == [
        *[("embed", None, None), ("attention", 0, None)],
        *[("head", 0, 0), ("head", 0, 1), ("mlp", 0, None)],
    ]
    assert all(
        part.up[0].value >= part.up[-1].value >= part.down[-1].value >= part.down[0].value
        for part in told.parts
    )


def test_nothing_scaled_is_nothing_changed(run: Session) -> None:
    told, tensors = ask(run, "ablation")
    assert told.before == told.after
    assert told.divergence == 0
    assert (
        tensors["positions"].tobytes()
        == run.slice(run.tokenize(TEXT), 8).placed.positions.tobytes()
    )
    gone, moved = ask(
        run,
        "ablation",
        factors=[
            {"part": "mlp", "layer": 0, "factor": 0.0},
            {"part": "head", "layer": 1, "head": 1, "factor": 2.0},
        ],
    )
    assert gone.divergence > 0
    assert {word.id for word in gone.before} == {word.id for word in gone.after}
    assert all(
        [word.value for word in words] == sorted((word.value for word in words), reverse=True)
        for words in (gone.before, gone.after)
    )
    assert not np.allclose(moved["positions"], tensors["positions"])


def test_before_is_what_the_model_says(run: Session) -> None:
    told, _ = ask(run, "ablation")
    adapter = run.space(8).adapter
    shares = np.exp(
        log_softmax(adapter.unembed(adapter.states(run.tokenize(TEXT).ids).values[-1, -1]))
    )
    assert [word.value for word in told.before] == pytest.approx(
        np.sort(shares)[::-1][:5], rel=1e-4
    )


def test_pushes_come_with_their_check(run: Session) -> None:
    told, tensors = ask(run, "gradients")
    assert told.agreement > 0.99
    assert tensors["tip"].shape == (*tensors["length"].shape, 3)
    assert np.isnan(tensors["losses"][-1])
    aimed, _ = ask(run, "gradients", position=3, target=" river")
    assert aimed.loss != told.loss
    assert aimed.agreement > 0.99


def test_a_walk_tells_each_token_and_where_else_it_could_have_gone(run: Session) -> None:
    steps = ask(run, "generation", count=4, seed=5)
    assert len(steps) == 4
    assert [told.last for told, _ in steps] == [False, False, False, True]
    for before, (told, tensors) in pairwise(steps):
        known = {word.id: word.value for word in before[0].branches}
        assert told.token.value == pytest.approx(known.get(told.token.id, told.token.value))
        assert sum(word.value for word in told.branches) + told.rest == pytest.approx(1)
        assert tensors["positions"].shape == (5, 1, 3)
    again = ask(run, "generation", count=4, seed=5)
    assert [told.token for told, _ in again] == [told.token for told, _ in steps]


def test_a_branch_that_is_taken_goes_on_from_there(run: Session) -> None:
    ((fork, tensors),) = ask(run, "generation", count=0)
    assert fork.token is None
    assert fork.last
    branch = fork.branches[2]
    ((after, there),) = ask(run, "generation", count=0, ids=[branch.id])
    assert after.ids == [*fork.ids, branch.id]
    raw = run.space(8).adapter.states(after.ids).values[:, -1:]
    assert np.allclose(
        there["positions"],
        run.space(8).placer.place(viewed(raw, run.atlas.view)).positions,
        atol=1e-3,
    )
    assert tensors["positions"].shape == there["positions"].shape
    assert np.allclose(tensors["ends"][:, 2], there["positions"][:, 0], atol=1e-3), (
        "where the branch was shown to lead"
    )


def test_stretches_are_the_singular_values_and_their_directions_are_drawn(run: Session) -> None:
    told, tensors = ask(run, "jacobian")
    ids = run.tokenize(TEXT).ids
    for site in range(4):
        true = singular_values(run.space(8).adapter, ids[:4], 3, site)
        assert tensors["values"][site] == pytest.approx(true, rel=1e-3)
    assert tensors["axes"].shape == (4, 3, 2, 3)
    assert np.isnan(tensors["angle"][[0, -1]]).all()
    assert (tensors["angle"][1:-1] > 0).all()
    assert told.text == run.tokenize(TEXT).tokens[3].text


def test_the_ends_of_an_axis_are_the_places_of_the_state_moved_along_it(run: Session) -> None:
    _, tensors = ask(run, "jacobian")
    space, ids = run.space(8), run.tokenize(TEXT).ids
    raw = space.adapter.states(ids).values[:, 3]
    forward, state = site_maps(space.adapter, ids[:4], 3)[2]
    _, directions = stretched(forward, state)
    moved = raw.copy()
    moved[2] += 0.1 * np.linalg.norm(raw[2]) * directions[1]
    there = space.placer.place(viewed(moved[:, None], run.atlas.view)).positions[2, 0]
    assert np.abs(tensors["axes"][2, 1, 0] - there).max() < 1e-3


@pytest.mark.parametrize("what", ALL)
def test_bad_questions_have_clear_answers(run: Session, what: str) -> None:
    with pytest.raises(StepNotFound):
        ask(run, what, step=3)
    with pytest.raises(EmptyText):
        ask(run, what, text="  ")
    with pytest.raises(ProjectionNotFound):
        ask(run, what, projection="nothing")
    with pytest.raises(Cancelled):
        ask(run, what, cancelled=lambda: True)


def test_a_token_a_head_and_a_target_must_be_there(run: Session) -> None:
    for what in ("attribution", "jacobian"):
        with pytest.raises(InputError, match="no token 50"):
            ask(run, what, token=50)
    with pytest.raises(InputError, match="names a head"):
        ask(run, "ablation", factors=[{"part": "head", "layer": 0, "factor": 1.0}])
    with pytest.raises(InputError, match="names a head"):
        ask(run, "ablation", factors=[{"part": "mlp", "layer": 0, "head": 1, "factor": 1.0}])
    with pytest.raises(InputError, match="no attention of layer 9"):
        ask(run, "ablation", factors=[{"part": "attention", "layer": 9, "factor": 1.0}])
    with pytest.raises(InputError, match="target is empty"):
        ask(run, "gradients", position=1, target="")


@pytest.mark.parametrize("what", ALL)
def test_a_model_that_is_not_ours_says_so(
    run: Session, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = run.space(8)
    monkeypatch.setattr(
        run,
        "space",
        lambda step: type(space)(
            lambda: Weightless(run.sites, 16, 300, 48), space.states, space.placer, space.slope
        ),
    )
    with pytest.raises(InputError, match="only states can be read"):
        ask(run, what)


def test_the_sum_that_the_bundled_run_answers_is_what_its_parts_promote() -> None:
    own = open_session(Path(__file__).parents[2] / "models" / "modular-addition", None)
    about = {"step": own.steps[-1], "text": "17 + 38 ="}
    told, _ = asked(own, "generation", count=0, **about)
    assert told.branches[0].text == "55"
    assert told.branches[0].value > 0.99
    parts, _ = asked(own, "attribution", token=3, **about)
    mlp = next(part for part in parts.parts if part.part == "mlp")
    assert mlp.up[0].text == "55"
