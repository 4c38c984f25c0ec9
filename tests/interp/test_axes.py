"""Axes: a parallelogram passes both nulls, two clusters only the first; sums against the plain
way.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.covariance import ledoit_wolf

from layerfold.errors import Cancelled, InputError, UnknownSymbol
from layerfold.interp import axes
from layerfold.interp.axes import Nulls, Options, leave_one_out, scores
from layerfold.interp.readout import readout, reads_normalized, shrunk_covariance
from layerfold.interp.session import Session
from layerfold.interp.stepwise import Watch
from layerfold.interp.word_sets import PairList, pairs_of
from layerfold.records import Sentence
from tests.interp.hub_networks import adapter_of

QUICK = Options(draws=100, frame="a {}")
PAIRS = PairList("own", "en", pairs_of("r s, e o, t n, h k, m l, w d"))
NULLS = Nulls.of(20, QUICK)


def words(parallel: bool) -> np.ndarray:
    """20 first and 20 second words in 32 dimensions: shifted along one axis, or two clusters whose
    members have nothing to do with each other."""
    rng = np.random.default_rng(0)
    first = rng.normal(size=(20, 32))
    second = first + 0.1 * rng.normal(size=(20, 32)) if parallel else rng.normal(size=(20, 32))
    second[:, 0] += 4
    return np.concatenate([first, second])


def found_of(points: np.ndarray) -> dict:
    return scores(points @ points.T, NULLS)


def test_a_parallelogram_passes_both_nulls() -> None:
    found = found_of(words(parallel=True))
    assert found["loo"][0] > 0.95
    assert found["p_random"] < 0.02
    assert found["p_repaired"] < 0.02
    assert found["auroc"][1] > 0.9
    assert found["hit_left_out"][0] > 0.9


def test_two_clusters_pass_only_the_first() -> None:
    found = found_of(words(parallel=False))
    assert found["p_random"] < 0.02
    assert found["loo"][1] > found["random"][2]
    assert found["p_repaired"] > 0.05
    assert found["auroc"][1] < 0.5 < found["auroc"][2]


def test_words_without_classes_pass_neither() -> None:
    found = found_of(np.random.default_rng(1).normal(size=(40, 32)))
    assert abs(found["loo"][0]) < 0.1
    assert found["p_random"] > 0.05
    assert found["p_repaired"] > 0.05


def test_leave_one_out_is_what_it_says() -> None:
    points = words(parallel=False)
    moves = points[20:] - points[:20]
    plain = []
    for n in range(20):
        rest = np.delete(moves, n, axis=0).mean(axis=0)
        plain.append(rest @ moves[n] / np.linalg.norm(rest) / np.linalg.norm(moves[n]))
    np.testing.assert_allclose(leave_one_out(points @ points.T, NULLS.true)[0], plain, rtol=1e-9)


def test_no_repaired_pair_is_a_pair() -> None:
    assert (NULLS.repaired[..., 0] + 20 != NULLS.repaired[..., 1]).all()
    assert (NULLS.repaired[..., 1] >= 20).all(), "from the first class to the second"
    assert (np.sort(NULLS.random.reshape(100, -1)) == np.arange(40)).all(), "each word once"


def test_left_out_query_words_are_where_it_lands() -> None:
    """With a small difference b − a + a' is nearest to a' itself, and a count without it says 1."""
    points = np.random.default_rng(2).normal(size=(40, 32))
    points[20:] = points[:20] + 0.01 * np.eye(32)[0]
    found = found_of(points)
    assert found["query"][0] + found["hit"][0] == pytest.approx(1.0)
    assert found["hit_left_out"][0] == 1.0


def test_readout_is_the_unembedding_behind_the_gain(opened: Session) -> None:
    adapter = opened.run.adapter(64)
    exact = (adapter.model.unembedding * adapter.model.norm.weight).detach().double().numpy()
    exact -= exact.mean(axis=1, keepdims=True)  # of the mean of a state a LayerNorm reads nothing
    found = readout(adapter)
    found *= np.linalg.norm(exact) / np.linalg.norm(found)
    np.testing.assert_allclose(found, exact, atol=1e-4 * np.abs(exact).max())


@pytest.mark.parametrize(
    ("kind", "same"),
    [("gpt2", True), ("olmo", True), ("llama", False), ("gemma2", False), ("bert", False)],
)
def test_a_layer_norm_reads_of_a_state_what_is_left_of_it_normalized(kind: str, same: bool) -> None:
    assert reads_normalized(adapter_of(kind)) is same


def test_without_a_norm_the_size_of_a_state_is_read(opened: Session) -> None:
    adapter = opened.run.adapter(64)
    assert reads_normalized(adapter)
    adapter.model.norm = torch.nn.Identity()
    assert not reads_normalized(adapter)


def test_shrinkage_is_ledoit_and_wolfs() -> None:
    vectors = np.random.default_rng(3).normal(size=(30, 12)) @ np.diag(np.linspace(0.2, 2, 12))
    np.testing.assert_allclose(shrunk_covariance(vectors), ledoit_wolf(vectors)[0], rtol=1e-9)


def test_every_site_step_and_product(opened: Session) -> None:
    found = axes.measure(opened, PAIRS, options=QUICK)
    assert found.loo.value.shape == (len(opened.steps), 2, len(opened.sites) + 1)
    assert found.direction.shape == (len(opened.steps), len(opened.sites) + 1, 16)
    assert np.isfinite(found.auroc.value).all()
    rows = list(found.rows())
    assert len(rows) == found.loo.value.size
    assert {row["site"] for row in rows} == {*(site.name for site in opened.sites), "unembed"}


def test_the_same_bytes_twice_in_any_company(opened: Session) -> None:
    first = axes.measure(opened, PAIRS, [8], QUICK)
    again = axes.measure(opened, PAIRS, [64, 8], Options(draws=100, frame="a {}"))
    for name in ("loo", "repaired", "auroc"):
        assert getattr(first, name).low[0].tobytes() == getattr(again, name).low[1].tobytes()


def test_it_stops_when_told(opened: Session) -> None:
    with pytest.raises(Cancelled):
        axes.measure(opened, PAIRS, options=QUICK, watch=Watch(cancelled=lambda: True))


def test_a_pass_tells_how_far_it_is(opened: Session) -> None:
    said: list[tuple[str, float]] = []
    watch = Watch(progress=lambda what, share: said.append((what, share)))
    axes.measure(opened, PAIRS, [8], Options(draws=21, frame="a {}"), watch)
    assert [share for _, share in said] == sorted(share for _, share in said)
    assert dict(said)["comparing words"] == 0.5
    assert ("reading text", 0.0) in said


def test_pairs_that_end_in_one_token_are_left_out_and_counted(opened: Session) -> None:
    pairs = PairList("own", "en", (*PAIRS.pairs, ("xzs", "qjs")))
    found = axes.measure(opened, pairs, [0], QUICK)
    assert {note.key: note.values for note in found.notes}["same_token"] == {"count": 1, "of": 7}
    assert len(found.pairs) == 6


def test_too_few_pairs_are_refused_by_number(opened: Session) -> None:
    pairs = PairList("own", "en", pairs_of("xzs qjs, zzs jjs, a e, x q, n t"))
    with pytest.raises(InputError, match="3 have different last tokens"):
        axes.measure(opened, pairs, [0], QUICK)
    with pytest.raises(InputError, match="needs one"):
        axes.measure(opened, PAIRS, [0], Options(frame="no place"))


def test_an_analogy_leaves_nobody_out(opened: Session) -> None:
    found = axes.analogy(opened, ("r", "s", "e", "o"), 64, ["t", "n"], QUICK)
    for nearest, rank in zip(found.nearest, found.rank, strict=True):
        assert rank == (nearest.index("o") + 1 if "o" in nearest else 6)
        assert set(nearest) <= {"r", "s", "e", "o", "t", "n"}
    with pytest.raises(InputError, match="three different"):
        axes.analogy(opened, ("r", "s", "r"), 64, [])


def test_pairs_that_the_model_cannot_read_are_left_out_and_counted(
    opened: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Session.tokenize

    def tokenize(self: Session, text: str, *rest: Any) -> Sentence:
        if "w" in text:
            raise UnknownSymbol("this model does not know 'w'")
        return plain(self, text, *rest)

    monkeypatch.setattr(Session, "tokenize", tokenize)
    found = axes.measure(opened, PAIRS, [0], QUICK)
    assert {one.key: one.values for one in found.notes}["unknown_pairs"] == {"count": 1, "of": 6}
    assert ("w", "d") not in found.pairs
    landing = axes.analogy(opened, ("r", "s", "e"), 64, ["w", "n"], QUICK)
    assert all(set(names) <= set("rsen") for names in landing.nearest)
    with pytest.raises(UnknownSymbol):
        axes.analogy(opened, ("r", "s", "w"), 64, [], QUICK)


def test_of_many_lists_those_that_cannot_be_used_are_noted(opened: Session) -> None:
    few = PairList("few", "en", pairs_of("xzs qjs, zzs jjs, a e, x q, n t"))
    found, notes = axes.measure_lists(opened, [few, PAIRS], [0], QUICK)
    assert [one.name for one in found] == ["own"]
    assert notes[0].values["name"] == "few"
    assert "at least 5 are needed" in notes[0].text
    with pytest.raises(InputError, match="3 have different last tokens"):
        axes.measure_lists(opened, [few], [0], QUICK)
