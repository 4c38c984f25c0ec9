"""No change of a run goes unnoticed: digests of cards, hashes of files, the manifest; and what a
person changed can be accepted.
"""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest

from layerfold.build.check import accept, check_run, notes_of
from layerfold.cards.digest import digest_of, identity_of, is_edited, signed
from layerfold.claims.claim import CLAIMS, read_claims, write_claims
from layerfold.errors import DamagedRun, EditedCard
from layerfold.files.atomic import sha256
from layerfold.interp.session import open_session
from layerfold.runs.manifest import MANIFEST, files_of, renew_manifest
from layerfold.runs.opening import open_run
from tests.small import make_run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_run(tmp_path_factory.mktemp("runs") / "small")
    write_claims(open_run(folder), ())
    assert accept(folder) == []
    return folder


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "small")
    return tmp_path / "small"


def edit(path: Path, **fields: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def test_a_digest_is_of_the_content_however_it_is_laid_out() -> None:
    card = {"b": [1, 2.5, None], "a": {"é": "ü"}}
    written = json.loads(signed(card))
    assert not is_edited(written)
    assert not is_edited(json.loads(json.dumps(written, sort_keys=True, indent=4)))
    assert is_edited({**written, "b": [1, 2.5, 0]})
    assert digest_of({"a": 1}) != digest_of({"a": True}) != digest_of({"a": "1"})


def test_an_edited_card_is_refused_said_to_be_so_and_can_be_accepted(run: Path) -> None:
    card = json.loads((run / "run.json").read_text())
    edit(run / "run.json", architecture={**card["architecture"], "n_head": 4})
    with pytest.raises(EditedCard, match=r"run\.json was changed after it was written.*--accept"):
        open_run(run)
    assert accept(run) == ["run.json"]
    assert open_run(run).config.n_head == 4
    assert not is_edited(json.loads((run / "run.json").read_text()))


@pytest.mark.parametrize(
    ("name", "fields"), [("atlas/atlas.json", {"more": 1}), (CLAIMS, {"checkpoints": "0" * 64})]
)
def test_an_edited_card_of_a_part_is_named(run: Path, name: str, fields: dict[str, object]) -> None:
    edit(run / name, **fields)
    assert name.split("/")[-1] in {Path(problem.file).name for problem in check_run(run)}
    with pytest.raises(EditedCard):
        _ = open_session(run, None).atlas.steps, read_claims(open_run(run))
    assert accept(run) == [name]


def test_runs_of_before_open_unchanged_and_are_said_to_be_unsigned(run: Path) -> None:
    for name in ("run.json", "atlas/atlas.json"):
        card = json.loads((run / name).read_text())
        del card["digest"]
        (run / name).write_text(json.dumps(card))
    (run / MANIFEST).unlink()
    assert check_run(run) == []
    assert any("run.json, atlas/atlas.json" in note for note in notes_of(run))
    assert open_session(run, None).steps == (0, 8, 64)


def test_signing_an_atlas_leaves_it_the_same_atlas_to_its_measures(run: Path) -> None:
    path = run / "atlas" / "atlas.json"
    card = json.loads(path.read_text())
    del card["digest"]
    path.write_bytes(json.dumps(card, indent=1).encode() + b"\n")
    before = sha256(path)
    assert identity_of(path) == before
    accept(run)
    assert identity_of(path) == before != sha256(path)


def test_no_atlas_is_a_state_and_no_fault(tmp_path: Path) -> None:
    run = make_run(tmp_path / "bare", atlas=False)
    assert check_run(run) == []
    assert any("no atlas yet" in note for note in notes_of(run))


def test_the_manifest_tells_what_changed_came_and_went(run: Path) -> None:
    assert check_run(run) == []
    assert set(json.loads((run / MANIFEST).read_text())["files"]) == set(files_of(run))
    (run / "metrics.jsonl").write_text("")
    (run / "stranger.txt").write_text("hello")
    (run / CLAIMS).unlink()
    told = {problem.file: problem.what for problem in check_run(run)}
    assert set(told) == {"metrics.jsonl", "stranger.txt", CLAIMS}
    assert "not named" in told["stranger.txt"]
    assert "missing" in told[CLAIMS]


def test_what_a_command_made_anew_stands_in_the_manifest_and_nothing_else_does(run: Path) -> None:
    (run / "atlas" / "more.bin").write_bytes(b"new")
    (run / "metrics.jsonl").write_text("")
    renew_manifest(run, ("atlas/",))
    assert {problem.file for problem in check_run(run)} == {"metrics.jsonl"}


def test_every_changed_byte_of_every_file_is_found(run: Path) -> None:
    choose = random.Random(0)
    missed = []
    for name in [*files_of(run), MANIFEST]:
        data = (run / name).read_bytes()
        for _ in range(4):
            at, bit = choose.randrange(len(data)), 1 << choose.randrange(8)
            (run / name).write_bytes(data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :])
            try:
                found = bool(check_run(run))
            except DamagedRun:
                found = True
            if not found:
                missed.append((name, at, bit))
        (run / name).write_bytes(data)
    assert not missed


def test_a_changed_byte_is_not_shown_even_where_nobody_checks(run: Path) -> None:
    (run / MANIFEST).unlink()
    tokenizer = (run / "tokenizer.json").read_bytes()
    card = json.loads((run / "run.json").read_text())
    assert "tokenizer.json" in card["files"]
    (run / "tokenizer.json").write_bytes(tokenizer.replace(b'"the', b'"teh', 1) + b" ")
    with pytest.raises(DamagedRun, match=r"tokenizer\.json"):
        open_run(run).tokenizer()


def test_a_link_out_of_the_run_is_not_followed(run: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    (run / "tokenizer.json").rename(secret)
    (run / "tokenizer.json").symlink_to(secret)
    with pytest.raises(DamagedRun, match="outside the run"):
        open_run(run).tokenizer()
