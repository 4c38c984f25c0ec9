"""Mess3 and what an observer believes, against sums over all hidden paths; entropy rate and long
run against their definitions.
"""

from __future__ import annotations

from itertools import product
from math import log

import numpy as np
import pytest

from layerfold.training.tasks.hidden import (
    beliefs,
    entropy_rate,
    mess3,
    next_symbol,
    sample,
    stationary,
)

MESS3 = mess3(0.05, 0.85)


def by_all_paths(said: tuple[int, ...]) -> tuple[np.ndarray, float]:
    """P(last state | said) and P(said), a sum over every path of hidden states from a first state
    chosen evenly.
    """
    weight = np.zeros(3)
    for path in product(range(3), repeat=len(said) + 1):
        share = 1 / 3
        for symbol, before, after in zip(said, path, path[1:], strict=False):
            move = 0.9 if before == after else 0.05
            share *= move * (0.85 if symbol == after else 0.075)
        weight[path[-1]] += share
    return weight / weight.sum(), float(weight.sum())


def test_mess3_is_the_matrix_of_the_paper() -> None:
    a, b, x, y = 0.85, 0.075, 0.05, 0.9
    assert MESS3[0] == pytest.approx(
        np.array([[a * y, b * x, b * x], [a * x, b * y, b * x], [a * x, b * x, b * y]])
    )
    assert MESS3.sum(axis=(0, 2)) == pytest.approx(np.ones(3))


@pytest.mark.parametrize(
    "wrong", [(0.0, 0.5), (0.5, 0.5), (0.1, 0.0), (0.1, 1.0), (float("nan"), 0.5)]
)
def test_what_is_no_probability_is_refused(wrong: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="between 0 and"):
        mess3(*wrong)


def test_the_long_run_is_even_by_symmetry_and_stays_as_it_is() -> None:
    assert stationary(MESS3) == pytest.approx([1 / 3, 1 / 3, 1 / 3])
    skewed = np.array([[[0.1, 0.2], [0.5, 0.1]], [[0.3, 0.4], [0.1, 0.3]]])
    assert stationary(skewed) @ skewed.sum(axis=0) == pytest.approx(stationary(skewed))
    assert stationary(skewed).sum() == pytest.approx(1.0)


@pytest.mark.parametrize("said", [(0,), (1, 1), (0, 2, 1), (2, 2, 0, 1), (0, 1, 2, 0, 1, 1)])
def test_beliefs_are_those_of_a_sum_over_all_paths(said: tuple[int, ...]) -> None:
    assert beliefs(MESS3, np.array([said]))[0, -1] == pytest.approx(
        by_all_paths(said)[0], abs=1e-12
    )


def test_the_next_symbol_is_as_likely_as_all_paths_say() -> None:
    said = (0, 0, 2)
    expected = [by_all_paths((*said, symbol))[1] / by_all_paths(said)[1] for symbol in range(3)]
    assert next_symbol(MESS3, beliefs(MESS3, np.array([said]))[0, -1]) == pytest.approx(expected)


def test_samples_are_as_frequent_as_they_should_be_and_the_same_for_the_same_seed() -> None:
    said = sample(MESS3, 200_000, 3, np.random.default_rng(1))
    for word in [(0, 0, 0), (0, 1, 2), (2, 2, 1)]:
        assert (said == word).all(axis=1).mean() == pytest.approx(by_all_paths(word)[1], abs=0.003)
    assert np.array_equal(said, sample(MESS3, 200_000, 3, np.random.default_rng(1)))


def test_the_entropy_rate_is_that_of_all_strings_and_bounds_what_an_observer_loses() -> None:
    rate = entropy_rate(MESS3, 7)
    assert rate[0] == pytest.approx(log(3))
    second = -sum(
        by_all_paths(word)[1] * log(by_all_paths(word)[1]) for word in product(range(3), repeat=2)
    ) - log(3)
    assert rate[1] == pytest.approx(second)
    assert (np.diff(rate) < 0).all()
    said = sample(MESS3, 40_000, 8, np.random.default_rng(2))
    chances = next_symbol(MESS3, beliefs(MESS3, said))[:, 5]
    assert -np.log(chances[np.arange(len(said)), said[:, 6]]).mean() == pytest.approx(
        rate[6], abs=0.01
    )


def test_a_coin_has_the_entropy_of_a_coin() -> None:
    coin = np.array([[[0.5]], [[0.5]]])
    assert entropy_rate(coin, 4) == pytest.approx([log(2)] * 4)
