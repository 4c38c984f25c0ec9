"""What the axis guard goes by: an axis that merely repeats a variable correlates with it."""

import numpy as np

from layerfold.geometry.axes import axis_correlations


def test_an_axis_that_repeats_the_norm_is_flagged_whatever_its_sign() -> None:
    rng = np.random.default_rng(0)
    positions = rng.normal(size=(500, 3)).astype(np.float32)
    variables = {
        "norm": -3 * positions[:, 1] + 0.1 * rng.normal(size=500),
        "position": rng.integers(0, 64, 500),
        "constant": np.ones(500),
    }
    found = axis_correlations(positions, variables)
    assert found.shape == (3, 3)
    assert (np.abs(found[:, :2]) > 0.9).tolist() == [[False] * 2, [True, False], [False] * 2]
    assert np.isnan(found[:, 2]).all()


def test_a_little_noise_lets_an_axis_pass() -> None:
    rng = np.random.default_rng(0)
    positions = rng.normal(size=(2000, 3)).astype(np.float32)
    found = axis_correlations(positions, {"norm": positions[:, 0] + rng.normal(size=2000)})
    assert np.abs(found).max() < 0.9
