"""Models that are out of reach: no such place, nothing installed, a hub that refuses or is gone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants

from layerfold.errors import LayerfoldError, MissingExtra, ModelNotFound, ModelRefused
from layerfold.model.huggingface import Where, load_adapter, read_hub_tokenizer, read_shape, settled

ROOT = Path(__file__).parents[2]


def test_a_place_is_a_folder_or_a_repository(tmp_path: Path) -> None:
    for where in ({}, {"folder": tmp_path, "repo": "a/b"}):
        with pytest.raises(ModelRefused, match="exactly one"):
            Where(**where)
    for revision in ("../../etc", "a b", "-x", "é"):
        with pytest.raises(ModelNotFound, match="is no revision"):
            Where(repo="a/b", revision=revision)
    with pytest.raises(ModelNotFound, match="there is no folder"):
        read_shape(Where(tmp_path / "nowhere"))
    with pytest.raises(ModelNotFound, match=r"holds no config\.json"):
        read_shape(Where(tmp_path))


def test_without_transformers_it_is_said_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingExtra, match=r"pip install layerfold\[hf\]"):
        read_shape(Where(folder))
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MissingExtra, match=r"pip install layerfold\[hf\]"):
        read_shape(Where(repo="some/model"))


SPECS = (
    "good/model",
    "good/model@" + "a" * 40,
    "good/model@nope",
    "gated/model",
    "absent/model",
    "broken/model",
    "no name",
)


@pytest.fixture(scope="module")
def hub(saved: Path) -> Iterator[str]:
    """A hub on loopback with one model."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.model.hub_server", str(saved)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as server:
        assert server.stdout
        yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
        server.kill()


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What is said of each model, with the hub's library set as its environment would set it."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))

    def say(endpoint: str = "http://127.0.0.1:1", offline: bool = False) -> dict[str, list[Any]]:
        monkeypatch.setattr(constants, "ENDPOINT", endpoint)
        monkeypatch.setattr(
            constants,
            "HUGGINGFACE_CO_URL_TEMPLATE",
            endpoint + "/{repo_id}/resolve/{revision}/{filename}",
        )
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", offline)
        return {spec: said_of(spec) for spec in SPECS}

    return say


def said_of(spec: str) -> list[Any]:
    repo, _, revision = spec.partition("@")
    try:
        where = Where(repo=repo, revision=revision)
        shape = read_shape(where)
        values = (
            load_adapter(where, shape)
            .states(read_hub_tokenizer(where).encode("The bank", 9).ids)
            .values
        )
    except LayerfoldError as error:
        return [error.code, str(error)]
    return [shape.title, settled(where).revision, float(values.sum())]


def test_a_hub_s_refusals_each_have_a_word_and_what_was_fetched_opens_without_it(
    hub: str, saved: Path, told: Any
) -> None:
    online = told(hub)
    expected = load_adapter(Where(saved), read_shape(Where(saved))).states(
        read_hub_tokenizer(Where(saved)).encode("The bank", 9).ids
    )
    assert (
        online["good/model"]
        == online["good/model@" + "a" * 40]
        == ["model", "a" * 40, pytest.approx(float(expected.values.sum()))]
    )
    refused = {
        spec: said
        for spec, said in online.items()
        if not spec.startswith("good/model") or spec.endswith("nope")
    }
    for (spec, (code, words)), (right, part) in zip(
        sorted(refused.items()),
        (
            ("model_not_found", "there is no model absent/model on the hub, or it is private"),
            ("unreachable", "cannot be fetched (HfHubHTTPError"),
            ("unreachable", "gated/model is gated: accept its terms"),
            ("model_not_found", "good/model has no revision 'nope'"),
            ("model_not_found", "'no name' is neither a folder here nor a model's name"),
        ),
        strict=True,
    ):
        assert (code, part in words) == (right, True), (spec, words)

    offline = told(offline=True)
    assert offline["good/model"] == online["good/model"]
    assert offline["gated/model"][0] == offline["good/model@nope"][0] == "unreachable"
    assert "HF_HUB_OFFLINE is set" in offline["gated/model"][1]

    unplugged = told()
    assert unplugged["good/model"] == online["good/model"]
    assert unplugged["absent/model"][0] == "unreachable"
    assert "look at the network" in unplugged["absent/model"][1]
