"""The seed's claims: whole cards, two numbers by hand, controls that catch a leak."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from layerfold.build.check import check_run
from layerfold.claims.seed import clusters, depth, dimension, matrices, probing, pushing, table
from layerfold.claims.seed.course import (
    block_grams,
    dimensions,
    random_walks,
    share_by_blocks,
    two_share,
)
from layerfold.claims.seed.files import SEED, read_seed, write_seed
from layerfold.claims.seed.finding import (
    Finding,
    Untestable,
    flat,
    number,
    p_above,
    verdict_of,
)
from layerfold.claims.seed.losses import length, nudged, random_like
from layerfold.claims.seed.sentences import untrained
from layerfold.claims.seed.subject import Subject
from layerfold.claims.seed.table import cards_from, finding_of, settled
from layerfold.claims.seed.thresholds import BARS
from layerfold.errors import DamagedRun
from layerfold.interp.session import Session, open_session
from layerfold.runs.run import checkpoint_name
from tests.claims import by_hand
from tests.small import CONFIG, STEPS, make_run


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A small run with an atlas, its results kept."""
    folder = tmp_path_factory.mktemp("seed")
    return open_session(make_run(folder / "small"), folder / "cache")


@pytest.fixture
def subject(opened: Session) -> Subject:
    return Subject(opened)


# ---- verdicts


def test_verdicts_follow_the_bar_and_the_control() -> None:
    assert verdict_of(True, True) == "holds"
    assert verdict_of(False, True) == "weak"
    assert verdict_of(True, False) == "fails", "a bar that chance meets too proves nothing"
    assert verdict_of(False, False) == "fails"
    assert verdict_of(False, False, weaker=True) == "weaker"
    assert verdict_of(True, True, weaker=True) == "holds"


def a_finding(verdict: str = "holds", p: float | None = 0.03) -> Finding:
    return Finding(verdict=verdict, value=[0.5, 0.4, 0.6], at_step=64, series=flat("x", 0.5), p=p)


def test_a_claim_that_other_tests_explain_holds_no_more() -> None:
    assert settled(a_finding(), 0.04).verdict == "holds"
    assert settled(a_finding(), 0.06).verdict == "fails"
    assert settled(a_finding("weak"), 0.06).verdict == "fails"
    assert settled(a_finding("weaker"), 0.06).verdict == "weaker"


def test_what_the_first_checkpoint_shows_as_much_is_said() -> None:
    """Whatever the verdict, training did not make what was there before it."""

    def found(first: float) -> Finding:
        return a_finding().model_copy(update={"controls": [flat("step0", first)]})

    assert untrained("1.2b", found(0.45)) == 0.45, "within the interval 0.4 to 0.6"
    assert untrained("1.2b", found(0.1)) is None
    assert untrained("1.3b", found(0.55)) == 0.55, "less is more of a low dimension"
    assert untrained("1.3b", found(0.9)) is None


def test_rates_are_benjamini_and_hochberg_over_the_table(subject: Subject) -> None:
    """p 0.01, 0.02, 0.03, 0.5 of four tests: q = min over later of p · 4 / rank."""
    claims = ("1.2b", "1.3b", "2.5b", "2.1b")
    keys: dict[str, Any] = {
        "words": 1,
        "times": 2.0,
        "control": 0.1,
        "first": 0.1,
        "d": 8,
        "directions": 2.0,
    }
    keys |= {"site": "embed", "rank": 1.0, "width": 2, "least": 0.1, "other": 0.2, "largest": 0.3}
    found = {
        claim: a_finding(p=p).model_copy(update={"numbers": keys})
        for claim, p in zip(claims, (0.01, 0.02, 0.03, 0.5), strict=True)
    }
    rates = {card.id: card.q for card in cards_from(found, subject)}
    expected = {"1.2b": 0.04, "1.3b": 0.04, "2.5b": 0.04, "2.1b": 0.5}
    assert rates == {claim: pytest.approx(q) for claim, q in expected.items()}


def test_a_number_is_shown_with_three_digits() -> None:
    assert [number(x) for x in (0.12345, 1.2345, 12345.0, 0.0, None, float("nan"))] == [
        "0.123",
        "1.23",
        "12,345",
        "0",
        "–",
        "–",
    ]


# ---- by hand


def test_effective_rank_agrees_with_a_plain_script(subject: Subject) -> None:
    found = matrices.low_rank(subject, BARS["2.5b"])
    path = subject.run.folder / checkpoint_name(STEPS[-1])
    own = by_hand.rank_share(by_hand.weights_in(path), CONFIG.n_head)
    assert found.value[0] == pytest.approx(own, rel=1e-5)


def test_the_lens_agrees_with_a_plain_script(subject: Subject) -> None:
    found = depth.top_predicts(subject, BARS["2.4c"])
    reference = subject.reference
    picked = np.stack([reference.window, reference.position], axis=1)
    path = subject.run.folder / checkpoint_name(STEPS[-1])
    own = by_hand.lens_share(
        by_hand.weights_in(path), reference.windows, picked, CONFIG.n_head, subject.late
    )
    assert found.value[0] == pytest.approx(own, rel=1e-3)


