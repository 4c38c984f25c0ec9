"""Tasks instead of text: their recipes, batches, tests and reference, and a whole run on one, from
the recipe to the clouds.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from layerfold.atlas.parameters import Recipe as Layout
from layerfold.build.run_atlas import AtlasOptions, build_run_atlas
from layerfold.errors import RecipeError, UnknownSymbol
from layerfold.geometry.fourier import circularity, order_error
from layerfold.interp.session import open_session
from layerfold.model.gpt import GPT
from layerfold.runs.run import Run
from layerfold.server.protocol.tables import reference_table
from layerfold.training.optimizer import Optimizer, rate_at
from layerfold.training.recipe import Recipe
from layerfold.training.tasks import Setting, task_of, task_of_card
from layerfold.training.tasks.modular_addition import ModularAddition
from layerfold.training.trainer import Progress, train

P = 7


def sums(p: int = P, share: float = 0.5) -> ModularAddition:
    return ModularAddition(p, share, seed=3)


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    """The shipped recipe, made small: sums modulo 7, 12 steps."""
    small = {"p": P, "share": 0.6}
    return replace(
        Recipe.load("modular-addition"),
        parameters=small,
        d_model=16,
        steps=12,
        checkpoints=(0, 4, 12),
        resume_every=3,
    )


@pytest.fixture(scope="module")
def run(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(recipe, tmp_path_factory.mktemp("runs") / "sums")


# ---- the task


def test_pairs_are_written_answered_and_parted() -> None:
    task = sums()
    ids, answers = task.at(0)
    assert ids.shape == (24, 4)
    assert (answers[:, 0] == (ids[:, 0] + ids[:, 2]) % P).all()
    assert (ids[:, 1] == P).all()
    assert (ids[:, 3] == P + 1).all()
    assert sorted(task.order) == list(range(P * P))
    assert all((one == other).all() for one, other in zip(task.at(0), sums().at(5), strict=True))
    assert task.length == 24 * 4


def test_the_share_that_is_learned_is_the_share_that_is_tested(recipe: Recipe) -> None:
    torch.manual_seed(0)
    task = sums(5, 0.4)
    model = GPT(replace(recipe, parameters={"p": 5, "share": 0.4}).config)
    found = task.tests(model)
    assert set(found) == {"train_loss", "train_accuracy", "test_loss", "test_accuracy"}
    ids, answers = task.at(0)
    said = model(torch.from_numpy(ids))[:, -1].argmax(-1)
    assert found["train_accuracy"] == pytest.approx((said.numpy() == answers[:, 0]).mean())


@pytest.mark.parametrize("count", [30, 45, 4000])
def test_the_reference_holds_every_number_and_its_labels(count: int) -> None:
    task = sums()
    reference = task.reference(count, seed=0)
    assert len(reference) == min(count, 4 * P + P * P)
    assert len(reference.labels[0].values) == len(reference)
    labels = {label.name: label for label in reference.labels}
    windows = reference.windows[reference.window]
    read = reference.position >= 2
    assert (labels["sum"].values[read, 0] == (windows[read, 0] + windows[read, 2]) % P).all()
    assert np.isnan(labels["sum"].values[~read]).all()
    assert labels["sum"].period == P
    assert {reference.text[n] for n in range(len(reference)) if reference.position[n] == 0} == {
        *map(str, range(P))
    }
    assert set(reference.source) == {"learned", "held out"}
    again = task.reference(count, seed=0)
    assert (again.windows == reference.windows).all()


def test_the_fourier_plane_shows_circles_where_they_are() -> None:
    p = 11
    reference = sums(p).reference(4000, seed=0)
    labels = {label.name: label.values[:, 0] for label in reference.labels}
    planes = np.linalg.qr(np.random.default_rng(0).standard_normal((16, 16)))[0]

    def circle(k: int, n: np.ndarray, plane: int) -> np.ndarray:
        angle = 2 * np.pi * k * np.nan_to_num(n) / p
        return np.stack((np.cos(angle), np.sin(angle)), axis=1) @ planes[plane : plane + 2]

    embed = 2 * circle(3, labels["number"], 0) + circle(5, labels["number"], 2) + 1
    mid = (
        circle(3, labels["a"], 4)
        + circle(3, labels["b"], 4)
        + circle(5, labels["a"], 6)
        + circle(5, labels["b"], 6)
    )
    post = circle(3, labels["sum"], 8) + circle(5, labels["sum"], 10)
    (basis,) = sums(p).bases(np.stack((embed, mid, post)).astype(np.float32), reference)
    assert basis.name == "fourier"
    assert basis.axes_en[0] == "cos(2π·3·n/11)"
    for site, states, at, of in ((0, embed, 0, "number"), (2, post, 3, "sum")):
        chosen = reference.position == at
        points = (states @ basis.matrix[site].T + basis.offset[site])[chosen][
            np.argsort(labels[of][chosen], kind="stable")
        ]
        points = points[np.unique(np.sort(labels[of][chosen]), return_index=True)[1]]
        assert circularity(points[:, :2], 3).value > 0.999
        assert order_error(points[:, :2], 3).value == 0


def test_wrong_tasks_are_refused() -> None:
    with pytest.raises(RecipeError, match="no task 'sums'"):
        task_of("sums", {}, Setting(0, 1, 4))
    with pytest.raises(RecipeError, match="nothing to hold out"):
        task_of("modular-addition", {"p": 5, "share": 1.0}, Setting(0, 1, 4))
    with pytest.raises(RecipeError, match="block_size 3"):
        task_of("modular-addition", {"p": 5}, Setting(0, 1, 3))
    with pytest.raises(RecipeError, match="wheels"):
        task_of("modular-addition", {"wheels": 5}, Setting(0, 1, 4))
    with pytest.raises(RecipeError, match="corpus or a task"):
        Recipe("x", "text", 1, (0, 1), task="modular-addition")
    with pytest.raises(RecipeError, match="corpus or a task"):
        Recipe("x", "", 1, (0, 1))


# ---- the run


def test_a_run_says_what_it_learned_and_reads(run: Run) -> None:
    card = run.card
    assert card["task"] == {"name": "modular-addition", "parameters": {"p": P, "share": 0.6}}
    assert card["reads"]["example"] == "3 + 3 ="
    assert card["architecture"]["vocab_size"] == P + 2
    assert card["architecture"]["norm"] is False
    assert card["hyperparameters"]["schedule"] == "constant"
    assert set(card["tests"]["test_accuracy"]) == {"0", "4", "12"}
    assert card["tests"]["chance_accuracy"] == pytest.approx(1 / P)
    assert run.verify() == []
    assert run.tokenizer().encode("3 + 4 =", 4).ids == [3, P, 4, P + 1]
    tested = [row for row in run.metrics() if "test_accuracy" in row]
    assert [row["step"] for row in tested] == [0, 4, 12]
    assert tested[-1]["train_loss"] < tested[0]["train_loss"]
    task = task_of_card(card)
    assert isinstance(task, ModularAddition)
    assert (task.p, task.seed) == (P, 0)


def test_it_resumes_to_the_same_weights(recipe: Recipe, run: Run, tmp_path: Path) -> None:
    class StopError(Exception):
        pass

    def stop(at: Progress) -> None:
        if at.step == 8:
            raise StopError

    with pytest.raises(StopError):
        train(recipe, tmp_path, progress=stop)
    again = train(recipe, tmp_path)
    assert {
        name: again.card["files"][name] for name in again.card["files"] if name != "metrics.jsonl"
    } == {name: run.card["files"][name] for name in run.card["files"] if name != "metrics.jsonl"}
    with pytest.raises(RecipeError, match="another recipe"):
        train(replace(recipe, parameters={"p": P, "share": 0.5}), tmp_path)


@pytest.mark.slow
def test_from_recipe_to_clouds(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "sums"
    shutil.copytree(run.folder, folder)
    atlas = build_run_atlas(folder, AtlasOptions(100, "raw", Layout(k=5)))
    turn, total, number, *_ = labels = atlas.reference.labels
    assert [label.name for label in labels] == ["turn", "sum", "number", "a", "b", "place"]
    told = atlas.reference.position == 3
    key = int(turn.values[(number.values[:, 0] == 1) & ~told][0, 0])
    assert (turn.values[told] == key * total.values[told] % P).all()
    assert (turn.values[~told] == key * number.values[~told] % P).all()
    assert turn.title_en.endswith(f"frequency {key}")
    assert (folder / "projections" / "fourier.safetensors").is_file()
    opened = open_session(folder)
    assert opened.place("3 + 4 =").positions.shape == (3, 3, 4, 3)
    assert reference_table(opened).labels[0].period == P
    with pytest.raises(UnknownSymbol, match="“x”"):
        opened.place("3 + x =")


# ---- shapes and switches


def test_only_the_answer_is_worked_out_where_only_that_is_asked(recipe: Recipe) -> None:
    ids = torch.from_numpy(sums().at(0)[0])
    for config in (
        recipe.config,
        replace(recipe.config, norm=True, bias=True),
        replace(recipe.config, n_layer=2),
    ):
        model = GPT(config, seed=1)
        whole, short = (model.final(ids)[:, -1:], model.final(ids, last=1))
        assert torch.allclose(whole, short, atol=1e-6)
        weights = list(model.parameters())
        slopes = [
            torch.autograd.grad(each.square().sum(), weights, allow_unused=True)
            for each in (whole, short)
        ]
        for one, other in zip(*slopes, strict=True):
            assert (one is None and other is None) or torch.allclose(one, other, atol=1e-5)


def test_a_bare_shape_has_no_norms_no_biases_and_a_head_of_its_own(recipe: Recipe) -> None:
    model = GPT(recipe.config, seed=0)
    assert not [name for name, _ in model.named_parameters() if "norm" in name or "bias" in name]
    assert model.unembedding is not model.tokens.weight
    assert model.tokens.weight.std().item() == pytest.approx(1 / 4, rel=0.2)
    assert model.unembed(model.sites(torch.tensor([[1, P, 2, P + 1]]))).shape == (3, 1, 4, P + 2)
    assert recipe.config.card()["tied"] is False
    assert "tied" not in replace(recipe.config, tied=True).card()


def test_a_constant_rate_and_decay_of_all(recipe: Recipe) -> None:
    assert [rate_at(step, recipe) for step in (0, 9, 10, 12)] == pytest.approx(
        [1e-4, 1e-3, 1e-3, 1e-3]
    )
    for decayed, count in (("layers", 4), ("matrices", 6), ("everything", 16)):
        model = GPT(replace(recipe.config, norm=True, bias=True, tied=True))
        part = Optimizer(model, replace(recipe, decayed=decayed))._parts[0]
        assert (
            sum(len(group["params"]) for group in part.param_groups if group["weight_decay"])
            == count
        )
        assert sum(len(group["params"]) for group in part.param_groups) == len(
            list(model.parameters())
        )
