"""Cards from strangers: whatever stands in one, the run is a row with its reason, and the other
runs are served.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError

from layerfold.build import check
from layerfold.build.check import check_run
from layerfold.cards.reading import CARD_BYTES, DEEPEST, parse_object
from layerfold.cards.shapes import ParametersShape
from layerfold.errors import DamagedRun, LayerfoldError, ModelRefused
from layerfold.interp.session import open_session
from layerfold.runs.opening import open_run
from layerfold.runs.run import Run
from layerfold.server.app import create_app
from layerfold.server.catalog import Catalog, find_runs
from layerfold.server.watch import Watch
from layerfold.settings import Settings
from tests.small import make_run

Change = Callable[[dict[str, Any]], object]


def architecture(**sizes: object) -> Change:
    return lambda card: card["architecture"].update(sizes)


def field(**fields: object) -> Change:
    return lambda card: card.update(fields)


WRONG: dict[str, Change] = {
    "a million layers": architecture(n_layer=1_000_000),
    "a thousand layers": architecture(n_layer=1000),
    "no layer": architecture(n_layer=0),
    "a width of text": architecture(d_model="16"),
    "a width that is true": architecture(d_model=True),
    "too many heads": architecture(n_head=3),
    "a vocabulary of 1e12": architecture(vocab_size=10**12),
    "a million steps": field(steps=list(range(1_000_000))),
    "steps of text": field(steps=["0", "8"]),
    "steps below zero": field(steps=[-1, 0]),
    "steps that fall": field(steps=[8, 0]),
    "steps that are one": field(steps=8),
    "no sites": field(sites=[]),
    "sites of another model": field(sites=["embed", "L0.mid", "L0.post"]),
    "sites that are no sites": field(sites=["embed", "L0.middle", "L0.post", "L1.mid", "L1.post"]),
    "a title of numbers": field(title=3),
    "examples of numbers": field(examples=[{"text": 3}]),
    "examples that are text": field(examples="the bank"),
    "a seed that is text": field(seed="7"),
    "an end that is text": field(finished="yes"),
    "files that are a list": field(files=["tokenizer.json"]),
    "a file outside": field(files={"../secret": "0" * 64}),
    "a file at the root": field(files={"/etc/passwd": "0" * 64}),
    "a hash that is none": field(files={"tokenizer.json": "abc"}),
    "a tokenizer outside": field(tokenizer="../tokenizer.json"),
    "an architecture of text": field(architecture="gpt"),
    "a kind that is a list": architecture(kind=["gpt"]),
    "a name that is null": field(name=None),
    "a task without a name": field(task={"parameters": {}}),
}
BYTES: dict[str, bytes] = {
    "nested deeply": b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "nested a little too deeply": b'{"a":' + b"[" * DEEPEST + b"]" * DEEPEST + b"}",
    "no JSON": b"{",
    "no object": b"[1]",
    "no UTF-8": b'{"name": "\xff"}',
    "a number of ten thousand digits": b'{"format": ' + b"1" * 10_000 + b"}",
    "too large": b" " * (CARD_BYTES + 1),
    "a key twice": b'{"format": 1, "format": 1}',
    "nothing": b"",
}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("runs") / "small")


def spoiled(small: Path, folder: Path, name: str) -> Path:
    """A copy of the small run whose card is wrong."""
    shutil.copytree(small, folder)
    card = folder / "run.json"
    if name in BYTES:
        card.write_bytes(BYTES[name])
    else:
        told = json.loads(card.read_text())
        WRONG[name](told)
        card.write_text(json.dumps(told))
    return folder


@pytest.mark.parametrize("name", [*WRONG, *BYTES])
def test_a_wrong_card_is_refused_with_its_reason_wherever_it_is_read(
    small: Path, tmp_path: Path, name: str
) -> None:
    spoiled(small, tmp_path / "bad", name)
    shutil.copytree(small, tmp_path / "good")
    with pytest.raises(DamagedRun, match=r"run\.json") as told:
        open_run(tmp_path / "bad")
    assert len(str(told.value)) < 1000
    with pytest.raises(DamagedRun):
        check_run(tmp_path / "bad")
    catalog = Catalog(find_runs([tmp_path]), lambda folder: open_session(folder, None), (tmp_path,))
    assert catalog.names == ("bad", "good")
    watch = Watch(catalog)
    assert watch.look() == set()
    with TestClient(
        create_app(catalog, Settings(runs=(), frontend=tmp_path)), base_url="http://127.0.0.1"
    ) as client:
        rows = {row["name"]: row for row in client.get("/api/runs").json()["runs"]}
        assert rows["bad"]["problem"]["code"] == "damaged_run"
        assert "run.json" in rows["bad"]["problem"]["message"]
        assert rows["good"]["problem"] is None
        assert client.get("/api/runs/bad").status_code == 409
        assert client.get("/api/runs/good").status_code == 200


def test_a_card_of_a_thousand_layers_and_its_sites_takes_no_time_and_no_memory(
    small: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "deep"
    shutil.copytree(small, folder)
    card = json.loads((folder / "run.json").read_text())
    card["architecture"]["n_layer"] = 1000
    card["sites"] = ["embed", *(f"L{n}.{part}" for n in range(1000) for part in ("mid", "post"))]
    (folder / "run.json").write_text(json.dumps(card))
    run = open_run(folder)
    with pytest.raises(DamagedRun, match="too few"):
        run.adapter(0)


def test_a_run_that_is_no_file_waits_for_nobody(small: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pipe"
    shutil.copytree(small, folder)
    (folder / "atlas" / "atlas.json").unlink()
    os.mkfifo(folder / "atlas" / "atlas.json")
    with pytest.raises(DamagedRun, match="no regular file"):
        _ = open_session(folder, None).atlas


ATLAS: dict[str, Change] = {
    "no sites": field(sites=[]),
    "steps without clouds": field(steps=[0, 8, 64, 65]),
    "a view that is none": field(view="sideways"),
    "a radius that is null": field(frame={"center": [0, 0, 0], "radius": None}),
    "a radius that is infinite": field(frame={"center": [0, 0, 0], "radius": float("inf")}),
    "a centre of two": field(frame={"center": [0, 0], "radius": 1}),
    "no neighbours": field(parameters={"k": 0, "a": 1, "b": 1}),
    "a billion neighbours": field(parameters={"k": 10**9, "a": 1, "b": 1}),
    "measures of text": field(measures=["trust"]),
    "files of numbers": field(files={"reference.safetensors": 3}),
    "numbers outside": field(numbers="../../secret"),
}


@pytest.mark.parametrize("name", ATLAS)
def test_a_wrong_card_of_an_atlas_is_refused_with_its_reason(
    small: Path, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "bad"
    shutil.copytree(small, folder)
    card = json.loads((folder / "atlas" / "atlas.json").read_text())
    ATLAS[name](card)
    (folder / "atlas" / "atlas.json").write_text(json.dumps(card))
    with pytest.raises(LayerfoldError, match=r"atlas\.json"):
        _ = open_session(folder, None).atlas


def test_an_object_is_parsed_to_its_bounds() -> None:
    deep = b'{"a":' + b"[" * (DEEPEST - 1) + b"]" * (DEEPEST - 1) + b"}"
    assert parse_object(deep)
    assert parse_object(b'{"\\u00e9": [1, 2.5, null, true]}') == {"é": [1, 2.5, None, True]}


@pytest.mark.parametrize("missing", ["k", "a", "b"])
def test_a_layout_says_all_that_placing_asks(missing: str) -> None:
    told = {"k": 15, "a": 1.5, "b": 0.9}
    assert ParametersShape.model_validate(told).repulsion == 5
    del told[missing]
    with pytest.raises(ValidationError, match=missing):
        ParametersShape.model_validate(told)


def test_a_tokenizer_that_no_card_names_is_told_by_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(run: Run) -> None:
        raise ModelRefused("its class needs more than is installed")

    monkeypatch.setattr(Run, "tokenizer", refused)
    run = Run(tmp_path, {"tokenizer": None, "architecture": {"vocab_size": 4}})
    assert [problem.file for problem in check._tokenizer(run)] == ["tokenizer.json"]
