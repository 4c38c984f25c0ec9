"""HTTP: every route as its OpenAPI says, strangers refused, copies kept, faults in one shape."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load

from layerfold.errors import AtlasMissing
from layerfold.server.security import HEADERS
from tests.server.conftest import application
from tests.server.fakes import FakeRun

RUNS = "/api/runs"
LOCAL = "http://127.0.0.1"


class NoAtlas(FakeRun):
    """A run that was trained and not laid out."""

    @property
    def atlas(self) -> Any:
        raise AtlasMissing("The run has no atlas. Build it: layerfold atlas unlaid")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    frontend = tmp_path_factory.mktemp("frontend")
    (frontend / "index.html").write_text("<!doctype html><title>Layerfold</title>")
    (frontend / "src").mkdir()
    (frontend / "src" / "main.js").write_text("export const a = 1;\n")
    (frontend.parent / "secret.txt").write_text("secret")
    return application(
        FakeRun(broken=frozenset({4})), NoAtlas("unlaid"), frontend=frontend, hosts=("testserver",)
    )


@pytest.fixture(scope="module")
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url=LOCAL) as client:
        yield client


def test_every_route_keeps_to_its_description(app: FastAPI) -> None:
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", app)
    found: Any = schema.get_all_operations()
    operations: list[Any] = [result.ok() for result in found]
    assert len(operations) == 25
    # these need models, which made-up runs have not
    asked = [one for one in operations if "/compare/" not in one.path]
    for operation in [one for one in asked if not one.path.endswith("/page")]:

        @given(operation.as_strategy(), st.sampled_from(["fake", "damaged", "unlaid", None]))
        @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
        def keeps_to_it(case: schemathesis.Case, run: str | None) -> None:
            if run and "run" in case.path_parameters:
                case.path_parameters["run"] = run
            case.call_and_validate()

        keeps_to_it()


def test_health(client: TestClient) -> None:
    answer = client.get("/api/health")
    assert answer.json() == {
        "status": "ok",
        "version": answer.json()["version"],
        "protocol": 1,
        "runs": 3,
    }


def test_a_broken_run_is_listed_with_its_problem(client: TestClient) -> None:
    runs = {run["name"]: run for run in client.get(RUNS).json()["runs"]}
    assert runs["fake"]["problem"] is None
    assert runs["fake"]["default"]
    assert runs["damaged"]["problem"]["code"] == "damaged_run"
    assert runs["unlaid"]["problem"]["code"] == "atlas_missing"


def test_the_card(client: TestClient) -> None:
    card = client.get(f"{RUNS}/fake").json()
    assert card["sites"] == ["embed", "L0.mid", "L0.post", "L1.mid", "L1.post"]
    assert card["limits"]["tokens"] == 64, "the model's own bound, being less than the server's"
    assert card["examples"][0]["note_zh"] == "一种意思"
    assert card["problems"][0]["code"] == "damaged_run"
    assert "files" not in card


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/runs/nowhere", 404, "run_not_found"),
        ("/api/runs/..%2Ffake", 404, "not_found"),
        ("/api/runs/fake%00", 404, "run_not_found"),
        ("/api/runs/damaged", 409, "damaged_run"),
        ("/api/runs/unlaid", 409, "atlas_missing"),
        ("/api/runs/fake/atlas/3", 404, "step_not_found"),
        ("/api/runs/fake/atlas/4", 409, "damaged_run"),
        ("/api/runs/fake/atlas/0?projection=tsne", 404, "projection_not_found"),
        ("/api/runs/fake/atlas/0?projection=", 422, "bad_input"),
        ("/api/runs/fake/atlas/0?trust=perhaps", 422, "bad_input"),
        ("/api/runs/fake/atlas/-1", 422, "bad_input"),
        ("/api/runs/fake/atlas/last", 422, "bad_input"),
        ("/api/runs/fake/atlas/99999999999999999999999", 422, "bad_input"),
        ("/api/nothing", 404, "not_found"),
        ("/nothing.js", 404, "not_found"),
        ("/%00", 404, "not_found"),
        ("/..%2f..%2fsecret.txt", 404, "not_found"),
        ("/%2e%2e/secret.txt", 404, "not_found"),
        ("/static/%2e%2e/%2e%2e/secret.txt", 404, "not_found"),
        ("/" + "a" * 5000, 404, "not_found"),
    ],
)
def test_faults_have_one_shape(client: TestClient, path: str, status: int, code: str) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert set(answer.json()) == {"error"}
    assert answer.json()["error"]["code"] == code
    assert set(answer.json()["error"]) == {"code", "message", "message_zh"}
    assert answer.json()["error"]["message_zh"], "in Chinese, too"


def test_wrong_methods_are_told_so(client: TestClient) -> None:
    answer = client.post("/api/health")
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET"


@pytest.mark.parametrize("path", ["atlas/8", "reference", "metrics", "measures"])
def test_a_copy_at_hand_is_not_sent_again(client: TestClient, path: str) -> None:
    first = client.get(f"{RUNS}/fake/{path}")
    assert first.status_code == 200
    assert first.headers["cache-control"] == "no-cache"
    tag = first.headers["etag"]
    for known in (tag, f'"other", {tag}', "*"):
        again = client.get(f"{RUNS}/fake/{path}", headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert (
        client.get(f"{RUNS}/fake/{path}", headers={"If-None-Match": '"other"'}).status_code == 200
    )


def test_clouds_are_safetensors_and_sent_as_they_are(client: TestClient) -> None:
    answer = client.get(f"{RUNS}/fake/atlas/8")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert "content-encoding" not in answer.headers
    assert load(answer.content)["positions"].shape == (5, 40, 3)


def test_tables_are_packed(client: TestClient) -> None:
    answer = client.get(f"{RUNS}/fake/reference")
    assert answer.headers["content-encoding"] == "gzip"
    table = answer.json()
    assert (
        table["windows"][table["window"][13]][table["position"][13]]
        == table["text"][13]
        == " word13"
    )


def test_undefined_measures_are_null(client: TestClient) -> None:
    assert client.get(f"{RUNS}/fake/measures").json()["axes"]["values"][0][0][0] == [0.1, None]


@pytest.mark.parametrize("path", ["/", "/index.html", "/src/main.js", "/static/src/main.js"])
def test_the_page_is_checked_for_upgrades(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"
    again = client.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    assert again.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/", "/api/health", "/api/runs/nowhere", "/nothing"])
def test_every_answer_carries_the_policy(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "access-control-allow-origin" not in answer.headers


def test_the_description_is_complete(client: TestClient) -> None:
    paths = client.get("/api/openapi.json").json()["paths"]
    assert set(paths) == {
        "/api/health",
        "/api/jobs",
        "/api/jobs/{id}",
        "/api/jobs/{id}/pause",
        "/api/jobs/{id}/resume",
        "/api/jobs/{id}/stop",
        "/api/lab",
        "/api/models",
        "/api/models/{name}",
        "/api/models/{name}/seed",
        "/api/reach",
        "/api/runs",
        "/api/runs/{run}",
        "/api/runs/{run}/atlas/{step}",
        "/api/runs/{run}/claims",
        "/api/runs/{run}/page",
        "/api/runs/{run}/seed",
        "/api/runs/{run}/compare/{step}",
        "/api/runs/{run}/compare/{step}/clouds",
        "/api/runs/{run}/compare/{step}/reading",
        "/api/runs/{run}/reference",
        "/api/runs/{run}/metrics",
        "/api/runs/{run}/measures",
    }
    for path, methods in paths.items():
        for operation in methods.values():
            assert operation["description"]
            schema = json.dumps(operation["responses"].get("200") or operation["responses"]["201"])
            assert "$ref" in schema or "binary" in schema or "text/html" in schema
            assert "403" in operation["responses"]
            assert ("{" in path) == ("404" in operation["responses"])


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=40))
def test_no_path_is_a_server_error(client: TestClient, path: str) -> None:
    for start in ("/", "/static/", "/api/runs/"):
        assert client.get(start + quote(path)).status_code < 500


def test_docs_load_nothing_from_elsewhere(client: TestClient) -> None:
    assert client.get("/docs").status_code == 404


def test_a_projection_is_served_with_trust_only_when_it_is_asked_for(client: TestClient) -> None:
    card = client.get(f"{RUNS}/fake").json()
    assert [entry["name"] for entry in card["projections"]] == ["umap", "pca"]
    assert card["projections"][0]["frame"] == card["frame"]
    own = load(client.get(f"{RUNS}/fake/atlas/8?projection=umap").content)
    plain = load(client.get(f"{RUNS}/fake/atlas/8?projection=pca").content)
    asked = load(client.get(f"{RUNS}/fake/atlas/8?projection=pca&trust=true").content)
    assert set(own) == set(asked) == {"positions", "trust", "continuity"}
    assert set(plain) == {"positions"}
    assert (
        plain["positions"].tobytes() == asked["positions"].tobytes() != own["positions"].tobytes()
    )
