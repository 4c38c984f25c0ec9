"""Series whose checkpoints do not agree in their tokenizers or configs: what differs is left out or
said, by name, and nothing else is.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tokenizers import Tokenizer

from layerfold.build import live, run_atlas
from layerfold.build.run_atlas import AtlasOptions
from layerfold.runs import shared_tokenizer
from layerfold.runs.hub_run import HuggingFaceRun, open_hub
from layerfold.runs.opening import open_run
from tests.hub import a_checkpoint, hub_cache

WORDS = "tokenizer.json"
Lay = Callable[..., HuggingFaceRun]
Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three models of one shape and one tokenizer."""
    home = tmp_path_factory.mktemp("models")
    return [a_checkpoint(home / str(seed), seed) for seed in range(3)]


@pytest.fixture
def lay(models: list[Path], tmp_path: Path) -> Lay:
    """A call that puts the models into a series, those of some steps changed."""

    def laid(changes: dict[int, Change], file: str = WORDS) -> HuggingFaceRun:
        for step, model in zip((100, 200, 300), models, strict=True):
            folder = tmp_path / "out" / f"checkpoint-{step}"
            shutil.copytree(model, folder)
            if step in changes:
                rewritten(folder / file, changes[step])
        return opened(tmp_path)

    return laid


def opened(tmp_path: Path) -> HuggingFaceRun:
    run = open_run(open_hub(str(tmp_path / "out"), tmp_path / "home"))
    assert isinstance(run, HuggingFaceRun)
    return run


def rewritten(path: Path, change: Change) -> None:
    said = json.loads(path.read_text("utf-8"))
    change(said)
    path.write_text(json.dumps(said), "utf-8")


def left_out(run: HuggingFaceRun) -> dict[str, str]:
    return {one["name"]: one["why"] for one in run.card["skipped"]}


def swapped(said: dict[str, Any]) -> None:
    names = {n: name for name, n in said["model"]["vocab"].items()}
    said["model"]["vocab"] |= {names[300]: 301, names[301]: 300}


def merged_otherwise(said: dict[str, Any]) -> None:
    said["model"]["merges"].reverse()


def padded(said: dict[str, Any]) -> None:
    end = said["added_tokens"][0]
    said["added_tokens"].append({**end, "id": 319, "content": "<pad>"})


def normalized(said: dict[str, Any]) -> None:
    said["normalizer"] = {"type": "Lowercase"}


@pytest.mark.parametrize(
    ("step", "change", "words"),
    [
        (300, swapped, r"its token 300 is .+ and not "),
        (100, merged_otherwise, "its merges are another"),
        (300, padded, "it has 321 tokens and not 320"),
        (200, normalized, "its normalizer is another"),
    ],
)
def test_a_checkpoint_of_another_tokenizer_is_left_out_by_name(
    lay: Lay, step: int, change: Change, words: str
) -> None:
    run = lay({step: change})
    assert run.steps == tuple(one for one in (100, 200, 300) if one != step)
    (name, why), *rest = left_out(run).items()
    assert (name, rest) == (f"checkpoint-{step}", [])
    assert run.card["words"]["name"] != name
    assert why.startswith("has another tokenizer than checkpoint-")
    assert re.search(words, why)


def test_of_as_many_the_newest_is_read(lay: Lay) -> None:
    run = lay({200: merged_otherwise, 100: padded})
    assert run.steps == (300,)
    assert set(left_out(run)) == {"checkpoint-100", "checkpoint-200"}


def test_the_same_tokenizer_in_another_layout_is_the_same(lay: Lay) -> None:
    def laid_out(said: dict[str, Any]) -> None:
        merges = said["model"]["merges"]
        said["model"]["merges"] = [
            " ".join(one) if isinstance(one, list) else one for one in merges
        ]
        said["truncation"] = {
            "direction": "Right",
            "max_length": 8,
            "strategy": "LongestFirst",
            "stride": 0,
        }

    run = lay({200: laid_out})
    assert (run.steps, left_out(run)) == ((100, 200, 300), {})


