"""A model that is offered is fetched by pip, made once into a plain model, and gets its atlas."""

from __future__ import annotations

import json
import shutil
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from layerfold.atlas.files import open_atlas
from layerfold.build import offered_model as module
from layerfold.build.offered_model import check_extras, fetch_model, give_atlas, give_seed
from layerfold.build.run_atlas import AtlasOptions, build_run_atlas
from layerfold.cards.digest import signed
from layerfold.claims.seed.files import SEED
from layerfold.data import wheel as wheels
from layerfold.data.offered_models import OFFERED, SMOLLM2, OfferedModel
from layerfold.data.wheel import Wheel
from layerfold.errors import DamagedRun, MissingExtra, Unreachable
from layerfold.files.atomic import sha256
from layerfold.runs.hub_card import open_hub
from layerfold.runs.opening import open_run
from layerfold.runs.run import checkpoint_name
from tests.model.test_hub_gguf import written

FILE = "tiny_model-1.0-py3-none-any.whl"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, OfferedModel, Any]:
    """A folder that pip takes for an index, the model it offers, and the same model by hand."""
    folder = tmp_path_factory.mktemp("index")
    model = written(folder / "tiny.gguf")
    info = "tiny_model-1.0.dist-info"
    with zipfile.ZipFile(folder / FILE, "w") as wheel:
        wheel.write(folder / "tiny.gguf", "tiny_model/tiny.gguf")
        wheel.writestr(f"{info}/LICENSE", "do as you like")
        wheel.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n"
        )
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    size = (folder / FILE).stat().st_size
    pinned = Wheel("tiny-model", "1.0", FILE, size, sha256(folder / FILE))
    offer = replace(
        SMOLLM2,
        name="tiny",
        title="Tiny-1M",
        wheel=pinned,
        file="tiny_model/tiny.gguf",
        license_file=f"{info}/LICENSE",
        notes=("Rounded to four bits.",),
    )
    return folder, offer, model


