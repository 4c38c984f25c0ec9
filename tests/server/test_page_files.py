"""The page names its files with versions; a browser keeps those for good, and gets them packed."""

from __future__ import annotations

import gzip
import os
import re
from pathlib import Path

import pytest

from layerfold.server.page import page_answer
from layerfold.server.page_files import PageFiles, takes

SCRIPT = b"export const page = 1;\n" * 200
PAGE = (
    b'<link href="static/style.css"><script src="static/plotly-gl3d.min.js"></script>'
    b'<script src="static/main.js"></script><a href="static/nothing.js">static/main.js</a>'
)


@pytest.fixture
def files(tmp_path: Path) -> PageFiles:
    for name, data in {
        "index.html": PAGE,
        "main.js": SCRIPT,
        "plotly-gl3d.min.js": b"Plotly",
        "style.css": b"a{}",
    }.items():
        (tmp_path / name).write_bytes(data)
    return PageFiles(tmp_path)


def test_the_page_asks_for_versions_which_change_with_the_file(files: PageFiles) -> None:
    def asked() -> dict[str, str]:
        page = files.find("")
        assert page is not None
        assert b'href="static/nothing.js"' in page.data
        assert b">static/main.js<" in page.data
        return dict(re.findall(r'="([\w./-]+)\?v=([\w.]+)"', page.data.decode()))

    first = asked()
    assert set(first) == {"static/style.css", "static/plotly-gl3d.min.js", "static/main.js"}
    (files.folder / "main.js").write_bytes(SCRIPT + b"//")
    assert {name for name, version in asked().items() if version != first[name]} == {
        "static/main.js"
    }


def test_a_version_is_kept_for_good_and_another_is_asked_for_again(files: PageFiles) -> None:
    script = files.find("main.js")
    assert script is not None
    assert "immutable" in page_answer(script, "", script.version, None).headers["cache-control"]
    assert page_answer(script, "", "old", None).headers["cache-control"] == "no-cache"
    tag = page_answer(script, "gzip", "", None).headers["etag"]
    assert page_answer(script, "gzip", "", tag).status_code == 304
    assert page_answer(script, "", "", tag).status_code == 200


def test_what_was_packed_is_the_file(files: PageFiles) -> None:
    script = files.find("main.js")
    assert script is not None
    (files.folder / f"main.js.{script.version}.br").write_bytes(b"packed by the build")
    os.utime(files.folder / "main.js", ns=(1, 1))
    script = files.find("main.js")
    assert script is not None
    assert page_answer(script, "gzip, br", "", None).body == b"packed by the build"
    packed = page_answer(script, "gzip, br;q=0", "", None)
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(packed.body) == SCRIPT
    assert page_answer(script, "identity", "", None).body == SCRIPT


@pytest.mark.parametrize("name", ["../secret", "sub/file.js", "a\0b", "none.js", "link.js", "sub"])
def test_only_files_of_the_folder_itself_are_found(files: PageFiles, name: str) -> None:
    (files.folder / "sub").mkdir()
    (files.folder / "sub" / "file.js").write_text("1")
    (files.folder.parent / "secret").write_text("1")
    (files.folder / "link.js").symlink_to(files.folder.parent / "secret")
    assert files.find(name) is None


@pytest.mark.parametrize(
    ("accepted", "taken"),
    [("br", True), ("gzip, BR", True), ("br;q=0", False), ("br; q=0.5", True), ("brr", False)],
)
def test_what_a_browser_takes(accepted: str, taken: bool) -> None:
    assert takes(accepted, "br") is taken
