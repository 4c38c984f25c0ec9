"""Perturbation and singularity scores where the answer is known: between clusters and inside one, a
smooth map, a loss that turns flat, and derivatives beside differences.
"""

from __future__ import annotations

import numpy as np
import pytest

from layerfold.errors import Cancelled, InputError
from layerfold.geometry.discontinuity import (
    Scores,
    control_scores,
    moves_of,
    reference_scores,
    scores_of,
    singularity_of,
    spread_of,
)
from layerfold.records import Floats
from layerfold.space.descent import Cells, Curve
from layerfold.space.frozen_map import FrozenMap, Others, Settled
from layerfold.space.neighbors import Index
from layerfold.space.placement import Placer

CURVE = Curve(1.5769, 0.8951)
K = 15


def frozen(states: Floats, places: Floats, curve: Curve = CURVE) -> FrozenMap:
    return FrozenMap.of(Index.of(states), places, K, curve)


def clusters(count: int = 300) -> tuple[Floats, Floats]:
    """Two balls of states in 8 dimensions, 8 apart, and a picture that draws them 20 apart."""
    rng = np.random.default_rng(0)
    kind = np.repeat([-1.0, 1.0], count // 2)
    states = rng.normal(0, 0.7, (count, 8))
    states[:, 0] += 4 * kind
    places = states[:, :3] * 0.7
    places[:, 0] += 7.2 * kind
    return states.astype(np.float32), places.astype(np.float32)


def test_between_two_clusters_a_small_move_sends_a_place_across() -> None:
    states, places = clusters()
    moves = moves_of(states, 0.05)  # 0.2 of the 8 between them
    between = np.zeros((1, 8), dtype=np.float32)
    inside = states[:40] + np.float32(0.01)
    found = scores_of(frozen(states, places), np.concatenate([between, inside]), moves)
    across = 20 * 0.5 / spread_of(places)  # half the way at least: from the middle, or from a side
    assert found.perturbation[0] > across
    assert np.median(found.perturbation[1:]) < 0.05 * found.perturbation[0]
    assert (found.perturbation[1:] < across).all()
    assert np.isnan(found.apart).all(), "nothing is left out"


def test_a_smooth_map_has_small_scores_everywhere_and_its_control_large_ones() -> None:
    rng = np.random.default_rng(1)
    flat = np.column_stack([rng.uniform(0, 12, 900), rng.uniform(0, 8, 900), np.zeros(900)])
    states = flat @ np.linalg.qr(rng.normal(size=(24, 3)))[0].T
    map_ = frozen(states.astype(np.float32), flat.astype(np.float32))
    smooth = reference_scores(map_, states.astype(np.float32), 0.02)
    control = control_scores(map_, states.astype(np.float32), 0.02)
    assert len(control.perturbation) == 256
    assert np.quantile(smooth.perturbation, 0.99) < 0.1, "five times the state's own move"
    assert np.median(control.perturbation) > 10 * np.median(smooth.perturbation)
    assert np.median(smooth.apart) < 0.03, "leaving one out changes little"


def bent(at: Settled) -> np.ndarray:
    """How the loss bends where states lie."""
    return at.derivatives(at.places.astype(np.float64))[1]


def two_wells(apart: float, b: float = 1.0) -> Settled:
    """A token in the middle of two anchors ``apart`` from it, that nothing pushes: with b = 1 and
    a = 1 its loss is log(1 + (y - c)²) + log(1 + (y + c)²), flat in the middle at c = 1.
    """
    anchors = np.zeros((3, 1, 2), dtype=np.float32)
    anchors[0, 0] = [-apart, apart]
    far = Cells.of(np.full((1, 3), 1e6, dtype=np.float32))
    return Settled(
        places=np.zeros((1, 3), dtype=np.float32),
        anchors=anchors,
        pull=np.ones((1, 2), dtype=np.float32),
        strength=np.zeros(1),
        others=Others(far),
        curve=Curve(1.0, b),
    )


@pytest.mark.parametrize("apart", [0.2, 0.6, 0.9, 0.99, 0.9999])
def test_singularity_diverges_where_the_loss_turns_flat(apart: float) -> None:
    at = two_wells(apart)
    known = 4 * (1 - apart**2) / (1 + apart**2) ** 2  # second derivative in the middle
    found = singularity_of(bent(at), unit=2.0)[0]
    assert found == pytest.approx(1 / (4 * known), rel=2e-3 / (1 - apart))


def test_singularity_is_infinite_where_there_is_no_minimum() -> None:
    at = two_wells(1.5)
    assert singularity_of(bent(at), unit=1.0)[0] == np.inf
    assert np.isposinf(singularity_of(np.zeros((1, 3, 3)), unit=1.0)).all()


def test_the_hessian_is_the_derivative_of_the_force_and_the_force_that_of_the_descent() -> None:
    rng = np.random.default_rng(2)
    states, places = rng.normal(size=(2, 700, 3)).astype(np.float32)
    who = np.arange(0, 700, 70, dtype=np.int32)
    at = frozen(states, 4 * places).at(states[who], who)
    middle = at.places.astype(np.float64)
    step, wanted = 1e-5, np.empty((len(who), 3, 3))
    for axis in range(3):
        aside = step * np.eye(3)[axis]
        ends = [at.derivatives(middle + sign * aside)[0] for sign in (1, -1)]
        wanted[:, :, axis] = -(ends[0] - ends[1]) / (2 * step)
    force, found = at.derivatives(middle)
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6 * np.abs(found).max())
    offsets = at.anchors - middle.T[:, :, None]
    pull = at.pull * CURVE.attraction(np.square(offsets).sum(axis=0).astype(np.float32))
    push = at.others.push(CURVE, at.places.T) * at.strength
    np.testing.assert_allclose(
        force, ((offsets * pull).sum(axis=-1) + push).T, rtol=1e-3, atol=1e-3
    )


