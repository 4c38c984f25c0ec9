"""A step and the way of the weights, asked of a small run and of the bundled ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from layerfold.errors import Cancelled, InputError, StepNotFound
from layerfold.interp.optimizer_step import batch_loss
from layerfold.interp.session import Session, open_session
from layerfold.interp.step_batches import batches_of, hyper_of
from layerfold.interp.weight_motion import MOST_WEIGHTS, MOTIONS, by_weight
from layerfold.model.forward import gpt_of
from layerfold.model.gpt_adapter import GPTAdapter
from layerfold.runs.opening import open_run
from tests.asking import ask, ask_all
from tests.small import STEPS, make_run

TEXT = "The bank of the river was steep."
MODELS = Path(__file__).parents[2] / "models"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Session:
    folder = tmp_path_factory.mktemp("striding")
    return open_session(make_run(folder / "small"), folder / "cache")


def stepped(run: Session, **more):
    return ask(run, "optimizer_step", **{"step": 8, "text": TEXT, **more})


def test_the_step_is_adamws_own(run: Session) -> None:
    hyper = hyper_of(run.run, 8)
    before, batch, origin = batches_of(run.run, 8, run.atlas.reference)
    true = gpt_of(run.run.adapter(8))
    groups = [
        {"params": [weight], "weight_decay": hyper.decays(name, weight)}
        for name, weight in true.named_parameters()
    ]
    optimizer = torch.optim.AdamW(groups, lr=0.0, betas=(hyper.beta1, hyper.beta2), eps=1e-8)
    for n, one in enumerate([*before, batch]):
        optimizer.zero_grad()
        batch_loss(true, *one).backward()
        torch.nn.utils.clip_grad_norm_(true.parameters(), hyper.clip)
        for group in optimizer.param_groups:
            group["lr"] = hyper.rate if n == len(before) else 0.0
        optimizer.step()
    told, tensors = stepped(run)
    assert (told.origin, told.earlier) == (origin, len(before))
    assert told.after == pytest.approx(float(batch_loss(true, *batch).detach()), abs=1e-6)

    raw = GPTAdapter(true).states(run.tokenize(TEXT).ids).values
    assert np.allclose(tensors["norm"], np.linalg.norm(raw, axis=-1), atol=1e-5)


def test_a_factor_of_nought_moves_nothing(run: Session) -> None:
    told, tensors = stepped(run, factor=0.0, cloud=True)
    assert told.before == told.after
    assert (
        tensors["positions"].tobytes()
        == run.slice(run.tokenize(TEXT), 8).placed.positions.tobytes()
    )
    assert tensors["cloud"].shape == (5, 96, 3)
    assert not tensors["length"].any()


def test_a_move_is_as_long_as_its_states_are_apart_and_tells_what_the_picture_keeps(
    run: Session,
) -> None:
    _, tensors = stepped(run, factor=10)
    _, farther = stepped(run, factor=20)
    assert tensors["length"].shape == tensors["trust"].shape == tensors["norm"].shape
    assert (farther["length"] > tensors["length"]).all()
    assert 0 < np.median(tensors["trust"]) < 10


def test_every_motion_has_a_length_that_its_groups_make_up(run: Session) -> None:
    told, _ = stepped(run, component="adaptive", factor=10)
    assert set(told.lengths) == {*MOTIONS, "step"}
    for name, length in told.lengths.items():
        assert sum(part**2 for part in told.groups[name].values()) == pytest.approx(
            length**2, rel=1e-4
        )
    assert set(told.groups["step"]) == {"embed", "L0.mid", "L0.post", "L1.mid", "L1.post", "norm"}
    assert told.lengths["gradient"] == pytest.approx(told.lengths["sgd"], rel=1e-6)


def test_plain_descent_goes_down(run: Session) -> None:
    told, _ = stepped(run, component="gradient", factor=10)
    assert told.after < told.before


def test_motions_are_made_once(run: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    stepped(run)
    monkeypatch.setattr(
        "layerfold.interp.weight_motion.adamw_parts", lambda *_: pytest.fail("computed again")
    )
    stepped(run, component="decay")


def test_a_row_of_weights_is_taken_apart_in_their_order(run: Session) -> None:
    model = gpt_of(run.run.adapter(8))
    row = np.concatenate([weight.detach().numpy().ravel() for weight in model.parameters()])
    for name, part in by_weight(model, row).items():
        assert torch.equal(part, dict(model.named_parameters())[name])


def test_a_survey_says_how_far_it_is_and_holds_the_losses_of_the_checkpoints(run: Session) -> None:
    found = ask_all(run, "loss_landscape", size=4)
    assert [told.share for told, _ in found] == pytest.approx([0, 0.2, 0.4, 0.6, 1])
    told, tensors = found[-1]
    assert told.steps == list(STEPS)
    assert told.weights == sum(weight.numel() for weight in gpt_of(run.run.adapter(0)).parameters())
    assert tensors["loss"].shape == (4, 4)
    line, ends = ask(run, "loss_line", start=0, end=64)
    assert ends["losses"][[0, -1]] == pytest.approx(tensors["own"][[0, 2]], rel=1e-6)
    assert line.barrier >= 0
    assert tensors["shares"].sum() == pytest.approx(1, abs=1e-4), "three checkpoints lie in a plane"
    assert tensors["off"].max() < 1e-3


def test_bad_questions_have_clear_answers(run: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StepNotFound):
        stepped(run, step=3)
    with pytest.raises(StepNotFound, match="no checkpoint at step 5"):
        ask(run, "loss_line", start=0, end=5)
    with pytest.raises(Cancelled):
        stepped(run, cancelled=lambda: True)
    with pytest.raises(Cancelled):
        ask_all(run, "loss_landscape", lambda: True, size=4)
    monkeypatch.setattr("layerfold.interp.weight_motion.MOST_WEIGHTS", 1000)
    with pytest.raises(InputError, match="at most 1,000"):
        ask_all(run, "loss_landscape", size=4)


@pytest.mark.parametrize("name", sorted(path.name for path in MODELS.iterdir()))
def test_all_checkpoints_of_a_bundled_run_fit_side_by_side(name: str) -> None:
    own = open_run(MODELS / name)
    weights = sum(one.numel() for one in gpt_of(own.adapter(own.steps[-1])).parameters())
    assert weights * len(own.steps) <= MOST_WEIGHTS


def test_the_bundled_task_takes_its_very_own_step() -> None:
    own = open_session(MODELS / "belief-simplex", None)
    told, _ = stepped(own, step=160, text="A B C", component="step")
    assert (told.origin, told.sequences, told.earlier) == ("own", 64, 8)
    assert told.lengths["adaptive"] > 10 * told.lengths["gradient"]