# ---- controls that catch a leak


def probed(classes: np.ndarray, types: np.ndarray) -> probing.Probed:
    return probing.Probed((), classes, types, np.arange(len(classes)) // 5)


def test_a_probe_that_knows_types_only_is_caught_by_the_control_task() -> None:
    """States that give away the type, from which the class follows: accuracy is high, and so is the
    control's.
    """
    rng = np.random.default_rng(0)
    types = rng.integers(12, size=600)
    one = probed(types % 4, types)
    states = np.eye(12)[types] + 0.01 * rng.normal(size=(600, 12))
    accuracy = probing.hits(states, one.classes, one.folds).mean()
    control = np.mean(
        [
            probing.hits(states, probing.control_classes(one, seed), one.folds).mean()
            for seed in range(5)
        ]
    )
    assert accuracy > 0.95
    assert control > 0.95, "the probe would read any labels, so its selectivity is nothing"


def test_labels_leaked_into_the_null_are_caught() -> None:
    """Words that do cluster: shuffled topics never reach their purity; where the null is given the
    true topics, as if it had not been shuffled, p says so.
    """
    rng = np.random.default_rng(0)
    topics = np.repeat(np.arange(4), 10)
    near = clusters.neighbors_of(np.eye(4)[topics] + 0.1 * rng.normal(size=(40, 4)))
    own = clusters.purity(near, topics).mean()
    honest = [clusters.purity(near, rng.permutation(topics)).mean() for _ in range(200)]
    leaked = [clusters.purity(near, topics).mean() for _ in range(200)]
    assert p_above(float(own), np.array(honest)) < 0.01
    assert p_above(float(own), np.array(leaked)) == 1.0


def test_labels_leaked_into_the_embedding_leave_no_gain(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where every site holds the classes, the embedding too, no layer untangles them: the claim
    does not hold, however accurate the probe.
    """
    rng = np.random.default_rng(0)
    classes = rng.integers(3, size=200)
    one = probing.Probed((), classes, rng.integers(50, size=200), np.arange(200) // 4)
    leaked = np.stack([np.eye(3)[classes] + 0.01 * rng.normal(size=(200, 3))] * 5)
    monkeypatch.setattr(probing, "probed_tokens", lambda subject: one)
    monkeypatch.setattr(probing, "states_of", lambda adapter, read: leaked)
    found = probing.classes_untangle(subject, BARS["1.4a"])
    assert found.verdict == "fails"
    assert found.controls[0].values[0] > 0.95


# ---- what is known without a model


def test_points_on_a_flat_surface_reject_no_more_than_the_level() -> None:
    """Three dimensions in twenty: under the null the F test rejects at its level."""
    rng = np.random.default_rng(0)
    flat_points = rng.uniform(size=(2500, 3)) @ rng.normal(size=(3, 20))
    inside = dimension.rejecting_share(flat_points.astype(np.float32), 0.01)
    assert inside < 0.03
    centers = rng.uniform(size=(150, 3)) @ rng.normal(size=(3, 20))
    points = np.repeat(centers, 16, axis=0) + 1e-3 * rng.normal(size=(2400, 20))
    assert dimension.rejecting_share(points.astype(np.float32), 0.01) > 0.6, "clumps of sixteen"


def test_a_gaussian_has_the_covariance_it_is_given() -> None:
    rng = np.random.default_rng(0)
    states = (rng.normal(size=(3000, 4)) * [1, 2, 3, 4]).astype(np.float32)
    drawn = dimension.gaussian_like(states)
    assert np.allclose(np.cov(drawn.T), np.cov(states.T), atol=1.2)
    assert not np.allclose(drawn[:5], states[:5])


def test_subspaces_overlap_from_nothing_to_all() -> None:
    eye = np.eye(8)
    assert matrices.overlap(eye[:, :2], eye[:, :2]) == pytest.approx(1)
    assert matrices.overlap(eye[:, :2], eye[:, 2:4]) == pytest.approx(0)
    assert matrices.overlap(eye[:, :2], eye[:, 1:3]) == pytest.approx(0.5)
    assert matrices.random_overlaps(64, 8, 50).mean() == pytest.approx(8 / 64, rel=0.1)


def test_the_rank_of_an_identity_is_its_width_and_of_one_direction_one() -> None:
    assert matrices.rank_of(np.eye(6)) == pytest.approx(6)
    assert matrices.rank_of(np.outer(np.arange(1.0, 5), np.arange(1.0, 4))) == pytest.approx(1)


def test_a_straight_path_is_one_direction_and_a_random_walk_nearly_so() -> None:
    straight = np.outer(np.arange(10.0), np.ones(3))
    assert two_share(straight @ straight.T) == pytest.approx(1)
    assert dimensions(straight @ straight.T) == 1
    walks = random_walks(np.ones(24), 1000)
    assert 0.75 < np.mean([two_share(one) for one in walks[:20]]) < 0.9, "Antognini 2018"


def test_blocks_of_weights_make_up_the_path_and_give_its_bounds() -> None:
    """Every weight on one straight way: blocks say nothing else; each its own way: they differ."""
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(8, 640, generator=generator).cumsum(dim=0)
    grams = block_grams(rows)
    assert np.allclose(grams.sum(axis=0), rows @ rows.T, rtol=1e-4)
    value, low, high = share_by_blocks(grams)
    assert low < value < high
    straight = torch.outer(torch.arange(8.0), torch.ones(640))
    assert share_by_blocks(block_grams(straight)) == pytest.approx((1, 1, 1))


def test_classes_of_windows_drawn_twice_count_twice() -> None:
    rng = np.random.default_rng(0)
    states, classes = rng.normal(size=(40, 5)), rng.integers(3, size=40)
    once, twice = np.ones(40), np.full(40, 2)
    own = pushing.separation(states, classes)
    assert pushing.separation(states, classes, once) == pytest.approx(own)
    assert pushing.separation(states, classes, twice) == pytest.approx(own)
    few = pushing.separation(states, classes, np.arange(40) % 2)
    assert few == pytest.approx(pushing.separation(states[1::2], classes[1::2]))


def test_moments_by_window_are_those_of_all_states() -> None:
    rng = np.random.default_rng(0)
    states = (rng.normal(size=(60, 6)) * np.arange(1, 7)).astype(np.float32)
    value, low, high = dimension._share_triple(states, np.arange(60) // 4)
    assert value == pytest.approx(dimension._share(states), rel=1e-5)
    assert low < value < high


def test_weights_come_back_bit_for_bit(subject: Subject) -> None:
    network = subject.network(STEPS[-1])
    before = {name: one.detach().clone() for name, one in network.weights().items()}
    motion = random_like(before, torch.Generator().manual_seed(0))
    assert length(motion) == pytest.approx(length(before), rel=1e-5)
    with nudged(network, motion, 0.1):
        assert not torch.equal(network.weights()["tokens.weight"], before["tokens.weight"])
    assert all(torch.equal(network.weights()[name], one) for name, one in before.items())


# ---- a whole table


QUICK = ("1.2a", "1.3b", "2.1b", "2.4b", "2.5b", "2.3c")


def test_cards_of_a_small_run_are_whole(opened: Session) -> None:
    subject = Subject(opened)
    cards = cards_from({claim: finding_of(subject, claim) for claim in QUICK}, subject)
    assert [card.id for card in cards] == sorted(QUICK)
    for card in cards:
        for name in ("title", "would", "method", "threshold", "verdict", "limits", "quote"):
            for language in ("en", "zh"):
                said = getattr(card, f"{name}_{language}")
                assert said, (card.id, name)
                assert "{" not in said, (card.id, name)
        assert card.papers
        assert int(card.view["step"]) == card.at_step
    by_id = {card.id: card for card in cards}
    assert by_id["2.3c"].verdict == "untestable"
    assert by_id["2.4b"].verdict == "untestable", "two layers have no middle"
    assert by_id["2.3c"].here == "–"


def test_a_finding_is_computed_once(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    first = finding_of(subject, "2.5b")
    monkeypatch.setattr(table, "computed", lambda *_: pytest.fail("computed again"))
    assert finding_of(subject, "2.5b") == first


def test_a_mend_of_an_instrument_makes_numbers_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    before = table.code_of("2.5b")
    monkeypatch.setattr(table, "instruments", lambda: b"another")
    assert table.code_of("2.5b") != before


def test_what_a_run_does_not_offer_is_named(subject: Subject, monkeypatch) -> None:
    def refuse(subject: Subject, bars: object) -> Finding:
        raise Untestable("one_step", count=6)

    monkeypatch.setattr(table, "compute_of", lambda claim: refuse)
    (card,) = cards_from({"1.2a": table.computed(subject, "1.2a")}, subject)
    assert card.verdict == "untestable"
    assert "at least 6" in card.verdict_en
    assert "6" in card.verdict_zh


def test_cards_are_kept_signed_and_checked(tmp_path: Path) -> None:
    opened = open_session(make_run(tmp_path / "small"), tmp_path / "cache")
    subject = Subject(opened)
    assert read_seed(opened.run) == []
    cards = cards_from({"2.5b": finding_of(subject, "2.5b")}, subject)
    write_seed(opened.run, cards)
    assert read_seed(opened.run) == cards
    assert not [one for one in check_run(opened.run.folder) if one.file == SEED]
    path = opened.run.folder / SEED
    whole = path.read_text("utf-8")
    path.write_text(whole.replace("Weights are of low rank", "Weights are of no rank"), "utf-8")
    with pytest.raises(DamagedRun):
        read_seed(opened.run)
    assert [one for one in check_run(opened.run.folder) if one.file == SEED]