def test_it_rests_where_the_force_is_gone_and_the_loss_bends_up() -> None:
    states, places = clusters(700)
    at = frozen(states, places).at(states[:60] + np.float32(0.1))
    before, _ = at.derivatives(at.places.astype(np.float64))
    after, bend = at.derivatives(at.rest())
    rested = np.linalg.norm(after, axis=1) < 1e-6 * np.linalg.norm(before, axis=1)
    assert rested.mean() > 0.9
    assert (np.linalg.eigvalsh(bend[rested])[:, 0] > 0).mean() > 0.9


def test_a_typed_token_lies_where_placement_puts_it() -> None:
    rng = np.random.default_rng(3)
    states = rng.normal(size=(1, 900, 12)).astype(np.float32)
    places = rng.normal(size=(1, 900, 3)).astype(np.float32)
    typed = rng.normal(size=(1, 20, 12)).astype(np.float32)
    known = Placer(states, places, k=K, a=CURVE.a, b=CURVE.b).place(typed)
    found = frozen(states[0], places[0]).at(typed[0])
    assert found.places.tobytes() == known.positions[0].tobytes()


def test_a_token_left_out_lies_where_the_others_alone_put_it() -> None:
    rng = np.random.default_rng(4)
    states = rng.normal(size=(200, 6)).astype(np.float32)
    places = (3 * rng.normal(size=(200, 3))).astype(np.float32)
    who = np.array([5, 17, 101], dtype=np.int32)
    found = frozen(states, places).at(states[who], who).places
    for token, place in zip(who, found, strict=True):
        others = np.delete(np.arange(200), token)
        alone = frozen(states[others], places[others]).at(states[token : token + 1]).places[0]
        np.testing.assert_allclose(place, alone, atol=1e-4)


def test_of_a_group_of_many_one_point_is_taken() -> None:
    rng = np.random.default_rng(6)
    states, places = rng.normal(size=(2, 2000, 3)).astype(np.float32)
    map_ = frozen(states, places)
    at = map_.at(states[7:8], np.array([7], dtype=np.int32))
    counts = map_.cells.counts.copy()
    counts[map_.groups[7]] -= 1
    less = Cells(map_.cells.centers, counts, map_.cells.soft)
    np.testing.assert_allclose(
        at.others.push(CURVE, at.places.T), less.push(CURVE, at.places.T), rtol=1e-4, atol=1e-3
    )


def test_moves_go_both_ways_along_the_widest_directions() -> None:
    rng = np.random.default_rng(5)
    states = (rng.normal(size=(400, 5)) * [5, 3, 2, 0.1, 0.1]).astype(np.float32)
    moves = moves_of(states, 0.2)
    assert moves.shape == (6, 5)
    np.testing.assert_array_equal(moves[:3], -moves[3:])
    np.testing.assert_allclose(np.linalg.norm(moves, axis=1), 0.2 * spread_of(states), rtol=1e-5)
    assert np.abs(moves[:3, :3]).argmax(axis=1).tolist() == [0, 1, 2]
    assert moves_of(states * np.float32([1, 1, 0, 0, 0])).shape == (4, 5), "two directions vary"


def test_what_has_no_map_is_refused_by_name() -> None:
    states, places = clusters(60)
    one = np.ones((60, 8), dtype=np.float32)
    with pytest.raises(InputError, match="All reference states are one"):
        moves_of(one)
    with pytest.raises(InputError, match="choose a length above 0"):
        moves_of(states, 0.0)
    with pytest.raises(InputError, match="drawn at one place"):
        scores_of(frozen(states, np.zeros_like(places)), states[:1], moves_of(states))
    with pytest.raises(InputError, match="one left out: choose k from 1 to 9"):
        FrozenMap.of(Index.of(states[:10]), places[:10], K, CURVE)


def test_it_can_be_stopped_and_gives_the_same_bytes_again() -> None:
    states, places = clusters()

    def stop() -> None:
        raise Cancelled("no more")

    with pytest.raises(Cancelled):
        reference_scores(frozen(states, places), states, stop=stop)
    who = np.arange(90, dtype=np.int32)
    one, other = (
        scores_of(frozen(states, places), states[:90], moves_of(states), who) for _ in "ab"
    )
    alone = scores_of(frozen(states, places), states[40:41], moves_of(states), who[40:41])
    for name in vars(one):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes()
        assert getattr(one, name)[40] == pytest.approx(getattr(alone, name)[0], rel=1e-4)
    assert isinstance(one, Scores)
