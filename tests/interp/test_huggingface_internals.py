"""Questions about the inside of a pass, answered on models of Hugging Face: with a mid state,
without one, and of an encoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from layerfold.build.run_atlas import AtlasOptions, CorpusOptions, build_run_atlas
from layerfold.data.reference_states import viewed
from layerfold.errors import InputError, NotSupported
from layerfold.interp.session import Session, open_session
from layerfold.runs.hub_card import open_hub
from tests.asking import ask, ask_all
from tests.model.hub_models import saved

TEXT = "The bank of the river was steep."
KINDS = ("llama", "pythia", "bert")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, story_folder: Path) -> dict[str, Session]:
    found = {}
    for kind in KINDS:
        place = tmp_path_factory.mktemp(kind)
        folder = open_hub(str(saved(kind, place / "model")), place / "home")
        text = CorpusOptions(str(story_folder))
        build_run_atlas(folder, AtlasOptions(count=100, text=text, threads=1))
        found[kind] = open_session(folder)
    return found


def about(run: Session, **more) -> dict:
    return {"step": run.steps[0], "text": TEXT} | more


def placed(run: Session, raw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where raw states [site, token, d] lie [site, token, 3], and how far another may lie that
    differs from each by rounding alone [site, token]: three times what rounding was seen to do.
    """
    placer, rng = run.space(run.steps[0]).placer, np.random.default_rng(0)
    there = placer.place(viewed(raw, run.atlas.view)).positions
    moves = []
    for _ in range(6):
        other = raw * (1 + 5e-7 * rng.normal(size=raw.shape)).astype(np.float32)
        moves.append(placer.place(viewed(other, run.atlas.view)).positions - there)
    return there, 3 * np.linalg.norm(moves, axis=-1).max(axis=0) + 1e-4


@pytest.mark.parametrize("kind", KINDS)
def test_a_pass_is_decomposed_and_drawn_from_where_each_half_begins(
    runs: dict[str, Session], kind: str
) -> None:
    run = runs[kind]
    told, tensors = ask(run, "decomposition", **about(run))
    ids = run.tokenize(TEXT).ids
    raw = run.space(run.steps[0]).adapter.states(ids).values
    names = [site.name for site in run.sites]
    assert (told.layers, told.heads) == (3, 4)
    assert tensors["patterns"].shape == (3, 4, len(ids), len(ids))
    assert tensors["positions"].shape == (len(names), len(ids), 3)
    end = names.index("L1.mid" if "L1.mid" in names else "L1.post")
    length = tensors["attention.length"][1, 0]
    if kind == "pythia":
        moved = raw.copy()
        both = tensors["attention.length"][1, 0], tensors["mlp.length"][1]
        assert all(np.linalg.norm(raw[end] - raw[end - 1], axis=-1) <= sum(both) * 1.001)
    else:
        assert np.allclose(length, np.linalg.norm(raw[end] - raw[end - 1], axis=-1), rtol=1e-3)
        moved = raw.copy()
        moved[end - 1] = raw[end]  # what attention of layer 1 makes of what it reads
        there, slack = placed(run, moved)
        off = np.linalg.norm(tensors["attention.tip"][1, 0] - there[end - 1], axis=-1)
        assert (off <= slack[end - 1]).all()
        start = tensors["positions"][end - 1]
        assert np.median(off) < 1e-2 * np.median(np.linalg.norm(start - there[end - 1], axis=-1))
    assert len(told.angles) == len(names)


@pytest.mark.parametrize("kind", KINDS)
def test_parts_are_ablated_and_the_gradient_is_checked(runs: dict[str, Session], kind: str) -> None:
    run = runs[kind]
    plain, at = ask(run, "ablation", factors=[], **about(run))
    assert plain.divergence == 0
    assert np.allclose(
        at["positions"], run.slice(run.tokenize(TEXT), run.steps[0]).placed.positions, atol=1e-4
    )
    factors = [
        {"part": "head", "layer": 1, "head": 2, "factor": 0.0},
        {"part": "residual", "layer": 2, "factor": 0.5},
    ]
    gone, _ = ask(run, "ablation", factors=factors, **about(run))
    assert gone.divergence > 0
    _, tensors = ask(run, "stream_view", view="raw", factors=factors, **about(run))
    assert tensors["moved"].shape == tensors["positions"].shape
    assert not np.allclose(tensors["moved"], tensors["positions"])
    if kind == "bert":
        with pytest.raises(InputError, match="predicts no next token"):
            ask(run, "gradients", **about(run))
    pushed, arrows = ask(run, "gradients", position=3, target="river", **about(run))
    assert pushed.groups[:3] == ["W_Q", "W_K", "W_V"]
    assert arrows["layers"].shape == (3, 7)
    assert (arrows["layers"] > 0).all()
    assert arrows["tip"].shape == (len(run.sites), len(run.tokenize(TEXT).ids), 3)
    assert pushed.agreement > 0.99
    if kind != "bert":
        assert ask(run, "gradients", **about(run))[0].agreement > 0.99


@pytest.mark.parametrize("kind", KINDS)
def test_the_jacobian_of_each_move_is_drawn(runs: dict[str, Session], kind: str) -> None:
    run = runs[kind]
    told, tensors = ask(run, "jacobian", token=2, **about(run))
    assert tensors["values"].shape == (len(run.sites) - 1, 48)
    assert np.isfinite(tensors["values"]).all()
    assert (np.diff(tensors["values"], axis=1) <= 0).all()
    assert told.text == run.tokenize(TEXT).tokens[2].text


def test_words_are_promoted_and_a_text_goes_on_where_the_model_predicts_one(
    runs: dict[str, Session],
) -> None:
    for kind in ("llama", "pythia"):
        run = runs[kind]
        told, _ = ask(run, "attribution", token=2, **about(run))
        assert [(part.part, part.layer, part.head) for part in told.parts][:3] == [
            ("embed", None, None),
            ("attention", 0, None),
            ("head", 0, 0),
        ]
        steps = ask_all(run, "generation", count=3, seed=2, **about(run))
        assert [step.last for step, _ in steps] == [False, False, True]
        raw = run.space(run.steps[0]).adapter.states(steps[-1][0].ids).values[:, -1:]
        there, slack = placed(run, raw)
        assert (np.linalg.norm(steps[-1][1]["positions"] - there, axis=-1) <= slack).all()
    run = runs["bert"]
    with pytest.raises(NotSupported, match="more than a norm and a matrix"):
        ask(run, "attribution", token=2, **about(run))
    with pytest.raises(NotSupported, match="from both sides"):
        ask_all(run, "generation", count=1, **about(run))
