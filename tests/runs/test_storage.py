"""Bytes by address: whole or absent, on a folder, in memory, and where a package is missing; runs
mirrored from there.
"""

from __future__ import annotations

import builtins
import uuid
from pathlib import Path
from typing import Any

import fsspec
import pytest

from layerfold.cli.resolve import opened_runs, run_folder
from layerfold.errors import DamagedRun, InputError, MissingExtra, RunNotFound, Unreachable
from layerfold.runs.opening import open_run
from layerfold.runs.remote import mirror_of, mirrored, send_back
from layerfold.runs.storage import Bucket, Storage, address_of, is_address, open_storage
from layerfold.settings import Settings
from tests.small import make_run


@pytest.fixture
def address() -> str:
    """An address in memory that no other test has."""
    return f"memory://{uuid.uuid4().hex}/runs"


@pytest.fixture(params=["folder", "file", "memory", "moving"])
def storage(request: pytest.FixtureRequest, tmp_path: Path, address: str) -> Storage:
    if request.param == "moving":  # one that shows what is half written, as most file systems do
        system = fsspec.filesystem("file")
        return Bucket(f"local://{tmp_path}/far", system, f"{tmp_path}/far", whole=False)
    return open_storage(
        {"folder": tmp_path / "near", "file": f"file://{tmp_path}/near", "memory": address}[
            request.param
        ]
    )


def upload(folder: Path, address: str) -> Storage:
    """The run in a folder is at the address too."""
    storage = open_storage(address)
    for path in folder.rglob("*"):
        if path.is_file():
            storage.write(path.relative_to(folder).as_posix(), path.read_bytes())
    return storage


def test_what_is_written_is_read_and_what_is_removed_is_gone(storage: Storage) -> None:
    assert storage.read("a/b.bin") is None
    assert storage.marks() == {}
    storage.write("a/b.bin", b"one")
    storage.write("c.bin", b"")
    before = storage.marks()
    assert set(before) == {"a/b.bin", "c.bin"}
    assert (storage.read("a/b.bin"), storage.read("c.bin")) == (b"one", b"")
    storage.write("a/b.bin", b"two and more")
    after = storage.marks()
    assert storage.read("a/b.bin") == b"two and more"
    assert after["a/b.bin"] != before["a/b.bin"]
    assert after["c.bin"] == before["c.bin"]
    storage.remove("a/b.bin")
    storage.remove("a/b.bin")
    assert set(storage.marks()) == {"c.bin"}
    storage.clear()
    assert storage.marks() == {}


