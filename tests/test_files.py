"""Files that are whole or absent: a full disk is said with the file's name, and what killed writers
have left is swept.
"""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pytest

from layerfold.files.atomic import read_bounded, write_atomically


def test_a_full_disk_is_said_with_the_file_that_there_was_no_room_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "card.json"
    write_atomically(path, b"before")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"No space left.*card\.json") as told:
        write_atomically(path, b"after")
    assert told.value.filename == str(path)
    assert path.read_bytes() == b"before"
    assert [one.name for one in tmp_path.iterdir()] == ["card.json"]


def test_what_killed_writers_left_is_swept_and_what_is_being_written_is_not(tmp_path: Path) -> None:
    old, new = tmp_path / ".card.json.abc.part", tmp_path / ".other.json.def.part"
    for part in (old, new):
        part.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    write_atomically(tmp_path / "third.json", b"whole")
    assert sorted(one.name for one in tmp_path.iterdir()) == [new.name, "third.json"]


def test_only_regular_files_of_a_bounded_size_are_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"1234")
    assert read_bounded(tmp_path / "file", 4) == b"1234"
    with pytest.raises(OSError, match="at most 3 are read"):
        read_bounded(tmp_path / "file", 3)
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "."):
        with pytest.raises(OSError, match=r"regular|directory"):
            read_bounded(tmp_path / name, 4)
