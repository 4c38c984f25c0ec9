"""The edge: what lies far away is told, what is the same is told by exactly half, and the loss is
it.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from layerfold.errors import Cancelled, InputError, UnknownSymbol
from layerfold.interp import edge, text_kinds
from layerfold.interp.edge import LEVELS, SCORES, Counts, Edge, Options, loss_of, scores_of
from layerfold.interp.interval import Interval, auroc, packed, resamples, weighted_auroc
from layerfold.interp.session import Session
from layerfold.interp.stepwise import Watch

QUICK = Options(texts=10, draws=40)
TEXT = {"other": ["The zebra grazed. " * 60]}
CLOUD = np.random.default_rng(0).normal(size=(300, 8)).astype(np.float32)


def texts(shift: float, seed: int, count: int = 30) -> np.ndarray:
    """Windows of ten states that are as the cloud, or shifted along one axis."""
    states = np.random.default_rng(seed).normal(size=(count, 10, 8))
    states[..., 0] += shift
    return states.astype(np.float32)


def areas_of(shift: float) -> np.ndarray:
    """AUROC of shifted text against natural text [level, score, 3]."""
    both = np.concatenate([texts(shift, 1), texts(0.0, 2)])
    found = scores_of(both, CLOUD, CLOUD[::2], QUICK)
    found |= {"norm": np.linalg.norm(both, axis=-1), "loss": np.full(both.shape[:2], np.nan)}
    return Counts.of([30, 30], 10, QUICK).areas(found)[0]


def test_what_lies_far_away_is_told_apart() -> None:
    area = areas_of(8.0)
    for score in ("nearest", "mahalanobis", "norm"):
        assert area[0, SCORES.index(score), 0] > 0.99
        assert area[1, SCORES.index(score), 0] == 1.0
    assert np.isnan(area[:, SCORES.index("loss")]).all()


def test_more_of_the_same_is_not() -> None:
    area = areas_of(0.0)
    for score in ("nearest", "mahalanobis", "norm", "cosine"):
        assert area[0, SCORES.index(score), 0] == pytest.approx(0.5, abs=0.06)


def test_equal_states_have_equal_scores_in_any_company() -> None:
    some = texts(1.0, 3, 4)
    alone = scores_of(some[:1], CLOUD, CLOUD, QUICK)
    found = scores_of(np.concatenate([texts(0.0, 4), some, some[::-1]]), CLOUD, CLOUD, QUICK)
    for name, values in found.items():
        assert (values[30] == values[-1]).all(), name
    assert (alone["nearest"] == found["nearest"][30:31]).all()


def test_the_loss_is_the_cross_entropy_of_each_token(opened: Session) -> None:
    adapter = opened.run.adapter(64)
    windows = opened.atlas.reference.windows[:3]
    ids = torch.from_numpy(windows.astype(np.int64))
    with torch.no_grad():
        logits = adapter.model(ids)
    exact = F.cross_entropy(
        logits[:, :-1].reshape(-1, logits.shape[-1]), ids[:, 1:].reshape(-1), reduction="none"
    )
    found = loss_of(adapter, windows, adapter.batch_states(windows)[-1])
    assert np.isnan(found[:, 0]).all()
    np.testing.assert_allclose(found[:, 1:].ravel(), exact.numpy(), rtol=1e-4)


def test_dealt_tokens_are_exactly_half_at_embed(opened: Session) -> None:
    found = edge.measure(opened, TEXT, [0, 64], QUICK)
    kind = found.kinds.index("dealt")
    for score in ("nearest", "mahalanobis", "relative", "cosine", "norm"):
        area = found.auroc.value[:, kind, LEVELS.index("token"), SCORES.index(score), 0]
        assert (area == 0.5).all(), score
    later = found.auroc.value[:, kind, 0, 0, 2:]
    assert (later != 0.5).any(), "beyond embed a state holds its context"


def test_every_kind_stands_beside_natural_text(opened: Session) -> None:
    found = edge.measure(opened, TEXT, [64], QUICK)
    assert found.kinds == ("held-out", "shuffled", "dealt", "random", "english", "chinese", "other")
    rows = list(found.rows())
    assert len(rows) == 7 * 2 * 6 * len(opened.sites)
    assert {row["alarm"] for row in rows} <= {"supported", "no evidence", "inverted"}
    again = edge.measure(opened, TEXT, [0, 64], QUICK)
    assert again.auroc.low[1].tobytes() == found.auroc.low[0].tobytes()


def test_an_inverted_percentile_is_no_alarm() -> None:
    area = np.full((1, 1, 2, 6, 3, 3), 0.5, dtype=np.float32)
    area[0, 0, 0, 0] = [(0.2, 0.1, 0.3), (0.6, 0.4, 0.8), (0.9, 0.8, 1.0)]
    empty = Interval.of(np.zeros((1, 2, 3, 3), dtype=np.float32))
    one = Edge(("shuffled",), (5,), (), Interval.of(area), empty, (), 9)
    standing = [one.standing("shuffled", 5, site) for site in range(3)]
    assert standing == ["inverted", "no evidence", "supported"]


def test_kinds_share_no_window_with_the_cloud(opened: Session) -> None:
    kinds = text_kinds.kinds_of(opened, {}, 40, 0)
    cloud = {tuple(row) for row in opened.atlas.reference.windows[kinds.cloud].tolist()}
    natural = kinds.windows["natural"]
    for name in ("natural", "held-out"):
        assert not cloud & {tuple(row) for row in kinds.windows[name].tolist()}
    assert (np.sort(kinds.windows["dealt"], axis=0) == np.sort(natural, axis=0)).all()
    assert (np.sort(kinds.windows["shuffled"], axis=1) == np.sort(natural, axis=1)).all()


def test_what_cannot_be_measured_is_refused(opened: Session) -> None:
    with pytest.raises(InputError, match="gives 0 windows"):
        edge.measure(opened, {"short": ["a"]}, [0], QUICK)
    with pytest.raises(InputError, match="five texts"):
        Options(texts=2)
    with pytest.raises(Cancelled):
        edge.measure(
            opened, TEXT, [0], Options(texts=5, draws=20, seed=4), Watch(cancelled=lambda: True)
        )


def test_auroc_counts_ties_half() -> None:
    assert auroc(np.array([1.0, 2.0]), np.array([2.0, 3.0])) == 0.875
    assert np.isnan(auroc(np.array([]), np.array([1.0])))


def test_an_alarm_exceeds_what_held_out_text_gives() -> None:
    """A split in which held-out text itself seems to lie off the cloud supports no alarm."""
    area = np.full((1, 2, 2, 6, 3, 3), 0.5, dtype=np.float32)
    area[0, 0, 0, 0] = [(0.6, 0.55, 0.65), (0.5, 0.45, 0.55), (0.4, 0.35, 0.45)]
    area[0, 1, 0, 0] = [(0.62, 0.6, 0.64), (0.62, 0.6, 0.64), (0.38, 0.36, 0.4)]
    empty = Interval.of(np.zeros((1, 3, 3, 3), dtype=np.float32))
    one = Edge(("held-out", "shuffled"), (5,), (), Interval.of(area), empty, (), 9)
    found = [one.standing("shuffled", 5, site) for site in range(3)]
    assert found == ["no evidence", "supported", "no evidence"]
    assert {one.standing("held-out", 5, site) for site in range(3)} == {"no evidence"}


def test_the_area_over_texts_is_that_of_their_tokens_drawn_again() -> None:
    rng = np.random.default_rng(2)
    parts = [rng.integers(9, size=(n, 4)).astype(float) for n in (6, 5)]
    draws = np.concatenate([resamples(n, 30, rng) for n in (6, 5)], axis=1)
    values = np.concatenate([part.ravel() for part in parts])
    classes = np.repeat([0, 1], [part.size for part in parts])
    weights = np.repeat(draws, 4, axis=1).astype(float)
    plain = weighted_auroc(values, classes, np.ones((1, len(values))))[0]
    assert edge._area(parts, draws).tobytes() == (
        packed(plain, weighted_auroc(values, classes, weights)).tobytes()
    )


def test_sentences_that_the_model_cannot_read_are_left_out_of_a_kind() -> None:
    def ids(texts: list[str]) -> list[list[int]]:
        if "bank" in texts[0]:
            raise UnknownSymbol("this model does not know 'b'")
        return [[0]]

    opened: Any = SimpleNamespace(tokenizer=SimpleNamespace(ids=ids))
    found = text_kinds.readable(opened, "en")
    assert len(found) == len(set(found)) > 300
    assert not any("bank" in text for text in found)
    assert text_kinds.readable(opened, "en") == found
