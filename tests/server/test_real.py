"""The server over a real run on disk: what the page gets is, to the byte, what the pipeline
computes.
"""

from __future__ import annotations

from pathlib import Path
from time import sleep

import httpx
import numpy as np
import pytest
from safetensors.numpy import load

from layerfold.build.projections import build_projections
from layerfold.claims.claim import write_claims
from layerfold.interp.session import Session, open_session
from layerfold.server.app import create_app
from layerfold.server.catalog import Catalog, find_runs
from layerfold.server.jobs import Jobs
from layerfold.settings import Settings
from tests.claims.made import a_claim
from tests.server.conftest import running
from tests.server.page import Page
from tests.small import STEPS, make_run


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    make_run(folder / "small")
    make_run(folder / "unlaid", atlas=False)
    (folder / "broken").mkdir()
    (folder / "broken" / "run.json").write_text('{"format": 1')
    return folder


def test_a_page_on_a_real_run(models: Path, tmp_path: Path) -> None:
    jobs = Jobs()
    catalog = Catalog(find_runs([models]), lambda folder: open_session(folder, tmp_path))
    app = create_app(
        catalog, Settings(runs=(models,), frontend=Path("/nowhere")), jobs=jobs, warm=True
    )
    alone = open_session(models / "small")
    with (
        running(app, jobs) as live,
        httpx.Client(base_url=f"http://127.0.0.1:{live.port}", timeout=60) as http,
    ):
        listed = {run["name"]: run["problem"] for run in http.get("/api/runs").json()["runs"]}
        assert listed["small"] is None
        assert [run["name"] for run in http.get("/api/runs").json()["runs"] if run["default"]] == [
            "small"
        ], "the broken one comes first"
        assert listed["broken"]["code"] == "damaged_run"
        assert listed["unlaid"]["code"] == "atlas_missing"
        card = http.get("/api/runs/small").json()
        assert card["limits"]["tokens"] == 48
        assert "files" not in card
        answer = http.get("/api/runs/small/atlas/64")
        assert answer.content == alone.atlas_bytes(64)
        assert answer.headers["etag"] == f'"{alone.atlas.hash_of(64)}"'
        assert load(answer.content)["positions"].shape == (5, 96, 3)
        assert http.get("/api/runs/small/reference").json()["text"] == list(
            alone.atlas.reference.text
        )
        assert http.get("/api/runs/small/measures").json()["measures"][0]["name"] == "trust"
        assert http.get("/api/runs/small/metrics").json()["rows"][2]["step"] == 64
        claims_are_sent_as_they_stand(http, alone)
        with live.page() as page:
            a_text_is_placed_as_it_is_alone(page, alone)
            a_token_is_looked_at(page)
            page.place(3, "a", run="unlaid")
            assert page.hear()["code"] == "atlas_missing"


def claims_are_sent_as_they_stand(http: httpx.Client, alone: Session) -> None:
    nothing = http.get("/api/runs/small/claims")
    assert nothing.json() == {"claims": []}
    write_claims(alone.run, (a_claim(),))
    claims = http.get("/api/runs/small/claims")
    assert claims.json()["claims"][0]["values"] == [None, 0.25, 0.333333]
    assert claims.headers["etag"] != nothing.headers["etag"]
    assert (
        http.get(
            "/api/runs/small/claims", headers={"If-None-Match": claims.headers["etag"]}
        ).status_code
        == 304
    )
    (alone.run.folder / "claims.json").write_text("{")
    assert http.get("/api/runs/small/claims").json()["error"]["code"] == "damaged_run"
    (alone.run.folder / "claims.json").unlink()


def a_text_is_placed_as_it_is_alone(page: Page, alone: Session) -> None:
    page.place(1, "The bank of the river 😀", run="small", step=8)
    said = page.until("done")
    assert said[1]["step"] == 8
    sentence = alone.tokenize("The bank of the river 😀")
    for message in said[1:-1]:
        expected = alone.slice(sentence, message["step"])
        assert np.array_equal(message["tensors"]["positions"], expected.placed.positions)
        assert np.array_equal(message["tensors"]["outside"], expected.placed.outside)
        assert np.array_equal(message["tensors"]["norm"], expected.norm)
        assert np.array_equal(
            message["tensors"]["segment_trust"], expected.segment_trust, equal_nan=True
        )
    assert said[-1]["steps"] == len(STEPS)


def a_token_is_looked_at(page: Page) -> None:
    page.say(
        type="inspect",
        id=2,
        run="small",
        step=64,
        site=4,
        text="The bank of the river 😀",
        token=1,
    )
    found = page.hear()
    assert len(found["lens"]) == 5
    assert len(found["neighbors"]) == 15


def test_strange_texts_are_placed_or_refused_in_words(models: Path, tmp_path: Path) -> None:
    jobs = Jobs()
    catalog = Catalog(find_runs([models]), lambda folder: open_session(folder, tmp_path))
    app = create_app(catalog, Settings(runs=(models,), frontend=Path("/nowhere")), jobs=jobs)
    strange = (
        "😀🏴‍☠️ 春天来了",
        "שלום עולם مرحبا",
        "a\u0000b\u0007c\u202ed",
        "<img src=x onerror=alert(1)>",
        "a \ud83d lone surrogate",
    )
    with running(app, jobs) as live, live.page() as page:
        for id, text in enumerate(strange):
            page.place(id, text, run="small")
            tokens, *slices, done = page.until("done", id)
            assert tokens["tokens"]
            assert (len(slices), done["steps"]) == (len(STEPS), len(STEPS))
        for id, text, code in ((8, "   ", "empty_text"), (9, "x" * 20_001, "text_too_long")):
            page.place(id, text, run="small")
            assert page.until("error", id)[-1]["code"] == code


def test_a_page_asks_for_a_projection(models: Path, tmp_path: Path) -> None:
    jobs = Jobs()
    catalog = Catalog(find_runs([models]), lambda folder: open_session(folder, tmp_path))
    app = create_app(catalog, Settings(runs=(models,), frontend=Path("/nowhere")), jobs=jobs)
    with (
        running(app, jobs) as live,
        httpx.Client(base_url=f"http://127.0.0.1:{live.port}", timeout=60) as http,
        live.page() as page,
    ):
        assert (
            http.get("/api/runs/small/atlas/64?projection=pca").json()["error"]["code"]
            == "projection_not_found"
        )
        build_projections(models / "small")
        sleep(1.1)  # for so long a run is taken to be unchanged
        assert [entry["name"] for entry in http.get("/api/runs/small").json()["projections"]] == [
            "umap",
            "pca",
        ]
        alone = open_session(models / "small")
        for asked, trust in (("", False), ("&trust=true", True)):
            answer = http.get(f"/api/runs/small/atlas/64?projection=pca{asked}")
            assert answer.content == alone.atlas_bytes(64, "pca", trust)
            again = http.get(
                f"/api/runs/small/atlas/64?projection=pca{asked}",
                headers={"If-None-Match": answer.headers["etag"]},
            )
            assert again.status_code == 304
        assert (
            http.get("/api/runs/small/atlas/7?projection=pca").json()["error"]["code"]
            == "step_not_found"
        )
        page.place(1, "The bank", run="small", steps=[8], projection="pca")
        expected = alone.slice(alone.tokenize("The bank"), 8, projection="pca")
        found = page.until("done")[1]["tensors"]
        assert np.array_equal(found["positions"], expected.placed.positions)
        assert np.array_equal(found["segment_trust"], expected.segment_trust, equal_nan=True)
