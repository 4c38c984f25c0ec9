"""The cache: made once, found again, made again when damaged, no bother when it cannot be
written.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from layerfold.files import array_cache as module
from layerfold.files.array_cache import ArrayCache, key_of, read_mapped

VALUES = np.arange(24, dtype=np.float16).reshape(2, 3, 4)


class Maker:
    """Counts how often the array was computed."""

    def __init__(self, values: NDArray[np.generic] = VALUES) -> None:
        self.values, self.calls = values, 0

    def __call__(self) -> NDArray[np.generic]:
        self.calls += 1
        return self.values.copy()


def test_an_array_is_made_once_and_mapped(tmp_path: Path) -> None:
    maker = Maker()
    for _ in range(3):
        found = ArrayCache(tmp_path / "new" / "states").get({"a": 1}, maker)
        assert np.array_equal(found, VALUES)
        assert found.dtype == np.float16
        assert not found.flags.writeable
    assert maker.calls == 1


def test_other_origins_are_other_arrays(tmp_path: Path) -> None:
    cache = ArrayCache(tmp_path)
    assert cache.get({"a": 1}, Maker())[0, 0, 1] == 1
    assert cache.get({"a": 2}, Maker(2 * VALUES))[0, 0, 1] == 2
    assert key_of({"a": 1, "b": 2}) == key_of({"b": 2, "a": 1})


def test_every_damaged_byte_is_seen_and_mended(tmp_path: Path) -> None:
    cache, maker = ArrayCache(tmp_path), Maker()
    cache.get({}, maker)
    (path,) = tmp_path.glob("*.safetensors")
    whole = path.read_bytes()
    body = 8 + int.from_bytes(whole[:8], "little")
    for damaged in (
        b"",
        whole[:-1],
        whole[:20],
        whole[:body] + bytes([whole[body] ^ 1]) + whole[body + 1 :],
        b"\xff" * len(whole),
    ):
        path.write_bytes(damaged)
        assert read_mapped(path) is None
    assert np.array_equal(cache.get({}, maker), VALUES)
    assert maker.calls == 2
    assert path.read_bytes() == whole


def test_a_folder_that_cannot_be_written_is_memory_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    maker = Maker()
    assert np.array_equal(ArrayCache(tmp_path / "file").get({}, maker), VALUES)
    assert np.array_equal(ArrayCache(None).get({}, maker), VALUES)
    assert maker.calls == 2


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    cache = ArrayCache(tmp_path, kept=500)
    for n in range(4):
        cache.get({"n": n}, Maker())
        for path in tmp_path.iterdir():
            os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns - 10**9))
    left = {path.stem for path in tmp_path.iterdir()}
    assert key_of({"n": 3}) in left
    assert key_of({"n": 0}) not in left
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 500


def test_no_half_files_are_left_when_writing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, parts: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_parts_atomically", full)
    assert np.array_equal(ArrayCache(tmp_path).get({}, Maker()), VALUES)
    assert list(tmp_path.iterdir()) == []


def test_several_arrays_are_one_file_and_hashed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = ArrayCache(tmp_path)
    parts = {"half": VALUES, "whole": np.arange(3, dtype=np.float32)}
    calls = []

    def make() -> dict[str, NDArray[np.generic]]:
        calls.append(1)
        return {name: values.copy() for name, values in parts.items()}

    cache.get_all({}, make)
    monkeypatch.setattr(module.hashlib, "sha256", lambda *_: pytest.fail("hashed again"))
    monkeypatch.setattr(module, "key_of", lambda _: next(tmp_path.glob("*.safetensors")).stem)
    found = cache.get_all({}, make)
    assert len(calls) == 1
    assert {name: array.dtype for name, array in found.items()} == {
        "half": np.float16,
        "whole": np.float32,
    }
    assert all(np.array_equal(found[name], values) for name, values in parts.items())
    assert not any(array.flags.writeable for array in found.values())


def test_a_file_that_changes_after_it_was_found_whole_is_hashed_again(tmp_path: Path) -> None:
    cache, maker = ArrayCache(tmp_path), Maker()
    cache.get({}, maker)
    (path,) = tmp_path.glob("*.safetensors")
    whole = path.read_bytes()
    path.write_bytes(whole[:-4] + b"\0\0\0\1")
    os.utime(path, ns=(0, 0))
    assert np.array_equal(cache.get({}, maker), VALUES)
    assert maker.calls == 2


def test_what_is_not_to_be_kept_in_memory_is_not() -> None:
    cache, maker = ArrayCache(None), Maker()
    for _ in range(2):
        cache.get_all({}, lambda: {"a": maker()}, in_memory=False)
    assert maker.calls == 2