def test_a_write_that_breaks_off_leaves_what_was_there(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.write("a/b.bin", b"whole")

    def broken(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    if isinstance(storage, Bucket):
        monkeypatch.setattr(type(storage.system), "pipe_file" if storage.whole else "mv", broken)
    else:
        monkeypatch.setattr("os.fsync", broken)
    with pytest.raises(Unreachable, match=r"cannot be written .*No space left"):
        storage.write("a/b.bin", b"another")
    assert storage.read("a/b.bin") == b"whole"
    assert set(storage.marks()) == {"a/b.bin"}, "what is half written has no name"


def test_two_ways_to_an_address_see_the_same(tmp_path: Path, address: str) -> None:
    open_storage(f"{address}/x").write("y", b"1")
    assert open_storage(address).read("x/y") == b"1"
    open_storage(f"file://{tmp_path}").write("x/y", b"2")
    assert open_storage(tmp_path).read("x/y") == b"2"


def test_addresses_are_told_from_paths(tmp_path: Path) -> None:
    # the second is what a Path makes of the first
    for words in ("s3://bucket/runs/x/", "s3:/bucket/runs/x"):
        assert is_address(words)
        assert address_of(words) == "s3://bucket/runs/x"
    assert address_of("file:///data/x") == address_of("file:/data/x") == "file:///data/x"
    assert address_of(str(tmp_path)) == str(tmp_path.resolve())
    for words in (
        "runs/x",
        "/runs/x",
        "C:/runs/x",
        "hf:EleutherAI/pythia-14m@step0",
        "storyteller",
        "So: a sentence",
    ):
        assert not is_address(words)


@pytest.mark.parametrize(
    ("address", "package"),
    [("s3://bucket/x", "s3fs"), ("gs://bucket/x", "gcsfs"), ("az://box/x", "adlfs")],
)
def test_a_missing_package_is_named(address: str, package: str) -> None:
    pytest.importorskip("fsspec")
    with pytest.raises(MissingExtra, match=f"pip install {package}"):
        open_storage(address)


def test_without_fsspec_its_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    plain = builtins.__import__

    def without(name: str, *arguments: Any, **more: Any) -> Any:
        if name == "fsspec":
            raise ImportError(name)
        return plain(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtra, match=r"pip install layerfold\[cluster\]"):
        open_storage("s3://bucket/x")
    assert open_storage(tmp_path).read("x") is None, "a folder needs no package"


def test_a_kind_of_address_that_nobody_knows() -> None:
    with pytest.raises(InputError, match=r"nowhere://x is no address.*s3://"):
        open_storage("nowhere://x")


def test_a_place_that_does_not_answer_is_one_error(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = open_storage(address)

    def silent(*_: Any, **__: Any) -> None:
        raise ConnectionError("nobody answers")

    for name in ("cat_file", "pipe_file", "find", "rm_file"):
        monkeypatch.setattr(type(storage.system), name, silent)
    for ask in (
        lambda: storage.read("x"),
        lambda: storage.write("x", b""),
        storage.marks,
        lambda: storage.remove("x"),
    ):
        with pytest.raises(Unreachable, match=r"nobody answers.*check the address"):
            ask()


# ---- runs at an address


def test_a_run_at_an_address_is_copied_once_and_then_what_changed(
    tmp_path: Path, address: str
) -> None:
    storage = upload(make_run(tmp_path / "made"), f"{address}/small")
    folder = mirror_of(f"{address}/small", tmp_path / "cache")
    assert folder.name == "small"
    assert open_run(folder).verify() == []
    for path in (tmp_path / "made").rglob("*.*"):
        if path.is_file():
            assert (folder / path.relative_to(tmp_path / "made")).read_bytes() == path.read_bytes()
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.safetensors")}
    storage.write("metrics.jsonl", b'{"step": 0, "loss": 1.0}\n')
    storage.remove("tokenizer.json")
    assert mirror_of(f"{address}/small", tmp_path / "cache") == folder
    assert open_run(folder).metrics() == [{"step": 0, "loss": 1.0}]
    assert not (folder / "tokenizer.json").exists()
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.safetensors")} == before


def test_a_copy_that_broke_off_has_no_card_and_goes_on(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = upload(make_run(tmp_path / "made"), f"{address}/small")
    reads = type(storage).read

    def failing(self: Any, name: str) -> bytes | None:
        if name.endswith("00000008.safetensors") and "checkpoints" in name:
            raise Unreachable("the network went away")
        return reads(self, name)

    with monkeypatch.context() as patch:
        patch.setattr(type(storage), "read", failing)
        with pytest.raises(Unreachable, match="went away"):
            mirrored(address, tmp_path / "cache")
    assert not list((tmp_path / "cache").rglob("run.json"))
    (folder,) = mirrored(address, tmp_path / "cache")
    assert open_run(folder).verify() == []


def test_what_was_made_of_a_mirror_is_sent_back_cards_last(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = upload(make_run(tmp_path / "made", atlas=False), f"{address}/small")
    folder = mirror_of(f"{address}/small", tmp_path / "cache")
    make_run(tmp_path / "laid")
    for name in ("atlas.json", "reference.safetensors", "step-00000008.safetensors"):
        (folder / "atlas").mkdir(exist_ok=True)
        (folder / "atlas" / name).write_bytes((tmp_path / "laid" / "atlas" / name).read_bytes())
    (folder / "atlas" / ".work").mkdir()
    (folder / "atlas" / ".work" / "plan.json").write_bytes(b"{}")
    sent: list[str] = []
    writes = type(storage).write

    def watched(self: Any, name: str, data: bytes) -> None:
        sent.append(name)
        writes(self, name, data)

    monkeypatch.setattr(type(storage), "write", watched)
    send_back(folder, f"{address}/small")
    assert sent == [
        "atlas/reference.safetensors",
        "atlas/step-00000008.safetensors",
        "atlas/atlas.json",
    ]
    send_back(folder, f"{address}/small")
    assert len(sent) == 3, "what is there already is not sent again"
    assert mirror_of(f"{address}/small", tmp_path / "cache") == folder
    assert mirror_of(f"{address}/small", tmp_path / "other") != folder
    assert storage.read("atlas/atlas.json") == (folder / "atlas" / "atlas.json").read_bytes()


def test_words_that_name_addresses_open_copies(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        upload(make_run(tmp_path / name), f"{address}/{name}")
    found = opened_runs([Path(address), tmp_path / "one"], cache=tmp_path / "cache")
    assert [folder.name for folder in found] == ["one", "two", "one"]
    monkeypatch.setenv("LAYERFOLD_CACHE", str(tmp_path / "cache"))
    assert run_folder(f"{address}/two") == found[1]
    listed = Settings.read(
        {"LAYERFOLD_RUNS": f"s3://bucket/runs:{tmp_path}:hf:a/b:gs://box/x"}
    ).runs
    assert [address_of(str(each)) if is_address(str(each)) else str(each) for each in listed] == [
        "s3://bucket/runs",
        str(tmp_path),
        "hf:a/b",
        "gs://box/x",
    ]


def test_an_address_without_a_run(address: str, tmp_path: Path) -> None:
    for ask in (mirrored, mirror_of):
        with pytest.raises(RunNotFound, match=r"no run at memory://.*run\.json"):
            ask(address, tmp_path)


def test_a_file_that_goes_while_it_is_copied_is_named(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = upload(make_run(tmp_path / "made", atlas=False), f"{address}/small")
    monkeypatch.setattr(type(storage), "read", lambda self, name: None)
    with pytest.raises(DamagedRun, match="went while it was copied"):
        mirror_of(f"{address}/small", tmp_path / "cache")
