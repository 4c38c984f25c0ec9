"""The benchmarks can be run: each at sizes that take seconds."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from benchmarks.__main__ import names, smoke

from tests.small import make_run

IN_A_BROWSER = ("frames", "picture")
# Those that start servers and browsers, or a process for each figure.
STARTING = ("clients", "freshness", "front", "memory", "minilm", "picture", "startup")


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that can be served."""
    return make_run(tmp_path_factory.mktemp("bench") / "small")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name,
            marks=[
                *([pytest.mark.browser] if name in IN_A_BROWSER else ()),
                *([pytest.mark.long] if name in STARTING else ()),
            ],
        )
        for name in names()
    ],
)
def test_a_benchmark_runs(name: str, small_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "front" and shutil.which("caddy") is None:
        pytest.skip("no front: apt-get install caddy")
    monkeypatch.setenv("LAYERFOLD_BENCH_RUN", str(small_run))
    monkeypatch.setenv("OMP_NUM_THREADS", os.environ.get("OMP_NUM_THREADS", "1"))
    assert smoke(name) == 0


def test_our_layout_is_made_of_what_the_build_uses() -> None:
    from benchmarks.layout import ours

    states = np.random.default_rng(0).normal(size=(2, 60, 8)).astype(np.float32)
    clouds = ours(states)
    assert clouds.shape == (2, 60, 3)
    assert np.isfinite(clouds).all()
