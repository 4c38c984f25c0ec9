"""Both servers behind the front of docker compose are renewed under people who type, and nobody
loses a sentence. The thousand pages of `make bench NAME=front`, as a few.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from benchmarks import front

from tests.small import make_run

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(shutil.which("caddy") is None, reason="the front: apt-get install caddy"),
]


def test_a_rolling_restart_loses_no_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAYERFOLD_BENCH_RUN", str(make_run(tmp_path / "small")))
    for name, value in {"IDLE": 20, "PEOPLE": 6, "SECONDS": 2.0, "AWAY": 1.0}.items():
        monkeypatch.setattr(front, name, value)
    found = front.run()
    restart = found["restart"]
    assert restart["lost"] == 0
    assert restart["of_others"] == 0
    assert restart["sentences"] > 6
    assert restart["connections"] > 6, "somebody's server went, and another one answered"
    assert found["errors"] == 0