def test_a_tokenizer_that_cannot_be_read_is_not_taken_for_the_others(
    lay: Lay, tmp_path: Path
) -> None:
    lay({})
    path = tmp_path / "out" / "checkpoint-300" / WORDS
    whole = path.read_bytes()
    path.write_bytes(whole[:500])
    why = left_out(opened(tmp_path))["checkpoint-300"]
    assert "not known to be that of checkpoint-200" in why
    assert "tokenizer.json" in why
    path.write_bytes(whole)
    assert opened(tmp_path).steps == (100, 200, 300)


def test_one_without_a_tokenizer_is_read_with_that_of_the_others(lay: Lay, tmp_path: Path) -> None:
    lay({})
    for path in (tmp_path / "out" / "checkpoint-300").glob("tokenizer*"):
        path.unlink()
    run = opened(tmp_path)
    assert run.steps == (100, 200, 300)
    assert run.card["words"]["name"] == "checkpoint-200"


def test_what_was_compared_is_not_read_again(lay: Lay, monkeypatch: pytest.MonkeyPatch) -> None:
    run = lay({100: swapped})

    def asked(*_: object) -> None:
        raise AssertionError("it was read again")

    monkeypatch.setattr(shared_tokenizer, "read_hub_tokenizer", asked)
    assert not run.refresh()
    assert run.steps == (200, 300)


def test_an_atlas_of_another_tokenizer_is_not_gone_on_with(
    lay: Lay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = lay({200: swapped, 300: padded})
    assert run.steps == (300,)
    sites = tuple(site.name for site in run.sites)
    card = {"origin": run.origins([300])}
    atlas: Any = SimpleNamespace(sites=sites, steps=(300,), card=card, reference=[0] * 40)
    for module in (live, run_atlas):
        monkeypatch.setattr(module, "open_atlas", lambda folder: atlas)
    follower = live.Follower(run.folder, print, print, AtlasOptions())
    assert follower._fitting(run) is atlas
    assert run_atlas.kept_reference(run, 40) is atlas.reference
    shutil.copy(tmp_path / "out/checkpoint-100" / WORDS, tmp_path / "out/checkpoint-200")
    run = opened(tmp_path)
    assert run.steps == (100, 200)
    assert follower._fitting(run) is None
    assert run_atlas.kept_reference(run, 40) is None


def test_revisions_of_a_hub_are_compared_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    revisions = {"step0": 0, "step512": 1, "step1000": 2}
    hub = hub_cache(tmp_path / "hub", "org/tale", revisions, monkeypatch)
    commit = (hub / "models--org--tale" / "refs" / "step512").read_text()
    path = hub / "models--org--tale" / "snapshots" / commit / WORDS
    said = path.read_bytes()
    path.unlink()
    path.write_bytes(said)
    rewritten(path, swapped)
    run = open_run(open_hub("hf:org/tale@step0,step512,step1000", tmp_path / "home"))
    assert isinstance(run, HuggingFaceRun)
    assert run.steps == (0, 1000)
    assert left_out(run)["step512"].startswith("has another tokenizer than step1000")


def test_configs_of_one_shape_that_differ_are_said(lay: Lay) -> None:
    run = lay({300: lambda said: said.update(layer_norm_epsilon=0.1, n_head=4)}, "config.json")
    assert run.steps == (100, 200, 300)
    assert run.remarks() == [
        "config.json of checkpoint-300 has layer_norm_epsilon 0.1 and not 1e-05, n_head 4 and not"
        " 2, unlike checkpoint-100"
    ]


@pytest.mark.parametrize("field", ["vocab_size", "n_positions", "n_embd", "n_layer"])
def test_a_checkpoint_of_another_shape_is_left_out(lay: Lay, tmp_path: Path, field: str) -> None:
    lay({})
    folder = tmp_path / "out" / "checkpoint-300"
    shutil.rmtree(folder)
    changed = {"vocab_size": 330, "n_positions": 32, "n_embd": 32, "n_layer": 3}
    a_checkpoint(folder, 3, tokenizer=False, **{field: changed[field]})
    why = left_out(opened(tmp_path))["checkpoint-300"]
    assert "another architecture than checkpoint-100" in why
    assert str(changed[field]) in why


def test_the_tokenizer_of_the_fixture_is_what_the_changes_suppose(models: list[Path]) -> None:
    vocabulary = Tokenizer.from_file(str(models[0] / WORDS)).get_vocab()
    assert {300, 301} <= set(vocabulary.values())
