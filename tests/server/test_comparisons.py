"""Two runs laid over each other, over HTTP: numbers, places, a typed text, and every way it can be
refused.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load
from schemathesis.specs.openapi.checks import positive_data_acceptance

from layerfold.interp.compare_runs import Aligner
from layerfold.interp.session import open_session
from layerfold.server.app import create_app
from layerfold.server.catalog import Catalog, find_runs
from layerfold.server.protocol.encode import decode_tensors
from layerfold.settings import Settings
from tests import small


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compared")
    small.make_run(folder / "small")
    small.make_run(folder / "unlaid", atlas=False)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            small,
            "TEXTS",
            ("Nothing that was read before, and so other tokens: nothing.", small.TEXTS[1]),
        )
        small.make_run(folder / "words")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(small, "CONFIG", replace(small.CONFIG, n_layer=1))
        small.make_run(folder / "shallow")
    return folder


@pytest.fixture(scope="module")
def http(models: Path) -> TestClient:
    catalog = Catalog(find_runs([models]), lambda folder: open_session(folder))
    app = create_app(
        catalog, Settings(runs=(models,), frontend=Path("/nowhere"), allowed_hosts=("testserver",))
    )
    return TestClient(app, base_url="http://127.0.0.1")


def test_numbers_places_and_a_text(http: TestClient, models: Path) -> None:
    run = open_session(models / "small")
    found = Aligner().align(run, 64, run, 8)
    table = http.get("/api/runs/small/compare/64?other=small&at=8").json()
    assert [row["site"] for row in table["sites"]] == [
        "embed",
        "L0.mid",
        "L0.post",
        "L1.mid",
        "L1.post",
    ]
    assert table["sites"][2]["residual"] == pytest.approx(found.sites[2].residual.value, rel=1e-4)
    assert table["drawn"] == list(range(96))
    assert table["tokens"] == 96
    clouds = load(http.get("/api/runs/small/compare/64/clouds?other=small&at=8").content)
    assert clouds["positions"].shape == (5, 96, 3)
    assert np.array_equal(clouds["positions"], found.places().positions.astype(np.float16))
    answer = http.post(
        "/api/runs/small/compare/64/reading",
        json={"other": "small", "at": 8, "text": "the bank 😀"},
    )
    metadata, tensors = decode_tensors(answer.content)
    assert metadata["step"] == "64"
    assert np.array_equal(tensors["positions"], found.read("the bank 😀").placed.positions)


def test_a_run_without_clouds_of_its_own_can_be_laid_over(http: TestClient) -> None:
    table = http.get("/api/runs/small/compare/64?other=unlaid&at=64").json()
    assert max(row["residual"] for row in table["sites"]) < 1e-5
    assert [
        row["other"]
        for row in http.get("/api/runs/small/compare/64?other=shallow&at=8").json()["sites"]
    ][-1] == "L0.post"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("small/compare/64?other=words&at=8", 422, "not_comparable"),
        ("small/compare/64?other=nowhere&at=8", 404, "run_not_found"),
        ("small/compare/63?other=small&at=8", 404, "step_not_found"),
        ("small/compare/64?other=small&at=9", 404, "step_not_found"),
        ("unlaid/compare/64?other=small&at=8", 409, "atlas_missing"),
        ("small/compare/64?at=8", 422, "bad_input"),
        ("small/compare/64/clouds?other=small&at=8&projection=none", 404, "projection_not_found"),
    ],
)
def test_refusals_have_words(http: TestClient, path: str, status: int, code: str) -> None:
    answer = http.get(f"/api/runs/{path}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert len(answer.json()["error"]["message"]) > 20


def test_a_text_is_bounded_and_of_our_own_page(http: TestClient) -> None:
    ask = {"other": "small", "at": 8, "text": ""}
    post = lambda body, **how: http.post("/api/runs/small/compare/64/reading", json=body, **how)  # noqa: E731
    assert post(ask).json()["error"]["code"] == "empty_text"
    assert post({**ask, "text": "a" * 20_001}).json()["error"]["code"] == "text_too_long"
    assert post({**ask, "more": 1}).json()["error"]["code"] == "bad_input"
    assert post(ask, headers={"Origin": "http://elsewhere.example"}).status_code == 403


def test_each_route_keeps_to_its_description(http: TestClient) -> None:
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", http.app)
    operations = [
        found
        for result in schema.get_all_operations()
        if "/compare/" in (found := result.ok()).path
    ]
    assert len(operations) == 3
    for operation in operations:

        @given(operation.as_strategy(), st.sampled_from(["small", "unlaid", None]), st.booleans())
        @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
        def keeps_to_it(case: schemathesis.Case, run: str | None, known: bool) -> None:
            if run:
                case.path_parameters["run"] = run
            if known:
                case.path_parameters["step"] = 64
                case.query.update({"other": "shallow", "at": 8} if case.query else {})
            # what fits the schema may not be comparable
            case.call_and_validate(excluded_checks=[positive_data_acceptance])

        keeps_to_it()
