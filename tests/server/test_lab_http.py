"""The lab over HTTP: what begins a training, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from layerfold.server.app import Services
from layerfold.server.lab import Lab
from layerfold.settings import Flags, Settings
from tests.conftest import story
from tests.server.conftest import application
from tests.server.fakes import FakeRun
from tests.server.made_lab import asked


@pytest.fixture
def client(lab: Lab) -> Iterator[TestClient]:
    app = application(FakeRun(), services=Services(lab=lab))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        yield client


def test_a_training_over_http(client: TestClient) -> None:
    offer = client.get("/api/lab").json()
    assert offer["closed"] is None
    assert offer["optimizers"] == ["sgd", "momentum", "adam", "adamw"]
    assert [task["name"] for task in offer["tasks"]] == [
        "modular-addition",
        "belief-simplex",
        "text",
    ]
    begun = client.post("/api/jobs", json={"task": "modular-addition", "numbers": {"seed": 3}})
    assert (begun.status_code, begun.json()["status"]) == (201, "running")
    id = begun.json()["id"]
    for act, status in (("pause", "paused"), ("resume", "running"), ("stop", "stopped")):
        answer = client.post(f"/api/jobs/{id}/{act}")
        assert (answer.status_code, answer.json()["status"]) == (200, status)
    assert [one["id"] for one in client.get("/api/jobs").json()["jobs"]] == [id]
    assert client.delete(f"/api/jobs/{id}").json() == {"jobs": []}
    gone = client.post(f"/api/jobs/{id}/resume")
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "job_not_found")


def test_pages_of_others_begin_and_delete_nothing(client: TestClient, lab: Lab) -> None:
    card = lab.create(asked())
    strangers = (
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    )
    for headers in (*strangers, {"Host": "evil.example"}):
        for method, path in (("POST", ""), ("POST", f"/{card.id}/stop"), ("DELETE", f"/{card.id}")):
            answer = client.request(
                method, f"/api/jobs{path}", headers=headers, json={"task": "modular-addition"}
            )
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "foreign_origin")
    assert [one.status for one in lab.jobs().jobs] == ["running"]


def test_a_form_of_another_site_is_no_job(client: TestClient, lab: Lab) -> None:
    answer = client.post(
        "/api/jobs", content='{"task": "modular-addition"}', headers={"Content-Type": "text/plain"}
    )
    assert answer.status_code == 422
    assert lab.jobs().jobs == []


def test_a_text_may_be_long_and_nothing_else(client: TestClient, lab: Lab) -> None:
    text = story(3, 2000)
    assert len(text) > 65_536
    begun = client.post(
        "/api/jobs", json={"task": "text", "text": text, "title": "春 <script>alert(1)</script>"}
    )
    assert begun.status_code == 201, begun.text
    assert ((lab.folder or Path()) / begun.json()["run"] / "text" / "own.txt").read_text(
        "utf-8"
    ) == text
    assert (
        client.post("/api/jobs", json={"task": "text", "text": "x" * (1 << 20) + "x"}).status_code
        == 422
    )
    long = client.post("/api/jobs", json={"task": "text", "text": "x" * (3 << 20)})
    assert long.status_code == 413
    assert client.post(
        f"/api/jobs/{begun.json()['id']}/stop", content=b"x" * 100_000
    ).status_code in (200, 413)


@pytest.mark.parametrize("text", ["\\ud800", "\\u0000"])
def test_what_is_no_text_is_refused(client: TestClient, text: str) -> None:
    body = '{"task": "text", "text": "' + text + "word and more " * 3000 + '"}'
    answer = client.post("/api/jobs", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"task": ""},
        {"task": "modular-addition", "numbers": {"seed": "1"}},
        {"task": "x", "path": "/"},
    ],
)
def test_what_is_no_job_is_refused(client: TestClient, body: dict[str, Any]) -> None:
    assert client.post("/api/jobs", json=body).status_code == 422


def test_a_server_for_others_trains_only_where_it_was_told_to() -> None:
    environment = {"XDG_DATA_HOME": "/data"}
    assert Settings.read(environment).lab == Path("/data/layerfold/lab")
    assert Settings.read(environment, Flags(host="0.0.0.0")).lab is None
    assert Settings.read(environment, Flags(host="0.0.0.0", lab=Path("/x"))).lab == Path("/x")
    named = {**environment, "LAYERFOLD_LAB": "/y"}
    assert Settings.read(named, Flags(host="192.168.1.2")).lab == Path("/y")
    with TestClient(application(FakeRun()), base_url="http://127.0.0.1") as client:
        assert client.get("/api/lab").json()["closed"]["message"]
        assert client.get("/api/jobs").json() == {"jobs": []}
        refused = client.post("/api/jobs", json={"task": "modular-addition"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "lab_closed")
