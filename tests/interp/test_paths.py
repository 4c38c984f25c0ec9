"""Paths: a point fed back unchanged is the plain pass, ends decode as their tokens, graphs keep to
the cloud."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from layerfold.errors import Cancelled, InputError, SiteNotFound
from layerfold.interp import paths
from layerfold.interp.continuation import Continuation
from layerfold.interp.neighbor_graph import NeighborGraph, resampled
from layerfold.interp.occurrences import Occurrence
from layerfold.interp.path_cloud import great_circle, hellinger, roots_of
from layerfold.interp.paths import WAYS, Options
from layerfold.interp.session import Session, open_session
from layerfold.interp.stepwise import Watch
from layerfold.space.neighbors import Index

QUICK = Options(frame="a {}", points=9, pairs=3, robust=2, neighbors=6)
ENDS = ("t", "s")


def ring(count: int = 40) -> np.ndarray:
    angles = 2 * np.pi * np.arange(count) / count
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def test_a_point_fed_back_unchanged_is_the_plain_pass(opened: Session) -> None:
    for step in (0, 64):
        rest = Continuation(opened.run.adapter(step), list(range(7)))
        for site in range(len(opened.sites)):
            again = rest.logits(site, rest.states[site][None])[0]
            assert again.tobytes() == rest.plain().tobytes(), (step, site)


def test_many_at_once_are_right_to_rounding(opened: Session) -> None:
    rest = Continuation(opened.run.adapter(64), list(range(7)))
    states = np.random.default_rng(0).normal(size=(5, 16)).astype(np.float32)
    np.testing.assert_allclose(rest.logits(1, states, 5), rest.logits(1, states), atol=1e-5)


def test_the_ends_decode_as_the_two_tokens_do(opened: Session) -> None:
    found = paths.measure(opened, ENDS, "L0.post", [64], QUICK)
    adapter = opened.run.adapter(64)
    for at, word in ((0, ENDS[0]), (-1, ENDS[1])):
        values = adapter.states(opened.tokenize(f"a {word}").ids).values
        best = int(adapter.unembed(values[-1, -1:])[0].argmax())
        assert (found.top[0, :, at, 0] == best).all()
        for way in range(len(WAYS)):
            np.testing.assert_array_equal(found.points[0, way, at], values[2, -1])
    assert (found.beyond[0, :, [0, -1]] == 0).all(), "nothing of an end lies outside both"


def test_a_geodesic_keeps_to_the_ring_that_the_chord_cuts() -> None:
    points = ring()
    graph = NeighborGraph.of(points, 2).joined(Index.of(points), points[[0, 16]] * 1.01, 2)
    nodes = graph.shortest(40, 41)
    inside = nodes[1:-1]
    assert (np.diff(inside) == 1).all(), "the residues in order"
    way = resampled(points[inside].astype(float), np.ones(len(inside) - 1), 21)
    assert np.linalg.norm(way, axis=1).min() > 0.99
    assert np.linalg.norm((points[0] + points[16]) / 2) < 0.5


def test_the_ends_are_tied_to_the_cloud_and_not_to_each_other() -> None:
    points = ring()
    ends = np.array([[5.0, 0.0], [5.0, 0.1]], dtype=np.float32)
    nodes = NeighborGraph.of(points, 2).joined(Index.of(points), ends, 2).shortest(40, 41)
    assert len(nodes) > 2, "two outliers side by side are no short cut"


def test_no_way_is_said() -> None:
    points = np.concatenate([ring(), ring() + 100]).astype(np.float32)
    graph = NeighborGraph.of(points, 2)
    assert not len(graph.shortest(0, 60))
    whole = NeighborGraph.of(ring(), 2)
    assert len(whole.shortest(0, 2)) == 3
    assert len(whole.without(np.array([1], dtype=np.int32)).shortest(0, 2)) == 39, (
        "the other way round"
    )


def test_points_are_evenly_spaced() -> None:
    corners = np.array([[0.0, 0.0], [3.0, 0.0], [3.0, 1.0]])
    found = resampled(corners, np.array([3.0, 1.0]), 9)
    np.testing.assert_allclose(np.linalg.norm(np.diff(found, axis=0), axis=1), 0.5)
    np.testing.assert_array_equal(found[[0, -1]], corners[[0, -1]])


def test_a_great_circle_keeps_its_distance() -> None:
    ends = np.random.default_rng(0).normal(2.0, 3.0, size=(2, 16)).astype(np.float32)
    found = great_circle(ends, np.linspace(0, 1, 7))
    np.testing.assert_allclose(found[[0, -1]], ends, atol=1e-5)
    centered = found - found.mean(axis=1, keepdims=True)
    sizes = np.linalg.norm(centered, axis=1)
    np.testing.assert_allclose(sizes, np.linspace(sizes[0], sizes[-1], 7), rtol=1e-6)
    turns = np.arccos(np.sum(centered[1:] * centered[:-1], axis=1) / sizes[1:] / sizes[:-1])
    np.testing.assert_allclose(turns, turns[0], rtol=1e-4)


def test_hellinger_is_zero_of_the_same_and_one_of_others() -> None:
    logits = np.array([[0.0, 0.0, -1e9, -1e9], [-1e9, -1e9, 0.0, 0.0]], dtype=np.float32)
    found = hellinger(roots_of(logits), np.array([[0, 0], [0, 1]]))
    np.testing.assert_allclose(found, [0.0, 1.0], atol=1e-6)


def test_every_way_of_every_step_beside_random_words(opened: Session) -> None:
    found = paths.measure(opened, ENDS, "L0.post", options=QUICK)
    assert found.points.shape == (len(opened.steps), 4, 9, 16)
    assert np.isfinite(found.control).all()
    assert (found.summary.low <= found.control + 1e-6).all()
    assert (found.robust[..., 0] <= found.robust[..., 2]).all()
    assert (found.summary.value[..., 0] >= 1 - 1e-5).all(), (
        "no way is shorter than its ends are apart"
    )
    assert len(list(found.rows())) == len(opened.steps) * 4 * 9
    again = paths.measure(opened, ENDS, "L0.post", [8], QUICK)
    assert again.hellinger[0].tobytes() == found.hellinger[1].tobytes()


@pytest.mark.parametrize(
    ("ends", "site", "error", "match"),
    [
        (("s", "s"), "L0.post", InputError, "same tokens"),
        (("s", "zebra"), "L0.post", InputError, "choose words of one token"),
        (("t", "s"), "L9.post", SiteNotFound, "L9.post"),
    ],
)
def test_what_is_no_way_is_refused(
    opened: Session, ends: tuple[str, str], site: str, error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        paths.measure(opened, ends, site, [0], QUICK)


def test_the_next_question_decodes_its_own_points_only(opened: Session, monkeypatch: Any) -> None:
    decoded: list[int] = []
    plain = Continuation.logits

    def counted(rest: Continuation, site: int, states: np.ndarray, at_once: int = 1) -> Any:
        decoded.append(len(states))
        return plain(rest, site, states, at_once)

    monkeypatch.setattr(Continuation, "logits", counted)
    options = Options(frame="a {}", points=9, pairs=3, robust=2, neighbors=6, seed=11)
    said: list[str] = []
    watch = Watch(lambda what, _: said.append(what))
    first = paths.measure(opened, ENDS, "L1.post", [8], options, watch)
    assert {"decoding the reference", "random words"} <= set(said)
    of_first = sum(decoded)
    decoded.clear()
    other = paths.measure(opened, ENDS[::-1], "L1.post", [8], options)
    assert of_first - sum(decoded) >= len(opened.atlas.reference) + options.pairs * 4 * 9
    np.testing.assert_array_equal(other.control, first.control)
    np.testing.assert_allclose(other.summary.value, first.summary.value, atol=1e-4)


def test_what_is_kept_is_what_is_made(opened: Session, small_folder: Path) -> None:
    found = paths.measure(opened, ENDS, "L1.mid", [64], QUICK)
    again = paths.measure(open_session(small_folder), ENDS, "L1.mid", [64], QUICK)
    for name in ("points", "hellinger", "beyond", "control", "robust"):
        assert getattr(found, name).tobytes() == getattr(again, name).tobytes(), name


def test_texts_can_be_the_ends_where_nothing_looks_back(opened: Session) -> None:
    options = Options(frame="{}", points=5, robust=1, neighbors=6)
    found = paths.measure(opened, ("the river", "a bank"), "L1.mid", [64], options)
    assert [note.key for note in found.notes] == ["no_control"]
    assert np.isnan(found.control).all()


def test_options_and_stops(opened: Session) -> None:
    with pytest.raises(InputError, match="2 points"):
        Options(points=2)
    with pytest.raises(InputError, match=r"one \{\}"):
        Options(frame="no place")
    with pytest.raises(Cancelled):
        paths.measure(
            opened, ENDS, options=Options("a {}", seed=8), watch=Watch(cancelled=lambda: True)
        )


def test_a_model_that_reads_characters_has_random_words_too() -> None:
    ids = np.arange(8, dtype=np.int32)
    for text in ("春夏秋冬风花，。", [" cat", " dog", " sun", " sea", "e", ",", ".", "!"]):
        reference = SimpleNamespace(
            windows=ids[None], window=np.zeros(8, np.int32), position=ids, text=tuple(text)
        )
        opened: Any = SimpleNamespace(atlas=SimpleNamespace(reference=reference))
        found = paths.random_words(opened, Occurrence((0,), 0, 1), QUICK)
        assert len(found) == QUICK.pairs
        assert all(text[id].strip().isalpha() for pair in found for id in pair)
