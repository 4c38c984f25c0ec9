"""The benchmarks can be run: each can be imported, by the name that the command line takes."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
from benchmarks.__main__ import names


@pytest.mark.parametrize("name", names())
def test_a_benchmark_can_be_imported(name: str) -> None:
    module = importlib.import_module(f"benchmarks.{name}")
    assert callable(module.run)
    assert callable(module.table)


def test_our_layout_is_made_of_what_the_build_uses() -> None:
    from benchmarks.layout import ours

    states = np.random.default_rng(0).normal(size=(2, 60, 8)).astype(np.float32)
    clouds = ours(states)
    assert clouds.shape == (2, 60, 3)
    assert np.isfinite(clouds).all()