@pytest.fixture
def offline(index: tuple[Path, OfferedModel, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Pip knows this folder and no network."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index[0]))
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)


@pytest.fixture(scope="module")
def made(
    index: tuple[Path, OfferedModel, Any], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, OfferedModel]:
    """A cache in which the model was made."""
    folder, offer, _ = index
    cache = tmp_path_factory.mktemp("cache")
    told: list[tuple[str, float]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("PIP_FIND_LINKS", str(folder))
        fetch_model(offer, cache, lambda stage, share: told.append((stage, share)))
    assert told[-1] == ("making the model", 1.0)
    assert ("fetching", 1.0) in told
    return cache, offer


def test_the_model_made_is_the_one_in_the_wheel(
    made: tuple[Path, OfferedModel], index: tuple[Path, OfferedModel, Any]
) -> None:
    """Its states are those of the same weights by hand, and no part of it says "quantised"."""
    cache, offer = made
    folder = offer.folder(cache)
    assert sorted(path.name for path in cache.glob("weights/*")) == [offer.title]
    config = json.loads((folder / "config.json").read_text())
    assert config["architectures"] == ["LlamaForCausalLM"]
    assert not {"quantization_config", "_name_or_path", "transformers_version"} & set(config)
    assert (folder / "LICENSE").read_text() == "do as you like"
    run = open_run(open_hub(str(folder), cache / "models"))
    assert (run.card["title"], run.card["notes"]) == ("Tiny-1M", ["Rounded to four bits."])
    ids = run.tokenizer().encode("the bank", 20).ids
    with torch.inference_mode():
        told = index[2](input_ids=torch.tensor([ids]), output_hidden_states=True)
    states = run.adapter(0).states(ids).values
    for found, right in ((states[0], told.hidden_states[0]), (states[2], told.hidden_states[1])):
        assert np.abs(found - right[0].numpy()).max() <= 1e-5 * float(right.abs().max())


@pytest.mark.usefixtures("offline")
def test_making_it_again_gives_the_same_bytes(
    made: tuple[Path, OfferedModel], tmp_path: Path
) -> None:
    """An atlas that comes along fits by the hash of the weights and the config."""
    cache, offer = made
    again = fetch_model(offer, tmp_path)
    for name in ("model.safetensors", "config.json"):
        assert (again / name).read_bytes() == (offer.folder(cache) / name).read_bytes()


@pytest.mark.usefixtures("offline")
def test_what_was_fetched_is_not_fetched_again_when_making_it_broke_off(
    index: tuple[Path, OfferedModel, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, offer, _ = index

    def broken(*_: Any) -> None:
        raise DamagedRun("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(module, "write_plain", broken)
        with pytest.raises(DamagedRun):
            fetch_model(offer, tmp_path)
    assert [path.name for path in (tmp_path / "weights").iterdir()] == [FILE]
    assert not offer.here(tmp_path)
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "nothing"))
    assert fetch_model(offer, tmp_path) == offer.folder(tmp_path)
    assert offer.here(tmp_path)


@pytest.mark.usefixtures("offline")
def test_another_file_of_that_name_is_refused(
    index: tuple[Path, OfferedModel, Any], tmp_path: Path
) -> None:
    _, offer, _ = index
    other = replace(offer, wheel=replace(offer.wheel, sha256="0" * 64))
    with pytest.raises(Unreachable, match="could not be fetched from the package index"):
        fetch_model(other, tmp_path)
    assert not list((tmp_path / "weights").iterdir())


def test_an_index_that_is_not_reached_is_said(
    index: tuple[Path, OfferedModel, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(Unreachable, match="see that pip reaches one"):
        fetch_model(index[1], tmp_path)


def test_missing_packages_are_named_before_anything_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == "gguf" else object())
    monkeypatch.setattr(module, "fetch_wheel", lambda *_: pytest.fail("fetched"))
    with pytest.raises(MissingExtra, match=r"needed \(gguf\): pip install layerfold\[gguf\]"):
        fetch_model(SMOLLM2, tmp_path)
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match="transformers, gguf, accelerate"):
        check_extras()


def test_the_atlas_that_comes_along_is_taken_where_it_fits(
    made: tuple[Path, OfferedModel], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, offer = made
    packed = tmp_path / "atlases" / offer.name
    monkeypatch.setattr(module, "bundled", lambda: tmp_path)
    built = open_hub(str(offer.folder(cache)), tmp_path / "built")
    build_run_atlas(built, AtlasOptions(count=120, threads=1))
    shutil.copytree(built / "atlas", packed / "atlas")
    run = open_hub(str(offer.folder(cache)), tmp_path / "models")
    with monkeypatch.context() as patch:
        patch.setattr(module, "build_run_atlas", lambda *_, **__: pytest.fail("built"))
        give_atlas(offer, run)
        give_atlas(offer, run)
    assert open_atlas(run).card["origin"] == {checkpoint_name(0): open_run(run).origin(0)}
    card = json.loads((packed / "atlas" / "atlas.json").read_text())
    assert "origin" in card
    (packed / SEED).write_text("of these weights")
    give_seed(offer, run)
    assert (run / SEED).read_text() == "of these weights"
    (packed / SEED).write_text("of another day")
    give_seed(offer, run)
    assert (run / SEED).read_text() == "of these weights", "what a person computed stays"
    (run / SEED).unlink()
    card["origin"] = {checkpoint_name(0): "other weights"}
    (packed / "atlas" / "atlas.json").write_bytes(signed(card))
    give_seed(offer, run)
    assert not (run / SEED).exists(), "another model's verdicts are not this one's"


def test_the_atlas_of_smollm2_comes_along() -> None:
    """Places and labels alone, and no more text than the windows that states are made of."""
    folder = module.packed_atlas(SMOLLM2)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    assert size < 12_000_000
    atlas = open_atlas(folder)
    reference = atlas.reference
    assert (atlas.steps, len(atlas.sites), len(reference)) == ((0,), 61, 4000)
    assert reference.windows.shape == (250, 64)
    assert [label.name for label in reference.labels] == ["part_of_speech", "genre"]
    assert len(set(reference.source)) == 8
    names = {path.relative_to(folder).parts[0] for path in folder.rglob("*") if path.is_file()}
    assert names <= {*module.ROOMS, "config.json", SEED}
    config = json.loads((folder / "config.json").read_text())
    assert (config["num_hidden_layers"], config["hidden_size"]) == (30, 576)


def test_smollm2_is_pinned() -> None:
    assert OFFERED == {"smollm2": SMOLLM2}
    assert len(SMOLLM2.wheel.sha256) == 64
    assert SMOLLM2.wheel.bytes == 92_871_040
    assert any("rounded to four bits" in note for note in SMOLLM2.notes)
    assert any("Apache-2.0" in note for note in SMOLLM2.notes)
    assert any(SMOLLM2.better in note for note in SMOLLM2.notes)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("NewConnectionError('<x>: Failed: [Errno 111] Connection refused')", "Connection refused"),
        (
            "NameResolutionError('[Errno -3] Temporary failure in name resolution')",
            "name reso",
        ),
        ("ReadTimeoutError('Read timed out. (read timeout=15)')", "timed out"),
        ("ProxyError('Cannot connect')", "no answer"),
    ],
)
def test_without_a_network_that_is_what_is_said(
    said: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not pip's last words, that there is no such version."""
    words = f"WARNING: Retrying after connection broken by {said!r}: /simple/x/ ERROR: No matching"
    script = f"import sys; print({words!r}); sys.exit(1)"
    monkeypatch.setattr(wheels, "_pip", lambda: [sys.executable, "-c", script])
    asked = Wheel("x", "1", "x-1-py3-none-any.whl", 1, "0" * 64)
    with pytest.raises(Unreachable, match=f"index is out of reach .*{why}.*has a network"):
        wheels.fetch_wheel(asked, tmp_path)
